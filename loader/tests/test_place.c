/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader places goes where 4K pages are needed anyway, and a framebuffer is mapped by
 * 2 MiB pages where that takes nothing from anybody.
 *
 * A base revision 3 kernel once got 15 table frames and 2,426 leaves of 4K on a machine of
 * 512 MiB: the memory around loaded files was taken for split, so the image split one stretch
 * more, and half a framebuffer was mapped by small pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loader/plan.h"

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

/* ---- among regions ------------------------------------------------------------------- */

static bool try_place(const struct ldr_region *map, size_t count, uint64_t lowest, uint64_t bytes,
                      uint64_t modulus, uint64_t congruent, uint64_t *ret_phys)
{
    struct ldr_block block = {bytes, modulus, congruent, lowest, LDR_ANYWHERE, NULL, 0};
    return ldr_place(map, count, 6, &block, ret_phys);
}

static void what_is_split_anyway_comes_first(void **state)
{
    (void)state;
    const struct ldr_region map[] = {
        {0x0, 0xa0000, LDR_USABLE},
        {0x100000, 0x700000, LDR_USABLE},
        {0x800000, 0x8000, LDR_RESERVED},
        {0x808000, 64 * MIB - 0x808000, LDR_USABLE},
    };
    uint64_t phys;
    /* Both 1 MiB to 2 MiB and what follows 0x808000 are split; the higher one wins. */
    assert_true(try_place(map, 4, 0, 0x10000, PGT_PAGE, 0, &phys));
    assert_int_equal(phys, 0x808000);
    /* It just fits what is left of that stretch; with one page more every place
     * costs a whole stretch, and the highest wins. */
    assert_true(try_place(map, 4, 0, 0x1f8000, PGT_PAGE, 0, &phys));
    assert_int_equal(phys, 0x808000);
    assert_true(try_place(map, 4, 0, 0x1f9000, PGT_PAGE, 0, &phys));
    assert_int_equal(phys, 64 * MIB - 0x1f9000);
    /* As 2 MiB pages: aligned, and the highest of those that cost the same. */
    assert_true(try_place(map, 4, 0, 4 * MIB, PGT_PAGE_2M, 0, &phys));
    assert_int_equal(phys, 60 * MIB);
    assert_true(try_place(map, 4, 0, 4 * MIB, PGT_PAGE_2M, 0x3000, &phys));
    assert_int_equal(phys & (PGT_PAGE_2M - 1), 0x3000);
    assert_false(try_place(map, 4, 0, 64 * MIB, PGT_PAGE, 0, &phys));
}

static void keeps_to_its_limits(void **state)
{
    (void)state;
    const struct ldr_region map[] = {{0x1000, 0x3000, LDR_USABLE},
                                     {0x200000, 0x200000, LDR_RECLAIMABLE}};
    uint64_t phys = 1;
    assert_true(try_place(map, 2, 0, 0x3000, PGT_PAGE, 0, &phys)); /* low, but all there is */
    assert_int_equal(phys, 0x1000);
    assert_false(try_place(map, 2, 0x2000, 0x3000, PGT_PAGE, 0, &phys));
    assert_true(try_place(map, 2, 0x2000, 0x2000, PGT_PAGE, 0, &phys));
    assert_int_equal(phys, 0x2000);
    assert_false(try_place(map, 2, 0, 0x4000, PGT_PAGE, 0, &phys));
}

