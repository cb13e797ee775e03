#!/bin/sh
# later.sh SOURCE FOLDER: the headers of the ABI as they might look one minor later: one member more at the end of each struct that
# may grow, hidden from whoever builds for an earlier minor.
set -eu
mkdir -p "$2/sqla"
for path in "$1"/abi/sqla/*.h; do
    awk '
        /^#define SQLA_ABI_MINOR / { $3 = $3 + 1; minor = $3 }
        match($0, /^} sqla_(driver_ops|host|driver|traits|conn_info|connect_args|txn_options|exec_options|err_fields);/) {
            print "#if SQLA_ABI_TARGET_MINOR >= SQLA_ABI_MINOR"
            print "    void (*later)(void);"
            print "#endif"
        }
        { print }' "$path" >"$2/sqla/${path##*/}"
done
