#!/bin/sh
# with-servers.sh COMMAND...: run a command with database servers of its own, and remove the servers afterwards.
#
# Each server lives in a temporary folder (servers.sh), with a user "sqla" who may do everything: without a password on a Unix socket,
# with the password "sesame" on TCP. The command finds
#     SQLA_TEST_POSTGRES_URL      postgresql://sqla@/sqla?host=FOLDER&port=PORT
#     SQLA_TEST_POSTGRES_TCP_URL  postgresql://sqla:sesame@127.0.0.1:PORT/sqla
#     SQLA_TEST_MARIADB_URL       mariadb://sqla@/sqla?socket=FOLDER/socket
#     SQLA_TEST_MARIADB_TCP_URL   mariadb://sqla:sesame@127.0.0.1:PORT/sqla
#     SQLA_TEST_TLS               "postgres mariadb": which of them offer TLS on TCP, with a certificate of nobody's; where openssl is
# A server whose first variable is set already is not started. PostgreSQL must be there; without MariaDB its tests are skipped. The
# exit status is the command's; 69 when a server could not be started. Neither runs as root: there it is "postgres" or "mysql", or
# else "nobody".
set -u
. "$(dirname "$0")/servers.sh"

fail()
{
    echo "with-servers.sh: $*" >&2
    exit 69
}

# ---- what both need -----------------------------------------------------------------------------------------------

# prepare NAME USER: who that server runs as, a folder of its own, and a certificate in it.
prepare()
{
    user=$(find_user "$2") || fail "as root, a user '$2' or 'nobody' is needed to run the server"
    make_folder || fail "cannot make a folder"
    tls=
    if command -v openssl >/dev/null 2>&1; then
        as_server openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
            -keyout "$folder/key.pem" -out "$folder/certificate.pem" >"$folder/openssl" 2>&1 || { cat "$folder/openssl" >&2; fail "openssl failed"; }
        tls=yes
        SQLA_TEST_TLS="${SQLA_TEST_TLS-} $1"
        export SQLA_TEST_TLS
    fi
}

stop_servers()
{
    trap '' HUP INT TERM
    if test -n "$postgres" && test -f "$postgres/data/postmaster.pid"; then
        user=$(find_user postgres)
        (cd "$postgres" && as_server "$bin/pg_ctl" -D "$postgres/data" -m immediate -w stop >/dev/null 2>&1)
    fi
    if test -n "$mariadb" && test -f "$mariadb/pid"; then
        kill -KILL "$(cat "$mariadb/pid")" 2>/dev/null
    fi
    rm -rf ${postgres:+"$postgres"} ${mariadb:+"$mariadb"}
}

# tell_replaced NAME FILE: an upgrade puts new files where a server that runs finds the rest of its own, and nothing that
# it does from then on means anything. FILE holds its process number.
tell_replaced()
{
    test -f "$2" || return 0
    case $(readlink "/proc/$(sed -n 1p "$2")/exe" 2>/dev/null) in
        *' (deleted)')
            echo "with-servers.sh: the files of the $1 server were replaced while it ran, by an upgrade of its package; run this again" >&2
            ;;
    esac
}

# A signal goes on to the command; stop_servers follows at the exit.
signalled()
{
    trap '' HUP INT TERM
    if test -n "$command"; then
        kill -TERM "$command" 2>/dev/null
        wait "$command"
    fi
    exit "$1"
}

# start TEXT FUNCTION: ports are tried in turn, from one that differs by process; TEXT in the log says that one is taken.
start()
{
    tries=0
    while test $tries -lt 20; do
        "$2" && return 0
        grep -q "$1" "$folder/log" || return 1
        tries=$((tries + 1))
        port=$((port + 1))
        : >"$folder/log"
    done
    return 1
}

# ---- PostgreSQL ---------------------------------------------------------------------------------------------------

configure_postgres()
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
max_wal_size = 256MB
autovacuum_naptime = 1h
timezone = 'UTC'
END
    test -z "$tls" || cat >>"$folder/data/postgresql.conf" <<END
ssl = on
ssl_cert_file = '$folder/certificate.pem'
ssl_key_file = '$folder/key.pem'
END
    cat >"$folder/data/pg_hba.conf" <<END
local all all trust
host all all 127.0.0.1/32 scram-sha-256
END
}

try_postgres()
{
    (cd "$folder" && as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -o "-p $port" -w -t 60 start) >"$folder/start" 2>&1
}

