#!/bin/sh
# check-examples.sh: every example of tests/examples runs to its end on every database, from the build tree.
. "$SRC/tests/check.sh"
. "$SRC/tests/programs.sh"

for example in $EXAMPLES; do
    run_example "$BUILD/$example"
done
finish "$where"
