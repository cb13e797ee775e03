#!/bin/sh
# check-wrong.sh: wrong programs do not compile, and right ones compile without a warning, by every compiler that is here.
# (As system headers check-installed.sh tries them, once they are installed.)
. "$SRC/tests/check.sh"
. "$SRC/tests/wrong.sh"

# A sanitizer's library works in its own compiler's programs alone.
library=$BUILD/core/.libs/libsqla.so
if test ! -f "$library" || $NM -D "$library" | grep -q __asan_init; then
    library=
fi

# The program that uses all of the headers needs CUnit as well.
cunit=
echo '#include <CUnit/CUnit.h>' >"$TMP/cunit.c"
$CC -fsyntax-only "$TMP/cunit.c" 2>/dev/null && cunit=yes

used=
for cc in gcc clang; do
    command -v "$cc" >/dev/null || continue
    used="$used $cc"
    wrong_programs "$cc" -I "$SRC/abi" -I "$SRC/core/include"
    right_source "$cc" "$SRC/tests/wrong/leaves-block.c" -I "$SRC/abi" -I "$SRC/core/include"
    if test -n "$cunit"; then
        right_source "$cc" "$SRC/tests/test-header.c" -I"$BUILD" -I "$SRC/abi" -I "$SRC/core/include"
    fi
    if test -n "$library"; then
        leaving_programs "$cc" -I"$SRC/abi" -I"$SRC/core/include" "$library" "-Wl,-rpath,${library%/*}"
    fi
done
test -n "$used" || skip "neither gcc nor clang is here"
finish "no server;$used"
