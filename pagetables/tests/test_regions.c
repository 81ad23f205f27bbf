/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address space is reserved once, within its window, as low or as high as it goes, in
 * whole pages, without overflow; what is freed is whole again; and what is refused is left as it
 * was.
 */
#include "pagetables/regions.h"

#include <string.h>

#include "pagetables/tests/suite.h"

#define NODES 8

struct window {
    struct pgt_regions regions;
    struct pgt_region node[NODES];
};

static const struct pgt_region_place low = {.side = PGT_REGION_LOW};
static const struct pgt_region_place high = {.side = PGT_REGION_HIGH};

static void start(struct window *window, uint64_t first, uint64_t last)
{
    assert_int_equal(pgt_regions_init(&window->regions, first, last, window->node, NODES),
                     PGT_REGION_OK);
}

static uint64_t reserve(struct window *window, uint64_t bytes, struct pgt_region_place place)
{
    struct pgt_region region;
    assert_int_equal(pgt_region_reserve(&window->regions, bytes, &place, &region), PGT_REGION_OK);
    assert_int_equal(region.bytes, (bytes + 4095) / 4096 * 4096);
    return region.virt;
}

/* The whole of a window, to see that a refusal leaves it alone. */
static void refuse(struct window *window, uint64_t bytes, struct pgt_region_place place,
                   enum pgt_region_status status)
{
    struct window before = *window;
    struct pgt_region region = {0x5a5a, 0x5a5a};
    assert_int_equal(pgt_region_reserve(&window->regions, bytes, &place, &region), status);
    assert_int_equal(region.virt, 0x5a5a);
    assert_int_equal(region.bytes, 0x5a5a);
    assert_memory_equal(window, &before, sizeof(before));
}

static void refuse_at(struct window *window, uint64_t virt, uint64_t bytes,
                      enum pgt_region_status status)
{
    struct window before = *window;
    struct pgt_region region = {0x5a5a, 0x5a5a};
    assert_int_equal(pgt_region_reserve_at(&window->regions, virt, bytes, &region), status);
    assert_int_equal(region.virt, 0x5a5a);
    assert_int_equal(region.bytes, 0x5a5a);
    assert_memory_equal(window, &before, sizeof(before));
}

static void refuse_free(struct window *window, uint64_t virt, enum pgt_region_status status)
{
    struct window before = *window;
    assert_int_equal(pgt_region_free(&window->regions, virt), status);
    assert_memory_equal(window, &before, sizeof(before));
}

static void reserve_at(struct window *window, uint64_t virt, uint64_t bytes)
{
    struct pgt_region region;
    assert_int_equal(pgt_region_reserve_at(&window->regions, virt, bytes, &region), PGT_REGION_OK);
    assert_int_equal(region.virt, virt);
    assert_int_equal(region.bytes, (bytes + 4095) / 4096 * 4096);
}

static void give(struct window *window, uint64_t virt)
{
    assert_int_equal(pgt_region_free(&window->regions, virt), PGT_REGION_OK);
}

/* The vector: with the bump pointer at 4096, 42 bytes are reserved at 0; then there is no space. */
static void the_last_page_down_to_address_0(void **state)
{
    struct window window;
    (void)state;

    start(&window, 0, 4095);
    assert_int_equal(reserve(&window, 42, high), 0);
    refuse(&window, 1, high, PGT_REGION_NO_ROOM);
    refuse(&window, 1, low, PGT_REGION_NO_ROOM);
    give(&window, 0);
    assert_int_equal(reserve(&window, 4096, low), 0);
}

/* Defect 19: reserving ~0 bytes rounded to 0, and succeeded. */
static void reserving_all_bytes_rounded_to_0_and_succeeded(void **state)
{
    struct window window;
    (void)state;

    start(&window, 0x1000, UINT64_MAX);
    for (uint64_t less = 0; less < 4095; less++) {
        refuse(&window, UINT64_MAX - less, high, PGT_REGION_BAD_RANGE);
        refuse_at(&window, 0x1000, UINT64_MAX - less, PGT_REGION_BAD_RANGE);
    }
    refuse(&window, 0, high, PGT_REGION_BAD_RANGE);
    refuse_at(&window, 0x1000, 0, PGT_REGION_BAD_RANGE);
    assert_int_equal(reserve(&window, UINT64_MAX - 4095, high), 0x1000);
    refuse(&window, 1, high, PGT_REGION_NO_ROOM);
}

