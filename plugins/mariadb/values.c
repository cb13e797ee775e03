/* values.c: dates, times, intervals, uuids, decimals and text, between their canonical form and the server's. Pure functions. */
#include <config.h>
#include "mariadb.h"

#include <string.h>

#define DAY_MICROS INT64_C(86400000000)

enum {
    FIRST_DAY = -719162, /* 0001-01-01 */
    LAST_DAY = 2932896   /* 9999-12-31 */
};

/* ---- text ------------------------------------------------------------------------------------------------------ */

/* Bytes of the character at p, which is none of ASCII, of which n bytes are there; 0: it is none (RFC 3629, section 4). */
static size_t character(const unsigned char *p, size_t n)
{
    size_t length = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
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

bool mariadb__utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    while (p < end) {
        uint64_t word;
        for (; end - p >= 8; p += 8) { /* most text is ASCII */
            memcpy(&word, p, 8);
            if ((word & UINT64_C(0x8080808080808080)) != 0)
                break;
        }
        while (p < end && *p < 0x80)
            p++;
        size_t step = p < end ? character(p, (size_t)(end - p)) : 1;
        if (step == 0)
            return false;
        p += p < end ? step : 0;
    }
    return true;
}

/* ---- decimals -------------------------------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The server keeps 65 digits, 30 of them behind the point, and would round what is beyond those without a word. Zeros at either end
 * cost nothing, and an exponent moves the point. */
bool mariadb__decimal_fits(const char *text, size_t n, const char **ret_why)
{
    size_t at = n > 0 && (text[0] == '-' || text[0] == '+'), first = 0, last = 0, digits = 0;
    int64_t point = -1, exponent = 0;
    for (; at < n && (is_digit(text[at]) || (text[at] == '.' && point < 0)); at++) {
        if (text[at] == '.') {
            point = (int64_t)digits;
            continue;
        }
        digits++;
        if (text[at] != '0') {
            first = first == 0 ? digits : first; /* places of digits count from 1 */
            last = digits;
        }
    }
    point = point < 0 ? (int64_t)digits : point;
    bool ok = digits > 0;
    if (ok && at < n && (text[at] == 'e' || text[at] == 'E')) {
        bool minus = at + 1 < n && text[at + 1] == '-';
        at += 1 + (minus || (at + 1 < n && text[at + 1] == '+'));
        ok = at < n;
        for (; at < n && is_digit(text[at]); at++)
            exponent = exponent < 100000 ? exponent * 10 + (text[at] - '0') : exponent; /* more cannot matter */
        point += minus ? -exponent : exponent;
    }
    *ret_why = "it is no decimal number";
    if (!ok || at < n)
        return false;
    *ret_why = "it has more digits than the server keeps: 35 before the point and 30 behind it";
    return first == 0 || (point - (int64_t)first + 1 <= 35 && (int64_t)last - point <= 30);
}

/* ---- the calendar ---------------------------------------------------------------------------------------------- */

static bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static const int16_t days_before[2][13] = {
    { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 },
    { 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366 },
};

bool mariadb__day_of(unsigned year, unsigned month, unsigned day, int64_t *ret_days)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    const int16_t *before = days_before[is_leap(year)];
    int64_t past = (int64_t)year - 1;
    *ret_days = FIRST_DAY + past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] + (int64_t)day - 1;
    return day <= (unsigned)(before[month] - before[month - 1]);
}

/* The last century of four and the last year of four are a day longer, hence the limits. */
bool mariadb__date_put(int64_t days, MYSQL_TIME *to)
{
    if (days < FIRST_DAY || days > LAST_DAY)
        return false;
    int32_t rest = (int32_t)(days - FIRST_DAY), fours = rest / 146097;
    unsigned month = 1;
    rest %= 146097;
    int32_t centuries = rest / 36524 < 3 ? rest / 36524 : 3;
    rest -= centuries * 36524;
    int32_t quads = rest / 1461;
    rest %= 1461;
    int32_t years = rest / 365 < 3 ? rest / 365 : 3;
    rest -= years * 365;
    *to = (MYSQL_TIME){ .year = (unsigned)(fours * 400 + centuries * 100 + quads * 4 + years + 1), .time_type = MYSQL_TIMESTAMP_DATE };
    const int16_t *before = days_before[is_leap(to->year)];
    while (before[month] <= rest)
        month++;
    to->month = month;
    to->day = (unsigned)(rest - before[month - 1] + 1);
    return true;
}

static void put_clock(int64_t micros, MYSQL_TIME *to)
{
    to->hour = (unsigned)(micros / INT64_C(3600000000));
    to->minute = (unsigned)(micros / 60000000 % 60);
    to->second = (unsigned)(micros / 1000000 % 60);
    to->second_part = (unsigned long)(micros % 1000000);
}

