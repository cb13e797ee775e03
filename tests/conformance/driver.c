/* driver.c: the entry, the tables that it hands out, and the note in the file. */
#include <config.h>
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqla_driver_entry_fn *entry(void)
{
    sqla_driver_entry_fn *function;
    void *symbol = kit_entry();
    memcpy(&function, &symbol, sizeof function);
    return function;
}

static void driver__entry_twice(void)
{
    sqla_driver again;
    memset(&again, 0, sizeof again);
    again.struct_size = sizeof again;
    CU_ASSERT_EQUAL(entry()(&kit_host, &again, KIT_ERR), SQLA_OK);
    CU_ASSERT_EQUAL(again.abi_major, SQLA_ABI_MAJOR);
    CU_ASSERT(again.min_host_minor <= SQLA_ABI_MINOR);
    CU_ASSERT_PTR_EQUAL(again.ops, kit_driver.ops);
    CU_ASSERT_PTR_EQUAL(again.traits, kit_driver.traits);
    CU_ASSERT_STRING_EQUAL(again.name, kit_driver.name);
    CU_ASSERT(again.version != NULL);
}

static void driver__newer_host(void)
{
    sqla_host newer = kit_host;
    sqla_driver out;
    memset(&out, 0, sizeof out);
    out.struct_size = sizeof out;
    newer.abi_major = SQLA_ABI_MAJOR + 1;
    kit_clear();
    CU_ASSERT_EQUAL(entry()(&newer, &out, KIT_ERR), SQLA_ERR_UNSUPPORTED);
}

static void driver__required_slots(void)
{
    CU_ASSERT(
        kit_ops.open != NULL && kit_ops.close != NULL && kit_ops.exec != NULL && kit_ops.result_info != NULL);
    CU_ASSERT(kit_ops.result_fetch != NULL && kit_ops.result_view != NULL && kit_ops.result_close != NULL &&
              kit_ops.txn_state != NULL);
    CU_ASSERT((kit_ops.prepare == NULL) == (kit_ops.stmt_close == NULL));
    CU_ASSERT((kit_ops.cancel_new == NULL) == (kit_ops.cancel_fire == NULL) &&
              (kit_ops.cancel_new == NULL) == (kit_ops.cancel_free == NULL));
    CU_ASSERT(kit_ops.begin != NULL || kit_traits->begin != NULL);
    CU_ASSERT(kit_ops.commit != NULL || kit_traits->commit != NULL);
    CU_ASSERT(kit_ops.rollback != NULL || kit_traits->rollback != NULL);
}

static void driver__traits(void)
{
    const sqla_traits *t = kit_traits;
    CU_ASSERT(t->struct_size >= sizeof *t);
    CU_ASSERT(t->placeholder == SQLA_PLACEHOLDER_QUESTION || t->placeholder == SQLA_PLACEHOLDER_DOLLAR);
    CU_ASSERT(t->dialect != NULL && t->quote_open != '\0' && t->quote_close != '\0' && t->max_parameters > 0);
    for (const char *const *word = t->reserved_words; word[0] != NULL && word[1] != NULL; word++)
        CU_ASSERT(strcmp(word[0], word[1]) < 0);
    for (uint32_t i = 0; i < t->type_count; i++) {
        CU_ASSERT(t->types[i].name != NULL || t->types[i].type == SQLA_ENUM_TYPE);
        for (uint32_t k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(t->types[i].type, t->types[k].type);
    }
    CU_ASSERT(kit_type(SQLA_INT64) != NULL && kit_type(SQLA_INT32) != NULL && kit_type(SQLA_TEXT) != NULL &&
              kit_type(SQLA_FLOAT64) != NULL);
    CU_ASSERT(t->insert_block == NULL || (t->insert_block_rows > 1 && t->insert_block_min > 0));
    CU_ASSERT(t->insert_columns == NULL || (t->columns_min > 0 && t->columns_max >= t->columns_min));
    CU_ASSERT((t->features & SQLA_FEATURE_LAST_ID) == 0 || kit_ops.execute_many != NULL);
}

/* The note, found in the bytes of the file: owner, type, and what it says. */
static void driver__note(void)
{
    sqla_elf_note note;
    bool found = false;
    char name[64];
    FILE *file = fopen(kit_path(), "rb");
    CU_ASSERT_PTR_NOT_NULL(file);
    for (long at = 0;
         file != NULL && !found && fseek(file, at, SEEK_SET) == 0 && fread(&note, sizeof note, 1, file) == 1;
         at += 4)
        found = note.owner_size == sizeof SQLA_NOTE_OWNER && note.type == SQLA_NOTE_TYPE &&
                note.desc_size == sizeof note.desc &&
                memcmp(note.owner, SQLA_NOTE_OWNER, sizeof SQLA_NOTE_OWNER) == 0;
    if (file != NULL)
        fclose(file);
    CU_ASSERT(found);
    if (!found)
        return;
    CU_ASSERT_EQUAL(note.desc.abi_major, kit_driver.abi_major);
    CU_ASSERT_EQUAL(note.desc.abi_minor, kit_driver.abi_minor);
    snprintf(name, sizeof name, "%.32s", note.desc.name);
    CU_ASSERT_STRING_EQUAL(name, kit_driver.name);
    CU_ASSERT(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) && name[0] >= 'a' &&
              strlen(name) < 32);
    CU_ASSERT(
        memchr(note.desc.schemes, '\0', sizeof note.desc.schemes) != NULL && note.desc.schemes[0] != '\0');
}

void kit_add_driver_suite(void)
{
    static const kit_check checks[] = {
        { "entry twice", driver__entry_twice },
        { "newer host", driver__newer_host },
        { "required slots", driver__required_slots },
        { "traits", driver__traits },
        { "note", driver__note },
    };
    KIT_SUITE("driver", checks);
}
