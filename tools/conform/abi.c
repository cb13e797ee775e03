/* driver.c: the entry, the tables that it hands out, and the note in the file. */
#include <config.h>
#include "kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sqla/bulk.h>
#include <sqla/twophase.h>

#include "engine/plugin.h"
#include "exports.h"
#include "process.h"

static void driver__entry_twice(void)
{
    sqla_driver again;
    memset(&again, 0, sizeof again);
    again.struct_size = sizeof again;
    CHECK_INT(kit_entry(&kit_host, &again, KIT_ERR), SQLA_OK);
    CHECK_INT(again.abi_major, SQLA_ABI_MAJOR);
    CHECK(again.min_host_minor <= SQLA_ABI_MINOR);
    CHECK(again.ops == kit_driver.ops);
    CHECK(again.traits == kit_driver.traits);
    CHECK_TEXT(again.name, kit_driver.name);
    CHECK(again.version != NULL);
}

/* Another host, as a second copy of the library in the process has it, gets the same. */
static void driver__second_host(void)
{
    sqla_host second = kit_host;
    sqla_driver out = { .struct_size = sizeof out };
    kit_clear();
    EXPECT(kit_entry(&second, &out, KIT_ERR), SQLA_OK);
    CHECK(out.ops == kit_driver.ops && out.traits == kit_driver.traits);
    EXPECT(kit_entry(&kit_host, &out, KIT_ERR), SQLA_OK);
}

static void driver__newer_host(void)
{
    sqla_host newer = kit_host;
    sqla_driver out = { .struct_size = sizeof out };
    newer.abi_major = SQLA_ABI_MAJOR + 1;
    kit_clear();
    CHECK_INT(kit_entry(&newer, &out, KIT_ERR), SQLA_ERR_UNSUPPORTED);
}

/* A host of a later minor has more behind what is known here, and it is not touched. */
static void driver__later_minor(void)
{
    struct {
        sqla_host host;
        void *more[4];
    } later = { kit_host, { NULL } };
    struct {
        sqla_driver out;
        unsigned char more[32];
    } room;
    memset(&room, 0, sizeof room);
    later.host.struct_size = sizeof later;
    later.host.abi_minor = SQLA_ABI_MINOR + 1;
    room.out.struct_size = sizeof room;
    kit_clear();
    EXPECT(kit_entry(&later.host, &room.out, KIT_ERR), SQLA_OK);
    CHECK(room.out.struct_size <= sizeof room.out);
    for (size_t i = 0; i < sizeof room.more; i++)
        CHECK_INT(room.more[i], 0);
}

/* Structs as a later minor has them: longer, with members behind that nobody here knows. */
enum { LATER = 32, LATER_BYTE = 0xa5 };
#define LATER_STRUCT(type)         \
    struct {                       \
        type known;                \
        unsigned char more[LATER]; \
    }
#define BE_LATER(s)                                     \
    do {                                                \
        memset((s)->more, LATER_BYTE, LATER);           \
        (s)->known.struct_size = (uint32_t)sizeof *(s); \
    } while (0)

static sqla_status open_later(kit_conn *conn)
{
    LATER_STRUCT(sqla_connect_args)
    args = { .known = { .count = kit_param_count,
                 .params = kit_params,
                 .instance = kit_instance(),
                 .data = kit_driver.data } };
    LATER_STRUCT(sqla_conn_info) info;
    memset(&info, 0, sizeof info);
    BE_LATER(&args);
    BE_LATER(&info);
    memset(conn, 0, sizeof *conn);
    kit_clear();
    sqla_status status = kit_ops.open(&args.known, &info.known, &conn->handle, KIT_ERR);
    conn->info = info.known;
    for (size_t i = 0; i < LATER; i++)
        CHECK_INT(info.more[i], LATER_BYTE);
    return status;
}

