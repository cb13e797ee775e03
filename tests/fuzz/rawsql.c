/* rawsql.c: any text as SQL with named parameters. Whatever the scanner makes of it, nothing is changed but the parameters. */
#include <config.h>
#include "fuzz.h"

#include "base/text.h"
#include "sql/compile.h"

enum { NAMES = 5 };
static const char *const all_names[NAMES] = { "a", "b", "name", "n1", "\303\244" };

static const sqla_traits *traits_of(unsigned kind)
{
    static const sqla_traits question = { .struct_size = sizeof question, .placeholder = SQLA_PLACEHOLDER_QUESTION, .dialect = "questions" };
    static const sqla_traits dollar = { .struct_size = sizeof dollar, .placeholder = SQLA_PLACEHOLDER_DOLLAR, .dialect = "dollars" };
    return kind % 2 == 0 ? &question : &dollar;
}

/* Walk along both texts: they are the same but for each parameter, which became a placeholder, perhaps behind a blank. */
static void check_text(const char *sql, const sqla__compiled *c, const sqla_traits *traits)
{
    const char *out = c->text;
    uint32_t found = 0;
    for (const char *in = sql; *in != '\0';) {
        if (*in == *out) {
            in++, out++;
            continue;
        }
        char placeholder[16] = "?";
        must(*in == ':' && found < c->count);
        const char *name = c->plan.slots[found++].name;
        if (traits->placeholder == SQLA_PLACEHOLDER_DOLLAR)
            snprintf(placeholder, sizeof placeholder, "$%u", found);
        out += *out == ' ';
        must(strncmp(out, placeholder, strlen(placeholder)) == 0);
        must(strncmp(in + 1, name, strlen(name)) == 0);
        out += strlen(placeholder);
        in += 1 + strlen(name);
    }
    must(*out == '\0' && found == c->count && (size_t)(out - c->text) == c->length);
}

static void check_values(const sqla__compiled *c)
{
    must(c->plan.count == c->count);
    for (uint32_t i = 0; i < c->count; i++) {
        const sqla_slot *slot = &c->plan.slots[i];
        must(slot->column == (int32_t)i && slot->rep == SQLA_REP_VALUE);
        must(all_names[c->values[i].as.i64] == slot->name); /* each parameter has the value of its name */
    }
}

int fuzz_rawsql(const uint8_t *data, size_t size)
{
    fuzz_in in = { data, size };
    sqla_error err = SQLA_ERROR_INIT;
    sqla__arena arena = { 0 };
    sqla__compiled compiled;
    const char *names[NAMES];
    sqla_value values[NAMES];
    unsigned kind = fuzz_byte(&in), given = 0;
    size_t n;
    for (int i = 0; i < NAMES; i++) {
        if ((kind >> (i + 1) & 1) != 0) {
            names[given] = all_names[i];
            values[given++] = sqla_value_i64(i);
        }
    }
    char *sql = fuzz_copy(&in, in.left, &n);
    if (sqla__compile_raw(sql, names, values, given, traits_of(kind), &arena, &compiled, &err) == SQLA_OK) {
        check_text(sql, &compiled, traits_of(kind));
        check_values(&compiled);
    } else {
        must(err.status == SQLA_ERR_MISUSE || err.status == SQLA_ERR_SQL || err.status == SQLA_ERR_DATA);
        must(err.message[0] != '\0' && err.position >= 0 && (size_t)err.position <= strlen(sql) + 1);
        must(sqla__utf8_valid(err.message, strlen(err.message)) && sqla__utf8_valid(err.hint, strlen(err.hint)));
    }
    sqla__arena_release(&arena);
    free(sql);
    return 0;
}
