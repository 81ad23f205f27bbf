/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's own tables: exactly the rights of each section, what was mapped before, and nothing
 * else; all of it or, where frames are lacking, none.
 */
#include "pagetables/tests/kernel.h"
#include "pagetables/tests/suite.h"

#include <string.h>

/* The vector "Kernel sections".  Exact flags, not a superset. */
static void sections_get_exactly_their_rights(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, 0);
    kernel_add(&kernel, ".debug", 0, 4096, RO);
    kernel_add(&kernel, ".text", 0x10032, 4096, RX);
    kernel_add(&kernel, ".data", 0x2000, 4096, RW);
    kernel_add(&kernel, ".rodata", 0x3000, 8192, RO);
    EXPECT_KERNEL(&kernel, LEAF(0x2000, 0x1000, RW, 0x2000), LEAF(0x3000, 0x1000, RO, 0x3000),
                  LEAF(0x4000, 0x1000, RO, 0x4000), LEAF(0x10000, 0x1000, RX, 0x10000),
                  LEAF(0x11000, 0x1000, RX, 0x11000));
    /* The raw entries: accessed is preset, and dirty where writable. */
    assert_int_equal(kernel_build(&kernel), PGT_SECTIONS_OK);
    static const struct {
        uint64_t virt, entry;
    } raw[] = {{0x10000, 0x10021},
               {0x11000, 0x11021},
               {0x2000, UINT64_C(0x8000000000002063)},
               {0x3000, UINT64_C(0x8000000000003021)},
               {0x4000, UINT64_C(0x8000000000004021)}};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(
            *walk_entry(&kernel.arena, &kernel.arch, kernel.space.root, raw[i].virt, 1),
            raw[i].entry);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel_end(&kernel);
}

/* Early reservations: a device, memory by its direct map, a stack. */
static void what_was_mapped_before_is_carried_over(void **state)
{
    struct kernel kernel;
    struct pgt_leaf leaf;
    (void)state;

    kernel_start(&kernel, KERNEL - 0x1000000);
    kernel_add(&kernel, ".text", KERNEL, 0x1234, RX);
    kernel_add(&kernel, ".data", KERNEL + 0x2000, 0x10, RW);
    kernel_carry(&kernel, UPPER_4, 0, 16 * MIB, RW);
    kernel_carry(&kernel, UPPER_4 + GIB, GIB, GIB, RW);
    kernel_carry(&kernel, UPPER_4 + 0xfee00000, 0xfee00000, 4097, RW);
    kernel.carried[2].memory = PGT_UNCACHEABLE;
    kernel_carry(&kernel, TOP_PAGE, 0x7000, 0x1000, RO);
    size_t cost;
    assert_int_equal(pgt_sections_cost(&kernel.sections, &kernel.arch, &cost, &kernel.report),
                     PGT_SECTIONS_OK);
    assert_int_equal(kernel_build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_tables(&kernel.space, NULL, 0), cost);
    suite_check(&kernel.space);
    assert_true(pgt_lookup(&kernel.space, UPPER_4 + 15 * MIB, &leaf));
    assert_int_equal(leaf.bytes, 2 * MIB);
    assert_true(pgt_lookup(&kernel.space, UPPER_4 + GIB, &leaf));
    assert_int_equal(leaf.bytes, GIB);
    assert_true(pgt_lookup(&kernel.space, UPPER_4 + 0xfee01000, &leaf));
    assert_int_equal(leaf.memory, PGT_UNCACHEABLE);
    assert_int_equal(leaf.phys, 0xfee01000);
    assert_false(pgt_lookup(&kernel.space, UPPER_4 + 0xfee02000, &leaf));
    assert_true(pgt_lookup(&kernel.space, KERNEL + 0x1000, &leaf));
    assert_int_equal(leaf.phys, 0x1001000);
    assert_int_equal(leaf.rights, RX);
    assert_true(pgt_lookup(&kernel.space, UINT64_MAX, &leaf));
    assert_int_equal(leaf.phys, 0x7000);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    assert_int_equal(kernel.arena.outstanding, 0);
    kernel_end(&kernel);
}

/* Each frame in turn is the one that isn't there. */
static void a_kernel_that_ran_out_of_frames_was_half_mapped(void **state)
{
    struct kernel kernel;
    size_t cost;
    (void)state;

    kernel_start(&kernel, KERNEL - 0x100000);
    kernel_add(&kernel, ".text", KERNEL, 0x3000, RX);
    kernel_add(&kernel, ".data", KERNEL + GIB - 0x1000, 0x2000, RW);
    kernel_carry(&kernel, UPPER_4, 8 * GIB, 4 * GIB + 0x1000, RW);
    assert_int_equal(pgt_sections_cost(&kernel.sections, &kernel.arch, &cost, &kernel.report),
                     PGT_SECTIONS_OK);
    assert_int_equal(cost, 1 + (1 + 2 + 3) + (1 + 1 + 1));
    for (size_t frames = 0; frames < cost; frames++) {
        kernel.arena.limit = frames;
        kernel_refuse(&kernel, PGT_SECTIONS_NO_FRAMES, NULL, NULL);
    }
    kernel.arena.limit = cost;
    assert_int_equal(kernel_build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_tables(&kernel.space, NULL, 0), cost);
    /* Afterwards the space is on the caller's own allocator. */
    struct pgt_flush flush = {0};
    struct pgt_mapping more = {.virt = 0x1000, .phys = 0, .bytes = 0x1000, .rights = RW};
    assert_int_equal(pgt_map(&kernel.space, &more, &flush), PGT_NO_FRAMES);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    assert_int_equal(kernel.arena.outstanding, 0);
    kernel_end(&kernel);
}

