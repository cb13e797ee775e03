# compile.sh PROGRAM...: compile each of them, in the folder that FOLDER names, by the command that COMPILE names. A
# PROGRAM.good is left where its fate is the one that it should have, for the reason that it should have; else why not is
# left in PROGRAM.bad.
cd "$FOLDER" || exit 1
LC_ALL=C
export LC_ALL

# The first three lines of a message, without gcc's words about how it got there: who includes what, and in which function.
first_lines()
{
    printf '%s\n' "$1" | grep -v -e '^In file included from ' -e '^                 from ' -e ': In function ' | head -n 3
}

# What the first lines of the message about PROGRAM lack: a line of the program itself, and the texts of PROGRAM.says.
unsaid()
{
    first=$(first_lines "$2")
    printf '%s\n' "$first" | grep -q "^$1\.c:\([5-9]\|[1-9][0-9]\):" || echo "it does not begin with the program's own line: $2"
    while read -r text; do
        case $first in
            *"$text"*) ;;
            *) echo "it does not begin with '$text': $2" ;;
        esac
    done <"$1.says"
}

# Is the message about PROGRAM longer than it may be?
overlong()
{
    gcc=15 clang=20
    test -s "$1.limits" && read -r gcc clang <"$1.limits"
    case ${COMPILE%% *} in *clang*) most=$clang ;; *) most=$gcc ;; esac
    lines=$(printf '%s\n' "$2" | wc -l)
    test "$lines" -le "$most" || echo "it has $lines lines, $most at most: $2"
}

# Why the fate of PROGRAM, "compiled" or "refused" with a message, is not the one that it should have.
misfit()
{
    case $1,$2 in
        right-*,compiled) printf '%s' "$3" ;;
        right-*) echo "it does not compile: $3" ;;
        *,compiled) echo "it compiles" ;;
        *) if test -s "$1.says"; then unsaid "$1" "$3"; overlong "$1" "$3"; else echo "it is not known why it must not compile: $3"; fi ;;
    esac
}

for program; do
    case $program in
        right-*) flags="-Wall -Wextra -pedantic -Wshadow -Wconversion -Werror" ;;
        warning-*) flags=-Werror ;;
        *) flags= ;;
    esac
    # shellcheck disable=SC2086 # flags are words
    if message=$($COMPILE $flags -std=c11 -fsyntax-only "$program.c" 2>&1); then fate=compiled; else fate=refused; fi
    bad=$(misfit "$program" $fate "$message")
    if test -z "$bad"; then
        : >"$program.good"
    else
        printf '%s\n' "$bad" >"$program.bad"
    fi
done
