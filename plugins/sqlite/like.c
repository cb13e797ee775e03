/* like.c: LIKE as the other databases have it: case counts, unless it is ilike, and a backslash hides what
 * follows it.
 *
 * SQLite's own LIKE leaves the case of ASCII letters out of account and knows no escape by itself; it stays
 * as it is for programs that write it. These functions have names of their own, so that nothing that stands
 * in a schema changes its meaning.
 *
 * Case is that of Unicode's simple foldings for the alphabets that have it in Latin, Greek, Cyrillic and
 * Armenian: towlower() would ask the locale of the program. */
#include <config.h>
#include "sqlite.h"

#include <stdint.h>
#include <string.h>

/* ---- case -------------------------------------------------------------------------------------------- */

/* Capitals from first to last, each step-th of them, have their small letter `to` further on. Sorted. */
static const struct {
    uint32_t first, last;
    int32_t to;
    uint32_t step;
} capitals[] = {
    { 0x41, 0x5a, 32, 1 },
    { 0xc0, 0xd6, 32, 1 },
    { 0xd8, 0xde, 32, 1 },
    { 0x100, 0x12e, 1, 2 },
    { 0x132, 0x136, 1, 2 },
    { 0x139, 0x147, 1, 2 },
    { 0x14a, 0x176, 1, 2 },
    { 0x178, 0x178, -121, 1 },
    { 0x179, 0x17d, 1, 2 },
    { 0x1cd, 0x1db, 1, 2 },
    { 0x1de, 0x1ee, 1, 2 },
    { 0x1f8, 0x21e, 1, 2 },
    { 0x222, 0x232, 1, 2 },
    { 0x370, 0x372, 1, 2 },
    { 0x376, 0x376, 1, 1 },
    { 0x386, 0x386, 38, 1 },
    { 0x388, 0x38a, 37, 1 },
    { 0x38c, 0x38c, 64, 1 },
    { 0x38e, 0x38f, 63, 1 },
    { 0x391, 0x3a1, 32, 1 },
    { 0x3a3, 0x3ab, 32, 1 },
    { 0x3d8, 0x3ee, 1, 2 },
    { 0x400, 0x40f, 80, 1 },
    { 0x410, 0x42f, 32, 1 },
    { 0x460, 0x480, 1, 2 },
    { 0x48a, 0x4be, 1, 2 },
    { 0x4c0, 0x4c0, 15, 1 },
    { 0x4c1, 0x4cd, 1, 2 },
    { 0x4d0, 0x52e, 1, 2 },
    { 0x531, 0x556, 48, 1 },
    { 0x1e00, 0x1e94, 1, 2 },
    { 0x1ea0, 0x1efe, 1, 2 },
    { 0x2160, 0x216f, 16, 1 },
    { 0x24b6, 0x24cf, 26, 1 },
    { 0xff21, 0xff3a, 32, 1 },
};

static uint32_t small_letter(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    for (size_t i = 1; i < sizeof capitals / sizeof capitals[0] && capitals[i].first <= c; i++) {
        if (c <= capitals[i].last && (c - capitals[i].first) % capitals[i].step == 0)
            return (uint32_t)((int32_t)c + capitals[i].to);
    }
    return c;
}

/* ---- matching ---------------------------------------------------------------------------------------- */

typedef struct reader {
    const unsigned char *at, *end;
} reader;

/* The next character; a byte that begins none is one by itself. */
static uint32_t next(reader *r)
{
    unsigned char c = *r->at++;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    uint32_t v = more == 0 ? c : c & (0x3fu >> more);
    if (more > r->end - r->at)
        return c;
    for (; more > 0; more--)
        v = v << 6 | (*r->at++ & 0x3f);
    return v;
}

enum { ANY_TEXT = 0x110000, ANY_CHARACTER };

static uint32_t next_of_pattern(reader *r)
{
    uint32_t c = next(r);
    if (c == '\\' && r->at < r->end)
        return next(r);
    return c == '%' ? ANY_TEXT : c == '_' ? ANY_CHARACTER : c;
}

/* Only the last % is ever tried again, one character further on: what stood before it has matched, and as
 * early as it could. */
static bool matches(reader text, reader pattern, bool folds)
{
    reader again_text = { NULL, NULL }, again = pattern;
    while (text.at < text.end) {
        uint32_t p = pattern.at < pattern.end ? next_of_pattern(&pattern) : ANY_TEXT + 2;
        if (p == ANY_TEXT) {
            again = pattern;
            again_text = text;
            continue;
        }
        uint32_t t = next(&text);
        if (p == ANY_CHARACTER || p == t || (folds && p < ANY_TEXT && small_letter(p) == small_letter(t)))
            continue;
        if (again_text.at == NULL)
            return false;
        (void)next(&again_text);
        text = again_text;
        pattern = again;
    }
    while (pattern.at < pattern.end) {
        if (next_of_pattern(&pattern) != ANY_TEXT)
            return false;
    }
    return true;
}

static reader reader_of(sqlite3_value *value)
{
    const unsigned char *text = sqlite3_value_text(value);
    return (reader){ text, text != NULL ? text + sqlite3_value_bytes(value) : NULL };
}

static void like(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL)
        return;
    reader text = reader_of(values[0]), pattern = reader_of(values[1]);
    if (text.at == NULL || pattern.at == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_int(context, matches(text, pattern, sqlite3_user_data(context) != NULL));
}

int sqlite__make_like(sqlite3 *db)
{
    static int folds;
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function_v2(db, "sqla_like", 2, flags, NULL, like, NULL, NULL, NULL);
    return rc != SQLITE_OK
               ? rc
               : sqlite3_create_function_v2(db, "sqla_ilike", 2, flags, &folds, like, NULL, NULL, NULL);
}