static void stays_below(void **state)
{
    (void)state;
    const struct ldr_region map[] = {{PGT_PAGE_2M, 3 * GIB - PGT_PAGE_2M, LDR_USABLE},
                                     {3 * GIB, 2 * GIB, LDR_USABLE},
                                     {6 * GIB, GIB, LDR_USABLE}};
    struct ldr_block block = {PGT_PAGE, PGT_PAGE, 0, 0, LDR_ANYWHERE, NULL, 0};
    uint64_t phys;
    assert_true(ldr_place(map, 3, 6, &block, &phys));
    assert_int_equal(phys, 7 * GIB - PGT_PAGE);
    block.highest = LDR_BELOW_4_GIB;
    assert_true(ldr_place(map, 3, 6, &block, &phys));
    assert_int_equal(phys, 4 * GIB - PGT_PAGE);
    block.bytes = PGT_PAGE_2M + PGT_PAGE;
    assert_true(ldr_place(map, 3, 6, &block, &phys));
    assert_int_equal(phys, 4 * GIB - PGT_PAGE_2M - PGT_PAGE);
    /* The block's last byte counts, not its page. */
    block.bytes = PGT_PAGE;
    block.lowest = 3 * GIB;
    block.highest = 3 * GIB + PGT_PAGE - 1;
    assert_true(ldr_place(map, 3, 6, &block, &phys));
    assert_int_equal(phys, 3 * GIB);
    block.highest--;
    assert_false(ldr_place(map, 3, 6, &block, &phys));
    block.highest = 2 * GIB; /* below the lowest */
    assert_false(ldr_place(map, 3, 6, &block, &phys));
}

/* ---- beside files and image ---------------------------------------------------------- */

/* 64 MiB with the hole below 1 MiB, and a file near the end. */
static const struct ldr_region with_file[] = {
    {0x0, 0xa0000, LDR_USABLE},
    {0x100000, 60 * MIB - 0x100000, LDR_USABLE},
    {60 * MIB, MIB, LDR_EXECUTABLE},
    {61 * MIB, 3 * MIB, LDR_USABLE},
};

static uint64_t place(const struct ldr_region *region, size_t count, uint64_t revision,
                      const struct ldr_block *block)
{
    uint64_t phys = 0;

    assert_true(ldr_place(region, count, revision, block, &phys));
    return phys;
}

/* The direct map writes to a file like to any memory, so it cuts nothing. */
static void file_does_not_attract(void **state)
{
    const struct ldr_block block = {.bytes = 0x5c000, .modulus = PGT_PAGE, .highest = LDR_ANYWHERE};

    (void)state;
    assert_int_equal(place(with_file, 4, 6, &block), 0x100000);
}

/* Text at 30 MiB, data in the middle of a stretch behind it. */
static const struct ldr_image image = {
    .segment = {{.virt = LDR_IMAGE_LOWEST, .bytes = 0x3000, .rights = PGT_READ | PGT_EXECUTE},
                {.virt = LDR_IMAGE_LOWEST + 0x3000,
                 .bytes = 0x2000,
                 .rights = PGT_READ | PGT_WRITE}},
    .segment_count = 2,
    .virt = LDR_IMAGE_LOWEST,
    .bytes = 0x5000,
};

/* Where all of memory is mapped (up to revision 2) the image's stretch alone is split. */
static void image_attracts(void **state)
{
    static const struct ldr_region region[] = {
        {0x0, 30 * MIB, LDR_USABLE},
        {30 * MIB, 0x5000, LDR_EXECUTABLE},
        {30 * MIB + 0x5000, 34 * MIB - 0x5000, LDR_USABLE},
    };
    struct ldr_block block = {.bytes = 0x10000,
                              .modulus = PGT_PAGE,
                              .highest = LDR_ANYWHERE,
                              .image = &image,
                              .image_phys = 30 * MIB};

    (void)state;
    assert_int_equal(place(region, 3, 2, &block), 30 * MIB + 0x5000);
    block.bytes = 0x1fb000; /* just what is left of the stretch */
    assert_int_equal(place(region, 3, 2, &block), 30 * MIB + 0x5000);
    block.bytes += PGT_PAGE;
    assert_int_equal(place(region, 3, 2, &block), 64 * MIB - 0x1fc000);
    block.bytes = 0x10000;
    block.image = NULL;
    assert_int_equal(place(region, 3, 2, &block), 64 * MIB - 0x10000);
}