start_postgres()
{
    bin=$(find_binaries)
    test -n "$bin" || fail "no PostgreSQL server found: install the package postgresql"
    prepare postgres postgres
    postgres=$folder
    echo sesame >"$folder/password"
    (cd "$folder" && as_server "$bin/initdb" -D "$folder/data" -U sqla --pwfile="$folder/password" --auth=trust \
        --locale=C --encoding=UTF8 --no-sync) >"$folder/initdb" 2>&1 || { cat "$folder/initdb" >&2; fail "initdb failed"; }
    configure_postgres
    start 'could not bind' try_postgres || { cat "$folder/start" "$folder/log" >&2; fail "PostgreSQL did not start"; }
    "$bin/createdb" -h "$folder" -p "$port" -U sqla sqla || fail "createdb failed"
    SQLA_TEST_POSTGRES_URL="postgresql://sqla@/sqla?host=$folder&port=$port"
    SQLA_TEST_POSTGRES_TCP_URL="postgresql://sqla:sesame@127.0.0.1:$port/sqla"
    export SQLA_TEST_POSTGRES_URL SQLA_TEST_POSTGRES_TCP_URL
}

# ---- MariaDB ------------------------------------------------------------------------------------------------------

find_mariadb()
{
    for server in /usr/sbin/mariadbd /usr/libexec/mariadbd "$(command -v mariadbd 2>/dev/null)"; do
        if test -x "$server" && command -v mariadb-install-db >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

# Without a file that tells of the server's ready there would be no telling it from one that is about to fail.
try_mariadb()
{
    (cd "$folder" && as_server "$server" --no-defaults --datadir="$folder/data" --tmpdir="$folder" --socket="$folder/socket" --port="$port" \
        --bind-address=127.0.0.1 --pid-file="$folder/pid" --init-file="$folder/users.sql" --character-set-server=utf8mb4 \
        --skip-log-bin --skip-name-resolve --performance-schema=OFF --max-connections=300 --max-allowed-packet=64M \
        --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF --innodb-buffer-pool-size=48M --innodb-log-file-size=32M \
        --innodb-stats-persistent=OFF --key-buffer-size=1M --aria-pagecache-buffer-size=8M \
        ${tls:+--ssl-cert="$folder/certificate.pem" --ssl-key="$folder/key.pem"} >"$folder/log" 2>&1 &)
    waits=0
    while test $waits -lt 600; do
        grep -q 'ready for connections' "$folder/log" 2>/dev/null && return 0
        grep -q '\[ERROR\] Aborting' "$folder/log" 2>/dev/null && return 1
        waits=$((waits + 1))
        sleep 0.1
    done
    return 1
}

start_mariadb()
{
    prepare mariadb mysql
    mariadb=$folder
    port=$((port + 1000))
    cat >"$folder/users.sql" <<END
CREATE OR REPLACE USER sqla@localhost;
CREATE OR REPLACE USER sqla@'127.0.0.1' IDENTIFIED BY 'sesame';
GRANT ALL ON *.* TO sqla@localhost WITH GRANT OPTION;
GRANT ALL ON *.* TO sqla@'127.0.0.1' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS sqla;
END
    (cd "$folder" && as_server mariadb-install-db --no-defaults --datadir="$folder/data" --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=normal) >"$folder/install" 2>&1 || { cat "$folder/install" >&2; fail "mariadb-install-db failed"; }
    : >"$folder/log"
    start 'Bind on TCP/IP port' try_mariadb || { cat "$folder/log" >&2; fail "MariaDB did not start"; }
    SQLA_TEST_MARIADB_URL="mariadb://sqla@/sqla?socket=$folder/socket"
    SQLA_TEST_MARIADB_TCP_URL="mariadb://sqla:sesame@127.0.0.1:$port/sqla"
    export SQLA_TEST_MARIADB_URL SQLA_TEST_MARIADB_TCP_URL
}

# ---- both ---------------------------------------------------------------------------------------------------------

test $# -gt 0 || fail "usage: with-servers.sh COMMAND..."
wants_mariadb=
if test -z "${SQLA_TEST_MARIADB_URL-}" && find_mariadb; then
    wants_mariadb=yes
fi
if test -n "${SQLA_TEST_POSTGRES_URL-}" && test -z "$wants_mariadb"; then
    exec "$@"
fi

command=
postgres=
mariadb=
port=$((20000 + $$ % 11000))
trap stop_servers EXIT
trap 'signalled 129' HUP
trap 'signalled 130' INT
trap 'signalled 143' TERM
test -n "${SQLA_TEST_POSTGRES_URL-}" || start_postgres
test -z "$wants_mariadb" || start_mariadb

"$@" <&0 &
command=$!
wait "$command"
status=$?
command=
tell_replaced PostgreSQL "$postgres/data/postmaster.pid"
tell_replaced MariaDB "$mariadb/pid"
exit $status
