/* test-rawsql.c: named parameters in raw SQL: what is one, what only looks like one, and what is said about mistakes. */
#include <config.h>
#include "dialects.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

#include "base/mem.h"
#include "harness.h"

/* What the text becomes in a dialect, given a=1, b=2, n=3 as far as `given` names them; behind it the values. */
static const char *rewritten(const char *sql, const char *given, const sqla_traits *traits, sqla_error *err)
{
    static char out[2000];
    const char *names[4];
    sqla_value values[4];
    char copies[4][2];
    size_t n = strlen(given);
    sqla__arena arena = { 0 };
    sqla__compiled compiled;
    for (size_t i = 0; i < n; i++) {
        snprintf(copies[i], sizeof copies[i], "%c", given[i]);
        names[i] = copies[i];
        values[i] = sqla_value_i64(given[i] == 'a' ? 1 : given[i] == 'b' ? 2 : 3);
    }
    sqla_error_clear(err);
    if (sqla__compile_raw(sql, names, values, n, traits, &arena, &compiled, err) == SQLA_OK) {
        snprintf(out, sizeof out, "%s", compiled.text);
        for (uint32_t i = 0; i < compiled.count; i++)
            snprintf(out + strlen(out), sizeof out - strlen(out), "%s%d", i == 0 ? " [" : ", ", (int)compiled.values[i].as.i64);
        if (compiled.count > 0)
            strcat(out, "]");
    } else {
        snprintf(out, sizeof out, "%s", err->message);
    }
    sqla__arena_release(&arena);
    return out;
}

