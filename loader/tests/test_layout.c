/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two blocks of memory that the loader keeps for a kernel: large enough for all that is put
 * there, and nothing in them overlaps.  Symptom of a failure: a stack without a guard, or an
 * early-fault net that the first stack overwrites.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "loader/layout.h"
#include "loader/net.h"

#define PHYS UINT64_C(0x123456000)

static struct ldr_image image_of(uint64_t bytes)
{
    return (struct ldr_image){.virt = LDR_IMAGE_LOWEST + 0x123000, .bytes = bytes};
}

static void a_small_image_goes_anywhere(void **state)
{
    struct ldr_image image = image_of(PGT_PAGE_2M - PGT_PAGE);
    struct ldr_block block = ldr_image_block(&image);

    (void)state;
    assert_int_equal(block.bytes, image.bytes);
    assert_int_equal(block.modulus, PGT_PAGE);
    assert_int_equal(block.congruent, 0);
    assert_int_equal(block.lowest, 0);
    assert_int_equal(block.highest, LDR_ANYWHERE);
    assert_null(block.image);
}

static void a_large_image_as_its_addresses(void **state)
{
    struct ldr_image image = image_of(PGT_PAGE_2M);
    struct ldr_block block = ldr_image_block(&image);

    (void)state;
    assert_int_equal(block.modulus, PGT_PAGE_2M);
    assert_int_equal(block.congruent, 0x123000);
}

/* Pages of the block by what they are: each is one thing, and no other thing is behind its end. */
enum use { FREE, HANDOFF, NET_TEXT, NET_DATA, STACK, GUARD };

#define MOST_PAGES 512

static void take(uint8_t use[MOST_PAGES], uint64_t phys, uint64_t bytes, enum use what)
{
    assert_int_equal((phys | bytes) % PGT_PAGE, 0);
    assert_true(phys >= PHYS);
    for (uint64_t at = (phys - PHYS) / PGT_PAGE, i = 0; i < bytes / PGT_PAGE; i++) {
        assert_in_range(at + i, 0, MOST_PAGES - 1);
        assert_int_equal(use[at + i], FREE);
        use[at + i] = what;
    }
}

/* What the map says is executable may hold what is executed, and nothing that is written. */
static void take_regions(uint8_t use[MOST_PAGES], const struct ldr_layout *layout)
{
    struct ldr_region region = {0};
    size_t index = 0;

    for (; ldr_layout_region(layout, index, &region); index++) {
        if (region.kind == LDR_GUARD) {
            take(use, region.base, region.bytes, GUARD);
            continue;
        }
        assert_int_equal(region.kind, LDR_EXECUTABLE);
        assert_int_equal(region.base, layout->handoff_phys);
        assert_int_equal(region.bytes, PGT_PAGE + layout->net_text_bytes);
    }
    assert_int_equal(index, layout->more_stacks + 3);
}

static void check_block(size_t processors, uint64_t stack_bytes, bool net, bool low)
{
    struct ldr_image image = image_of(PGT_PAGE);
    struct ldr_layout layout = {.image_phys = 0x200000};
    uint8_t use[MOST_PAGES] = {0};
    struct ldr_block block;
    size_t pages;

    ldr_layout_stacks(&layout, processors, stack_bytes, net);
    block = ldr_stacks_block(&layout, &image, low);
    ldr_layout_place(&layout, PHYS);
    assert_ptr_equal(block.image, &image);
    assert_int_equal(block.image_phys, 0x200000);
    assert_int_equal(block.highest, low ? 0xffffffff : UINT64_MAX);

    take(use, layout.handoff_phys, PGT_PAGE, HANDOFF);
    assert_int_equal(layout.net_bytes != 0, net);
    take(use, layout.handoff_phys + PGT_PAGE, layout.net_text_bytes, NET_TEXT);
    take(use, layout.handoff_phys + PGT_PAGE + layout.net_text_bytes,
         layout.net_bytes - layout.net_text_bytes, NET_DATA);
    for (size_t i = 0; i < processors; i++)
        take(use, layout.stack_phys + i * (stack_bytes + PGT_PAGE), stack_bytes, STACK);
    take_regions(use, &layout);

    /* All of it is used, and each stack lies between two guards. */
    pages = block.bytes / PGT_PAGE;
    for (size_t i = 0; i < pages; i++)
        assert_int_not_equal(use[i], FREE);
    for (size_t i = pages; i < MOST_PAGES; i++)
        assert_int_equal(use[i], FREE);
    for (size_t i = 1; i < pages; i++)
        if ((use[i] == STACK) != (use[i - 1] == STACK))
            assert_int_equal(use[i] == STACK ? use[i - 1] : use[i], GUARD);
}

static void every_block(void **state)
{
    (void)state;
    for (size_t processors = 1; processors <= 9; processors++)
        for (uint64_t stack = 1; stack <= 33; stack += 16)
            for (unsigned choice = 0; choice < 4; choice++)
                check_block(processors, stack * PGT_PAGE, choice & 1, choice & 2);
}

/* ---- the net ------------------------------------------------------------------------ */

static unsigned lines;

static void count(void *context, const char *line)
{
    (void)context;
    assert_non_null(line);
    lines++;
}

static void the_net_as_wished(void **state)
{
    static const struct {
        enum ldr_option wish;
        uint64_t revision;
        bool net;
        unsigned lines;
    } sample[] = {
        {LDR_UNSET, 0, true, 0},  {LDR_UNSET, 4, true, 0}, {LDR_UNSET, 5, false, 0},
        {LDR_UNSET, 6, false, 0}, {LDR_YES, 4, true, 0},   {LDR_YES, 5, true, 1},
        {LDR_NO, 4, false, 1},    {LDR_NO, 5, false, 0},
    };
    const struct ldr_log log = {.line = count};

    (void)state;
    for (size_t i = 0; i < sizeof sample / sizeof *sample; i++) {
        lines = 0;
        assert_int_equal(ldr_net_choose(sample[i].wish, sample[i].revision, &log), sample[i].net);
        assert_int_equal(lines, sample[i].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_image_goes_anywhere),
        cmocka_unit_test(a_large_image_as_its_addresses),
        cmocka_unit_test(every_block),
        cmocka_unit_test(the_net_as_wished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
