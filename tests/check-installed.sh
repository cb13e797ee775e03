#!/bin/sh
# check-installed.sh: what `make installcheck` runs. Programs and a driver are compiled with nothing but the installed
# copy and pkg-config, as anybody would, and the programs find their databases by URL alone.
#
# From make: LIBDIR, PKGCONFIGDIR, PLUGINDIR, BINDIR, DOCDIR, VERSION, CC, DRIVERS, SRC.
. "$SRC/tests/check.sh"
. "$SRC/tests/programs.sh"
. "$SRC/tests/wrong.sh"
. "$SRC/tests/out-of-tree.sh"

PKG_CONFIG_PATH=$PKGCONFIGDIR${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
unset SQLA_PLUGIN_PATH
# The loader's cache may not know of it yet.
LD_LIBRARY_PATH=$LIBDIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
# compile NAME SOURCE: a program, which remembers where the library is.
compile()
{
    # shellcheck disable=SC2046 # flags are words
    $CC -std=c11 -Wall -Wextra -Werror -o "$TMP/$1" "$2" $(pkg-config --cflags --libs sqla) "-Wl,-rpath,$LIBDIR"
}

same "pkg-config knows the version" "$(pkg-config --modversion sqla)" "$VERSION"
same "pkg-config knows the folder of plugins" "$(pkg-config --variable=plugindir sqla-driver)" "$PLUGINDIR"
same "the major number of the ABI is in that folder" "$(pkg-config --variable=abiversion sqla-driver | sed 's/\..*//')" \
    "${PLUGINDIR##*/}"
same "a driver links nothing of ours" "$(pkg-config --libs sqla-driver | tr -d ' ')" ""
none "no .la file lies among the plugins" "$(ls "$PLUGINDIR"/*.la 2>/dev/null)"
for driver in $DRIVERS; do
    works "the driver $driver is installed" test -f "$PLUGINDIR/$driver.so"
    case $driver in
        mariadb) same "mysql is another name of mariadb" "$(readlink "$PLUGINDIR/mysql.so")" mariadb.so ;;
        postgres) same "postgresql is another name of postgres" "$(readlink "$PLUGINDIR/postgresql.so")" postgres.so ;;
    esac
done

for source in "$SRC"/tests/examples/*.c; do
    test -f "$source" || continue
    name=${source##*/}
    name=${name%.c}
    works "$name compiles" compile "$name" "$source"
    if test -x "$TMP/$name"; then
        run_example "$TMP/$name"
    fi
done

# The README's first program, by its own commands.
sh "$SRC/tests/readme.sh" c 1 >"$TMP/notes.c"
sh "$SRC/tests/readme.sh" sh 2 >"$TMP/commands"
works "the README's first program compiles and runs" env LD_RUN_PATH="$LIBDIR" sh -ec "cd '$TMP' && . ./commands"

# And by those for a prefix of one's own, which stands for this one here.
mkdir -p "$TMP/home/sqla/lib"
ln -s "$PKGCONFIGDIR" "$TMP/home/sqla/lib/pkgconfig"
sh "$SRC/tests/readme.sh" sh 4 >"$TMP/commands"
works "the README's commands for a prefix of one's own" \
    env -u LD_LIBRARY_PATH -u PKG_CONFIG_PATH HOME="$TMP/home" sh -ec "cd '$TMP' && . ./commands"
for page in LICENSE NEWS README.md WRITING-A-DRIVER.md; do
    works "$page is installed" test -s "$DOCDIR/$page"
done

# What must not compile does not, now that the headers are the system's.
# shellcheck disable=SC2046 # flags are words
wrong_programs "$CC" $(pkg-config --cflags sqla | sed 's/-I/-isystem /g')
# shellcheck disable=SC2046 # flags are words
leaving_programs "$CC" $(pkg-config --cflags --libs sqla) "-Wl,-rpath,$LIBDIR"

if test -x "$BINDIR/sqla-inspect"; then
    works "sqla-inspect lists the installed drivers" "$BINDIR/sqla-inspect" drivers
    for driver in $DRIVERS; do
        some "sqla-inspect knows $driver" "$("$BINDIR/sqla-inspect" drivers 2>&1 | grep "$driver")"
    done
fi

# The kit, where pkg-config says that it is.
conform=$(pkg-config --variable=conformtool sqla-driver)
for driver in $DRIVERS; do
    works "the driver $driver passes what needs no database" "$conform" "$PLUGINDIR/$driver.so"
done
case " $DRIVERS " in *" sqlite "*)
    works "SQLite passes the kit" "$conform" --sql "$PLUGINDIR/sqlite.so" "sqlite:///$TMP/conform.db?synchronous=off" ;;
esac

# Drivers as others build them: the template, and copies of the bundled ones.
template_driver
copied_drivers

# A third party's driver, and a program that uses it from a folder of its own.
mkdir "$TMP/plugins"
# shellcheck disable=SC2046 # flags are words
works "a driver compiles" $CC -std=c11 -Wall -Wextra -pedantic -Werror -fPIC -shared -o "$TMP/plugins/echo.so" \
    "$SRC/tests/installed/echo.c" $(pkg-config --cflags sqla-driver)
works "it passes what needs no database" "$conform" "$TMP/plugins/echo.so"
works "its program compiles" compile ask-echo "$SRC/tests/installed/ask-echo.c"
works "it answers" env SQLA_PLUGIN_PATH="$TMP/plugins" "$TMP/ask-echo"
fails "without it there is no answer" "$TMP/ask-echo"
finish "$where$template_note"
