/* elf.c: any bytes as the file of a driver. What is accepted has a note that is sound. */
#define _GNU_SOURCE 1
#include <config.h>
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/plugin.h"

static void check_note(const sqla_driver_note *note)
{
    must(memchr(note->name, '\0', sizeof note->name) != NULL && memchr(note->schemes, '\0', sizeof note->schemes) != NULL);
    must(sqla__driver_name_valid(note->name, strlen(note->name)));
    for (const char *at = note->schemes;; at++) {
        size_t n = strcspn(at, " ");
        must(sqla__driver_name_valid(at, n));
        at += n;
        if (*at == '\0')
            return;
    }
}

int fuzz_elf(const uint8_t *data, size_t size)
{
    static int fd = -1;
    sqla_driver_note note;
    bool has_note = true;
    char why[200] = "";
    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(fd >= 0 && ftruncate(fd, (off_t)size) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    sqla_status status = sqla__elf_check(fd, size, &note, &has_note, why, sizeof why);
    must(status == SQLA_OK || (status == SQLA_ERR_PLUGIN && why[0] != '\0'));
    must(status != SQLA_OK || has_note);
    if (status == SQLA_OK)
        check_note(&note);
    /* A file that is said to be longer than it is ends in a refusal as well. */
    must(size == 0 || sqla__elf_check(fd, size * 2, &note, &has_note, why, sizeof why) != SQLA_ERR_NOMEM);
    return 0;
}
