/* test-views.c: objects that are kept in views whose triggers or rules do the work, where the database
 * counts no rows. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>

/* A view over a table, which rows reach by triggers (SQLite) or rules (PostgreSQL). */
typedef struct Note {
    char id[8];
    const char *text;
    sqla_opt_i32 stars;
} Note;
SQLA_DECLARE(Note);
SQLA_MODEL(Note, "notes", SQLA_COLUMN(id, .primary_key = true), SQLA_COLUMN(text), SQLA_COLUMN(stars));

typedef struct desk {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s;
    sqla_error err;
} desk;

static void desk_open(desk *d, const char *url)
{
    *d = (desk){ .err = SQLA_ERROR_INIT };
    d->db = sqla_create_engine(url, NULL, &d->err);
    d->base = sqla_metadata_new(&d->err);
    sqla_metadata_add(d->base, SQLA_MODELS(Note), &d->err);
    d->maker = sqla_sessionmaker_new(d->db, d->base, NULL, &d->err);
    d->s = sqla_open(d->maker, &d->err);
    CU_ASSERT_FATAL(is(&d->err, SQLA_OK));
}

static void desk_close(desk *d)
{
    sqla_close(d->s);
    sqla_sessionmaker_free(d->maker);
    sqla_metadata_free(d->base);
    sqla_engine_free(d->db);
}

/* The rules do something else than they are asked for, so that what the server counts is none of the view's
 * rows. */
static void make_view(const char *url)
{
    harness_sql(url, "CREATE TABLE papers (id VARCHAR(7) PRIMARY KEY, text VARCHAR(50), stars INTEGER, gone "
                     "INTEGER DEFAULT 0)");
    harness_sql(url, "CREATE VIEW notes AS SELECT id, text, stars FROM papers WHERE gone = 0");
    if (harness_is_postgres(url)) {
        harness_sql(url, "CREATE RULE adds AS ON INSERT TO notes DO INSTEAD INSERT INTO papers VALUES "
                         "(NEW.id, NEW.text, NEW.stars)");
        harness_sql(url, "CREATE RULE changes AS ON UPDATE TO notes DO INSTEAD INSERT INTO papers VALUES "
                         "(NEW.id, NEW.text, NEW.stars) "
                         "ON CONFLICT (id) DO UPDATE SET text = EXCLUDED.text, stars = EXCLUDED.stars");
        harness_sql(url, "CREATE RULE drops AS ON DELETE TO notes DO INSTEAD UPDATE papers SET gone = 1 "
                         "WHERE id = OLD.id");
        return;
    }
    harness_sql(url, "CREATE TRIGGER adds INSTEAD OF INSERT ON notes BEGIN INSERT INTO papers VALUES "
                     "(NEW.id, NEW.text, NEW.stars, 0); END");
    harness_sql(url, "CREATE TRIGGER changes INSTEAD OF UPDATE ON notes BEGIN UPDATE papers SET text = "
                     "NEW.text, stars = NEW.stars "
                     "WHERE id = OLD.id; END");
    harness_sql(url, "CREATE TRIGGER drops INSTEAD OF DELETE ON notes BEGIN UPDATE papers SET gone = 1 WHERE "
                     "id = OLD.id; END");
}