static void work_later(kit_conn *conn)
{
    LATER_STRUCT(sqla_statement) statement = { .known = { .text = "SELECT 7", .length = 8 } };
    LATER_STRUCT(sqla_exec_options) options = { .known = { .flags = 0 } };
    LATER_STRUCT(sqla_txn_options) txn = { .known = { .flags = 0 } };
    sqla_driver_result *result;
    const sqla_value *values = NULL;
    BE_LATER(&statement);
    BE_LATER(&options);
    BE_LATER(&txn);
    if (kit_ops.begin != NULL)
        EXPECT(kit_ops.begin(conn->handle, &txn.known, KIT_ERR), SQLA_OK);
    if (EXPECT(kit_ops.exec(conn->handle, &statement.known, NULL, NULL, &options.known, &result, KIT_ERR),
            SQLA_OK)) {
        EXPECT(kit_ops.result_view(result, &values, KIT_ERR), SQLA_OK);
        CHECK(values != NULL && values[0].type != SQLA_NULL);
        kit_ops.result_close(result);
    }
    if (kit_ops.begin != NULL && kit_ops.commit != NULL)
        EXPECT(kit_ops.commit(conn->handle, &txn.known, KIT_ERR), SQLA_OK);
    CHECK_INT(kit_state(conn), SQLA_TXN_IDLE);
}

static void driver__works_for_a_later_minor(void)
{
    LATER_STRUCT(sqla_host) host = { .known = kit_host };
    sqla_driver out = { .struct_size = sizeof out };
    kit_conn conn;
    BE_LATER(&host);
    host.known.abi_minor = SQLA_ABI_MINOR + 1;
    kit_clear();
    if (kit_entry(&host.known, &out, KIT_ERR) != SQLA_OK)
        return; /* abi-03 tells that */
    if (!EXPECT(open_later(&conn), SQLA_OK))
        return;
    work_later(&conn);
    kit_close(&conn);
}

/* A host that knows fewer members has less room, and nothing is written behind it; not even by a driver that cannot do with it. */
static void driver__shorter_host(void)
{
    enum { CANARY = 0xa5 };
    union {
        sqla_driver out;
        unsigned char bytes[sizeof(sqla_driver)];
    } room;
    size_t known = offsetof(sqla_driver, extension);
    memset(&room, 0, known);
    memset(room.bytes + known, CANARY, sizeof room - known);
    room.out.struct_size = (uint32_t)known;
    kit_clear();
    sqla_status status = kit_entry(&kit_host, &room.out, KIT_ERR);
    CHECK(status == SQLA_OK || status == SQLA_ERR_UNSUPPORTED);
    CHECK(room.out.struct_size <= known);
    for (size_t i = known; i < sizeof room; i++)
        CHECK_INT(room.bytes[i], CANARY);
}

/* A host without its last services: refused, or taken without a look at what is not there. */
static void driver__host_without_all(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), known = offsetof(sqla_host, log);
    sqla_driver out = { .struct_size = sizeof out };
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    sqla_host *host = (sqla_host *)(void *)(pages + page - known);
    memcpy(host, &kit_host, known);
    host->struct_size = (uint32_t)known;
    kit_clear();
    sqla_status status = kit_entry(host, &out, KIT_ERR);
    CHECK(status == SQLA_OK || status == SQLA_ERR_UNSUPPORTED);
}

static void driver__required_slots(void)
{
    CHECK(kit_driver.ops->struct_size >= offsetof(sqla_driver_ops, prepare));
    CHECK(kit_ops.open != NULL);
    CHECK(kit_ops.close != NULL);
    CHECK(kit_ops.exec != NULL);
    CHECK(kit_ops.result_info != NULL);
    CHECK(kit_ops.result_fetch != NULL);
    CHECK(kit_ops.result_view != NULL);
    CHECK(kit_ops.result_close != NULL);
    CHECK(kit_ops.txn_state != NULL);
}

