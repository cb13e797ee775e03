#!/bin/sh
# check-manual.sh: the manual pages. Their form is right, their programs compile and run on SQLite, sqla-errors(7) has a paragraph
# for every status and sqla-url(7) one for every option of an engine. What is missing is named.
. "$SRC/tests/check.sh"

man=$SRC/core/man

# ---- form -------------------------------------------------------------------------------------------------------------
# Pages that the system does not have yet are looked for below, where they are.

form=
if command -v mandoc >/dev/null; then
    for page in "$man"/*.[0-9] "$SRC"/tools/*.1; do
        none "${page##*/} has the right form" "$(mandoc -T lint "$page" 2>&1 | grep -v -e 'referenced manual not found' -e 'mandoc\.db')"
    done
else
    form="; form not checked: no mandoc"
fi
for page in "$man"/*.[0-9]; do
    grep '^\.Xr ' "$page" | while read -r _ name section _; do
        test -f "$man/$name.$section" || test -f "$SRC/tools/$name.$section" || test "$name" = fork || echo "$name($section)"
    done >"$TMP/unknown"
    none "${page##*/} points at pages that are there" "$(cat "$TMP/unknown")"
done

# ---- completeness -----------------------------------------------------------------------------------------------------

# paragraphs PAGE MACRO: the names that items of a list of the page begin with.
paragraphs()
{
    sed -n "s/^\\.It $2 \\([A-Za-z0-9_]*\\)\$/\\1/p" "$1" | sort
}
# covers WHAT NAMES WORDS: every one of the names is among the words, and those are enough to be believed.
covers()
{
    some "$1: names are found" "$(sed -n 8p "$2")"
    none "$1: a paragraph is missing for" "$(comm -23 "$2" "$3")"
}

sed -n 's/^ *X(\([A-Z_]*\),.*/SQLA_\1/p' "$SRC/abi/sqla/status.h" | sort >"$TMP/statuses"
paragraphs "$man/sqla-errors.7" Dv >"$TMP/told"
covers "sqla-errors(7), statuses" "$TMP/statuses" "$TMP/told"
none "sqla-errors(7) tells of statuses that there are" "$(comm -13 "$TMP/statuses" "$TMP/told")"

# The members of the struct, and what may stand in a URL.
sed -n '/^typedef struct sqla_engine_options {/,/^}/s/^[^;]*[ *]\([a-z_]*\);.*/\1/p' "$SRC/core/include/sqla/engine.h" |
    grep -v -x -e struct_size -e sqla_engine_options | sort >"$TMP/options"
sed -n '/^static const option options_known/,/^}/s/^ *[A-Z]*(\([a-z_]*\).*/\1/p' "$SRC/core/engine/engine.c" | sort >"$TMP/keys"
paragraphs "$man/sqla-url.7" Cm >"$TMP/told"
covers "sqla-url(7), options of the engine" "$TMP/options" "$TMP/told"
covers "sqla-url(7), keys of the engine" "$TMP/keys" "$TMP/told"

# ---- programs ---------------------------------------------------------------------------------------------------------

# Literal blocks with a main function, as files $TMP/PAGE-N.c, with the page's escapes undone.
programs()
{
    awk -v base="$TMP/$2" '
        /^\.Bd -literal/ { on = 1; text = ""; next }
        /^\.Ed/ && on { on = 0; if (text ~ /int main\(/) { n++; printf "%s", text > (base "-" n ".c") } next }
        on { sub(/^\\&/, ""); gsub(/\\e/, "\\"); text = text $0 "\n" }' "$1"
}

# build SOURCE PROGRAM: with the warnings and the sanitizers of this build, through libtool, as the library may be static.
build()
{
    # shellcheck disable=SC2086 # flags are words
    $CC $BUILD_CFLAGS -I"$SRC/abi" -I"$SRC/core/include" -c -o "$2.o" "$1" &&
        "$BUILD/libtool" --silent --tag=CC --mode=link $CC $BUILD_CFLAGS -o "$2" "$2.o" "$BUILD/core/libsqla.la" -lpthread
}

case " $DRIVERS " in
    *" sqlite "*) ;;
    *) finish "no sqlite: configured without it$form" ;;
esac
for page in sqla.3 sqla-url.7 sqla-errors.7 sqla-threads.7; do
    programs "$man/$page" "$page"
    some "$page has a program" "$(ls "$TMP/$page"-*.c 2>/dev/null)"
    for source in "$TMP/$page"-*.c; do
        test -f "$source" || continue
        program=${source%.c}
        works "${program##*/} compiles" build "$source" "$program"
        mkdir -p "$program.d"
        works "${program##*/} runs" sh -c "cd '$program.d' && '$program'"
    done
done
finish "sqlite$form"
