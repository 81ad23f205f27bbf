/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A region that is mapped is reserved and mapped, or neither: whatever is refused, and whichever
 * frame is lacking.  Lengths are rounded up to pages.
 */
#include "pagetables/regions.h"
#include "pagetables/tests/suite.h"

#include <string.h>

#define NODES 4

/* A space, and a window of 4 GiB and a page, from a page before 2 GiB on. */
#define FIRST (2 * GIB - 0x1000)
#define LAST  (6 * GIB - 1)
struct world {
    struct suite suite;
    struct pgt_regions regions;
    struct pgt_region node[NODES];
};

static const struct pgt_region_place low = {.side = PGT_REGION_LOW};
static const struct pgt_region_place low_2m = {.side = PGT_REGION_LOW, .alignment = PGT_PAGE_2M};
static const struct pgt_region_place high = {.side = PGT_REGION_HIGH};

static void start_window(struct world *world, uint64_t first, uint64_t last)
{
    struct pgt_arch arch = suite_arch(4);
    suite_start(&world->suite, &arch);
    memset(world->node, 0, sizeof(world->node));
    assert_int_equal(pgt_regions_init(&world->regions, first, last, world->node, NODES),
                     PGT_REGION_OK);
}

static void start(struct world *world)
{
    start_window(world, FIRST, LAST);
}

/* place is null for identity. */
static enum pgt_region_status attempt(struct world *world, const struct pgt_region_place *place,
                                      struct pgt_mapping *mapping, struct pgt_flush *flush)
{
    if (place)
        return pgt_region_map(&world->regions, &world->suite.space, place, mapping, flush);
    return pgt_region_map_identity(&world->regions, &world->suite.space, mapping, flush);
}

static struct pgt_mapping mapping_of(uint64_t phys, uint64_t bytes, unsigned rights)
{
    return (struct pgt_mapping){.virt = 0x5a5a, .phys = phys, .bytes = bytes, .rights = rights};
}

static uint64_t map(struct world *world, const struct pgt_region_place *place, uint64_t phys,
                    uint64_t bytes, unsigned rights)
{
    struct pgt_mapping mapping = mapping_of(phys, bytes, rights);
    struct pgt_flush flush = {0};
    struct pgt_region region;
    assert_int_equal(attempt(world, place, &mapping, &flush), PGT_REGION_OK);
    assert_false(flush.needed); /* nothing was there */
    assert_int_equal(mapping.bytes, (bytes + 4095) / 4096 * 4096);
    assert_true(pgt_region_find(&world->regions, mapping.virt, &region));
    assert_int_equal(region.virt, mapping.virt);
    assert_int_equal(region.bytes, mapping.bytes);
    arena_assert_settled(&world->suite.arena);
    suite_check(&world->suite.space);
    return mapping.virt;
}

/* Neither tables nor reservations nor arguments change. */
static void refuse(struct world *world, const struct pgt_region_place *place,
                   struct pgt_mapping mapping, enum pgt_region_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&world->suite.arena);
    struct world before = *world;
    struct pgt_mapping given = mapping;
    struct pgt_flush flush, filled;
    memset(&flush, 0x5a, sizeof(flush));
    filled = flush;
    assert_int_equal(attempt(world, place, &mapping, &flush), status);
    assert_memory_equal(&mapping, &given, sizeof(given));
    assert_memory_equal(&flush, &filled, sizeof(filled));
    assert_memory_equal(&world->regions, &before.regions, sizeof(before.regions));
    assert_memory_equal(world->node, before.node, sizeof(before.node));
    assert_memory_equal(&world->suite.space, &before.suite.space, sizeof(struct pgt_space));
    arena_assert_unchanged(&world->suite.arena, &snapshot);
}

static void unmap(struct world *world, uint64_t virt)
{
    struct pgt_flush flush = {0};
    struct pgt_region region;
    assert_int_equal(pgt_region_unmap(&world->regions, &world->suite.space, virt, &flush),
                     PGT_REGION_OK);
    assert_true(flush.needed);
    assert_false(pgt_region_find(&world->regions, virt, &region));
    suite_check(&world->suite.space);
}

