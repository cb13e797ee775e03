/* test-compile.c: SELECT statements as text, in two dialects. Nothing runs; values are shown behind the text. */
#include <config.h>
#include "dialects.h"

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "harness.h"
#include "sql/mapping.h"

typedef struct User User;
typedef struct Address Address;
typedef struct Node Node;
typedef struct Totals { int64_t n; } Totals;
SQLA_DECLARE(User);
SQLA_DECLARE(Address);
SQLA_DECLARE(Node);
SQLA_DECLARE(Totals);

enum role { GUEST, MEMBER, ADMIN };
static const char *const role_labels[] = { "guest", "member", "it's", NULL };

struct User {
    int64_t id;
    const char *name;
    sqla_opt_i32 age;
    bool active;
    enum role role, rank;
    sqla_decimal price, fee;
    sqla_timestamp at;
    char country[3];
    int32_t unlisted;
    SQLA_MANY(Address) addresses;
};
struct Address {
    int64_t id;
    const char *email;
    sqla_opt_i64 user_id;
    User *user;
};
struct Node {
    int64_t id;
    sqla_opt_i64 parent_id;
    Node *parent;
};

SQLA_MODEL(User, "user",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name, .name = "fullName"),
    SQLA_COLUMN(age),
    SQLA_COLUMN(active),
    SQLA_ENUM(role, role_labels),
    SQLA_ENUM(rank, role_labels, .native = true),
    SQLA_COLUMN(price),
    SQLA_COLUMN(fee, .sql_type = "REAL"),
    SQLA_COLUMN(at),
    SQLA_COLUMN(country),
    SQLA_TO_MANY(addresses, Address, user_id));
SQLA_MODEL(Address, "addresses",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(email),
    SQLA_FOREIGN_KEY(user_id, User, id),
    SQLA_TO_ONE(user, User, user_id));
SQLA_MODEL(Node, "nodes",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(parent_id, Node, id),
    SQLA_TO_ONE(parent, Node, parent_id));
SQLA_ROW(Totals, SQLA_COLUMN(n));

/* Compile q in both dialects and free it. */
static bool is(sqla_stmt *q, const char *lite_text, const char *post_text)
{
    bool ok = same_text(compiled_text(q, &lite), lite_text);
    ok = (post_text == NULL || same_text(compiled_text(q, &post), post_text)) && ok;
    sqla_stmt_free(q);
    return ok;
}

/* The same for a condition on users: only what stands behind WHERE. */
static bool where_is(sqla_bool_expr condition, const char *lite_text, const char *post_text)
{
    sqla_stmt *q = sqla_where(on_nowhere_select_cols(sqla_col(User, id)), condition);
    char a[1000], b[1000];
    snprintf(a, sizeof a, "SELECT id FROM \"user\" WHERE %s", lite_text);
    snprintf(b, sizeof b, "SELECT id FROM \"user\" WHERE %s", post_text != NULL ? post_text : lite_text);
    return is(q, a, post_text != NULL ? b : NULL);
}

static void fails(sqla_stmt *q, const char *text)
{
    CU_ASSERT(is(q, text, NULL));
}

/* The column that most conditions are about. */
#define AGE sqla_col(User, age)

static void columns__and_names(const char *url)
{
    (void)url;
    CU_ASSERT(is(on_nowhere_select(Address), "SELECT id, email, user_id FROM addresses", "SELECT id, email, user_id FROM addresses"));
    CU_ASSERT(is(on_nowhere_select(User),
        "SELECT id, \"fullName\", age, active, role, rank, price, fee, at, country FROM \"user\"",
        "SELECT id, \"fullName\", age, active, role, rank, price, fee, at, country FROM \"user\""));
    CU_ASSERT(is(on_nowhere_select_cols(sqla_col(User, name), sqla_label(sqla_max(AGE), "Oldest")),
        "SELECT \"fullName\", max(age) AS \"Oldest\" FROM \"user\"", NULL));
    CU_ASSERT(is(sqla_distinct(on_nowhere_select_cols(sqla_lower(sqla_col(User, country)))), "SELECT DISTINCT lower(country) FROM \"user\"", NULL));
    CU_ASSERT(is(on_nowhere_select_cols(sqla_literal_sql("1")), "SELECT 1", NULL));
    CU_ASSERT(is(sqla_where(on_nowhere_select_cols(sqla_count_all()), sqla_gt(AGE, 30)), "SELECT count(*) FROM \"user\" WHERE age > ? [30]", NULL));
    fails(on_nowhere_select_cols(sqla_count_all()),
          "ERR_MISUSE: the statement names no column of a model, so it is not known which table it reads");
}

