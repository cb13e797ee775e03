/* exports.c: see exports.h. The file was loaded before by somebody, so its headers are whole; offsets are checked all the same. */
#include <config.h>
#include "exports.h"

#include <elf.h>
#include <stdbool.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct image {
    const char *bytes;
    size_t size;
} image;

static const void *part(const image *m, size_t offset, size_t size)
{
    return offset <= m->size && size <= m->size - offset ? m->bytes + offset : NULL;
}

static void add_name(char *room, size_t size, const char *name)
{
    size_t n = strlen(room);
    snprintf(room + n, size - n, "%s%.64s", n > 0 ? " " : "", name);
}

/* A version of a symbol is an absolute symbol, and shows nothing. */
static int list_symbols(
    const image *m, const ElfW(Shdr) * table, const ElfW(Shdr) * texts, char *room, size_t size)
{
    const ElfW(Sym) *symbols = part(m, table->sh_offset, table->sh_size);
    const char *names = part(m, texts->sh_offset, texts->sh_size);
    int count = 0;
    if (symbols == NULL || names == NULL || texts->sh_size == 0 || names[texts->sh_size - 1] != '\0')
        return -1;
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        unsigned bind = symbols[i].st_info >> 4;
        bool shown = symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_shndx != SHN_ABS &&
                     (bind == STB_GLOBAL || bind == STB_WEAK);
        if (shown && symbols[i].st_name < texts->sh_size) {
            add_name(room, size, names + symbols[i].st_name);
            count++;
        }
    }
    return count;
}

static int list_of(const image *m, char *room, size_t size)
{
    const ElfW(Ehdr) *head = part(m, 0, sizeof *head);
    const ElfW(Shdr) *sections =
        head != NULL ? part(m, head->e_shoff, (size_t)head->e_shnum * sizeof *sections) : NULL;
    if (sections == NULL || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
        return -1;
    for (size_t i = 0; i < head->e_shnum; i++) {
        if (sections[i].sh_type == SHT_DYNSYM && sections[i].sh_link < head->e_shnum)
            return list_symbols(m, &sections[i], &sections[sections[i].sh_link], room, size);
    }
    return -1;
}

int exports_list(const char *path, char *room, size_t size)
{
    struct stat st;
    int count = -1, fd = open(path, O_RDONLY | O_CLOEXEC);
    room[0] = '\0';
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        const image m = { bytes, (size_t)st.st_size };
        if (bytes != MAP_FAILED) {
            count = list_of(&m, room, size);
            munmap(bytes, (size_t)st.st_size);
        }
    }
    if (fd >= 0)
        close(fd);
    return count;
}
