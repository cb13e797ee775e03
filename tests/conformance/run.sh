#!/bin/sh
# run.sh: the conformance programs on every driver that was built: SQLite in memory, as a file and as a file with a
# write-ahead log; PostgreSQL where SQLA_TEST_POSTGRES_URL names a server (postgresql://user@/name?host=FOLDER&port=N; nothing
# in it needs escapes). BUILD: the build tree. The last line adds up what the programs said.
set -u
programs=$BUILD/tests/conformance
plugins=$BUILD/plugins/.libs
passed=0
failed=0
skipped=
on=
TMP=$(mktemp -d "${TMPDIR:-/tmp}/sqla-conformance-XXXXXX") || exit 99
trap 'rm -rf "$TMP"' EXIT
trap 'exit 130' HUP INT TERM

# run PROGRAM ARGUMENT...: a program that dies before its last line counts as one failure.
run()
{
    "$@" >"$TMP/out" 2>&1
    status=$?
    line=$(grep -E '^[^ ]+: [0-9]+ passed, [0-9]+ failed' "$TMP/out" | tail -n 1)
    p=$(echo "$line" | sed -n 's/.*: \([0-9]*\) passed.*/\1/p')
    f=$(echo "$line" | sed -n 's/.* \([0-9]*\) failed.*/\1/p')
    if test "$status" != 0; then
        cat "$TMP/out"
        echo "---- exit status $status: $*"
        test "${f:-0}" -gt 0 || f=1
    fi
    passed=$((passed + ${p:-0}))
    failed=$((failed + ${f:-0}))
}

# part OF A POSTGRESQL URL: user, name of the database, or a key of the query.
user_of() { echo "$1" | sed -n 's@^[a-z]*://\([^/@]*\)\@.*@\1@p'; }
name_of() { echo "$1" | sed -n 's@^[a-z]*://[^/]*/\([^?]*\).*@\1@p'; }
key_of() { echo "$1" | tr '?&' '\n\n' | sed -n "s@^$2=@@p"; }

if test -f "$plugins/sqlite.so"; then
    on=sqlite
    run "$programs/conformance" "$plugins/sqlite.so"
    run "$programs/conformance" "$plugins/sqlite.so" "database=$TMP/file.db" synchronous=off
    run "$programs/conformance" "$plugins/sqlite.so" "database=$TMP/wal.db" journal_mode=wal synchronous=off
    run "$programs/sqlite-driver" "$plugins/sqlite.so" "$TMP"
fi
if test -f "$plugins/postgres.so"; then
    url=${SQLA_TEST_POSTGRES_URL-}
    if test -n "$url"; then
        on="$on${on:+, }postgres"
        set -- "user=$(user_of "$url")" "database=$(name_of "$url")" "host=$(key_of "$url" host)"
        port=$(key_of "$url" port)
        run "$programs/conformance" "$plugins/postgres.so" "$@" ${port:+"port=$port"}
    else
        skipped=', 1 skipped'
        on="$on; no postgres: SQLA_TEST_POSTGRES_URL is not set"
    fi
fi
echo "conformance: $passed passed, $failed failed$skipped ($on)"
test $failed = 0
