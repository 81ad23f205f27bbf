/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows of address space against an array that says for each page which region it is in:
 * every sequence of four operations in a window of five pages, at the bottom, in the middle and at
 * the top of the address space; and long random runs in larger ones.
 */
#include "pagetables/regions.h"

#include <string.h>

#include "pagetables/tests/replay.h"
#include "pagetables/tests/suite.h"

#define PAGES 300
#define NODES 40

struct world {
    struct pgt_regions regions;
    struct pgt_region node[NODES];
    size_t pages;
    size_t count;
    uint64_t first;   /* page number of the window's first page */
    size_t of[PAGES]; /* pages to the start of the region that holds it, plus 1; 0 for none */
};

static void start(struct world *world, uint64_t first, size_t pages, size_t nodes)
{
    world->pages = pages;
    world->count = 0;
    world->first = first / 4096;
    memset(world->of, 0, sizeof(world->of));
    assert_int_equal(
        pgt_regions_init(&world->regions, first, first + (pages * 4096 - 1), world->node, nodes),
        PGT_REGION_OK);
}

static bool is_free(const struct world *world, size_t first, size_t pages)
{
    for (size_t i = first; i < first + pages; i++)
        if (i >= world->pages || world->of[i])
            return false;
    return true;
}

static void record(struct world *world, size_t first, size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        world->of[first + i] = i + 1;
    world->count++;
}

/* The lowest or highest place; PAGES if there is none.  align is in pages. */
static size_t expected_place(const struct world *world, size_t pages, bool high, uint64_t align)
{
    for (size_t i = 0; i < world->pages; i++) {
        size_t at = high ? world->pages - 1 - i : i;
        if ((world->first + at) % align == 0 && is_free(world, at, pages))
            return at;
    }
    return PAGES;
}

static void reserve(struct world *world, uint64_t bytes, bool high, uint64_t align)
{
    struct pgt_region region = {0x5a5a, 0x5a5a};
    const struct pgt_region_place place = {high ? PGT_REGION_HIGH : PGT_REGION_LOW, align * 4096};
    size_t pages = (size_t)((bytes + 4095) / 4096);
    size_t at = expected_place(world, pages, high, align);
    enum pgt_region_status expected = PGT_REGION_OK;
    if (at == PAGES)
        expected = PGT_REGION_NO_ROOM;
    else if (world->count == world->regions.capacity)
        expected = PGT_REGION_NO_NODES;
    assert_int_equal(pgt_region_reserve(&world->regions, bytes, &place, &region), expected);
    assert_int_equal(region.virt, expected ? 0x5a5a : (world->first + at) * 4096);
    assert_int_equal(region.bytes, expected ? 0x5a5a : pages * 4096);
    if (!expected)
        record(world, at, pages);
}

static void reserve_at(struct world *world, size_t at, uint64_t bytes)
{
    struct pgt_region region = {0x5a5a, 0x5a5a};
    size_t pages = (size_t)((bytes + 4095) / 4096);
    enum pgt_region_status expected = PGT_REGION_OK;
    if (at + pages > world->pages)
        expected = PGT_REGION_FOREIGN;
    else if (!is_free(world, at, pages))
        expected = PGT_REGION_OCCUPIED;
    else if (world->count == world->regions.capacity)
        expected = PGT_REGION_NO_NODES;
    assert_int_equal(
        pgt_region_reserve_at(&world->regions, (world->first + at) * 4096, bytes, &region),
        expected);
    assert_int_equal(region.virt, expected ? 0x5a5a : (world->first + at) * 4096);
    assert_int_equal(region.bytes, expected ? 0x5a5a : pages * 4096);
    if (!expected)
        record(world, at, pages);
}

static void give(struct world *world, size_t at)
{
    bool starts = world->of[at] == 1;
    assert_int_equal(pgt_region_free(&world->regions, (world->first + at) * 4096),
                     starts ? PGT_REGION_OK : PGT_REGION_NOT_TAKEN);
    if (!starts)
        return;
    world->of[at] = 0;
    for (size_t i = at + 1; i < world->pages && world->of[i] > 1; i++)
        world->of[i] = 0;
    world->count--;
}

/* Each page is found in its region, from its first byte to its last. */
static void compare(const struct world *world)
{
    size_t reserved = 0;
    for (size_t i = 0; i < world->pages; i++) {
        struct pgt_region region;
        uint64_t virt = (world->first + i) * 4096;
        bool found = pgt_region_find(&world->regions, virt, &region);
        assert_int_equal(found, world->of[i] != 0);
        assert_int_equal(pgt_region_find(&world->regions, virt + 4095, &region), found);
        if (!found)
            continue;
        reserved++;
        assert_int_equal(region.virt, virt - (world->of[i] - 1) * 4096);
        assert_true(virt - region.virt < region.bytes);
        bool last = i + 1 == world->pages || world->of[i + 1] < 2;
        assert_int_equal(virt + 4096 == region.virt + region.bytes, last);
    }
    assert_int_equal(world->regions.reserved, reserved * 4096);
    assert_int_equal(world->regions.count, world->count);
}

#define SMALL      5
#define OPERATIONS (12 + 10 + SMALL)

/* One of all operations that make a difference in the small window. */
static void operate(struct world *world, unsigned operation)
{
    static const uint64_t bytes[] = {1, 4097, 3 * 4096};
    if (operation < 12)
        reserve(world, bytes[operation % 3], operation / 3 % 2, operation / 6 ? 2 : 1);
    else if (operation < 22)
        reserve_at(world, (operation - 12) / 2, bytes[operation % 2]);
    else
        give(world, operation - 22);
}

static void every_sequence_of_four_operations(void **state)
{
    static const uint64_t window[] = {0, 0x7000, -UINT64_C(SMALL * 4096)};
    (void)state;

    for (size_t w = 0; w < 3; w++) {
        for (unsigned code = 0; code < OPERATIONS * OPERATIONS * OPERATIONS * OPERATIONS; code++) {
            struct world world;
            unsigned rest = code;
            start(&world, window[w], SMALL, 3); /* so the fourth may find no node */
            for (unsigned i = 0; i < 4; i++) {
                operate(&world, rest % OPERATIONS);
                rest /= OPERATIONS;
            }
            compare(&world);
        }
    }
}

static void random_windows(void **state)
{
    static const uint64_t window[] = {0, 0x123000, -UINT64_C(PAGES * 4096)};
    struct replay replay = replay_start(4, 30000);
    (void)state;

    for (size_t w = 0; w < 3; w++) {
        struct world world;
        start(&world, window[w], PAGES, NODES);
        for (uint64_t i = 0; i < replay.operations; i++) {
            uint64_t bytes = 1 + replay_draw(&replay, 12 * 4096);
            uint64_t align = UINT64_C(1) << replay_draw(&replay, 5);
            size_t at = (size_t)replay_draw(&replay, PAGES);
            switch (replay_draw(&replay, 5)) {
            case 0:
                reserve(&world, bytes, replay_draw(&replay, 2), align);
                break;
            case 1:
                reserve_at(&world, at, bytes);
                break;
            default:
                give(&world, at);
                break;
            }
            if (i % 8 == 0)
                compare(&world);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_four_operations),
        cmocka_unit_test(random_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
