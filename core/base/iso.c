/* iso.c: reading the forms of iso.h. All arithmetic that a text can drive is checked. */
#include <config.h>
#include "base/iso.h"

#include <string.h>

#define DAY_MICROS INT64_C(86400000000)

/* What is left of a text. */
typedef struct rest { const char *at, *end; } rest;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool at_end(const rest *r) { return r->at == r->end; }

static bool take(rest *r, char c)
{
    bool there = !at_end(r) && *r->at == c;
    r->at += there;
    return there;
}

static bool take_sign(rest *r, int *ret_sign)
{
    *ret_sign = take(r, '-') ? -1 : 1;
    return *ret_sign < 0 || take(r, '+');
}

/* Between least and most digits, and no digit behind them. */
static bool take_digits(rest *r, int least, int most, int64_t *ret)
{
    int n = 0;
    int64_t v = 0;
    for (; n < most && !at_end(r) && is_digit(*r->at); n++)
        v = v * 10 + (*r->at++ - '0');
    *ret = v;
    return n >= least && (at_end(r) || !is_digit(*r->at));
}

static bool take_within(rest *r, int digits, int64_t low, int64_t high, int64_t *ret)
{
    int64_t v = 0;
    for (int i = 0; i < digits; i++) {
        if (at_end(r) || !is_digit(*r->at))
            return false;
        v = v * 10 + (*r->at++ - '0');
    }
    *ret = v;
    return v >= low && v <= high;
}

/* ---- days and hours ---------------------------------------------------------------------------------------------- */

static bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int64_t days_of_month(int64_t year, int64_t month)
{
    return month == 2 ? 28 + is_leap(year) : 30 + (month + month / 8) % 2;
}

/* Days from 1970-01-01. Years are counted from March of the year 0, in eras of 400 years, which are all of the same length. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool take_date(rest *r, int64_t *ret_days)
{
    int64_t year, month, day;
    int sign;
    bool is_signed = take_sign(r, &sign);
    if (!take_digits(r, 4, is_signed ? 7 : 4, &year) || !take(r, '-') || !take_within(r, 2, 1, 12, &month) || !take(r, '-') ||
        !take_within(r, 2, 1, 31, &day))
        return false;
    *ret_days = days_since_1970(sign * year, month, day);
    return day <= days_of_month(sign * year, month);
}

/* Digits behind the point. More than six are fine as long as the others are zeros. */
static bool take_micros(rest *r, int64_t *ret)
{
    const char *start = r->at;
    int64_t micros = 0;
    for (int64_t unit = 100000; !at_end(r) && is_digit(*r->at); r->at++, unit /= 10) {
        if (unit == 0 && *r->at != '0')
            return false;
        micros += (*r->at - '0') * unit;
    }
    *ret = micros;
    return r->at > start;
}

static bool take_time(rest *r, int64_t *ret_micros)
{
    int64_t hour, minute, second = 0, micros = 0;
    if (!take_within(r, 2, 0, 24, &hour) || !take(r, ':') || !take_within(r, 2, 0, 59, &minute))
        return false;
    if (take(r, ':') && (!take_within(r, 2, 0, 59, &second) || (take(r, '.') && !take_micros(r, &micros))))
        return false;
    *ret_micros = ((hour * 60 + minute) * 60 + second) * 1000000 + micros;
    return *ret_micros <= DAY_MICROS;
}

/* What is to be taken off to come to UTC. */
static bool take_zone(rest *r, int64_t *ret_micros)
{
    int64_t hour, minute = 0;
    int sign;
    *ret_micros = 0;
    if (at_end(r) || take(r, 'Z') || take(r, 'z'))
        return true;
    if (!take_sign(r, &sign) || !take_within(r, 2, 0, 15, &hour))
        return false;
    bool colon = take(r, ':');
    if ((colon || !at_end(r)) && !take_within(r, 2, 0, 59, &minute))
        return false;
    *ret_micros = sign * (hour * 60 + minute) * INT64_C(60000000);
    return true;
}

static bool is_infinity(const char *text, size_t n, bool *ret_minus)
{
    *ret_minus = n > 0 && text[0] == '-';
    return (n == 8 || (n == 9 && *ret_minus)) && memcmp(text + *ret_minus, "infinity", 8) == 0;
}

bool sqla__iso_date(const char *text, size_t n, sqla_date *ret)
{
    rest r = { text, text + n };
    int64_t days;
    bool minus;
    if (is_infinity(text, n, &minus)) {
        ret->days = minus ? SQLA_DATE_MINUS_INFINITY : SQLA_DATE_INFINITY;
        return true;
    }
    if (!take_date(&r, &days) || !at_end(&r) || days <= SQLA_DATE_MINUS_INFINITY || days >= SQLA_DATE_INFINITY)
        return false;
    ret->days = (int32_t)days;
    return true;
}

