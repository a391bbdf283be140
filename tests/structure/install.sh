#!/bin/sh
# install.sh BUILD PREFIX EXAMPLE CC: what `make install` leaves is enough to run weft and
# to build a program with pkg-config.
build=$1 prefix=$2 example=$3 cc=$4
to=$(mktemp -d) || exit 1
trap 'rm -rf "$to"' EXIT
root=$to/root
n=0
result() { # NAME, after the command that decides
    status=$?
    n=$((n + 1))
    if [ $status = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}

echo 1..7
DESTDIR=$root meson install -C "$build" --no-rebuild >"$to/log" 2>&1
result "installs under DESTDIR" || cat "$to/log"
"$root$prefix/bin/weft" --version >&2
result "the program runs"
[ -s "$root$prefix/share/man/man1/weft.1" ] && grep -q 'weft train' "$root$prefix/share/man/man1/weft.1"
result "the manual page tells of its commands"
[ -s "$root$prefix/share/bash-completion/completions/weft.bash" ] &&
    [ -s "$root$prefix/share/zsh/site-functions/_weft" ] &&
    [ -s "$root$prefix/share/fish/vendor_completions.d/weft.fish" ]
result "completions for three shells"

library=$(dirname "$(find "$root" -name libweft.so)")
PKG_CONFIG_PATH=$library/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
# shellcheck disable=SC2046 # flags are words
$cc "$example" $(pkg-config --cflags --libs weft) -o "$to/example" >&2
result "the example builds with pkg-config"
LD_LIBRARY_PATH=$library "$to/example" >"$to/answer"
result "the example runs"
[ "$(grep -c '^picture' "$to/answer")" = 3 ]
result "the example answers"
