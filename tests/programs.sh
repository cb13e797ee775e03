# programs.sh: for checks that run finished programs on every database: included behind check.sh. DRIVERS says what was
# built, SQLA_TEST_POSTGRES_URL and SQLA_TEST_MARIADB_URL where servers are.

# The databases that are here, for the last line.
where=
on_sqlite=
on_postgres=
on_mariadb=
psql=$(command -v psql || ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -n 1)
case " $DRIVERS " in *" sqlite "*)
    on_sqlite=yes
    where=sqlite ;;
esac
case " $DRIVERS " in *" postgres "*)
    if test -z "${SQLA_TEST_POSTGRES_URL-}"; then
        where="${where:+$where; }no postgres: SQLA_TEST_POSTGRES_URL is not set"
    elif test -z "$psql"; then
        where="${where:+$where; }no postgres: psql was not found"
    else
        on_postgres=yes
        where="${where:+$where, }postgres"
    fi ;;
esac

case " $DRIVERS " in *" mariadb "*)
    if test -z "${SQLA_TEST_MARIADB_URL-}"; then
        where="${where:+$where; }no mariadb: SQLA_TEST_MARIADB_URL is not set"
    elif ! command -v mariadb >/dev/null; then
        where="${where:+$where; }no mariadb: its client was not found"
    else
        on_mariadb=yes
        where="${where:+$where, }mariadb"
    fi ;;
esac

# Make a new database on a server, named in $url, and remove it.
databases=0
new_postgres()
{
    databases=$((databases + 1))
    database=sqla_program_$$_$databases
    "$psql" -q "$SQLA_TEST_POSTGRES_URL" -c "CREATE DATABASE $database TEMPLATE template0" || return 1
    url=$(echo "$SQLA_TEST_POSTGRES_URL" | sed "s@^\\([a-z]*://[^/]*/\\)[^?]*@\\1$database@")
}
drop_postgres()
{
    "$psql" -q "$SQLA_TEST_POSTGRES_URL" -c "DROP DATABASE $database WITH (FORCE)"
}

# The server is reached by its socket.
on_mariadb_server()
{
    mariadb --no-defaults --user=sqla --socket="$(echo "$SQLA_TEST_MARIADB_URL" | sed 's/.*socket=//')" --execute="$1"
}
new_mariadb()
{
    databases=$((databases + 1))
    database=sqla_program_$$_$databases
    on_mariadb_server "CREATE DATABASE $database" || return 1
    url=$(echo "$SQLA_TEST_MARIADB_URL" | sed "s@^\\([a-z]*://[^/]*/\\)[^?]*@\\1$database@")
}
drop_mariadb()
{
    on_mariadb_server "DROP DATABASE $database"
}

# on_databases PROGRAM [ARGUMENT...]: it must end well on each of them, with the URL of a new database as its first
# argument.
on_databases()
{
    program=$1
    shift
    if test -n "$on_sqlite"; then
        works "${program##*/} runs on sqlite" "$program" "sqlite:///$TMP/${program##*/}.db" "$@"
    fi
    if test -n "$on_postgres"; then
        works "there is a database for ${program##*/}" new_postgres
        works "${program##*/} runs on postgres" "$program" "$url" "$@"
        drop_postgres
    fi
    if test -n "$on_mariadb"; then
        works "there is a database for ${program##*/}" new_mariadb
        works "${program##*/} runs on mariadb" "$program" "$url" "$@"
        drop_mariadb
    fi
}

# run_example PROGRAM: with the arguments that this example needs. The one that reads package lists gets the sample;
# the README's makes its own database where it is run.
run_example()
{
    case ${1##*/} in
        notes) works "notes, the README's first program, runs" sh -c "cd '$TMP' && rm -f notes.db && '$1'" ;;
        packages) on_databases "$1" "$SRC/tests/examples/packages.sample" amber ;;
        *) on_databases "$1" ;;
    esac
}
