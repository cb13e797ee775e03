# check.sh: what the shell checks share. Each includes it, asserts things, and ends with finish.

set -u
check=${0##*/}
check=${check%.sh}
passed=0
failed=0
TMP=$(mktemp -d "${TMPDIR:-/tmp}/sqla-check-XXXXXX") || exit 99
trap 'rm -rf "$TMP"' EXIT
trap 'exit 130' HUP INT TERM

pass()
{
    passed=$((passed + 1))
}

# not_ok WHAT [DETAIL]: one failure.
not_ok()
{
    failed=$((failed + 1))
    echo "FAILED: $1"
    if test -n "${2-}"; then
        printf '%s\n' "$2" | sed 's/^/    /'
    fi
}

# none WHAT TEXT: there must be no text.   some: there must be.   same: two texts must be equal.
none()
{
    if test -z "$2"; then pass; else not_ok "$1" "$2"; fi
}
some()
{
    if test -n "$2"; then pass; else not_ok "$1"; fi
}
same()
{
    if test "$2" = "$3"; then pass; else not_ok "$1" "$2
instead of
$3"; fi
}

# works WHAT COMMAND...: it must succeed; its output is shown when it does not.
works()
{
    what=$1
    shift
    if "$@" >"$TMP/out" 2>&1; then pass; else not_ok "$what" "$(cat "$TMP/out")"; fi
}
# fails WHAT COMMAND...: it must not.
fails()
{
    what=$1
    shift
    if "$@" >"$TMP/out" 2>&1; then not_ok "$what" "it succeeded: $*"; else pass; fi
}

# skip WHY: nothing can be checked here.
skip()
{
    echo "$check: 0 passed, 0 failed, 1 skipped ($1)"
    exit 77
}

# finish WHERE: the last line, which says on which databases the check ran.
finish()
{
    echo "$check: $passed passed, $failed failed ($1)"
    test $failed = 0
    exit $?
}
