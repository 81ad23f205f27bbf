/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inactive roots, through a second slot of the active one, on an emulated processor that
 * looks everywhere below that slot unasked, and remembers.
 */
#include "pagetables/tests/bare.h"

#define VIRT UINT64_C(0x8080604000)

static uint64_t create(struct bare *bare)
{
    uint64_t root;
    assert_int_equal(pgt_recursive_create(&bare->recursive, &root), PGT_OK);
    arena_assert_settled(&bare->arena);
    assert_int_equal(bare->window.taken, 0);
    return root;
}

static void destroy(struct bare *bare, uint64_t root)
{
    assert_int_equal(pgt_recursive_destroy(&bare->recursive, root), PGT_OK);
    assert_int_equal(bare->recursive.via, bare->recursive.slot);
    assert_null(arena_table(&bare->arena, root));
}

static struct pgt_recursive open_root(struct bare *bare, uint64_t root)
{
    struct pgt_recursive other;
    assert_int_equal(pgt_recursive_open(&other, &bare->recursive, root), PGT_OK);
    return other;
}

/* gopher-os: all entries zero but the recursive one, present and writable, to itself. */
static void a_new_directory(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        bare_start_plain(&bare, levels);
        uint64_t root = create(&bare);
        for (unsigned i = 0; i < 512; i++)
            if (i != 511)
                assert_int_equal(arena_table(&bare.arena, root)[i], 0);
        uint64_t link = arena_table(&bare.arena, root)[511];
        assert_int_equal(link & ~(UINT64_C(1) << 63), root | 3);
        assert_int_equal(link >> 63, 1); /* nothing that is writable is executable */
        bare.arch.no_execute = false;
        assert_int_equal(pgt_recursive_link(&bare.arch, root), root | 3);
        bare.arch.no_execute = true;
        destroy(&bare, root);
        bare_end(&bare);
    }
}

static void no_frame_or_no_slot_for_a_new_directory(void **state)
{
    struct bare bare;
    uint64_t root = 0x5a, virt[BARE_SLOTS];
    (void)state;

    bare_start_plain(&bare, 4);
    struct arena_snapshot snapshot = arena_snapshot(&bare.arena);
    bare.arena.limit = bare.arena.outstanding;
    assert_int_equal(pgt_recursive_create(&bare.recursive, &root), PGT_NO_FRAMES);
    bare.arena.limit++;
    for (unsigned i = 0; i < BARE_SLOTS; i++)
        assert_int_equal(pgt_window_take(&bare.window, &virt[i]), PGT_OK);
    assert_int_equal(pgt_recursive_create(&bare.recursive, &root), PGT_BUSY);
    assert_int_equal(root, 0x5a);
    arena_assert_unchanged(&bare.arena, &snapshot);
    for (unsigned i = 0; i < BARE_SLOTS; i++)
        pgt_window_release(&bare.window, virt[i]);
    bare_end(&bare);
}

/* gopher-os: an inactive directory costs two invalidations, of all that the slot leads to; the
 * active one none. */
static void editing_an_inactive_directory_costs_two_invalidations(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        struct pgt_leaf leaf;
        bare_start_plain(&bare, levels);
        uint64_t root = create(&bare);
        uint64_t *second = &arena_table(&bare.arena, bare.root)[509];
        size_t pages = bare.emulator.invalidations;

        struct pgt_recursive other = open_root(&bare, root);
        assert_int_equal(bare.emulator.forgets, 1);
        assert_int_equal(*second & 0xffffffffff000, root);
        assert_int_equal(*second & ~0xffffffffff000, UINT64_C(0x8000000000000003));
        assert_false(pgt_recursive_lookup(&other, VIRT, &leaf));
        pgt_recursive_close(&other);
        assert_int_equal(bare.emulator.forgets, 2);
        assert_int_equal(*second, 0);

        other = open_root(&bare, bare.root);
        bare_map(&bare, &other, VIRT, 0x1000, RW, 0x2a000);
        bare_unmap(&bare, &bare.recursive, VIRT, 0x1000);
        pgt_recursive_close(&other);
        assert_int_equal(bare.emulator.forgets, 2);
        assert_true(bare.emulator.invalidations > pages); /* the tables that came and went */
        destroy(&bare, root);
        bare_end(&bare);
    }
}