static void refuse_unmap(struct world *world, uint64_t virt, enum pgt_region_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&world->suite.arena);
    struct world before = *world;
    struct pgt_flush flush = {0};
    assert_int_equal(pgt_region_unmap(&world->regions, &world->suite.space, virt, &flush), status);
    assert_false(flush.needed);
    assert_memory_equal(&world->regions, &before.regions, sizeof(before.regions));
    assert_memory_equal(world->node, before.node, sizeof(before.node));
    arena_assert_unchanged(&world->suite.arena, &snapshot);
}

/* The vector, at the frames' own addresses and elsewhere: 4097 bytes at df0000 are two pages. */
static void a_size_is_rounded_up(void **state)
{
    struct world world;
    (void)state;

    start(&world);
    assert_int_equal(map(&world, &low, 0xdf0000, 4097, RW), FIRST);
    EXPECT(&world.suite, LEAF(FIRST, 0x1000, RW, 0xdf0000),
           LEAF(FIRST + 0x1000, 0x1000, RW, 0xdf1000));
    unmap(&world, FIRST);
    EXPECT_NOTHING(&world.suite);
    suite_end(&world.suite);

    start_window(&world, 0x1000, GIB - 1);
    assert_int_equal(map(&world, NULL, 0xdf0000, 4097, RO), 0xdf0000);
    EXPECT(&world.suite, LEAF(0xdf0000, 0x1000, RO, 0xdf0000),
           LEAF(0xdf1000, 0x1000, RO, 0xdf1000));
    refuse(&world, NULL, mapping_of(0xdf1000, 1, RO), PGT_REGION_OCCUPIED);
    unmap(&world, 0xdf0000);
    EXPECT_NOTHING(&world.suite);
    suite_end(&world.suite);
}

/* Defect 20: a region mapping that failed stayed half-way.  Two pages on either side of a
 * border of 1 GiB need five tables. */
static void a_region_mapping_that_failed_stayed_half_way(void **state)
{
    (void)state;
    for (unsigned identity = 0; identity < 2; identity++) {
        const struct pgt_region_place *place = identity ? NULL : &low;
        uint64_t phys = identity ? FIRST : 0xdf0000;
        struct world world;
        start(&world);
        for (size_t frames = 0; frames < 5; frames++) {
            world.suite.arena.limit = world.suite.arena.outstanding + frames;
            refuse(&world, place, mapping_of(phys, 4097, RW), PGT_REGION_NO_FRAMES);
            EXPECT_NOTHING(&world.suite);
        }
        world.suite.arena.limit++;
        assert_int_equal(map(&world, place, phys, 4097, RW), FIRST);
        EXPECT(&world.suite, LEAF(FIRST, 0x1000, RW, phys),
               LEAF(FIRST + 0x1000, 0x1000, RW, phys + 0x1000));
        suite_end(&world.suite);
    }
}

/* Defect 20: unmapping what is absent succeeded, and tables were never freed. */
static void unmapping_an_absent_page_succeeded(void **state)
{
    struct world world;
    struct pgt_region region;
    (void)state;

    start(&world);
    refuse_unmap(&world, FIRST, PGT_REGION_NOT_TAKEN);
    refuse_unmap(&world, FIRST - 0x1000, PGT_REGION_FOREIGN);
    assert_int_equal(pgt_region_reserve(&world.regions, 1, &low, &region), PGT_REGION_OK);
    refuse_unmap(&world, FIRST, PGT_REGION_NOT_MAPPED);
    assert_int_equal(pgt_region_free(&world.regions, FIRST), PGT_REGION_OK);
    /* One page of a region is missing, be it the first, the last or one in between. */
    for (uint64_t hole = 0; hole < 3; hole++) {
        assert_int_equal(map(&world, &low, 0xdf0000, 0x3000, RW), FIRST);
        (void)suite_unmap(&world.suite, FIRST + hole * 0x1000, 0x1000);
        refuse_unmap(&world, FIRST, PGT_REGION_NOT_MAPPED);
        refuse_unmap(&world, FIRST + 0x1000, PGT_REGION_NOT_TAKEN);
        (void)suite_map(&world.suite, FIRST + hole * 0x1000, 0x1000, RO, 0x1000);
        unmap(&world, FIRST);
        assert_int_equal(world.suite.arena.outstanding, 1); /* the root */
    }
    suite_end(&world.suite);
}

