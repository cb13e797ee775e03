/* text.h: small questions about text. */
#ifndef SQLA_BASE_TEXT_H
#define SQLA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool sqla__utf8_valid(const char *text, size_t n);     /* RFC 3629: no overlong form, no surrogate, at most U+10FFFF */
/* The one of names that is most like text (edit distance at most a third of its length), or NULL. For hints. */
const char *sqla__text_nearest(const char *text, const char *const *names, size_t n);
/* Copy text into a room of size bytes: cut between characters, invalid bytes as '?', always terminated. */
void sqla__text_fit(char *room, size_t size, const char *text);
/* Take what drives a terminal, or could pass for another line, out of a text, in its place: a blank for the
 * end of a line and for a tab, '?' for any other control character, for marks that turn the direction of
 * writing, and for invalid bytes. */
void sqla__text_tame(char *text);
bool sqla__driver_name_valid(const char *text, size_t n); /* [a-z][a-z0-9_]{0,31} */

#endif
