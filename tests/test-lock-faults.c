/* test-lock-faults.c: transactions that meet locks, other transactions, or a COMMIT that is refused. Each time: what is told,
 * what the database has then, and whether the session goes on. */
#include <config.h>
#include "faults.h"

#include <pthread.h>
#include <time.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- a lock in the way -------------------------------------------------------------------------------------------- */

/* Nothing was written yet, so nothing is lost: the same commit succeeds once the lock is gone. */
static void busy__flush_can_be_repeated(const char *url)
{
    shop x;
    shop_open(&x, impatient(url));
    User *kept = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    Country *gone = sqla_add(x.s, Country, .code = "XX");
    sqla_commit(x.s, &x.err);
    char *lent = strdup("still"); /* until the first try is over */
    kept->age.value = 31;
    kept->name = lent;
    sqla_delete(x.s, gone);
    sqla_add(x.s, Address, .email = "a@b", .user = sqla_add(x.s, User, .name = "parent"));
    harness_hold(url, "BEGIN IMMEDIATE");
    for (int i = 0; i < 2; i++) {
        double began = seconds();
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_BUSY);
        CU_ASSERT(is(&x.err, SQLA_ERR_BUSY));
        CU_ASSERT(seconds() - began >= 0.018);
        CU_ASSERT_EQUAL(x.err.native, 5);
        CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "55P03");
        sqla_error_clear(&x.err);
        free(lent);
        lent = NULL;
    }
    CU_ASSERT_EQUAL(kept->age.value, 31);
    CU_ASSERT_STRING_EQUAL(kept->name, "still");
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, User, kept->id, &x.err), kept);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users, countries WHERE age = 30"), 1);
    harness_let_go();
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE age = 31 OR name = 'parent'"), 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users JOIN addresses ON user_id = users.id WHERE email = 'a@b'"), 1);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM countries"), 0);
    goes_on(&x, url);
    shop_close(&x);
}

/* The very first insert of an engine asks about its table, and waits for the lock all the same. */
static void busy__first_insert_waits(const char *url)
{
    shop x;
    shop_open(&x, impatient(url));
    sqla_add(x.s, Node, .label = "patient");
    harness_hold(url, "BEGIN IMMEDIATE");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_BUSY);
    CU_ASSERT(is(&x.err, SQLA_ERR_BUSY));
    harness_let_go();
    CU_ASSERT_EQUAL(sqla_commit(x.s, NULL), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), 1);
    goes_on(&x, url);
    shop_close(&x);
}

static void busy__flush_can_be_given_up(const char *url)
{
    shop x;
    shop_open(&x, impatient(url));
    User *kept = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    sqla_commit(x.s, &x.err);
    kept->age.value = 31;
    User *fresh = sqla_add(x.s, User, .name = "fresh");
    harness_hold(url, "BEGIN IMMEDIATE");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_BUSY);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(sqla_state(x.s, fresh), SQLA_TRANSIENT);
    harness_let_go();
    goes_on(&x, url);
    CU_ASSERT_EQUAL(count_users(url, "fresh"), 0);
    shop_close(&x);
}

/* With a journal that is rolled back, a reader keeps a commit from becoming visible. */
static void busy__commit_can_be_repeated(const char *url)
{
    shop x;
    shop_open(&x, impatient(url));
    User *u = sqla_add(x.s, User, .name = "patient");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    harness_hold(url, "BEGIN; SELECT count(*) FROM users");
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_BUSY);
        CU_ASSERT(is(&x.err, SQLA_ERR_BUSY));
        CU_ASSERT_PTR_NOT_NULL(strstr(x.err.hint, "commit again"));
        sqla_error_clear(&x.err);
        CU_ASSERT(pool_is(x.db, 1, 1));
    }
    User *late = sqla_add(x.s, User, .name = "late"); /* the transaction is open, and takes more */
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    harness_let_go();
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT(u->id > 0 && late->id > u->id);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users"), 2);
    goes_on(&x, url);
    shop_close(&x);
}

