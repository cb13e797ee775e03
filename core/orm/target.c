/* target.c: a session as a place where statements run (sql/target.h): autoflush, and rows as objects. */
#include <config.h>
#include "orm/loader.h"

#include <string.h>

#include "engine/run.h"
#include "orm/texts.h"
#include "sql/stmt.h"

static sqla__stmts *statements(void *self) { return &((sqla_session *)self)->statements; }

/* The session says by itself when its transaction is over. */
static bool over(void *self)
{
    (void)self;
    return false;
}

/* The thread stays inside the session until release; with a stream only the calls that read it go on. */
static sqla_status acquire(void *self, sqla__stmt *q, bool stream, sqla_conn **ret_conn, sqla_error *err)
{
    sqla_session *s = self;
    sqla_status status = sqla__session_enter_told(s, err);
    if (status != SQLA_OK)
        return status;
    status = sqla__session_ready(s, err);
    if (status == SQLA_OK)
        status = sqla__flush_for(s, q, err);
    if (status == SQLA_OK)
        status = sqla__session_begin(s, err);
    if (status == SQLA_OK)
        *ret_conn = s->conn;
    if (status == SQLA_OK && !stream)
        s->held++;
    else
        sqla__session_leave(s);
    return status;
}

/* The connection stays as long as the transaction. A database that gives a transaction up after a failed statement does not take
 * another one until it is rolled back, and says so by itself. */
static void release(void *self, sqla_conn *conn, sqla_status status)
{
    sqla_session *s = self;
    (void)conn, (void)status;
    if (s->held > 0) {
        s->held--;
        sqla__session_leave(s);
    }
}

static const sqla_traits *traits(void *self)
{
    return sqla__engine_traits(((sqla_session *)self)->maker->engine);
}

static const sqla__relation *relation_at(const sqla__mapping *mapping, size_t offset)
{
    for (uint32_t i = 0; i < mapping->relation_count; i++)
        if (mapping->relations[i].offset == offset)
            return &mapping->relations[i];
    return NULL;
}

/* What sqla_selectin asked for. A relation of the objects just loaded is loaded for them. */
static sqla_status load_relations(sqla_session *s, sqla__stmt *q, const sqla__mapping *mapping, const sqla__rows *rows, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; i < q->more->loads.count && status == SQLA_OK; i++) {
        const sqla__relation *relation = q->more->loads.items[i].model == mapping->model ? relation_at(mapping, q->more->loads.items[i].offset) : NULL;
        if (relation == NULL)
            return sqla__error_set(err, SQLA_ERR_MISUSE, "cannot load a relation of '%s' with a statement that gives '%s'",
                                   q->more->loads.items[i].model->name, mapping->model->name);
        status = sqla__load_relation(s, relation, rows->items, rows->count, err);
    }
    return status;
}

static sqla_status read_objects(sqla_session *s, sqla__stmt *q, const sqla__mapping *mapping, sqla__result *result, sqla__rows *rows, sqla_error *err)
{
    const sqla_plan *plan = NULL;
    sqla_status status = sqla__run_plan(q->run, q, mapping, result, &plan, err);
    if (status != SQLA_OK) {
        sqla__result_close(result);
        return status;
    }
    return sqla__load_result(s, sqla__session_pool_of(s, mapping), result, plan, rows, err);
}

static sqla_status give_rows(sqla__stmt *q, const sqla__rows *rows, void ***ret_objects, size_t *ret_n, sqla_error *err)
{
    void **array = sqla__arena_take(&q->run->arena, (rows->count + 1) * sizeof *array);
    if (array == NULL)
        return sqla__error_nomem(err);
    if (rows->count > 0)
        memcpy(array, rows->items, rows->count * sizeof *array);
    array[rows->count] = NULL;
    *ret_objects = array;
    *ret_n = rows->count;
    return SQLA_OK;
}

static sqla_status objects(void *self, sqla_conn *conn, sqla__stmt *q, const sqla_model *model, void ***ret_objects, size_t *ret_n, bool *ret_mine,
                           sqla_error *err)
{
    sqla_session *s = self;
    const sqla__mapping *mapping = sqla__metadata_mapping(s->maker->base, model);
    *ret_mine = mapping != NULL && mapping->table != NULL;
    if (!*ret_mine)
        return SQLA_OK;
    sqla__run *run = sqla__stmt_run(q);
    sqla__result *result = NULL;
    sqla__rows rows = { 0 };
    sqla_status status = run != NULL ? sqla__run_start_buffered(run, q, conn, &result, err) : sqla__error_nomem(err);
    if (status == SQLA_OK)
        status = read_objects(s, q, mapping, result, &rows, err);
    if (status == SQLA_OK)
        status = load_relations(s, q, mapping, &rows, err);
    if (status == SQLA_OK)
        status = give_rows(q, &rows, ret_objects, ret_n, err);
    sqla__vec_release(&rows);
    return status;
}

const struct sqla_target_ops sqla__session_target = { statements, over, acquire, release, traits, objects };

sqla_target sqla_on_session_(sqla_session *s)
{
    bool open = s != NULL && s->magic == SQLA__SESSION_MAGIC;
    return (sqla_target){ open ? &sqla__session_target : NULL, open ? s : NULL };
}