static void parameters__in_all_places(const char *url)
{
    static const struct { const char *sql, *given, *lite, *post;
    } cases[] = {
        { "SELECT 1", "", "SELECT 1", "SELECT 1" },
        { "", "", "", "" },
        { ":a", "a", "? [1]", "$1 [1]" },
        { "x = :a AND y = :b", "ab", "x = ? AND y = ? [1, 2]", "x = $1 AND y = $2 [1, 2]" },
        { "x=:a+:a", "a", "x=?+? [1, 1]", "x=$1+$2 [1, 1]" },
        { "LIMIT:n", "n", "LIMIT ? [3]", "LIMIT $1 [3]" },
        { "(:a)(:b)", "ab", "(?)(?) [1, 2]", "($1)($2) [1, 2]" },
        { "a ? b :a", "a", NULL, "a ? b $1 [1]" },
        { "\xc3\xa4 = :a", "a", "\xc3\xa4 = ? [1]", "\xc3\xa4 = $1 [1]" },
        /* quotes */
        { "':a'", "", "':a'", "':a'" },
        { "'it''s :a' || :b", "b", "'it''s :a' || ? [2]", "'it''s :a' || $1 [2]" },
        { "'\\' || :a || '\\'", "a", "'\\' || ? || '\\' [1]", "'\\' || $1 || '\\' [1]" },
        { "E'\\' :a ' || :b", "b", NULL, "E'\\' :a ' || $1 [2]" },
        { "e'\\\\' || :b", "b", "e'\\\\' || ? [2]", "e'\\\\' || $1 [2]" },
        { "E'''\\':a' || :b", "b", NULL, "E'''\\':a' || $1 [2]" },
        { "nameE'\\' || :a", "a", "nameE'\\' || ? [1]", "nameE'\\' || $1 [1]" },
        { "\":a\"\"\" = :a", "a", "\":a\"\"\" = ? [1]", "\":a\"\"\" = $1 [1]" },
        { "`:a` = :a", "a", "`:a` = ? [1]", "`$1` = $2 [1, 1]" },
        { "'?'", "", "'?'", "'?'" },
        /* dollar quotes */
        { "$$ :a ' $$ || :b", "b", NULL, "$$ :a ' $$ || $1 [2]" },
        { "$q$ $$ :a $q $q$ || :b", "b", NULL, "$q$ $$ :a $q $q$ || $1 [2]" },
        { "x$y$ = :a", "a", "x$y$ = ? [1]", "x$y$ = $1 [1]" },
        { "$ :a", "a", "$ ? [1]", "$ $1 [1]" },
        /* comments */
        { "-- :a\n:b", "b", "-- :a\n? [2]", "-- :a\n$1 [2]" },
        { "1 - -:a", "a", "1 - -? [1]", "1 - -$1 [1]" },
        { "/* :a ' */ :b", "b", "/* :a ' */ ? [2]", "/* :a ' */ $1 [2]" },
        { "/* /* :a */ :a */ :b", "b", NULL, "/* /* :a */ :a */ $1 [2]" },
        { "/* /* :a */ :b", "b", "/* /* :a */ ? [2]", NULL },
        { "E'a'\n --\n'\\':a' || :b", "b", NULL, "E'a'\n --\n'\\':a' || $1 [2]" },
        { "E'a' 'b\\' || :b", "b", "E'a' 'b\\' || ? [2]", "E'a' 'b\\' || $1 [2]" },
        { "[:a ' ] = :b", "b", "[:a ' ] = ? [2]", NULL },
        { "/*/ :a */ :b", "b", "/*/ :a */ ? [2]", "/*/ :a */ $1 [2]" },
        { "1 / :a * :b", "ab", "1 / ? * ? [1, 2]", "1 / $1 * $2 [1, 2]" },
        { "SELECT 1 -- :a", "", "SELECT 1 -- :a", "SELECT 1 -- :a" },
        { "SELECT 1 /* :a", "", "SELECT 1 /* :a", "SELECT 1 /* :a" },
        /* casts, assignments, slices */
        { "x::a", "", "x::a", "x::a" },
        { ":a::int", "a", "?::int [1]", "$1::int [1]" },
        { "x := :a", "a", "x := ? [1]", "x := $1 [1]" },
        { "x[a:b]", "", "x[a:b]", "x[a:b]" },
        { "x[1:2]", "", "x[1:2]", "x[1:2]" },
        { "x[a:b] = :b", "b", "x[a:b] = ? [2]", "x[a:b] = $1 [2]" },
        { "x[:a]", "a", NULL, "x[$1] [1]" },
        { "x[:q]", "", "x[:q]", "x[:q]" },
        { "x[:a::b]", "a", NULL, "x[$1::b] [1]" },
        { "x[lo :hi]", "", "x[lo :hi]", "x[lo :hi]" },
        { "x[(1):b]", "", "x[(1):b]", "x[(1):b]" },
        { "ARRAY[:a, :b]", "ab", NULL, "ARRAY[$1, $2] [1, 2]" },
        { "ARRAY[x AND :a, f(:b)]", "ab", NULL, "ARRAY[x AND $1, f($2)] [1, 2]" },
        { "x[1] = :a", "a", "x[1] = ? [1]", "x[1] = $1 [1]" },
        { "] :a", "a", "] ? [1]", "] $1 [1]" },
        { "'12:30'", "", "'12:30'", "'12:30'" },
        { "x : 5", "", "x : 5", "x : 5" },
        { "x :", "", "x :", "x :" },
        { "$1 + $2", "", NULL, "$1 + $2" },
    };
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT(cases[i].lite == NULL || same_text(rewritten(cases[i].sql, cases[i].given, &lite, &err), cases[i].lite));
        CU_ASSERT(cases[i].post == NULL ||
                  same_text(rewritten(cases[i].sql, cases[i].given, &post, &err), cases[i].post));
    }
}

/* Lists: "l" has three items, "e" none, "u" is NULL, "a" is 1. */
static const char *with_lists(const char *sql, const sqla_traits *traits, sqla_error *err)
{
    static char out[2000];
    static const int64_t items[] = { 7, 8, 9 };
    static const char *const names[] = { "l", "e", "u", "a" };
    const sqla_value all[] = { sqla_array_i64(items, 3), sqla_array_i64(NULL, 0), sqla_null(), sqla_value_i64(1) };
    const char *given[4];
    sqla_value values[4];
    size_t n = 0;
    char text[60];
    sqla__arena arena = { 0 };
    sqla__compiled compiled;
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, ":%s", names[i]);
        if (strstr(sql, text) != NULL) {
            given[n] = names[i];
            values[n++] = all[i];
        }
    }
    sqla_error_clear(err);
    if (sqla__compile_raw(sql, given, values, n, traits, &arena, &compiled, err) != SQLA_OK) {
        snprintf(out, sizeof out, "%s", err->message);
    } else {
        int at = snprintf(out, sizeof out, "%s", compiled.text);
        for (uint32_t i = 0; i < compiled.count; i++) {
            sqla_value_print(text, sizeof text, compiled.values[i]);
            at += snprintf(out + at, sizeof out - (size_t)at, "%s%s%s", i == 0 ? " [" : ", ", text, i + 1 == compiled.count ? "]" : "");
        }
    }
    sqla__arena_release(&arena);
    return out;
}

