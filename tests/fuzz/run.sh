#!/bin/sh
# run.sh SOURCE BUILD RUNS TARGET...: build tests/fuzz/fuzz in the folder BUILD with $CC and $CFLAGS, and let each target
# run that many times, starting from its corpus. What libFuzzer finds new by the way is kept in BUILD/corpus, and is the
# start of the next run as well. Stops at the first finding, whose bytes lie in BUILD/crash-TARGET-...
set -eu
source=$1
build=$2
runs=$3
shift 3
mkdir -p "$build"
cd "$build"
if ! test -f config.status; then
    "$source/configure" -q CC="$CC" CFLAGS="$CFLAGS" --disable-shared --enable-static --enable-sanitizers
fi
"${MAKE:-make}" -s tests/fuzz/fuzz
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
for target; do
    mkdir -p "corpus/$target"
    echo "fuzz: $target"
    SQLA_FUZZ_TARGET=$target nice -n 10 tests/fuzz/fuzz -runs="$runs" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
        -print_final_stats=1 -artifact_prefix="crash-$target-" "corpus/$target" "$source/tests/fuzz/corpus/$target" \
        >"$target.log" 2>&1 || { tail -n 60 "$target.log"; exit 1; }
    grep -E 'number_of_executed_units|average_exec_per_sec' "$target.log"
done
