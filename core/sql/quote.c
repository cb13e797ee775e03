/* quote.c: identifiers, placeholders and lists. The one routine through which every name enters SQL text. */
#include <config.h>
#include "sql/compile.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* Binary search; the words are sorted by strcmp, and NULL is behind the last. */
static bool is_reserved(const char *name, const sqla_traits *traits)
{
    const char *const *words = traits->reserved_words;
    size_t low = 0, high = 0;
    while (words != NULL && words[high] != NULL)
        high++;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, words[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* A word in lower case means the same with and without quotes, in every database that there is. */
static bool is_plain(const char *name)
{
    if (!(name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z')))
        return false;
    for (; *name != '\0'; name++)
        if (!(*name == '_' || (*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9')))
            return false;
    return true;
}

sqla_status sqla__quote_name(sqla__buf *buf, const char *name, const sqla_traits *traits, sqla_error *err)
{
    size_t n = name != NULL ? strlen(name) : 0;
    if (n == 0)
        return sqla__error_set(err, SQLA_ERR_SQL, "a name is empty");
    if (!sqla__utf8_valid(name, n))
        return sqla__error_set(err, SQLA_ERR_SQL, "a name is not valid UTF-8");
    if (traits->max_identifier > 0 && n > traits->max_identifier)
        return sqla__error_set(err, SQLA_ERR_SQL, "the name '%.80s' has %zu bytes, and %s keeps %u", name, n, traits->dialect, traits->max_identifier);
    if (is_plain(name) && !is_reserved(name, traits)) {
        sqla__buf_add(buf, name);
        return SQLA_OK;
    }
    sqla__buf_add_char(buf, traits->quote_open);
    for (; *name != '\0'; name++) {
        if (*name == traits->quote_close)
            sqla__buf_add_char(buf, *name);
        sqla__buf_add_char(buf, *name);
    }
    sqla__buf_add_char(buf, traits->quote_close);
    return SQLA_OK;
}

sqla_status sqla__quote_table(sqla__buf *buf, const char *schema, const char *name, const sqla_traits *traits, sqla_error *err)
{
    if (schema != NULL) {
        if (!(traits->features & SQLA_FEATURE_SCHEMAS))
            return sqla__error_set(err, SQLA_ERR_UNSUPPORTED, "table '%s' is in schema '%s', and %s has no schemas", name, schema, traits->dialect);
        sqla_status status = sqla__quote_name(buf, schema, traits, err);
        if (status != SQLA_OK)
            return status;
        sqla__buf_add_char(buf, '.');
    }
    return sqla__quote_name(buf, name, traits, err);
}

void sqla__placeholder(sqla__buf *buf, const sqla_traits *traits, uint32_t number)
{
    if (traits->placeholder == SQLA_PLACEHOLDER_DOLLAR)
        sqla__buf_printf(buf, "$%u", number);
    else
        sqla__buf_add_char(buf, '?');
}

bool sqla__has_lists(const sqla_traits *traits)
{
    return (traits->features & SQLA_FEATURE_ARRAYS) != 0 || traits->list != NULL;
}

static const char param[] = "{param}";

void sqla__list_begin(sqla__buf *buf, const sqla_traits *traits, bool negated)
{
    bool array = (traits->features & SQLA_FEATURE_ARRAYS) != 0;
    const char *at = array ? NULL : strstr(traits->list, param);
    sqla__buf_add(buf, array ? (negated ? " <> ALL(" : " = ANY(") : (negated ? " NOT IN (" : " IN ("));
    if (at != NULL)
        sqla__buf_add_n(buf, traits->list, (size_t)(at - traits->list));
}

void sqla__list_end(sqla__buf *buf, const sqla_traits *traits)
{
    const char *at = (traits->features & SQLA_FEATURE_ARRAYS) != 0 ? NULL : strstr(traits->list, param);
    sqla__buf_add(buf, at != NULL ? at + sizeof param - 1 : "");
    sqla__buf_add_char(buf, ')');
}

const sqla_type_trait *sqla__type_trait(const sqla_traits *traits, uint32_t type)
{
    for (uint32_t i = 0; i < traits->type_count; i++)
        if (traits->types[i].type == (int32_t)type)
            return &traits->types[i];
    return NULL;
}
