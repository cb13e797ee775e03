/* error.h: how failures are recorded inside the core.
 *
 * A public function that can fail makes a fresh error of its own, hands it down, and at its end lets the caller's error have
 * it: so inside the core err is never NULL and starts fresh, and a caller's earlier failure never steers anything.
 *
 *   sqla_error local;
 *   sqla__error_init(&local);
 *   sqla_status status = work(..., &local);
 *   return sqla__error_give(err, &local, status);   */
#ifndef SQLA_BASE_ERROR_H
#define SQLA_BASE_ERROR_H

#include <sqla/base.h>

void sqla__error_init(sqla_error *err);            /* touches only a few bytes: cheap */
/* Record a failure; the first one stays. Returns status. */
sqla_status sqla__error_set(sqla_error *err, sqla_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
sqla_status sqla__error_nomem(sqla_error *err);
/* Add to the failure that stands. Each replaces the member. */
void sqla__error_hint(sqla_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sqla__error_detail(sqla_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Put text in front of the message that stands: "cannot flush 'User': " + message. */
void sqla__error_prefix(sqla_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Give local's failure to the caller's error (may be NULL, may hold an earlier failure, which stays). Returns status. */
sqla_status sqla__error_give(sqla_error *err, const sqla_error *local, sqla_status status);
/* Replace secret (ignored when NULL or empty) in all texts of err by ***: wherever it stands, unless it could
 * be a part of an ordinary word. A word, or fewer than 6 bytes, is found where it stands alone, and fewer
 * than 4 in quotes or behind a sign. */
void sqla__error_scrub(sqla_error *err, const char *secret);

#endif
