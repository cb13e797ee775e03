/* test-convert.c: fields of types of the program's own: an address kept as text, money as a decimal, bits as an integer, a list as JSON.
 * Every way in and out, what a flush takes for a change, whose memory it is, and what failing functions do. */
#include <config.h>
#include "expect.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <inttypes.h>

/* ---- types of the program's own ------------------------------------------------------------------------------------- */

/* What the functions below are to do next. */
static struct trouble {
    bool load, silent, other_type, thousandths;
} trouble;

typedef struct ip_address { uint8_t version, bytes[16]; } ip_address; /* version 4 or 6; 0: none */

static sqla_status ip_store(const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err)
{
    const ip_address *ip = field;
    struct trouble *t = data;
    char text[INET6_ADDRSTRLEN];
    if (t->silent)
        return SQLA_ERR_DATA;
    if (t->other_type)
        return *ret_value = sqla_value_i64(3), SQLA_OK;
    if (ip->version == 0)
        return SQLA_OK;
    if (ip->version != 4 && ip->version != 6)
        return sqla_fail(err, "version %d of IP is not known", ip->version);
    inet_ntop(ip->version == 4 ? AF_INET : AF_INET6, ip->bytes, text, sizeof text);
    char *copy = sqla_memory_copy(memory, text, strlen(text));
    *ret_value = sqla_value_text(copy);
    return copy != NULL ? SQLA_OK : SQLA_ERR_NOMEM;
}

static sqla_status ip_load(const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err)
{
    ip_address *ip = field;
    struct trouble *t = data;
    char *text = value->type != SQLA_NULL ? sqla_memory_copy(memory, value->as.bytes.data, value->as.bytes.size) : NULL;
    if (value->type == SQLA_NULL)
        return SQLA_OK;
    if (text == NULL)
        return SQLA_ERR_NOMEM;
    ip->version = strchr(text, ':') != NULL ? 6 : 4;
    if (!t->load && inet_pton(ip->version == 4 ? AF_INET : AF_INET6, text, ip->bytes) == 1)
        return SQLA_OK;
    return sqla_fail(err, "'%s' is no address", text);
}

typedef struct money { int64_t cents; bool there; char unused[7]; } money;

static sqla_status money_store(const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err)
{
    const money *m = field;
    (void)data, (void)err;
    uint64_t cents = m->cents < 0 ? -(uint64_t)m->cents : (uint64_t)m->cents;
    const char *behind = trouble.thousandths ? "5" : "";
    sqla_decimal text = { m->there ? sqla_memory_printf(memory, "%s%" PRIu64 ".%02u%s", m->cents < 0 ? "-" : "", cents / 100,
                                                        (unsigned)(cents % 100), behind) : NULL };
    *ret_value = sqla_value_decimal(text);
    return m->there && text.text == NULL ? SQLA_ERR_NOMEM : SQLA_OK;
}

static sqla_status money_load(const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err)
{
    money *m = field;
    char text[64];
    (void)memory, (void)data;
    if (value->type == SQLA_NULL)
        return SQLA_OK;
    if (value->as.bytes.size >= sizeof text)
        return sqla_fail(err, "too much money");
    memcpy(text, value->as.bytes.data, value->as.bytes.size);
    text[value->as.bytes.size] = '\0';
    const char *point = strchr(text, '.');
    m->there = true;
    m->cents = strtoll(text, NULL, 10) * 100;
    if (point != NULL)
        m->cents += (text[0] == '-' ? -1 : 1) * ((point[1] - '0') * 10 + (point[2] != '\0' ? point[2] - '0' : 0));
    return SQLA_OK;
}

/* What does not count as money differs in bytes alone. */
static bool money_same(const void *a, const void *b, void *data)
{
    const money *x = a, *y = b;
    (void)data;
    return x->there == y->there && x->cents == y->cents;
}

typedef unsigned permissions;

static sqla_status permissions_store(const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err)
{
    (void)memory, (void)data, (void)err;
    *ret_value = sqla_value_i64(*(const permissions *)field);
    return SQLA_OK;
}

static sqla_status permissions_load(const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err)
{
    (void)memory, (void)data;
    if (value->type != SQLA_NULL && (value->as.i64 < 0 || value->as.i64 > UINT32_MAX))
        return sqla_fail(err, "%" PRId64 " is no set of 32 bits", value->as.i64);
    *(permissions *)field = value->type != SQLA_NULL ? (permissions)value->as.i64 : 0;
    return SQLA_OK;
}

/* A list of words. Only plain words, so that JSON is simple. NULL is an empty list. */
typedef struct words { size_t count; const char *const *items; } words;

static sqla_status words_store(const void *field, sqla_value *ret_value, sqla_memory *memory, void *data, sqla_error *err)
{
    const words *list = field;
    sqla_json json = { "[" };
    (void)data, (void)err;
    for (size_t i = 0; i < list->count && json.text != NULL; i++)
        json.text = sqla_memory_printf(memory, "%s%s\"%s\"", json.text, i > 0 ? "," : "", list->items[i]);
    if (json.text != NULL && list->count > 0)
        json.text = sqla_memory_printf(memory, "%s]", json.text);
    if (json.text == NULL)
        return SQLA_ERR_NOMEM;
    *ret_value = list->count > 0 ? sqla_value_json(json) : sqla_null();
    return SQLA_OK;
}

static sqla_status words_load(const sqla_value *value, void *field, sqla_memory *memory, void *data, sqla_error *err)
{
    words *list = field;
    (void)data, (void)err;
    if (value->type == SQLA_NULL)
        return SQLA_OK;
    char *text = sqla_memory_copy(memory, value->as.bytes.data, value->as.bytes.size);
    const char **items = sqla_memory_take(memory, (value->as.bytes.size / 2 + 1) * sizeof *items);
    if (text == NULL || items == NULL)
        return SQLA_ERR_NOMEM;
    for (char *at = strchr(text, '"'); at != NULL; at = strchr(at + 1, '"')) {
        items[list->count++] = at + 1;
        at = strchr(at + 1, '"');
        *at = '\0';
    }
    list->items = items;
    return SQLA_OK;
}