/* Everything that pgt_map() and reserving refuse. */
static void refusals_leave_neither_reservation_nor_mapping(void **state)
{
    struct world world;
    (void)state;

    start(&world);
    struct pgt_mapping mapping = mapping_of(0x1000, 0x1000, RW);
    refuse(&world, &low, mapping_of(0x1000, 0, RW), PGT_REGION_BAD_RANGE);
    refuse(&world, &low, mapping_of(0x1000, UINT64_MAX, RW), PGT_REGION_BAD_RANGE);
    refuse(&world, &low, mapping_of(0x1001, 1, RW), PGT_REGION_MISALIGNED);
    refuse(&world, &low, mapping_of(UINT64_C(1) << 46, 1, RW), PGT_REGION_BAD_PHYSICAL);
    refuse(&world, &low, mapping_of(0x1000, 1, PGT_USER), PGT_REGION_BAD_RIGHTS);
    refuse(&world, &low, mapping_of(0x1000, LAST - FIRST + 2, RW), PGT_REGION_NO_ROOM);
    refuse(&world, &(struct pgt_region_place){.alignment = 3}, mapping, PGT_REGION_MISALIGNED);
    refuse(&world, NULL, mapping_of(0x1000, 0, RW), PGT_REGION_BAD_RANGE);
    refuse(&world, NULL, mapping_of(0x1000, 1, RW), PGT_REGION_FOREIGN);
    refuse(&world, NULL, mapping_of(FIRST + 1, 1, RW), PGT_REGION_MISALIGNED);
    refuse(&world, NULL, mapping_of(LAST - 0xfff, 0x1001, RW), PGT_REGION_FOREIGN);
    refuse(&world, NULL, mapping_of(FIRST, 1, 0), PGT_REGION_BAD_RIGHTS);
    /* What somebody mapped behind the window's back is not replaced. */
    (void)suite_map(&world.suite, FIRST + 0x1000, 0x1000, RO, 0x9000);
    refuse(&world, &low, mapping_of(0x1000, 0x2000, RW), PGT_REGION_OCCUPIED);
    refuse(&world, NULL, mapping_of(FIRST, 0x2000, RW), PGT_REGION_OCCUPIED);
    assert_int_equal(map(&world, &low, 0x1000, 0x1000, RW), FIRST);
    suite_end(&world.suite);
}

static void nodes_and_sealed_slots_refuse_too(void **state)
{
    struct world world;
    (void)state;

    start(&world);
    for (unsigned i = 0; i < NODES; i++)
        (void)map(&world, &high, 0x1000, 0x1000, RW);
    refuse(&world, &high, mapping_of(0x1000, 1, RW), PGT_REGION_NO_NODES);
    refuse(&world, NULL, mapping_of(FIRST, 1, RW), PGT_REGION_NO_NODES);
    suite_end(&world.suite);

    start_window(&world, UPPER_4, UPPER_4 + GIB - 1);
    assert_int_equal(pgt_seal(&world.suite.space, UPPER_4, 0), PGT_OK);
    refuse(&world, &low, mapping_of(0x1000, 1, RW), PGT_REGION_SEALED);
    suite_end(&world.suite);

    start_window(&world, LOWER_LAST_4, LOWER_LAST_4 + 0x1fff); /* across the hole */
    refuse(&world, &low, mapping_of(0x1000, 0x2000, RW), PGT_REGION_BAD_RANGE);
    (void)map(&world, &low, 0x1000, 0x1000, RW);
    suite_end(&world.suite);
}

