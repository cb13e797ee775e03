/* url.h: database URLs, scheme[+driver]://user:password@host:port/database?key=value (RFC 3986, with libpq's host lists). */
#ifndef SQLA_BASE_URL_H
#define SQLA_BASE_URL_H

#include <sqla/base.h>
#include "base/arena.h"

typedef struct sqla__url {
    const char *scheme, *driver;             /* driver NULL: none given */
    const char *user, *password, *host, *port, *database; /* decoded; NULL: not given. host and port may be lists with commas */
    const char *const *keys, *const *values; /* of the query, decoded, in order */
    size_t query_count;
    const char *masked;                      /* the whole URL with *** for the password and for secrets in the query */
} sqla__url;

/* Parse text into ret; all its texts lie in the arena.
 * Returns: SQLA_ERR_CONFIG: says what is wrong, where (position), and how to write it right, without a secret; NOMEM. */
sqla_status sqla__url_parse(const char *text, sqla__arena *arena, sqla__url *ret, sqla_error *err);
/* Is this query key one whose value is a secret ("sslpassword", "key" ...)? */
bool sqla__url_key_is_secret(const char *key);

#endif