static bool words_same(const void *a, const void *b, void *data)
{
    const words *x = a, *y = b;
    (void)data;
    bool same = x->count == y->count;
    for (size_t i = 0; same && i < x->count; i++)
        same = strcmp(x->items[i], y->items[i]) == 0;
    return same;
}

SQLA_DECLARE_CONVERSION(ip_address, SQLA_TEXT);
SQLA_DECLARE_CONVERSION(money, SQLA_DECIMAL);
SQLA_DECLARE_CONVERSION(permissions, SQLA_INT64);
SQLA_DECLARE_CONVERSION(words, SQLA_JSON);
SQLA_CONVERSION(ip_address, .store = ip_store, .load = ip_load, .data = &trouble);
SQLA_CONVERSION(money, .sql_type = "NUMERIC(14,2)", .store = money_store, .load = money_load, .same = money_same);
SQLA_CONVERSION(permissions, .store = permissions_store, .load = permissions_load);
SQLA_CONVERSION(words, .store = words_store, .load = words_load, .same = words_same);

/* ---- models --------------------------------------------------------------------------------------------------------- */

typedef struct Rack Rack;
typedef struct Host Host;
typedef struct Line Line;
SQLA_DECLARE(Rack);
SQLA_DECLARE(Host);
SQLA_DECLARE(Line);

struct Rack {
    int64_t id;
    words labels;
    SQLA_MANY(Host) hosts;
};

struct Host {
    int64_t id;
    const char *name;
    ip_address ip;
    sqla_opt_i64 rack_id;
    money price;
    permissions allowed;
    words tags;
    Rack *rack;
};
SQLA_MODEL(Rack, "racks", SQLA_COLUMN(id, .primary_key = true), SQLA_CONVERTED(labels, words), SQLA_TO_MANY(hosts, Host, rack_id));
SQLA_MODEL(Host, "hosts",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name),
    SQLA_CONVERTED(ip, ip_address, .unique = true),
    SQLA_FOREIGN_KEY(rack_id, Rack, id),
    SQLA_CONVERTED(price, money),
    SQLA_CONVERTED(allowed, permissions, .not_null = true),
    SQLA_CONVERTED(tags, words),
    SQLA_TO_ONE(rack, Rack, rack_id));

/* A row of a statement of any kind. */
struct Line {
    const char *name;
    ip_address ip;
    words tags;
};
SQLA_ROW(Line, SQLA_COLUMN(name), SQLA_CONVERTED(ip, ip_address), SQLA_CONVERTED(tags, words));

static ip_address v4(int last) { return (ip_address){ .version = 4, .bytes = { 10, 0, (uint8_t)(last / 256), (uint8_t)last } }; }
static money cents(int64_t n) { return (money){ .cents = n, .there = true }; }
static const char *const two_words[] = { "fast", "new" }, *const three_words[] = { "slow", "old", "loud" };
#define TWO { 2, two_words }
#define THREE { 3, three_words }

/* ---- the world ------------------------------------------------------------------------------------------------------ */

typedef struct world {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s;
    sqla_error err;
} world;

static void world_open(world *w, const char *url)
{
    memset(w, 0, sizeof *w);
    sqla_error_clear(&w->err);
    trouble = (struct trouble){ .load = false };
    w->db = sqla_create_engine(harness_sqlite_path(url) != NULL ? with_query(url, "synchronous=off") : url, NULL, &w->err);
    w->base = sqla_metadata_new(&w->err);
    sqla_metadata_add(w->base, SQLA_MODELS(Host, Rack), &w->err);
    sqla_metadata_create_all(w->base, w->db, &w->err);
    w->maker = sqla_sessionmaker_new(w->db, w->base, NULL, &w->err);
    w->s = sqla_open(w->maker, &w->err);
    CU_ASSERT_FATAL(is(&w->err, SQLA_OK));
}

static void world_close(world *w)
{
    sqla_close(w->s);
    sqla_sessionmaker_free(w->maker);
    sqla_metadata_free(w->base);
    sqla_engine_free(w->db);
}

/* Another session, which knows nothing yet. */
static void world_anew(world *w)
{
    sqla_close(w->s);
    w->s = sqla_open(w->maker, &w->err);
}

static Host *add_host(world *w, int number)
{
    return sqla_add(w->s, Host, .name = sqla_printf(w->s, "h%d", number), .ip = v4(number), .price = cents(number * 100 + 50),
                    .allowed = (permissions)number, .tags = TWO);
}

static bool has_words(const words *list, const words *expected) { return words_same(list, expected, NULL); }
static bool has_ip(const ip_address *ip, ip_address expected) { return memcmp(ip, &expected, sizeof expected) == 0; }

/* ---- there and back --------------------------------------------------------------------------------------------------- */

static void trip__all_kinds_there_and_back(const char *url)
{
    world w;
    world_open(&w, url);
    ip_address six = { .version = 6 };
    inet_pton(AF_INET6, "fe80::1", six.bytes);
    Host *host = sqla_add(w.s, Host, .name = "a", .ip = v4(7), .price = cents(-1250), .allowed = 0xffffffffu, .tags = THREE);
    sqla_add(w.s, Host, .name = "b", .ip = six, .price = cents(5));
    sqla_add(w.s, Host, .name = "c");
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    CU_ASSERT(has_ip(&host->ip, v4(7)) && host->price.cents == -1250 && host->allowed == 0xffffffffu && has_words(&host->tags, &(words)THREE));
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT ip FROM hosts WHERE name = 'a'"), "10.0.0.7");
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT ip FROM hosts WHERE name = 'b'"), "fe80::1");
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT price FROM hosts WHERE name = 'a'"), "-12.50");
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT allowed FROM hosts WHERE name = 'a'"), INT64_C(0xffffffff));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE ip IS NULL AND price IS NULL AND tags IS NULL AND allowed = 0"), 1);
    int64_t id = host->id;
    world_anew(&w);
    host = sqla_get(w.s, Host, id, &w.err);
    CU_ASSERT_FATAL(host != NULL);
    CU_ASSERT(has_ip(&host->ip, v4(7)) && host->price.cents == -1250 && host->price.there && host->allowed == 0xffffffffu);
    CU_ASSERT(has_words(&host->tags, &(words)THREE) && !sqla_is_modified(w.s, host));
    sqla_stmt *q = sqla_order_by(sqla_select(w.s, Host), sqla_asc(sqla_col(Host, name)));
    size_t n = 0;
    Host **all = sqla_all(q, Host, &n, &w.err);
    CU_ASSERT_FATAL(n == 3);
    CU_ASSERT(all[0] == host && has_ip(&all[1]->ip, six) && all[1]->price.cents == 5 && all[1]->tags.count == 0);
    CU_ASSERT(all[2]->ip.version == 0 && !all[2]->price.there && all[2]->tags.items == NULL);
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