static void view__rows_are_not_counted(const char *url)
{
    enum { NOTES = 120 };
    Note *notes[NOTES];
    desk d;
    make_view(url);
    desk_open(&d, url);
    for (int i = 0; i < NOTES; i++) {
        Note note = { .text = "first" };
        snprintf(note.id, sizeof note.id, "%d", i + 1);
        notes[i] = sqla_add_object(d.s, Note, &note);
    }
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM papers WHERE text = 'first'"), NOTES);
    notes[3]->text = "second"; /* one by one, and many at once */
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_OK);
    for (int i = 0; i < NOTES; i++)
        notes[i]->text = "third";
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM papers WHERE text = 'third'"), NOTES);
    for (int i = 0; i < NOTES; i += 2)
        sqla_delete(d.s, notes[i]);
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_OK);
    sqla_delete(d.s, notes[1]);
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_OK);
    CU_ASSERT(is(&d.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM notes"), NOTES / 2 - 1);
    desk_close(&d);
}

/* What triggers have written for a view is no count of its rows: none is told, where an ORM asks and where a program does. */
static void view__statement_tells_no_count(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    int64_t rows = 0;
    make_view(url);
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_exec(sqla_sql(db, "INSERT INTO notes VALUES ('1', 'a', 1), ('2', 'b', 2)"), &rows, &err);
    CU_ASSERT_EQUAL(rows, -1);
    sqla_exec(sqla_sql(db, "UPDATE notes SET text = 'c' WHERE id = '1'"), &rows, &err);
    CU_ASSERT_EQUAL(rows, -1);
    sqla_exec(sqla_sql(db, "UPDATE notes SET text = 'c' WHERE id = '9'"), &rows, &err);
    CU_ASSERT_EQUAL(rows, 0);
    sqla_exec(sqla_sql(db, "UPDATE papers SET stars = 5"), &rows, &err);
    CU_ASSERT_EQUAL(rows, 2);
    const Note notes[] = { { .id = "3", .text = "d" }, { .id = "4", .text = "e" } };
    sqla_execute_many(db, "INSERT INTO notes (id, text) VALUES (:id, :text)", Note, notes, 2, &rows, &err);
    CU_ASSERT_EQUAL(rows, -1);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM papers"), 4);
    sqla_engine_free(db);
}

/* A table is no view: where a trigger drops what is written, and writes something else, the row was not changed. */
static void table__whose_trigger_drops_an_update_is_stale(const char *url)
{
    desk d;
    harness_sql(url, "CREATE TABLE notes (id VARCHAR(7) PRIMARY KEY, text VARCHAR(50), stars INTEGER)");
    harness_sql(url, "CREATE TABLE seen (id VARCHAR(7))");
    harness_sql(url, "CREATE TRIGGER watch BEFORE UPDATE ON notes BEGIN INSERT INTO seen VALUES (OLD.id); SELECT RAISE(IGNORE); END");
    desk_open(&d, url);
    Note here = { .id = "7", .text = "here" }, *note = sqla_add_object(d.s, Note, &here);
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_OK);
    note->text = "there";
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_ERR_STALE);
    CU_ASSERT(says(&d.err, "met 0 rows"));
    desk_close(&d);
}

/* Rows of a plain view are the table's, and are counted as those: one that is gone is missed. */
static void view__of_one_table_is_counted(const char *url)
{
    desk d;
    harness_sql(url, "CREATE TABLE papers (id VARCHAR(7) PRIMARY KEY, text VARCHAR(50), stars INTEGER)");
    harness_sql(url, "CREATE VIEW notes AS SELECT id, text, stars FROM papers");
    desk_open(&d, url);
    Note here = { .id = "7", .text = "here" }, *note = sqla_add_object(d.s, Note, &here);
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_OK);
    harness_sql(url, "DELETE FROM papers");
    note->text = "gone";
    CU_ASSERT_EQUAL(sqla_commit(d.s, &d.err), SQLA_ERR_STALE);
    desk_close(&d);
}

static const struct harness_test tests[] = {
    { "view: rows are not counted", view__rows_are_not_counted, HARNESS_SQLITE | HARNESS_POSTGRES },
    { "view: a statement tells no count", view__statement_tells_no_count, HARNESS_SQLITE },
    { "table whose trigger drops an update is stale", table__whose_trigger_drops_an_update_is_stale, HARNESS_SQLITE },
    { "view of one table is counted", view__of_one_table_is_counted, HARNESS_SERVERS },
};

int main(void)
{
    return harness_main("test-views", tests, sizeof tests / sizeof tests[0]);
}
