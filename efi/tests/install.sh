#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs libpagelift into a folder of its own, and builds the examples from there as others
# would: copied elsewhere, and by pkg-config alone.  Leaves them in FOLDER.
#
#     efi/tests/install.sh MAKE FOLDER KERNEL
set -eu
make=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
kernel=$(realpath "$3")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fail() {
    echo "install: $*" >&2
    exit 1
}

# MAKEFLAGS would hand on the outer make's job server, which is not for grandchildren.
env -u MAKEFLAGS "$make" -s install-pagelift PREFIX="$root/opt" >"$root/log" 2>&1 ||
    fail "make install failed: $(cat "$root/log")"
cp -r efi/example "$root/example"
cp "$kernel" "$root/example/kernel.elf" # make takes no name with a space in it
cd "$root/example" # nothing of the source tree is in reach of an include from here

export PKG_CONFIG_PATH="$root/opt/lib/pkgconfig"
pkg-config --exists pagelift || fail "pkg-config doesn't find pagelift.pc"
env -u MAKEFLAGS "$make" -s >"$root/log" 2>&1 ||
    fail "the examples don't build: $(cat "$root/log")"

# Nothing but the header's names may reach an application.
names=$(nm --defined-only --extern-only --format=just-symbols "$root/opt/lib/libpagelift.a" |
    grep -v -e '^$' -e ':$' | grep -v '^pagelift_' | tr '\n' ' ')
[ "$names" = "memcmp memcpy memmove memset strlen " ] ||
    fail "libpagelift.a defines more than its header says: $names"
for name in $(sed -n 's/.*\(pagelift_[a-z]*\)(.*/\1/p' "$root/opt/include/pagelift.h"); do
    nm "$root/opt/lib/libpagelift.a" 2>/dev/null | grep -q " T $name\$" ||
        fail "pagelift.h declares $name, which libpagelift.a doesn't have"
done
for example in mapping.c embedded.c; do
    lines=$(wc -l <$example)
    [ "$lines" -lt 100 ] || fail "efi/example/$example has $lines lines; under 100 were promised"
done
[ -s "$root/opt/lib/pagelift/BOOTX64.EFI" ] || fail "the application wasn't installed"

cp mapping.efi embedded.efi unfilled.efi "$folder"
echo "install: libpagelift, pagelift.pc and the application; both examples are built from them"
