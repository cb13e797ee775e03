/* exports.h: the names that a shared object shows to others. */
#ifndef CONFORM_EXPORTS_H
#define CONFORM_EXPORTS_H

#include <stddef.h>

/* List them in room, with spaces between them.  Returns: how many; -1: the file cannot be read as one of this machine. */
int exports_list(const char *path, char *room, size_t size);

#endif
