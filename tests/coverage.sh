#!/bin/sh
# coverage.sh SOURCE BUILD LINES BRANCHES TEST...: build everything in the folder BUILD so that it counts, run the tests there
# from nothing, and print for each file, room and all how many of its lines were run, and how many of its branches were taken.
# Fails when core/base, core/engine or a plugin has fewer of them than LINES and BRANCHES, in percent, or core/orm fewer than LINES
# and 88 of branches. What fuzzing runs does not count. BUILD is kept, so that the next time only what has changed is built.
set -eu
source=$1
build=$2
lines=$3
branches=$4
shift 4
mkdir -p "$build"
cd "$build"
if ! test -f config.status; then
    "$source/configure" -q CFLAGS='-g' --disable-static --enable-coverage
fi
make=${MAKE:-make}
"$make" -s all check-programs
find . -name '*.gcda' -exec rm -f {} +
"$source/tests/with-servers.sh" "$make" -s check TESTS="$*" || exit 1

# The notes of what the library and the plugins are made of; the same sources are also built for other programs.
for folder in core/base core/sql core/engine core/orm plugins/*/; do
    for notes in "$folder"/.libs/*.gcno; do
        case $notes in
            *tests_fuzz*) ;;
            *) echo "$notes" ;;
        esac
    done
done | LC_ALL=C xargs "${GCOV:-gcov}" -b -n 2>/dev/null | awk -v least_lines="$lines" -v least_branches="$branches" '
    function percent(part, of) { return of > 0 ? 100 * part / of : 100 }
    function show(name, at) {
        printf "%-32s %6.1f %% of %5d lines %6.1f %% of %5d branches\n", name,
            percent(hit[at], all[at]), all[at], percent(taken[at], ways[at]), ways[at]
    }
    /^File / {
        file = $0
        sub(/^File ./, "", file)
        sub(/.$/, "", file)
        if (match(file, /(core|plugins)\/[a-z]*\/[a-z_]*\.c$/)) file = substr(file, RSTART); else file = ""
        next
    }
    { split($0, part, /[:% ]+/) }
    /^Lines executed:/ && file != "" { lines_of[file] = part[5]; lines_hit[file] = part[3] * part[5] / 100; next }
    /^Taken at least once:/ && file != "" { ways_of[file] = part[7]; ways_taken[file] = part[5] * part[7] / 100; file = "" }
    END {
        for (f in lines_of) order[++n] = f
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && order[j] < order[j - 1]; j--) { t = order[j]; order[j] = order[j - 1]; order[j - 1] = t }
        for (i = 1; i <= n; i++) {
            f = order[i]
            room = f
            sub(/\/[^\/]*$/, "", room)
            if (!(room in all)) rooms[++m] = room
            hit[f] = lines_hit[f]; all[f] = lines_of[f]; taken[f] = ways_taken[f]; ways[f] = ways_of[f]
            hit[room] += hit[f]; all[room] += all[f]; taken[room] += taken[f]; ways[room] += ways[f]
            hit["all"] += hit[f]; all["all"] += all[f]; taken["all"] += taken[f]; ways["all"] += ways[f]
            show(f, f)
        }
        print ""
        for (i = 1; i <= m; i++) {
            room = rooms[i]
            show(room, room)
            least = room == "core/orm" ? 88 : least_branches
            short = percent(hit[room], all[room]) < least_lines || percent(taken[room], ways[room]) < least
            if (short && room != "core/sql") { failed = 1; missing = missing " " room }
        }
        show("all", "all")
        if (n == 0) { print "coverage: nothing was counted"; exit 1 }
        if (failed) print "coverage: below " least_lines " % of lines or " least_branches " % of branches:" missing
        else print "coverage: at least " least_lines " % of lines and " least_branches " % of branches, as it should be"
        exit failed
    }'
