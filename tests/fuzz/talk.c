/* talk.c: see talk.h. */
#define _GNU_SOURCE 1
#include <config.h>
#include "talk.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* One server for each protocol that is used. */
typedef struct server {
    const talk_protocol *protocol;
    char folder[64], path[108];
    int listener;
    pthread_t thread;
    int stage;
    talk_stream stream;
} server;

static server servers[2];
static server *now;

bool talk_read(int fd, void *room, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t more = recv(fd, (char *)room + got, n - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

static void say(int fd, const talk_stream *s)
{
    for (size_t at = 0; at < s->n;) {
        ssize_t n = send(fd, s->bytes + at, s->n - at, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        at += (size_t)n;
    }
}

/* Until the client closes. Who else comes is sent away. */
static void drain(const server *s, int fd)
{
    char room[4096];
    for (;;) {
        struct pollfd fds[] = { { fd, POLLIN, 0 }, { s->listener, POLLIN, 0 } };
        (void)poll(fds, 2, -1);
        if ((fds[1].revents & POLLIN) != 0)
            close(accept4(s->listener, NULL, NULL, SOCK_CLOEXEC));
        if (fds[0].revents != 0 && recv(fd, room, sizeof room, MSG_DONTWAIT) == 0)
            return;
        if ((fds[0].revents & (POLLHUP | POLLERR)) != 0)
            return;
    }
}

static void *serve(void *arg)
{
    server *s = arg;
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    static talk_stream usual;
    for (int stage = 0, heard = 1; fd >= 0 && heard >= 0;) {
        if (heard > 0 && stage == s->stage) {
            say(fd, &s->stream);
            (void)shutdown(fd, SHUT_WR);
            drain(s, fd);
            break;
        }
        if (heard > 0) {
            usual.n = 0;
            s->protocol->honest(stage++, &usual);
            say(fd, &usual);
        }
        heard = s->protocol->hear(fd, stage);
    }
    close(fd);
    return NULL;
}

static void start(server *s, const talk_protocol *protocol)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    s->protocol = protocol;
    char folder[sizeof s->folder] = "/tmp/sqla-fuzz-XXXXXX";
    must(mkdtemp(folder) != NULL);
    memcpy(s->folder, folder, sizeof folder);
    snprintf(s->path, sizeof s->path, "%s/%s", folder, protocol->socket);
    strcpy(at.sun_path, s->path);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(s->listener >= 0 && bind(s->listener, (struct sockaddr *)&at, sizeof at) == 0 &&
         listen(s->listener, 8) == 0);
}

static void remove_all(void)
{
    for (size_t i = 0; i < 2 && servers[i].protocol != NULL; i++) {
        unlink(servers[i].path);
        rmdir(servers[i].folder);
    }
}

const char *talk_prepare(const talk_protocol *protocol, int stage, const talk_stream *stream)
{
    size_t i = 0;
    while (servers[i].protocol != NULL && servers[i].protocol != protocol)
        i++;
    if (servers[0].protocol == NULL)
        atexit(remove_all);
    if (servers[i].protocol == NULL)
        start(&servers[i], protocol);
    now = &servers[i];
    now->stage = stage;
    now->stream = *stream;
    must(pthread_create(&now->thread, NULL, serve, now) == 0);
    return now->folder;
}

/* A client that never came is waited for by the thread, which somebody else wakes then. */
void talk_end(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    struct pollfd look = { now->listener, POLLIN, 0 };
    strcpy(at.sun_path, now->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0);
    (void)connect(fd, (struct sockaddr *)&at, sizeof at);
    close(fd);
    must(pthread_join(now->thread, NULL) == 0);
    while (poll(&look, 1, 0) > 0) /* what the thread did not take is not the next one's */
        close(accept4(now->listener, NULL, NULL, SOCK_CLOEXEC));
}

/* ---- the client ---------------------------------------------------------------------------------------- */

typedef struct blocks {
    sqla_row_arena base;
    void *list;
} blocks;

static void *take(sqla_row_arena *arena, void *row, size_t size)
{
    blocks *b = (blocks *)arena;
    (void)row;
    must(size < (size_t)64 << 20);
    void **block = malloc(sizeof *block * 2 + size); /* of its very size, so that writing on is noticed */
    must(block != NULL);
    block[0] = b->list;
    b->list = block;
    return block + 2;
}

static void release(blocks *b)
{
    while (b->list != NULL) {
        void *next = *(void **)b->list;
        free(b->list);
        b->list = next;
    }
}

static size_t sum_of(const sqla_value *v)
{
    size_t sum = 0;
    bool bytes = v->type == SQLA_TEXT || v->type == SQLA_BLOB || v->type == SQLA_DECIMAL ||
                 v->type == SQLA_JSON || v->type == SQLA_ENUM_TYPE;
    for (size_t i = 0; bytes && i < v->as.bytes.size; i++)
        sum += ((const uint8_t *)v->as.bytes.data)[i]; /* all of it is there */
    for (uint32_t i = 0; v->type == SQLA_ARRAY && i < v->as.array.count; i++)
        sum += sum_of((const sqla_value *)v->as.array.items + i);
    return sum;
}

static sqla_status read_by_plan(
    const sqla_driver *driver, sqla_driver_result *result, unsigned how, sqla_error *err)
{
    sqla_value value = { .type = SQLA_NULL };
    void *row = &value;
    const sqla_slot slot = { .type = (uint8_t)(how % SQLA_TYPE_COUNT_),
        .rep = SQLA_REP_VALUE,
        .flags = SQLA_SLOT_NULLABLE,
        .size = sizeof value,
        .set_offset = -1,
        .name = "c" };
    const sqla_plan plan = { sizeof plan, 1, &slot };
    blocks arena = { { take }, NULL };
    size_t count = 0;
    bool end = false;
    sqla_status status = SQLA_OK;
    for (int i = 0; i < 1000 && status == SQLA_OK && !end; i++) {
        status = driver->ops->result_fetch(result, &plan, &row, 1, &arena.base, &count, &end, fuzz_err(err));
        must(count <= 1);
        if (status == SQLA_OK && count == 1)
            must(sum_of(&value) <= SIZE_MAX);
    }
    release(&arena);
    return status;
}

static sqla_status read_by_view(const sqla_driver *driver, sqla_driver_result *result, sqla_error *err)
{
    sqla_status status = SQLA_OK;
    const sqla_value *values = NULL;
    for (int i = 0; i < 1000 && status == SQLA_OK && (i == 0 || values != NULL); i++) {
        status = driver->ops->result_view(result, &values, fuzz_err(err));
        const sqla_result_info *info = driver->ops->result_info(result);
        for (uint32_t k = 0; status == SQLA_OK && values != NULL && k < info->column_count; k++)
            must(sum_of(&values[k]) <= SIZE_MAX);
    }
    return status;
}

static void run(const sqla_driver *driver, sqla_driver_conn *conn, unsigned how)
{
    static const char text[] = "SELECT 1";
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_result *result = NULL;
    sqla_driver_stmt *stmt = NULL;
    const sqla_exec_options options = { sizeof options, (how & 1) != 0 ? SQLA_EXEC_STREAM : 0, 0 };
    sqla_status status = (how & 2) != 0 ? driver->ops->prepare(conn, text, sizeof text - 1, NULL, 0, &options,
                                              &stmt, fuzz_err(&err))
                                        : SQLA_OK;
    must(status == SQLA_OK || err.message[0] != '\0');
    const sqla_statement statement = { sizeof statement, 0, text, sizeof text - 1, stmt };
    if (status == SQLA_OK)
        status = driver->ops->exec(conn, &statement, NULL, NULL, &options, &result, fuzz_err(&err));
    must(status == SQLA_OK ? result != NULL : err.message[0] != '\0');
    if (status == SQLA_OK) {
        status = (how & 4) != 0 ? read_by_view(driver, result, &err)
                                : read_by_plan(driver, result, how >> 3, &err);
        must(status == SQLA_OK || err.message[0] != '\0');
        driver->ops->result_close(result);
    }
    if (stmt != NULL)
        driver->ops->stmt_close(stmt);
}

void talk_use(const sqla_driver *driver, const sqla_connect_param *params, uint32_t count, unsigned how)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_driver_conn *conn = NULL;
    sqla_conn_info info = { .struct_size = sizeof info };
    const sqla_connect_args args = {
        .struct_size = sizeof args, .count = count, .params = params, .instance = "fuzz"
    };
    sqla_status status = driver->ops->open(&args, &info, &conn, fuzz_err(&err));
    must(status == SQLA_OK ? conn != NULL : err.message[0] != '\0');
    if (status == SQLA_OK) {
        run(driver, conn, how);
        (void)driver->ops->txn_state(conn);
        (void)driver->ops->ping(conn, SQLA_PING_LOOK, 0, NULL);
        driver->ops->close(conn);
    }
    talk_end();
}
