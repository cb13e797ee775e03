#!/bin/sh
# check-arrows.sh: who includes whom. The compiler lists what each source reads (-MM), and every file of ours in that
# list must lie in the same room or in one below:
#     abi <- base <- sql <- engine <- orm     plugins -> abi     tools -> public headers
#     tools/conform -> all of the library
. "$SRC/tests/check.sh"

# The room of a file, named by its path in the source. A public header belongs to the room that it shows.
room_of()
{
    case $1 in
        abi/*) echo abi ;;
        core/include/sqla/sqla.h) echo public ;;
        core/include/sqla/convert.h) echo sql-public ;;
        core/include/sqla/*.h) r=${1##*/}; echo "${r%.h}-public" ;;
        core/*/*) r=${1#core/}; echo "${r%%/*}" ;;
        plugins/*/*) r=${1#plugins/}; echo "plugin-${r%%/*}" ;;
        plugins/*) echo plugin ;;
        tools/conform/*) echo conform ;;
        tools/*) echo tools ;;
        *) echo other ;;
    esac
}

# The rooms that a room may see.
below()
{
    case $1 in
        base) echo "abi base-public base" ;;
        sql) echo "$(below base) sql-public sql" ;;
        engine) echo "$(below sql) engine-public engine" ;;
        orm) echo "$(below engine) orm-public orm public" ;;
        plugin-*) echo "abi plugin $1" ;;
        tools) echo "abi base-public sql-public engine-public orm-public public tools" ;;
        conform) echo "$(below orm) conform" ;;
    esac
}

# What a source includes of ours: one path in the source a line. config.h is nobody's.
included()
{
    # shellcheck disable=SC2086 # the client libraries' flags are words
    $CC -std=c11 -MM -I"$BUILD" -Iabi -Icore/include -Icore -Iplugins ${CLIENT_CFLAGS-} "$1" |
        tr -d '\\' | tr ' ' '\n' | sed -e 's@[^/]*/\.\./@@g' -e 's@^\./@@' | grep -E '^(abi|core|plugins|tools)/'
}

cd "$SRC" || exit 99
for source in core/*/*.c plugins/*/*.c tools/*.c tools/*/*.c; do
    test -f "$source" || continue
    allowed=" $(below "$(room_of "$source")") "
    wrong=
    if ! included "$source" >"$TMP/included" 2>"$TMP/errors"; then
        not_ok "$source does not compile far enough" "$(cat "$TMP/errors")"
        continue
    fi
    while read -r header; do
        case $allowed in
            *" $(room_of "$header") "*) ;;
            *) wrong="$wrong$header " ;;
        esac
    done <"$TMP/included"
    none "$source includes only what lies below its room" "$wrong"
done
finish "no database"
