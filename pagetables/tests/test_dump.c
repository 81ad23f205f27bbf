/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_dump(): its lines, compared whole.
 */
#include "pagetables/tests/suite.h"
#include "pagetables/tests/zoo.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, 64);
}

#define LINES 16

struct page {
    char line[LINES][256];
    size_t count;
};

static void take_line(void *context, const char *text)
{
    struct page *page = context;
    assert_true(page->count < LINES);
    assert_true(strlen(text) < sizeof(page->line[0]));
    assert_null(strchr(text, '\n'));
    memcpy(page->line[page->count++], text, strlen(text) + 1);
}

static void expect_dump(const struct pgt_space *space, const char *const *want, size_t count)
{
    struct page page = {.count = 0};

    pgt_dump(space, take_line, &page);
    for (size_t i = 0; i < count && i < page.count; i++)
        assert_string_equal(page.line[i], want[i]);
    assert_int_equal(page.count, count);
}

static void put_mapping(struct suite *suite, struct pgt_mapping mapping)
{
    struct pgt_flush flush = {0};
    assert_int_equal(pgt_map(&suite->space, &mapping, &flush), PGT_OK);
    suite_check(&suite->space);
}

/* The line that the header shows, and one for every memory type and right. */
static void dump_as_the_header_shows_it(void **state)
{
    static const char *const want[] = {
        "0x0000000000400000-0x0000000000400fff  0x00000002a000  4K  r-x-- WB  4K*1",
        "0x0000000000600000-0x00000000007fffff  0x000000200000  2M  rw-u- WT  2M*1",
        "0x0000000040000000-0x000000007fffffff  0x000100000000  1G  r---g UC-  1G*1",
        "0x00007ffffffff000-0x00007fffffffffff  0x3ffffffff000  4K  rwxug UC  4K*1",
        "0xffff800000000000-0xffff80000009ffff  0x000000000000  640K  rw--- WB  4K*160",
        "0xffff8000ffffe000-0xffff800180401fff  0x0001ffffe000  2101264K  rw--- WP"
        "  4K*4 2M*2 1G*2  key 15  software 0x3ff",
        "0xfffffffffffff000-0xffffffffffffffff  0x00000002b000  4K  r---- WC  4K*1  software 0x1",
    };
    struct suite suite;
    (void)state;

    start(&suite, 4);
    expect_dump(&suite.space, NULL, 0);
    put_mapping(&suite, (struct pgt_mapping){
                            .virt = 0x400000, .phys = 0x2a000, .bytes = 0x1000, .rights = RX});
    put_mapping(&suite, (struct pgt_mapping){.virt = 0x600000,
                                             .phys = 2 * MIB,
                                             .bytes = 2 * MIB,
                                             .rights = RW | PGT_USER,
                                             .memory = PGT_WRITE_THROUGH});
    put_mapping(&suite, (struct pgt_mapping){.virt = GIB,
                                             .phys = 4 * GIB,
                                             .bytes = GIB,
                                             .rights = RO | PGT_GLOBAL,
                                             .memory = PGT_UNCACHED_MINUS});
    put_mapping(&suite, (struct pgt_mapping){.virt = LOWER_LAST_4,
                                             .phys = UINT64_C(0x3ffffffff000),
                                             .bytes = 0x1000,
                                             .rights = 31,
                                             .memory = PGT_UNCACHEABLE});
    put_mapping(&suite,
                (struct pgt_mapping){.virt = UPPER_4, .phys = 0, .bytes = 0xa0000, .rights = RW});
    put_mapping(&suite, (struct pgt_mapping){.virt = UPPER_4 + 4 * GIB - 0x2000,
                                             .phys = 8 * GIB - 0x2000,
                                             .bytes = 2 * GIB + 4 * MIB + 0x4000,
                                             .rights = RW,
                                             .memory = PGT_WRITE_PROTECTED,
                                             .key = 15,
                                             .software = 0x3ff});
    put_mapping(&suite, (struct pgt_mapping){.virt = TOP_PAGE,
                                             .phys = 0x2b000,
                                             .bytes = 0x1000,
                                             .rights = RO,
                                             .memory = PGT_WRITE_COMBINING,
                                             .software = 1});
    expect_dump(&suite.space, want, sizeof(want) / sizeof(want[0]));
    suite_end(&suite);
}