/* Aligned as the frames are, a region gets large pages. */
static void aligned_regions_get_large_pages(void **state)
{
    struct world world;
    (void)state;

    start(&world);
    assert_int_equal(map(&world, &low_2m, 16 * MIB, 4 * MIB, RW), 2 * GIB);
    assert_int_equal(map(&world, &low, 32 * MIB, 1, RO), FIRST);
    EXPECT(&world.suite, LEAF(FIRST, 0x1000, RO, 32 * MIB), LEAF(2 * GIB, 2 * MIB, RW, 16 * MIB),
           LEAF(2 * GIB + 2 * MIB, 2 * MIB, RW, 18 * MIB));
    unmap(&world, 2 * GIB);
    EXPECT(&world.suite, LEAF(FIRST, 0x1000, RO, 32 * MIB));
    suite_end(&world.suite);
}

static void attributes_are_kept(void **state)
{
    struct world world;
    struct pgt_leaf leaf;
    struct pgt_flush flush = {0};
    struct pgt_mapping mapping = {.phys = 0xfee00000,
                                  .bytes = 1,
                                  .rights = RW | PGT_GLOBAL,
                                  .memory = PGT_UNCACHEABLE,
                                  .key = 5,
                                  .software = 0x155};
    (void)state;

    start(&world);
    assert_int_equal(attempt(&world, &high, &mapping, &flush), PGT_REGION_OK);
    assert_int_equal(mapping.virt, LAST - 0xfff);
    assert_true(pgt_lookup(&world.suite.space, mapping.virt, &leaf));
    assert_int_equal(leaf.rights, RW | PGT_GLOBAL);
    assert_int_equal(leaf.memory, PGT_UNCACHEABLE);
    assert_int_equal(leaf.key, 5);
    assert_int_equal(leaf.software, 0x155);
    suite_end(&world.suite);
}

/* At the top of the address space, with a 1 GiB leaf that ends there. */
static void the_last_page_can_be_a_region(void **state)
{
    struct world world;
    (void)state;

    start_window(&world, -GIB, UINT64_MAX);
    assert_int_equal(map(&world, &high, GIB, GIB, RW), -GIB);
    unmap(&world, -GIB);
    assert_int_equal(map(&world, &high, 0x2000, 1, RW), TOP_PAGE);
    EXPECT(&world.suite, LEAF(TOP_PAGE, 0x1000, RW, 0x2000));
    unmap(&world, TOP_PAGE);
    EXPECT_NOTHING(&world.suite);
    suite_end(&world.suite);
}

/* A region that became part of a larger leaf has to be split off, which takes frames. */
static void unmapping_that_lacks_frames_keeps_the_region(void **state)
{
    struct world world;
    struct pgt_flush flush = {0};
    (void)state;

    start(&world);
    assert_int_equal(map(&world, &low_2m, 16 * MIB, MIB, RW), 2 * GIB);
    assert_int_equal(map(&world, &(struct pgt_region_place){.alignment = MIB}, 17 * MIB, MIB, RW),
                     2 * GIB + MIB);
    assert_int_equal(pgt_promote(&world.suite.space, 2 * GIB, 2 * MIB, &flush), PGT_OK);
    EXPECT(&world.suite, LEAF(2 * GIB, 2 * MIB, RW, 16 * MIB));
    world.suite.arena.limit = 0;
    refuse_unmap(&world, 2 * GIB, PGT_REGION_NO_FRAMES);
    world.suite.arena.limit = world.suite.arena.count;
    unmap(&world, 2 * GIB);
    unmap(&world, 2 * GIB + MIB);
    suite_end(&world.suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_is_rounded_up),
        cmocka_unit_test(a_region_mapping_that_failed_stayed_half_way),
        cmocka_unit_test(unmapping_an_absent_page_succeeded),
        cmocka_unit_test(refusals_leave_neither_reservation_nor_mapping),
        cmocka_unit_test(nodes_and_sealed_slots_refuse_too),
        cmocka_unit_test(aligned_regions_get_large_pages),
        cmocka_unit_test(attributes_are_kept),
        cmocka_unit_test(the_last_page_can_be_a_region),
        cmocka_unit_test(unmapping_that_lacks_frames_keeps_the_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
