/* params.c: what a driver is given at a connect.
 *
 * It comes from three places: pairs that the program gives, the parts of the URL, and those keys of its query that are no
 * options of the engine. A driver that tells its keys (connect_options) has them checked here, before anything is connected:
 * an unknown key is answered with the nearest one among all that are known, the engine's own included. What may be a secret is
 * noted, so that it is shown nowhere. */
#include <config.h>
#include "engine/engine.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* known NULL: the driver does not tell its keys, and judges for itself. */
typedef struct params {
    sqla_engine *db;
    const sqla__url *url;
    const sqla_engine_options *given;
    const sqla_connect_option *known;
    uint32_t known_count;
    uint32_t own;                  /* pairs of the program among db->params: the first ones */
    sqla_error *err;
} params;

/* ---- names ----------------------------------------------------------------------------------------------------- */

static const sqla_connect_option *find_known(const params *p, const char *key)
{
    for (uint32_t i = 0; p->known != NULL && i < p->known_count; i++) {
        if (strcmp(p->known[i].key, key) == 0)
            return &p->known[i];
    }
    return NULL;
}

static bool is_engine_option(const char *key)
{
    const char *name;
    for (size_t i = 0; (name = sqla__engine_option_key(i)) != NULL; i++) {
        if (strcmp(name, key) == 0)
            return true;
    }
    return false;
}

/* The name that stands for a key and all its other names. */
static const char *main_name(const params *p, const char *key)
{
    const sqla_connect_option *option = find_known(p, key);
    return option != NULL && option->same_as != NULL ? option->same_as : key;
}

/* Of all keys that may stand in a URL the one that is most like this; NULL: none is. */
static const char *nearest(const params *p, const char *key)
{
    size_t n = 0;
    char lower[65];
    const char **names = sqla__arena_zero(&p->db->arena, p->known_count + 64, sizeof *names);
    if (names == NULL)
        return NULL;
    for (; n < 64 && sqla__engine_option_key(n) != NULL; n++)
        names[n] = sqla__engine_option_key(n);
    for (uint32_t i = 0; i < p->known_count; i++)
        names[n++] = p->known[i].key;
    sqla__text_fit(lower, sizeof lower, key);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return sqla__text_nearest(lower, names, n);
}

static void hint_nearest(const params *p, const char *key)
{
    const char *near = nearest(p, key);
    if (near != NULL)
        sqla__error_hint(p->err, "did you mean '%s'?", near);
    else
        sqla__error_hint(p->err, "the engine's options and what driver '%s' takes are listed in the manual page sqla-url(7)", p->db->driver->name);
}

static sqla_status refuse_unknown(const params *p, const char *key)
{
    sqla__error_set(p->err, SQLA_ERR_CONFIG, "cannot read the URL: unknown key '%s'", key);
    sqla__url_place(p->url, key, p->err);
    hint_nearest(p, key);
    return SQLA_ERR_CONFIG;
}

/* Most likely a path with a slash too few. What stands there is not shown: it may be a part of a password. */
static sqla_status refuse_part(const params *p, const char *part)
{
    sqla__error_set(p->err, SQLA_ERR_CONFIG, "cannot read the URL: it gives a %s, and driver '%s' takes none", part, p->db->driver->name);
    sqla__error_hint(p->err, "a database that is a file has three slashes before its path: %s:///relative/path or %s:////absolute/path",
                     p->url->scheme, p->url->scheme);
    return SQLA_ERR_CONFIG;
}

/* ---- secrets --------------------------------------------------------------------------------------------------- */

static bool is_hidden(const void *arg, const char *key)
{
    const sqla_connect_option *option = find_known(arg, key);
    return sqla__url_key_is_secret(key) || (option != NULL && (option->flags & (SQLA_OPTION_SECRET | SQLA_OPTION_SETTINGS)) != 0);
}

/* text lies in our arena. */
static void keep_secret(sqla_engine *db, const char *text)
{
    db->secrets[db->secret_count++] = text;
}

