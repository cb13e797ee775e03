/* match.c: names against globs, and names that are like others.
 *
 * Names in databases are UTF-8 whatever the locale is, so that fnmatch, which goes by the locale, would not do. */
#include <config.h>
#include "inspect.h"

#include <stdlib.h>
#include <string.h>

/* ---- globs ----------------------------------------------------------------------------------------------------- */

/* Does the set that begins behind a '[' hold c? *at is moved behind its ']'. Without a ']' it is no set: false, NULL. */
static bool in_set(const char **at, int32_t c)
{
    const char *s = *at;
    bool negated = *s == '!' || *s == '^', found = false;
    s += negated;
    for (bool first = true; first || *s != ']'; first = false) {
        if (*s == '\0') {
            *at = NULL;
            return false;
        }
        int32_t low = inspect_decode(&s), high = low;
        if (s[0] == '-' && s[1] != ']' && s[1] != '\0') {
            s++;
            high = inspect_decode(&s);
        }
        found = found || (c >= low && c <= high);
    }
    *at = s + 1;
    return found != negated;
}

/* One character of the text against one piece of the glob other than a star; both are moved on. */
static bool match_one(const char **glob, const char **text)
{
    int32_t c = inspect_decode(text), wanted = inspect_decode(glob);
    if (wanted == '?')
        return true;
    if (wanted == '[') {
        const char *set = *glob;
        bool found = in_set(&set, c);
        if (set != NULL) {
            *glob = set;
            return found;
        }
    }
    if (wanted == '\\' && **glob != '\0')
        wanted = inspect_decode(glob);
    return wanted == c;
}

bool inspect_glob(const char *glob, const char *text)
{
    const char *star = NULL, *from = NULL; /* behind the last star, and where the text that it took ends */
    for (;;) {
        if (*glob == '*') {
            star = ++glob;
            from = text;
        } else if (*text == '\0') {
            return *glob == '\0';
        } else if (*glob == '\0' || !match_one(&glob, &text)) {
            if (star == NULL)
                return false;
            inspect_decode(&from);
            glob = star;
            text = from;
        }
    }
}

bool inspect_glob_any(const inspect_list *globs, const char *text)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (inspect_glob(globs->items[i], text))
            return true;
    }
    return false;
}

/* ---- likeness -------------------------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* How many bytes have to be added, taken away or replaced. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    size_t *row = inspect_take(n + 1, sizeof *row);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (; *a != '\0'; a++) {
        size_t corner = row[0]++;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];
            row[j] = smaller(smaller(above, row[j - 1]) + 1, corner + (*a != b[j - 1]));
            corner = above;
        }
    }
    size_t d = row[n];
    free(row);
    return d;
}

const char *inspect_nearest(const char *text, const inspect_list *list)
{
    const char *nearest = NULL;
    size_t n = strlen(text), least = n / 2 + 1; /* farther than that it is another word */
    for (size_t i = 0; n <= 256 && i < list->count; i++) {
        size_t d = strlen(list->items[i]) <= 256 ? distance(text, list->items[i]) : least;
        if (d < least) {
            least = d;
            nearest = list->items[i];
        }
    }
    return nearest;
}
