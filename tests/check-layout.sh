#!/bin/sh
# check-layout.sh: the driver ABI as it lies in memory: each struct, each number and each bit is where the table for this kind of machine
# says, tests/abi/layout*.txt.
. "$SRC/tests/check.sh"

works "the layout can be printed" sh "$SRC/tests/abi/layout.sh" "$CC" "$SRC" "$TMP"
table=$(grep -lxF -e "$(head -n 1 "$TMP/out")" "$SRC"/tests/abi/layout*.txt)
some "there is a table for a machine with $(head -n 1 "$TMP/out")" "$table"
same "the layout is the one in ${table##*/} ('make abi-layout' after a change that is meant)" "$(cat "$TMP/out")" "$(cat "$table")"
finish "no database"
