/* list.c: lists of values as one parameter: sqla_list(?), a table with a column of them.
 *
 * A statement has a limited number of parameters, and a list may be longer. So the list is bound as a
 * pointer, which nothing but this table can read (SQLite's "Pointer Passing Interfaces"), and its items
 * come out of it as they would have been bound one by one. */
#include <config.h>
#include "sqlite.h"

#include <string.h>

#define TAG "sqla_list"

typedef struct cell {
    int kind;                 /* SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB, SQLITE_NULL */
    int size;                 /* of bytes that begin at as.place */
    union { sqlite3_int64 i64; double f64; size_t place; } as;
} cell;

struct sqlite__list {
    size_t count, room, size, byte_room;
    cell *cells;
    char *bytes;
    bool broken;              /* memory ran out, and it stays so */
};

/* ---- making one ---------------------------------------------------------------------------------------- */

sqlite__list *sqlite__list_new(size_t room)
{
    sqlite__list *list = sqlite__host->alloc(sizeof *list);
    if (list == NULL)
        return NULL;
    *list = (sqlite__list){ .room = room, .cells = sqlite__host->alloc((room + 1) * sizeof(cell)) };
    list->broken = list->cells == NULL;
    return list;
}

void sqlite__list_free(void *list)
{
    sqlite__list *l = list;
    if (l == NULL)
        return;
    sqlite__host->release(l->cells);
    sqlite__host->release(l->bytes);
    sqlite__host->release(l);
}

static bool reserve(sqlite__list *list, size_t size)
{
    if (!list->broken && list->byte_room - list->size < size) {
        size_t room = list->byte_room * 2 > list->size + size ? list->byte_room * 2 : list->size + size;
        char *bytes = sqlite__host->resize(list->bytes, room);
        list->broken = bytes == NULL;
        list->bytes = bytes != NULL ? bytes : list->bytes;
        list->byte_room = bytes != NULL ? room : list->byte_room;
    }
    return !list->broken;
}

static int put(sqlite__list *list, cell c)
{
    if (list->broken || list->count == list->room)
        return SQLITE_NOMEM;
    list->cells[list->count++] = c;
    return SQLITE_OK;
}

int sqlite__list_add_null(sqlite__list *list) { return put(list, (cell){ .kind = SQLITE_NULL }); }
int sqlite__list_add_int(sqlite__list *list, int64_t v)
{
    return put(list, (cell){ SQLITE_INTEGER, 0, { .i64 = v } });
}
int sqlite__list_add_double(sqlite__list *list, double v)
{
    return put(list, (cell){ SQLITE_FLOAT, 0, { .f64 = v } });
}

int sqlite__list_add_bytes(sqlite__list *list, int kind, const void *data, int size)
{
    if (!reserve(list, (size_t)size + 1))
        return SQLITE_NOMEM;
    cell c = { kind, size, { .place = list->size } };
    if (size > 0)
        memcpy(list->bytes + list->size, data, (size_t)size);
    list->size += (size_t)size;
    return put(list, c);
}

int sqlite__list_bind(sqlite3_stmt *stmt, int index, sqlite__list *list)
{
    return sqlite3_bind_pointer(stmt, index, list, TAG, sqlite__list_free);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

enum { VALUE, LIST }; /* its columns; LIST is hidden, and is the argument */

typedef struct cursor {
    sqlite3_vtab_cursor base; /* first, as SQLite has it */
    const sqlite__list *list;
    size_t at;
} cursor;

static int connect(
    sqlite3 *db, void *data, int argc, const char *const *argv, sqlite3_vtab **ret, char **ret_message)
{
    (void)data, (void)argc, (void)argv, (void)ret_message;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(value, list HIDDEN)");
    sqlite3_vtab *table = rc == SQLITE_OK ? sqlite3_malloc(sizeof *table) : NULL;
    if (table == NULL)
        return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
    memset(table, 0, sizeof *table);
    *ret = table;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* Without its argument there is nothing to give. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn != LIST || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        info->aConstraintUsage[i].argvIndex = 1;
        info->aConstraintUsage[i].omit = 1;
        info->idxNum = 1;
    }
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
    (void)table;
    cursor *c = sqlite3_malloc(sizeof *c);
    if (c == NULL)
        return SQLITE_NOMEM;
    memset(c, 0, sizeof *c);
    *ret = &c->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv)
{
    cursor *c = (cursor *)base;
    (void)number, (void)text;
    c->list = argc > 0 ? sqlite3_value_pointer(argv[0], TAG) : NULL;
    c->at = 0;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
    ((cursor *)base)->at++;
    return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base)
{
    const cursor *c = (const cursor *)base;
    return c->list == NULL || c->at >= c->list->count;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
    const cursor *c = (const cursor *)base;
    const cell *v = &c->list->cells[c->at];
    switch (i == VALUE ? v->kind : SQLITE_NULL) {
    case SQLITE_INTEGER:
        sqlite3_result_int64(context, v->as.i64);
        break;
    case SQLITE_FLOAT:
        sqlite3_result_double(context, v->as.f64);
        break;
    case SQLITE_TEXT:
        sqlite3_result_text(context, c->list->bytes + v->as.place, v->size, SQLITE_TRANSIENT);
        break;
    case SQLITE_BLOB:
        sqlite3_result_blob(context, c->list->bytes + v->as.place, v->size, SQLITE_TRANSIENT);
        break;
    default:
        sqlite3_result_null(context);
    }
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)((const cursor *)base)->at;
    return SQLITE_OK;
}

/* Without xCreate the table is there in every database, and none can be made of it. */
int sqlite__list_register(sqlite3 *db)
{
    static const sqlite3_module module = {
        .xConnect = connect, .xBestIndex = best_index, .xDisconnect = disconnect, .xDestroy = disconnect,
        .xOpen = open_cursor, .xClose = close_cursor, .xFilter = filter, .xNext = next, .xEof = at_end,
        .xColumn = column, .xRowid = rowid,
    };
    return sqlite3_create_module(db, "sqla_list", &module, NULL);
}
