#!/bin/sh
# check-conform.sh: sqla-conform as a program: its usage, its results as TAP and JSON, what it says of files that are no drivers,
# and that a driver which crashes, hangs or ends the process is the failure of a check and not its own end.
. "$SRC/tests/check.sh"

conform=$BUILD/tools/sqla-conform
mutant=$BUILD/tests/.libs/mutant.so

# ends STATUS WHAT ARGUMENT...: sqla-conform must end with that status; its output is in $TMP/shown and $TMP/said.
ends()
{
    expected=$1
    what=$2
    shift 2
    "$conform" "$@" >"$TMP/shown" 2>"$TMP/said" </dev/null
    same "$what: exit status" $? "$expected"
}

# says WHAT TEXT: the last output holds the text.   talks: so does what was said aside.
says()
{
    if grep -qF -e "$2" "$TMP/shown"; then pass; else not_ok "$1: no '$2'" "$(cat "$TMP/shown" "$TMP/said")"; fi
}
talks()
{
    if grep -qF -e "$2" "$TMP/said"; then pass; else not_ok "$1: '$2' is not said" "$(cat "$TMP/shown" "$TMP/said")"; fi
}

# ---- usage ------------------------------------------------------------------------------------------------------------

ends 0 "help" --help
says "help" "Usage: sqla-conform"
ends 0 "version" --version
says "version" "driver ABI 1.0"
ends 2 "no driver"
talks "no driver" "the file of a driver is missing"
ends 2 "an unknown option" --no-such-option "$mutant"
ends 2 "no number" --timeout=soon "$mutant"
talks "no number" "--timeout"
ends 2 "three arguments" "$mutant" mutant:// more
ends 0 "the list" --list
says "the list" "tx-05   a rollback undoes"
ends 0 "a part of the list" --list --only='tx-0*' --skip=tx-05
none "what is skipped is not listed" "$(grep -v '^tx-0[1-46-9] ' "$TMP/shown")"
ends 0 "an explanation" --explain=con-30,err-09
says "an explanation" "that is the door of injections"
ends 0 "all explanations" --explain='*'
none "each check is explained" "$(grep -F '(null)' "$TMP/shown")"
ends 2 "an explanation of nothing" --explain=tx-99
none "no check is there twice" "$("$conform" --list | cut -d ' ' -f 1 | sort | uniq -d)"

# ---- files that are no drivers ------------------------------------------------------------------------------------------

ends 2 "a file that is not there" "$TMP/none.so"
talks "a file that is not there" "none.so"
echo "no driver" >"$TMP/text.so"
ends 2 "a text" "$TMP/text.so"
talks "a text" "cannot load driver"
ends 2 "a folder" "$TMP"
core=$BUILD/core/.libs/libsqla.so
if test -f "$core"; then
    ends 2 "a library of something else" "$core"
    talks "a library of something else" "sqla_driver_entry"
fi
unset SQLA_MUTANT SQLA_MUTANT_OF
ends 2 "a driver that refuses" "$mutant"
talks "a driver that refuses" "SQLA_MUTANT_OF names no driver"

# ---- drivers that would be the end of it ----------------------------------------------------------------------------------

case " $DRIVERS " in *" sqlite "*) ;; *) finish "no sqlite: configured without it" ;; esac
SQLA_MUTANT_OF=$BUILD/plugins/.libs/sqlite.so
export SQLA_MUTANT_OF SQLA_MUTANT
SQLA_MUTANT=hangs_at_entry
ends 1 "an entry that does not return" --timeout=1 "$mutant"
says "an entry that does not return" "not ok 1 - abi-01"
says "an entry that does not return" "not done after 1 s"
says "an entry that does not return" "Bail out!"
SQLA_MUTANT=crashes_at_entry
ends 1 "an entry that crashes" "$mutant"
says "an entry that crashes" "killed by SIGBUS in check abi-01"
SQLA_MUTANT=hangs
ends 1 "a statement that does not end" --timeout=2 --only=q-10,q-08 "$mutant" mutant://
says "a statement that does not end" "not done after 2 s in check q-10"
says "others go on" "ok 1 - q-08"
SQLA_MUTANT=exits
ends 1 "a driver that ends the process" --only=q-10 "$mutant" mutant://
says "a driver that ends the process" "the process was ended with exit status 0 in check q-10"

# ---- results --------------------------------------------------------------------------------------------------------------

SQLA_MUTANT=crash
ends 1 "results" --only='err-0[1-4],q-10' --json="$TMP/report" "$mutant" mutant://
says "results" "1..5"
says "results" "not ok 4 - err-04"
says "results" "killed by SIGSEGV in check err-04"
says "results" 'must hold: "Wrong statements are SQL'
says "results" "# SKIP declared unsupported: SQLA_FEATURE_ILIKE is not set"
says "results" "# 3 passed, 1 failed, 1 declared unsupported"
for part in '"passed": 3, "failed": 1, "unsupported": 1' '"id": "err-04"' '"outcome": "unsupported"' '"got": "killed by SIGSEGV'; do
    some "the report has $part" "$(grep -F -e "$part" "$TMP/report")"
done
if command -v python3 >/dev/null; then
    works "the report is JSON" python3 -m json.tool "$TMP/report"
fi
ends 2 "a report that cannot be written" --only=abi-05 --json="$TMP/no/folder" "$mutant"
SQLA_MUTANT=
ends 2 "a URL that is none" "$mutant" 'mutant//'
ends 2 "no check is left" --only='tx-*' "$mutant"
ends 2 "a check that is not there" --only=tx-99 "$mutant"
talks "a check that is not there" "there is no check 'tx-99'"
ends 2 "jobs on one database" -j 2 "$mutant" mutant://
talks "jobs on one database" "{job}"
ends 0 "two jobs" -j 2 --only='tx-0*' "$mutant" "mutant:///$TMP/{job}.db?synchronous=off"
finish "sqlite"
