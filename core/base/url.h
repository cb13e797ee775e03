/* url.h: database URLs, scheme[+driver]://user:password@host:port/database?key=value (RFC 3986, with libpq's host lists). */
#ifndef SQLA_BASE_URL_H
#define SQLA_BASE_URL_H

#include <sqla/base.h>
#include "base/arena.h"

/* Where a key of the query and its value stand in the text, in bytes. */
typedef struct sqla__url_span { const char *key; size_t key_at, value_at, value_length; } sqla__url_span;

typedef struct sqla__url {
    const char *scheme, *driver;             /* driver NULL: none given */
    const char *user, *password, *host, *port, *database; /* decoded; NULL: not given. host and port may be lists with commas */
    const char *const *keys, *const *values; /* of the query, decoded, in order */
    size_t query_count;
    const char *text;                        /* as it was given, borrowed */
    size_t password_at, password_length;     /* in the text */
    const sqla__url_span *spans;             /* of all keys in the query, in order; also of those that name a part */
    size_t span_count;
} sqla__url;

/* Parse text into ret; all its texts lie in the arena.
 * Returns: SQLA_ERR_CONFIG: says what is wrong, where (position), and how to write it right, without a secret; NOMEM. */
sqla_status sqla__url_parse(const char *text, sqla__arena *arena, sqla__url *ret, sqla_error *err);
/* Is this query key one whose value is a secret ("sslpassword", "key" ...)? */
bool sqla__url_key_is_secret(const char *key);
/* The text with *** for the password and for each value in the query whose key is_secret names.
 * Ownership: lies in the arena; NULL: out of memory. */
const char *sqla__url_mask(const sqla__url *url, bool (*is_secret)(const void *arg, const char *key), const void *arg, sqla__arena *arena);
/* Note in err, which a key of the query is to blame for, where that stands. A key that is not there is nowhere. */
void sqla__url_place(const sqla__url *url, const char *key, sqla_error *err);

#endif