static void update__writes_what_changed(const char *url)
{
    world w;
    world_open(&w, url);
    Host *host = add_host(&w, 1), *other = add_host(&w, 2);
    sqla_commit(w.s, &w.err);
    host->ip = v4(99);
    host->tags = (words)THREE;
    other->price.there = false;
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT ip FROM hosts WHERE name = 'h1'"), "10.0.0.99");
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE price IS NULL AND name = 'h2'"), 1);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE tags IS NOT NULL"), 2);
    host->tags = (words){ 0 };
    host->ip.version = 0;
    CU_ASSERT_EQUAL(sqla_commit(w.s, &w.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE tags IS NULL AND ip IS NULL AND name = 'h1'"), 1);
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

static void change__is_what_same_says(const char *url)
{
    world w;
    world_open(&w, url);
    Host *host = add_host(&w, 1);
    sqla_commit(w.s, &w.err);
    CU_ASSERT_PTR_EQUAL(sqla_get(w.s, Host, host->id, &w.err), host);
    char fast[] = "fast", new[] = "new";
    host->tags = (words){ 2, (const char *[]){ fast, new } }; /* the same words elsewhere */
    host->price.unused[3] = 'x';
    CU_ASSERT_FALSE(sqla_is_modified(w.s, host));
    host->price.cents++;
    CU_ASSERT_TRUE(sqla_is_modified(w.s, host));
    host->price.cents--;
    host->ip = v4(1);
    CU_ASSERT_FALSE(sqla_is_modified(w.s, host));
    host->ip.bytes[15] = 1; /* without a function of its own, bytes count */
    CU_ASSERT_TRUE(sqla_is_modified(w.s, host));
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    world_close(&w);
}

/* ---- whose memory it is ----------------------------------------------------------------------------------------------- */

static void memory__is_the_objects_own(const char *url)
{
    world w;
    world_open(&w, url);
    char one[] = "one", two[] = "two", long_word[5000];
    const char *list[] = { one, two, long_word };
    memset(long_word, 'l', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    Host *host = sqla_add(w.s, Host, .name = "a", .tags = { 3, list });
    CU_ASSERT_FATAL(host != NULL);
    one[0] = two[0] = 'X'; /* copied by add */
    list[2] = NULL;
    CU_ASSERT(host->tags.count == 3 && strcmp(host->tags.items[0], "one") == 0 && strlen(host->tags.items[2]) == sizeof long_word - 1);
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_OK);
    CU_ASSERT(strcmp(host->tags.items[1], "two") == 0);
    list[2] = "three";
    host->tags = (words){ 3, list }; /* lent until the flush */
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_OK);
    one[0] = two[0] = 'Y';
    CU_ASSERT(strcmp(host->tags.items[0], "Xne") == 0 && strcmp(host->tags.items[2], "three") == 0);
    host->tags = (words){ 1, host->tags.items + 2 }; /* out of what it has */
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    CU_ASSERT(host->tags.count == 1 && strcmp(host->tags.items[0], "three") == 0);
    world_close(&w);
}

static void refill__keeps_changes_and_their_memory(const char *url)
{
    world w;
    world_open(&w, url);
    Host *host = sqla_add(w.s, Host, .name = "a", .ip = v4(3), .tags = THREE);
    sqla_commit(w.s, &w.err);
    sqla_stmt *q = sqla_stmt_keep(sqla_select(w.s, Host));
    CU_ASSERT_PTR_EQUAL(sqla_one(q, Host, &w.err), host);
    host->tags = (words){ 2, host->tags.items + 1 };
    sqla_rollback(w.s, &w.err);
    harness_sql(url, "UPDATE hosts SET ip = '10.0.0.200', name = 'c'");
    CU_ASSERT_PTR_EQUAL(sqla_one(q, Host, &w.err), host);
    CU_ASSERT(has_ip(&host->ip, v4(200)) && has_words(&host->tags, &(words)THREE));
    CU_ASSERT_STRING_EQUAL(host->name, "c");

    /* Without autoflush, a change stands while the row is read anew. */
    sqla_sessionmaker *maker = sqla_sessionmaker_new(w.db, w.base, SQLA_SESSION_OPTIONS(.no_autoflush = true), &w.err);
    sqla_rollback(w.s, &w.err);
    sqla_session *s = sqla_open(maker, &w.err);
    host = sqla_one(sqla_select(s, Host), Host, &w.err);
    CU_ASSERT_FATAL(host != NULL);
    for (int i = 0; i < 20; i++) {
        host->tags = (words){ 2, host->tags.count == 3 ? host->tags.items + 1 : host->tags.items };
        sqla_expire(s, host);
        CU_ASSERT_PTR_EQUAL(sqla_one(sqla_select(s, Host), Host, &w.err), host);
        CU_ASSERT(host->tags.count == 2 && strcmp(host->tags.items[0], "old") == 0 && strcmp(host->tags.items[1], "loud") == 0);
    }
    CU_ASSERT(sqla_is_modified(s, host) && sqla_commit(s, &w.err) == SQLA_OK);
    CU_ASSERT(has_words(&host->tags, &(words){ 2, three_words + 1 }));
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

static void refresh__drops_changes(const char *url)
{
    world w;
    world_open(&w, url);
    Host *host = add_host(&w, 1);
    sqla_commit(w.s, &w.err);
    harness_sql(url, "UPDATE hosts SET ip = '10.0.0.77'");
    host->tags = (words)THREE;
    CU_ASSERT_EQUAL(sqla_refresh(w.s, host, &w.err), SQLA_OK);
    CU_ASSERT(has_ip(&host->ip, v4(77)) && has_words(&host->tags, &(words)TWO));
    sqla_expunge(w.s, host);
    CU_ASSERT_EQUAL(sqla_state(w.s, host), SQLA_FOREIGN);
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

/* ---- rollback --------------------------------------------------------------------------------------------------------- */

static void rollback__puts_back_what_was(const char *url)
{
    world w;
    world_open(&w, url);
    Host *host = add_host(&w, 1);
    sqla_commit(w.s, &w.err);
    host->tags = (words)THREE;
    host->ip = v4(50);
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_OK);
    host->tags = (words){ 1, three_words };
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_OK);
    host->tags = (words){ 2, three_words }; /* never flushed */
    CU_ASSERT_EQUAL(sqla_rollback(w.s, &w.err), SQLA_OK);
    CU_ASSERT(has_words(&host->tags, &(words)TWO) && has_ip(&host->ip, v4(1)) && !sqla_is_modified(w.s, host));
    Host *fresh = add_host(&w, 2);
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_rollback(w.s, &w.err), SQLA_OK);
    CU_ASSERT(sqla_state(w.s, fresh) == SQLA_TRANSIENT && has_words(&fresh->tags, &(words)TWO) && has_ip(&fresh->ip, v4(2)));
    sqla_add_object(w.s, Host, fresh);
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE ip IN ('10.0.0.1', '10.0.0.2')"), 2);
    world_close(&w);
}

