#!/bin/sh
# check-exports.sh: what the built libraries show and need. The core shows sqla_ names, none of them private, and needs
# no client library; a plugin shows one symbol, and needs its client library and nothing of ours.
. "$SRC/tests/check.sh"

# The names that a shared object defines for others; the symbol version itself is not one.
shown()
{
    $NM -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u
}

# The libraries that a shared object asks for.
needed()
{
    LC_ALL=C $READELF -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'
}

core=$BUILD/core/.libs/libsqla.so
test -f "$core" || skip "the library was not built as a shared one"
shown "$core" >"$TMP/core"
none "the core shows only sqla_ names" "$(grep -v '^sqla_' "$TMP/core")"
none "the core shows no private name" "$(grep '^sqla__' "$TMP/core")"
some "the core shows its functions" "$(grep '^sqla_create_engine$' "$TMP/core")"
none "the core needs no client library" "$(needed "$core" | grep -E 'libpq|libsqlite3')"
some "the core stays when it is closed, since drivers hold its table" \
    "$(LC_ALL=C $READELF -d "$core" | grep NODELETE)"

# Every function that the public headers mark is there, and nothing else is shown. Some are declared by macros.
echo '#include <sqla/sqla.h>' >"$TMP/all.c"
$CC -E -P -I"$SRC/abi" -I"$SRC/core/include" "$TMP/all.c" | tr '\n' ' ' |
    sed 's/__attribute__((visibility("default")))/\n@/g' |
    sed -n 's/^@[^(;]*[ *]\(sqla_[a-z0-9_]*\) *(.*/\1/p' | sort -u >"$TMP/declared"
some "functions are declared" "$(cat "$TMP/declared")"
none "all that is declared is shown" "$(comm -13 "$TMP/core" "$TMP/declared")"
none "all that is shown is declared" "$(comm -23 "$TMP/core" "$TMP/declared")"

for la in $PLUGINS; do
    name=${la##*/}
    name=${name%.la}
    so=$BUILD/plugins/.libs/$name.so
    same "$name shows one symbol" "$(shown "$so")" sqla_driver_entry
    none "$name needs nothing of ours" "$(needed "$so" | grep sqla)"
    case $name in
        mariadb) client=libmariadb ;;
        sqlite) client=libsqlite3 ;;
        postgres) client=libpq ;;
        *) continue ;;
    esac
    some "$name needs $client" "$(needed "$so" | grep "^$client\\.")"
done
finish "no database"
