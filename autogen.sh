#!/bin/sh
# autogen.sh: make ./configure; or do everything for you.
#
#   ./autogen.sh           make configure, as ever: autoreconf --force --install
#   ./autogen.sh --demo    install what is missing, build in build/, and put this machine's package database into an
#                          SQLite file through the library, then ask it questions
#   ./autogen.sh --check   the same set-up, then all tests, with a PostgreSQL server that is started and stopped for them
#
# Packages are installed with apt-get, as root or with sudo; where neither is there, they are named.
set -eu
cd "$(dirname "$0")"
logs=build

say()
{
    echo "sqla: $*"
}

fail()
{
    say "$*" >&2
    exit 1
}

# quietly LOG COMMAND...: run a command, and show what it said only when it fails.
quietly()
{
    log=$logs/$1
    shift
    mkdir -p "$logs"
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        fail "failed: $* (all it said is in $log)"
    fi
}

# ---- what is missing ----------------------------------------------------------------------------------------------

missing=

# lacks PACKAGE: note that it is needed.
lacks()
{
    case " $missing " in
        *" $1 "*) ;;
        *) missing="${missing:+$missing }$1" ;;
    esac
}

# needs PACKAGE COMMAND...: a package whose programs must be there.
needs()
{
    package=$1
    shift
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || lacks "$package"
    done
}

# needs_library PACKAGE MODULE: a package of headers that pkg-config knows.
needs_library()
{
    pkg-config --exists "$2" 2>/dev/null || lacks "$1"
}

has_server()
{
    for bin in /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null || :)"; do
        if test -x "$bin/initdb"; then
            return 0
        fi
    done
    command -v initdb >/dev/null 2>&1
}

has_pooler()
{
    test -x /usr/sbin/pgbouncer || test -x /usr/local/sbin/pgbouncer || command -v pgbouncer >/dev/null 2>&1
}

find_missing()
{
    missing=
    needs gcc gcc
    needs make make
    needs autoconf autoreconf
    needs automake automake
    needs libtool libtoolize
    needs pkg-config pkg-config
    needs_library libsqlite3-dev sqlite3
    needs_library libpq-dev libpq
    needs_library libmariadb-dev libmariadb
    echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 || lacks libc6-dev
    if test "$1" = check; then
        needs g++ g++
        needs_library libcunit1-dev cunit
        needs mandoc mandoc
        needs openssl openssl
        has_pooler || lacks pgbouncer
        if test -z "${SQLA_TEST_POSTGRES_URL-}"; then
            has_server || lacks postgresql
        fi
        if test -z "${SQLA_TEST_MARIADB_URL-}"; then
            test -x /usr/sbin/mariadbd || needs mariadb-server mariadbd
        fi
    fi
}

# ---- installing it ------------------------------------------------------------------------------------------------

# How to become root: "", "sudo", or "none" where there is no way.
find_root()
{
    if test "$(id -u)" = 0; then
        echo ""
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || { test -t 0 && sudo -v; }; }; then
        echo sudo
    else
        echo none
    fi
}

apt()
{
    $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o Dpkg::Lock::Timeout=120 "$@"
}

# Lists that are too old to install from are fetched anew.
apt_install()
{
    ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt update
    # shellcheck disable=SC2086 # a list of words
    apt install --no-install-recommends $missing || { apt update && apt install --no-install-recommends $missing; }
}

install_missing()
{
    find_missing "$1"
    if test -z "$missing"; then
        return
    fi
    root=$(find_root)
    if test "$root" = none || ! command -v apt-get >/dev/null 2>&1; then
        fail "these packages are missing (by their names in Debian); please install them and try again: $missing"
    fi
    say "installing $missing (this may take a few minutes)"
    quietly install.log apt_install
    find_missing "$1"
    test -z "$missing" || fail "still missing after the installation: $missing"
    rm -f build/config.status
}

# ---- building -----------------------------------------------------------------------------------------------------

jobs()
{
    nproc 2>/dev/null || echo 2
}

# Some tests wait most of their time: for deadlines, and for servers.
tests_at_once()
{
    echo $(($(jobs) + 1))
}

# Whether configure knows of all that find_missing asks for: a build of the demo's has no tests.
is_configured()
{
    test -f build/config.status && test -f build/Makefile || return 1
    test "$1" != check || grep -q "^S\\[\"HAVE_CUNIT_TRUE\"\\]=\"\"" build/config.status
}

# make notices everything that changes later, configure.ac included.
build()
{
    if ! test -x configure || ! test -f Makefile.in || ! test -f build-aux/ltmain.sh; then
        say "making configure"
        quietly autoreconf.log autoreconf --force --install
    fi
    if test -f config.status; then
        fail "this folder is configured itself; 'make distclean' first, since --$1 builds in build/"
    fi
    if ! is_configured "$1"; then
        say "configuring in build/"
        (cd build 2>/dev/null || { mkdir -p build && cd build; }
         logs=. quietly configure.log ../configure)
    fi
    if ! make -C build -q all >/dev/null 2>&1; then
        say "building (about a minute)"
        quietly make.log make -C build -j"$(jobs)" all
    fi
}

# ---- the two commands ---------------------------------------------------------------------------------------------

demo()
{
    install_missing demo
    build demo
    quietly examples.log make -C build -j"$(jobs)" demo-program
    status=/var/lib/dpkg/status
    test -r "$status" || status=tests/examples/packages.sample
    rm -f build/packages.db
    url=sqlite:///build/packages.db
    say "running: build/tests/examples/packages $url $status"
    SQLA_PLUGIN_PATH=$PWD/build/plugins/.libs build/tests/examples/packages "$url" "$status"
}

check()
{
    install_missing check
    build check
    say "building the tests"
    quietly make-check.log make -C build -j"$(jobs)" check-programs
    say "running the tests, with servers of their own"
    status=0
    tests/with-servers.sh make -C build -j"$(tests_at_once)" check >build/check.log 2>&1 || status=$?
    if test "$status" != 0 && ! test -f build/test-suite.log; then
        tail -n 40 build/check.log >&2
    fi
    tests/sum.sh build || status=1
    exit "$status"
}

case ${1-} in
    "") exec autoreconf --force --install ;;
    --demo) demo ;;
    --check) check ;;
    *) fail "usage: ./autogen.sh [--demo | --check]" ;;
esac
