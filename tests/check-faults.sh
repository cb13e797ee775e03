#!/bin/sh
# check-faults.sh: each fault of faults.txt has a test on each database that can have it, and all numbers are there.
. "$SRC/tests/check.sh"
list=$SRC/tests/faults.txt
numbers="01 02 03 05 06 07 08 10 11 12 13 14 15 16 20 21 22 24 25 26 28 30 31 32 35 36 39 41 42 43 45 47 48 50 51 52 54 56 58 59"

# FAULT DATABASE for each that a fault is to be shown on.
wanted=$(sed -n 's/^F\([0-9]*\) \(.*\)/\1 \2/p' "$list" |
    awk '{ for (i = 2; i <= NF && $i ~ /^(any|postgres|mariadb|sqlite)$/; i++) print $1, $i }')
# FAULT PROGRAM TEST for each line below one.
named=$(awk '/^F[0-9]/ { fault = substr($1, 2) } /^    / { print fault, $1, $2 }' "$list")

same "all faults are listed" "$(echo "$wanted" | cut -d' ' -f1 | uniq)" "$(printf '%s\n' $numbers)"

# Where a test runs, by the table of its program.
databases_of()
{
    case $(sed -n "s/.*[ ,]$2, *\\(&[a-z_]*, *\\)*HARNESS_\\([A-Z]*\\).*/\\2/p" "$SRC/tests/$1.c") in
        DATABASES) echo postgres mariadb sqlite ;;
        SERVERS) echo postgres mariadb ;;
        POSTGRES) echo postgres ;;
        MARIADB) echo mariadb ;;
        SQLITE) echo sqlite ;;
        PLAIN) echo any ;;
    esac
}

shown=$(echo "$named" | while read -r fault program test; do
    databases=$(databases_of "$program" "$test")
    test -n "$databases" || echo "missing $program $test"
    for database in $databases; do
        echo "$fault $database"
    done
done)
none "all tests are in their programs" "$(echo "$shown" | grep '^missing')"
none "each fault has a test on each of its databases" "$(echo "$wanted" | while read -r fault database; do
    echo "$shown" | grep -qx "$fault $database" || echo "F$fault on $database"
done)"
finish "$(echo "$named" | wc -l) tests"
