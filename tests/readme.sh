#!/bin/sh
# readme.sh LANGUAGE N: print the N-th block of that language in the README, so that what it tells people to compile and run
# is compiled and run.
set -eu
readme=$(dirname "$0")/../README.md
awk -v language="$1" -v n="$2" '
    inside && /^```$/ { exit }
    inside { print; found = 1 }
    $0 == "```" language && ++seen == n { inside = 1 }
    END { exit !found }' "$readme"