bool sqla__iso_time(const char *text, size_t n, sqla_time *ret)
{
    rest r = { text, text + n };
    return take_time(&r, &ret->micros) && at_end(&r);
}

static bool read_timestamp(const char *text, size_t n, bool zoned, int64_t *ret)
{
    rest r = { text, text + n };
    int64_t days, time = 0, zone = 0;
    bool minus;
    if (is_infinity(text, n, &minus)) {
        *ret = minus ? SQLA_TIMESTAMP_MINUS_INFINITY : SQLA_TIMESTAMP_INFINITY;
        return true;
    }
    if (!take_date(&r, &days))
        return false;
    if (!at_end(&r) && ((!take(&r, 'T') && !take(&r, ' ') && !take(&r, 't')) || !take_time(&r, &time) || (zoned && !take_zone(&r, &zone))))
        return false;
    return at_end(&r) && !__builtin_mul_overflow(days, DAY_MICROS, ret) && !__builtin_add_overflow(*ret, time - zone, ret) &&
           *ret != SQLA_TIMESTAMP_INFINITY && *ret != SQLA_TIMESTAMP_MINUS_INFINITY;
}

bool sqla__iso_timestamp(const char *text, size_t n, sqla_timestamp *ret) { return read_timestamp(text, n, true, &ret->micros); }
bool sqla__iso_local_timestamp(const char *text, size_t n, sqla_local_timestamp *ret) { return read_timestamp(text, n, false, &ret->micros); }

/* ---- intervals --------------------------------------------------------------------------------------------------- */

typedef struct parts { int64_t months, days, micros; } parts;

static bool add(int64_t *sum, int64_t number, int64_t unit)
{
    int64_t product;
    return !__builtin_mul_overflow(number, unit, &product) && !__builtin_add_overflow(*sum, product, sum);
}

static bool add_unit(parts *p, bool time, char unit, int64_t number)
{
    switch (unit) {
    case 'Y': return !time && add(&p->months, number, 12);
    case 'M': return time ? add(&p->micros, number, 60000000) : add(&p->months, number, 1);
    case 'W': return !time && add(&p->days, number, 7);
    case 'D': return !time && add(&p->days, number, 1);
    case 'H': return time && add(&p->micros, number, INT64_C(3600000000));
    case 'S': return time && add(&p->micros, number, 1000000);
    }
    return false;
}

static bool take_part(rest *r, parts *p, bool time)
{
    int64_t number, fraction = 0;
    int sign;
    (void)take_sign(r, &sign);
    if (!take_digits(r, 1, 18, &number))
        return false;
    bool point = take(r, '.');
    if ((point && !take_micros(r, &fraction)) || at_end(r) || (point && *r->at != 'S'))
        return false;
    return add(&p->micros, sign * fraction, 1) && add_unit(p, time, *r->at++, sign * number);
}

bool sqla__iso_interval(const char *text, size_t n, sqla_interval *ret)
{
    rest r = { text, text + n };
    parts p = { 0, 0, 0 };
    bool time = false, any = false;
    if (!take(&r, 'P'))
        return false;
    while (!at_end(&r)) {
        if (!time && take(&r, 'T'))
            time = true;
        else if (!take_part(&r, &p, time))
            return false;
        else
            any = true;
    }
    *ret = (sqla_interval){ (int32_t)p.months, (int32_t)p.days, p.micros };
    return any && ret->months == p.months && ret->days == p.days;
}

/* ---- uuids, decimals --------------------------------------------------------------------------------------------- */

static int nibble(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool sqla__iso_uuid(const char *text, size_t n, sqla_uuid *ret)
{
    rest r = { text, text + n };
    if (n != 36 && n != 32)
        return false;
    for (int i = 0; i < 16; i++) {
        if (n == 36 && (i == 4 || i == 6 || i == 8 || i == 10) && !take(&r, '-'))
            return false;
        int high = nibble(r.at[0]), low = nibble(r.at[1]);
        if (high < 0 || low < 0)
            return false;
        ret->bytes[i] = (uint8_t)(high << 4 | low);
        r.at += 2;
    }
    return true;
}

static size_t skip_digits(rest *r)
{
    const char *start = r->at;
    while (!at_end(r) && is_digit(*r->at))
        r->at++;
    return (size_t)(r->at - start);
}

bool sqla__iso_decimal(const char *text, size_t n)
{
    rest r = { text, text + n };
    int sign;
    (void)take_sign(&r, &sign);
    size_t digits = skip_digits(&r);
    if (take(&r, '.'))
        digits += skip_digits(&r);
    if (digits > 0 && (take(&r, 'e') || take(&r, 'E'))) {
        (void)take_sign(&r, &sign);
        digits = skip_digits(&r);
    }
    return digits > 0 && at_end(&r);
}
