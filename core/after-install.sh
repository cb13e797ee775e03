#!/bin/sh
# after-install.sh LIBDIR PKGCONFIGDIR: what `make install` ends with, so that the first program is linked and
# starts: the loader's cache is renewed where the library lies in one of its folders, and else the two lines
# that lead to it are said. Nothing is done for a package that is being made (DESTDIR).
set -eu
libdir=$1
pkgconfigdir=$2
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
test -z "${DESTDIR-}" || exit 0

say() { echo "sqla: $*"; }

# The folders that the loader looks through anyhow; musl has no list to ask for.
loaders_folders()
{
    ldconfig -N -X -v 2>/dev/null | sed -n 's/^\(\/[^:]*\):.*/\1/p' | grep . || printf '%s\n' /lib /usr/lib /usr/local/lib
}

case :${PKG_CONFIG_PATH-}:$(pkg-config --variable=pc_path pkg-config 2>/dev/null || :): in
    *":$pkgconfigdir:"*) ;;
    *) say "pkg-config finds it with PKG_CONFIG_PATH=$pkgconfigdir" ;;
esac
if ! loaders_folders | grep -qx "$libdir"; then
    say "the loader does not look into $libdir: link programs with -Wl,-rpath,$libdir"
elif command -v ldconfig >/dev/null; then
    ldconfig 2>/dev/null || say "programs find it after the next ldconfig, which root may run"
fi
