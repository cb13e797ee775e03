#!/bin/sh
# with-postgres.sh COMMAND...: run a command with a PostgreSQL server of its own, and remove the server afterwards.
#
# The server lives in a temporary folder, with a user "sqla" who may do everything: without a password on a Unix socket,
# with the password "sesame" on TCP. The command finds
#     SQLA_TEST_POSTGRES_URL      postgresql://sqla@/sqla?host=FOLDER&port=PORT
#     SQLA_TEST_POSTGRES_TCP_URL  postgresql://sqla:sesame@127.0.0.1:PORT/sqla
# Where SQLA_TEST_POSTGRES_URL is set already, the command is run as it is. The exit status is the command's; 69 when no
# server could be started. PostgreSQL refuses root, so as root it runs as "postgres" or "nobody".
set -u

fail()
{
    echo "with-postgres.sh: $*" >&2
    exit 69
}

# The folder with initdb and pg_ctl, of the newest version that is there.
find_binaries()
{
    for bin in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
        "$(pg_config --bindir 2>/dev/null)" "$(dirname "$(command -v pg_ctl 2>/dev/null)" 2>/dev/null)"; do
        if test -x "$bin/initdb" && test -x "$bin/pg_ctl"; then
            echo "$bin"
            return
        fi
    done
}

# Run something as the user of the server.
as_server()
{
    if test -z "$user"; then
        "$@"
    elif command -v setpriv >/dev/null; then
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"
    else
        runuser -u "$user" -- "$@"
    fi
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
user=
if test "$(id -u)" = 0; then
    for name in postgres nobody; do
        if id "$name" >/dev/null 2>&1; then
            user=$name
            break
        fi
    done
    test -n "$user" || fail "as root, a user 'postgres' or 'nobody' is needed to run PostgreSQL"
fi

# The path of a socket is at most 107 bytes long, so long temporary folders are not used.
tmp=${TMPDIR:-/tmp}
test ${#tmp} -lt 60 || tmp=/tmp
command=
folder=$(mktemp -d "$tmp/sqla-pg-XXXXXX") || fail "cannot make a folder in $tmp"
trap stop_server EXIT
trap 'signalled 129' HUP
trap 'signalled 130' INT
trap 'signalled 143' TERM
chmod 755 "$folder"
echo sesame >"$folder/password"
if test -n "$user"; then
    chown -R "$user" "$folder"
fi

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