static void savepoint__rolls_fields_back(const char *url)
{
    world w;
    world_open(&w, url);
    Host *host = add_host(&w, 1);
    sqla_commit(w.s, &w.err);
    host->tags = (words)THREE;
    sqla_savepoint *outer = sqla_begin_nested(w.s, &w.err);
    host->tags = (words){ 1, three_words };
    sqla_savepoint *inner = sqla_begin_nested(w.s, &w.err);
    host->tags = (words){ 2, three_words };
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_OK);
    CU_ASSERT_EQUAL(sqla_savepoint_rollback(inner, &w.err), SQLA_OK);
    CU_ASSERT(has_words(&host->tags, &(words){ 1, three_words }));
    CU_ASSERT_EQUAL(sqla_savepoint_rollback(outer, &w.err), SQLA_OK);
    CU_ASSERT(has_words(&host->tags, &(words)THREE));
    sqla_expunge(w.s, host); /* what was recorded of it goes too */
    CU_ASSERT(sqla_rollback(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    world_close(&w);
}

/* ---- many rows -------------------------------------------------------------------------------------------------------- */

static void batches__a_thousand_rows(const char *url)
{
    enum { MANY = 1000 };
    static Host *hosts[MANY];
    world w;
    world_open(&w, url);
    for (int i = 0; i < MANY; i++)
        hosts[i] = add_host(&w, i);
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(DISTINCT ip) FROM hosts WHERE tags IS NOT NULL AND price IS NOT NULL"), MANY);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT ip FROM hosts WHERE name = 'h999'"), "10.0.3.231");
    for (int i = 0; i < MANY; i++) {
        hosts[i]->price = cents(i * 3);
        hosts[i]->ip.bytes[0] = i == 500 ? 11 : 12;
        if (i % 2 == 0)
            hosts[i]->tags = i == 600 ? (words){ 0 } : (words)THREE;
    }
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT ip FROM hosts WHERE name = 'h500'"), "11.0.1.244");
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE tags IS NULL AND name = 'h600'"), 1);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE ip LIKE '12.%'"), MANY - 1);
    world_anew(&w);
    int n = 0;
    int64_t sum = 0;
    SQLA_EACH (Host, host, sqla_select(w.s, Host), &w.err) {
        int number = host->ip.bytes[2] * 256 + host->ip.bytes[3];
        const words expected = number % 2 != 0 ? (words)TWO : number == 600 ? (words){ 0 } : (words)THREE;
        n += has_words(&host->tags, &expected);
        sum += host->price.cents;
    }
    CU_ASSERT(n == MANY && sum == (int64_t)3 * MANY * (MANY - 1) / 2);
    CU_ASSERT(is(&w.err, SQLA_OK));
    for (int i = 0; i < 3; i++) { /* from memory to memory, again and again */
        SQLA_EACH (Host, host, sqla_select(w.s, Host), &w.err)
            sqla_expire(w.s, host);
    }
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

/* ---- queries ---------------------------------------------------------------------------------------------------------- */