static void busy__commit_can_be_given_up(const char *url)
{
    shop x;
    shop_open(&x, impatient(url));
    User *u = sqla_add(x.s, User, .name = "impatient");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    harness_hold(url, "BEGIN; SELECT count(*) FROM users");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_BUSY);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_rollback(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_TRANSIENT);
    harness_let_go();
    CU_ASSERT_EQUAL(count_users(url, "impatient"), 0);
    goes_on(&x, url);
    shop_close(&x);
}

static void busy__closed_session_leaves_nothing(const char *url)
{
    shop x;
    shop_open(&x, impatient(url));
    sqla_add(x.s, User, .name = "never");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    harness_hold(url, "BEGIN; SELECT count(*) FROM users");
    CU_ASSERT_EQUAL(sqla_commit(x.s, NULL), SQLA_ERR_BUSY);
    sqla_close(x.s);
    CU_ASSERT(pool_is(x.db, 1, 0));
    harness_let_go();
    CU_ASSERT_EQUAL(count_users(url, "never"), 0);
    x.s = sqla_open(x.maker, &x.err);
    goes_on(&x, url);
    shop_close(&x);
}

/* A server ends the transaction when it gives up waiting, so the session refuses. */
static void busy__server_gives_up_waiting(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    sqla_commit(x.s, &x.err);
    harness_hold(url, "BEGIN; UPDATE users SET age = 99");
    sqla_execute(x.s, "SET LOCAL lock_timeout = '20ms'", NULL, &x.err);
    u->age.value = 31;
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_BUSY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "55P03");
    refuses(&x, &x.err);
    harness_hold(url, "COMMIT");
    sqla_error_clear(&x.err);
    goes_on(&x, url);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT age FROM users WHERE name = 'kept'"), 99);
    CU_ASSERT_EQUAL(u->age.value, 30); /* what it was before; stale */
    CU_ASSERT_PTR_EQUAL(sqla_get(x.s, User, u->id, &x.err), u);
    CU_ASSERT_EQUAL(u->age.value, 99);
    shop_close(&x);
}

/* The same at COMMIT: the transaction is over then, so there is nothing to commit once more. */
static void busy__server_gives_up_waiting_at_commit(const char *url)
{
    shop x;
    shop_open(&x, url);
    harness_sql(url, "INSERT INTO users (name, active) VALUES ('parent', true)");
    harness_sql(url, "CREATE TABLE parts (whole bigint REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)");
    User *u = sqla_add(x.s, User, .name = "fresh");
    sqla_execute(x.s, "INSERT INTO parts SELECT id FROM users WHERE name = 'parent'", NULL, &x.err);
    sqla_execute(x.s, "SET LOCAL lock_timeout = '20ms'", NULL, &x.err);
    CU_ASSERT(is(&x.err, SQLA_OK));
    harness_hold(url, "BEGIN; DELETE FROM users WHERE name = 'parent'");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_RETRY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "55P03");
    harness_let_go();
    refuses_then_goes_on(&x, url, &x.err);
    CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(count_users(url, "fresh"), 0);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 0);
    shop_close(&x);
}

/* ---- two that read, then write ------------------------------------------------------------------------------------- */

