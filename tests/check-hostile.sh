#!/bin/sh
# check-hostile.sh: files that pretend to be drivers, and drivers that do wrong while they are loaded. Each is refused within a second,
# by a message that names the file, and the process lives on.
. "$SRC/tests/check.sh"

plugins=$TMP/plugins
mkdir "$plugins"

# driver NAME CODE: a shared object with the note of a driver of that name, and that code.
driver()
{
    printf '#include <sqla/driver.h>\n#include <stdio.h>\n#include <string.h>\nSQLA_DRIVER_NOTE("%s", "%s");\n%s\n' "$1" "$1" "$2" >"$TMP/$1.c"
    "$CC" -std=gnu11 -shared -fPIC -I"$SRC/abi" -o "$plugins/$1.so" "$TMP/$1.c" || not_ok "driver $1 is built"
}

# refused NAME TEXT: the engine is not made, in a second, and says why. 124: it hung; above: it was killed.
refused()
{
    echo 'SELECT 1' | SQLA_PLUGIN_PATH=${path-$plugins} timeout 1 "$run" "$1://" >"$TMP/out" 2>&1
    status=$?
    if test $status = 1 && grep -q "$1.so" "$TMP/out" && grep -q -- "$2" "$TMP/out"; then
        pass
    else
        not_ok "$1: exit status $status, and not '$2' in" "$(head -c 600 "$TMP/out")"
    fi
}

# The program itself, since libtool's wrapper takes its time.
run=$BUILD/tests/.libs/run-sql
test -x "$run" || run=$BUILD/tests/run-sql
LD_LIBRARY_PATH=$BUILD/core/.libs
export LD_LIBRARY_PATH

entry='sqla_status sqla_driver_entry(const sqla_host *h, sqla_driver *out, sqla_err *err)'
driver no_entry 'int nothing;'
refused no_entry "no function 'sqla_driver_entry'"
driver undefined "int no_such_function_anywhere(void); $entry { (void)h, (void)out, (void)err; return no_such_function_anywhere(); }"
refused undefined no_such_function_anywhere
driver says_much "$entry { static char much[1 << 20]; memset(much, 0xff, sizeof much - 1); memcpy(much, \"%n%s\", 4); (void)out;
    sqla_err_fields f = { .struct_size = sizeof f, .status = SQLA_ERR_IO, .message = much }; h->set_error(err, &f); return SQLA_ERR_IO; }"
refused says_much '%n%s'
none "what a driver says is bounded" "$(find "$TMP/out" -size +8k)"
if command -v iconv >/dev/null; then
    works "what a driver says is made UTF-8" iconv -f UTF-8 -t UTF-8 "$TMP/out"
fi
driver says_nothing "$entry { (void)h, (void)out, (void)err; return SQLA_ERR_NOMEM; }"
refused says_nothing 'out of memory'
driver gives_nothing "$entry { (void)h, (void)out, (void)err; return SQLA_OK; }"
refused gives_nothing 'version 0.0'
driver no_name "$entry { (void)h, (void)err; out->abi_major = SQLA_ABI_MAJOR; return SQLA_OK; }"
refused no_name 'name is not the one'
driver odd_status "$entry { (void)h, (void)out, (void)err; return (sqla_status)4711; }"
refused odd_status 'cannot load driver'

# One that was built for another major is not run at all: its constructor leaves no mark.
driver marked "__attribute__((constructor)) static void leave(void) { fclose(fopen(\"$TMP/mark\", \"w\")); } $entry { (void)h, (void)out, (void)err; return SQLA_ERR_IO; }"
refused marked 'cannot load driver'
works "a constructor is run when the file is loaded" test -f "$TMP/mark"
rm -f "$TMP/mark"
sed 's/SQLA_DRIVER_NOTE(/\n#undef SQLA_ABI_MAJOR\n#define SQLA_ABI_MAJOR 2\n&/' "$TMP/marked.c" >"$TMP/marked-2.c"
"$CC" -std=gnu11 -shared -fPIC -I"$SRC/abi" -o "$plugins/marked.so" "$TMP/marked-2.c" || not_ok "a driver of major 2 is built"
refused marked 'version 2 of the driver interface'
fails "and not when the note is wrong" test -f "$TMP/mark"

# The search path: only absolute folders, whatever else stands in it, and never the loader's own way.
cd "$plugins" || exit 99
driver here "$entry { (void)h, (void)out, (void)err; return SQLA_ERR_IO; }"
long=$(printf '/%0250d' 0)
many=$(i=0; while test $i -lt 100; do printf '/nowhere%d:' $i; i=$((i + 1)); done)
for path in :: . ./ .. '~' "relative:." "$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long" "$many" '/with
newline'; do
    refused here 'cannot find a driver'
done
path=/nowhere
LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$plugins
refused here 'cannot find a driver'
path=$many$plugins
refused here 'cannot load driver'
unset path

# After all that another driver still loads.
if test -f "$BUILD/plugins/.libs/sqlite.so"; then
    works "a sound driver works beside them" sh -c "printf 'SELECT 1\n;\n' | SQLA_PLUGIN_PATH='$plugins:$BUILD/plugins/.libs' '$run' sqlite://"
fi
finish "no database"