static void conditions__take_converted_values(const char *url)
{
    world w;
    world_open(&w, url);
    for (int i = 1; i <= 5; i++)
        add_host(&w, i);
    ip_address ip = v4(3), other = v4(5), none = { .version = 0 };
    permissions four = 4;
    sqla_stmt *q = sqla_where(sqla_select(w.s, Host), sqla_eq(sqla_converted_col(Host, ip, ip_address), sqla_converted(ip_address, &ip)));
    Host *host = sqla_one(q, Host, &w.err);
    CU_ASSERT(host != NULL && strcmp(host->name, "h3") == 0);
    q = sqla_where(sqla_select(w.s, Host), sqla_eq(sqla_converted_col(Host, ip, ip_address), "10.0.0.2")); /* as it is stored */
    host = sqla_one(q, Host, &w.err);
    CU_ASSERT(host != NULL && strcmp(host->name, "h2") == 0);
    q = sqla_where(sqla_select(w.s, Host), sqla_in(sqla_converted_col(Host, ip, ip_address), sqla_converted(ip_address, &ip), sqla_converted(ip_address, &other)),
                   sqla_ge(sqla_col(Host, allowed), sqla_converted(permissions, &four)));
    host = sqla_one(q, Host, &w.err);
    CU_ASSERT(host != NULL && strcmp(host->name, "h5") == 0);
    q = sqla_where(sqla_select(w.s, Host), sqla_ne(sqla_converted_col(Host, ip, ip_address), sqla_converted(ip_address, &none)));
    size_t n = 0;
    sqla_all(q, Host, &n, &w.err);
    CU_ASSERT_EQUAL(n, 5);
    q = sqla_where(sqla_select(w.s, Host), sqla_like(sqla_converted_col(Host, ip, ip_address), "%.4"));
    host = sqla_one(q, Host, &w.err);
    CU_ASSERT(host != NULL && host->allowed == 4);
    q = sqla_where(sqla_select(w.s, Host), sqla_eq(sqla_column_of(sqla_model_of(Host), "ip"), sqla_param("ip")));
    host = sqla_one(sqla_bind(q, "ip", sqla_converted(ip_address, &other)), Host, &w.err);
    CU_ASSERT(host != NULL && has_ip(&host->ip, other));
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

static void parameters__and_cells_are_converted(const char *url)
{
    world w;
    world_open(&w, url);
    ip_address ip = v4(9), back = { .version = 0 };
    money price = cents(1999), paid = { .cents = 0 };
    const words list = THREE;
    words tags = { 0 };
    permissions bits = 5, read_bits = 0;
    add_host(&w, 1);
    sqla_commit(w.s, &w.err);
    sqla_execute(w.db, "UPDATE hosts SET ip = :ip, price = :price, allowed = :bits, tags = :tags",
                 sqla_params("ip", sqla_converted(ip_address, &ip), "price", sqla_converted(money, &price), "bits", sqla_converted(permissions, &bits),
                             "tags", sqla_converted(words, &list)), &w.err);
    CU_ASSERT(is(&w.err, SQLA_OK));
    sqla_conn *conn = sqla_connect(w.db, &w.err);
    sqla_stmt *q = sqla_bind(sqla_sql(conn, "SELECT ip, price, allowed, tags, NULL AS missing FROM hosts WHERE ip = :ip"), "ip", sqla_converted(ip_address, &ip));
    int rows = 0;
    SQLA_EACH_ROW (row, q, &w.err) {
        rows++;
        CU_ASSERT_EQUAL(sqla_row_converted(row, "ip", ip_address, &back, &w.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_row_converted(row, "price", money, &paid, &w.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_row_converted_at(row, 2, permissions, &read_bits, &w.err), SQLA_OK);
        CU_ASSERT_EQUAL(sqla_row_converted_at(row, 3, words, &tags, &w.err), SQLA_OK);
        CU_ASSERT(has_ip(&back, ip) && paid.cents == 1999 && read_bits == 5 && has_words(&tags, &list));
        CU_ASSERT_EQUAL(sqla_row_converted(row, "missing", ip_address, &back, &w.err), SQLA_OK);
        CU_ASSERT_EQUAL(back.version, 0);
        CU_ASSERT(is(&w.err, SQLA_OK));
        CU_ASSERT_EQUAL(sqla_row_converted(row, "none", ip_address, &back, &w.err), SQLA_ERR_MISUSE);
        sqla_error_clear(&w.err);
        back = ip;
        CU_ASSERT_EQUAL(sqla_row_converted(row, "tags", ip_address, &back, &w.err), SQLA_ERR_APPLICATION);
        CU_ASSERT(says(&w.err, "column 'tags': '[") && says(&w.err, "is no address") && strcmp(w.err.column, "tags") == 0 && has_ip(&back, ip));
        sqla_error_clear(&w.err);
        CU_ASSERT_EQUAL(sqla_row_converted(row, "ip", permissions, &read_bits, &w.err), SQLA_ERR_DATA);
        sqla_error_clear(&w.err);
        CU_ASSERT_EQUAL(sqla_row_converted_at_(row, 0, NULL, &back, &w.err), SQLA_ERR_MISUSE);
        sqla_error_clear(&w.err);
    }
    CU_ASSERT_EQUAL(rows, 1);
    q = sqla_sql_untouched(conn, harness_is_postgres(url) ? "SELECT count(*) FROM hosts WHERE ip = $1" : "SELECT count(*) FROM hosts WHERE ip = ?");
    CU_ASSERT_EQUAL(sqla_scalar_i64(sqla_bind_at(q, 1, sqla_converted(ip_address, &ip)), &w.err), 1);
    CU_ASSERT(is(&w.err, SQLA_OK));
    const sqla_value some[] = { sqla_value_text("10.0.0.255"), sqla_converted(ip_address, &ip) };
    CU_ASSERT_EQUAL(sqla_execute(conn, "UPDATE hosts SET ip = NULL WHERE ip IN (:some)", sqla_params("some", sqla_array_values(some, 2)), &w.err), SQLA_OK);
    sqla_conn_close(conn);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE ip IS NULL"), 1);
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

static void streams__and_plain_rows(const char *url)
{
    enum { MANY = 300 };
    world w;
    world_open(&w, url);
    for (int i = 0; i < MANY; i++)
        add_host(&w, i);
    sqla_commit(w.s, &w.err);
    int n = 0;
    SQLA_STREAM (Host, host, sqla_select(w.s, Host), &w.err)
        n += host->ip.version == 4 && has_words(&host->tags, &(words)TWO) && host->price.cents == (int64_t)host->allowed * 100 + 50;
    CU_ASSERT_EQUAL(n, MANY);
    n = 0;
    SQLA_EACH (Line, line, sqla_sql(w.s, "SELECT tags, ip, name FROM hosts"), &w.err)
        n += line->name[0] == 'h' && line->ip.version == 4 && has_words(&line->tags, &(words)TWO);
    CU_ASSERT_EQUAL(n, MANY);
    n = 0;
    SQLA_STREAM (Line, line, sqla_sql(w.s, "SELECT tags, ip, name FROM hosts"), &w.err)
        n += line->name[0] == 'h' && line->ip.version == 4 && has_words(&line->tags, &(words)TWO);
    CU_ASSERT_EQUAL(n, MANY);
    n = 0;
    SQLA_STREAM_ROW (row, sqla_sql(w.s, "SELECT tags FROM hosts"), &w.err) {
        words tags;
        n += sqla_row_converted(row, "tags", words, &tags, &w.err) == SQLA_OK && has_words(&tags, &(words)TWO);
    }
    CU_ASSERT_EQUAL(n, MANY);
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

static void selectin__loads_fields_of_the_others(const char *url)
{
    world w;
    world_open(&w, url);
    for (int i = 0; i < 3; i++) {
        Rack *rack = sqla_add(w.s, Rack, .labels = TWO);
        for (int k = 0; k < 4; k++)
            sqla_append(w.s, rack, hosts, add_host(&w, 4 * i + k));
    }
    sqla_commit(w.s, &w.err);
    world_anew(&w);
    int n = 0;
    SQLA_EACH (Rack, rack, sqla_selectin(sqla_select(w.s, Rack), Rack, hosts), &w.err) {
        CU_ASSERT(rack->hosts.count == 4 && has_words(&rack->labels, &(words)TWO));
        SQLA_EACH_IN (Host, host, rack->hosts)
            n += has_words(&host->tags, &(words)TWO) && host->ip.version == 4 && host->rack == rack;
    }
    CU_ASSERT_EQUAL(n, 12);
    CU_ASSERT(is(&w.err, SQLA_OK));
    world_close(&w);
}

/* ---- failures --------------------------------------------------------------------------------------------------------- */

static void store__that_fails_is_told(const char *url)
{
    world w;
    world_open(&w, url);
    CU_ASSERT_PTR_NULL(sqla_add(w.s, Host, .name = "a", .ip = { .version = 9 }));
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_ERR_APPLICATION);
    CU_ASSERT(says(&w.err, "field 'ip' of 'Host': version 9 of IP is not known"));
    sqla_error_clear(&w.err);
    sqla_rollback(w.s, &w.err);
    sqla_add(w.s, Rack, .labels = TWO);
    Host *host = add_host(&w, 1);
    host->ip.version = 8;
    CU_ASSERT_EQUAL(sqla_commit(w.s, &w.err), SQLA_ERR_APPLICATION);
    CU_ASSERT(says(&w.err, "version 8") && strcmp(w.err.table, "hosts") == 0 && strcmp(w.err.column, "ip") == 0);
    sqla_error_clear(&w.err);
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_ERR_ROLLBACK_FIRST);
    sqla_error_clear(&w.err);
    CU_ASSERT_EQUAL(sqla_rollback(w.s, &w.err), SQLA_OK);
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM racks"), 0);
    host = add_host(&w, 2);
    sqla_commit(w.s, &w.err);
    host->ip = v4(100);
    trouble.silent = true;
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_ERR_DATA);
    CU_ASSERT(says(&w.err, "field 'ip' of 'Host': conversion 'ip_address' cannot store what is there"));
    sqla_error_clear(&w.err);
    sqla_rollback(w.s, &w.err);
    trouble.silent = false;
    trouble.other_type = true;
    host->ip = v4(101);
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_ERR_DATA);
    CU_ASSERT(says(&w.err, "conversion 'ip_address' gave a value that is not of its type"));
    sqla_error_clear(&w.err);
    sqla_rollback(w.s, &w.err);
    trouble.other_type = false;
    CU_ASSERT(has_ip(&host->ip, v4(2)));
    trouble.thousandths = true; /* the database would round it */
    host->price.cents++;
    CU_ASSERT_EQUAL(sqla_flush(w.s, &w.err), SQLA_ERR_DATA);
    CU_ASSERT(says(&w.err, "field 'price' of 'Host' keeps 2 digits behind the point, and the value has more"));
    sqla_error_clear(&w.err);
    sqla_rollback(w.s, &w.err);
    trouble.thousandths = false;
    ip_address bad = { .version = 7 };
    CU_ASSERT_EQUAL(sqla_execute(w.db, "UPDATE hosts SET ip = :ip", sqla_params("ip", sqla_converted(ip_address, &bad)), &w.err), SQLA_ERR_APPLICATION);
    CU_ASSERT(says(&w.err, "version 7"));
    sqla_error_clear(&w.err);
    sqla_stmt *q = sqla_where(sqla_select(w.s, Host), sqla_eq(sqla_converted_col(Host, ip, ip_address), sqla_converted(ip_address, &bad)));
    CU_ASSERT_PTR_NULL(sqla_first(q, Host, &w.err));
    CU_ASSERT(is(&w.err, SQLA_ERR_APPLICATION) && says(&w.err, "version 7"));
    sqla_error_clear(&w.err);
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT ip FROM hosts"), "10.0.0.2");
    world_close(&w);
}

static void load__that_fails_is_told(const char *url)
{
    enum { MANY = 50 };
    world w;
    world_open(&w, url);
    for (int i = 0; i < MANY; i++)
        add_host(&w, i);
    sqla_commit(w.s, &w.err);
    harness_sql(url, "UPDATE hosts SET ip = 'nowhere' WHERE name = 'h30'");
    world_anew(&w);
    sqla_stmt *q = sqla_stmt_keep(sqla_order_by(sqla_select(w.s, Host), sqla_asc(sqla_col(Host, id))));
    CU_ASSERT_PTR_NULL(sqla_all(q, Host, NULL, &w.err));
    CU_ASSERT(is(&w.err, SQLA_ERR_APPLICATION) && says(&w.err, "cannot read column 'ip' of row 31 into 'Host': 'nowhere' is no address"));
    CU_ASSERT(w.err.row == 31 && strcmp(w.err.table, "hosts") == 0 && strcmp(w.err.column, "ip") == 0);
    sqla_error_clear(&w.err);
    int n = 0;
    SQLA_STREAM (Host, host, sqla_order_by(sqla_select(w.s, Host), sqla_asc(sqla_col(Host, id))), &w.err)
        n += host->ip.version == 4;
    CU_ASSERT(n == 30 && is(&w.err, SQLA_ERR_APPLICATION) && w.err.row == 31 && says(&w.err, "of row 31 into"));
    sqla_error_clear(&w.err);
    SQLA_EACH (Line, line, sqla_sql(w.s, "SELECT name, ip, tags FROM hosts ORDER BY id"), &w.err)
        CU_FAIL("a row was given");
    CU_ASSERT(is(&w.err, SQLA_ERR_APPLICATION) && w.err.row == 31 && says(&w.err, "into 'Line'"));
    sqla_error_clear(&w.err);
    sqla_rollback(w.s, &w.err);
    harness_sql(url, "UPDATE hosts SET ip = NULL WHERE name = 'h30'");
    size_t all = 0;
    CU_ASSERT(sqla_all(q, Host, &all, &w.err) != NULL && all == MANY);
    trouble.load = true;
    Host *host = sqla_first(q, Host, &w.err);
    CU_ASSERT_FATAL(host != NULL);
    CU_ASSERT(is(&w.err, SQLA_OK)); /* nothing is loaded for what is fresh */
    CU_ASSERT_EQUAL(sqla_refresh(w.s, host, &w.err), SQLA_ERR_APPLICATION);
    sqla_error_clear(&w.err);
    trouble.load = false;
    CU_ASSERT(has_ip(&host->ip, v4(0)) && has_words(&host->tags, &(words)TWO));
    CU_ASSERT_EQUAL(sqla_refresh(w.s, host, &w.err), SQLA_OK);
    world_close(&w);
}

/* ---- declarations ------------------------------------------------------------------------------------------------------ */

/* As a program may fill them in by itself. */
static sqla_status try_model(const sqla_column_item *column, const char *text)
{
    const sqla_item items[] = {
        { SQLA_ITEM_COLUMN, { .column = { .field = "id", .layout = SQLA_LAYOUT(0, 8, SQLA_INT64), .primary_key = true } } },
        { SQLA_ITEM_COLUMN, { .column = *column } }
    };
    const sqla_model model = { sizeof model, sizeof(sqla_item), 64, 2, "Thing", "things", NULL, items };
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_status status = sqla_metadata_add_model(base, &model, &err);
    CU_ASSERT(text == NULL || says(&err, text));
    CU_ASSERT(text == NULL || says(&err, "model 'Thing', field 'ip'"));
    sqla_metadata_free(base);
    return status;
}

static void models__are_checked(const char *url)
{
    (void)url;
    sqla_conversion conversion = sqla_conversion_of_ip_address;
    const sqla_column_item good = { .field = "ip", .layout = SQLA_LAYOUT(8, sizeof(ip_address), SQLA_FORM_(SQLA_TEXT, SQLA_FORM_NULLABLE)),
                                    .conversion = &conversion };
    sqla_column_item column = good;
    CU_ASSERT_EQUAL(try_model(&column, NULL), SQLA_OK);
    column.layout = SQLA_LAYOUT(8, 16, SQLA_FORM_(SQLA_TEXT, SQLA_FORM_NULLABLE));
    CU_ASSERT_EQUAL(try_model(&column, "it has 16 bytes, and its conversion 'ip_address' is for 17"), SQLA_ERR_MISUSE);
    column = good, column.primary_key = true;
    CU_ASSERT_EQUAL(try_model(&column, "a field with a conversion is no key"), SQLA_ERR_MISUSE);
    column = good, column.references = sqla_model_of_Rack;
    CU_ASSERT_EQUAL(try_model(&column, "a field with a conversion is no key"), SQLA_ERR_MISUSE);
    column = good, column.server_default = "'10.0.0.1'";
    CU_ASSERT_EQUAL(try_model(&column, "has no .server_default"), SQLA_ERR_MISUSE);
    column = good, column.natural = true;
    CU_ASSERT_EQUAL(try_model(&column, "has no .storage, .native or .natural"), SQLA_ERR_MISUSE);
    column = good, column.layout = SQLA_LAYOUT(8, sizeof(ip_address), SQLA_FORM_(SQLA_BLOB, SQLA_FORM_NULLABLE));
    CU_ASSERT_EQUAL(try_model(&column, "stores another type than the one that it was declared with"), SQLA_ERR_MISUSE);
    column = good;
    conversion.load = NULL;
    CU_ASSERT_EQUAL(try_model(&column, "needs both store and load"), SQLA_ERR_MISUSE);
    conversion = sqla_conversion_of_ip_address, conversion.type = SQLA_ENUM_TYPE;
    CU_ASSERT_EQUAL(try_model(&column, "stores a type that no conversion can have"), SQLA_ERR_MISUSE);
    conversion = sqla_conversion_of_ip_address, conversion.struct_size = 8;
    CU_ASSERT_EQUAL(try_model(&column, "not as the macros make it"), SQLA_ERR_MISUSE);
    conversion = sqla_conversion_of_ip_address, conversion.sql_type = "";
    CU_ASSERT_EQUAL(try_model(&column, "the .sql_type of its conversion is empty"), SQLA_ERR_MISUSE);
}

static void foreign_keys__do_not_point_at_them(const char *url)
{
    (void)url;
    sqla_error err = SQLA_ERROR_INIT;
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Host), &err);
    sqla_model *model = sqla_model_new(base, "Log", "logs", &err);
    sqla_model_add_column(model, "id", SQLA_INT64, &(const sqla_column_item){ .primary_key = true }, &err);
    sqla_model_add_foreign_key(model, "host_ip", SQLA_TEXT | SQLA_FORM_NULLABLE, sqla_metadata_model(base, "Host"), "ip", NULL, &err);
    CU_ASSERT(is(&err, SQLA_OK));
    CU_ASSERT_PTR_NULL(sqla_metadata_table(base, 0));
    sqla_engine *db = sqla_create_engine("sqlite://", NULL, &err);
    CU_ASSERT_PTR_NULL(sqla_sessionmaker_new(db, base, NULL, &err));
    CU_ASSERT(is(&err, SQLA_ERR_MISUSE) && says(&err, "model 'Log', field 'host_ip': it points at a field with a conversion"));
    sqla_engine_free(db);
    sqla_metadata_free(base);
}