/* Two sessions that both have read a user of age 30. */
static void both_read(shop *x, sqla_session *s[2], User *u[2])
{
    sqla_add(x->s, User, .name = "kept", .age = SQLA_SOME(30));
    CU_ASSERT_EQUAL(sqla_commit(x->s, &x->err), SQLA_OK);
    for (int i = 0; i < 2; i++) {
        s[i] = sqla_open(x->maker, &x->err);
        u[i] = sqla_get(s[i], User, 1, &x->err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(u[i]);
    }
}

/* The loser does it again from the beginning, and sees what the winner wrote. */
static void loser_tries_again(shop *x, sqla_session *s, User *u, const char *url, sqla_error *err)
{
    shop loser = *x;
    loser.s = s;
    refuses(&loser, err);
    sqla_error_clear(err);
    CU_ASSERT_EQUAL(sqla_rollback(s, err), SQLA_OK);
    CU_ASSERT_EQUAL(u->age.value, 30);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT age FROM users"), 31);
    CU_ASSERT_PTR_EQUAL(sqla_get(s, User, 1, err), u);
    CU_ASSERT_EQUAL(u->age.value, 31);
    u->age.value += 10;
    CU_ASSERT_EQUAL(sqla_commit(s, err), SQLA_OK);
    CU_ASSERT(is(err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT age FROM users"), 41);
}

static void end_both(shop *x, sqla_session *s[2])
{
    for (int i = 0; i < 2; i++)
        sqla_close(s[i]);
    CU_ASSERT(pool_is(x->db, 2, 0));
    shop_close(x);
}

/* Waiting would be waiting for ourselves: the one that writes reads too, and we keep it from committing. */
static void upgrade__that_waiting_cannot_cure(const char *url)
{
    shop x;
    sqla_session *s[2];
    User *u[2];
    shop_open(&x, url);
    both_read(&x, s, u);
    u[0]->age.value = 31;
    CU_ASSERT_EQUAL(sqla_flush(s[0], &x.err), SQLA_OK);
    u[1]->age.value += 10;
    double began = seconds();
    CU_ASSERT_EQUAL(sqla_commit(s[1], &x.err), SQLA_ERR_RETRY);
    CU_ASSERT(harness_in_time((int64_t)((seconds() - began) * 1000), 0, 2000)); /* the busy timeout of five seconds is not waited for */
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "40001");
    CU_ASSERT((sqla_status_class(x.err.status) & SQLA_CLASS_RETRYABLE) != 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(x.err.hint, "begin it anew"));
    CU_ASSERT_EQUAL(sqla_rollback(s[1], NULL), SQLA_OK);
    CU_ASSERT_EQUAL(u[1]->age.value, 30);
    sqla_error_clear(&x.err);
    CU_ASSERT_EQUAL(sqla_commit(s[0], &x.err), SQLA_OK);
    CU_ASSERT_PTR_EQUAL(sqla_get(s[1], User, 1, &x.err), u[1]);
    CU_ASSERT_EQUAL(u[1]->age.value, 31);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_rollback(s[1], NULL);
    end_both(&x, s);
}

static void upgrade__of_an_old_snapshot(const char *url)
{
    char text[1100];
    shop x;
    sqla_session *s[2];
    User *u[2];
    snprintf(text, sizeof text, "%s?journal_mode=wal", url);
    shop_open(&x, text);
    both_read(&x, s, u);
    u[0]->age.value = 31;
    CU_ASSERT_EQUAL(sqla_commit(s[0], &x.err), SQLA_OK);
    u[1]->age.value += 10;
    CU_ASSERT_EQUAL(sqla_commit(s[1], &x.err), SQLA_ERR_RETRY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "40001");
    loser_tries_again(&x, s[1], u[1], url, &x.err);
    end_both(&x, s);
}

static void begin_at(sqla_session *s, const char *level, sqla_error *err)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SET TRANSACTION ISOLATION LEVEL %s", level);
    sqla_execute(s, sql, NULL, err);
}

static void serialization__failure_of_an_update(const char *url)
{
    shop x;
    sqla_session *s[2];
    User *u[2];
    shop_open(&x, url);
    both_read(&x, s, u);
    for (int i = 0; i < 2; i++) {
        sqla_rollback(s[i], &x.err);
        begin_at(s[i], "REPEATABLE READ", &x.err);
        CU_ASSERT_PTR_EQUAL(sqla_get(s[i], User, 1, &x.err), u[i]);
    }
    u[0]->age.value = 31;
    CU_ASSERT_EQUAL(sqla_commit(s[0], &x.err), SQLA_OK);
    u[1]->age.value += 10;
    CU_ASSERT_EQUAL(sqla_commit(s[1], &x.err), SQLA_ERR_RETRY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "40001");
    loser_tries_again(&x, s[1], u[1], url, &x.err);
    end_both(&x, s);
}

/* Each reads what the other writes: only COMMIT finds out, and then it is certain that nothing has happened. */
static void serialization__failure_at_commit(const char *url)
{
    shop x;
    sqla_session *s[2];
    Node *mine[2];
    shop_open(&x, url);
    harness_sql(url, "INSERT INTO nodes (id, label) VALUES (1, 'a'), (2, 'a')");
    for (int i = 0; i < 2; i++) {
        s[i] = sqla_open(x.maker, &x.err);
        begin_at(s[i], "SERIALIZABLE", &x.err);
        CU_ASSERT_PTR_NOT_NULL(sqla_get(s[i], Node, 2 - i, &x.err));
        mine[i] = sqla_get(s[i], Node, i + 1, &x.err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(mine[i]);
        mine[i]->label = "b";
        CU_ASSERT_EQUAL(sqla_flush(s[i], &x.err), SQLA_OK);
    }
    CU_ASSERT_EQUAL(sqla_commit(s[0], &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_commit(s[1], &x.err), SQLA_ERR_RETRY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "40001");
    shop loser = x;
    loser.s = s[1];
    refuses(&loser, &x.err);
    CU_ASSERT_EQUAL(sqla_rollback(s[1], NULL), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(mine[1]->label, "a");
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes WHERE label = 'b'"), 1);
    end_both(&x, s);
}

/* ---- deadlock ------------------------------------------------------------------------------------------------------ */

static void *commit_it(void *arg)
{
    static sqla_error err;
    err = (sqla_error)SQLA_ERROR_INIT;
    sqla_commit(arg, &err);
    return &err;
}

/* One waits for the other; the other, who looks sooner, finds that it would wait for the one. */
static void deadlock__ends_one_of_two(const char *url)
{
    shop x;
    sqla_session *s[2];
    User *u[2][2];
    pthread_t thread;
    void *winner;
    shop_open(&x, url);
    harness_sql(url, "INSERT INTO users (id, name, age, active) VALUES (1, 'a', 30, true), (2, 'b', 30, true)");
    for (int i = 0; i < 2; i++) {
        s[i] = sqla_open(x.maker, &x.err);
        sqla_execute(s[i], i == 0 ? "SET LOCAL deadlock_timeout = '60s'" : "SET LOCAL deadlock_timeout = '10ms'", NULL, &x.err);
        for (int k = 0; k < 2; k++)
            u[i][k] = sqla_get(s[i], User, k + 1, &x.err);
        u[i][i]->age.value = 31;
        CU_ASSERT_EQUAL(sqla_flush(s[i], &x.err), SQLA_OK);
    }
    u[0][1]->age.value = 41;
    u[1][0]->age.value = 41;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, commit_it, s[0]), 0);
    while (harness_others(url, " AND wait_event_type = 'Lock'") == 0)
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    CU_ASSERT_EQUAL(sqla_commit(s[1], &x.err), SQLA_ERR_RETRY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "40P01");
    CU_ASSERT(strstr(x.err.detail, "waits for ShareLock on transaction") != NULL && strstr(x.err.detail, "blocked by process") != NULL);
    shop loser = x;
    loser.s = s[1];
    refuses(&loser, &x.err);
    CU_ASSERT_EQUAL(sqla_rollback(s[1], NULL), SQLA_OK);
    pthread_join(thread, &winner);
    CU_ASSERT(is(winner, SQLA_OK));
    CU_ASSERT(u[1][0]->age.value == 30 && u[1][1]->age.value == 30);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE id = 1 AND age = 31 OR id = 2 AND age = 41"), 2);
    sqla_error_clear(&x.err);
    u[1][0] = sqla_get(s[1], User, 1, &x.err);
    u[1][0]->age.value += 10;
    CU_ASSERT_EQUAL(sqla_commit(s[1], &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE age = 41"), 2);
    end_both(&x, s);
}

/* ---- a COMMIT that is refused -------------------------------------------------------------------------------------- */

/* The failure of a statement of one's own is ignored. A server that has given the transaction up answers COMMIT with ROLLBACK,
 * which is no success; a library that has only undone the statement commits the rest. */
static void commit__after_an_ignored_failure(const char *url)
{
    shop x;
    bool given_up = harness_is_postgres(url);
    shop_open(&x, url);
    User *u = sqla_add(x.s, User, .name = "before");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(x.s, "SELECT no_such_column FROM users", NULL, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), given_up ? SQLA_ERR_ROLLBACK_FIRST : SQLA_OK);
    if (given_up) {
        CU_ASSERT_PTR_NOT_NULL(strstr(x.err.message, "cannot commit"));
        refuses_then_goes_on(&x, url, &x.err);
        CU_ASSERT_EQUAL(sqla_state(x.s, u), SQLA_TRANSIENT);
    }
    CU_ASSERT_EQUAL(count_users(url, "before"), given_up ? 0 : 1);
    shop_close(&x);
}

static void commit__of_a_connection_after_an_ignored_failure(const char *url)
{
    shop x;
    shop_open(&x, url);
    bool given_up = harness_is_postgres(url);
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &x.err), SQLA_OK);
        sqla_execute(conn, "INSERT INTO nodes (label) VALUES ('before')", NULL, &x.err);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT no_such_column FROM users", NULL, NULL), SQLA_ERR_SQL);
        CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), given_up ? SQLA_ERR_ROLLBACK_FIRST : SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_ERR_MISUSE); /* the transaction is over */
    }
    sqla_conn_close(conn);
    CU_ASSERT(pool_is(x.db, 1, 0));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), given_up ? 0 : 2);
    goes_on(&x, url);
    shop_close(&x);
}

