#!/bin/sh
# layout.sh CC SOURCE TMP: print each struct of the driver ABI with the place and size of its members, and each number and bit.
# They are read out of the headers themselves, so nothing can be forgotten. The first line says what all of it depends on: among the
# files layout*.txt beside this one, the table for a machine is the one that begins with the same line. SQLA_TEST_EMULATOR runs programs
# that are made for another machine.
set -eu
cc=$1
source=$2
tmp=$3

for path in "$source"/abi/sqla/*.h; do
    echo "#include <sqla/${path##*/}>"
done >"$tmp/all.h"
$cc -std=c11 -E -P -I"$source/abi" "$tmp/all.h" >"$tmp/all.i"
cat "$source"/abi/sqla/*.h >"$tmp/all.txt"

# Members and constants, one a line: "member STRUCT NAME" and "number NAME".
awk '
    function identifier(text) {
        gsub(/\[[^]]*\]/, "", text)
        return match(text, /[A-Za-z_][A-Za-z0-9_]*[ \t]*$/) ? substr(text, RSTART) : ""
    }
    function member(owner, text,   n, i, parts) {
        if (match(text, /\(\*[a-z_]+\)/)) {
            print "member " owner " " substr(text, RSTART + 2, RLENGTH - 3)
            return
        }
        sub(/.*\}/, "int ", text)
        n = split(text, parts, ",")
        for (i = 1; i <= n; i++)
            if (identifier(parts[i]) != "")
                print "member " owner " " identifier(parts[i])
    }
    function body_of(at,   depth, c, start) {
        start = at
        for (depth = 1; depth > 0; at++) {
            c = substr(all, at, 1)
            depth += (c == "{") - (c == "}")
        }
        return substr(all, start, at - start - 1)
    }
    function members(owner, body,   i, c, depth, text) {
        for (i = 1; i <= length(body); i++) {
            c = substr(body, i, 1)
            depth += (c == "{" || c == "(") - (c == "}" || c == ")")
            if (c == ";" && depth == 0) { member(owner, text); text = "" } else text = text c
        }
    }
    function numbers(body,   n, i, parts) {
        n = split(body, parts, ",")
        for (i = 1; i <= n; i++) {
            sub(/=.*/, "", parts[i])
            if (identifier(parts[i]) ~ /^SQLA_/)
                print "number " identifier(parts[i])
        }
    }
    { all = all " " $0 }
    END {
        at = 1
        while (match(substr(all, at), /(struct sqla_[a-z_]+|enum[ a-z_]*) \{/)) {
            head = substr(all, at + RSTART - 1, RLENGTH)
            at += RSTART + RLENGTH - 1
            body = body_of(at)
            if (head ~ /^enum/) { numbers(body); continue }
            split(head, words, " ")
            print "struct " words[2]
            members(words[2], body)
        }
    }' "$tmp/all.i" >"$tmp/names"
awk '$1 == "#define" && $2 ~ /^SQLA_(FEATURE|FACT|ABI|NOTE|DATE|TIMESTAMP)_[A-Z_]+$/ && NF > 2 && $3 !~ /"/ { print "number " $2 }' \
    "$tmp/all.txt" | awk '!seen[$0]++' >>"$tmp/names"

{
    cat "$tmp/all.h"
    echo '#include <stdio.h>'
    cat <<'END'
struct place { char c; int64_t n; };
int main(void) {
printf("pointers of %zu bytes, int64_t at multiples of %zu\n", sizeof(void *), offsetof(struct place, n));
END
    awk '
        $1 == "struct" { print "printf(\"struct " $2 " %zu\\n\", sizeof(struct " $2 "));" }
        $1 == "member" { print "printf(\"    " $3 " %zu %zu\\n\", offsetof(struct " $2 ", " $3 "), sizeof(((struct " $2 " *)0)->" $3 "));" }
        $1 == "number" { print "printf(\"" $2 " %lld\\n\", (long long)" $2 ");" }' "$tmp/names"
    echo 'return 0; }'
} >"$tmp/layout.c"
$cc -std=c11 -I"$source/abi" -include "$tmp/all.h" -o "$tmp/layout" "$tmp/layout.c"
${SQLA_TEST_EMULATOR-} "$tmp/layout"
