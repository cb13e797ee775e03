# wrong.sh: the programs of tests/wrong/programs.txt, for checks that say where the headers are: included behind check.sh.

# Programs that are compiled at once.
at_once=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# write_programs FOLDER: one file each, named after its line in programs.txt: right-12.c, error-14.c or warning-90.c; what
# the message must say in .says, how many lines it may have in .limits, and what the program is about in .name. The program
# itself begins on line 5, behind what it is set into.
write_programs()
{
    awk -v folder="$1" '
    function close_program(    head, tail, at, path) {
        if (program == "") return
        head = "#include \"prologue.h\"\n"
        tail = ""
        if (where == "body") {
            head = head "void body(void);\nvoid body(void)\n{\n    "
            tail = "\n}"
        } else if (where == "model") {
            at = index(program, "=>")
            head = head "typedef struct Case { int64_t id; " substr(program, 1, at - 1) " } Case;\nSQLA_DECLARE(Case);\n" \
                "SQLA_MODEL(Case, \"cases\", SQLA_COLUMN(id, .primary_key = true),\n"
            program = substr(program, at + 2)
            tail = ");"
        } else {
            head = head "\n\n\n"
        }
        path = folder "/" file
        print head program tail > (path ".c")
        print class ": " shown > (path ".name")
        printf "%s", says > (path ".says")
        printf "%s", limits > (path ".limits")
        close(path ".c"); close(path ".name"); close(path ".says"); close(path ".limits")
        program = says = limits = ""
    }
    /^#/ || /^$/ { next }
    /^[ \t]/ { program = program "\n" $0; next }
    /^\? / { says = says substr($0, 3) "\n"; next }
    /^! [0-9]+ [0-9]+ ./ { limits = $2 " " $3 "\n"; next }
    { close_program() }
    /^(error|warning) (body|model|file): / {
        kind = $1; where = $2; sub(/:$/, "", where)
        class = $0; sub(/^[^:]*: /, "", class)
        next
    }
    /^[-+] / { program = shown = substr($0, 3); file = ($1 == "+" ? "right" : kind) "-" NR; next }
    { print "programs.txt, line " NR ": what is this? " $0 > "/dev/stderr"; exit 1 }
    END { close_program() }' "$SRC/tests/wrong/programs.txt"
}

# wrong_programs COMPILER FLAG...: all of them, with the flags that find the headers.
wrong_programs()
{
    how=$*
    folder=$TMP/wrong
    rm -rf "$folder"
    mkdir "$folder"
    works "the programs can be read" write_programs "$folder"
    for path in "$folder"/*.c; do
        path=${path##*/}
        echo "${path%.c}"
    done | FOLDER=$folder COMPILE="$how -I$SRC/tests/wrong" xargs -P "$at_once" -n 12 sh "$SRC/tests/wrong/compile.sh"
    for path in "$folder"/*.c; do
        path=${path%.c}
        if test -f "$path.good"; then
            pass
        else
            not_ok "$how: $(cat "$path.name")" "$(cat "$path.bad")"
        fi
    done
}

# leaving_programs COMPILER FLAG...: an expression that leaves its block, at run time, with the flags that find headers and
# library. It uses memory that is no longer its own, so a library with an address sanitizer would end it.
leaving_programs()
{
    cc=$1
    shift
    case " $DRIVERS " in *" sqlite "*) ;; *) return ;; esac
    for level in -O0 -O2; do
        rm -f "$TMP/leaves-block"
        # shellcheck disable=SC2086 # a compiler may have words
        works "$cc $level: leaves-block.c compiles" $cc "$level" -std=c11 -Wall -Wextra -pedantic -Werror -o "$TMP/leaves-block" \
            "$SRC/tests/wrong/leaves-block.c" "$@"
        works "$cc $level: an expression that left its block is found out" "$TMP/leaves-block"
    done
}

# right_source COMPILER SOURCE FLAG...: a source with much of the public API in it compiles without a warning, also of those
# that are found while optimizing.
right_source()
{
    cc=$1
    source=$2
    shift 2
    for level in -O0 -O2; do
        works "$cc $level $*: ${source##*/} compiles without a warning" "$cc" "$level" -std=c11 -Wall -Wextra -pedantic -Wshadow \
            -Wconversion -Wcast-qual -Wundef -Wstrict-prototypes -Werror -c -o "$TMP/right.o" "$source" "$@"
    done
}