static void lists__where_they_may_stand(const char *url)
{
    static const struct { const char *sql, *lite, *post; } cases[] = {
        { "x IN (:l)", "x IN (?, ?, ?) [7, 8, 9]", "x = ANY($1) [{7, 8, 9}]" },
        { "x in( :l ) AND y = :a", "x in( ?, ?, ? ) AND y = ? [7, 8, 9, 1]", "x = ANY($1 ) AND y = $2 [{7, 8, 9}, 1]" },
        { "x NOT IN (:l)", "x NOT IN (?, ?, ?) [7, 8, 9]", "x <> ALL($1) [{7, 8, 9}]" },
        { "\"x\"IN(:l)", "\"x\"IN(?, ?, ?) [7, 8, 9]", "\"x\" = ANY($1) [{7, 8, 9}]" },
        { "x = ANY(:l)", "x IN (?, ?, ?) [7, 8, 9]", "x = ANY($1) [{7, 8, 9}]" },
        { "x=any (:l)", "x IN (?, ?, ?) [7, 8, 9]", "x=any ($1) [{7, 8, 9}]" },
        { "x = SOME(:l) OR :a", "x IN (?, ?, ?) OR ? [7, 8, 9, 1]", "x = SOME($1) OR $2 [{7, 8, 9}, 1]" },
        { "x <> ALL(:l)", "x NOT IN (?, ?, ?) [7, 8, 9]", "x <> ALL($1) [{7, 8, 9}]" },
        { "x!=ALL(:l)", "x NOT IN (?, ?, ?) [7, 8, 9]", "x!=ALL($1) [{7, 8, 9}]" },
        { "x IN (:e)", "x IN (SELECT NULL WHERE 1 = 0)", "x = ANY($1) [{}]" },
        { "x NOT IN (:e)", "x NOT IN (SELECT NULL WHERE 1 = 0)", "x <> ALL($1) [{}]" },
        { "x = ANY(:e)", "x IN (SELECT NULL WHERE 1 = 0)", "x = ANY($1) [{}]" },
        { "x <> ALL(:e)", "x NOT IN (SELECT NULL WHERE 1 = 0)", "x <> ALL($1) [{}]" },
        { "x IN (:u)", "x IN (?) [NULL]", "x IN ($1) [NULL]" },
        { "x = ANY(:u)", "x IN (?) [NULL]", "x = ANY($1) [NULL]" },
        { "x IN (:l) OR y IN (:l)", "x IN (?, ?, ?) OR y IN (?, ?, ?) [7, 8, 9, 7, 8, 9]", "x = ANY($1) OR y = ANY($2) [{7, 8, 9}, {7, 8, 9}]" },
        { "x IN -- in (\n(:l)", "x IN -- in (\n(?, ?, ?) [7, 8, 9]", "x = ANY($1) [{7, 8, 9}]" },
        { "x IN (:a)", "x IN (?) [1]", "x IN ($1) [1]" },
        { "cardinality(:l)", NULL, "cardinality($1) [{7, 8, 9}]" },
        { "x IN (1, :l)", NULL, "x IN (1, $1) [{7, 8, 9}]" },
        { "x >= ANY(:l)", NULL, "x >= ANY($1) [{7, 8, 9}]" },
        { "x < ALL(:l)", NULL, "x < ALL($1) [{7, 8, 9}]" },
        { "x = ALL(:l)", NULL, "x = ALL($1) [{7, 8, 9}]" },
        { "margin(:l)", NULL, "margin($1) [{7, 8, 9}]" },
        { "'in' (:l)", NULL, "'in' ($1) [{7, 8, 9}]" },
        { "/* in */ (:l)", NULL, "/* in */ ($1) [{7, 8, 9}]" },
    };
    static const char refusal[] = "Lite has no arrays: the list ':l' can stand in IN (:l), = ANY(:l) or <> ALL(:l) alone";
    sqla_traits arrays = post;
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    arrays.features |= SQLA_FEATURE_ARRAYS;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT(same_text(with_lists(cases[i].sql, &lite, &err), cases[i].lite != NULL ? cases[i].lite : refusal));
        CU_ASSERT_EQUAL(err.status, cases[i].lite != NULL ? SQLA_OK : SQLA_ERR_UNSUPPORTED);
        CU_ASSERT(cases[i].lite != NULL || err.position == strstr(cases[i].sql, ":l") - cases[i].sql + 1);
        CU_ASSERT(same_text(with_lists(cases[i].sql, &arrays, &err), cases[i].post));
    }
}