static void null__is_refused_where_the_model_says_so(const char *url)
{
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_model *model = sqla_model_new(base, "Thing", "things", &err);
    sqla_model_add_column(model, "id", SQLA_INT64, &(const sqla_column_item){ .primary_key = true }, &err);
    sqla_model_add_converted(model, "ip", &sqla_conversion_of_ip_address, &(const sqla_column_item){ .not_null = true, .unique = true }, &err);
    sqla_model_add_converted(model, "tags", &sqla_conversion_of_words, NULL, &err);
    sqla_metadata_create_all(base, db, &err);
    sqla_sessionmaker *maker = sqla_sessionmaker_new(db, base, NULL, &err);
    sqla_session *s = sqla_open(maker, &err);
    CU_ASSERT_FATAL(is(&err, SQLA_OK));
    void *thing = sqla_new_object(s, model);
    CU_ASSERT_EQUAL(sqla_flush(s, &err), SQLA_ERR_NOT_NULL);
    CU_ASSERT(says(&err, "field 'ip' of 'Thing' needs a value"));
    sqla_error_clear(&err);
    sqla_rollback(s, &err);
    sqla_add_object_(s, model, thing);
    ip_address ip = v4(8);
    const words list = TWO;
    sqla_field_set(s, thing, "ip", sqla_converted(ip_address, &ip), &err);
    sqla_field_set(s, thing, "tags", sqla_converted(words, &list), &err);
    CU_ASSERT(sqla_commit(s, &err) == SQLA_OK && is(&err, SQLA_OK));
    CU_ASSERT_STRING_EQUAL(harness_sql_text(url, "SELECT ip FROM things"), "10.0.0.8");
    *(ip_address *)sqla_field_place(s, thing, "ip", &err) = (ip_address){ .version = 0 };
    CU_ASSERT_EQUAL(sqla_flush(s, &err), SQLA_ERR_NOT_NULL);
    CU_ASSERT(says(&err, "field 'ip' of 'Thing' cannot be NULL"));
    sqla_error_clear(&err);
    sqla_close(s);
    sqla_sessionmaker_free(maker);
    sqla_metadata_free(base);
    sqla_engine_free(db);
}

