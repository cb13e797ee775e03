#!/bin/sh
# check-readme.sh: every line of C in the README's table of the journey is a line of an example that is compiled and run.
# The README's programs and commands themselves are run by check-examples.sh, check-installed.sh and .ci/run.
. "$SRC/tests/check.sh"

# The C column of the table: what stands between the last pair of backticks of a row.
awk '/^## The journey/ { on = 1 } /^\| database/ { on = 0 } on && /^\|.*`[^`]*` \|$/' "$SRC/README.md" |
    sed 's/.*`\([^`]*\)` |$/\1/' | sed '1{/^sqla$/d;}' >"$TMP/lines"
some "the README has the journey" "$(sed -n 10p "$TMP/lines")"
while IFS= read -r line; do
    if grep -qF -- "$line" "$SRC"/tests/examples/journey.c; then pass; else not_ok "not in tests/examples/journey.c" "$line"; fi
done <"$TMP/lines"
same "there is no C program in the README that is not run" "$(grep -c '^```c$' "$SRC/README.md")" 1
same "there is no block of commands in the README that is not run" "$(grep -c '^```sh$' "$SRC/README.md")" 4
finish "no database"