static void comparisons(const char *url)
{
    (void)url;
    CU_ASSERT(where_is(sqla_eq(AGE, 30), "age = ? [30]", "age = $1 [30]"));
    CU_ASSERT(where_is(sqla_ne(AGE, 30), "age <> ? [30]", NULL));
    CU_ASSERT(where_is(sqla_lt(AGE, sqla_col(User, id)), "age < id", NULL));
    CU_ASSERT(where_is(sqla_between(AGE, 1, 2), "age BETWEEN ? AND ? [1, 2]", "age BETWEEN $1 AND $2 [1, 2]"));
    CU_ASSERT(where_is(sqla_like(sqla_col(User, name), "S%"), "\"fullName\" LIKE ? [S%]", NULL));
    CU_ASSERT(where_is(sqla_ilike(sqla_col(User, name), "S%"), "lower(\"fullName\") LIKE lower(?) [S%]", "\"fullName\" ILIKE $1 [S%]"));
    CU_ASSERT(where_is(sqla_like(sqla_col(User, name), sqla_func("f", "S%")), "\"fullName\" LIKE f(?) [S%]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_col(User, country), "DE"), "country = ? [DE]", NULL));
    CU_ASSERT(where_is(sqla_ge(sqla_col(User, at), (sqla_timestamp){ 0 }), "at >= ? [1970-01-01T00:00:00Z]", NULL));
    CU_ASSERT(where_is(sqla_gt(sqla_col(User, id), UINT64_MAX), "id > ? [18446744073709551615]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_eq(AGE, 1), true), "(age = ?) = ? [1, true]", NULL));
}

static void null(const char *url)
{
    (void)url;
    sqla_opt_i32 none = SQLA_NONE;
    CU_ASSERT(where_is(sqla_eq(AGE, NULL), "age IS NULL", "age IS NULL"));
    CU_ASSERT(where_is(sqla_ne(AGE, NULL), "age IS NOT NULL", "age IS NOT NULL"));
    CU_ASSERT(where_is(sqla_eq(AGE, none), "age IS NULL", NULL));
    CU_ASSERT(where_is(sqla_ne(sqla_as_num(sqla_as_any(sqla_null())), AGE), "age IS NOT NULL", NULL));
    CU_ASSERT(where_is(sqla_is_null(sqla_plus(AGE, 1)), "age + ? IS NULL [1]", NULL));
    CU_ASSERT(where_is(sqla_not(sqla_is_null(AGE)), "age IS NOT NULL", NULL));
    CU_ASSERT(where_is(sqla_not(sqla_eq(AGE, NULL)), "age IS NOT NULL", NULL));
    sqla_stmt *q = sqla_where(on_nowhere_select_cols(sqla_col(User, id)), sqla_eq(AGE, sqla_param("a")));
    sqla_bind(q, "a", none);
    CU_ASSERT(same_text(compiled_text(q, &lite), "SELECT id FROM \"user\" WHERE age IS NULL"));
    sqla_bind(q, "a", 3);
    CU_ASSERT(is(q, "SELECT id FROM \"user\" WHERE age = ? [3]", NULL));
}

static void in__with_and_without_null(const char *url)
{
    (void)url;
    CU_ASSERT(where_is(sqla_in(AGE, 1, 2, 3), "age IN (?, ?, ?) [1, 2, 3]", "age IN ($1, $2, $3) [1, 2, 3]"));
    CU_ASSERT(where_is(sqla_not_in(AGE, 1), "age NOT IN (?) [1]", NULL));
    CU_ASSERT(where_is(sqla_in(AGE, 1, NULL), "age IN (?) OR age IS NULL [1]", NULL));
    CU_ASSERT(where_is(sqla_not_in(AGE, 1, NULL), "age NOT IN (?) AND age IS NOT NULL [1]", NULL));
    CU_ASSERT(where_is(sqla_in(AGE, NULL), "age IS NULL", NULL));
    CU_ASSERT(where_is(sqla_not_in(AGE, NULL), "age IS NOT NULL", NULL));
    CU_ASSERT(where_is(sqla_and(sqla_in(AGE, 1, NULL), sqla_gt(AGE, 0)), "(age IN (?) OR age IS NULL) AND age > ? [1, 0]", NULL));
    CU_ASSERT(where_is(sqla_not(sqla_not_in(AGE, 1, NULL)), "NOT (age NOT IN (?) AND age IS NOT NULL) [1]", NULL));
    const int64_t ages[] = { 4, 5 };
    const char *const names[] = { "a", NULL };
    CU_ASSERT(is(sqla_where_in_i64(on_nowhere_select_cols(sqla_col(User, id)), AGE, ages, 2), "SELECT id FROM \"user\" WHERE age IN (?, ?) [4, 5]", NULL));
    CU_ASSERT(is(sqla_where_in_i64(on_nowhere_select_cols(sqla_col(User, id)), AGE, NULL, 0), "SELECT id FROM \"user\" WHERE 1 = 0", NULL));
    CU_ASSERT(is(sqla_where_in_text(on_nowhere_select_cols(sqla_col(User, id)), sqla_col(User, name), names, 2),
        "SELECT id FROM \"user\" WHERE \"fullName\" IN (?) OR \"fullName\" IS NULL [a]", NULL));
}

static void precedence(const char *url)
{
    (void)url;
    sqla_num_expr id = sqla_col(User, id);
    sqla_bool_expr a = sqla_gt(AGE, 1), b = sqla_gt(AGE, 2), c = sqla_gt(AGE, 3);
    CU_ASSERT(where_is(sqla_or(a, sqla_and(b, c)), "age > ? OR age > ? AND age > ? [1, 2, 3]", NULL));
    CU_ASSERT(where_is(sqla_and(a, sqla_or(b, c)), "age > ? AND (age > ? OR age > ?) [1, 2, 3]", NULL));
    CU_ASSERT(where_is(sqla_and(sqla_and(a, b), c), "age > ? AND age > ? AND age > ? [1, 2, 3]", NULL));
    CU_ASSERT(where_is(sqla_not(sqla_or(a, b)), "NOT (age > ? OR age > ?) [1, 2]", NULL));
    CU_ASSERT(where_is(sqla_not(a), "NOT age > ? [1]", NULL));
    CU_ASSERT(where_is(sqla_not(sqla_not(a)), "NOT (NOT age > ?) [1]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_plus(AGE, sqla_times(id, 2)), 3), "age + id * ? = ? [2, 3]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_times(sqla_plus(AGE, id), 2), 3), "(age + id) * ? = ? [2, 3]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_minus(AGE, sqla_minus(id, 2)), 3), "age - (id - ?) = ? [2, 3]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_minus(sqla_minus(AGE, id), 2), 3), "age - id - ? = ? [2, 3]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_times(AGE, sqla_divide(id, 2)), 3), "age * (id / ?) = ? [2, 3]", NULL));
    CU_ASSERT(where_is(sqla_eq(sqla_divide(sqla_times(AGE, id), 2), 3), "age * id / ? = ? [2, 3]", NULL));
    CU_ASSERT(where_is(sqla_between(sqla_plus(AGE, 1), sqla_as_num(sqla_literal_sql("1 OR 1")), 3), "age + ? BETWEEN (1 OR 1) AND ? [1, 3]", NULL));
    CU_ASSERT(where_is(sqla_and(a, sqla_as_bool(sqla_literal_sql("1 = 1 OR 2 = 2"))), "age > ? AND (1 = 1 OR 2 = 2) [1]", NULL));
    sqla_stmt *q = sqla_where(on_nowhere_select_cols(id), sqla_or(a, b));
    CU_ASSERT(is(sqla_where(q, c), "SELECT id FROM \"user\" WHERE (age > ? OR age > ?) AND age > ? [1, 2, 3]", NULL));
}

static void bools(const char *url)
{
    (void)url;
    sqla_bool_expr active = sqla_col(User, active);
    CU_ASSERT(where_is(active, "active = 1", "active"));
    CU_ASSERT(where_is(sqla_not(active), "NOT active = 1", "NOT active"));
    CU_ASSERT(where_is(sqla_and(active, sqla_gt(AGE, 1)), "active = 1 AND age > ? [1]", "active AND age > $1 [1]"));
    CU_ASSERT(where_is(sqla_eq(active, true), "active = ? [true]", "active = $1 [true]"));
    CU_ASSERT(where_is(sqla_eq(active, sqla_gt(AGE, 1)), "active = (age > ?) [1]", "active = (age > $1) [1]"));
    CU_ASSERT(where_is(sqla_as_bool(sqla_func("is_old", AGE)), "is_old(age)", "is_old(age)"));
    CU_ASSERT(where_is(sqla_eq(sqla_as_num(sqla_column_of(sqla_model_of_User(), "active")), 1), "active = ? [true]", NULL));
}

static void enums(const char *url)
{
    (void)url;
    sqla_num_expr role = sqla_col(User, role);
    CU_ASSERT(where_is(sqla_eq(role, MEMBER), "role = ? [member]", "role = $1 [member]"));
    CU_ASSERT(where_is(sqla_in(role, GUEST, ADMIN), "role IN (?, ?) [guest, it's]", NULL));
    CU_ASSERT(where_is(sqla_ne(role, sqla_col(User, rank)), "role <> rank", NULL));
    fails(sqla_where(on_nowhere_select(User), sqla_eq(role, 3)), "ERR_DATA: column 'role' of 'User' is an enum of 3 labels, and has none for 3");
    fails(sqla_where(on_nowhere_select(User), sqla_eq(role, -1)), "ERR_DATA: column 'role' of 'User' is an enum of 3 labels, and has none for -1");
    fails(sqla_where(on_nowhere_select(User), sqla_gt(role, GUEST)),
          "ERR_UNSUPPORTED: cannot compare column 'role' of 'User' by order: it is an enum, which is kept as the text of its label");
    CU_ASSERT(where_is(sqla_gt(AGE, sqla_func("f", "x")), "age > f(?) [x]", NULL));
    sqla_stmt *q = sqla_where(on_nowhere_select_cols(sqla_col(User, id)), sqla_gt(sqla_col(User, rank), GUEST));
    CU_ASSERT(same_text(compiled_text(q, &post), "SELECT id FROM \"user\" WHERE rank > $1 [guest]"));
    sqla_stmt_free(q);
}

static void decimals__are_not_compared_as_text(const char *url)
{
    (void)url;
    sqla_num_expr price = sqla_col(User, price);
    sqla_decimal ten = { "10.00" };
    const char *compare = "ERR_UNSUPPORTED: cannot compare column 'price' of 'User': Lite keeps this type as text, which sorts and compares wrongly";
    CU_ASSERT(is(sqla_where(on_nowhere_select_cols(price), sqla_gt(price, ten)), compare, "SELECT price FROM \"user\" WHERE price > $1 [10.00]"));
    CU_ASSERT(is(sqla_where(on_nowhere_select_cols(price), sqla_eq(price, ten)), compare, NULL));
    CU_ASSERT(is(sqla_where(on_nowhere_select_cols(price), sqla_eq(sqla_col(User, id), price)), compare, NULL));
    CU_ASSERT(is(sqla_where(on_nowhere_select_cols(price), sqla_in(price, ten)), compare, NULL));
    CU_ASSERT(is(sqla_where(on_nowhere_select_cols(price), sqla_between(price, 1, 2)), compare, NULL));
    CU_ASSERT(is(on_nowhere_select_cols(sqla_max(price)), compare, "SELECT max(price) FROM \"user\""));
    fails(on_nowhere_select_cols(sqla_sum(price)),
          "ERR_UNSUPPORTED: cannot calculate with column 'price' of 'User': Lite keeps this type as text, which sorts and compares wrongly");
    fails(sqla_order_by(on_nowhere_select(User), sqla_desc(price)),
          "ERR_UNSUPPORTED: cannot order by column 'price' of 'User': Lite keeps this type as text, which sorts and compares wrongly");
    fails(sqla_order_by(on_nowhere_select(User), price),
          "ERR_UNSUPPORTED: cannot order by column 'price' of 'User': Lite keeps this type as text, which sorts and compares wrongly");
    fails(sqla_group_by(on_nowhere_select(User), price),
          "ERR_UNSUPPORTED: cannot group by column 'price' of 'User': Lite keeps this type as text, which sorts and compares wrongly");
    CU_ASSERT(where_is(sqla_gt(sqla_col(User, fee), 1), "fee > ? [1]", NULL));
    CU_ASSERT(where_is(sqla_is_null(price), "price IS NULL", NULL));
    CU_ASSERT(where_is(sqla_gt(sqla_as_num(sqla_literal_sql("CAST(price AS REAL)")), 1), "(CAST(price AS REAL)) > ? [1]", NULL));
}

static void joins(const char *url)
{
    (void)url;
    CU_ASSERT(is(sqla_where(sqla_join(on_nowhere_select(Address), Address, user), sqla_eq(sqla_col(User, name), "sandy")),
        "SELECT addresses.id, addresses.email, addresses.user_id FROM addresses JOIN \"user\" ON addresses.user_id = \"user\".id "
        "WHERE \"user\".\"fullName\" = ? [sandy]",
        "SELECT addresses.id, addresses.email, addresses.user_id FROM addresses JOIN \"user\" ON addresses.user_id = \"user\".id "
        "WHERE \"user\".\"fullName\" = $1 [sandy]"));
    sqla_stmt *q = on_nowhere_select_cols(sqla_col(User, name), sqla_label(sqla_count(sqla_col(Address, id)), "n"));
    sqla_outer_join(q, User, addresses);
    sqla_group_by(q, sqla_col(User, name));
    sqla_having(q, sqla_gt(sqla_count(sqla_col(Address, id)), 1));
    sqla_order_by(q, sqla_desc(sqla_count_all()), sqla_asc(sqla_col(User, name)));
    CU_ASSERT(is(sqla_limit(q, 5),
        "SELECT \"user\".\"fullName\", count(addresses.id) AS n FROM \"user\" LEFT OUTER JOIN addresses ON addresses.user_id = \"user\".id "
        "GROUP BY \"user\".\"fullName\" HAVING count(addresses.id) > ? ORDER BY count(*) DESC, \"user\".\"fullName\" LIMIT ? [1, 5]", NULL));
    /* The columns are of the far side: the join still starts at the owner of the relation. */
    CU_ASSERT(is(sqla_outer_join(on_nowhere_select_cols(sqla_count(sqla_col(Address, id))), User, addresses),
        "SELECT count(addresses.id) FROM \"user\" LEFT OUTER JOIN addresses ON addresses.user_id = \"user\".id", NULL));
    CU_ASSERT(is(sqla_join(on_nowhere_select(Address), User, addresses),
        "SELECT addresses.id, addresses.email, addresses.user_id FROM addresses JOIN \"user\" ON addresses.user_id = \"user\".id", NULL));
    CU_ASSERT(is(sqla_join_on(on_nowhere_select_cols(sqla_col(Node, id)), User, sqla_gt(sqla_col(User, id), sqla_col(Node, id))),
        "SELECT nodes.id FROM nodes JOIN \"user\" ON \"user\".id > nodes.id", NULL));
    fails(sqla_outer_join(on_nowhere_select(Address), User, addresses),
          "ERR_MISUSE: cannot join along relation 'addresses' of 'User': the statement does not select 'User'");
    fails(sqla_join(on_nowhere_select(Node), Node, parent),
          "ERR_UNSUPPORTED: the table of 'Node' would be in the statement twice, and its columns could not be told apart");
    fails(sqla_join(on_nowhere_select(Node), Address, user),
          "ERR_MISUSE: cannot join along relation 'user' of 'Address': the statement does not select 'Address'");
    fails(sqla_where(on_nowhere_select(User), sqla_eq(sqla_col(Address, email), "x")),
          "ERR_MISUSE: column 'email' of 'Address' is used, but the statement neither selects nor joins 'Address'");
    fails(on_nowhere_select_cols(sqla_col(User, id), sqla_col(Node, id)),
          "ERR_MISUSE: column 'id' of 'Node' is used, but the statement neither selects nor joins 'Node'");
}

static void order__limit__lock(const char *url)
{
    (void)url;
    sqla_stmt *q = sqla_order_by(on_nowhere_select_cols(sqla_col(User, id)), AGE, sqla_desc(sqla_col(User, id)));
    CU_ASSERT(is(sqla_offset(sqla_limit(q, 10), 20), "SELECT id FROM \"user\" ORDER BY age, id DESC LIMIT ? OFFSET ? [10, 20]",
                 "SELECT id FROM \"user\" ORDER BY age, id DESC LIMIT $1 OFFSET $2 [10, 20]"));
    CU_ASSERT(is(sqla_offset(on_nowhere_select_cols(sqla_col(User, id)), 3), "SELECT id FROM \"user\" LIMIT -1 OFFSET ? [3]",
                 "SELECT id FROM \"user\" OFFSET $1 [3]"));
    CU_ASSERT(is(sqla_for_update(on_nowhere_select_cols(sqla_col(User, id))), "SELECT id FROM \"user\"", "SELECT id FROM \"user\" FOR UPDATE"));
    fails(sqla_limit(on_nowhere_select(User), -1), "ERR_MISUSE: a limit cannot be negative (-1)");
}

static void functions__and_parameters(const char *url)
{
    (void)url;
    CU_ASSERT(is(on_nowhere_select_cols(sqla_func("pg_catalog.coalesce", sqla_col(User, name), "-")),
        "SELECT pg_catalog.coalesce(\"fullName\", ?) FROM \"user\" [-]", "SELECT pg_catalog.coalesce(\"fullName\", $1) FROM \"user\" [-]"));
    static const char *const bad[] = { "a b", "f(", "1f", "f;", "a..b", ".a", "a.", "f--", "f'", "\xc3\xa9" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sqla_stmt *q = on_nowhere_select_cols(sqla_func(bad[i], AGE));
        char wanted[100];
        snprintf(wanted, sizeof wanted, "ERR_MISUSE: '%s' cannot be the name of a function", bad[i]);
        CU_ASSERT(is(q, wanted, NULL));
    }
    sqla_stmt *q = sqla_where(on_nowhere_select_cols(sqla_col(User, id)), sqla_gt(AGE, sqla_param("least")), sqla_eq(sqla_col(User, role), sqla_param("role")));
    CU_ASSERT(same_text(compiled_text(q, &lite), "ERR_MISUSE: parameter ':least' has no value"));
    sqla_bind(sqla_bind(q, "least", 5), "role", MEMBER);
    CU_ASSERT(same_text(compiled_text(q, &lite), "SELECT id FROM \"user\" WHERE age > ? AND role = ? [5, member]"));
    CU_ASSERT(is(sqla_bind(q, "lest", 5), "ERR_MISUSE: parameter ':lest' is given, and nothing in the statement asks for it", NULL));
}

static void dynamic_types__are_looked_at(const char *url)
{
    (void)url;
    const sqla_model *user = sqla_model_of_User();
    sqla_num_expr name = sqla_as_num(sqla_column_of(user, "name")), years = sqla_as_num(sqla_column_of(user, "age"));
    sqla_num_expr at = sqla_as_num(sqla_column_of(user, "at"));
    fails(sqla_where(on_nowhere_select(User), sqla_eq(name, 5)), "ERR_MISUSE: column 'fullName' of 'User' is a text and is compared with a number");
    fails(sqla_where(on_nowhere_select(User), sqla_gt(years, at)), "ERR_MISUSE: column 'age' of 'User' is a number and is compared with a date or time");
    fails(sqla_where(on_nowhere_select(User), sqla_in(at, 1.5)), "ERR_MISUSE: column 'at' of 'User' is a date or time and is compared with a number");
    CU_ASSERT(where_is(sqla_eq(years, sqla_val("30")), "age = ? [30]", NULL));
    fails(sqla_where(on_nowhere_select(User), sqla_gt(sqla_as_num(sqla_column_of(user, "nmae")), 1)), "ERR_MISUSE: model 'User' has no column field 'nmae'");
    char wanted[200];
    snprintf(wanted, sizeof wanted, "ERR_MISUSE: the field at byte %zu of 'User' is used as a column, and the model lists none there", offsetof(User, unlisted));
    fails(sqla_where(on_nowhere_select(User), sqla_gt(sqla_col(User, unlisted), 1)), wanted);
}

/* ---- expressions and their blocks ---------------------------------------------------------------------------------- */

/* Overwrite what an expression points at, as the end of its block would. */
static void expression__beyond_its_block(const char *url)
{
    (void)url;
    sqla_expr room[2], outer[1];
    sqla_bool_expr e = sqla_binary_(SQLA_OP_GT, room, AGE.expression, sqla_lit_i64_(1)), not_e = sqla_not_(outer, e);
    room[1] = sqla_lit_i64_(2);
    fails(sqla_where(on_nowhere_select(User), e), "ERR_MISUSE: an expression was used after the block it was written in had ended");
    fails(sqla_where(on_nowhere_select(User), not_e), "ERR_MISUSE: an expression was used after the block it was written in had ended");
    room[1] = sqla_lit_i64_(1);
    CU_ASSERT(where_is(not_e, "NOT age > ? [1]", NULL));
}

static void keep__and_nesting(const char *url)
{
    (void)url;
    sqla_stmt *q = on_nowhere_select_cols(sqla_col(User, id));
    sqla_bool_expr rule = sqla_col(User, active);
    if (q != NULL) {
        char local[] = "bob";
        rule = sqla_keep(q, sqla_or(rule, sqla_eq(sqla_col(User, name), local)));
        memset(local, 'x', sizeof local - 1);
    }
    CU_ASSERT(is(sqla_where(q, rule), "SELECT id FROM \"user\" WHERE active = 1 OR \"fullName\" = ? [bob]", NULL));
    q = on_nowhere_select_cols(sqla_col(User, id));
    rule = sqla_keep(q, sqla_gt(AGE, 1));
    for (int i = 0; i < 1000; i++)
        rule = sqla_keep(q, sqla_not(rule));
    CU_ASSERT(is(sqla_where(q, rule), "ERR_MISUSE: an expression is nested more than 400 deep", NULL));
}

static void failures__are_kept_reported_once(const char *url)
{
    (void)url;
    sqla_stmt *q = sqla_limit(sqla_offset(on_nowhere_select_cols(sqla_col(User, id)), -2), -1);
    CU_ASSERT(same_text(compiled_text(q, &lite), "ERR_MISUSE: an offset cannot be negative (-2)"));
    sqla_limit(sqla_offset(q, 0), 1);
    CU_ASSERT(is(q, "SELECT id FROM \"user\" LIMIT ? OFFSET ? [1, 0]", NULL));
    fails(on_nowhere_select(Totals), "ERR_MISUSE: cannot select 'Totals': it is a row struct without a table");
    fails(sqla_where(sqla_stmt_sql_(nowhere(), "SELECT 1"), sqla_gt(AGE, 1)), "ERR_MISUSE: cannot add a condition to raw SQL");
    CU_ASSERT_PTR_NULL(sqla_where(sqla_limit(sqla_stmt_select_((sqla_target){ NULL, NULL }, sqla_model_of_User), 3), sqla_gt(AGE, 1)));
    sqla_stmt_free(NULL);
    CU_ASSERT_PTR_NULL(nowhere_statements.idle);
}

static bool reads(const sqla_stmt *q, const sqla_model *model)
{
    return sqla__stmt_reads(sqla__stmt_of(q), model);
}

static void reads__what_a_statement_reads(const char *url)
{
    (void)url;
    const sqla_model *user = sqla_model_of_User(), *address = sqla_model_of_Address(), *tree = sqla_model_of_Node();
    sqla_stmt *q = on_nowhere_select(User);
    CU_ASSERT(reads(q, user) && !reads(q, address));
    sqla_selectin(q, User, addresses);
    CU_ASSERT(reads(q, address) && !reads(q, tree));
    sqla_where(q, sqla_as_bool(sqla_literal_sql("EXISTS (SELECT 1 FROM nodes)")));
    CU_ASSERT(reads(q, tree));
    sqla_stmt_free(q);
    q = sqla_join(on_nowhere_select(Address), Address, user);
    CU_ASSERT(reads(q, user) && reads(q, address) && !reads(q, tree));
    sqla_stmt_free(q);
    q = sqla_stmt_sql_(nowhere(), "SELECT 1");
    CU_ASSERT(reads(q, tree));
    sqla_stmt_free(q);
}

/* Every allocation fails once: a status comes back, nothing leaks, and nothing is half done. */
static void out_of_memory(const char *url)
{
    (void)url;
    int failures = 0;
    bool done = false;
    for (uint64_t n = 1; !done && n < 500; n++) {
        sqla__arena arena = { 0 };
        sqla__compiled compiled;
        sqla_error err = SQLA_ERROR_INIT;
        sqla__alloc_fail_at(n, false);
        sqla_stmt *q = sqla_join(on_nowhere_select(Address), Address, user);
        sqla_where(q, sqla_or(sqla_in(sqla_col(User, name), "a", "b", NULL), sqla_between(AGE, 1, 2)), sqla_like(sqla_col(User, name), sqla_as_text(sqla_param("x"))));
        sqla_bind(q, "x", "S%");
        sqla_order_by(q, sqla_desc(sqla_col(Address, id)));
        sqla_status status = q != NULL ? sqla__compile(sqla__stmt_of(q), &lite, &arena, &compiled, &err) : SQLA_ERR_NOMEM;
        sqla__alloc_fail_at(0, false);
        CU_ASSERT(status == SQLA_OK || status == SQLA_ERR_NOMEM);
        done = status == SQLA_OK;
        failures += !done;
        sqla_stmt_free(q);
        sqla__arena_release(&arena);
    }
    CU_ASSERT(done && failures > 5);
    CU_ASSERT_PTR_NULL(nowhere_statements.idle);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "columns and names", columns__and_names, HARNESS_PLAIN },
        { "comparisons", comparisons, HARNESS_PLAIN },
        { "NULL", null, HARNESS_PLAIN },
        { "IN, with and without NULL", in__with_and_without_null, HARNESS_PLAIN },
        { "precedence", precedence, HARNESS_PLAIN },
        { "bools as conditions", bools, HARNESS_PLAIN },
        { "enums", enums, HARNESS_PLAIN },
        { "decimals are not compared as text", decimals__are_not_compared_as_text, HARNESS_PLAIN },
        { "joins", joins, HARNESS_PLAIN },
        { "order, limit, lock", order__limit__lock, HARNESS_PLAIN },
        { "functions and parameters", functions__and_parameters, HARNESS_PLAIN },
        { "dynamic types are looked at", dynamic_types__are_looked_at, HARNESS_PLAIN },
        { "an expression beyond its block", expression__beyond_its_block, HARNESS_PLAIN },
        { "keep, and nesting", keep__and_nesting, HARNESS_PLAIN },
        { "failures are kept and reported once", failures__are_kept_reported_once, HARNESS_PLAIN },
        { "what a statement reads", reads__what_a_statement_reads, HARNESS_PLAIN },
        { "out of memory", out_of_memory, HARNESS_PLAIN },
    };
    return harness_main("test-compile", tests, sizeof tests / sizeof tests[0]);
}
