#!/bin/sh
# server.sh: a PostgreSQL server that a test may stop, kill and start as it likes: server.c runs it and talks to it by pipes.
#
# It says where the server will be (FOLDER PORT), and then does what each line says, and answers "ok" or "failed":
#     start [ARGUMENT...]    start it and wait until it answers; arguments as of postgres, such as -c max_connections=12
#     stop MODE              fast or immediate
#     kill                   the postmaster dies (SIGKILL), and the others after it
#     pause, resume          the postmaster stops and goes on (SIGSTOP, SIGCONT)
#     standby, promote       the next start is as a standby that takes nobody; and this is its end
#     room                   a folder FOLDER/room of 8 MiB, where that can be made (as root)
# At the end of its input the server is ended and removed. As root it has its mounts for itself, so that they go with it.
set -u
. "$(dirname "$0")/servers.sh"

if test -z "${SQLA_OWN_MOUNTS-}" && test "$(id -u)" = 0 && unshare -m true 2>/dev/null; then
    SQLA_OWN_MOUNTS=yes exec unshare -m sh "$0"
fi

postmaster() { head -n 1 "$folder/data/postmaster.pid" 2>/dev/null; }
alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
tell() { test -n "$(postmaster)" && kill "-$1" "$(postmaster)" 2>/dev/null; }

# The postmaster dies, and its children when they see that. Where nobody buries the dead, the next one would take it for alive.
die()
{
    pid=$(postmaster)
    children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
    tell KILL || return 1
    for one in $pid $children; do
        while alive "$one"; do sleep 0.02; done
    done
    rm -f "$folder/data/postmaster.pid"
}

# Run pg_ctl quietly, and without our pipes, which would be held open by what it starts.
control()
{
    (cd "$folder" && as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" "$@") <&- >"$folder/said" 2>&1
}

# One that runs is fine, unless it is to have arguments. After one that was killed the system may still hold what it had for a moment,
# and then the next one gives up at once.
start()
{
    test -z "$*" && tell 0 && return
    for try in 1 2 3 4 5; do
        control -w -t 20 -o "-p $port $*" start && return
        sleep 0.2
    done
    return 1
}

finish()
{
    trap '' HUP INT TERM
    tell CONT
    control -m immediate -w stop
    rm -rf "$folder/data"
    umount "$folder/room" 2>/dev/null
    rm -rf "$folder"
}

bin=$(find_binaries)
test -n "$bin" && user=$(find_user postgres) && make_folder || exit 1
trap finish EXIT
trap 'exit 1' HUP INT TERM
port=$((32000 + $$ % 20000))
(cd "$folder" && as_server "$bin/initdb" -D "$folder/data" -U sqla --auth=trust --locale=C --encoding=UTF8 --no-sync) \
    <&- >"$folder/said" 2>&1 || exit 1
cat >>"$folder/data/postgresql.conf" <<END
unix_socket_directories = '$folder'
listen_addresses = ''
max_connections = 60
fsync = off
autovacuum_naptime = 1h
timezone = 'UTC'
superuser_reserved_connections = 0
END
echo "$folder $port"

while read -r word rest; do
    case $word in
        start) start $rest ;;
        stop) control -m "$rest" -w stop ;;
        kill) die ;;
        pause) tell STOP ;;
        resume) tell CONT ;;
        standby) as_server touch "$folder/data/standby.signal" ;;
        promote) control -W promote ;;
        room) mkdir -p "$folder/room" && mount -t tmpfs -o size=8m tmpfs "$folder/room" 2>/dev/null &&
            { test -z "$user" || chown "$user" "$folder/room"; } ;;
        *) false ;;
    esac && echo ok || echo failed
done