static void commit__meets_a_deferred_foreign_key(const char *url)
{
    shop x;
    shop_open(&x, url);
    harness_sql(url, "CREATE TABLE parts (whole bigint, CONSTRAINT part_of FOREIGN KEY (whole) REFERENCES users (id) "
                     "DEFERRABLE INITIALLY DEFERRED)");
    User *kept = sqla_add(x.s, User, .name = "kept", .age = SQLA_SOME(30));
    sqla_commit(x.s, &x.err);
    kept->age.value = 31;
    User *fresh = sqla_add(x.s, User, .name = "fresh");
    CU_ASSERT_EQUAL(sqla_execute(x.s, "INSERT INTO parts VALUES (4711)", NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_ERR_FOREIGN_KEY);
    CU_ASSERT_STRING_EQUAL(x.err.sqlstate, "23503");
    if (harness_is_postgres(url)) { /* SQLite does not say which */
        CU_ASSERT_STRING_EQUAL(x.err.constraint, "part_of");
        CU_ASSERT_STRING_EQUAL(x.err.table, "parts");
    }
    refuses_then_goes_on(&x, url, &x.err);
    CU_ASSERT_EQUAL(kept->age.value, 30);
    CU_ASSERT_EQUAL(sqla_state(x.s, fresh), SQLA_TRANSIENT);
    CU_ASSERT_EQUAL(count_users(url, "fresh"), 0);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT age FROM users WHERE name = 'kept'"), 30);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 0);
    CU_ASSERT_PTR_EQUAL(sqla_add_object(x.s, User, fresh), fresh); /* the same work without the part that was wrong */
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(count_users(url, "fresh"), 1);
    shop_close(&x);
}

static void commit__of_a_connection_meets_a_deferred_foreign_key(const char *url)
{
    shop x;
    shop_open(&x, url);
    harness_sql(url, "CREATE TABLE parts (whole bigint REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)");
    sqla_conn *conn = sqla_connect(x.db, &x.err);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(sqla_conn_begin(conn, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO parts VALUES (4711)", NULL, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_conn_commit(conn, NULL), SQLA_ERR_FOREIGN_KEY);
    }
    CU_ASSERT_EQUAL(sqla_execute(conn, "INSERT INTO parts VALUES (NULL)", NULL, &x.err), SQLA_OK); /* by itself again */
    sqla_conn_close(conn);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM parts"), 1);
    goes_on(&x, url);
    shop_close(&x);
}

/* ---- savepoints ---------------------------------------------------------------------------------------------------- */

static void savepoint__saves_what_is_outside(const char *url)
{
    shop x;
    shop_open(&x, url);
    User *outer = sqla_add(x.s, User, .name = "outer", .age = SQLA_SOME(30));
    for (int i = 0; i < 2; i++) {
        sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(sp);
        outer->age.value = 31;
        User *inner = sqla_add(x.s, User, .name = "inner");
        CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(x.s, "INSERT INTO users (name, active) VALUES ('outer', true)", NULL, NULL), SQLA_ERR_UNIQUE);
        CU_ASSERT_EQUAL(sqla_savepoint_rollback(sp, &x.err), SQLA_OK);
        CU_ASSERT(is(&x.err, SQLA_OK));
        CU_ASSERT_EQUAL(outer->age.value, 30);
        CU_ASSERT_EQUAL(sqla_state(x.s, inner), SQLA_TRANSIENT);
    }
    sqla_add(x.s, User, .name = "later");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE name IN ('outer', 'later')"), 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE age = 31 OR name = 'inner'"), 0);
    goes_on(&x, url);
    shop_close(&x);
}

