/* elf.c: is this file a shared object for this machine, is it all there, and does it carry our note?
 *
 * Read through a descriptor before anything of the file is mapped or run. No number in the file is trusted: each offset and
 * size is checked against the size of the file, and counts have limits. A file that was cut off would kill the process with
 * SIGBUS when it is loaded, so what the headers promise must be there. */
#include <config.h>
#include "engine/plugin.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { HEADERS_MAX = 128, NOTES_MAX = 64 * 1024 };

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__i386__)
#define MACHINE EM_386
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__arm__)
#define MACHINE EM_ARM
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#else
#define MACHINE 0 /* not known: the loader will say */
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE_ORDER_HERE ELFDATA2LSB
#else
#define BYTE_ORDER_HERE ELFDATA2MSB
#endif

typedef struct reader {
    int fd;
    uint64_t size;
    char *why;
    size_t why_size;
} reader;

#define refuse(r, ...) (snprintf((r)->why, (r)->why_size, __VA_ARGS__), SQLA_ERR_PLUGIN)

static bool inside(const reader *r, uint64_t offset, uint64_t length)
{
    return offset <= r->size && length <= r->size - offset;
}

static bool read_at(const reader *r, uint64_t offset, void *room, size_t length)
{
    char *at = room;
    while (inside(r, offset, length) && length > 0) {
        ssize_t n = pread(r->fd, at, length, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return length == 0;
}

static sqla_status check_header(const reader *r, ElfW(Ehdr) *header)
{
    if (!read_at(r, 0, header, sizeof *header))
        return refuse(r, "it is too short for a shared object");
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return refuse(r, "it is not a shared object (no ELF file)");
    if (header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header->e_ident[EI_DATA] != BYTE_ORDER_HERE || (MACHINE != 0 && header->e_machine != MACHINE))
        return refuse(r, "it was built for another machine");
    if (header->e_type != ET_DYN)
        return refuse(r, "it is not a shared object (ELF type %u)", (unsigned)header->e_type);
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 || header->e_phnum > HEADERS_MAX)
        return refuse(r, "its program headers are not sound");
    if (!inside(r, header->e_phoff, (uint64_t)header->e_phnum * sizeof(ElfW(Phdr))) ||
        !inside(r, header->e_shoff, (uint64_t)header->e_shnum * header->e_shentsize))
        return refuse(r, "it is cut off");
    return SQLA_OK;
}

/* Notes are aligned to 4 bytes, in segments that ask for it to 8. */
static uint64_t round_up(uint64_t n, uint64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static bool note_is_sound(const sqla_driver_note *note)
{
    if (memchr(note->name, '\0', sizeof note->name) == NULL || memchr(note->schemes, '\0', sizeof note->schemes) == NULL)
        return false;
    if (!sqla__driver_name_valid(note->name, strlen(note->name)))
        return false;
    for (const char *at = note->schemes;; at++) {
        size_t n = strcspn(at, " ");
        if (!sqla__driver_name_valid(at, n))
            return false;
        at += n;
        if (*at == '\0')
            return true;
    }
}

/* Look for our note in n bytes of notes. */
static sqla_status find_note(const reader *r, const char *bytes, uint64_t n, uint64_t unit, sqla_driver_note *ret, bool *ret_has)
{
    for (uint64_t at = 0; n - at >= sizeof(ElfW(Nhdr));) {
        ElfW(Nhdr) head;
        memcpy(&head, bytes + at, sizeof head);
        uint64_t owner = at + sizeof head, desc = owner + round_up(head.n_namesz, unit), end = desc + round_up(head.n_descsz, unit);
        if (desc > n || desc + head.n_descsz > n)
            return refuse(r, "its notes are not sound");
        if (head.n_type == SQLA_NOTE_TYPE && head.n_namesz == sizeof SQLA_NOTE_OWNER &&
            memcmp(bytes + owner, SQLA_NOTE_OWNER, sizeof SQLA_NOTE_OWNER) == 0) {
            if (head.n_descsz < sizeof *ret)
                return refuse(r, "its driver note is too short");
            memcpy(ret, bytes + desc, sizeof *ret);
            *ret_has = note_is_sound(ret);
            return *ret_has ? SQLA_OK : refuse(r, "its driver note is not sound");
        }
        if (end > n)
            break;
        at = end;
    }
    return SQLA_OK;
}

static sqla_status read_notes(const reader *r, const ElfW(Phdr) *segment, sqla_driver_note *ret, bool *ret_has)
{
    if (segment->p_filesz > NOTES_MAX)
        return SQLA_OK;
    char *bytes = sqla__alloc((size_t)segment->p_filesz);
    if (bytes == NULL)
        return SQLA_ERR_NOMEM;
    sqla_status status = SQLA_OK;
    if (read_at(r, segment->p_offset, bytes, (size_t)segment->p_filesz))
        status = find_note(r, bytes, segment->p_filesz, segment->p_align == 8 ? 8 : 4, ret, ret_has);
    sqla__free(bytes);
    return status;
}

sqla_status sqla__elf_check(int fd, uint64_t size, sqla_driver_note *ret_note, bool *ret_has_note, char *why, size_t why_size)
{
    reader r = { fd, size, why, why_size };
    ElfW(Ehdr) header;
    ElfW(Phdr) segment;
    *ret_has_note = false;
    sqla_status status = check_header(&r, &header);
    for (unsigned i = 0; status == SQLA_OK && i < header.e_phnum; i++) {
        if (!read_at(&r, header.e_phoff + (uint64_t)i * sizeof segment, &segment, sizeof segment) ||
            !inside(&r, segment.p_offset, segment.p_type == PT_LOAD || segment.p_type == PT_NOTE ? segment.p_filesz : 0))
            return refuse(&r, "it is cut off");
        if (segment.p_type == PT_NOTE && !*ret_has_note)
            status = read_notes(&r, &segment, ret_note, ret_has_note);
    }
    if (status == SQLA_OK && !*ret_has_note)
        return refuse(&r, "it has no driver note, so it is not a driver of sqla");
    return status;
}