static const char *name_of_setting(const char *word)
{
    const char *dot = strrchr(word, '.');
    return dot != NULL ? dot + 1 : word + strspn(word, "-");
}

/* One word of a list of settings, which is ours: name=value, or something that is wrong. Words such as "on" are in every other message and hide nothing. */
static void note_setting(sqla_engine *db, char *word)
{
    char *equals = strchr(word, '='), *value = equals != NULL ? equals + 1 : word;
    if (equals != NULL)
        *equals = '\0';
    if (equals != NULL && *value != '\0' && sqla__url_key_is_secret(name_of_setting(word)))
        keep_secret(db, value);
    else if (strlen(value) >= 4)
        db->settings[db->setting_count++] = value;
}

/* Words stand between blanks, and a backslash takes the meaning of what follows it. */
static sqla_status note_settings(sqla_engine *db, const char *list, sqla_error *err)
{
    char *text = sqla__arena_strdup(&db->arena, list), *word = text, *to = text;
    if (text == NULL)
        return sqla__error_nomem(err);
    for (const char *from = text;; from++) {
        if (*from == '\\' && from[1] != '\0') {
            *to++ = *++from;
            continue;
        }
        bool ends = *from == ' ' || *from == '\t' || *from == '\0', last = *from == '\0';
        *to++ = ends ? '\0' : *from;
        if (ends)
            note_setting(db, word);
        if (last)
            return SQLA_OK;
        if (ends)
            word = to;
    }
}

static sqla_status note_value(const params *p, const char *key, const char *value)
{
    const sqla_connect_option *option = find_known(p, key);
    if (option != NULL && (option->flags & SQLA_OPTION_SETTINGS) != 0)
        return note_settings(p->db, value, p->err);
    if (is_hidden(p, key))
        keep_secret(p->db, value);
    return SQLA_OK;
}

/* Room for every secret: each value is one, or a list of words with blanks between them. */
static sqla_status make_room(const params *p)
{
    size_t pairs = 0, words = 1;
    const sqla_option *pair = p->given->connect;
    for (; pair != NULL && pair->key != NULL; pair++, pairs++) {
        for (const char *c = pair->value; c != NULL && *c != '\0'; c++)
            words += *c == ' ' || *c == '\t';
    }
    for (size_t i = 0; i < p->url->query_count; i++) {
        for (const char *c = p->url->values[i]; *c != '\0'; c++)
            words += *c == ' ' || *c == '\t';
    }
    words += pairs + p->url->query_count;
    p->db->params = sqla__arena_zero(&p->db->arena, pairs + p->url->query_count + 5, sizeof *p->db->params);
    p->db->secrets = sqla__arena_zero(&p->db->arena, words, sizeof *p->db->secrets);
    p->db->settings = sqla__arena_zero(&p->db->arena, words, sizeof *p->db->settings);
    bool ok = p->db->params != NULL && p->db->secrets != NULL && p->db->settings != NULL;
    return ok ? SQLA_OK : sqla__error_nomem(p->err);
}

void sqla__engine_scrub(const sqla_engine *db, sqla_error *err)
{
    for (uint32_t i = 0; i < db->secret_count; i++)
        sqla__error_scrub(err, db->secrets[i]);
}

void sqla__engine_scrub_connect(const sqla_engine *db, sqla_error *err)
{
    for (uint32_t i = 0; i < db->setting_count; i++)
        sqla__error_scrub(err, db->settings[i]);
}

/* ---- what the program says ------------------------------------------------------------------------------------- */

/* A lock with a slip of the pen in it would lock nothing. */
static sqla_status check_locks(const params *p)
{
    for (const char *const *lock = p->given->locked; lock != NULL && *lock != NULL; lock++) {
        if (p->known == NULL || is_engine_option(*lock) || find_known(p, *lock) != NULL)
            continue;
        sqla__error_set(p->err, SQLA_ERR_CONFIG, "cannot lock '%.64s': no such key can stand in a URL", *lock);
        hint_nearest(p, *lock);
        return SQLA_ERR_CONFIG;
    }
    return SQLA_OK;
}

