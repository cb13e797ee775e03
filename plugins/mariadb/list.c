/* list.c: lists of values, which the server takes as text alone.
 *
 * A statement has 65,535 parameters at most, and a list may be longer. So each item is written into the
 * text, at the mark that the template in the traits leaves behind the parameter, in a form that no setting
 * of the session changes: texts and bytes by their hexadecimal digits, numbers by theirs. An item means
 * what it means as a parameter: a text has the collation of what it is compared with. */
#include <config.h>
#include "mariadb.h"

#include <string.h>

static const char mark[] = "?" MARIADB__LIST_MARK;

/* A growing text. When memory runs out it goes broken and stays so. */
typedef struct text { char *data; size_t size, room; bool broken, first; } text;

static char *more(text *t, size_t size)
{
    if (!t->broken && t->room - t->size < size) {
        size_t room = t->room * 2 > t->size + size ? t->room * 2 : t->size + size;
        char *data = mariadb__host->resize(t->data, room);
        t->broken = data == NULL;
        t->data = data != NULL ? data : t->data;
        t->room = data != NULL ? room : t->room;
    }
    return t->broken ? NULL : t->data + t->size;
}

static void add(text *t, const char *data, size_t size)
{
    char *to = more(t, size);
    if (to == NULL)
        return;
    memcpy(to, data, size);
    t->size += size;
}

static void add_text(text *t, const char *words) { add(t, words, strlen(words)); }

/* ---- an item ------------------------------------------------------------------------------------------- */

static void add_hex(text *t, const char *introducer, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    add_text(t, introducer);
    char *to = more(t, 2 * size + 1);
    if (to == NULL)
        return;
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\'';
    t->size += 2 * size + 1;
}

/* With an exponent, so that it is no decimal, and a point, whatever the locale is. */
static void add_float(text *t, double v)
{
    char room[40];
    locale_t old = uselocale(mariadb__c_locale);
    snprintf(room, sizeof room, "%.17g", v);
    uselocale(old);
    add_text(t, room);
    add_text(t, strchr(room, 'e') != NULL ? "" : "e0");
}

static void add_time(text *t, enum enum_field_types type, const MYSQL_TIME *v)
{
    char date[48] = "", clock[48] = "", room[128];
    if (type != MYSQL_TYPE_TIME)
        snprintf(date, sizeof date, "%04u-%02u-%02u", v->year, v->month, v->day);
    if (type != MYSQL_TYPE_DATE)
        snprintf(clock, sizeof clock, "%s%02u:%02u:%02u.%06lu", v->neg ? "-" : "",
            v->day * (type == MYSQL_TYPE_TIME ? 24 : 0) + v->hour, v->minute, v->second, v->second_part);
    snprintf(room, sizeof room, "%s'%s%s%s'",
        type == MYSQL_TYPE_DATE   ? "DATE"
        : type == MYSQL_TYPE_TIME ? "TIME"
                                  : "TIMESTAMP",
        date, date[0] != '\0' && clock[0] != '\0' ? " " : "", clock);
    add_text(t, room);
}

static void add_item(void *to, const MYSQL_BIND *item)
{
    text *t = to;
    char room[32];
    add_text(t, t->first ? "" : ",");
    t->first = false;
    switch (item->buffer_type) {
    case MYSQL_TYPE_NULL:
        add_text(t, "NULL");
        break;
    case MYSQL_TYPE_LONGLONG:
        snprintf(room, sizeof room, "%lld", *(const long long *)item->buffer);
        add_text(t, room);
        break;
    case MYSQL_TYPE_FLOAT:
        add_float(t, (double)*(const float *)item->buffer);
        break;
    case MYSQL_TYPE_DOUBLE:
        add_float(t, *(const double *)item->buffer);
        break;
    case MYSQL_TYPE_NEWDECIMAL: /* checked: digits, a sign and a point */
        add(t, item->buffer, item->buffer_length);
        break;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_TIME:
    case MYSQL_TYPE_DATETIME:
        add_time(t, item->buffer_type, item->buffer);
        break;
    default:
        add_hex(t, item->buffer_type == MYSQL_TYPE_BLOB ? "_binary x'" : "_utf8mb4 x'", item->buffer,
            item->buffer_length);
    }
}

