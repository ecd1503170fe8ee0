#!/bin/sh
# install.sh BUILD ROOT CC...: what `meson install` puts somewhere is enough to
# build against, through pkg-config.
build=$1
root=$2
shift 2
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
meson install -C "$build" --no-rebuild --destdir "$place" >"$place/log" 2>&1 ||
    { cat "$place/log" >&2 && exit 1; }
pc=$(dirname "$(find "$place" -name zkgkr.pc)")
PKG_CONFIG_PATH=$pc
export PKG_CONFIG_PATH
for name in zkgkr_verify zkgkr; do
    prefix=$place$(pkg-config --variable=prefix $name)
    # shellcheck disable=SC2046
    "$@" -std=c11 "$root/tests/link/verify_only.c" -o "$place/$name" \
        $(pkg-config --define-variable=prefix="$prefix" \
            --cflags --libs $name) && "$place/$name" ||
        { echo "$name.pc is not enough to build against" >&2 && exit 1; }
done
# The walk through docs/kernels.md, as somebody would who has installed it.
if command -v python3 >/dev/null; then
    python3 "$root/tests/link/first_kernel.py" "$root/docs/kernels.md" \
        >"$place/first.c" || exit 1
    prefix=$place$(pkg-config --variable=prefix zkgkr)
    # shellcheck disable=SC2046
    "$@" -std=c11 -Wall -Wextra -Werror "$place/first.c" -o "$place/first" \
        $(pkg-config --define-variable=prefix="$prefix" --cflags --libs zkgkr) &&
        "$place/first" "$root/examples/srs/pot12.srs" ||
        { echo "docs/kernels.md does not hold" >&2 && exit 1; }
fi
find "$place" -name verify.h | grep -q . || { echo "no headers" >&2; exit 1; }