static void a_window_is_of_whole_pages(void **state)
{
    struct pgt_regions regions, before;
    struct pgt_region node[1];
    (void)state;

    memset(&regions, 0x5a, sizeof(regions));
    before = regions;
    assert_int_equal(pgt_regions_init(&regions, 1, 0xffff, node, 1), PGT_REGION_MISALIGNED);
    assert_int_equal(pgt_regions_init(&regions, 0, 0x10000, node, 1), PGT_REGION_MISALIGNED);
    assert_int_equal(pgt_regions_init(&regions, 0, UINT64_MAX - 1, node, 1), PGT_REGION_MISALIGNED);
    assert_int_equal(pgt_regions_init(&regions, 0x1000, 0xfff, node, 1), PGT_REGION_BAD_RANGE);
    assert_int_equal(pgt_regions_init(&regions, 0x5000, 0xfff, node, 1), PGT_REGION_BAD_RANGE);
    assert_int_equal(pgt_regions_init(&regions, 0, UINT64_MAX, node, 1), PGT_REGION_BAD_RANGE);
    assert_memory_equal(&regions, &before, sizeof(before));
}

static void an_alignment_is_a_power_of_two_and_no_less_than_a_page(void **state)
{
    static const uint64_t bad[] = {1, 0x800, 0x1001, 0x3000, UINT64_MAX};
    struct window window;
    (void)state;

    start(&window, 0x1000, 0x7fffff);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuse(&window, 1, (struct pgt_region_place){.alignment = bad[i]}, PGT_REGION_MISALIGNED);
    refuse(&window, 1, (struct pgt_region_place){PGT_REGION_LOW, UINT64_C(1) << 63},
           PGT_REGION_NO_ROOM);
    refuse(&window, 1, (struct pgt_region_place){PGT_REGION_HIGH, UINT64_C(1) << 63},
           PGT_REGION_NO_ROOM);
    assert_int_equal(reserve(&window, 1, (struct pgt_region_place){PGT_REGION_LOW, PGT_PAGE_2M}),
                     0x200000);
    assert_int_equal(reserve(&window, 1, (struct pgt_region_place){PGT_REGION_HIGH, PGT_PAGE_2M}),
                     0x600000);
    assert_int_equal(reserve(&window, 1, (struct pgt_region_place){PGT_REGION_LOW, 0x2000}),
                     0x2000);
    assert_int_equal(reserve(&window, 0x1000, low), 0x1000);
}

/* A window that ends with the address space, where the byte behind a region is 0. */
static void up_to_the_last_byte_of_the_address_space(void **state)
{
    struct window window;
    struct pgt_region region;
    (void)state;

    start(&window, -UINT64_C(0x5000), UINT64_MAX);
    assert_int_equal(reserve(&window, 1, high), TOP_PAGE);
    assert_true(pgt_region_find(&window.regions, UINT64_MAX, &region));
    assert_int_equal(region.virt + region.bytes, 0);
    refuse_at(&window, TOP_PAGE, 1, PGT_REGION_OCCUPIED);
    assert_int_equal(reserve(&window, 0x4000, low), TOP_PAGE - 0x4000);
    refuse(&window, 1, low, PGT_REGION_NO_ROOM);
    assert_int_equal(window.regions.reserved, 0x5000);
    give(&window, TOP_PAGE);
    refuse_at(&window, TOP_PAGE, 0x1001, PGT_REGION_FOREIGN);
    reserve_at(&window, TOP_PAGE, 0x1000);
}

static void what_is_freed_is_one_range_again(void **state)
{
    struct window window;
    (void)state;

    start(&window, 0x10000, 0x13fff);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(reserve(&window, 1, low), 0x10000 + i * 0x1000);
    give(&window, 0x11000);
    give(&window, 0x13000);
    refuse(&window, 0x1001, low, PGT_REGION_NO_ROOM);
    give(&window, 0x12000);
    assert_int_equal(reserve(&window, 0x3000, high), 0x11000);
    give(&window, 0x11000);
    give(&window, 0x10000);
    assert_int_equal(window.regions.count, 0);
    assert_int_equal(window.regions.reserved, 0);
    assert_int_equal(reserve(&window, 0x4000, low), 0x10000);
}