/* What belongs together is there together, and what a bit claims has its slot. */
static void driver__bits(void)
{
    const sqla_traits *t = kit_traits;
    const sqla_twophase_ops *twophase = kit_extension(SQLA_TWOPHASE);
    const sqla_bulk_ops *bulk = kit_extension(SQLA_BULK);
    CHECK((kit_ops.prepare == NULL) == (kit_ops.stmt_close == NULL));
    CHECK((kit_ops.cancel_new == NULL) == (kit_ops.cancel_fire == NULL));
    CHECK((kit_ops.cancel_new == NULL) == (kit_ops.cancel_free == NULL));
    const bool begins = kit_ops.begin != NULL || t->begin != NULL;
    CHECK(begins || t->type_count == 0); /* what stores tables has transactions */
    CHECK((kit_ops.commit != NULL || t->commit != NULL) == begins);
    CHECK((kit_ops.rollback != NULL || t->rollback != NULL) == begins);
    CHECK(kit_ops.execute_many != NULL || (t->features & SQLA_FEATURE_LAST_ID) == 0);
    CHECK(kit_ops.execute_many != NULL || (t->insert_block == NULL && t->insert_columns == NULL));
    CHECK((t->features & SQLA_FEATURE_RETURNING) != 0 || (t->features & SQLA_FEATURE_ORDERED_RETURNING) == 0);
    CHECK(kit_ops.begin != NULL || t->isolation_levels == 0 || t->begin_with != NULL ||
          (t->isolation_levels & (t->isolation_levels - 1)) == 0);
    CHECK(twophase == NULL ||
          (twophase->prepare != NULL && twophase->finish != NULL && twophase->recover != NULL));
    CHECK(bulk == NULL || (bulk->open != NULL && bulk->put != NULL && bulk->get != NULL &&
                              bulk->finish != NULL && bulk->abort != NULL));
    CHECK(kit_extension("sqla.conf-no-such/1") == NULL);
}

