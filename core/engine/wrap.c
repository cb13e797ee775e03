/* wrap.c: a driver with another one round it (sqla/wrap.h), for engines with the option 'wrap'.
 *
 * Each pair is made once in a process, and lives as long as it, as drivers do. */
#include <config.h>
#include "engine/plugin.h"

#include <pthread.h>

#include "base/error.h"
#include "base/mem.h"

static struct {
    pthread_mutex_t lock;          /* held while wrap is called, which calls no host function that takes it */
    sqla__driver *pairs;
} made = { PTHREAD_MUTEX_INITIALIZER, NULL };

static sqla__driver *find_pair(const sqla__driver *inner, const sqla__driver *outer)
{
    sqla__driver *pair = made.pairs;
    while (pair != NULL && (pair->inner != inner || pair->outer != outer))
        pair = pair->next;
    return pair;
}

static sqla_status describe(const sqla__driver *inner, const sqla__driver *outer, sqla__driver *pair, sqla_error *err)
{
    sqla_error said;
    sqla_driver out = { .struct_size = sizeof out };
    pair->offer = (sqla_driver){ .struct_size = sizeof pair->offer, .abi_major = SQLA_ABI_MAJOR, .abi_minor = SQLA_ABI_MINOR,
                                 .name = inner->name, .version = inner->version, .ops = &inner->ops, .traits = &inner->traits,
                                 .extension = inner->extension, .data = inner->data };
    sqla__error_init(&said);
    sqla_status status = outer->wrap.wrap(&pair->offer, &out, (sqla_err *)(void *)&said);
    if (status != SQLA_OK)
        return sqla__driver_refuse(outer->file, said.message[0] != '\0' ? said.message : sqla_status_meaning(status), err);
    return sqla__offer_take(outer->file, inner->name, &out, pair, err);
}

static sqla_status make_pair(const sqla__driver *inner, const sqla__driver *outer, sqla__driver **ret, sqla_error *err)
{
    sqla__driver *pair = sqla__alloc_zero(1, sizeof *pair);
    if (pair == NULL)
        return sqla__error_nomem(err);
    sqla_status status = describe(inner, outer, pair, err);
    if (status != SQLA_OK) {
        sqla__free(pair);
        return status;
    }
    pair->inner = inner;
    pair->outer = outer;
    pair->file = inner->file;
    pair->note = inner->note;
    pair->next = made.pairs;
    made.pairs = *ret = pair;
    return SQLA_OK;
}

sqla_status sqla__driver_wrap(const sqla__driver *inner, const char *name, const sqla__driver **ret, sqla_error *err)
{
    const sqla__driver *outer = NULL;
    sqla_status status = sqla__driver_load(name, NULL, &outer, err);
    if (status != SQLA_OK)
        return status;
    if (outer->wrap.struct_size == 0)
        return sqla__error_set(err, SQLA_ERR_CONFIG, "engine option 'wrap' is '%s', a driver that does not go round others", name);
    pthread_mutex_lock(&made.lock);
    sqla__driver *pair = find_pair(inner, outer);
    if (pair == NULL)
        status = make_pair(inner, outer, &pair, err);
    pthread_mutex_unlock(&made.lock);
    if (status == SQLA_OK)
        *ret = pair;
    return status;
}
