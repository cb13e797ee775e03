/* text.c: small questions about text. */
#include <config.h>
#include "base/text.h"

#include <string.h>

/* The length of the valid UTF-8 sequence at p, of which n bytes are there; 0: there is none (RFC 3629, section 4). */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (length == 0 || length > n)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf) {
        if (p[i] < low || p[i] > high)
            return 0;
    }
    return length;
}

bool sqla__utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t step;
    for (size_t i = 0; i < n; i += step) {
        step = p[i] < 0x80 ? 1 : sequence(p + i, n - i);
        if (step == 0)
            return false;
    }
    return true;
}

void sqla__text_fit(char *room, size_t size, const char *text)
{
    size_t n = strlen(text), used = 0;
    for (size_t i = 0; i < n;) {
        size_t step = sequence((const unsigned char *)text + i, n - i);
        if (used + (step != 0 ? step : 1) >= size)
            break;
        if (step == 0)
            room[used++] = '?';
        for (size_t k = 0; k < step; k++)
            room[used++] = text[i + k];
        i += step != 0 ? step : 1;
    }
    room[used] = '\0';
}

/* Control characters, those of the second set too, and marks that change the direction of writing or end a
 * line. */
static bool drives_terminal(const unsigned char *p, size_t length)
{
    if (length == 1)
        return p[0] < 0x20 || p[0] == 0x7f;
    if (length == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    unsigned mark =
        length == 3 ? (unsigned)(p[0] & 0x0f) << 12 | (unsigned)(p[1] & 0x3f) << 6 | (unsigned)(p[2] & 0x3f)
                    : 0;
    return (mark >= 0x200e && mark <= 0x200f) || (mark >= 0x2028 && mark <= 0x202e) ||
           (mark >= 0x2066 && mark <= 0x2069);
}

void sqla__text_tame(char *text)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
    char *to = text;
    while (p < end) {
        size_t valid = sequence(p, (size_t)(end - p)), length = valid > 0 ? valid : 1;
        if (valid == 0 || drives_terminal(p, length)) {
            *to++ = *p == '\t' || *p == '\n' || *p == '\r' ? ' ' : '?';
        } else {
            memmove(to, p, length);
            to += length;
        }
        p += length;
    }
    *to = '\0';
}

/* Edit distance, for short words: longer ones are as far apart as can be. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[65];
    if (n > 64 || m > 64)
        return 64;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t replaced = corner + (a[i - 1] != b[j - 1]);
            size_t moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            corner = row[j];
            row[j] = replaced < moved ? replaced : moved;
        }
    }
    return row[m];
}

const char *sqla__text_nearest(const char *text, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t length = strlen(text), best = length / 3 + 1;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(text, length, names[i], strlen(names[i]));
        if (d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}

bool sqla__driver_name_valid(const char *text, size_t n)
{
    if (n == 0 || n > 32 || text[0] < 'a' || text[0] > 'z')
        return false;
    for (size_t i = 1; i < n; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}