/* Text that fills whole stretches is read-only there by a large page, which stays whole. */
static void whole_stretches_of_text_are_not_split(void **state)
{
    static const struct ldr_image large = {
        .segment = {{.virt = LDR_IMAGE_LOWEST, .bytes = 4 * MIB, .rights = PGT_READ}},
        .segment_count = 1,
        .virt = LDR_IMAGE_LOWEST,
        .bytes = 4 * MIB,
    };
    static const struct ldr_region region[] = {{0x200000, 8 * MIB, LDR_USABLE}};
    struct ldr_block block = {.bytes = PGT_PAGE,
                              .modulus = PGT_PAGE,
                              .highest = LDR_ANYWHERE,
                              .image = &large,
                              .image_phys = 2 * MIB};

    (void)state;
    assert_int_equal(place(region, 1, 6, &block), 10 * MIB - PGT_PAGE);
    /* From the middle of a stretch to the middle of another: both are cut. */
    block.image_phys = 3 * MIB;
    assert_int_equal(place(region, 1, 6, &block), 2 * MIB);
}

/* ---- framebuffer ----------------------------------------------------------------------- */

static void framebuffer_extents(void **state)
{
    static const struct ldr_region none[] = {{0, GIB, LDR_USABLE}};
    static const struct {
        uint64_t phys, bytes, extent;
    } sample[] = {
        {3 * GIB, 0x3e8000, 4 * MIB}, /* 1280 x 800 */
        {3 * GIB, 4 * MIB, 4 * MIB},
        {3 * GIB, 4 * MIB + 1, 6 * MIB},
        {3 * GIB, 0x12c000, 2 * MIB}, /* 640 x 480 */
        /* In less than 2 MiB of addresses: nobody knows whose the next are. */
        {3 * GIB, 0xc0000, MIB},
        {3 * GIB, 0x1000, 0x1000},
        {3 * GIB + 0x180000, 0x10000, 0x10000},
        {3 * GIB + 0x180000, 0x70000, 0x80000},
        /* Not at the start of what the device has. */
        {3 * GIB + 0x10000, 0x3e8000, 4 * MIB - 0x10000},
        {3 * GIB + 3 * MIB, 2 * MIB, 3 * MIB},
        {UINT64_C(1) << 40, 32 * MIB - 1, 32 * MIB},
        {UINT64_C(0xfffffffffffff000) & ~UINT64_C(0xfffff), 0x80000, 0x80000},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof sample / sizeof sample[0]; i++)
        assert_int_equal(ldr_framebuffer_extent(sample[i].phys, sample[i].bytes, none, 1),
                         sample[i].extent);
}

/* A region of any kind behind it, from the first byte to the last that would be taken. */
static void framebuffer_takes_nothing(void **state)
{
    static const uint64_t at[] = {0x3e8000, 0x3ff000, 0x3f0000};

    (void)state;
    for (unsigned kind = 0; kind < LDR_MEMORY_KINDS; kind++)
        for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++) {
            const struct ldr_region region[] = {{0, GIB, LDR_USABLE},
                                                {3 * GIB + at[i], 0x1000, (enum ldr_memory)kind}};
            assert_int_equal(ldr_framebuffer_extent(3 * GIB, 0x3e8000, region, 2), 0x3e8000);
        }
    const struct ldr_region around[] = {{3 * GIB - MIB, MIB, LDR_RESERVED},
                                        {3 * GIB, 0x3e8000, LDR_RESERVED},
                                        {3 * GIB + 4 * MIB, MIB, LDR_RESERVED}};
    assert_int_equal(ldr_framebuffer_extent(3 * GIB, 0x3e8000, around, 3), 4 * MIB);
    const struct ldr_region over[] = {{3 * GIB, 0x3e9000, LDR_RESERVED}};
    assert_int_equal(ldr_framebuffer_extent(3 * GIB, 0x3e8000, over, 1), 0x3e8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_split_anyway_comes_first),
        cmocka_unit_test(keeps_to_its_limits),
        cmocka_unit_test(stays_below),
        cmocka_unit_test(file_does_not_attract),
        cmocka_unit_test(image_attracts),
        cmocka_unit_test(whole_stretches_of_text_are_not_split),
        cmocka_unit_test(framebuffer_extents),
        cmocka_unit_test(framebuffer_takes_nothing),
    };

    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
