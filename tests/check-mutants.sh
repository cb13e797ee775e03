#!/bin/sh
# check-mutants.sh: is the kit any good? A driver with one vice (tests/mutants) must fail exactly the check that is there for it,
# among those that could notice; without a vice it must pass them all. As a test every seventh vice is tried; with SQLA_TEST_EVERY
# set, as `make mutants` has it, every one.
. "$SRC/tests/check.sh"
. "$SRC/tests/programs.sh"

conform=$BUILD/tools/sqla-conform
mutant=$BUILD/tests/.libs/mutant.so
plugins=$BUILD/plugins/.libs
list=$SRC/tests/mutants/vices.h

# vices LIST: "vice check among" of that list in vices.h, one a line, and of them those to try.
vices()
{
    sed -n "/^#define $1(X)/,/[^\\\\]\$/s/^ *X(\\([a-z0-9_]*\\), \"\\([^\"]*\\)\", \"\\([^\"]*\\)\").*/\\1 \\2 \\3/p" "$list" >"$TMP/all"
    some "there are vices" "$(cat "$TMP/all")"
    awk -v each="$each" 'NR % each == 0' "$TMP/all" >"$TMP/vices"
}
each=7
test -z "${SQLA_TEST_EVERY-}" || each=1

# fails_of OPTION...: the checks that fail, in one line, and how the kit ended.
fails_of()
{
    "$conform" "$@" >"$TMP/result" 2>&1
    ended=$?
    failing=$(sed -n 's/^not ok [0-9]* - \([^ ]*\) .*/\1/p' "$TMP/result" | tr '\n' ' ')
}

# These run queries without an end, or very long texts: they take a second, and are asked only about vices of their own kind.
slow=con-08,con-09,con-14,con-20,par-05

# try VICE CHECK AMONG URL. Where each process has a sanitizer's work at its end, the others are left out.
try()
{
    case ${BUILD_CFLAGS-}:$1 in
        *-fsanitize*:memory_leak_per_connection | *-fsanitize*:stream_grows) return ;; # the process grows by itself
        *-fsanitize*) only=$2 ;;
        *) only=$2,$3 ;;
    esac
    case ,$slow, in
        *,"$2",*) skip= ;;
        *) skip=--skip=$slow ;;
    esac
    SQLA_MUTANT=$1
    export SQLA_MUTANT
    # shellcheck disable=SC2086 # one option or none
    fails_of -j "$jobs" $skip --only="$only" "$mutant" "$4"
    if test "$failing" = "$2 " && test $ended = 1; then
        pass
    else
        not_ok "the vice '$1' is noticed by $2, and by nothing else" "noticed by: $failing
$(grep -v -e '^ok' "$TMP/result" | head -60)"
    fi
}

# pure WHAT URL
pure()
{
    SQLA_MUTANT=
    export SQLA_MUTANT
    fails_of -j "$jobs" --sql "$mutant" "$2"
    same "$1: without a vice all is well" "$failing$ended" 0
}

jobs=2
if test -n "$on_sqlite"; then
    SQLA_MUTANT_OF=$plugins/sqlite.so
    export SQLA_MUTANT_OF
    pure sqlite "mutant:///$TMP/{job}.db?synchronous=off"
    # In memory each process has a database of its own, so that the number may go anywhere.
    vices VICES
    while read -r vice id among; do
        try "$vice" "$id" "$among" "mutant://?busy_timeout=500{job}"
    done <"$TMP/vices"
fi
if test -n "$on_postgres"; then
    SQLA_MUTANT_OF=$plugins/postgres.so
    export SQLA_MUTANT_OF
    jobs=1
    works "there is a database" new_postgres
    vices SERVER_VICES
    while read -r vice id among; do
        try "$vice" "$id" "$among" "mutant:${url#*:}"
    done <"$TMP/vices"
    drop_postgres
fi
test -n "$on_sqlite$on_postgres" || skip "no driver was built"
finish "${on_sqlite:+sqlite}${on_postgres:+, postgres}"