bool mariadb__timestamp_put(int64_t micros, MYSQL_TIME *to)
{
    int64_t days = micros / DAY_MICROS - (micros % DAY_MICROS < 0);
    if (!mariadb__date_put(days, to))
        return false;
    put_clock(micros - days * DAY_MICROS, to);
    to->time_type = MYSQL_TIMESTAMP_DATETIME;
    return true;
}

bool mariadb__time_put(int64_t micros, MYSQL_TIME *to)
{
    if (micros < 0 || micros > DAY_MICROS)
        return false;
    *to = (MYSQL_TIME){ .time_type = MYSQL_TIMESTAMP_TIME };
    put_clock(micros, to);
    return true;
}

/* ---- uuids ----------------------------------------------------------------------------------------------------- */

static bool is_dash(int i) { return i == 4 || i == 6 || i == 8 || i == 10; }

int mariadb__uuid_text(const sqla_uuid *uuid, char *room)
{
    static const char digits[] = "0123456789abcdef";
    char *at = room;
    for (int i = 0; i < 16; i++) {
        if (is_dash(i))
            *at++ = '-';
        *at++ = digits[uuid->bytes[i] >> 4];
        *at++ = digits[uuid->bytes[i] & 15];
    }
    return (int)(at - room);
}

static int hex_digit(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool mariadb__uuid_parse(const char *text, size_t n, sqla_uuid *ret)
{
    if (n != 36 && n != 32)
        return false;
    for (int i = 0; i < 16; i++) {
        if (n == 36 && is_dash(i) && *text++ != '-')
            return false;
        int high = hex_digit(text[0]), low = hex_digit(text[1]);
        if (high < 0 || low < 0)
            return false;
        ret->bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return true;
}

/* ---- intervals ------------------------------------------------------------------------------------------------- */

int mariadb__interval_text(const sqla_interval *interval, char *room)
{
    bool minus = interval->micros < 0;
    uint64_t micros = minus ? 0 - (uint64_t)interval->micros : (uint64_t)interval->micros;
    return snprintf(room, sizeof((mariadb__unit *)0)->text, "P%dM%dDT%s%llu.%06lluS", (int)interval->months, (int)interval->days, minus ? "-" : "",
                    (unsigned long long)(micros / 1000000), (unsigned long long)(micros % 1000000));
}

static bool add_scaled(int64_t *sum, int64_t number, int64_t unit)
{
    int64_t product;
    return !__builtin_mul_overflow(number, unit, &product) && !__builtin_add_overflow(*sum, product, sum);
}

static bool add_unit(int64_t *months, int64_t *days, int64_t *micros, bool time, char unit, int64_t number)
{
    switch (unit) {
    case 'Y': return !time && add_scaled(months, number, 12);
    case 'M': return time ? add_scaled(micros, number, 60000000) : add_scaled(months, number, 1);
    case 'W': return !time && add_scaled(days, number, 7);
    case 'D': return !time && add_scaled(days, number, 1);
    case 'H': return time && add_scaled(micros, number, INT64_C(3600000000));
    case 'S': return time && add_scaled(micros, number, 1000000);
    default: return false;
    }
}

/* Digits with a sign before them, and up to six behind a point, as millionths. */
static const char *take_number(const char *at, const char *end, int64_t *ret, int64_t *ret_millionths)
{
    bool minus = at < end && *at == '-';
    const char *start = at += minus || (at < end && *at == '+');
    int64_t unit = 100000;
    *ret = *ret_millionths = 0;
    for (; at < end && is_digit(*at); at++) {
        if (*ret > INT64_MAX / 10 - 1)
            return NULL;
        *ret = *ret * 10 + (*at - '0');
    }
    if (at == start)
        return NULL;
    if (at < end && *at == '.') {
        for (at++; at < end && is_digit(*at) && unit > 0; at++, unit /= 10)
            *ret_millionths += (*at - '0') * unit;
        if (at < end && *at != 'S')
            return NULL;
    }
    *ret = minus ? -*ret : *ret;
    *ret_millionths = minus ? -*ret_millionths : *ret_millionths;
    return at;
}

bool mariadb__interval_parse(const char *text, size_t n, sqla_interval *ret)
{
    const char *at = text + 1, *end = text + n;
    int64_t months = 0, days = 0, micros = 0, number, millionths;
    bool time = false, any = false;
    if (n < 2 || text[0] != 'P')
        return false;
    while (at < end) {
        if (*at == 'T' && !time) {
            time = true;
            at++;
            continue;
        }
        at = take_number(at, end, &number, &millionths);
        if (at == NULL || at == end || !add_scaled(&micros, millionths, 1) || !add_unit(&months, &days, &micros, time, *at++, number))
            return false;
        any = true;
    }
    *ret = (sqla_interval){ (int32_t)months, (int32_t)days, micros };
    return any && ret->months == months && ret->days == days;
}
