# servers.sh: what the scripts that start database servers share: where programs are, and as whom they run. No server runs as root,
# so there each is a user of its own, or "nobody".

# The folder with PostgreSQL's initdb and pg_ctl, of the newest version that is there.
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

# find_user NAME: the user of the server; nothing where that is who we are. It fails when there is none.
find_user()
{
    test "$(id -u)" = 0 || return 0
    for name in "$1" nobody; do
        if id "$name" >/dev/null 2>&1; then
            echo "$name"
            return 0
        fi
    done
    return 1
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

# has_room FOLDER: for the largest of benchmarks, 2 GiB.
has_room()
{
    test -w "$1" && test "$(df -Pk "$1" | awk 'NR == 2 { print $4 }')" -ge 2097152
}

# A folder for a server: in memory where that has room, unless TMPDIR says where, since to make and remove the database of a test
# takes ten times as long on a disk. The path of a socket is at most 107 bytes long, so long temporary folders are not used.
make_folder()
{
    tmp=${TMPDIR:-/tmp}
    if test -z "${TMPDIR-}" && has_room /dev/shm; then
        tmp=/dev/shm
    fi
    test ${#tmp} -lt 60 || tmp=/tmp
    folder=$(mktemp -d "$tmp/sqla-server-XXXXXX") && chmod 755 "$folder" || return 1
    test -z "$user" || chown -R "$user" "$folder"
}