/* Defect 14: the physical address of the inactive root was used as a virtual one, and invalidated
 * in place of the window.  Here every access goes through the second slot, and what the processor
 * remembers of one root never shows in the next: the emulator fails otherwise. */
static void defect_14_an_inactive_root_was_reached_by_its_physical_address(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        uint64_t roots[3];
        bare_start_plain(&bare, levels);
        for (unsigned i = 0; i < 3; i++)
            roots[i] = create(&bare);
        bare_map(&bare, &bare.recursive, VIRT, 0x1000, RW, 0x99000);
        for (unsigned round = 0; round < 4; round++) {
            for (unsigned i = 0; i < 3; i++) {
                struct pgt_recursive other = open_root(&bare, roots[i]);
                uint64_t page = VIRT + round * 0x1000, phys = 0x1000 * (16 * i + round + 1);
                bare_map(&bare, &other, page, 0x1000, RW | PGT_USER, phys);
                uint64_t found;
                assert_true(pgt_recursive_translate(&other, page + 0x123, &found));
                assert_int_equal(found, phys + 0x123);
                if (round > 0)
                    bare_unmap(&bare, &other, page - 0x1000, 0x1000);
                pgt_recursive_close(&other);
                BARE_EXPECT(&bare, roots[i], LEAF(page, 0x1000, RW | PGT_USER, phys));
            }
            BARE_EXPECT(&bare, bare.root, LEAF(VIRT, 0x1000, RW, 0x99000));
        }
        for (unsigned i = 0; i < 3; i++) /* with what is left in them */
            destroy(&bare, roots[i]);
        bare_unmap(&bare, &bare.recursive, VIRT, 0x1000);
        bare_end(&bare);
    }
}

/* What is gathered is for processors that use the root itself: its own recursive addresses. */
static void the_gather_names_addresses_of_the_root_itself(void **state)
{
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t root = create(&bare);
    struct pgt_recursive other = open_root(&bare, root);
    bare_map(&bare, &other, VIRT, 0x1000, RW, 0x2a000);
    size_t before = bare.emulator.invalidations;
    struct pgt_flush flush = bare_unmap(&bare, &other, VIRT, 0x1000);
    assert_int_equal(bare.emulator.invalidations - before, 3);
    assert_int_equal(flush.count, 4);
    assert_int_equal(flush.range[0].first, VIRT);
    for (unsigned level = 1; level < 4; level++)
        assert_int_equal(flush.range[level].first,
                         pgt_recursive_table(&bare.arch, 511, VIRT, level));
    /* And the page table's went by where it was edited: (slot2,1,2,3). */
    bare_map(&bare, &other, VIRT, 0x1000, RW, 0x2a000);
    bare_map(&bare, &other, VIRT + GIB, 0x1000, RW, 0x2a000);
    bare_unmap(&bare, &other, VIRT + GIB, 0x1000);
    assert_int_equal(bare.emulator.last_invalidated,
                     pgt_recursive_table(&bare.arch, 511, VIRT + GIB, 2) - (UINT64_C(2) << 30));
    pgt_recursive_close(&other);
    destroy(&bare, root);
    bare_end(&bare);
}

/* The other root becomes the active one, and is edited as that. */
static void a_root_that_becomes_active(void **state)
{
    struct bare bare;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_recursive_slots slots = {.slot = 510, .second = 508, .upper = 256};
    (void)state;

    bare_start(&bare, &arch, &slots, NULL, NULL); /* the window is in slot 509: shared */
    uint64_t root = create(&bare), first = bare.root;
    struct pgt_recursive other = open_root(&bare, root);
    bare_map(&bare, &other, VIRT, 0x2000, RW, 0x2a000);
    pgt_recursive_close(&other);
    emulator_switch(&bare.emulator, root);
    bare_map(&bare, &bare.recursive, VIRT + 0x2000, 0x1000, RW, 0x2c000);
    bare_unmap(&bare, &bare.recursive, VIRT, 0x1000);
    BARE_EXPECT(&bare, root, LEAF(VIRT + 0x1000, 0x1000, RW, 0x2b000),
                LEAF(VIRT + 0x2000, 0x1000, RW, 0x2c000));
    assert_int_equal(pgt_recursive_destroy(&bare.recursive, root), PGT_BUSY);
    other = open_root(&bare, first);
    bare_map(&bare, &other, VIRT, 0x1000, RO, 0x3a000);
    pgt_recursive_close(&other);
    emulator_switch(&bare.emulator, first);
    destroy(&bare, root);
    BARE_EXPECT(&bare, first, LEAF(VIRT, 0x1000, RO, 0x3a000));
    bare_unmap(&bare, &bare.recursive, VIRT, 0x1000);
    bare_end(&bare);
}

