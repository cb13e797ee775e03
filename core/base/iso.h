/* iso.h: dates, times, intervals and uuids out of text, in the forms of ISO 8601 and RFC 9562 that sqla_value_print writes and that
 * a database without such types keeps. The whole text must be of the form; false: it is not, or the value has no place in its type. */
#ifndef SQLA_BASE_ISO_H
#define SQLA_BASE_ISO_H

#include <sqla/types.h>

bool sqla__iso_date(const char *text, size_t n, sqla_date *ret);            /* 2024-02-29, -0043-03-15, +12024-01-01, infinity */
bool sqla__iso_time(const char *text, size_t n, sqla_time *ret);            /* 23:59, 23:59:30, 23:59:30.25, to 24:00:00 */
bool sqla__iso_timestamp(const char *text, size_t n, sqla_timestamp *ret);  /* date [T or blank, time [Z, +02, -05:30]]; no zone is UTC */
bool sqla__iso_local_timestamp(const char *text, size_t n, sqla_local_timestamp *ret); /* the same without a zone */
bool sqla__iso_interval(const char *text, size_t n, sqla_interval *ret);    /* P1Y2M3DT4H5M6.7S, each part with its own sign */
bool sqla__iso_uuid(const char *text, size_t n, sqla_uuid *ret);            /* 36 characters, or 32 hexadecimal digits */
bool sqla__iso_decimal(const char *text, size_t n);                         /* is it a finite number with a point at most? */

#endif
