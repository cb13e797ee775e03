#!/bin/sh
# check-arrows.sh: who includes whom. The compiler lists what each source reads (-MM), and every file of ours in that
# list must lie in the same room or in one below:
#     abi <- base <- sql <- engine <- orm     plugins -> abi     tools -> public headers
#     tools/conform -> all of the library
. "$SRC/tests/check.sh"

# All sources at once, since starting a compiler is what takes time.
cd "$SRC" || exit 99
sources=$(ls core/*/*.c plugins/*/*.c tools/*.c tools/*/*.c)
# shellcheck disable=SC2086 # the client libraries' flags and the sources are words
works "the sources compile far enough" sh -c "$CC -std=c11 -MM -I'$BUILD' -Iabi -Icore/include -Icore -Iplugins ${CLIENT_CFLAGS-} \
    $(echo $sources) >'$TMP/rules'"

# One line for each source: what it includes and must not see. A public header belongs to the room that it shows.
awk '
    function room_of(path,   parts, n) {
        n = split(path, parts, "/")
        if (path ~ /^abi\//) return "abi"
        if (path == "core/include/sqla/sqla.h") return "public"
        if (path == "core/include/sqla/convert.h") return "sql-public"
        if (path == "core/include/sqla/url.h") return "base-public"
        if (path ~ /^core\/include\/sqla\//) { sub(/\.h$/, "", parts[n]); return parts[n] "-public" }
        if (path ~ /^core\//) return parts[2]
        if (path ~ /^plugins\//) return n > 2 ? "plugin-" parts[2] : "plugin"
        if (path ~ /^tools\/conform\//) return "conform"
        if (path ~ /^tools\//) return "tools"
        return "other"
    }
    function below(room) {
        if (room == "base") return "abi base-public base"
        if (room == "sql") return below("base") " sql-public sql"
        if (room == "engine") return below("sql") " engine-public engine"
        if (room == "orm") return below("engine") " orm-public orm public"
        if (room ~ /^plugin-/) return "abi plugin " room
        if (room == "tools") return "abi base-public sql-public engine-public orm-public public tools"
        if (room == "conform") return below("orm") " conform"
        return ""
    }
    { text = text " " $0; if (sub(/\\$/, "", text)) next }
    {
        sub(/^[^:]*:/, "", text)
        n = split(text, files, " ")
        allowed = " " below(room_of(files[1])) " "
        wrong = ""
        for (i = 1; i <= n; i++) {
            while (sub(/[^\/]+\/\.\.\//, "", files[i])) {}
            sub(/^\.\//, "", files[i])
            if (files[i] ~ /^(abi|core|plugins|tools)\// && index(allowed, " " room_of(files[i]) " ") == 0)
                wrong = wrong " " files[i]
        }
        print files[1] wrong
        text = ""
    }' "$TMP/rules" >"$TMP/wrong"
while read -r source wrong; do
    none "$source includes only what lies below its room" "$wrong"
done <"$TMP/wrong"
same "every source was looked at" "$(cut -d' ' -f1 "$TMP/wrong" | sort)" "$(echo "$sources" | sort)"
finish "no database"