/* The shared upper: its root entries never change, its tables are one for all. */
static void roots_that_share_the_upper_half(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        struct pgt_arch arch = suite_arch(levels);
        struct pgt_recursive_slots slots = {.slot = 510, .second = 508, .upper = 256};
        bare_start(&bare, &arch, &slots, NULL, NULL);
        uint64_t shared = bare.window.place.last & ~UINT64_C(0x7fffffff);
        uint64_t *first = &arena_table(&bare.arena, bare.root)[256];
        *first = UINT64_C(0x12345067); /* the lowest one that is shared */
        uint64_t root = create(&bare);
        for (unsigned i = 0; i < 512; i++)
            if (i != 510)
                assert_int_equal(arena_table(&bare.arena, root)[i],
                                 i < 256 ? 0 : arena_table(&bare.arena, bare.root)[i]);
        *first = arena_table(&bare.arena, root)[256] = 0;
        assert_int_equal(arena_table(&bare.arena, root)[510] & 0xffffffffff000, root);

        struct pgt_flush flush = bare_map(&bare, &bare.recursive, shared, 0x1000, RW, 0x2a000);
        struct pgt_recursive other = open_root(&bare, root);
        uint64_t phys;
        assert_true(pgt_recursive_translate(&other, shared, &phys));
        assert_int_equal(phys, 0x2a000);
        flush = bare_unmap(&bare, &other, shared, 0x1000);
        assert_true(flush.needed && flush.upper);
        flush = (struct pgt_flush){0};
        bare_map(&bare, &other, VIRT, 0x1000, RW, 0x2a000);
        flush = bare_unmap(&bare, &other, VIRT, 0x1000);
        assert_true(flush.needed && !flush.upper); /* though its tables' addresses are up there */
        pgt_recursive_close(&other);
        BARE_EXPECT_NOTHING(&bare, bare.root);
        BARE_EXPECT_NOTHING(&bare, root);

        /* What needs a root entry there. */
        struct pgt_mapping mapping = {.virt = levels == 4 ? UPPER_4 : UPPER_5,
                                      .phys = 0x2a000,
                                      .bytes = 0x1000,
                                      .rights = RO};
        bare_refuse_map(&bare, &mapping, PGT_SEALED);
        destroy(&bare, root);
        assert_int_equal(bare.arena.outstanding, 2 + bare.planted);
        bare_end(&bare);
    }
}

/* The table right below a shared root entry stays, though it is empty: others lead to it. */
static void a_shared_table_stays_when_it_empties(void **state)
{
    struct bare bare;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_recursive_slots slots = {.slot = 510, .second = 508, .upper = 256};
    uint64_t frame[3], virt = UINT64_C(0xffffffff80000000);
    size_t used = 0x5a;
    (void)state;

    bare_start(&bare, &arch, &slots, NULL, NULL);
    for (unsigned i = 0; i < 3; i++)
        frame[i] = arena_take_zeroed(&bare.arena);
    assert_int_equal(pgt_recursive_plant(&bare.recursive, virt, frame, 2, &used), PGT_NO_FRAMES);
    assert_int_equal(pgt_recursive_plant(&bare.recursive, virt + 8, frame, 3, &used),
                     PGT_MISALIGNED);
    assert_int_equal(pgt_recursive_plant(&bare.recursive, UPPER_4 - 0x1000, frame, 3, &used),
                     PGT_BAD_RANGE);
    assert_int_equal(
        pgt_recursive_plant(&bare.recursive, UINT64_C(0xffffff0000000000), frame, 3, &used),
        PGT_SEALED);
    assert_int_equal(used, 0x5a);
    assert_int_equal(pgt_recursive_plant(&bare.recursive, virt, frame, 3, &used), PGT_OK);
    assert_int_equal(used, 3);
    assert_int_equal(pgt_recursive_plant(&bare.recursive, virt, frame, 0, &used), PGT_OK);
    assert_int_equal(used, 0);
    const uint64_t entry = arena_table(&bare.arena, bare.root)[511];
    bare_map(&bare, &bare.recursive, virt, 0x1000, RW | PGT_GLOBAL, 0x2a000);
    bare_unmap(&bare, &bare.recursive, virt, 0x1000);
    assert_int_equal(arena_table(&bare.arena, bare.root)[511], entry);
    assert_int_equal(entry, frame[0] | 0x067);
    assert_int_equal(bare.arena.outstanding, 2 + bare.planted + 1);
    arena_table(&bare.arena, bare.root)[511] = 0;
    bare.arena.frames.give(bare.arena.frames.context, frame[0]);
    bare_end(&bare);
}

