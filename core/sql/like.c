/* like.c: LIKE and its kind, by the templates of the dialect, so that each means the same on every database.
 *
 * A text that is looked for as it is has its %, _ and backslashes escaped: here where it is a value, by the
 * database where it is not. */
#include <config.h>
#include "sql/compiler.h"

#include <string.h>

#include "base/error.h"
#include "sql/mapping.h"

typedef sqla__compiler compiler;

static void put(compiler *c, const char *text)
{
    sqla__buf_add(&c->text, text);
}

static const char *template_of(const compiler *c, const sqla_expr *x)
{
    const sqla_traits *t = c->traits;
    const sqla_column_item *item = sqla__item_of(&x->args[0]);
    if (x->op == SQLA_OP_ILIKE && t->ilike != NULL)
        return t->ilike;
    if (x->op == SQLA_OP_ILIKE)
        return t->features & SQLA_FEATURE_ILIKE ? "{text} ILIKE {pattern}"
                                                : "lower({text}) LIKE lower({pattern})";
    if (item != NULL && sqla__column_is_loose(item) && t->like_loose != NULL)
        return t->like_loose;
    return t->like != NULL ? t->like : "{text} LIKE {pattern}";
}

/* ---- texts that are looked for as they are ----------------------------------------------------------- */

static bool opens(sqla_op op)
{
    return op == SQLA_OP_CONTAINS || op == SQLA_OP_ENDSWITH;
}
static bool closes(sqla_op op)
{
    return op == SQLA_OP_CONTAINS || op == SQLA_OP_STARTSWITH;
}

static sqla_status escaped_value(compiler *c, sqla_op op, const sqla_expr *real)
{
    const char *text = real->value.as.bytes.data;
    size_t n = real->value.as.bytes.size, used = 0;
    char *room = n < SIZE_MAX / 2 - 2 ? sqla__arena_take(c->arena, 2 * n + 3) : NULL;
    if (room == NULL)
        return sqla__error_nomem(c->err);
    if (opens(op))
        room[used++] = '%';
    for (size_t i = 0; i < n; i++) {
        if (strchr("%_\\", text[i]) != NULL && text[i] != '\0')
            room[used++] = '\\';
        room[used++] = text[i];
    }
    if (closes(op))
        room[used++] = '%';
    room[used] = '\0';
    sqla_value value = real->value;
    value.as.bytes = (sqla_blob){ room, used };
    return sqla__parameter(c, value, real->name);
}

/* Each as a parameter, since what a backslash means in a literal is a matter of settings. */
static sqla_status text_parameter(compiler *c, const char *before, const char *text)
{
    put(c, before);
    return sqla__parameter(c, sqla_value_text(text), NULL);
}

/* '%' || replace(replace(replace(x, '\', '\\'), '%', '\%'), '_', '\_') || '%' */
static sqla_status escaped_expression(compiler *c, sqla_op op, const sqla_expr *x)
{
    static const char *const special[][2] = { { "\\", "\\\\" }, { "%", "\\%" }, { "_", "\\_" } };
    put(c, opens(op) ? "('%' || replace(replace(replace(" : "(replace(replace(replace(");
    sqla_status status = sqla__render(c, x, SQLA__LEVEL_ANY);
    for (size_t i = 0; i < 3 && status == SQLA_OK; i++) {
        status = text_parameter(c, ", ", special[i][0]);
        if (status == SQLA_OK)
            status = text_parameter(c, ", ", special[i][1]);
        put(c, ")");
    }
    put(c, closes(op) ? " || '%')" : ")");
    return status;
}

/* ---- the condition ----------------------------------------------------------------------------------- */

static sqla_status pattern(compiler *c, const sqla_expr *x, const sqla_expr *real)
{
    const sqla_expr *right = &x->args[1];
    if (x->op == SQLA_OP_LIKE || x->op == SQLA_OP_ILIKE)
        return sqla__render(c, right, SQLA__LEVEL_SUM);
    if (real->kind != SQLA_EXPR_VALUE)
        return escaped_expression(c, (sqla_op)x->op, right);
    if (real->value.type != SQLA_TEXT)
        return sqla__error_set(
            c->err, SQLA_ERR_MISUSE, "what a text is to contain, begin with or end with is no text");
    return escaped_value(c, (sqla_op)x->op, real);
}

sqla_status sqla__like(compiler *c, const sqla_expr *x)
{
    sqla_expr real;
    sqla_status status = sqla__resolve(c, &x->args[1], &real);
    bool null = status == SQLA_OK && real.kind == SQLA_EXPR_VALUE && real.value.type == SQLA_NULL;
    const char *at = null ? "{text} LIKE NULL" : template_of(c, x);
    while (status == SQLA_OK && *at != '\0') {
        size_t n = strcspn(at, "{");
        sqla__buf_add_n(&c->text, at, n);
        at += n;
        if (strncmp(at, "{text}", 6) == 0) {
            status = sqla__render(c, &x->args[0], SQLA__LEVEL_SUM);
            at += 6;
        } else if (strncmp(at, "{pattern}", 9) == 0) {
            status = pattern(c, x, &real);
            at += 9;
        } else if (*at != '\0') {
            sqla__buf_add_char(&c->text, *at++);
        }
    }
    return status;
}