/* Units up to petabytes. */
static void dump_of_large_runs(void **state)
{
    static const char *const want[] = {
        "0x0000000000000000-0x0000003fffffffff  0x000000000000  256G  r---- WB  1G*256",
        "0x0000008000000000-0x000000ffffffffff  0x000000000000  512G  r---- WB  1G*512",
        "0x0000010000000000-0x000001ffffffffff  0x000000000000  1T  r---- WB  1G*1024",
        "0x0004000000000000-0x0007ffffffffffff  0x000000000000  1P  r---- WB  1G*1048576",
    };
    const uint64_t bytes[] = {256 * GIB, 512 * GIB, 1024 * GIB, UINT64_C(1) << 50};
    struct suite suite;
    struct pgt_arch arch = suite_arch(5);
    (void)state;

    arch.physical_bits = 52;
    suite_start_sized(&suite, &arch, 2200);
    for (unsigned i = 0; i < 4; i++)
        put_mapping(&suite, (struct pgt_mapping){
                                .virt = i ? bytes[i] : 0, .bytes = bytes[i], .rights = RO});
    expect_dump(&suite.space, want, 4);
    suite_end(&suite);
}

/* Everything that can make a line long, at once. */
static void a_long_line_of_a_dump_was_cut_off(void **state)
{
    static const char *const want[] = {
        "0xff00000000001000-0xff0061a87fffefff  0x4000000001000  104859697144K  rwxug UC-"
        "  4K*1022 2M*1022 1G*100000  key 15  software 0x3ff"};
    struct suite suite;
    struct pgt_arch arch = suite_arch(5);
    (void)state;

    arch.physical_bits = 52;
    suite_start_sized(&suite, &arch, 300);
    put_mapping(&suite, (struct pgt_mapping){.virt = UPPER_5 + 0x1000,
                                             .phys = (UINT64_C(1) << 50) + 0x1000,
                                             .bytes = 100002 * GIB - 0x2000,
                                             .rights = 31,
                                             .memory = PGT_UNCACHED_MINUS,
                                             .key = 15,
                                             .software = 0x3ff});
    expect_dump(&suite.space, want, 1);
    suite_end(&suite);
}

/* A dependent's dump shows the upper that it shares. */
static void dump_of_a_dependent_and_of_five_levels(void **state)
{
    static const char *const want[] = {
        "0x0000000000400000-0x0000000000401fff  0x00000002a000  8K  rw--- WB  4K*2",
        "0xff00000000000000-0xff00000000000fff  0x00000002b000  4K  r-x-- WB  4K*1",
    };
    struct suite suite;
    struct pgt_space dependent;
    struct pgt_flush flush = {0};
    (void)state;

    start(&suite, 5);
    suite_map(&suite, UPPER_5, 0x1000, RX, 0x2b000);
    assert_int_equal(pgt_seal(&suite.space, UPPER_5, 3), PGT_OK);
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
    const struct pgt_mapping own = {
        .virt = 0x400000, .phys = 0x2a000, .bytes = 0x2000, .rights = RW};
    assert_int_equal(pgt_map(&dependent, &own, &flush), PGT_OK);
    expect_dump(&dependent, want, 2);
    expect_dump(&suite.space, want + 1, 1);
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    suite_end(&suite);
}

/* A dump is a reader. */
static void a_dump_writes_nothing(void **state)
{
    struct suite suite;
    struct page page = {.count = 0};
    (void)state;

    zoo_start(&suite, 4, 0, 32);
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    struct pgt_space before = suite.space;
    pgt_dump(&suite.space, take_line, &page);
    assert_int_equal(page.count, 10);
    assert_memory_equal(&before, &suite.space, sizeof(before));
    arena_assert_unchanged(&suite.arena, &snapshot);
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump_as_the_header_shows_it),
        cmocka_unit_test(dump_of_large_runs),
        cmocka_unit_test(a_long_line_of_a_dump_was_cut_off),
        cmocka_unit_test(dump_of_a_dependent_and_of_five_levels),
        cmocka_unit_test(a_dump_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
