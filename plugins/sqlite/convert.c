/* convert.c: the texts in which SQLite files keep values that SQLite has no type for.
 *
 * Dates and times are ISO 8601 text, in the form that SQLite's own functions write and read, with the full six digits of
 * a microsecond so that they sort as they should. Reading is more generous than writing, and never loses anything: what
 * does not fit is refused. Pure functions; nothing here knows a connection. */
#include <config.h>
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

#define DAY_MICROS INT64_C(86400000000)

enum {
    FIRST_DAY = -719162, /* 0001-01-01 */
    LAST_DAY = 2932896   /* 9999-12-31 */
};

/* ---- UTF-8 ----------------------------------------------------------------------------------------------------- */

/* Bytes of the character at p, of which n bytes are there; 0: it is none (RFC 3629, section 4). */
static size_t character(const unsigned char *p, size_t n)
{
    size_t length = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                    : (p[0] & 0xf0) == 0xe0        ? 3
                    : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                   : 0;
    if (length == 0 || length > n)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || beyond ? 0 : length;
}

bool sqlite__utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    uint64_t word;
    while (p < end) {
        for (; end - p >= 8; p += 8) { /* most text is ASCII */
            memcpy(&word, p, 8);
            if ((word & UINT64_C(0x8080808080808080)) != 0)
                break;
        }
        while (p < end && *p < 0x80)
            p++;
        if (p == end)
            break;
        size_t step = character(p, (size_t)(end - p));
        if (step == 0)
            return false;
        p += step;
    }
    return true;
}

/* ---- the calendar ---------------------------------------------------------------------------------------------- */

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static const int16_t days_before[2][13] = {
    { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 },
    { 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366 },
};

static int32_t day_of(int32_t year, int32_t month, int32_t day)
{
    int32_t past = year - 1;
    return FIRST_DAY + past * 365 + past / 4 - past / 100 + past / 400 +
           days_before[is_leap(year)][month - 1] + day - 1;
}

