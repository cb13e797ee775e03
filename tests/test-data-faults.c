/* test-data-faults.c: values and rows that a database does not take, or that a program cannot. Each time: what is told, what
 * the database has then, and whether the session goes on. */
#include <config.h>
#include "faults.h"

/* A table that is stricter than its model, as tables of others are: the library sends what the database refuses. */
typedef struct Account Account;
SQLA_DECLARE(Account);
struct Account {
    int64_t id;
    const char *owner, *note;
    int64_t balance;
    sqla_decimal price;
    char code[4];
};
SQLA_MODEL(Account, "accounts", SQLA_COLUMN(id, .primary_key = true, .natural = true), SQLA_COLUMN(owner, .not_null = true),
    SQLA_COLUMN(note), SQLA_COLUMN(balance), SQLA_COLUMN(price), SQLA_COLUMN(code));
static const char accounts_sql[] = "CREATE TABLE accounts (id bigint PRIMARY KEY, owner varchar(10) NOT NULL, "
                                   "note text NOT NULL, balance smallint, price numeric(6,2), code text, "
                                   "CONSTRAINT one_owner UNIQUE (owner), CONSTRAINT solvent CHECK (balance >= 0))";

/* A table that is wider than its model. */
typedef struct Narrow Narrow;
SQLA_DECLARE(Narrow);
struct Narrow {
    int64_t id;
    int16_t small;
    int32_t medium;
    float part;
    unsigned char tiny;
    char code[4];
    const char *label;
};
SQLA_MODEL(Narrow, "wide", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(small), SQLA_COLUMN(medium), SQLA_COLUMN(part),
    SQLA_COLUMN(tiny), SQLA_COLUMN(code), SQLA_COLUMN(label));
static const char wide_sql[] = "CREATE TABLE wide (id bigint PRIMARY KEY, small bigint, medium bigint, part double precision, "
                               "tiny bigint, code text, label text)";

/* A shop with these two tables. */
static void open_with_ours(shop *x, const char *url)
{
    harness_sql(url, accounts_sql);
    harness_sql(url, wide_sql);
    shop_open(x, url);
    sqla_close(x->s);
    sqla_sessionmaker_free(x->maker);
    sqla_metadata_free(x->base);
    x->base = sqla_metadata_new(&x->err);
    sqla_metadata_add(x->base, SQLA_MODELS(Account, Narrow, Address, Citizen), &x->err);
    x->maker = sqla_sessionmaker_new(x->db, x->base, NULL, &x->err);
    x->s = sqla_open(x->maker, &x->err);
    CU_ASSERT_FATAL(is(&x->err, SQLA_OK));
}

/* ---- what constraints refuse --------------------------------------------------------------------------------------- */

/* One account that the table refuses, and what is told about it. NULL: a database that takes it. */
typedef struct refusal {
    Account account;
    sqla_status status;
    const char *sqlstate;
    const char *constraint[3], *column[3]; /* on PostgreSQL, on SQLite, on MariaDB */
} refusal;

static const refusal refusals[] = {
    { { .id = 1, .owner = "b", .note = "" }, SQLA_ERR_UNIQUE, "23505", { "accounts_pkey", "", "PRIMARY" }, { "", "id", "" } },
    { { .id = 2, .owner = "a", .note = "" }, SQLA_ERR_UNIQUE, "23505", { "one_owner", "", "one_owner" }, { "", "owner", "" } },
    { { .id = 2, .owner = "b" }, SQLA_ERR_NOT_NULL, "23502", { "", "", "" }, { "note", "note", "note" } },
    { { .id = 2, .owner = "b", .note = "", .balance = -1 }, SQLA_ERR_CHECK, "23514", { "solvent", "solvent", "solvent" }, { "", "", "" } },
};

static void told(const sqla_error *err, const refusal *r, const char *url)
{
    int which = harness_is_postgres(url) ? 0 : harness_is_mariadb(url) ? 2 : 1;
    CU_ASSERT(is(err, r->status));
    CU_ASSERT((sqla_status_class(err->status) & SQLA_CLASS_INTEGRITY) != 0);
    CU_ASSERT_STRING_EQUAL(err->sqlstate, r->sqlstate);
    CU_ASSERT_STRING_EQUAL(err->constraint, r->constraint[which]);
    CU_ASSERT_STRING_EQUAL(err->column, r->column[which]);
    if (which != 1 || r->column[which][0] != '\0')
        CU_ASSERT_STRING_EQUAL(err->table, "accounts");
    CU_ASSERT_EQUAL(err->native != 0, which != 0);
}