static void roots_that_can_not_be_opened(void **state)
{
    struct bare bare;
    struct pgt_recursive other, none = {0};
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t root = create(&bare), next = create(&bare);
    struct arena_snapshot snapshot = arena_snapshot(&bare.arena);
    assert_int_equal(pgt_recursive_open(&none, &bare.recursive, root + 8), PGT_MISALIGNED);
    assert_int_equal(pgt_recursive_open(&none, &bare.recursive, UINT64_C(1) << 46),
                     PGT_BAD_PHYSICAL);
    assert_int_equal(pgt_recursive_destroy(&bare.recursive, bare.root), PGT_BUSY);
    assert_int_equal(pgt_recursive_destroy(&bare.recursive, root + 8), PGT_MISALIGNED);
    bare.recursive.second = bare.recursive.slot;
    assert_int_equal(pgt_recursive_open(&none, &bare.recursive, root), PGT_BAD_RANGE);
    assert_int_equal(pgt_recursive_open(&other, &bare.recursive, bare.root), PGT_OK);
    bare.recursive.second = 509;
    assert_int_equal(none.via, 0);
    assert_null(none.window);
    assert_int_equal(bare.emulator.forgets, 0);
    arena_assert_unchanged(&bare.arena, &snapshot);
    other = open_root(&bare, root);
    assert_int_equal(pgt_recursive_open(&none, &bare.recursive, next), PGT_BUSY);
    assert_int_equal(pgt_recursive_destroy(&bare.recursive, next), PGT_BUSY);
    pgt_recursive_close(&other);
    pgt_recursive_close(&other); /* a second time does nothing */
    assert_int_equal(bare.emulator.forgets, 2);
    destroy(&bare, root);
    destroy(&bare, next);
    bare_end(&bare);
}

/* Leaves and tables in every corner, and all frames come back. */
static void destroy_gives_back_everything(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        bare_start_plain(&bare, levels);
        size_t frames = bare.arena.outstanding;
        uint64_t root = create(&bare), upper = levels == 4 ? UPPER_4 : UPPER_5;
        struct pgt_recursive other = open_root(&bare, root);
        const uint64_t places[] = {
            0,     GIB - 0x1000,
            VIRT,  (levels == 4 ? LOWER_LAST_4 : LOWER_LAST_5) - 0x1000,
            upper, bare.window.place.last - 0x1000,
        };
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
            bare_map(&bare, &other, places[i], 0x2000, RW, 0x2a000);
        /* A large page, as somebody else would make it. */
        pgt_recursive_close(&other);
        *walk_entry(&bare.arena, &bare.arch, root, VIRT + 4 * MIB, 2) = UINT64_C(0x400000e7);
        *walk_entry(&bare.arena, &bare.arch, root, VIRT + GIB, 3) = UINT64_C(0x400000e7);
        destroy(&bare, root);
        assert_int_equal(bare.arena.outstanding, frames);
        bare_end(&bare);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_directory),
        cmocka_unit_test(no_frame_or_no_slot_for_a_new_directory),
        cmocka_unit_test(editing_an_inactive_directory_costs_two_invalidations),
        cmocka_unit_test(defect_14_an_inactive_root_was_reached_by_its_physical_address),
        cmocka_unit_test(the_gather_names_addresses_of_the_root_itself),
        cmocka_unit_test(a_root_that_becomes_active),
        cmocka_unit_test(roots_that_share_the_upper_half),
        cmocka_unit_test(a_shared_table_stays_when_it_empties),
        cmocka_unit_test(roots_that_can_not_be_opened),
        cmocka_unit_test(destroy_gives_back_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
