/* test-elf.c: what is refused of a file before anything of it is loaded: a sound driver with one number wrong, by table. */
#include <config.h>
#include <sqla/driver.h>

#include <CUnit/CUnit.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/plugin.h"
#include "harness.h"

/* The smallest file that is taken: a header, one segment, and the driver's note in it. */
typedef struct image {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[2];
    sqla_elf_note note;
    char rest[64];
} image;

static image sound(void)
{
    static image made;
    char file[4096];
    const char *build = getenv("BUILD");
    snprintf(file, sizeof file, "%s/tests/.libs/vice.so", build != NULL ? build : ".");
    int fd = open(file, O_RDONLY);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(read(fd, &made.header, sizeof made.header), (ssize_t)sizeof made.header);
    close(fd);
    made.header.e_phoff = offsetof(image, segments);
    made.header.e_phnum = 2;
    made.header.e_shoff = made.header.e_shnum = 0;
    made.segments[0] = (ElfW(Phdr)){ .p_type = PT_LOAD, .p_filesz = sizeof made };
    made.segments[1] = (ElfW(Phdr)){ .p_type = PT_NOTE, .p_offset = offsetof(image, note), .p_filesz = sizeof made.note, .p_align = 4 };
    made.note = (sqla_elf_note){ sizeof SQLA_NOTE_OWNER, sizeof made.note.desc, SQLA_NOTE_TYPE, SQLA_NOTE_OWNER,
        { SQLA_ABI_MAJOR, SQLA_ABI_MINOR, "vice", "vice vicious" } };
    return made;
}

static sqla_status check(const image *file, size_t there, uint64_t told, char why[200], sqla_driver_note *note)
{
    char name[4096];
    bool has_note = false;
    snprintf(name, sizeof name, "%s/image", harness_folder());
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, file, there), (ssize_t)there);
    why[0] = '\0';
    sqla_status status = sqla__elf_check(fd, told, note, &has_note, why, 200);
    CU_ASSERT_EQUAL(has_note, status == SQLA_OK);
    close(fd);
    return status;
}

static bool refused(const image *file, const char *text)
{
    char why[200];
    sqla_driver_note note;
    bool ok = check(file, sizeof *file, sizeof *file, why, &note) == SQLA_ERR_PLUGIN && strstr(why, text) != NULL;
    if (!ok)
        fprintf(stderr, "'%s' and not '%s'\n", why, text);
    return ok;
}