static void constraint__broken_by_an_insert(const char *url)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        shop x;
        open_with_ours(&x, url);
        harness_sql(url, "INSERT INTO accounts (id, owner, note, balance) VALUES (1, 'a', '', 0)");
        User *with = sqla_add(x.s, User, .name = "with it");
        Account *a = sqla_add_object(x.s, Account, &refusals[i].account);
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), refusals[i].status);
        told(&x.err, &refusals[i], url);
        CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "cannot insert 'Account'"));
        refuses_then_goes_on(&x, url, &x.err);
        CU_ASSERT(sqla_state(x.s, a) == SQLA_TRANSIENT && sqla_state(x.s, with) == SQLA_TRANSIENT);
        CU_ASSERT_EQUAL(count_users(url, "with it"), 0);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM accounts"), 1);
        a->id = 7, a->owner = "seven", a->note = "mended", a->balance = 7;
        CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, Account, a), a); /* once it is right it may be added again */
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM accounts WHERE note = 'mended' AND balance = 7"), 1);
        shop_close(&x);
        harness_sql(url, "DROP TABLE accounts");
        harness_sql(url, "DROP TABLE wide");
        harness_sql(url, "DELETE FROM users");
    }
}

static void constraint__broken_by_an_update(const char *url)
{
    shop x;
    open_with_ours(&x, url);
    harness_sql(url, "INSERT INTO accounts (id, owner, note, balance, code) VALUES (1, 'a', 'old', 0, ''), (2, 'b', 'old', 0, '')");
    for (size_t i = 1; i < sizeof refusals / sizeof refusals[0]; i++) {
        Account *b = sqla_get(x.s, Account, 2, &x.err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b);
        b->owner = refusals[i].account.owner;
        b->note = refusals[i].account.note;
        b->balance = refusals[i].account.balance;
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), refusals[i].status);
        told(&x.err, &refusals[i], url);
        CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "cannot update 'Account'"));
        refuses_then_goes_on(&x, url, &x.err);
        CU_ASSERT_STRING_EQUAL(b->note, "old");
        CU_ASSERT_STRING_EQUAL(b->owner, "b");
        CU_ASSERT_EQUAL(b->balance, 0);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM accounts WHERE note = 'old' AND balance = 0"), 2);
        harness_sql(url, "DELETE FROM users");
    }
    shop_close(&x);
}

static void foreign_key__broken_on_either_side(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int side = 0; side < 2; side++) {
        harness_sql(url, "DELETE FROM users");
        harness_sql(url, "DELETE FROM citizens");
        harness_sql(url, "DELETE FROM countries");
        harness_sql(url, "INSERT INTO countries VALUES ('DE', 'Germany')");
        harness_sql(url, "INSERT INTO citizens (country, name) VALUES ('DE', 'Anna')");
        Country *de = sqla_get(x.s, Country, "DE", &x.err);
        if (side == 0)
            sqla_add(x.s, Citizen, .country = "XX", .name = "nowhere");
        else
            sqla_delete(x.s, de);
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_FOREIGN_KEY);
        CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "23503");
        CU_ASSERT_EQUAL(strncmp(x.err.constraint, "fk_citizens_", 12) == 0, harness_sqlite_path(url) == NULL); /* SQLite does not say which */
        CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, side == 0 ? "cannot insert 'Citizen'" : "cannot delete 'Country'"));
        refuses_then_goes_on(&x, url, &x.err);
        CU_ASSERT_EQUAL(sqla_state(x.s, de), SQLA_PERSISTENT);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM citizens JOIN countries ON country = code"), 1);
    }
    shop_close(&x);
}

/* The one of a batch that is wrong is named by its place; none of the others stay. */
static void batch__names_the_row_that_is_wrong(const char *url)
{
    static const int sizes[] = { 5, 60, 400 };
    shop x;
    open_with_ours(&x, url);
    harness_sql(url, "INSERT INTO accounts (id, owner, note) VALUES (1003, 'x', '')");
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        char place[40];
        for (int i = 0; i < sizes[k]; i++)
            sqla_add(x.s, Account, .id = 1000 + i, .owner = sqla_printf(x.s, "o%d", i), .note = "");
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_UNIQUE);
        CU_ASSERT(is(&x.err, SQLA_ERR_UNIQUE));
        if (x.err.row != 0 || !harness_is_postgres(url)) { /* arrays as a whole are refused without a row */
            CU_ASSERT_EQUAL(x.err.row, 4);
            snprintf(place, sizeof place, "(4 of %d)", sizes[k]);
            CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, place));
        }
        refuses_then_goes_on(&x, url, &x.err);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM accounts"), 1);
        harness_sql(url, "DELETE FROM users");
    }
    shop_close(&x);
}

