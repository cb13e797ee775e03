/* offer.c: what a driver gives when its entry is called: is it whole, and a full-size copy of it.
 *
 * Tables may be shorter than ours (an older driver) or longer (a newer one), so what both know is copied and the rest is empty.
 * What is missing is filled by defaults.c; what must be there and is not is a reason to refuse the driver. */
#include <config.h>
#include "engine/plugin.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* Where tables may end at the earliest: members behind these came later. */
#define END_OF(type, member) (offsetof(type, member) + sizeof((type *)0)->member)
enum {
    OPS_MIN = END_OF(sqla_driver_ops, txn_state),
    TRAITS_MIN = END_OF(sqla_traits, columns_max),
    DRIVER_MIN = END_OF(sqla_driver, traits),
    TYPES_MAX = 1024
};

sqla_status sqla__driver_refuse(const char *path, const char *why, sqla_error *err)
{
    return sqla__error_set(err, SQLA_ERR_PLUGIN, "cannot load driver '%.300s': %s", path, why);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- the description ------------------------------------------------------------------------------------------- */

static sqla_status check_offer(const char *path, const char *name, const sqla_driver *offer, sqla_error *err)
{
    char why[160];
    if (offer->abi_major != SQLA_ABI_MAJOR || offer->min_host_minor > SQLA_ABI_MINOR) {
        snprintf(why, sizeof why, "it asks for version %u.%u of the driver interface, and this is version %d.%d",
                 (unsigned)offer->abi_major, (unsigned)offer->min_host_minor, SQLA_ABI_MAJOR, SQLA_ABI_MINOR);
        return sqla__driver_refuse(path, why, err);
    }
    if (offer->struct_size < DRIVER_MIN)
        return sqla__driver_refuse(path, "its description is too short", err);
    if (offer->name == NULL || strcmp(offer->name, name) != 0)
        return sqla__driver_refuse(path, "its name is not the one in its note", err);
    if (offer->ops == NULL || offer->ops->struct_size < OPS_MIN)
        return sqla__driver_refuse(path, "its table of functions is too short", err);
    if (offer->traits == NULL || offer->traits->struct_size < TRAITS_MIN)
        return sqla__driver_refuse(path, "its table of traits is too short", err);
    return SQLA_OK;
}

/* ---- the tables ------------------------------------------------------------------------------------------------ */

static sqla_status check_slots(const char *path, const sqla_driver_ops *ops, sqla_error *err)
{
#define REQUIRED(X) X(open) X(close) X(exec) X(result_info) X(result_fetch) X(result_view) X(result_close) X(txn_state)
#define CHECK(slot) \
    if (ops->slot == NULL) \
        return sqla__driver_refuse(path, "its required slot '" #slot "' is empty", err);
    REQUIRED(CHECK)
#undef CHECK
#undef REQUIRED
    if ((ops->prepare != NULL) != (ops->stmt_close != NULL))
        return sqla__driver_refuse(path, "of its slots 'prepare' and 'stmt_close' one is empty", err);
    if ((ops->cancel_new != NULL) != (ops->cancel_fire != NULL) || (ops->cancel_new != NULL) != (ops->cancel_free != NULL))
        return sqla__driver_refuse(path, "of its slots 'cancel_new', 'cancel_fire' and 'cancel_free' one is empty", err);
    return SQLA_OK;
}

static sqla_status check_traits(const char *path, const sqla__driver *driver, sqla_error *err)
{
    const sqla_traits *t = &driver->traits;
    if (t->placeholder != SQLA_PLACEHOLDER_QUESTION && t->placeholder != SQLA_PLACEHOLDER_DOLLAR)
        return sqla__driver_refuse(path, "its traits name no form of placeholders", err);
    if (t->quote_open == '\0' || t->quote_close == '\0')
        return sqla__driver_refuse(path, "its traits name no quotes for identifiers", err);
    if ((t->types == NULL && t->type_count != 0) || t->type_count > TYPES_MAX)
        return sqla__driver_refuse(path, "its traits have no sound list of types", err);
    for (uint32_t i = 0; i < t->type_count; i++) {
        if (t->types[i].name == NULL)
            return sqla__driver_refuse(path, "a type in its traits has no name", err);
    }
    if ((t->features & SQLA_FEATURE_LAST_ID) != 0 && driver->ops.execute_many == NULL)
        return sqla__driver_refuse(path, "its traits claim SQLA_FEATURE_LAST_ID, and its slot 'execute_many' is empty", err);
    return SQLA_OK;
}

/* ---- extensions ------------------------------------------------------------------------------------------------ */

/* Copy the table of an extension, if there is one; ours of size bytes has n functions behind the two numbers, and the driver's may
 * not have fewer. */
static sqla_status take_extension(const char *path, const sqla__driver *driver, const char *id, void *room, size_t size, sqla_error *err)
{
    const uint32_t *table = driver->extension != NULL ? driver->extension(id) : NULL;
    void (*slot)(void);
    char why[120];
    bool whole = table == NULL || *table >= size;
    if (table == NULL)
        return SQLA_OK;
    for (size_t at = 2 * sizeof *table; whole && at < size; at += sizeof slot) {
        memcpy(&slot, (const char *)table + at, sizeof slot);
        whole = slot != NULL;
    }
    if (whole) {
        memcpy(room, table, size);
        return SQLA_OK;
    }
    snprintf(why, sizeof why, "its extension '%s' is not whole", id);
    return sqla__driver_refuse(path, why, err);
}

static sqla_status take_extensions(const char *path, sqla__driver *driver, sqla_error *err)
{
    sqla_status status = take_extension(path, driver, SQLA_TWOPHASE, &driver->twophase, sizeof driver->twophase, err);
    if (status == SQLA_OK)
        status = take_extension(path, driver, SQLA_BULK, &driver->bulk, sizeof driver->bulk, err);
    if (status == SQLA_OK)
        status = take_extension(path, driver, SQLA_WRAP, &driver->wrap, sizeof driver->wrap, err);
    return status;
}

sqla_status sqla__offer_take(const char *path, const char *name, const sqla_driver *offer, sqla__driver *driver, sqla_error *err)
{
    sqla_status status = check_offer(path, name, offer, err);
    if (status != SQLA_OK)
        return status;
    memcpy(&driver->ops, offer->ops, smaller(offer->ops->struct_size, sizeof driver->ops));
    memcpy(&driver->traits, offer->traits, smaller(offer->traits->struct_size, sizeof driver->traits));
    driver->ops.struct_size = sizeof driver->ops;
    driver->traits.struct_size = sizeof driver->traits;
    driver->name = offer->name;
    driver->version = offer->version != NULL ? offer->version : "";
    driver->extension = offer->struct_size >= END_OF(sqla_driver, extension) ? offer->extension : NULL;
    driver->data = offer->struct_size >= END_OF(sqla_driver, data) ? offer->data : NULL;
    sqla__slots_fill(&driver->slots, &driver->ops);
    status = check_slots(path, &driver->ops, err);
    if (status == SQLA_OK)
        status = check_traits(path, driver, err);
    return status == SQLA_OK ? take_extensions(path, driver, err) : status;
}
