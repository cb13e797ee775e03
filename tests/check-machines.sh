#!/bin/sh
# check-machines.sh [-s] MACHINE...: build for other machines (i386, armhf, arm64, s390x), by Debian's cross compilers, and run the unit
# tests there, in qemu's emulation of the machine. Where it is called, each machine has a folder of its own, build-machines/MACHINE:
#     root    a C library and the client libraries for that machine, as Debian has them, with their headers
#     all     what was built with them
#     quick   with -s: the core, the SQLite driver and the programs to run alone, which takes fewer libraries, too
# There are no servers, so what needs one is built and skipped. The programs to run are in TESTS, the make in MAKE. The last lines are a
# table, and the sum of it.
#
# The compilers and qemu are installed, as root or with sudo. The libraries are only unpacked, by an apt with lists of its own, so that
# those of this machine stay as they are.
set -u
clients='sqlite postgres mariadb' part=all
if test "${1-}" = -s; then
    clients=sqlite part=quick
    shift
fi
test $# -gt 0 || { echo "usage: check-machines.sh [-s] MACHINE..." >&2; exit 64; }
source=$(cd "$(dirname "$0")/.." && pwd)
top=$PWD/build-machines
jobs=$(nproc 2>/dev/null || echo 2)
make=${MAKE-make}
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES APT_CONFIG SQLA_TEST_POSTGRES_URL SQLA_TEST_MARIADB_URL
unset SQLA_TEST_POSTGRES_TCP_URL SQLA_TEST_MARIADB_TCP_URL SQLA_TEST_TLS

say() { echo "$machine: $*"; }

# quietly LOG COMMAND...: show what it said only when it fails.
quietly()
{
    log=$here/$1.log
    shift
    "$@" >"$log" 2>&1 || { say "failed: $* (all it said is in $log)"; tail -n 40 "$log"; return 1; }
}

# ---- what a machine takes -----------------------------------------------------------------------------------------

# know MACHINE: its names: of the compiler, of the folder of its libraries, of qemu.
know()
{
    machine=$1
    here=$top/$machine
    root=$here/root
    build=$here/$part
    case $machine in
        i386) triplet=i686-linux-gnu libraries=i386-linux-gnu cpu=i386 ;;
        armhf) triplet=arm-linux-gnueabihf libraries=$triplet cpu=arm ;;
        arm64) triplet=aarch64-linux-gnu libraries=$triplet cpu=aarch64 ;;
        s390x) triplet=s390x-linux-gnu libraries=$triplet cpu=s390x ;;
        *) echo "check-machines.sh: no machine '$machine': there are i386, armhf, arm64 and s390x" >&2; exit 64 ;;
    esac
    qemu=qemu-$cpu-static
    mkdir -p "$here"
}

has_tools()
{
    command -v "$triplet-gcc" >/dev/null && command -v "$qemu" >/dev/null
}

install_tools()
{
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Lock::Timeout=600 install --no-install-recommends \
        "gcc-$triplet" qemu-user-static
}

get_tools()
{
    has_tools && return
    sudo=
    test "$(id -u)" = 0 || sudo=sudo
    say "installing gcc-$triplet and qemu-user-static"
    install_tools >"$here/install.log" 2>&1 && return
    quietly update $sudo apt-get -qq update && quietly install install_tools
}

# An apt for the other machine, where no package is installed yet, so that it finds all that ours depend on.
private_apt()
{
    mkdir -p "$here/apt/lists/partial" "$here/apt/cache/archives/partial"
    : >"$here/apt/status"
    cat >"$here/apt/apt.conf" <<END
APT::Architecture "$machine";
APT::Architectures { "$machine"; };
APT::Sandbox::User "root";
Dir::State::Lists "$here/apt/lists";
Dir::State::Status "$here/apt/status";
Dir::Cache "$here/apt/cache";
Debug::NoLocking "true";
END
}

# A list that cannot be had just now (of a mirror that is being made anew) leaves an older version of its packages, which will do.
fetch_libraries()
{
    APT_CONFIG=$here/apt/apt.conf
    export APT_CONFIG
    apt-get -q update || echo "some lists were not fetched"
    # shellcheck disable=SC2086 # a list of words
    apt-get -q -y install --no-install-recommends --download-only $1
}