static void driver__reserved_words(void)
{
    if (kit_traits->reserved_words == NULL)
        conform_unsupported("the trait 'reserved_words' is empty");
    for (const char *const *word = kit_traits->reserved_words; *word != NULL; word++) {
        CHECK(word[0][0] != '\0' && word[0][strcspn(word[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0');
        if (word[1] != NULL && strcmp(word[0], word[1]) >= 0)
            FAIL("reserved words are sorted, each once", word[1]);
    }
}

static void driver__types(void)
{
    const sqla_traits *t = kit_traits;
    for (uint32_t i = 0; i < t->type_count; i++) {
        CHECK(t->types[i].name != NULL || t->types[i].type == SQLA_ENUM_TYPE);
        CHECK(t->types[i].type > SQLA_NULL && t->types[i].type < SQLA_TYPE_COUNT_);
        CHECK(t->types[i].sized_name == NULL || strstr(t->types[i].sized_name, "%u") != NULL);
        for (uint32_t k = 0; k < i; k++)
            CHECK(t->types[i].type != t->types[k].type);
    }
    CHECK(t->type_count == 0 || (kit_type(SQLA_INT64) != NULL && kit_type(SQLA_INT32) != NULL));
    CHECK(t->type_count == 0 || (kit_type(SQLA_TEXT) != NULL && kit_type(SQLA_FLOAT64) != NULL));
}

static bool has_hole(const char *template, const char *hole)
{
    return template == NULL || strstr(template, hole) != NULL;
}

static void driver__traits(void)
{
    const sqla_traits *t = kit_traits;
    CHECK(t->placeholder == SQLA_PLACEHOLDER_QUESTION || t->placeholder == SQLA_PLACEHOLDER_DOLLAR);
    CHECK(t->dialect != NULL && t->quote_open != '\0' && t->quote_close != '\0');
    CHECK(t->type_count == 0 || (t->max_parameters > 0 && t->generated_key != NULL));
    CHECK(t->max_identifier == 0 || t->max_identifier >= 18);
    CHECK(t->insert_block == NULL || (t->insert_block_rows > 1 && t->insert_block_min > 0));
    CHECK(t->update_block == NULL || (t->update_block_rows > 1 && t->update_block_min > 0));
    CHECK((t->delete_block == NULL && t->delete_block_key == NULL) ||
          (t->delete_block_rows > 1 && t->delete_block_min > 0));
    CHECK(t->insert_columns == NULL || (t->columns_min > 0 && t->columns_max >= t->columns_min));
    CHECK(has_hole(t->insert_block, "{table}") && has_hole(t->insert_block, "{columns}") &&
          has_hole(t->insert_block, "{tuples}"));
    CHECK(has_hole(t->insert_columns, "{table}") && has_hole(t->insert_columns, "{params}"));
    CHECK(has_hole(t->savepoint, "{name}") && has_hole(t->savepoint_release, "{name}") &&
          has_hole(t->savepoint_rollback, "{name}"));
    CHECK(t->isolation_levels < UINT32_C(1) << SQLA_AUTOCOMMIT);
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* The library itself finds it: by the name of its file, in a folder that it is told. */
static void driver__found_by_name(void)
{
    char folder[4096], name[64];
    const char *slash = strrchr(kit_path(), '/');
    const sqla__driver *driver = NULL;
    sqla_error err = SQLA_ERROR_INIT;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - kit_path()), kit_path());
    snprintf(name, sizeof name, "%.*s", (int)strcspn(slash + 1, "."), slash + 1);
    setenv("SQLA_PLUGIN_PATH", folder, 1);
    sqla_status status = sqla__driver_load(name, NULL, &driver, &err);
    if (status != SQLA_OK)
        FAIL("the library loads the driver by its name", err.message);
    CHECK(status != SQLA_OK || strcmp(driver->name, driver->note.name) == 0);
}

static void driver__note(void)
{
    sqla_driver_note note;
    struct stat st;
    bool found = false;
    char why[512] = "", name[33];
    int fd = open(kit_path(), O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
    sqla_status status = sqla__elf_check(fd, (uint64_t)st.st_size, &note, &found, why, sizeof why);
    close(fd);
    if (status != SQLA_OK || !found) {
        FAIL("the file is a shared object with a note", why[0] != '\0' ? why : "there is no note");
        return;
    }
    CHECK_INT(note.abi_major, kit_driver.abi_major);
    CHECK_INT(note.abi_minor, kit_driver.abi_minor);
    CHECK(note.name[sizeof note.name - 1] == '\0' && note.schemes[sizeof note.schemes - 1] == '\0' &&
          note.schemes[0] != '\0');
    snprintf(name, sizeof name, "%.32s", note.name);
    CHECK_TEXT(name, kit_driver.name);
    CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) && name[0] >= 'a');
}

static void driver__one_symbol(void)
{
    char names[512];
    int count = exports_list(kit_path(), names, sizeof names);
    if (count < 0)
        conform_unsupported("the file's table of symbols cannot be read here");
    CHECK_TEXT(names, SQLA_DRIVER_ENTRY_NAME);
}

/* Loading runs nothing that others would notice; neither does the entry. */
static void driver__leaves_the_process_alone(void)
{
    process_state before, after;
    char why[KIT_WHY];
    process_look(&before);
    if (!kit_load(kit_path(), why))
        FAIL("the driver can be loaded", why);
    process_look(&after);
    process_compare(&before, &after);
}

const conform_check conform_abi_checks[] = {
    { "abi-01", "the library loads it by its name", 0, 0, driver__found_by_name },
    { "abi-02", "a host of the next major is refused", 0, 0, driver__newer_host },
    { "abi-03", "a host of a later minor is welcome", 0, 0, driver__later_minor },
    { "abi-04", "the required slots are filled", 0, 0, driver__required_slots },
    { "abi-05", "bits and slots agree", 0, 0, driver__bits },
    { "abi-06", "nothing is written beyond the room of the host", 0, 0, driver__shorter_host },
    { "abi-07", "a second host gets the same", 0, 0, driver__second_host },
    { "abi-08", "the file shows one symbol", BEFORE_LOAD, 0, driver__one_symbol },
    { "abi-09", "the note says what the entry says", 0, 0, driver__note },
    { "abi-10", "texts and numbers of the traits", 0, 0, driver__traits },
    { "abi-11", "loading leaves the process alone", BEFORE_LOAD, 0, driver__leaves_the_process_alone },
    { "abi-12", "the entry may be called again", 0, 0, driver__entry_twice },
    { "abi-13", "reserved words are sorted", 0, 0, driver__reserved_words },
    { "abi-14", "types of the traits", 0, 0, driver__types },
    { "abi-15", "a host with fewer services is not read beyond them", 0, 0, driver__host_without_all },
    { "abi-16", "a host of a later minor opens, begins, runs and commits", NEEDS_DATABASE, 0,
        driver__works_for_a_later_minor },
    { NULL, NULL, 0, 0, NULL },
};
