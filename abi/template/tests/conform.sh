#!/bin/sh
# conform.sh: the driver keeps the rules. make check says where the driver and sqla-conform are.
set -e

# What needs no database: the file, the entry, the tables that it hands out.
"$CONFORM" "$DRIVER"

# All the rest. For a database that is a server, take the URL of a scratch database from the environment here, and end with
# status 77 (skipped) where there is none. What goes through the library (--sql) is asked of drivers with types alone.
"$CONFORM" --sql "$DRIVER" kv://
