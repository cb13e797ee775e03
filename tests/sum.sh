#!/bin/sh
# sum.sh [-q] BUILD...: add up what the tests in build folders said. Each test's own last line is shown, and the output
# of those that failed; the sum is the last line. The exit status is 0 when nothing failed.
#
# A test says "NAME: N passed, N failed[, N skipped]" in its log; one that died before it could counts as one failure,
# since automake's .trs file beside the log has its result.
set -u
quiet=
if test "${1-}" = -q; then
    quiet=yes
    shift
fi
passed=0 failed=0 skipped=0

# The number in front of a word of a summary line, or 0.
number()
{
    n=$(echo "$1" | sed -n "s/^[^:]*:.*[ ]\\([0-9][0-9]*\\) $2.*/\\1/p")
    echo "${n:-0}"
}

# add RESULT LOG: count one test.
add()
{
    line=$(grep -E '^[^ ]+: [0-9]+ passed, [0-9]+ failed' "$2" 2>/dev/null | tail -n 1)
    p=$(number "$line" passed) f=$(number "$line" failed) s=$(number "$line" skipped)
    case $1 in
        PASS | SKIP) ;;
        *) test "$f" -gt 0 || f=1 ;;
    esac
    if test "$1" = SKIP && test "$s" = 0; then
        s=1
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if test "$f" -gt 0; then
        echo "---- $2 ($1)"
        tail -n 60 "$2"
    elif test -z "$quiet"; then
        echo "${line:-$2: $1}"
    fi
}

found=0
for build in "$@"; do
    for trs in "$build"/tests/*.trs "$build"/tests/*/*.trs; do
        test -f "$trs" || continue
        found=1
        add "$(sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' "$trs" | head -n 1)" "${trs%.trs}.log"
    done
done
test $found = 1 || { echo "no test ran"; failed=1; }
if test $skipped -gt 0; then
    echo "$skipped skipped"
fi
echo "$passed passed, $failed failed"
test $failed = 0