static void fields__by_name(const char *url)
{
    world w;
    world_open(&w, url);
    Host *host = add_host(&w, 1);
    sqla_commit(w.s, &w.err);
    sqla_value v = sqla_field_get(w.s, host, "ip", &w.err), again = sqla_field_get(w.s, host, "ip", &w.err);
    CU_ASSERT(v.type == SQLA_TEXT && v.as.bytes.size == 8 && memcmp(v.as.bytes.data, "10.0.0.1", 8) == 0 && again.as.bytes.data == v.as.bytes.data);
    ip_address ip = v4(6);
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "ip", sqla_converted(ip_address, &ip), &w.err), SQLA_OK);
    CU_ASSERT(has_ip(&host->ip, ip) && sqla_is_modified(w.s, host));
    char text[] = "10.0.0.5";
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "ip", sqla_value_text(text), &w.err), SQLA_OK); /* as it is stored */
    text[0] = 'x';
    v = sqla_field_get(w.s, host, "ip", &w.err);
    CU_ASSERT(has_ip(&host->ip, v4(5)) && v.as.bytes.size == 8 && memcmp(v.as.bytes.data, "10.0.0.5", 8) == 0);
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "tags", sqla_null(), &w.err), SQLA_OK);
    CU_ASSERT(host->tags.count == 0 && sqla_field_get(w.s, host, "tags", &w.err).type == SQLA_NULL);
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "allowed", sqla_value_i64(3), &w.err), SQLA_OK);
    CU_ASSERT_PTR_EQUAL(sqla_field_place(w.s, host, "allowed", &w.err), &host->allowed);
    CU_ASSERT(is(&w.err, SQLA_OK));
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "ip", sqla_value_text("nowhere"), &w.err), SQLA_ERR_APPLICATION);
    CU_ASSERT(says(&w.err, "field 'ip' of 'Host': 'nowhere' is no address") && has_ip(&host->ip, v4(5)));
    sqla_error_clear(&w.err);
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "ip", sqla_value_i64(3), &w.err), SQLA_ERR_DATA);
    sqla_error_clear(&w.err);
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "tags", sqla_converted(ip_address, &ip), &w.err), SQLA_ERR_MISUSE);
    CU_ASSERT(says(&w.err, "it has conversion 'words', and the value another one"));
    sqla_error_clear(&w.err);
    CU_ASSERT_EQUAL(sqla_field_set(w.s, host, "name", sqla_converted(ip_address, &ip), &w.err), SQLA_ERR_DATA);
    sqla_error_clear(&w.err);
    CU_ASSERT_PTR_NULL(sqla_field_place(w.s, host, "colour", &w.err));
    CU_ASSERT(is(&w.err, SQLA_ERR_MISUSE));
    sqla_error_clear(&w.err);
    CU_ASSERT(sqla_commit(w.s, &w.err) == SQLA_OK && is(&w.err, SQLA_OK));
    CU_ASSERT_EQUAL(harness_sql_int(url, "SELECT count(*) FROM hosts WHERE ip = '10.0.0.5' AND tags IS NULL AND allowed = 3"), 1);
    world_close(&w);
}