/* The last century of four and the last year of four are a day longer, hence the limits. */
static void date_of(int32_t days, int32_t *ret_year, int32_t *ret_month, int32_t *ret_day)
{
    int32_t rest = days - FIRST_DAY, month = 1;
    int32_t fours = rest / 146097;
    rest %= 146097;
    int32_t centuries = rest / 36524 < 3 ? rest / 36524 : 3;
    rest -= centuries * 36524;
    int32_t quads = rest / 1461;
    rest %= 1461;
    int32_t years = rest / 365 < 3 ? rest / 365 : 3;
    rest -= years * 365;
    *ret_year = fours * 400 + centuries * 100 + quads * 4 + years + 1;
    const int16_t *before = days_before[is_leap(*ret_year)];
    while (before[month] <= rest)
        month++;
    *ret_month = month;
    *ret_day = rest - before[month - 1] + 1;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static char *put(char *at, int width, int64_t number)
{
    for (int i = width; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + width;
}

int sqlite__date_text(int32_t days, char *room)
{
    int32_t year, month, day;
    if (days < FIRST_DAY || days > LAST_DAY)
        return 0;
    date_of(days, &year, &month, &day);
    char *at = put(room, 4, year);
    *at++ = '-';
    at = put(at, 2, month);
    *at++ = '-';
    at = put(at, 2, day);
    return (int)(at - room);
}

int sqlite__time_text(int64_t micros, char *room)
{
    if (micros < 0 || micros > DAY_MICROS)
        return 0;
    char *at = put(room, 2, micros / 3600000000);
    *at++ = ':';
    at = put(at, 2, micros / 60000000 % 60);
    *at++ = ':';
    at = put(at, 2, micros / 1000000 % 60);
    *at++ = '.';
    at = put(at, 6, micros % 1000000);
    return (int)(at - room);
}

int sqlite__timestamp_text(int64_t micros, char *room)
{
    int64_t days = micros / DAY_MICROS - (micros % DAY_MICROS < 0);
    if (days < FIRST_DAY || days > LAST_DAY)
        return 0;
    int n = sqlite__date_text((int32_t)days, room);
    room[n++] = ' ';
    return n + sqlite__time_text(micros - days * DAY_MICROS, room + n);
}

int sqlite__interval_text(const sqla_interval *interval, char *room)
{
    bool minus = interval->micros < 0;
    uint64_t micros = minus ? 0 - (uint64_t)interval->micros : (uint64_t)interval->micros;
    return snprintf(room, SQLITE__FORM_SIZE, "P%dM%dDT%s%llu.%06lluS", (int)interval->months,
        (int)interval->days, minus ? "-" : "", (unsigned long long)(micros / 1000000),
        (unsigned long long)(micros % 1000000));
}

int sqlite__uuid_text(const sqla_uuid *uuid, char *room)
{
    static const char digits[] = "0123456789abcdef";
    char *at = room;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[uuid->bytes[i] >> 4];
        *at++ = digits[uuid->bytes[i] & 15];
    }
    return (int)(at - room);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* What is left of a text. */
typedef struct rest {
    const char *at, *end;
} rest;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(rest *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* Exactly `width` digits, with a value from low to high. */
static bool take_number(rest *r, int width, int32_t low, int32_t high, int32_t *ret)
{
    int32_t number = 0;
    if (r->end - r->at < width)
        return false;
    for (int i = 0; i < width; i++) {
        if (!is_digit(r->at[i]))
            return false;
        number = number * 10 + (r->at[i] - '0');
    }
    r->at += width;
    *ret = number;
    return number >= low && number <= high;
}

/* Digits behind the point, as microseconds. More than six are fine as long as the others are zeros. */
static bool take_fraction(rest *r, int32_t *ret_micros)
{
    int32_t micros = 0, unit = 100000;
    const char *start = r->at;
    for (; r->at < r->end && is_digit(*r->at); r->at++, unit /= 10) {
        if (unit == 0 && *r->at != '0')
            return false;
        micros += (*r->at - '0') * unit;
    }
    *ret_micros = micros;
    return r->at > start;
}

static bool take_date(rest *r, int32_t *ret_days)
{
    int32_t year, month, day;
    if (!take_number(r, 4, 1, 9999, &year) || !take(r, '-') || !take_number(r, 2, 1, 12, &month) ||
        !take(r, '-') || !take_number(r, 2, 1, 31, &day))
        return false;
    const int16_t *before = days_before[is_leap(year)];
    *ret_days = day_of(year, month, day);
    return day <= before[month] - before[month - 1];
}

static bool take_time(rest *r, int64_t *ret_micros)
{
    int32_t hour, minute, second = 0, micros = 0;
    if (!take_number(r, 2, 0, 24, &hour) || !take(r, ':') || !take_number(r, 2, 0, 59, &minute))
        return false;
    if (take(r, ':')) {
        if (!take_number(r, 2, 0, 59, &second) || (take(r, '.') && !take_fraction(r, &micros)))
            return false;
    }
    *ret_micros = ((hour * INT64_C(60) + minute) * 60 + second) * 1000000 + micros;
    return *ret_micros <= DAY_MICROS;
}

/* "Z", "+02:00", "-0530" or nothing: what is to be taken off to come to UTC. */
static bool take_zone(rest *r, int64_t *ret_micros)
{
    int32_t hour, minute = 0;
    *ret_micros = 0;
    if (r->at == r->end || take(r, 'Z') || take(r, 'z'))
        return true;
    bool minus = *r->at == '-';
    if ((!take(r, '-') && !take(r, '+')) || !take_number(r, 2, 0, 15, &hour))
        return false;
    if (r->at < r->end) {
        take(r, ':');
        if (!take_number(r, 2, 0, 59, &minute))
            return false;
    }
    *ret_micros = (hour * 60 + minute) * INT64_C(60000000) * (minus ? -1 : 1);
    return true;
}

bool sqlite__date_parse(const char *text, size_t n, int32_t *ret_days)
{
    rest r = { text, text + n };
    return take_date(&r, ret_days) && r.at == r.end;
}

bool sqlite__time_parse(const char *text, size_t n, int64_t *ret_micros)
{
    rest r = { text, text + n };
    return take_time(&r, ret_micros) && r.at == r.end;
}

bool sqlite__timestamp_parse(const char *text, size_t n, bool instant, int64_t *ret_micros)
{
    rest r = { text, text + n };
    int32_t days;
    int64_t time = 0, zone = 0;
    if (!take_date(&r, &days))
        return false;
    if (r.at < r.end) {
        if (!take(&r, ' ') && !take(&r, 'T') && !take(&r, 't'))
            return false;
        if (!take_time(&r, &time) || (instant && !take_zone(&r, &zone)))
            return false;
    }
    *ret_micros = days * DAY_MICROS + time - zone;
    return r.at == r.end;
}

/* ---- intervals ------------------------------------------------------------------------------------------------- */

static bool take_signed(rest *r, int64_t *ret, bool *ret_minus)
{
    uint64_t number = 0;
    bool minus = take(r, '-');
    if (!minus)
        take(r, '+');
    const char *start = r->at;
    for (; r->at < r->end && is_digit(*r->at); r->at++) {
        if (number > (uint64_t)INT64_MAX / 10 - 1)
            return false;
        number = number * 10 + (uint64_t)(*r->at - '0');
    }
    *ret = minus ? -(int64_t)number : (int64_t)number;
    *ret_minus = minus;
    return r->at > start;
}

static bool add_scaled(int64_t *sum, int64_t number, int64_t unit)
{
    int64_t product;
    return !__builtin_mul_overflow(number, unit, &product) && !__builtin_add_overflow(*sum, product, sum);
}

static bool add_unit(int64_t *months, int64_t *days, int64_t *micros, bool time, char unit, int64_t number)
{
    switch (unit) {
    case 'Y':
        return !time && add_scaled(months, number, 12);
    case 'M':
        return time ? add_scaled(micros, number, 60000000) : add_scaled(months, number, 1);
    case 'W':
        return !time && add_scaled(days, number, 7);
    case 'D':
        return !time && add_scaled(days, number, 1);
    case 'H':
        return time && add_scaled(micros, number, INT64_C(3600000000));
    case 'S':
        return time && add_scaled(micros, number, 1000000);
    default:
        return false;
    }
}

bool sqlite__interval_parse(const char *text, size_t n, sqla_interval *ret)
{
    rest r = { text, text + n };
    int64_t months = 0, days = 0, micros = 0, number;
    bool time = false, any = false, minus;
    if (!take(&r, 'P'))
        return false;
    while (r.at < r.end) {
        int32_t fraction = 0;
        if (!time && take(&r, 'T')) {
            time = true;
            continue;
        }
        if (!take_signed(&r, &number, &minus))
            return false;
        bool point = take(&r, '.');
        if ((point && !take_fraction(&r, &fraction)) || r.at == r.end || (point && *r.at != 'S'))
            return false;
        if (!add_scaled(&micros, minus ? -fraction : fraction, 1) ||
            !add_unit(&months, &days, &micros, time, *r.at++, number))
            return false;
        any = true;
    }
    *ret = (sqla_interval){ (int32_t)months, (int32_t)days, micros };
    return any && ret->months == months && ret->days == days;
}

/* ---- uuid, decimal --------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool sqlite__uuid_parse(const char *text, size_t n, sqla_uuid *ret)
{
    rest r = { text, text + n };
    if (n != 36 && n != 32)
        return false;
    for (int i = 0; i < 16; i++) {
        if (n == 36 && (i == 4 || i == 6 || i == 8 || i == 10) && !take(&r, '-'))
            return false;
        int high = hex_digit(r.at[0]), low = high < 0 ? -1 : hex_digit(r.at[1]);
        if (low < 0)
            return false;
        ret->bytes[i] = (uint8_t)(high << 4 | low);
        r.at += 2;
    }
    return true;
}

static size_t skip_digits(rest *r)
{
    const char *start = r->at;
    while (r->at < r->end && is_digit(*r->at))
        r->at++;
    return (size_t)(r->at - start);
}

bool sqlite__decimal_valid(const char *text, size_t n)
{
    rest r = { text, text + n };
    if (!take(&r, '-'))
        take(&r, '+');
    size_t digits = skip_digits(&r);
    if (take(&r, '.'))
        digits += skip_digits(&r);
    if (digits > 0 && (take(&r, 'e') || take(&r, 'E'))) {
        if (!take(&r, '-'))
            take(&r, '+');
        digits = skip_digits(&r);
    }
    return digits > 0 && r.at == r.end;
}