/* ---- what does not fit --------------------------------------------------------------------------------------------- */

/* What types of columns refuse; SQLite has no such types, and keeps the values as they are. */
static void type__refuses_what_is_too_large(const char *url)
{
    static const Account wrong[] = {
        { .id = 2, .owner = "b", .note = "", .balance = 32768 },
        { .id = 2, .owner = "b", .note = "", .price = { "10000.00" } },
        { .id = 2, .owner = "eleven char", .note = "" },
    };
    static const char *const sqlstates[] = { "22003", "22003", "22001" };
    bool refused = harness_sqlite_path(url) == NULL;
    shop x;
    open_with_ours(&x, url);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        harness_sql(url, "DELETE FROM users");
        harness_sql(url, "DELETE FROM accounts");
        CU_ASSERT_PTR_NOT_NULL(sqla_add_object(x.s, Account, &wrong[i]));
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), refused ? SQLA_ERR_DATA : SQLA_OK);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM accounts"), refused ? 0 : 1);
        if (!refused) {
            CU_ASSERT(is(&x.err, SQLA_OK));
            continue;
        }
        CU_ASSERT(is(&x.err, SQLA_ERR_DATA));
        CU_ASSERT_STRING_EQUAL(x.err.sqlstate, sqlstates[i]);
        refuses_then_goes_on(&x, url, &x.err);
    }
    shop_close(&x);
}

static void field__without_its_end_is_refused(const char *url)
{
    shop x;
    open_with_ours(&x, url);
    harness_sql(url, "INSERT INTO accounts (id, owner, note, code, balance) VALUES (1, 'a', '', 'abc', 0)");
    Account *a = sqla_get(x.s, Account, 1, &x.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    memcpy(a->code, "four", 4); /* no NUL */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_DATA);
    CU_ASSERT_STRING_EQUAL(x.err.column, "code");
    refuses_then_goes_on(&x, url, &x.err);
    CU_ASSERT_STRING_EQUAL(a->code, "abc");
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT code FROM accounts"), "abc");
    CU_ASSERT_EQUAL(sqla_field_set(x.s, a, "code", sqla_val("four"), &x.err), SQLA_ERR_DATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "code"));
    CU_ASSERT_STRING_EQUAL(a->code, "abc");
    CU_ASSERT_EQUAL(sqla_commit(x.s, NULL), SQLA_OK);
    shop_close(&x);
}

/* A column of a row that does not fit into its field. */
typedef struct misfit { const char *column, *value; } misfit;
static const misfit misfits[] = {
    { "small", "32768" }, { "small", "-32769" }, { "medium", "2147483648" }, { "medium", "9223372036854775807" }, { "part", "1e300" },
    { "tiny", "256" }, { "tiny", "-1" }, { "code", "'four'" },
};

static void load__refuses_what_does_not_fit(const char *url)
{
    shop x;
    open_with_ours(&x, url);
    harness_sql(url, "INSERT INTO wide VALUES (1, 32767, -2147483648, 0.5, 255, 'abc', 'fits')");
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        char sql[200];
        const misfit *m = &misfits[i];
        harness_sql(url, "DELETE FROM wide WHERE id = 2");
        harness_sql(url, "INSERT INTO wide VALUES (2, 1, 1, 1, 1, 'a', 'a')");
        snprintf(sql, sizeof sql, "UPDATE wide SET %s = %s WHERE id = 2", m->column, m->value);
        harness_sql(url, sql);
        CU_ASSERT_PTR_NULL(sqla_get(x.s, Narrow, 2, &x.err));
        CU_ASSERT(is(&x.err, SQLA_ERR_DATA));
        CU_ASSERT_STRING_EQUAL(x.err.column, m->column);
        sqla_error_clear(&x.err);
        sqla_stmt *q = sqla_order_by(sqla_select(x.s, Narrow), sqla_col(Narrow, id));
        CU_ASSERT_PTR_NULL(sqla_all(q, Narrow, NULL, &x.err));
        CU_ASSERT(is(&x.err, SQLA_ERR_DATA));
        CU_ASSERT_EQUAL(x.err.row, 2);
        sqla_error_clear(&x.err);
        Narrow *n = sqla_get(x.s, Narrow, 1, &x.err); /* the transaction goes on */
        CU_ASSERT(n != NULL && n->small == 32767 && n->medium == INT32_MIN && n->tiny == 255);
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        sqla_stmt_free(q);
    }
    goes_on(&x, url);
    shop_close(&x);
}

