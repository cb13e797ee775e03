#!/bin/sh
# everywhere.sh PROGRAM SEEDS SECONDS: the random test on SQLite and on the servers that there are, all at once, so
# long on each. What each has found is printed at the end.
set -u
program=$1
seeds=$2
seconds=$3
dir=$(mktemp -d "$(test -w /dev/shm && echo /dev/shm || echo /tmp)/sqla-random-XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# on NAME URL: begin there.
pids=
on()
{
    test -n "$2" || return 0
    "$program" --seeds "$seeds" --seconds "$seconds" "$2" >"$dir/$1" 2>&1 &
    pids="$pids $!:$1"
}
on sqlite "sqlite:///$dir/random.db?synchronous=off&journal_mode=memory"
on postgres "${SQLA_TEST_POSTGRES_URL-}"
on mariadb "${SQLA_TEST_MARIADB_URL-}"

status=0
for pid in $pids; do
    wait "${pid%%:*}" || status=1
    echo "${pid#*:}:"
    cat "$dir/${pid#*:}"
done
exit $status
