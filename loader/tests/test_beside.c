/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths relative to the kernel's: where they lead, and that they never take more room than they
 * were said to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/beside.h"

/* In memory of exactly the room that is said, which AddressSanitizer watches. */
static void leads_to(const char *file, const char *path, const char *want)
{
    char *to = malloc(ldr_beside_room(file, path));
    ldr_beside(to, file, path);
    assert_string_equal(to, want);
    free(to);
}

static void beside(void **state)
{
    (void)state;
    leads_to("/boot/kernel.elf", "initrd", "/boot/initrd");
    leads_to("/boot/kernel.elf", "modules/a", "/boot/modules/a");
    leads_to("/kernel.elf", "a", "/a");
    leads_to("kernel.elf", "a", "/a");
    leads_to("boot/kernel.elf", "a", "/boot/a");
    leads_to("/boot//x/./kernel.elf", "a", "/boot/x/a");
}

static void dots(void **state)
{
    (void)state;
    leads_to("/boot/kernel.elf", "./initrd", "/boot/initrd");
    leads_to("/boot/kernel.elf", "../initrd", "/initrd");
    leads_to("/boot/kernel.elf", "../../../initrd", "/initrd");
    leads_to("/a/b/kernel.elf", "../c/../d/./e", "/a/d/e");
    leads_to("/a/b/kernel.elf", "x/..", "/a/b");
    leads_to("/a/kernel.elf", "..", "/");
    leads_to("/a/kernel.elf", "...", "/a/...");
    leads_to("/a/kernel.elf", ".b", "/a/.b");
}

static void from_the_root(void **state)
{
    (void)state;
    leads_to("/boot/kernel.elf", "/initrd", "/initrd");
    leads_to("/boot/kernel.elf", "/../a//b/", "/a/b");
    leads_to("/boot/kernel.elf", "", "/boot");
    leads_to("", "", "/");
    leads_to("/", "a", "/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beside),
        cmocka_unit_test(dots),
        cmocka_unit_test(from_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
