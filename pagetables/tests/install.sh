#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the page-table library into a directory of its own, and uses it from there as others
# would: a program by pkg-config, and a kernel linked into the top 2 GiB.
#
#     pagetables/tests/install.sh MAKE CC LD
set -eu
make=$1 cc=$2 ld=$3
source=$(pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fail() {
    echo "install: $*" >&2
    exit 1
}

# MAKEFLAGS would hand on the outer make's job server, which is not for grandchildren.
env -u MAKEFLAGS "$make" -s install DESTDIR="$root" PREFIX=/opt/pt >"$root/log" ||
    fail "make install failed: $(cat "$root/log")"
cp pagetables/example/example.c pagetables/example/expected.txt "$root"
cd "$root" # nothing of the source tree is in reach of an include from here

export PKG_CONFIG_PATH="$root/opt/pt/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
pkg-config --exists pagetables || fail "pkg-config doesn't find pagetables.pc"
flags=$(pkg-config --cflags pagetables)
libs=$(pkg-config --libs pagetables)

# A program, as a position-independent one, as one that isn't, and as a shared object.
for kind in -pie -no-pie; do
    # shellcheck disable=SC2086  # lists of words, as meant
    "$cc" -std=c11 -Wall -Wextra -Werror -fPIE $kind $flags -o program example.c $libs
    ./program | cmp - expected.txt || fail "the example prints something else with $kind"
done
# shellcheck disable=SC2086
"$cc" -std=c11 -fPIC -shared -Wl,-z,defs $flags -o program.so example.c $libs

# Every header by itself, freestanding.
for header in opt/pt/include/pagetables/*.h; do
    name=pagetables/${header##*/}
    echo "#include \"$name\"" >header.c
    # shellcheck disable=SC2086
    "$cc" -std=c11 -Wall -Wextra -Werror -ffreestanding $flags -fsyntax-only header.c ||
        fail "$name can't be included by itself"
    # With the tree out of reach, an include that was found was installed.
done

# A kernel: all of the archive, at its address; no relocation is left, and no table of addresses.
cat >kernel.c <<'END'
#include "pagetables/live.h"
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memcpy(void *to, const void *from, size_t n) { (void)from, (void)n; return to; }
void *memset(void *to, int byte, size_t n) { (void)byte, (void)n; return to; }
void *memmove(void *to, const void *from, size_t n) { (void)from, (void)n; return to; }
int memcmp(const void *a, const void *b, size_t n) { return a != b && n; }
void start(void);
void start(void)
{
    struct pgt_arch arch;
    pgt_detect(&arch);
}
END
# shellcheck disable=SC2086
"$cc" -std=c11 -ffreestanding -mcmodel=kernel -fno-pic -mno-red-zone -mgeneral-regs-only \
    -fcf-protection=none $flags -c kernel.c
"$ld" -static -nostdlib --fatal-warnings -z noexecstack -Ttext=0xffffffff80000000 -e start \
    -o kernel kernel.o --whole-archive opt/pt/lib/libpagetables.a
if readelf --wide --relocs opt/pt/lib/libpagetables.a | grep -q GOT; then
    fail "libpagetables.a reaches something through a table of addresses"
fi
readelf --wide --symbols kernel | grep -q 'ffffffff8.* pgt_map$' || fail "pgt_map isn't in the kernel"

cd "$source"
echo "install: $(find "$root/opt/pt/include" -name '*.h' | wc -l) headers, an archive and" \
    "pagetables.pc serve programs and kernels"