static const struct harness_test tests[] = {
    { "trip: all kinds, there and back", trip__all_kinds_there_and_back, HARNESS_DATABASES },
    { "update writes what changed", update__writes_what_changed, HARNESS_DATABASES },
    { "a change is what same says", change__is_what_same_says, HARNESS_DATABASES },
    { "memory is the object's own", memory__is_the_objects_own, HARNESS_DATABASES },
    { "refill keeps changes and their memory", refill__keeps_changes_and_their_memory, HARNESS_DATABASES },
    { "refresh drops changes", refresh__drops_changes, HARNESS_DATABASES },
    { "rollback puts back what was", rollback__puts_back_what_was, HARNESS_DATABASES },
    { "a savepoint rolls fields back", savepoint__rolls_fields_back, HARNESS_DATABASES },
    { "batches: a thousand rows", batches__a_thousand_rows, HARNESS_DATABASES },
    { "conditions take converted values", conditions__take_converted_values, HARNESS_DATABASES },
    { "parameters and cells are converted", parameters__and_cells_are_converted, HARNESS_DATABASES },
    { "streams and plain rows", streams__and_plain_rows, HARNESS_DATABASES },
    { "selectin loads fields of the others", selectin__loads_fields_of_the_others, HARNESS_DATABASES },
    { "a store that fails is told", store__that_fails_is_told, HARNESS_DATABASES },
    { "a load that fails is told", load__that_fails_is_told, HARNESS_DATABASES },
    { "models are checked", models__are_checked, HARNESS_PLAIN },
    { "foreign keys do not point at them", foreign_keys__do_not_point_at_them, HARNESS_PLAIN },
    { "NULL is refused where the model says so", null__is_refused_where_the_model_says_so, HARNESS_DATABASES },
    { "fields by name", fields__by_name, HARNESS_DATABASES },
};

int main(void) { return harness_main("test-convert", tests, sizeof tests / sizeof tests[0]); }
