/* scrub.c: taking secrets out of an error.
 *
 * A secret that could be a part of an ordinary word must not be replaced inside one: a message with *** in
 * the place of each 'a' says what the password is. So the shorter and the plainer a secret, the more has to
 * be around it before it counts as found. */
#include <config.h>
#include "base/error.h"

#include <string.h>

static const char mask[] = "***";

/* Where a secret counts as found: wherever it stands; as a word of its own; or as a value, in quotes or
 * behind a sign. */
typedef enum place { ANYWHERE, A_WORD, A_VALUE } place;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}
static bool in_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

static place place_of(const char *secret, size_t n)
{
    size_t letters = 0;
    while (is_letter(secret[letters]))
        letters++;
    return n < 4 ? A_VALUE : n < 6 || letters == n ? A_WORD : ANYWHERE;
}

/* What stands before text[at] decides whether a secret may begin there. */
static bool may_begin(const char *text, size_t at, place where)
{
    if (where == ANYWHERE || at == 0)
        return true;
    return where == A_WORD ? !in_word(text[at - 1]) : strchr("'\"`=:(<[", text[at - 1]) != NULL;
}

static bool is_at(const char *text, size_t at, const char *secret, size_t n, place where)
{
    if (strncmp(text + at, secret, n) != 0 || !may_begin(text, at, where))
        return false;
    if (where == A_VALUE && at == 0)
        return text[n] == '\0';
    return where == ANYWHERE || !in_word(text[at + n]);
}

/* A text that was cut may end in the beginning of the secret. */
static void scrub_cut_end(char *room, size_t size, const char *secret, size_t n, place where)
{
    size_t length = strlen(room);
    if (length + 4 < size)
        return;
    for (size_t part = n - 1 < length ? n - 1 : length; part > 0; part--) {
        if (memcmp(room + length - part, secret, part) == 0 && may_begin(room, length - part, where)) {
            room[length - part] = '\0';
            return;
        }
    }
}

static void scrub(char *room, size_t size, const char *secret)
{
    char copy[sizeof((sqla_error *)0)->message];
    size_t n = strlen(secret), used = 0;
    place where = place_of(secret, n);
    scrub_cut_end(room, size, secret, n, where);
    if (strstr(room, secret) == NULL)
        return;
    memcpy(copy, room, size);
    for (size_t at = 0; copy[at] != '\0';) {
        bool found = is_at(copy, at, secret, n, where);
        const char *piece = found ? mask : copy + at;
        size_t length = found ? sizeof mask - 1 : 1;
        if (used + length >= size)
            break;
        memcpy(room + used, piece, length);
        used += length;
        at += found ? n : 1;
    }
    room[used] = '\0';
}

void sqla__error_scrub(sqla_error *err, const char *secret)
{
    if (secret == NULL || secret[0] == '\0')
        return;
    scrub(err->message, sizeof err->message, secret);
    scrub(err->detail, sizeof err->detail, secret);
    scrub(err->hint, sizeof err->hint, secret);
    scrub(err->table, sizeof err->table, secret);
    scrub(err->column, sizeof err->column, secret);
    scrub(err->constraint, sizeof err->constraint, secret);
}