static void a_sound_file_is_taken(const char *url)
{
    image file = sound();
    char why[200];
    sqla_driver_note note;
    (void)url;
    CU_ASSERT_EQUAL(check(&file, sizeof file, sizeof file, why, &note), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(note.name, "vice");
    CU_ASSERT_STRING_EQUAL(note.schemes, "vice vicious");
    CU_ASSERT_STRING_EQUAL(why, "");
    file.segments[1].p_align = 8; /* 12 and 4 bytes of head and owner, and then all is a multiple of 8 */
    CU_ASSERT_EQUAL(check(&file, sizeof file, sizeof file, why, &note), SQLA_OK);
    /* One foreign note in front of it. */
    file = sound();
    memmove((char *)&file.note + 16, &file.note, sizeof file.note);
    memcpy(&file.note, (const uint32_t[]){ 4, 0, 5, 0x00554e47 }, 16);
    file.segments[1].p_filesz += 16;
    CU_ASSERT_EQUAL(check(&file, sizeof file, sizeof file, why, &note), SQLA_OK);
    CU_ASSERT_STRING_EQUAL(note.name, "vice");
}

static void numbers_that_are_wrong(const char *url)
{
    (void)url;
#define WRONG(change, text) do { image f = sound(); change; CU_ASSERT(refused(&f, text)); } while (0)
    WRONG(f.header.e_ident[0] = 'E', "no ELF file");
    WRONG(f.header.e_ident[EI_CLASS] ^= 3, "another machine");
    WRONG(f.header.e_ident[EI_DATA] ^= 3, "another machine");
    WRONG(f.header.e_machine ^= 0x55, "another machine");
    WRONG(f.header.e_type = ET_EXEC, "ELF type 2");
    WRONG(f.header.e_phentsize = 1, "program headers are not sound");
    WRONG(f.header.e_phnum = 0, "program headers are not sound");
    WRONG(f.header.e_phnum = 129, "program headers are not sound");
    WRONG(f.header.e_phoff = sizeof f, "cut off");
    WRONG(f.header.e_phoff = (ElfW(Off))-1, "cut off");
    WRONG((f.header.e_shoff = sizeof f - 10, f.header.e_shnum = 1, f.header.e_shentsize = 11), "cut off");
    WRONG(f.segments[0].p_filesz = sizeof f + 1, "cut off");
    WRONG(f.segments[0].p_offset = (ElfW(Off))-1, "cut off");
    WRONG(f.segments[1].p_filesz = sizeof f, "cut off");
    WRONG((f.segments[0].p_type = PT_DYNAMIC, f.segments[0].p_offset = sizeof f + 1), "cut off");
    WRONG(f.segments[1].p_type = PT_NULL, "no driver note");
    WRONG(f.segments[1].p_filesz = 8, "no driver note");
    WRONG(f.segments[1].p_filesz = 0, "no driver note");
    WRONG(f.note.type = 2, "no driver note");
    WRONG(f.note.owner[0] = 'S', "no driver note");
    WRONG(f.note.owner_size = 4, "no driver note");
    WRONG(f.note.owner_size = 6, "no driver note");
    WRONG(f.note.owner_size = sizeof f, "notes are not sound");
    WRONG(f.note.owner_size = UINT32_MAX, "notes are not sound");
    WRONG(f.note.desc_size = sizeof f, "notes are not sound");
    WRONG(f.note.desc_size = sizeof f.note.desc - 1, "note is too short");
    WRONG((f.note.type = 2, f.note.desc_size = sizeof f.note.desc - 1, f.segments[1].p_filesz -= 1), "no driver note");
    WRONG(memset(f.note.desc.name, 'x', sizeof f.note.desc.name), "note is not sound");
    WRONG(memset(f.note.desc.schemes, 'x', sizeof f.note.desc.schemes), "note is not sound");
    WRONG(strcpy(f.note.desc.name, ""), "note is not sound");
    WRONG(strcpy(f.note.desc.name, "Vice"), "note is not sound");
    WRONG(strcpy(f.note.desc.schemes, ""), "note is not sound");
    WRONG(strcpy(f.note.desc.schemes, "vice  vicious"), "note is not sound");
    WRONG(strcpy(f.note.desc.schemes, "vice "), "note is not sound");
    WRONG(strcpy(f.note.desc.schemes, "vice ../vice"), "note is not sound");
#undef WRONG
}

/* A file that is shorter than it was when its size was asked for. */
static void files_that_shrink(const char *url)
{
    image file = sound();
    char why[200];
    sqla_driver_note note;
    (void)url;
    CU_ASSERT_EQUAL(check(&file, 20, sizeof file, why, &note), SQLA_ERR_PLUGIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "too short"));
    CU_ASSERT_EQUAL(check(&file, sizeof file.header, sizeof file, why, &note), SQLA_ERR_PLUGIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "cut off"));
    CU_ASSERT_EQUAL(check(&file, offsetof(image, note), sizeof file, why, &note), SQLA_ERR_PLUGIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no driver note"));
    file.segments[1].p_filesz = 65 * 1024; /* more than anybody's notes */
    CU_ASSERT_EQUAL(check(&file, sizeof file, 1 << 20, why, &note), SQLA_ERR_PLUGIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no driver note"));
}

static void without_memory(const char *url)
{
    image file = sound();
    char why[200];
    sqla_driver_note note;
    (void)url;
    sqla__alloc_fail_at(1, false);
    CU_ASSERT_EQUAL(check(&file, sizeof file, sizeof file, why, &note), SQLA_ERR_NOMEM);
    sqla__alloc_fail_at(0, false);
}

int main(void)
{
    static const struct harness_test tests[] = {
        { "a sound file is taken", a_sound_file_is_taken, HARNESS_PLAIN },
        { "numbers that are wrong", numbers_that_are_wrong, HARNESS_PLAIN },
        { "files that shrink", files_that_shrink, HARNESS_PLAIN },
        { "without memory", without_memory, HARNESS_PLAIN },
    };
    return harness_main("test-elf", tests, sizeof tests / sizeof tests[0]);
}
