/* sqlite-texts.c: the texts in which SQLite files keep dates, times, intervals, uuids and decimals. What is read is written as
 * a text that reads as the same; what is written is read as the same. */
#include <config.h>
#include "fuzz.h"

#include "sqlite/sqlite.h"

static void check_length(int n, const char *room) { must(n > 0 && n < SQLITE__FORM_SIZE && memchr(room, '\0', (size_t)n) == NULL); }

static void check_date(int32_t days)
{
    char room[SQLITE__FORM_SIZE];
    int32_t again;
    int n = sqlite__date_text(days, room);
    if (n == 0)
        return;
    check_length(n, room);
    must(sqlite__date_parse(room, (size_t)n, &again) && again == days);
}

static void check_time(int64_t micros)
{
    char room[SQLITE__FORM_SIZE];
    int64_t again;
    int n = sqlite__time_text(micros, room);
    must((n == 0) == (micros < 0 || micros > INT64_C(86400000000)));
    if (n == 0)
        return;
    check_length(n, room);
    must(sqlite__time_parse(room, (size_t)n, &again) && again == micros);
}

static void check_timestamp(int64_t micros)
{
    char room[SQLITE__FORM_SIZE];
    int64_t again;
    int n = sqlite__timestamp_text(micros, room);
    if (n == 0)
        return;
    check_length(n, room);
    must(sqlite__timestamp_parse(room, (size_t)n, true, &again) && again == micros);
    must(sqlite__timestamp_parse(room, (size_t)n, false, &again) && again == micros);
}

static void check_interval(const sqla_interval *interval)
{
    char room[SQLITE__FORM_SIZE];
    sqla_interval again;
    int n = sqlite__interval_text(interval, room);
    check_length(n, room);
    must(sqlite__interval_parse(room, (size_t)n, &again) && memcmp(&again, interval, sizeof again) == 0);
}

static void check_uuid(const sqla_uuid *uuid)
{
    char room[SQLITE__FORM_SIZE];
    sqla_uuid again;
    int n = sqlite__uuid_text(uuid, room);
    must(n == 36 && sqlite__uuid_parse(room, 36, &again) && memcmp(&again, uuid, sizeof again) == 0);
}

static void read_texts(const char *text, size_t n)
{
    int32_t days;
    int64_t micros;
    sqla_interval interval;
    sqla_uuid uuid;
    if (sqlite__date_parse(text, n, &days))
        check_date(days);
    if (sqlite__time_parse(text, n, &micros)) {
        must(micros >= 0 && micros <= INT64_C(86400000000));
        check_time(micros);
    }
    if (sqlite__timestamp_parse(text, n, false, &micros))
        check_timestamp(micros);
    if (sqlite__timestamp_parse(text, n, true, &micros))
        check_timestamp(micros);
    if (sqlite__interval_parse(text, n, &interval))
        check_interval(&interval);
    if (sqlite__uuid_parse(text, n, &uuid))
        check_uuid(&uuid);
    if (sqlite__decimal_valid(text, n))
        must(n > 0 && strspn(text, "0123456789+-.eE") == n && strpbrk(text, "0123456789") != NULL);
}

int fuzz_sqlite_texts(const uint8_t *data, size_t size)
{
    fuzz_in in = { data, size };
    int32_t days;
    int64_t micros;
    sqla_interval interval;
    sqla_uuid uuid;
    size_t n;
    if (fuzz_byte(&in) % 4 != 0) {
        char *text = fuzz_copy(&in, in.left, &n);
        read_texts(text, n);
        free(text);
        return 0;
    }
    fuzz_take(&in, &days, sizeof days);
    fuzz_take(&in, &micros, sizeof micros);
    fuzz_take(&in, &interval, sizeof interval);
    fuzz_take(&in, &uuid, sizeof uuid);
    check_date(days);
    check_time(micros);
    check_timestamp(micros);
    check_interval(&interval);
    check_uuid(&uuid);
    return 0;
}