/* ---- texts that are none ------------------------------------------------------------------------------------------- */

static const char *const bad_texts[] = {
    "\xff", "lone \x80", "\xc0\x27", "cut \xe2\x80", "\xed\xa0\x80 surrogate", "overlong \xe0\x80\xaf", "\xf4\x90\x80\x80 beyond",
    "\xf8\x88\x80\x80\x80",
};

static void text__that_is_no_utf8_is_refused(const char *url)
{
    shop x;
    shop_open(&x, url);
    sqla_add(x.s, User, .name = "kept", .fullname = "Grüße 😀");
    sqla_commit(x.s, &x.err);
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        sqla_add(x.s, User, .name = "bad", .fullname = bad_texts[i]);
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_DATA);
        CU_ASSERT_STRING_EQUAL(x.err.column, "fullname");
        refuses_then_goes_on(&x, url, &x.err);
        CU_ASSERT_EQUAL(sqla_execute(x.db, "UPDATE users SET fullname = :t", sqla_params("t", bad_texts[i]), NULL), SQLA_ERR_DATA);
        sqla_stmt *q = sqla_where(sqla_select(x.s, User), sqla_eq(sqla_col(User, fullname), bad_texts[i]));
        CU_ASSERT_PTR_NULL(sqla_all(q, User, NULL, &x.err));
        CU_ASSERT(is(&x.err, SQLA_ERR_DATA));
        sqla_error_clear(&x.err);
        sqla_stmt_free(q);
        sqla_rollback(x.s, NULL);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE name = 'bad'"), 0);
        CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT fullname FROM users WHERE name = 'kept'"), "Grüße 😀");
        harness_sql(url, "DELETE FROM users WHERE name = 'afterwards'");
    }
    shop_close(&x);
}

/* Never cut at the NUL: refused where it goes in, and where it comes out. */
static void text__with_a_nul_inside_is_refused(const char *url)
{
    static const char *const texts[] = { "a\0b", "ab\0", "\0ab" };
    shop x;
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .name = "kept", .fullname = "old");
    sqla_commit(x.s, &x.err);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sqla_value v = sqla_value_text("");
        v.as.bytes = (sqla_blob){ texts[i], 3 };
        CU_ASSERT_EQUAL(sqla_execute(x.db, "UPDATE users SET fullname = :t", sqla_params("t", v), NULL), SQLA_ERR_DATA);
        CU_ASSERT_EQUAL(sqla_execute(x.s, "UPDATE users SET fullname = :t", sqla_params("t", v), NULL), SQLA_ERR_DATA);
        CU_ASSERT_EQUAL(sqla_field_set(x.s, u, "fullname", v, NULL), SQLA_ERR_DATA);
        CU_ASSERT_STRING_EQUAL(u->fullname, "old");
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK); /* nothing was sent, so the transaction is as it was */
        CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT fullname FROM users"), "old");
    }
    goes_on(&x, url);
    if (harness_sqlite_path(url) != NULL) {
        sqla_error_clear(&x.err);
        harness_sql(url, "UPDATE users SET fullname = CAST(x'610062' AS TEXT) WHERE name = 'kept'");
        CU_ASSERT_PTR_NULL(sqla_get(x.s, User, u->id, &x.err));
        CU_ASSERT(is(&x.err, SQLA_ERR_DATA));
        CU_ASSERT_STRING_EQUAL(x.err.column, "fullname");
        sqla_rollback(x.s, NULL);
        harness_sql(url, "UPDATE users SET fullname = CAST(x'61ff62' AS TEXT) WHERE name = 'kept'");
        CU_ASSERT_PTR_NULL(sqla_get(x.s, User, u->id, NULL));
        sqla_rollback(x.s, NULL);
    }
    shop_close(&x);
}

/* ---- rows that are gone -------------------------------------------------------------------------------------------- */

/* Objects 1 to n with labels "1" to "n", committed. */
static void add_nodes(sqla_session *s, Node **nodes, int n, sqla_error *err)
{
    for (int i = 0; i < n; i++)
        nodes[i] = sqla_add(s, Node, .label = sqla_printf(s, "%d", i + 1));
    CU_ASSERT_EQUAL_FATAL(sqla_commit(s, err), SQLA_OK);
}