static sqla_status check_lock(const params *p, const char *key)
{
    for (const char *const *lock = p->given->locked; lock != NULL && *lock != NULL; lock++) {
        if (strcmp(main_name(p, *lock), main_name(p, key)) != 0)
            continue;
        sqla__error_set(p->err, SQLA_ERR_CONFIG, "cannot read the URL: it gives '%s', which the program has locked", key);
        sqla__url_place(p->url, key, p->err);
        sqla__error_hint(p->err, "take it out of the URL");
        return SQLA_ERR_CONFIG;
    }
    return SQLA_OK;
}

static bool is_locked(const params *p, const char *key)
{
    const char *const *lock = p->given->locked;
    while (lock != NULL && *lock != NULL && strcmp(main_name(p, *lock), key) != 0)
        lock++;
    return lock != NULL && *lock != NULL;
}

static bool is_own(const params *p, const char *key)
{
    for (uint32_t i = 0; i < p->own; i++) {
        if (strcmp(p->db->params[i].key, key) == 0)
            return true;
    }
    return false;
}

static sqla_status refuse_twin(const params *p, const char *key, const char *twin, bool locked)
{
    sqla__error_set(p->err, SQLA_ERR_CONFIG,
        "cannot read the URL: it gives '%s', which decides in the place of '%s', which the program %s", key,
        twin, locked ? "has locked" : "gives");
    sqla__url_place(p->url, key, p->err);
    sqla__error_hint(p->err, "take it out of the URL");
    return SQLA_ERR_CONFIG;
}

/* A part that the program keeps for itself cannot be got round by a key that decides in its place. One
 * that may decide anything is kept out by any lock; what the program gives stays as it is given. */
static sqla_status check_twins(const params *p, const char *key)
{
    const sqla_connect_option *option = find_known(p, key);
    const char *at = option != NULL && option->twins != NULL ? option->twins : "";
    char twin[64];
    for (size_t n; *at != '\0'; at += n + (at[n] == ' ')) {
        n = strcspn(at, " ");
        snprintf(twin, sizeof twin, "%.*s", (int)n, at);
        for (uint32_t i = 0; strcmp(twin, "*") == 0 && i < p->known_count; i++) {
            if (is_locked(p, p->known[i].key))
                return refuse_twin(p, key, p->known[i].key, true);
        }
        if (is_locked(p, twin) || is_own(p, twin))
            return refuse_twin(p, key, twin, is_locked(p, twin));
    }
    return SQLA_OK;
}

/* A host may bring its port: "name:5432", "[::1]:5432". A path and a bare IPv6 address have colons of
 * their own. */
static bool brings_port(const char *hosts)
{
    for (const char *at = hosts; at != NULL; at = strchr(at, ','), at = at != NULL ? at + 1 : NULL) {
        const char *end = at + strcspn(at, ","),
                   *from = *at == '[' ? memchr(at, ']', (size_t)(end - at)) : at;
        const char *colon =
            from != NULL && *at != '/' && *at != '@' ? memchr(from, ':', (size_t)(end - from)) : NULL;
        if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) == NULL)
            return true;
    }
    return false;
}

static sqla_status check_url_key(const params *p, const char *key, const char *value)
{
    sqla_status status = check_lock(p, key);
    bool port = strcmp(key, "host") == 0 && brings_port(value) && (is_locked(p, "port") || is_own(p, "port"));
    if (status == SQLA_OK && port)
        status = refuse_twin(p, key, "port", is_locked(p, "port"));
    return status == SQLA_OK ? check_twins(p, key) : status;
}

