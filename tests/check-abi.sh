#!/bin/sh
# check-abi.sh: the driver ABI as it is written, and from one minor to the next. (check-layout.sh has how it lies in memory.)
#     prose   each function of a table has, in the comment above it, what a driver author has to know
#     target  a later member does not exist for whoever builds against an earlier minor
. "$SRC/tests/check.sh"
abi=$SRC/abi/sqla

# The functions of a header that are members of a struct, or the entry, each with the comment above it as one line.
functions_of()
{
    awk '
        /^ *\/\*/ { comment = ""; inside = 1 }
        inside { comment = comment " " $0; if (/\*\//) inside = 0; next }
        match($0, /\(\*[a-z_]+\)\(/) || /^typedef sqla_status sqla_driver_entry_fn\(/ {
            name = RSTART > 0 ? substr($0, RSTART + 2, RLENGTH - 4) : "sqla_driver_entry"
            print name "\t" comment
            comment = ""
        }
        /;[^\/]*$/ { comment = "" }' "$1"
}
for header in driver bulk twophase wrap reflect plan; do
    functions_of "$abi/$header.h" >"$TMP/functions"
    some "$header.h has functions" "$(cat "$TMP/functions")"
    while IFS="$(printf '\t')" read -r name comment; do
        for word in 'Returns:' 'Ownership:' 'Threads:' 'When absent:' 'Since:'; do
            case $comment in
                *"$word "*) pass ;;
                *) not_ok "$header.h: $name does not say '$word'" ;;
            esac
        done
    done <"$TMP/functions"
done
same "every required slot says so, and no other" \
    "$(functions_of "$abi/driver.h" | grep 'When absent: required' | cut -f1 | tr '\n' ' ')" \
    "open close exec result_info result_fetch result_view result_close txn_state "
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    some "rule D$n is written" "$(grep " \* *D$n  *[A-Z]" "$abi/driver.h")"
done
for n in 1 2 3 4 5 6 7 8 9 10 11; do
    some "rule H$n is written" "$(grep " \* *H$n  *[A-Z]" "$abi/driver.h")"
done

# What is later than the target does not exist. The header with one more minor stands for the future.
mkdir -p "$TMP/later"
sh "$SRC/tests/abi/later.sh" "$SRC" "$TMP/later" || not_ok "the header of a later minor can be made"
cat >"$TMP/uses.c" <<END
#include <sqla/driver.h>
int main(void) { return (int)offsetof(sqla_driver_ops, later); }
END
works "a member of the newest minor is there" "$CC" -std=c11 -fsyntax-only -I"$TMP/later" "$TMP/uses.c"
fails "and not for an earlier target" "$CC" -std=c11 -fsyntax-only -DSQLA_ABI_TARGET_MINOR=0 -I"$TMP/later" "$TMP/uses.c"
fails "a target that the header does not know is refused" "$CC" -std=c11 -fsyntax-only -DSQLA_ABI_TARGET_MINOR=99 -I"$SRC/abi" \
    "$TMP/uses.c"
works "the slots of an earlier minor are a prefix of the later ones" sh -c "
    '$CC' -std=c11 -E -P -DSQLA_ABI_TARGET_MINOR=0 -I'$TMP/later' '$TMP/uses.c' | grep -o '(\*[a-z_]*)' >'$TMP/old'
    '$CC' -std=c11 -E -P -I'$TMP/later' '$TMP/uses.c' | grep -o '(\*[a-z_]*)' >'$TMP/new'
    test \$(wc -l <'$TMP/new') -gt \$(wc -l <'$TMP/old') && test -s '$TMP/old'"

# Drivers that were kept as files, one for each minor that was released, for machines like this one.
for frozen in "$SRC"/tests/old-abi/driver-*-"$(uname -m)".so; do
    test -f "$frozen" || continue
    mkdir -p "$TMP/frozen"
    cp "$frozen" "$TMP/frozen/old_abi.so"
    works "the core loads ${frozen##*/} and works with it" env SQLA_PLUGIN_PATH="$TMP/frozen" \
        sh -c "printf 'one\n;\n' | '$BUILD/tests/run-sql' old_abi://"
done

# A driver of the first minor and one of the next, on a host of each; the host of the next minor is tests/abi/host.c built with
# the later header, and the core itself is the host of this one.
for driver in now later; do
    case $driver in now) include=$SRC/abi ;; later) include=$TMP/later ;; esac
    mkdir -p "$TMP/$driver-driver"
    works "a driver of the minor '$driver' is built" "$CC" -std=c11 -shared -fPIC -fvisibility=hidden -I"$include" \
        -o "$TMP/$driver-driver/old_abi.so" "$SRC/tests/old-abi/driver.c"
    works "the core loads a driver of the minor '$driver' and works with it" env SQLA_PLUGIN_PATH="$TMP/$driver-driver" \
        sh -c "printf 'one\n;\n' | '$BUILD/tests/run-sql' old_abi://"
    for host in now later; do
        case $host in now) include=$SRC/abi ;; later) include=$TMP/later ;; esac
        works "a host of the minor '$host' is built" "$CC" -std=c11 -I"$include" -o "$TMP/$host-host" "$SRC/tests/old-abi/host.c" -ldl
        works "a driver of the minor '$driver' works on a host of the minor '$host'" "$TMP/$host-host" \
            "$TMP/$driver-driver/old_abi.so"
    done
    for plugin in "$BUILD"/plugins/.libs/*.so; do
        test -L "$plugin" || works "${plugin##*/} is taken by a host of a later minor" "$TMP/later-host" -entry "$plugin"
    done
done
finish "no database"
