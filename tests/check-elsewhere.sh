#!/bin/sh
# check-elsewhere.sh [RELEASE...]: does what the README says hold on other releases of Debian, old and new?
#
# Each release gets a tree of its own, made by debootstrap from where this machine gets its packages. In it the README's first commands
# are run as root, in a folder that nobody else can enter, and the library is built by a user. A table says what came of it; what each
# step said stays in elsewhere/RELEASE. Without arguments:
#     bookworm            Debian 12 as it came out
#     bookworm-security   the same with its updates
#     trixie              Debian 13
#     sid                 what comes next
# Root alone can do this. It takes about twenty minutes for each on two cores.
set -u
src=$(cd "$(dirname "$0")/.." && pwd)
out=$PWD/elsewhere
test $# -gt 0 || set -- bookworm bookworm-security trixie sid

fail()
{
    echo "check-elsewhere.sh: $*" >&2
    exit 1
}

# ---- a tree for a release ------------------------------------------------------------------------------------------

# Where this machine gets Debian's packages: of the releases themselves (main), or of their security updates.
source_of()
{
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
        awk -v wanted="$1" '$3 == "main" && $4 == "Debian" && $2 !~ /-updates$/ && ($2 ~ /-security$/) == (wanted == "security") { print $1; exit }'
}

# make_tree RELEASE FOLDER
make_tree()
{
    main=$(source_of main)
    test -n "$main" || { echo "no source of Debian's packages among this machine's"; return 1; }
    debootstrap --variant=minbase "${1%-security}" "$2" "$main" || return 1
    case $1 in
        *-security)
            security=$(source_of security)
            test -n "$security" || { echo "no source of security updates among this machine's"; return 1; }
            echo "deb $main ${1%-security}-updates main" >>"$2/etc/apt/sources.list"
            echo "deb $security $1 main" >>"$2/etc/apt/sources.list"
            ;;
    esac
    cp /etc/resolv.conf /etc/hosts "$2/etc/"
    printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d" # no server is started where its package is installed
    chmod 755 "$2/usr/sbin/policy-rc.d"
    chroot "$2" useradd -m -s /bin/sh user &&
        mkdir "$2/root/sqla" "$2/home/user/sqla" && chmod 700 "$2/root/sqla" &&
        (cd "$src" && git archive HEAD) | tar -x -C "$2/root/sqla" &&
        (cd "$src" && git archive HEAD) | tar -x -C "$2/home/user/sqla" &&
        chroot "$2" chown -R user: /home/user/sqla
}

# inside FOLDER USER COMMAND...: run it there, in processes and mounts of its own, which end with it.
inside()
{
    tree=$1
    user=$2
    shift 2
    unshare --mount --pid --fork --kill-child sh -c '
        tree=$1 user=$2
        shift 2
        mount --bind /dev "$tree/dev" && mount -t tmpfs none "$tree/dev/shm" && mount -t proc proc "$tree/proc" || exit 1
        if test "$user" = root; then home=/root; else home=/home/$user; fi
        exec chroot --userspec="$user" "$tree" env -i HOME="$home" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive sh -c "cd \$HOME/sqla && $*"' sh "$tree" "$user" "$@"
}

# ---- one release ---------------------------------------------------------------------------------------------------

# version_of FOLDER PACKAGE-PATTERN: as the package database has it, without what Debian added.
version_of()
{
    chroot "$1" dpkg-query -W -f '${Version} ${db:Status-Status}\n' "$2" 2>/dev/null |
        awk '$2 == "installed" { v = $1 } END { sub(/^[0-9]*:/, "", v); sub(/[-+].*/, "", v); print v == "" ? "-" : v }'
}

# step NAME COMMAND...: what it says goes to a file of that name.
step()
{
    said=$out/$release/$1
    shift
    "$@" >"$said" 2>&1 </dev/null
}

try_release()
{
    tree=$out/$release/tree
    began=$(date +%s)
    demo=no check=- built=no warnings=-
    if ! step tree.log make_tree "$release" "$tree"; then
        echo "$release: no tree could be made: $(tail -n 1 "$out/$release/tree.log")" >&2
    fi
    if step demo.log inside "$tree" root "$(sh "$src/tests/readme.sh" sh 1 | sed -n 1p)"; then demo=yes; fi
    step check.log inside "$tree" root "$(sh "$src/tests/readme.sh" sh 1 | sed -n 2p)" || :
    check=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$out/$release/check.log" | tail -n 1)
    if step build.log inside "$tree" user './autogen.sh && mkdir build-release && cd build-release && ../configure && make'; then
        built=yes
        warnings=$(grep -c 'warning:' "$out/$release/build.log")
    fi
    minutes=$(( ($(date +%s) - began + 59) / 60 ))
    printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$release" "$(version_of "$tree" 'gcc-[0-9]*')" \
        "$(version_of "$tree" libpq5)" "$(version_of "$tree" 'libmariadb3')" "$(version_of "$tree" mariadb-server)" \
        "$(version_of "$tree" libsqlite3-0)" "$demo" "${check:--}" "$built" "$warnings" "$minutes" >>"$out/table"
    case $demo,$check,$built,$warnings in
        yes,*' 0 failed',yes,0) ;;
        *) status=1 ;;
    esac
    rm -rf --one-file-system "$tree"
}

# ---- all of them ---------------------------------------------------------------------------------------------------

test "$(id -u)" = 0 || fail "only root can make a tree to change into"
test -d "$src/.git" || fail "'$src' is no checkout"
command -v debootstrap >/dev/null || apt-get -qq -y install debootstrap >/dev/null || fail "the package debootstrap is missing"
mkdir -p "$out"
cat >"$out/table" <<'END'
| release | gcc | libpq | libmariadb | MariaDB | SQLite | demo | check, as root | built, as a user | warnings | minutes |
|---|---|---|---|---|---|---|---|---|--:|--:|
END
status=0
for release; do
    rm -rf --one-file-system "${out:?}/$release"
    mkdir -p "$out/$release"
    echo "$release ..."
    try_release
done
cat "$out/table"
exit $status