/* A savepoint that cannot be committed since a statement in it failed unseen. */
static void savepoint__after_an_ignored_failure(const char *url)
{
    shop x;
    bool given_up = harness_is_postgres(url);
    shop_open(&x, url);
    sqla_add(x.s, User, .name = "outer");
    sqla_savepoint *sp = sqla_begin_nested(x.s, &x.err);
    User *inner = sqla_add(x.s, User, .name = "inner");
    CU_ASSERT_EQUAL(sqla_flush(x.s, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(x.s, "SELECT no_such_column FROM users", NULL, NULL), SQLA_ERR_SQL);
    CU_ASSERT_EQUAL(sqla_savepoint_commit(sp, NULL), given_up ? SQLA_ERR_ROLLBACK_FIRST : SQLA_OK);
    CU_ASSERT_EQUAL(sqla_state(x.s, inner), given_up ? SQLA_TRANSIENT : SQLA_PERSISTENT);
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    CU_ASSERT_EQUAL(count_users(url, "outer"), 1);
    CU_ASSERT_EQUAL(count_users(url, "inner"), given_up ? 0 : 1);
    goes_on(&x, url);
    shop_close(&x);
}

static const struct harness_test tests[] = {
    { "busy: the flush can be repeated", busy__flush_can_be_repeated, HARNESS_SQLITE },
    { "busy: the first insert waits", busy__first_insert_waits, HARNESS_SQLITE },
    { "busy: the flush can be given up", busy__flush_can_be_given_up, HARNESS_SQLITE },
    { "busy: the commit can be repeated", busy__commit_can_be_repeated, HARNESS_SQLITE },
    { "busy: the commit can be given up", busy__commit_can_be_given_up, HARNESS_SQLITE },
    { "busy: a closed session leaves nothing", busy__closed_session_leaves_nothing, HARNESS_SQLITE },
    { "busy: a server gives up waiting", busy__server_gives_up_waiting, HARNESS_POSTGRES },
    { "busy: a server gives up waiting at COMMIT", busy__server_gives_up_waiting_at_commit, HARNESS_POSTGRES },
    { "upgrade that waiting cannot cure", upgrade__that_waiting_cannot_cure, HARNESS_SQLITE },
    { "upgrade of an old snapshot", upgrade__of_an_old_snapshot, HARNESS_SQLITE },
    { "serialization: failure of an update", serialization__failure_of_an_update, HARNESS_POSTGRES },
    { "serialization: failure at COMMIT", serialization__failure_at_commit, HARNESS_POSTGRES },
    { "deadlock ends one of two", deadlock__ends_one_of_two, HARNESS_POSTGRES },
    { "commit after an ignored failure", commit__after_an_ignored_failure, HARNESS_DATABASES },
    { "commit of a connection after an ignored failure", commit__of_a_connection_after_an_ignored_failure, HARNESS_DATABASES },
    /* MariaDB checks foreign keys at once. */
    { "commit meets a deferred foreign key", commit__meets_a_deferred_foreign_key, HARNESS_SQLITE | HARNESS_POSTGRES },
    { "commit of a connection meets a deferred foreign key", commit__of_a_connection_meets_a_deferred_foreign_key, HARNESS_SQLITE | HARNESS_POSTGRES },
    { "savepoint saves what is outside", savepoint__saves_what_is_outside, HARNESS_DATABASES },
    { "savepoint after an ignored failure", savepoint__after_an_ignored_failure, HARNESS_DATABASES },
};

int main(void) { return harness_main("test-lock-faults", tests, sizeof tests / sizeof tests[0]); }
