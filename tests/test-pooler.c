/* test-pooler.c: through PgBouncer, which lends a session of the server for one transaction: two sessions for eight clients.
 *
 * With pooler=transaction everything that a session does gives right results; without it a client gets right results or a clear
 * error, and never another client's rows. PgBouncer is started once, on a port of its own, for the server of the tests. */
#include <config.h>
#include <sqla/sqla.h>

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "shop.h"

enum { CLIENTS = 8, ROUNDS = 4, MANY = 40 };

/* ---- PgBouncer --------------------------------------------------------------------------------------------------- */

static struct { pid_t pid; int port; char folder[64]; } bouncer;

static const char *find_program(void)
{
    static const char *const places[] = { "/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer" };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

static struct sockaddr_in local(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int free_port(void)
{
    struct sockaddr_in at = local(0);
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = bind(fd, (struct sockaddr *)(void *)&at, size) == 0 && getsockname(fd, (struct sockaddr *)(void *)&at, &size) == 0;
    close(fd);
    return ok ? ntohs(at.sin_port) : 0;
}

static bool listens(int port)
{
    struct sockaddr_in at = local(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = connect(fd, (struct sockaddr *)(void *)&at, sizeof at) == 0;
    close(fd);
    return ok;
}

static bool write_configuration(const char *path, const char *host, const char *port)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    fprintf(file, "[databases]\n* = host=%s port=%s user=sqla\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"
                  "unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nmin_pool_size = 2\n"
                  "reserve_pool_size = 0\nmax_client_conn = 100\nquery_wait_timeout = 60\nlog_connections = 0\nlog_disconnections = 0\n"
                  "stats_period = 3600\nserver_check_query = \nserver_reset_query =\n", host, port, bouncer.port);
    return fclose(file) == 0;
}

/* PgBouncer refuses root, as the server does. It ends with us, however we end. */
static _Noreturn void become(const char *program, const char *ini, const char *log)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    user = user == NULL && geteuid() == 0 ? getpwnam("nobody") : user;
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (user != NULL && (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(2);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execl(program, program, ini, (char *)NULL);
    _exit(2);
}

/* host and port as the URL of the tests has them in its query. */
static bool split(const char *url, char *host, size_t host_size, char *port, size_t port_size)
{
    const char *h = strstr(url, "host="), *p = strstr(url, "port=");
    if (h == NULL || p == NULL)
        return false;
    snprintf(host, host_size, "%.*s", (int)strcspn(h + 5, "&"), h + 5);
    snprintf(port, port_size, "%.*s", (int)strcspn(p + 5, "&"), p + 5);
    return true;
}

static bool launch(const char *host, const char *port)
{
    char ini[96], log[96];
    bouncer.port = free_port();
    snprintf(ini, sizeof ini, "%s/pgbouncer.ini", bouncer.folder);
    snprintf(log, sizeof log, "%s/log", bouncer.folder);
    if (bouncer.port == 0 || !write_configuration(ini, host, port))
        return false;
    bouncer.pid = fork();
    if (bouncer.pid == 0)
        become(find_program(), ini, log);
    for (int i = 0; bouncer.pid > 0 && i < 500; i++) {
        if (listens(bouncer.port))
            return true;
        if (waitpid(bouncer.pid, NULL, WNOHANG) == bouncer.pid)
            break;
        pause_ms(20);
    }
    bouncer.pid = 0;
    return false;
}

/* Another process may take the port between our look and PgBouncer's, so there are several tries. */
static bool start_bouncer(const char *url)
{
    char host[256], port[16];
    const char *tmp = getenv("TMPDIR");
    if (bouncer.pid > 0)
        return true;
    snprintf(bouncer.folder, sizeof bouncer.folder, "%.40s/sqla-pooler-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (!split(url, host, sizeof host, port, sizeof port) || mkdtemp(bouncer.folder) == NULL || chmod(bouncer.folder, 0755) != 0)
        return false;
    for (int i = 0; i < 3; i++) {
        if (launch(host, port))
            return true;
    }
    return false;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

static void stop_bouncer(void)
{
    if (bouncer.pid > 0) {
        kill(bouncer.pid, SIGTERM);
        waitpid(bouncer.pid, NULL, 0);
    }
    if (bouncer.folder[0] != '\0')
        nftw(bouncer.folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* The test's database through PgBouncer. */
static const char *through(const char *url, const char *query)
{
    static char text[512];
    CU_ASSERT_FATAL(start_bouncer(url));
    snprintf(text, sizeof text, "postgresql://sqla@127.0.0.1:%d/%s?%s", bouncer.port, harness_sql_text(url, "SELECT current_database()"), query);
    return text;
}

/* ---- a client ------------------------------------------------------------------------------------------------------ */

typedef struct client { shop *x; int number, wrong; sqla_error err; pthread_t thread; } client;

/* CUnit counts from one thread only, so clients note down what was wrong. */
#define RIGHT(c, expected) \
    do { \
        if (!(expected)) { \
            (c)->wrong++; \
            fprintf(stderr, "%s:%d: client %d: %s (%s %s; %s)\n", __FILE__, __LINE__, (c)->number, #expected, \
                sqla_status_name((c)->err.status), (c)->err.message, (c)->err.hint); \
        } \
    } while (0)

typedef struct Number { int64_t n; } Number;
SQLA_DECLARE(Number);
SQLA_MODEL(Number, NULL, SQLA_COLUMN(n));

/* One by one, by columns, with natural keys, and with every type. */
static void insert(client *c, sqla_session *s, int round)
{
    static const char bytes[] = "\0\1\2\377";
    Thing thing = { .small = INT16_MIN, .large = INT64_MIN, .ratio = 0.1, .part = 0.25f, .flag = true, .text = "Grüße", .code = "ab",
        .blob = { bytes, sizeof bytes }, .at = { -1 }, .local_at = { 1700000000123456 }, .day = { -25567 }, .hour = { 86399999999 },
        .span = { 14, -3, 5000001 }, .price = { "12345678901234567890.120" }, .uuid = { { 1, 2, 3 } }, .json = { "{\"a\": 1}" }, .colour = BLUE,
        .medium = c->number, .o_medium = SQLA_SOME(round) };
    char code[3] = { (char)('A' + c->number), (char)('A' + round), '\0' };
    User *u = sqla_add(s, User, .name = sqla_printf(s, "user %d.%d", c->number, round), .active = true);
    for (int i = 0; i < MANY; i++) {
        sqla_append(s, u, addresses, sqla_add(s, Address, .email = sqla_printf(s, "%d@%d.%d", i, c->number, round)));
        sqla_add(s, Node, .label = sqla_printf(s, "%d/%d/%d", c->number, round, i));
    }
    for (int i = 0; i < 4; i++)
        sqla_add_object(s, Thing, &thing);
    Country country = { .name = "somewhere" };
    memcpy(country.code, code, sizeof code);
    sqla_add_object(s, Country, &country);
    RIGHT(c, sqla_commit(s, &c->err) == SQLA_OK);
}

static void check_things(client *c, sqla_session *s, int round)
{
    size_t n = 0;
    sqla_stmt *q = sqla_select(s, Thing);
    sqla_where(q, sqla_and(sqla_eq(sqla_col(Thing, medium), c->number), sqla_eq(sqla_col(Thing, o_medium), round)));
    Thing **things = sqla_all(q, Thing, &n, &c->err);
    RIGHT(c, n == 4);
    for (size_t i = 0; i < n; i++) {
        const Thing *a = things[i];
        RIGHT(c, a->small == INT16_MIN && a->large == INT64_MIN && a->ratio == (double)0.1 && a->part == 0.25f && a->flag);
        RIGHT(c, strcmp(a->text, "Grüße") == 0 && strcmp(a->code, "ab") == 0 && a->blob.size == 5 && memcmp(a->blob.data, "\0\1\2\377", 5) == 0);
        RIGHT(c, a->at.micros == -1 && a->local_at.micros == 1700000000123456 && a->day.days == -25567 && a->hour.micros == 86399999999);
        RIGHT(c, a->span.months == 14 && a->span.days == -3 && a->span.micros == 5000001 && a->uuid.bytes[2] == 3 && a->colour == BLUE);
        RIGHT(c, strcmp(a->price.text, "12345678901234567890.120") == 0 && strcmp(a->json.text, "{\"a\": 1}") == 0 && a->made_at.set);
    }
}

static User *load(client *c, sqla_session *s, int round)
{
    char name[32];
    snprintf(name, sizeof name, "user %d.%d", c->number, round);
    sqla_stmt *q = sqla_where(sqla_select(s, User), sqla_eq(sqla_col(User, name), (const char *)name));
    User *u = sqla_one(sqla_selectin(q, User, addresses), User, &c->err);
    RIGHT(c, u != NULL && strcmp(u->name, name) == 0 && u->addresses.count == MANY);
    if (u == NULL)
        return NULL;
    RIGHT(c, sqla_get(s, User, u->id, &c->err) == u);
    for (size_t i = 0; i < u->addresses.count; i++)
        RIGHT(c, u->addresses.items[i]->user_id.value == u->id && strstr(u->addresses.items[i]->email, "@") != NULL);
    check_things(c, s, round);
    return u;
}

/* Savepoints that end either way, changes of many rows and of one. */
static void change(client *c, sqla_session *s, User *u)
{
    for (size_t i = 0; i < u->addresses.count; i++)
        u->addresses.items[i]->email = sqla_printf(s, "new %zu of %d", i, c->number);
    u->age = (sqla_opt_i32)SQLA_SOME(30);
    sqla_savepoint *kept = sqla_begin_nested(s, &c->err);
    u->age.value = 31;
    RIGHT(c, sqla_savepoint_commit(kept, &c->err) == SQLA_OK);
    sqla_savepoint *dropped = sqla_begin_nested(s, &c->err);
    u->age.value = 99;
    RIGHT(c, sqla_flush(s, &c->err) == SQLA_OK);
    RIGHT(c, sqla_savepoint_rollback(dropped, &c->err) == SQLA_OK);
    for (size_t i = 0; i < MANY / 2; i++)
        sqla_delete(s, u->addresses.items[i]);
    RIGHT(c, sqla_commit(s, &c->err) == SQLA_OK);
}

/* Raw SQL with parameters: on the session, on a connection in autocommit, and on the engine. */
static void ask_raw(client *c, sqla_session *s, int round)
{
    for (int i = 0; i < 3; i++) {
        sqla_stmt *q = sqla_sql(s, "SELECT count(*) FROM nodes WHERE label LIKE :like");
        sqla_bind(q, "like", sqla_printf(s, "%d/%d/%%", c->number, round));
        RIGHT(c, sqla_scalar_i64(q, &c->err) == MANY);
    }
    RIGHT(c, sqla_commit(s, &c->err) == SQLA_OK);
    sqla_conn *conn = sqla_connect(c->x->db, &c->err);
    for (int i = 0; i < 5; i++) {
        int64_t mine = c->number * 1000000 + round * 1000 + i;
        sqla_stmt *q = sqla_bind(sqla_bind(sqla_sql(conn, "SELECT :n::bigint AS n, :word::text AS word, 0.1::float8 AS f"), "n", mine), "word", "x");
        int rows = 0;
        SQLA_EACH_ROW(row, q, &c->err) {
            rows++;
            RIGHT(c, sqla_row_i64(row, "n", &c->err) == mine && sqla_row_f64(row, "f", &c->err) == (double)0.1);
        }
        RIGHT(c, rows == 1);
        sqla_stmt_free(q);
        RIGHT(c, sqla_execute(conn, "UPDATE nodes SET label = label WHERE id = :id", sqla_params("id", mine), &c->err) == SQLA_OK);
    }
    sqla_conn_close(conn);
    const char code[3] = { (char)('A' + c->number), (char)('A' + round), '\0' };
    RIGHT(c, sqla_execute(c->x->db, "DELETE FROM countries WHERE code = :code", sqla_params("code", &code[0]), &c->err) == SQLA_OK);
}

/* A stream in autocommit and one in a transaction, to the end and left half-way. */
static void stream(client *c)
{
    sqla_conn *conn = sqla_connect(c->x->db, &c->err);
    for (int i = 0; i < 4 && conn != NULL; i++) {
        int64_t n = 0;
        if (i % 2 == 1)
            sqla_conn_begin(conn, &c->err);
        sqla_stmt *q = sqla_bind(sqla_sql(conn, "SELECT g AS n FROM generate_series(1::bigint, :last) AS g"), "last", (int64_t)2000 + c->number);
        SQLA_STREAM(Number, row, q, &c->err) {
            RIGHT(c, row->n == ++n);
            if (i >= 2 && n == 100)
                break;
        }
        sqla_stmt_free(q);
        RIGHT(c, n == (i >= 2 ? 100 : 2000 + c->number));
        if (i % 2 == 1)
            RIGHT(c, sqla_conn_commit(conn, &c->err) == SQLA_OK);
    }
    sqla_conn_close(conn);
}

static void *work(void *arg)
{
    client *c = arg;
    for (int round = 0; round < ROUNDS && c->wrong == 0; round++) {
        sqla_session *s = sqla_open(c->x->maker, &c->err);
        insert(c, s, round);
        sqla_close(s);
        s = sqla_open(c->x->maker, &c->err);
        User *u = load(c, s, round);
        if (u != NULL)
            change(c, s, u);
        ask_raw(c, s, round);
        sqla_close(s);
        stream(c);
        RIGHT(c, !sqla_failed(&c->err));
    }
    return NULL;
}

static void run_clients(shop *x, client *clients, void *(*function)(void *))
{
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (client){ .x = x, .number = i, .err = SQLA_ERROR_INIT };
        CU_ASSERT_EQUAL_FATAL(pthread_create(&clients[i].thread, NULL, function, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        CU_ASSERT_EQUAL(clients[i].wrong, 0);
    }
}

/* ---- tests --------------------------------------------------------------------------------------------------------- */

static void pooled__everything_works_for_eight_clients(const char *url)
{
    client clients[CLIENTS];
    shop x;
    shop_open(&x, through(url, "pooler=transaction&pool_size=8"));
    run_clients(&x, clients, work);
    CU_ASSERT_EQUAL(sqla_engine_pool_status(x.db).disconnects, 0);
    shop_close(&x);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM users WHERE age = 31"), CLIENTS * ROUNDS);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM addresses WHERE email LIKE 'new%'"), CLIENTS * ROUNDS * MANY / 2);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM nodes"), CLIENTS * ROUNDS * MANY);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM things"), CLIENTS * ROUNDS * 4);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM countries"), 0);
}

/* Nothing of ours stays behind in the sessions of the server. */
static void pooled__no_state_is_left(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    shop x;
    shop_open(&x, through(url, "pooler=transaction&pool_size=2"));
    sqla_add(x.s, User, .name = "a");
    CU_ASSERT_EQUAL(sqla_commit(x.s, &x.err), SQLA_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(sqla_execute(x.db, "SELECT :n::int", sqla_params("n", 1), &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM pg_prepared_statements"), 0);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM pg_settings WHERE source = 'session' AND name IN ('DateStyle', 'IntervalStyle', "
        "'bytea_output', 'extra_float_digits', 'work_mem')"), 0);
    CU_ASSERT_EQUAL(shop_count(&x, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 0);
    CU_ASSERT(is(&err, SQLA_OK) && is(&x.err, SQLA_OK));
    shop_close(&x);
}

/* What another client has set in the shared session does not turn our numbers, in a transaction. */
static void pooled__transactions_do_not_see_what_others_set(const char *url)
{
    shop x;
    shop_open(&x, through(url, "pooler=transaction&pool_size=2"));
    sqla_conn *holder = sqla_connect(x.db, &x.err), *other = sqla_connect(x.db, &x.err);
    CU_ASSERT_EQUAL(sqla_conn_begin(holder, &x.err), SQLA_OK); /* takes one of the two sessions, so that the other is shared */
    CU_ASSERT_EQUAL(sqla_execute(other, "SET extra_float_digits TO -5", NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(other, "SET IntervalStyle TO 'iso_8601'", NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(other, "SET bytea_output TO 'escape'", NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_begin(other, &x.err), SQLA_OK);
    sqla_stmt *q = sqla_sql(other, "SELECT 0.123456789012345678::float8 AS f, '1 mon'::interval AS i, '\\x00ff'::bytea AS b");
    SQLA_EACH_ROW(row, q, &x.err) {
        CU_ASSERT_EQUAL(sqla_row_f64(row, "f", &x.err), 0.123456789012345678);
        CU_ASSERT_EQUAL(sqla_row_get(row, "i", &x.err).as.interval.months, 1);
        CU_ASSERT_EQUAL(sqla_row_get(row, "b", &x.err).as.bytes.size, 2);
    }
    CU_ASSERT_EQUAL(sqla_conn_commit(other, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_execute(other, "RESET ALL", NULL, &x.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_conn_rollback(holder, &x.err), SQLA_OK);
    CU_ASSERT(is(&x.err, SQLA_OK));
    sqla_conn_close(holder);
    sqla_conn_close(other);
    shop_close(&x);
}

/* BEGIN carries what the transaction is to be, and nothing of it stays; what cannot be had outside of transactions is refused. */
static void pooled__kinds_of_transactions(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_isolation level = SQLA_ISOLATION_DEFAULT;
    sqla_engine *db = sqla_create_engine(through(url, "pooler=transaction&isolation=serializable&read_only=true"), NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(sqla_execute(conn, "CREATE TABLE nowhere (a int)", NULL, &err), SQLA_ERR_UNSUPPORTED);
    CU_ASSERT(says(&err, "outside of transactions through a pooler"));
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_conn_begin(conn, &err), SQLA_OK);
    CU_ASSERT(sqla_conn_isolation(conn, &level, &err) == SQLA_OK && level == SQLA_SERIALIZABLE);
    CU_ASSERT_EQUAL(ask(conn, "SELECT (current_setting('transaction_read_only') = 'on')::int"), 1);
    CU_ASSERT_EQUAL(sqla_execute(conn, "CREATE TABLE nowhere (a int)", NULL, &err), SQLA_ERR_READ_ONLY);
    sqla_error_clear(&err);
    CU_ASSERT_EQUAL(sqla_conn_rollback(conn, &err), SQLA_OK);
    sqla_conn_close(conn);
    sqla_engine_free(db);
    db = sqla_create_engine(through(url, "pooler=transaction"), NULL, &err);
    conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(ask(conn, "SELECT (current_setting('transaction_read_only') = 'off')::int"), 1);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* Returns: did the server obey both cancels in time, so that the connection lives? */
static bool lives_through_deadlines(const char *url, int ms)
{
    char piece[80];
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(piece, sizeof piece, "pooler=transaction&statement_timeout_ms=%d", ms);
    sqla_engine *db = sqla_create_engine(through(url, piece), NULL, &err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    bool lives = true;
    for (int inside = 0; inside < 2 && lives; inside++) {
        if (inside)
            CU_ASSERT_EQUAL(sqla_conn_begin(conn, NULL), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_execute(conn, "SELECT pg_sleep(20)", NULL, NULL), SQLA_ERR_TIMEOUT);
        sqla_conn_rollback(conn, NULL);
        sqla_status status = sqla_execute(conn, "SELECT 1", NULL, NULL);
        CU_ASSERT(status == SQLA_OK || status == SQLA_ERR_DISCONNECTED);
        lives = status == SQLA_OK;
    }
    sqla_conn_close(conn);
    sqla_engine_free(db);
    return lives;
}

/* The pooler passes a cancel on to the session that runs the statement, and to no other. A busy machine is given more time. */
static void pooled__deadlines(const char *url)
{
    bool lives = false;
    for (int ms = 300; ms < 10000 && !lives; ms *= 2)
        lives = lives_through_deadlines(url, ms);
    CU_ASSERT(lives);
}

/* Start-up parameters that PgBouncer does not know are its to refuse, and the hint says where they come from. */
static void pooled__start_up_parameters(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(through(url, "pooler=transaction"), NULL, &err);
    setenv("PGOPTIONS", "-c work_mem=1MB", 1);
    CU_ASSERT_PTR_NULL(sqla_connect(db, &err));
    unsetenv("PGOPTIONS");
    CU_ASSERT(says(&err, "PGOPTIONS"));
    sqla_error_clear(&err);
    sqla_conn *conn = sqla_connect(db, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_conn_close(conn);
    sqla_engine_free(db);
    db = sqla_create_engine(through(url, "pooler=transaction&application_name=shop"), NULL, &err);
    conn = sqla_connect(db, &err);
    CU_ASSERT_EQUAL(ask(conn, "SELECT (current_setting('application_name') = 'shop')::int"), 1);
    sqla_conn_close(conn);
    sqla_engine_free(db);
}

/* Without the option: each answer is right, or there is an error that says what to do. Every client asks for another number by a
 * statement of another text, so a statement of another client in the place of its own would show. */
static void *ask_unpooled(void *arg)
{
    client *c = arg;
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT (:n::bigint + %d)::bigint", c->number * 1000);
    sqla_conn *conn = sqla_connect(c->x->db, &c->err);
    for (int i = 0; i < 200 && conn != NULL; i++) {
        sqla_error err = SQLA_ERROR_INIT;
        sqla_stmt *q = sqla_bind(sqla_sql(conn, sql), "n", (int64_t)i);
        int64_t n = sqla_scalar_i64(q, &err);
        sqla_stmt_free(q);
        bool told = err.status == SQLA_ERR_SQL && strstr(err.hint, "pooler=transaction") != NULL;
        c->err = err;
        RIGHT(c, err.status == SQLA_OK ? n == i + c->number * 1000 : told);
        sqla_error_clear(&c->err);
    }
    sqla_conn_close(conn);
    return NULL;
}

static void unpooled__never_gives_wrong_rows(const char *url)
{
    client clients[CLIENTS];
    shop x = { .err = SQLA_ERROR_INIT };
    x.db = sqla_create_engine(through(url, "pool_size=8"), NULL, &x.err);
    run_clients(&x, clients, ask_unpooled);
    sqla_engine_free(x.db);
}

/* A statement that was prepared on one session of the server and is wanted on the other. A PgBouncer of 1.21 or later can keep it
 * for both. */
static void unpooled__says_what_to_do(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(through(url, "pool_size=4"), NULL, &err);
    sqla_conn *a = sqla_connect(db, &err), *b = sqla_connect(db, &err), *c = sqla_connect(db, &err);
    sqla_conn_begin(a, &err); /* the first session is taken */
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(sqla_execute(b, "SELECT :n::int", sqla_params("n", 1), &err), SQLA_OK); /* prepared on the second */
    sqla_conn_begin(c, &err); /* which is taken now */
    sqla_conn_rollback(a, &err);
    sqla_conn_begin(b, &err); /* on the first */
    CU_ASSERT(is(&err, SQLA_OK));
    sqla_status status = sqla_execute(b, "SELECT :n::int", sqla_params("n", 1), &err);
    CU_ASSERT(status == SQLA_OK || (is(&err, SQLA_ERR_SQL) && strcmp(err.sqlstate, "26000") == 0 && says(&err, "pooler=transaction")));
    sqla_conn_close(a);
    sqla_conn_close(b);
    sqla_conn_close(c);
    sqla_engine_free(db);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "pooled: everything works for eight clients", pooled__everything_works_for_eight_clients, HARNESS_POSTGRES },
        { "pooled: no state is left", pooled__no_state_is_left, HARNESS_POSTGRES },
        { "pooled: transactions do not see what others set", pooled__transactions_do_not_see_what_others_set, HARNESS_POSTGRES },
        { "pooled: kinds of transactions", pooled__kinds_of_transactions, HARNESS_POSTGRES },
        { "pooled: deadlines", pooled__deadlines, HARNESS_POSTGRES },
        { "pooled: start-up parameters", pooled__start_up_parameters, HARNESS_POSTGRES },
        { "unpooled never gives wrong rows", unpooled__never_gives_wrong_rows, HARNESS_POSTGRES },
        { "unpooled says what to do", unpooled__says_what_to_do, HARNESS_POSTGRES },
    };
    enum { COUNT = sizeof tests / sizeof tests[0] };
    if (find_program() == NULL) {
        printf("test-pooler: 0 passed, 0 failed, %d skipped (no pgbouncer: install the package pgbouncer)\n", (int)COUNT);
        return 77;
    }
    int status = harness_main("test-pooler", tests, COUNT);
    stop_bouncer();
    return status;
}