/* ---- a statement --------------------------------------------------------------------------------------- */

bool mariadb__has_lists(const sqla_plan *plan)
{
    for (uint32_t i = 0; plan != NULL && i < plan->count; i++) {
        if (plan->slots[i].type == SQLA_ARRAY)
            return true;
    }
    return false;
}

static const sqla_slot *slot_of(const sqla_plan *plan, uint32_t column)
{
    uint32_t i = column < plan->count && plan->slots[column].column == (int32_t)column ? column : 0;
    while (plan->slots[i].column != (int32_t)column)
        i++;
    return &plan->slots[i];
}

/* The items of a list, or one that is none where it is empty or NULL: of that IN is false, or not known. */
static sqla_status add_list(text *t, const sqla_slot *slot, const void *row, sqla_err *err)
{
    sqla_value value;
    memcpy(&value, (const char *)row + slot->offset, sizeof value);
    t->first = true;
    if (value.type == SQLA_ARRAY && value.as.array.count > 0)
        return mariadb__list_items(slot, &value.as.array, add_item, t, err);
    add_text(t, value.type == SQLA_ARRAY ? "SELECT NULL WHERE 1 = 0" : "NULL");
    return SQLA_OK;
}

/* The parameters in their order: a list goes into the text at the next mark, the others are numbered anew. */
static sqla_status write_lists(
    text *t, const char *at, const sqla_plan *plan, const void *row, mariadb__listed *ret, sqla_err *err)
{
    sqla_status status = SQLA_OK;
    for (uint32_t i = 0; i < plan->count && status == SQLA_OK; i++) {
        const sqla_slot *slot = slot_of(plan, i);
        if (slot->type != SQLA_ARRAY) {
            ret->slots[ret->plan.count] = *slot;
            ret->slots[ret->plan.count].column = (int32_t)ret->plan.count;
            ret->plan.count++;
            continue;
        }
        const char *place = strstr(at, mark);
        if (place == NULL)
            return mariadb__fail(err, SQLA_ERR_UNSUPPORTED, &(sqla_err_fields){ .column = slot->name },
                "parameter %u is a list, and the server has none: a list stands in IN alone", i + 1);
        add(t, at, (size_t)(place - at));
        status = add_list(t, slot, row, err);
        at = place + sizeof mark - 1;
    }
    if (status == SQLA_OK && strstr(at, mark) != NULL)
        return mariadb__fail(
            err, SQLA_ERR_MISUSE, NULL, "the text of the statement has '%s' in it, which marks a list", mark);
    add(t, at, strlen(at) + 1);
    return status;
}

sqla_status mariadb__listed_new(const sqla_statement *statement, const sqla_plan *plan, const void *row,
    mariadb__listed *ret, sqla_err *err)
{
    text t = { 0 };
    *ret = (mariadb__listed){ .plan = { sizeof ret->plan, 0, NULL },
        .slots = mariadb__host->alloc(plan->count * sizeof *ret->slots) };
    if (ret->slots == NULL)
        return mariadb__nomem(err);
    ret->plan.slots = ret->slots;
    sqla_status status = write_lists(&t, statement->text, plan, row, ret, err);
    if (status == SQLA_OK && t.broken)
        status = mariadb__nomem(err);
    ret->text = t.data;
    ret->statement = (sqla_statement){ sizeof ret->statement, 0, t.data, t.size > 0 ? t.size - 1 : 0, NULL };
    return status;
}

void mariadb__listed_release(mariadb__listed *listed)
{
    mariadb__host->release(listed->text);
    mariadb__host->release(listed->slots);
}
