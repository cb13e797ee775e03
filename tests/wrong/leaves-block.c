/* leaves-block.c: expressions that are used after the block they were written in has ended. No compiler warns of it, so
 * the statement that is given one must find out, however the program was compiled: it fails with SQLA_ERR_MISUSE once the
 * memory has been used again. Until then the expression is still what it was; never is there a wrong query.
 * Exit status 0: so it was. */
#include <sqla/sqla.h>
#include <stdio.h>
#include <string.h>

typedef struct User { int64_t id; const char *name; sqla_opt_i32 age; } User;
SQLA_DECLARE(User);
SQLA_MODEL(User, "users", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(name), SQLA_COLUMN(age));

/* Does a query with that condition end in that status? With SQLA_OK, as that text. */
static bool asked(sqla_engine *db, const char *what, sqla_bool_expr condition, sqla_status status, const char *where)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_stmt *q = sqla_where(sqla_select_cols(db, sqla_col(User, id)), condition);
    const char *text = sqla_stmt_text(q, &err);
    const char *at = text != NULL ? strstr(text, " WHERE ") : NULL;
    bool is = err.status == status && (at == NULL ? where == NULL : where != NULL && strcmp(at + 7, where) == 0);
    if (!is)
        printf("%s: %s %s\n", what, sqla_status_name(err.status), text != NULL ? text : err.message);
    sqla_stmt_free(q);
    return is;
}

/* The body of a function. */
static sqla_bool_expr older_than(int least)
{
    return sqla_and(sqla_gt(sqla_col(User, age), least), sqla_ne(sqla_col(User, name), NULL));
}
static int use_the_stack(int with)
{
    volatile char bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)with;
    return bytes[with];
}
static bool from_a_function(sqla_engine *db, int least)
{
    /* Through pointers that the compiler cannot see through: inlined, the two would have frames of their own. */
    sqla_bool_expr (*volatile make)(int) = older_than;
    int (*volatile use)(int) = use_the_stack;
    sqla_bool_expr condition = make(least);
    return use(least) == least && asked(db, "out of a function", condition, SQLA_ERR_MISUSE, NULL);
}

/* The body of a loop: each turn uses the memory of the one before. */
static bool from_a_loop(sqla_engine *db, int turns)
{
    sqla_bool_expr any = sqla_eq(sqla_col(User, name), "nobody");
    for (int i = 0; i < turns; i++)
        any = sqla_or(any, sqla_eq(sqla_col(User, age), i));
    return asked(db, "out of a loop", any, SQLA_ERR_MISUSE, NULL);
}

/* The block of an `if`, and another behind it, which may have the same place or not: that is the compiler's choice. */
static bool from_a_block(sqla_engine *db, int least)
{
    sqla_bool_expr condition = sqla_is_null(sqla_col(User, name));
    sqla_error err = SQLA_ERROR_INIT;
    if (least > 0) {
        condition = sqla_gt(sqla_col(User, age), least);
    }
    if (least > 1) {
        sqla_bool_expr other = sqla_eq(sqla_col(User, name), "nobody");
        if (!asked(db, "inside its block", other, SQLA_OK, "name = ?"))
            return false;
    }
    sqla_stmt *q = sqla_where(sqla_select(db, User), condition);
    bool misuse = sqla_stmt_text(q, &err) == NULL && err.status == SQLA_ERR_MISUSE;
    sqla_stmt_free(q);
    return misuse || asked(db, "out of a block", condition, SQLA_OK, "age > ?");
}

int main(int argc, char **argv)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(argc > 1 ? argv[1] : "sqlite://", NULL, &err);
    if (db == NULL) {
        printf("%s\n", err.message);
        return 2;
    }
    bool good = asked(db, "inside its block", sqla_gt(sqla_col(User, age), argc), SQLA_OK, "age > ?");
    good = from_a_function(db, argc) && good;
    good = from_a_loop(db, argc + 2) && good;
    good = from_a_block(db, argc + 1) && good;
    sqla_engine_free(db);
    return good ? 0 : 1;
}