static uint64_t take_marked(void *context)
{
    struct kernel *kernel = context;
    uint64_t frame = kernel->arena.frames.take(kernel->arena.frames.context);
    uint64_t *entry = arena_table(&kernel->arena, frame);
    memset(entry, 0, 4096);
    entry[7] = 2; /* not present, and in nobody's way */
    return frame;
}

static bool reserve_marked(void *context, size_t count)
{
    struct kernel *kernel = context;
    return kernel->arena.frames.reserve(kernel->arena.frames.context, count);
}

/* Frames that are said to be zeros are not zeroed again, and others are. */
static void what_the_allocator_says_of_its_frames_counts(void **state)
{
    (void)state;
    for (unsigned zeroed = 0; zeroed < 2; zeroed++) {
        struct kernel kernel;
        kernel_start(&kernel, KERNEL);
        kernel_add(&kernel, ".text", KERNEL, 1, RX);
        const struct pgt_frames frames = {.reserve = reserve_marked,
                                          .take = take_marked,
                                          .give = kernel.arena.frames.give,
                                          .context = &kernel,
                                          .offset = kernel.arena.frames.offset,
                                          .zeroed = zeroed};
        assert_int_equal(pgt_sections_build(&kernel.space, &kernel.sections, &kernel.arch, &frames,
                                            &kernel.report),
                         PGT_SECTIONS_OK);
        assert_int_equal(arena_table(&kernel.arena, kernel.space.root)[7], zeroed ? 2 : 0);
        assert_memory_equal(&kernel.space.frames, &frames, sizeof(frames));
        kernel_end(&kernel);
    }
}

/* Neighbours with the same rights share large pages, in whichever order they are told. */
static void neighbours_are_mapped_as_one(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, KERNEL);
    kernel_add(&kernel, ".bss", KERNEL + 0x180000, 0x80000, RW);
    kernel_add(&kernel, ".more", KERNEL + 0x200000, 0x200000, RW);
    kernel_add(&kernel, ".init", KERNEL, 0xc0000,
               PGT_WRITE); /* which implies that it can be read */
    kernel_add(&kernel, ".data", KERNEL + 0xc0000, 0xbffff, RW);
    kernel_carry(&kernel, KERNEL + 0x400000, 0x400000, 0x1000, RW | PGT_GLOBAL);
    EXPECT_KERNEL(&kernel, LEAF(KERNEL, 2 * MIB, RW, 0),
                  LEAF(KERNEL + 2 * MIB, 2 * MIB, RW, 2 * MIB),
                  LEAF(KERNEL + 4 * MIB, 0x1000, RW | PGT_GLOBAL, 4 * MIB));
    kernel_end(&kernel);
}

static void a_page_between_two_sections_is_not_mapped(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, KERNEL);
    kernel_add(&kernel, ".data", KERNEL, 0x1000, RW);
    kernel_add(&kernel, ".bss", KERNEL + 0x2000, 1, RW);
    EXPECT_KERNEL(&kernel, LEAF(KERNEL, 0x1000, RW, 0), LEAF(KERNEL + 0x2000, 0x1000, RW, 0x2000));
    kernel_end(&kernel);
}

static void a_kernel_without_sections(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, 0);
    kernel_expect(&kernel, NULL, 0);
    kernel_add(&kernel, ".empty", KERNEL, 0, RWX); /* not even judged */
    kernel_add(&kernel, ".debug", 0, 4096, RWX);
    kernel_expect(&kernel, NULL, 0);
    kernel_end(&kernel);
}

/* A carried page at address 0 doesn't bring in a section that isn't loaded. */
static void what_is_not_loaded_joins_nothing(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, 0);
    kernel_add(&kernel, ".debug", 0, 0x3000, RO);
    kernel_carry(&kernel, 0, 0, 0x1000, RO);
    EXPECT_KERNEL(&kernel, LEAF(0, 0x1000, RO, 0));
    kernel_end(&kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_get_exactly_their_rights),
        cmocka_unit_test(what_was_mapped_before_is_carried_over),
        cmocka_unit_test(a_kernel_that_ran_out_of_frames_was_half_mapped),
        cmocka_unit_test(what_the_allocator_says_of_its_frames_counts),
        cmocka_unit_test(neighbours_are_mapped_as_one),
        cmocka_unit_test(a_page_between_two_sections_is_not_mapped),
        cmocka_unit_test(a_kernel_without_sections),
        cmocka_unit_test(what_is_not_loaded_joins_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