/* Another connection has deleted the second of them. */
static void lose_one(shop *x, const char *url, Node **nodes, int n, bool deletes)
{
    int sent = 0, met = 0;
    harness_sql(url, "DELETE FROM nodes WHERE label = '2'");
    for (int i = 0; i < n; i++) {
        if (deletes)
            sqla_delete(x->s, nodes[i]);
        else
            nodes[i]->label = "new";
    }
    CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_ERR_STALE);
    CU_ASSERT(is(&x->err, SQLA_ERR_STALE));
    const char *counts = strstr(x->err.message, deletes ? "delete of " : "update of ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(counts);
    CU_ASSERT_EQUAL(sscanf(counts + 10, "%d 'Node' met %d rows", &sent, &met), 2);
    CU_ASSERT(sent <= n && sent >= n / 2 && met == sent - 1); /* many go in more than one batch */
    CU_ASSERT(x->err.row == 2 || (x->err.row == 0 && n > 2));
    refuses_then_goes_on(x, url, &x->err);
}

static void stale__rows_are_counted(const char *url)
{
    static const int sizes[] = { 2, 3, 100, 700 };
    for (int k = 0; k < 8; k++) {
        shop x; /* a new session writes objects in the order in which they were added, which the number of the row counts */
        Node *nodes[700];
        shop_open(&x, url);
        int n = sizes[k / 2];
        bool deletes = k % 2 == 1;
        add_nodes(x.s, nodes, n, &x.err);
        lose_one(&x, url, nodes, n, deletes);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes WHERE label <> 'new'"), n - 1);
        CU_ASSERT(sqla_state(x.s, nodes[0]) == SQLA_PERSISTENT && strcmp(nodes[0]->label, "1") == 0);
        CU_ASSERT_PTR_NULL(sqla_get(x.s, Node, nodes[1]->id, &x.err));
        CU_ASSERT_EQUAL(sqla_state(x.s, nodes[1]), SQLA_TRANSIENT);
        for (int i = 0; i < n; i++) { /* those that are there can be deleted */
            if (i != 1)
                sqla_delete(x.s, nodes[i]);
        }
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), 0);
        harness_sql(url, "DELETE FROM users");
        shop_close(&x);
    }
}

/* A row that another connection has deleted, and its key in use again: by the program's choice, or by SQLite's. */
static void key__is_used_again(const char *url)
{
    shop x;
    shop_open(&x, url);
    for (int keep = 0; keep < 2; keep++) {
        Country *old = sqla_add(x.s, Country, .code = "XX", .name = "old");
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
        harness_sql(url, "DELETE FROM countries");
        Country *new = sqla_add(x.s, Country, .code = "XX", .name = "new");
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Country, "XX", &x.err), new);
        CU_ASSERT_EQUAL(keep ? sqla_commit(x.s, &x.err) : sqla_rollback(x.s, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_state(x.s, old), keep ? SQLA_TRANSIENT : SQLA_PERSISTENT);
        CU_ASSERT_EQUAL(sqla_state(x.s, new), keep ? SQLA_PERSISTENT : SQLA_TRANSIENT);
        CU_ASSERT_PTR_EQUAL(sqla_get(x.s, Country, "XX", &x.err), keep ? new : NULL);
        CU_ASSERT_EQUAL(sqla_state(x.s, old), SQLA_TRANSIENT);
        CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM countries WHERE name = 'new'"), keep);
        sqla_rollback(x.s, &x.err);
        CU_ASSERT(is(&x.err, SQLA_OK));
    }
    shop_close(&x);
}

/* One that is to be deleted itself would take the new row with it. */
static void key__of_a_row_to_be_deleted_is_refused(const char *url)
{
    shop x;
    shop_open(&x, url);
    Country *old = sqla_add(x.s, Country, .code = "XX", .name = "old");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    harness_sql(url, "DELETE FROM countries");
    sqla_delete(x.s, old);
    Country *new = sqla_add(x.s, Country, .code = "XX", .name = "new");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_UNIQUE);
    refuses_then_goes_on(&x, url, &x.err);
    CU_ASSERT(sqla_state(x.s, old) == SQLA_PERSISTENT && sqla_state(x.s, new) == SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM countries"), 0);
    shop_close(&x);
}

