#!/bin/sh
# with-postgres.sh COMMAND...: run a command with a PostgreSQL server of its own, and remove the server afterwards.
#
# The server lives in a temporary folder, with a user "sqla" who may do everything: without a password on a Unix socket,
# with the password "sesame" on TCP. The command finds
#     SQLA_TEST_POSTGRES_URL      postgresql://sqla@/sqla?host=FOLDER&port=PORT
#     SQLA_TEST_POSTGRES_TCP_URL  postgresql://sqla:sesame@127.0.0.1:PORT/sqla
# Where SQLA_TEST_POSTGRES_URL is set already, the command is run as it is. The exit status is the command's; 69 when no
# server could be started.
set -u
. "$(dirname "$0")/postgres.sh"

fail()
{
    echo "with-postgres.sh: $*" >&2
    exit 69
}

stop_server()
{
    trap '' HUP INT TERM
    if test -f "$folder/data/postmaster.pid"; then
        (cd "$folder" && as_server "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1)
    fi
    rm -rf "$folder"
}

# A signal goes on to the command; stop_server follows at the exit.
signalled()
{
    trap '' HUP INT TERM
    if test -n "$command"; then
        kill -TERM "$command" 2>/dev/null
        wait "$command"
    fi
    exit "$1"
}

write_configuration()
{
    cat >>"$folder/data/postgresql.conf" <<END
unix_socket_directories = '$folder'
listen_addresses = '127.0.0.1'
max_connections = 200
max_prepared_transactions = 20
password_encryption = 'scram-sha-256'
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum_naptime = 1h
timezone = 'UTC'
END
    cat >"$folder/data/pg_hba.conf" <<END
local all all trust
host all all 127.0.0.1/32 scram-sha-256
END
}

# Ports are tried in turn, from one that differs by process.
start_server()
{
    tries=0
    port=$((20000 + $$ % 12000))
    while test $tries -lt 20; do
        if (cd "$folder" && as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -o "-p $port" -w -t 60 start) \
            >"$folder/start" 2>&1; then
            return 0
        fi
        grep -q 'could not bind' "$folder/log" || return 1
        tries=$((tries + 1))
        port=$((port + 1))
        : >"$folder/log"
    done
    return 1
}

test $# -gt 0 || fail "usage: with-postgres.sh COMMAND..."
if test -n "${SQLA_TEST_POSTGRES_URL-}"; then
    exec "$@"
fi

bin=$(find_binaries)
test -n "$bin" || fail "no PostgreSQL server found: install the package postgresql"
user=$(find_user) || fail "as root, a user 'postgres' or 'nobody' is needed to run PostgreSQL"
command=
make_folder || fail "cannot make a folder"
trap stop_server EXIT
trap 'signalled 129' HUP
trap 'signalled 130' INT
trap 'signalled 143' TERM
echo sesame >"$folder/password"
test -z "$user" || chown "$user" "$folder/password"

(cd "$folder" && as_server "$bin/initdb" -D "$folder/data" -U sqla --pwfile="$folder/password" --auth=trust \
    --locale=C --encoding=UTF8 --no-sync) >"$folder/initdb" 2>&1 || { cat "$folder/initdb" >&2; fail "initdb failed"; }
write_configuration
start_server || { cat "$folder/start" "$folder/log" >&2; fail "the server did not start"; }
"$bin/createdb" -h "$folder" -p "$port" -U sqla sqla || fail "createdb failed"

SQLA_TEST_POSTGRES_URL="postgresql://sqla@/sqla?host=$folder&port=$port"
SQLA_TEST_POSTGRES_TCP_URL="postgresql://sqla:sesame@127.0.0.1:$port/sqla"
export SQLA_TEST_POSTGRES_URL SQLA_TEST_POSTGRES_TCP_URL
"$@" <&0 &
command=$!
wait "$command"
status=$?
command=
exit $status
