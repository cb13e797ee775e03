# out-of-tree.sh: drivers as third parties build them, from what is installed alone: included behind programs.sh by check-installed.sh,
# which has set PKG_CONFIG_PATH and $conform.

# What is to be said in the last line.
template_note=

# in_project COMMAND...: quietly where the copy of the template is, by a make that knows nothing of the one that runs this.
in_project()
{
    (cd "$TMP/kv" && unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES TESTS && "$@")
}

# The kit under the address sanitizer, as the guide says.
sanitized_template()
{
    asan=$($CC -print-file-name=libasan.so)
    case $asan in /*) ;; *) return ;; esac
    mkdir "$TMP/kv-asan"
    # shellcheck disable=SC2046 # flags are words
    works "the template compiles with a sanitizer" $CC -std=c11 -D_GNU_SOURCE '-DPACKAGE_VERSION="1"' -g -fsanitize=address -shared -fPIC \
        -fvisibility=hidden -o "$TMP/kv-asan/kv.so" "$TMP/kv/kv.c" $(pkg-config --cflags sqla-driver)
    works "the template passes the kit under a sanitizer" env LD_PRELOAD="$asan" "$conform" --sql "$TMP/kv-asan/kv.so" kv://
}

# The template: copied, built, checked and installed as its README says, into a folder of its own.
template_driver()
{
    installed=$(pkg-config --variable=templatedir sqla-driver)
    works "the template can be copied" cp -R "$installed" "$TMP/kv"
    if ! command -v autoreconf >/dev/null || ! command -v libtoolize >/dev/null; then
        template_note="; the template not built: autoconf, automake or libtool is missing"
        return
    fi
    works "the template: autoreconf" in_project autoreconf -fi
    works "the template: configure" in_project ./configure -q CC="$CC" CFLAGS='-O0 -Werror' --with-plugindir="$TMP/kv-plugins"
    works "the template: make" in_project make
    works "the template: make check" in_project make check VERBOSE=1
    sanitized_template
    works "the template: make install" in_project make install
    same "the template installs one file" "$(ls "$TMP/kv-plugins")" kv.so
    works "the template's program compiles" compile ask-kv "$SRC/tests/installed/ask-kv.c"
    works "the template's driver serves it" env SQLA_PLUGIN_PATH="$TMP/kv-plugins" "$TMP/ask-kv"
    works "the template: make uninstall" in_project make uninstall
    none "the template leaves nothing behind" "$(ls "$TMP/kv-plugins")"
}

# copy_driver NAME [PACKAGE]: a driver of ours, of its sources, the installed headers and the client library, as NAME.so in
# $TMP/copies. All that it gets to know of our build is a version.
copy_driver()
{
    mkdir -p "$TMP/copies/$1"
    cp "$SRC/plugins/$1"/*.[ch] "$TMP/copies/$1"
    printf '#define _GNU_SOURCE 1\n#define PACKAGE_VERSION "%s, a copy"\n' "$VERSION" >"$TMP/copies/$1/config.h"
    # shellcheck disable=SC2046 # flags are words
    works "a copy of the driver $1 compiles" $CC -std=c11 -O0 -Wall -Wextra -pedantic -Werror -fPIC -shared -fvisibility=hidden \
        -I"$TMP/copies/$1" -o "$TMP/copies/$1.so" "$TMP/copies/$1"/*.c $(pkg-config --cflags sqla-driver) ${2:+$(pkg-config --cflags --libs "$2")}
}

# check_copy NAME [ARGUMENT...]: the kit on a copy. Only what failed is shown.
kit()
{
    "$conform" "$@" >"$TMP/tap" && return
    grep -v '^ok ' "$TMP/tap"
    return 1
}
check_copy()
{
    name=$1
    shift
    works "the copy of the driver $name passes the kit with '$*'" kit "$TMP/copies/$name.so" "$@"
}

# check_on_server NAME: the kit on a copy and a server, with a database for each of the checks that run at once; most of the time they
# wait.
jobs=4
check_on_server()
{
    databases=0
    while test $databases -lt $jobs; do
        works "there is a database for the copy of the driver $1" "new_$1"
    done
    check_copy "$1" -j $jobs "$(echo "$url" | sed "s@\\(sqla_program_$$_\\)$jobs@\\1{job}@")"
    while test $databases -gt 0; do
        database=sqla_program_$$_$databases
        works "the database for the copy of the driver $1 can be dropped" "drop_$1"
        databases=$((databases - 1))
    done
}

# Each of the bundled drivers that was built, on its database where there is one.
copied_drivers()
{
    for driver in $DRIVERS; do
        case $driver in
            sqlite) copy_driver sqlite sqlite3 ;;
            postgres) copy_driver postgres libpq ;;
            mariadb) copy_driver mariadb libmariadb ;;
            *) copy_driver "$driver" ;;
        esac
        case $driver:$on_postgres:$on_mariadb in
            sqlite:*) check_copy sqlite -j 2 "sqlite:///$TMP/copy-{job}.db?synchronous=off" ;;
            postgres:yes:* | mariadb:*:yes) check_on_server "$driver" ;;
            *) check_copy "$driver" ;;
        esac
    done
}