unpack_libraries()
{
    rm -rf "$root" "$root.new"
    for package in "$here"/apt/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -f - -C "$here" --one-top-level=root.new \
            --exclude='./usr/share/doc' --exclude='./usr/share/locale' --exclude='./usr/share/man' || return
    done
    echo "$clients" >"$root.new/clients" && mv "$root.new" "$root"
}

# Those that were fetched for more clients serve for fewer.
get_libraries()
{
    packages='libc6-dev libcunit1-dev libsqlite3-dev'
    test $part = quick || packages="$packages libpq-dev libmariadb-dev"
    case $(cat "$root/clients" 2>/dev/null) in "$clients"*) return ;; esac
    say "fetching $packages"
    private_apt && quietly fetch fetch_libraries "$packages" && quietly unpack unpack_libraries || return
    rm -rf "$here/apt" "$here/all" "$here/quick"
}

# ---- building and running -----------------------------------------------------------------------------------------

configure_build()
{
    mkdir -p "$build" || return
    with='--with-postgres --with-mariadb'
    test $part = all || with='--without-postgres --without-mariadb'
    # shellcheck disable=SC2086 # a list of words
    (cd "$build" && PKG_CONFIG_LIBDIR=$root/usr/lib/$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG=pkg-config \
        "$source/configure" -q --host="$triplet" CC="$triplet-gcc --sysroot=$root" CFLAGS=-O1 --disable-static --enable-strict \
        --with-sqlite $with)
}

# All that is installed, or what is wanted of it, and the tests to run.
make_programs()
{
    test -f "$build/config.status" && test "$build/config.status" -nt "$source/configure" || configure_build || return
    what=all
    test $part = all || what='core/libsqla.la plugins/sqlite.la plugins/trace.la'
    # shellcheck disable=SC2086 # a list of words
    $make -C "$build" -j"$jobs" $what && $make -C "$build" -k -j"$jobs" tests/vice.la $TESTS
}

run_programs()
{
    SQLA_TEST_EMULATOR=$qemu QEMU_LD_PREFIX=$root SQLA_TEST_TIMEOUT=1800
    export SQLA_TEST_EMULATOR QEMU_LD_PREFIX SQLA_TEST_TIMEOUT
    rm -f "$build"/tests/*.log "$build"/tests/*.trs
    logs=$(for test in tests/check-layout $TESTS; do echo "$test.log"; done)
    # shellcheck disable=SC2086 # a list of words
    $make -C "$build" -k -j"$jobs" LOG_COMPILER="$qemu" $logs
}

# number WORD: how many of them the sum counted.
number()
{
    n=$(sed -n "s/^\\(.* \\)*\\([0-9][0-9]*\\) $1.*/\\2/p" "$here/sum.log" | tail -n 1)
    echo "${n:-0}"
}

# check MACHINE: a line of the table. What did not get as far as the tests is one failure.
check()
{
    know "$1"
    began=$(date +%s)
    built=no passed=0 failed=1 skipped=0
    if get_tools && get_libraries && say "building" && quietly build make_programs; then
        built=yes
        say "running the tests"
        (run_programs) >"$here/run.log" 2>&1
        sh "$source/tests/sum.sh" -q "$build" >"$here/sum.log"
        grep -v '^[0-9]* \(skipped\|passed\)' "$here/sum.log"
        passed=$(number passed) failed=$(number failed) skipped=$(number skipped)
    fi
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
    printf '%-8s %-28s %-6s %7d %7d %8d %8d\n' "$machine" "$triplet-gcc $("$triplet-gcc" -dumpfullversion)" $built \
        "$passed" "$failed" "$skipped" $(($(date +%s) - began)) >>"$table"
}

mkdir -p "$top"
table=$top/table
all_passed=0 all_failed=0 all_skipped=0
printf '%-8s %-28s %-6s %7s %7s %8s %8s\n' machine compiler built passed failed skipped seconds >"$table"
for machine in "$@"; do
    check "$machine"
done
cat "$table"
echo "$all_passed passed, $all_failed failed, $all_skipped skipped"
test $all_failed = 0
