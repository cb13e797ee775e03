/* trip.h: a value of any type, to the database and back, in a row of canaries. */
#ifndef CONFORMANCE_TRIP_H
#define CONFORMANCE_TRIP_H

#include "kit.h"

/* Rows lie in raw bytes: | gap | id | gap | set | gap | value | gap |, so that a byte too many is seen. */
enum { TRIP_GAP = 16, TRIP_ROOM = 4096 };
enum {
    TRIP_ID_AT = TRIP_GAP,
    TRIP_SET_AT = TRIP_ID_AT + 8 + TRIP_GAP,
    TRIP_VALUE_AT = TRIP_SET_AT + 8 + TRIP_GAP
};

/* How the value lies in C. */
typedef struct trip_form {
    sqla_type type;
    sqla_rep rep;
    uint32_t size, flags;
    const char *const *labels;
    uint32_t label_count;
} trip_form;

extern kit_conn trip_db;

/* Connect, and make the table conf_value (id, v) for a type. One that the database does not store ends the check. */
void trip_begin(sqla_type type);
void trip_end(void);
/* Send a value as row `id`; NULL: NULL. */
sqla_status trip_send(const trip_form *f, int64_t id, const void *value);
/* Fetch row `id` into TRIP_ROOM bytes of canaries. */
sqla_status trip_fetch(const trip_form *f, int64_t id, unsigned char *row, kit_arena *arena);
void trip_check_gaps(const unsigned char *row, size_t size); /* nothing beside the slots was written */
bool trip_gaps_are_whole(const unsigned char *row, size_t size);
/* There and back. may_refuse: the database need not have the value, and says SQLA_ERR_DATA then. */
void trip_there_and_back(const trip_form *f, const void *value, bool may_refuse, const char *what);
void trip_null(const trip_form *f);

/* All values of an array, in one form. */
#define TRIPS(form_, values, may_refuse)                                                      \
    do {                                                                                      \
        for (size_t i_ = 0; i_ < sizeof(values) / sizeof *(values); i_++) {                   \
            char what_[64];                                                                   \
            snprintf(what_, sizeof what_, "%s[%zu] in %u bytes", #values, i_, (form_)->size); \
            trip_there_and_back((form_), &(values)[i_], (may_refuse), what_);                 \
        }                                                                                     \
    } while (0)

#endif