static void mistakes__with_their_place(const char *url)
{
    static const struct { const char *sql, *given; sqla_status status; int position; const char *message; } cases[] = {
        { "x = :a", "", SQLA_ERR_MISUSE, 5, "parameter ':a' has no value" },
        { "\xc3\xa4\xe2\x82\xac = :a", "b", SQLA_ERR_MISUSE, 6, "parameter ':a' has no value" },
        { "x = 1", "a", SQLA_ERR_MISUSE, 0, "parameter ':a' is given, and the statement has none of that name" },
        { "x = ':a'", "a", SQLA_ERR_MISUSE, 0, "parameter ':a' is given, and the statement has none of that name" },
        { "x = :a", "aa", SQLA_ERR_MISUSE, 0, "parameter ':a' is given twice" },
        { "x = 'abc", "", SQLA_ERR_SQL, 5, "a quote in the statement is not closed" },
        { "x = \"abc''", "", SQLA_ERR_SQL, 5, "a quote in the statement is not closed" },
        { "E'\\'", "", SQLA_ERR_SQL, 2, "a quote in the statement is not closed" },
        { "x = $q$ abc $$", "", SQLA_ERR_SQL, 5, "a dollar quote in the statement is not closed" },
        { "x = :a AND y = $1", "a", SQLA_ERR_MISUSE, 0, "the statement has placeholders of Post's own, which get no value" },
        { "x = \xff", "", SQLA_ERR_DATA, 0, "the statement is not valid UTF-8" },
        { "ARRAY[x + :z]", "", SQLA_ERR_MISUSE, 11, "parameter ':z' has no value" },
    };
    sqla_error err = SQLA_ERROR_INIT;
    (void)url;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT(same_text(rewritten(cases[i].sql, cases[i].given, &post, &err), cases[i].message));
        CU_ASSERT_EQUAL(err.status, cases[i].status);
        CU_ASSERT_EQUAL(err.position, cases[i].position);
    }
    CU_ASSERT(same_text(rewritten("x = ?", "", &lite, &err), "the statement has placeholders of Lite's own, which get no value"));
}

static void mistakes__with_a_hint(const char *url)
{
    sqla__arena arena = { 0 };
    sqla__compiled compiled;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_stmt *q = sqla_bind_(sqla_stmt_sql_(nowhere(), "SELECT * FROM users WHERE lastname = :lastname"), "lastnam", sqla_value_text("x"));
    (void)url;
    CU_ASSERT_EQUAL(sqla__compile(sqla__stmt_of(q), &lite, &arena, &compiled, &err), SQLA_ERR_MISUSE);
    CU_ASSERT_STRING_EQUAL(err.hint, "did you mean ':lastnam'?");
    sqla_stmt_free(q);
    CU_ASSERT(same_text(compiled_text(q = sqla_bind_(sqla_stmt_sql_(nowhere(), "SELECT :x"), "x", sqla_value_text("y")), &post), "SELECT $1 [y]"));
    sqla_stmt_free(sqla_bind_(q, "x", sqla_null()));
    sqla__arena_release(&arena);
}

/* Texts of pieces that open, close and look like things: whatever comes, no byte outside is read, and what is not a parameter
 * comes back as it was. */
static void any_text__is_scanned_safely(const char *url)
{
    static const char *const pieces[] = { "'", "''", "\"", "`", "$", "$$", "$q$", "$1", "E'", "e", "\\", ":", "::", ":=", ":a", ":b", ":z", "[", "]", "--",
                                          "/*", "*/", "\n", " ", "x", "1", ",", "(", ")", "?", "\xc3\xa4", "/", "-" };
    sqla_error err = SQLA_ERROR_INIT;
    unsigned seed = 7, good = 0;
    (void)url;
    for (int round = 0; round < 20000; round++) {
        char text[200] = "";
        bool has_parameter = false;
        for (int i = 0; i < 12; i++) {
            seed = seed * 1103515245u + 12345u;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])];
            has_parameter = has_parameter || strcmp(piece, ":") == 0 || (piece[0] == ':' && piece[1] >= 'a');
            strcat(text, piece);
        }
        char *exact = strdup(text); /* so that a sanitizer sees a step too far */
        const char *out = rewritten(exact, "", &post, &err);
        if (err.status == SQLA_OK) {
            good++;
            CU_ASSERT(strcmp(out, text) == 0);
        } else {
            CU_ASSERT(err.status == SQLA_ERR_SQL || (err.status == SQLA_ERR_MISUSE && has_parameter));
        }
        rewritten(exact, "ab", &lite, &err);
        free(exact);
    }
    CU_ASSERT(good > 100);
}

