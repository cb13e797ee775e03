# compile.sh PROGRAM...: compile each of them, in the folder that FOLDER names, by the command that COMPILE names. A
# PROGRAM.good is left where its fate is the one that it should have, for the reason that it should have; else why not is
# left in PROGRAM.bad.
cd "$FOLDER" || exit 1
LC_ALL=C
export LC_ALL

# The texts of PROGRAM.says that are not in the message.
unsaid()
{
    while read -r text; do
        case $2 in
            *"$text"*) ;;
            *) echo "the message lacks '$text': $2" ;;
        esac
    done <"$1.says"
}

# Why the fate of PROGRAM, "compiled" or "refused" with a message, is not the one that it should have.
misfit()
{
    case $1,$2 in
        right-*,compiled) printf '%s' "$3" ;;
        right-*) echo "it does not compile: $3" ;;
        *,compiled) echo "it compiles" ;;
        *) if test -s "$1.says"; then unsaid "$1" "$3"; else echo "it is not known why it must not compile: $3"; fi ;;
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