static void a_free_of_what_is_no_region_is_refused(void **state)
{
    struct window window;
    (void)state;

    start(&window, 0x10000, 0x1ffff);
    refuse_free(&window, 0x10000, PGT_REGION_NOT_TAKEN);
    reserve_at(&window, 0x12000, 0x2000);
    refuse_free(&window, 0x13000, PGT_REGION_NOT_TAKEN); /* inside */
    refuse_free(&window, 0x12001, PGT_REGION_NOT_TAKEN);
    refuse_free(&window, 0x11000, PGT_REGION_NOT_TAKEN);
    refuse_free(&window, 0xf000, PGT_REGION_FOREIGN);
    refuse_free(&window, 0x20000, PGT_REGION_FOREIGN);
    give(&window, 0x12000);
    refuse_free(&window, 0x12000, PGT_REGION_NOT_TAKEN); /* twice */
}

static void a_given_place_is_in_the_window_and_free(void **state)
{
    struct window window;
    (void)state;

    start(&window, 0x10000, 0x1ffff);
    reserve_at(&window, 0x14000, 0x1001);
    refuse_at(&window, 0x12001, 1, PGT_REGION_MISALIGNED);
    refuse_at(&window, 0xf000, 0x1000, PGT_REGION_FOREIGN);
    refuse_at(&window, 0xf000, 0x2000, PGT_REGION_FOREIGN);
    refuse_at(&window, 0x1f000, 0x1001, PGT_REGION_FOREIGN);
    refuse_at(&window, 0x20000, 1, PGT_REGION_FOREIGN);
    refuse_at(&window, 0x13000, 0x1001, PGT_REGION_OCCUPIED);
    refuse_at(&window, 0x14000, 1, PGT_REGION_OCCUPIED);
    refuse_at(&window, 0x15000, 1, PGT_REGION_OCCUPIED);
    reserve_at(&window, 0x13000, 0x1000);
    reserve_at(&window, 0x16000, 0xa000);
}

static void nodes_that_run_out_are_told(void **state)
{
    struct window window;
    (void)state;

    start(&window, 0x10000, 0xfffff);
    for (unsigned i = 0; i < NODES; i++)
        (void)reserve(&window, 1, i % 2 ? low : high);
    refuse(&window, 1, low, PGT_REGION_NO_NODES);
    refuse_at(&window, 0x80000, 1, PGT_REGION_NO_NODES);
    refuse(&window, 0x100000, low, PGT_REGION_NO_ROOM);
    give(&window, 0x11000);
    assert_int_equal(reserve(&window, 1, low), 0x11000);
}

static void each_status_has_its_text(void **state)
{
    (void)state;
    for (int status = PGT_REGION_NO_ROOM; status <= PGT_REGION_NOT_MAPPED; status++)
        for (int other = PGT_REGION_OK; other < status; other++)
            if (other <= PGT_REGION_OCCUPIED || other >= PGT_REGION_NO_ROOM)
                assert_string_not_equal(pgt_region_text((enum pgt_region_status)status),
                                        pgt_region_text((enum pgt_region_status)other));
    for (int status = PGT_OK; status < PGT_OCCUPIED; status++)
        assert_string_equal(pgt_region_text((enum pgt_region_status)status),
                            pgt_status_text((enum pgt_status)status));
    assert_string_not_equal(pgt_region_text(PGT_REGION_OCCUPIED), pgt_status_text(PGT_OCCUPIED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_page_down_to_address_0),
        cmocka_unit_test(reserving_all_bytes_rounded_to_0_and_succeeded),
        cmocka_unit_test(a_window_is_of_whole_pages),
        cmocka_unit_test(an_alignment_is_a_power_of_two_and_no_less_than_a_page),
        cmocka_unit_test(up_to_the_last_byte_of_the_address_space),
        cmocka_unit_test(what_is_freed_is_one_range_again),
        cmocka_unit_test(a_free_of_what_is_no_region_is_refused),
        cmocka_unit_test(a_given_place_is_in_the_window_and_free),
        cmocka_unit_test(nodes_that_run_out_are_told),
        cmocka_unit_test(each_status_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