static void out_of_memory(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    bool done = false;
    (void)url;
    for (uint64_t n = 1; !done && n < 50; n++) {
        sqla__alloc_fail_at(n, false);
        const char *out = rewritten("SELECT :a, :b", "ab", &lite, &err);
        sqla__alloc_fail_at(0, false);
        done = err.status == SQLA_OK;
        CU_ASSERT(done ? strcmp(out, "SELECT ?, ? [1, 2]") == 0 : err.status == SQLA_ERR_NOMEM);
    }
    CU_ASSERT(done);
}

/* What the database says of the text that it got is said of the one that the program wrote. operator: only where there are arrays. */
static void failures__are_placed_in_the_programs_text(const char *url)
{
    static const struct { const char *sql, *at; bool operator; } cases[] = {
        { "SELECT 1 AS x FRM y WHERE :a = :b", "FRM", false },
        { "SELECT :a AS x FRM y", "FRM", false },
        { "SELECT '\xc3\xa4', :a, '\xe2\x82\xac', :b, :a AS x FRM y", "FRM", false },
        { "SELECT 1 WHERE 7 IN (:list) AND 1 NOT IN (:list) WHERE 3 = 3", "WHERE 3", false },
        { "SELECT 1 WHERE 7 = ANY (:list) AND 1 <> ALL(:list) WHERE :a = 3", "WHERE :a", false },
        { "SELECT 1 WHERE 7 IN(:list)AND 1=ANY(:list)AND :b = 2 WHERE 3 = 3", "WHERE 3", false },
        { "SELECT 1 WHERE 7 IN (:list) AND true IN (:list)", "IN (:list)", true },
        { "SELECT 1 WHERE 7 IN (:list) AND true NOT IN (:list)", "NOT IN", true },
    };
    const int64_t items[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].operator && !harness_is_postgres(url))
            continue;
        const char *at = cases[i].sql;
        for (const char *next = at; (next = strstr(next + 1, cases[i].at)) != NULL;) /* the last place of the words */
            at = next;
        int expected = 1;
        for (const char *c = cases[i].sql; c < at; c++)
            expected += ((unsigned char)*c & 0xc0) != 0x80;
        sqla_stmt *q = sqla_sql(conn, cases[i].sql);
        if (strstr(cases[i].sql, ":a") != NULL)
            sqla_bind(q, "a", 1);
        if (strstr(cases[i].sql, ":b") != NULL)
            sqla_bind(q, "b", 1);
        if (strstr(cases[i].sql, ":list") != NULL)
            sqla_bind(q, "list", sqla_array_i64(items, sizeof items / sizeof items[0]));
        sqla_error_clear(&err);
        CU_ASSERT_EQUAL(sqla_exec(q, NULL, &err), SQLA_ERR_SQL);
        if (err.position != expected)
            fprintf(stderr, "%s: %d instead of %d: %s\n", cases[i].sql, (int)err.position, expected, err.message);
        CU_ASSERT_EQUAL(err.position, expected);
        sqla_stmt_free(q);
    }
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_execute(db, "SELECT :a AS x FRM y", sqla_params("a", "text"), &err), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(err.position, 16);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "parameters in all places", parameters__in_all_places, HARNESS_PLAIN },
        { "lists: where they may stand", lists__where_they_may_stand, HARNESS_PLAIN },
        { "mistakes, with their place", mistakes__with_their_place, HARNESS_PLAIN },
        { "mistakes, with a hint", mistakes__with_a_hint, HARNESS_PLAIN },
        { "any text is scanned safely", any_text__is_scanned_safely, HARNESS_PLAIN },
        { "failures are placed in the program's text", failures__are_placed_in_the_programs_text, HARNESS_DATABASES },
        { "out of memory", out_of_memory, HARNESS_PLAIN },
    };
    return harness_main("test-rawsql", tests, sizeof tests / sizeof tests[0]);
}