static sqla_status check_pair(const params *p, const sqla_option *pair)
{
    if (pair->value == NULL)
        return sqla__error_set(p->err, SQLA_ERR_CONFIG, "the program gives '%.64s' without a value", pair->key);
    if (is_engine_option(pair->key))
        return sqla__error_set(p->err, SQLA_ERR_CONFIG, "'%s' is no parameter of a connection: it is a member of the engine's options", pair->key);
    if (p->known == NULL || find_known(p, pair->key) != NULL)
        return SQLA_OK;
    sqla__error_set(p->err, SQLA_ERR_CONFIG, "the program gives '%.64s', which driver '%s' does not know", pair->key, p->db->driver->name);
    hint_nearest(p, pair->key);
    return SQLA_ERR_CONFIG;
}

/* ---- collecting ------------------------------------------------------------------------------------------------ */

static sqla_status add(const params *p, const char *key, const char *value)
{
    const char *name = main_name(p, key);
    for (uint32_t i = 0; i < p->db->param_count; i++) {
        if (strcmp(p->db->params[i].key, name) != 0)
            continue;
        sqla__error_set(p->err, SQLA_ERR_CONFIG, i < p->own ? "'%s' is given by the program and given again" : "'%s' is given twice", key);
        sqla__url_place(p->url, key, p->err);
        sqla__error_hint(p->err, i < p->own ? "take it out of the URL" : "give each part and each key once, under one name");
        return SQLA_ERR_CONFIG;
    }
    p->db->params[p->db->param_count++] = (sqla_connect_param){ name, value };
    return note_value(p, key, value);
}

static sqla_status add_pairs(params *p)
{
    sqla_status status = SQLA_OK;
    const sqla_option *pair = p->given->connect;
    for (; status == SQLA_OK && pair != NULL && pair->key != NULL; pair++) {
        status = check_pair(p, pair);
        if (status != SQLA_OK)
            return status;
        const char *key = sqla__arena_strdup(&p->db->arena, pair->key), *value = sqla__arena_strdup(&p->db->arena, pair->value);
        status = key != NULL && value != NULL ? add(p, key, value) : sqla__error_nomem(p->err);
    }
    p->own = p->db->param_count;
    return status;
}

static sqla_status add_parts(const params *p)
{
    const sqla_connect_param parts[] = { { "host", p->url->host }, { "port", p->url->port }, { "user", p->url->user },
                                         { "password", p->url->password }, { "database", p->url->database } };
    sqla_status status = SQLA_OK;
    for (size_t i = 0; status == SQLA_OK && i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].value == NULL)
            continue;
        status = p->known != NULL && find_known(p, parts[i].key) == NULL
                     ? refuse_part(p, parts[i].key)
                     : check_url_key(p, parts[i].key, parts[i].value);
        if (status == SQLA_OK)
            status = add(p, parts[i].key, parts[i].value);
    }
    return status;
}

static sqla_status add_query(const params *p)
{
    sqla_status status = SQLA_OK;
    for (size_t i = 0; status == SQLA_OK && i < p->url->query_count; i++) {
        const char *key = p->url->keys[i];
        bool engine = is_engine_option(key);
        status = p->known != NULL && !engine && find_known(p, key) == NULL
                     ? refuse_unknown(p, key)
                     : check_url_key(p, key, p->url->values[i]);
        if (status == SQLA_OK && !engine)
            status = add(p, key, p->url->values[i]);
    }
    return status;
}

sqla_status sqla__engine_take_params(sqla_engine *db, const sqla__url *url, const sqla_engine_options *given, sqla_error *err)
{
    params p = { .db = db, .url = url, .given = given, .err = err };
    sqla_status status = db->driver->slots.connect_options(&db->driver->ops, &p.known, &p.known_count, err);
    if (status == SQLA_OK)
        status = make_room(&p);
    if (status == SQLA_OK)
        status = check_locks(&p);
    if (status == SQLA_OK)
        status = add_pairs(&p);
    if (status == SQLA_OK)
        status = add_parts(&p);
    if (status == SQLA_OK)
        status = add_query(&p);
    if (status != SQLA_OK)
        return status;
    db->url = sqla__url_mask(url, is_hidden, &p, &db->arena);
    return db->url != NULL ? SQLA_OK : sqla__error_nomem(err);
}
