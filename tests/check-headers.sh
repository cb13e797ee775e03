#!/bin/sh
# check-headers.sh: each public header compiles alone, without a warning, as C11, C17, C23 and C++17, by every compiler
# that is here.
. "$SRC/tests/check.sh"

# compile COMPILER STANDARD LANGUAGE HEADER: with the warnings that the headers keep from others.
compile()
{
    echo "#include <sqla/$4>" >"$TMP/alone.$3"
    echo "int main(void) { return 0; }" >>"$TMP/alone.$3"
    "$1" "-std=$2" -DSQLA_CHECK_HEADERS -Wall -Wextra -pedantic -Wshadow -Werror -fsyntax-only -I "$SRC/abi" -I "$SRC/core/include" "$TMP/alone.$3"
}

used=
for pair in "gcc g++" "clang clang++"; do
    cc=${pair% *}
    cxx=${pair#* }
    command -v "$cc" >/dev/null && used="$used $cc"
    for path in "$SRC"/abi/sqla/*.h "$SRC"/core/include/sqla/*.h; do
        header=${path##*/}
        if command -v "$cc" >/dev/null; then
            for standard in c11 c17 c2x; do
                works "$header as $standard with $cc" compile "$cc" $standard c "$header"
            done
        fi
        if command -v "$cxx" >/dev/null; then
            works "$header as c++17 with $cxx" compile "$cxx" c++17 cc "$header"
        fi
    done
done
test -n "$used" || skip "neither gcc nor clang is here"
finish "no database;$used"
