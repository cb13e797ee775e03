#!/bin/sh
# run.sh: sqla-conform on every driver that was built: SQLite in memory, as a file and as a file with a write-ahead log; the least that
# a database can be (tests/lesser.c), on which the journey must go, too; PostgreSQL
# and MariaDB where servers are, in databases of its own, by a socket, and in part with TLS as well. Each check that was not run must be one that the database cannot pass.
. "$SRC/tests/check.sh"
. "$SRC/tests/programs.sh"

check=conformance
conform=$BUILD/tools/sqla-conform
plugins=$BUILD/plugins/.libs

# run COMMAND...: its results are counted; a program that dies before it told them all is a failure.
run()
{
    "$@" >"$TMP/out" 2>&1
    status=$?
    p=$(grep -c '^ok ' "$TMP/out")
    f=$(grep -c '^not ok ' "$TMP/out")
    if test "$status" != 0; then
        grep -v '^ok ' "$TMP/out"
        echo "---- exit status $status: $*"
        test "$f" -gt 0 || f=1
    fi
    passed=$((passed + p))
    failed=$((failed + f))
}

# cannot WHAT ID...: of what was run last, these and no others were declared unsupported.
cannot()
{
    what=$1
    shift
    got=$(sed -n 's/^ok [0-9]* - \([^ ]*\) .*# SKIP declared unsupported: .*/\1/p' "$TMP/out" | sort | tr '\n' ' ')
    expected=$(printf '%s\n' "$@" | sort | tr '\n' ' ')
    if test "$got" = "$expected"; then
        passed=$((passed + 1))
    else
        echo "---- $what: declared unsupported: $got"
        echo "---- instead of: $expected"
        failed=$((failed + 1))
    fi
}

# over_tls DRIVER TCP_URL PAIRS: what depends on how bytes come, in the same database with TLS, where its server offers it.
over_tls()
{
    case "${SQLA_TEST_TLS-}" in
        *$1*) run "$conform" --only='con-*,err-*,row-*,tx-*' "$plugins/$1.so" "${2%/*}/$database?$3" ;;
    esac
}

# No server and no password, one schema, no type of labels, no constraint that comes later, no LIKE without case, no lists, no
# batches as columns, no two phases, no comments.
sqlite_cannot()
{
    cannot "$1" con-03 con-04 con-06 con-07 con-16 con-24 con-26 ddl-02 ddl-06 ddl-07 ddl-08 dml-06 q-10 q-11 q-12 ref-06 ref-07 tx-10
}

# on_the_least COMMAND...: where the driver of that database is found.
on_the_least()
{
    SQLA_LESSER_OF=$plugins/sqlite.so SQLA_PLUGIN_PATH=$BUILD/tests/.libs
    export SQLA_LESSER_OF
    "$@"
    SQLA_PLUGIN_PATH=$plugins
    unset SQLA_LESSER_OF
}

if test -n "$on_sqlite"; then
    run "$conform" --sql "$plugins/sqlite.so" "sqlite:///$TMP/file.db?synchronous=off"
    sqlite_cannot "sqlite, a file"
    run "$conform" "$plugins/sqlite.so" "sqlite:///$TMP/wal.db?synchronous=off&journal_mode=wal"
    sqlite_cannot "sqlite, a file with a log"
    run "$conform" "$plugins/sqlite.so" sqlite://
    sqlite_cannot "sqlite, in memory"
    on_the_least run "$conform" --sql "$BUILD/tests/.libs/lesser.so" "lesser:///$TMP/lesser.db?synchronous=off"
    cannot "the least" \
        con-03 con-04 con-05 con-06 con-07 con-08 con-09 con-13 con-16 con-17 con-18 con-20 con-23 con-24 \
        con-26 ddl-02 ddl-05 ddl-06 ddl-07 ddl-08 ddl-10 dml-02 dml-04 dml-05 dml-06 dml-14 err-06 err-08 \
        q-10 q-11 q-12 ref-01 ref-02 ref-03 ref-04 ref-05 ref-06 ref-07 ref-10 ref-12 row-03 row-10 \
        row-11 sql-04 tx-01 tx-02 tx-03 tx-06 tx-07 tx-10 tx-11 tx-12 tx-14
    for example in journey quickstart; do
        on_the_least works "$example goes on the least of databases" "$BUILD/tests/examples/$example" "lesser:///$TMP/$example.db"
    done
    mkdir "$TMP/driver"
    run "$BUILD/tests/conformance/sqlite-driver" "$plugins/sqlite.so" "$TMP/driver"
fi
if test -n "$on_postgres"; then
    works "there is a database" new_postgres
    run "$conform" --sql "$plugins/postgres.so" "$url"
    # No last id, no blocks (batches go as columns), one result at a time, no key into a table that comes later.
    cannot postgres dml-01 dml-05 row-12 ddl-10
    over_tls postgres "${SQLA_TEST_POSTGRES_TCP_URL-}" sslmode=require
    drop_postgres
    test -z "${SQLA_TEST_POSTGRES_TCP_URL-}" || run "$conform" --only=con-03 "$plugins/postgres.so" "$SQLA_TEST_POSTGRES_TCP_URL"
fi
if test -n "$on_mariadb"; then
    works "there is a database" new_mariadb
    run "$conform" --sql "$plugins/mariadb.so" "$url"
    # No DDL in a transaction, no two phases, no sign of zero; no commit that fails for sure, one result at a time, no last id (keys are returned), no
    # batches as columns, no DROP past foreign keys, no type of labels, no poolers, no outcomes, no LIKE without case, no BOOLEAN, no lists.
    cannot mariadb tx-08 tx-10 tx-12 row-12 dml-01 dml-06 ddl-07 ddl-08 ddl-10 con-24 con-26 q-10 q-11 q-12 ref-07 ty-22
    over_tls mariadb "${SQLA_TEST_MARIADB_TCP_URL-}" 'ssl=on&ssl_verify=off'
    drop_mariadb
    test -z "${SQLA_TEST_MARIADB_TCP_URL-}" || run "$conform" --only=con-03 "$plugins/mariadb.so" "$SQLA_TEST_MARIADB_TCP_URL"
fi
test -n "$where" || skip "no driver was built"
finish "$where"