/* ---- full ---------------------------------------------------------------------------------------------------------- */

static void full__session(const char *url)
{
    shop x;
    char large[3001];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    shop_open(&x, url);
    if (harness_is_postgres(url)) {
        harness_sql(url, "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
                         "'BEGIN RAISE EXCEPTION ''no space left'' USING ERRCODE = ''53100''; END'");
        harness_sql(url, "CREATE TRIGGER no_room BEFORE INSERT ON nodes FOR EACH ROW WHEN (NEW.label LIKE 'xxx%') "
                         "EXECUTE FUNCTION no_room()");
    } else if (harness_is_mariadb(url)) {
        harness_sql(url, "CREATE TRIGGER no_room BEFORE INSERT ON nodes FOR EACH ROW IF NEW.label LIKE 'xxx%' THEN "
                         "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'the table is full'; END IF");
    }
    User *kept = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    sqla_commit(x.s, &x.err);
    if (harness_sqlite_path(url) != NULL)
        sqla_execute(x.s, "PRAGMA max_page_count = 1", NULL, &x.err); /* that is: no more than there are */
    kept->age.value = 31;
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    Node *n[20];
    for (int i = 0; i < 20; i++)
        n[i] = sqla_add(x.s, Node, .label = large);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_RESOURCE);
    CU_ASSERT(is(&x.err, SQLA_ERR_RESOURCE));
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "53100");
    refuses_then_goes_on(&x, url, &x.err);
    if (harness_sqlite_path(url) == NULL)
        harness_sql(url, harness_is_postgres(url) ? "DROP TRIGGER no_room ON nodes" : "DROP TRIGGER no_room");
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), 0);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT age FROM users WHERE name = 'kept'"), 30);
    for (int i = 0; i < 20; i++)
        CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, Node, n[i]), n[i]);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK); /* there is room again */
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), 20);
    if (harness_sqlite_path(url) != NULL)
        CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "PRAGMA integrity_check"), "ok");
    shop_close(&x);
}

/* The limit is the connection's, and so is what it still takes after the failure. */
static void full__connection(const char *url)
{
    shop x;
    shop_open(&x, url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    sqla_execute(conn, "PRAGMA max_page_count = 1", NULL, &x.err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &x.err), SQLA_OK);
    sqla_execute(conn, "INSERT INTO nodes (label) VALUES ('small')", NULL, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO nodes (label) VALUES (hex(zeroblob(50000)))", NULL, NULL), SQLA_ERR_RESOURCE);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), 0);
    sqla_execute(conn, "INSERT INTO nodes (label) VALUES ('small')", NULL, &x.err);
    sqla_execute(conn, "PRAGMA max_page_count = 100000", NULL, &x.err);
    sqla_execute(conn, "INSERT INTO nodes (label) VALUES (hex(zeroblob(50000)))", NULL, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(x.db, 0, 0)); /* its settings were touched, so it is not lent again */
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), 2);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "PRAGMA integrity_check"), "ok");
    goes_on(&x, url);
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "constraint broken by an insert", constraint__broken_by_an_insert, HARNESS_DATABASES },
    { "constraint broken by an update", constraint__broken_by_an_update, HARNESS_DATABASES },
    { "foreign key broken on either side", foreign_key__broken_on_either_side, HARNESS_DATABASES },
    { "batch names the row that is wrong", batch__names_the_row_that_is_wrong, HARNESS_DATABASES },
    { "type refuses what is too large", type__refuses_what_is_too_large, HARNESS_DATABASES },
    { "field without its end is refused", field__without_its_end_is_refused, HARNESS_DATABASES },
    { "load refuses what does not fit", load__refuses_what_does_not_fit, HARNESS_DATABASES },
    { "text that is no UTF-8 is refused", text__that_is_no_utf8_is_refused, HARNESS_DATABASES },
    { "text with a NUL inside is refused", text__with_a_nul_inside_is_refused, HARNESS_DATABASES },
    { "stale: rows are counted", stale__rows_are_counted, HARNESS_DATABASES },
    { "key is used again", key__is_used_again, HARNESS_DATABASES },
    { "key of a row to be deleted is refused", key__of_a_row_to_be_deleted_is_refused, HARNESS_DATABASES },
    { "full: a session", full__session, HARNESS_DATABASES },
    { "full: a connection", full__connection, HARNESS_SQLITE },
};

int main(void) { return harness_main("test-data-faults", tests, sizeof tests / sizeof tests[0]); }
