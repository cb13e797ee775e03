/* postgres-texts.c: the texts in which the server writes dates, times, intervals, uuids and numbers. What is read is written
 * as a text that reads as the same; what is written is read as the same. */
#include <config.h>
#include "fuzz.h"

#include "postgres/postgres.h"

/* 4714-11-24 BC in microseconds, the first day that the server knows. */
#define EARLIEST INT64_C(-210866803200000000)

static void check_length(int n, const char *room) { must(n > 0 && n < POSTGRES__FORM_SIZE && strlen(room) == (size_t)n); }

static void check_date(int32_t days)
{
    char room[POSTGRES__FORM_SIZE];
    int32_t again;
    check_length(postgres__date_text(days, room), room);
    must(postgres__date_parse(room, &again) && again == days);
}

static void check_time(int64_t micros)
{
    char room[POSTGRES__FORM_SIZE];
    int64_t again;
    check_length(postgres__time_text(micros, room), room);
    must(postgres__time_parse(room, &again) && again == micros);
}

static void check_timestamp(int64_t micros, bool instant)
{
    char room[POSTGRES__FORM_SIZE];
    int64_t again;
    check_length(postgres__timestamp_text(micros, instant, room), room);
    must(postgres__timestamp_parse(room, instant, &again) && again == micros);
}

static void check_interval(const sqla_interval *interval)
{
    char room[POSTGRES__FORM_SIZE];
    check_length(postgres__interval_text(interval, room), room);
}

static void check_uuid(const sqla_uuid *uuid)
{
    char room[POSTGRES__FORM_SIZE];
    sqla_uuid again;
    must(postgres__uuid_text(uuid, room) == 36 && postgres__uuid_parse(room, &again) && memcmp(&again, uuid, sizeof again) == 0);
}

static void check_float(double v)
{
    char room[POSTGRES__FORM_SIZE];
    double again;
    snprintf(room, sizeof room, "%.17g", v);
    must(postgres__float_parse(room, &again) && (again == v || (again != again && v != v)));
}

static void read_texts(const char *text)
{
    int32_t days;
    int64_t micros;
    double number;
    sqla_interval interval;
    sqla_uuid uuid;
    if (postgres__date_parse(text, &days))
        check_date(days);
    if (postgres__time_parse(text, &micros)) {
        must(micros >= 0 && micros <= INT64_C(86400000000));
        check_time(micros);
    }
    for (int instant = 0; instant < 2; instant++) {
        if (postgres__timestamp_parse(text, instant, &micros))
            check_timestamp(micros, instant);
    }
    if (postgres__interval_parse(text, &interval))
        check_interval(&interval);
    if (postgres__uuid_parse(text, &uuid))
        check_uuid(&uuid);
    if (postgres__float_parse(text, &number))
        check_float(number);
}

int fuzz_postgres_texts(const uint8_t *data, size_t size)
{
    fuzz_in in = { data, size };
    int32_t days;
    int64_t micros;
    double number;
    sqla_interval interval;
    sqla_uuid uuid;
    size_t n;
    (void)fuzz_postgres();
    if (fuzz_byte(&in) % 4 != 0) {
        char *text = fuzz_copy(&in, in.left, &n);
        read_texts(text);
        free(text);
        return 0;
    }
    fuzz_take(&in, &days, sizeof days);
    fuzz_take(&in, &micros, sizeof micros);
    fuzz_take(&in, &interval, sizeof interval);
    fuzz_take(&in, &uuid, sizeof uuid);
    fuzz_take(&in, &number, sizeof number);
    check_date(days);
    if (micros >= 0 && micros <= INT64_C(86400000000))
        check_time(micros);
    if (micros == INT64_MIN || micros >= EARLIEST)
        check_timestamp(micros, days % 2 == 0);
    check_interval(&interval);
    check_uuid(&uuid);
    check_float(number);
    return 0;
}
