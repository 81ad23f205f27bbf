/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recursive mapping: the addresses, the slots, and edits of the active root, on an emulated
 * processor that remembers all it may.  What gopher-os's vmm asserts, and its defects, by name.
 */
#include "pagetables/tests/bare.h"

#include <string.h>

#define WALKED UINT64_C(0x8080604400)

/* gopher-os: indices 1, 2, 3, 4 and offset 400. */
static void entry_addresses_through_slot_511(void **state)
{
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    assert_int_equal(pgt_recursive_entry(&arch, 511, WALKED, 4), UINT64_C(0xfffffffffffff008));
    assert_int_equal(pgt_recursive_entry(&arch, 511, WALKED, 3), UINT64_C(0xffffffffffe01010));
    assert_int_equal(pgt_recursive_entry(&arch, 511, WALKED, 2), UINT64_C(0xffffffffc0202018));
    assert_int_equal(pgt_recursive_entry(&arch, 511, WALKED, 1), UINT64_C(0xffffff8040403020));
    assert_int_equal(pgt_recursive_table(&arch, 511, WALKED, 4), UINT64_C(0xfffffffffffff000));
    assert_int_equal(pgt_recursive_table(&arch, 511, WALKED, 1), UINT64_C(0xffffff8040403000));
}

/* What the formula means, put together from indices. */
static uint64_t compose(unsigned levels, const unsigned *index, unsigned offset)
{
    uint64_t virt = offset;
    for (unsigned i = 0; i < levels; i++)
        virt |= (uint64_t)index[i] << (12 + 9 * (levels - 1 - i));
    if (index[0] >= 256)
        virt |= UINT64_MAX << (12 + 9 * levels);
    return virt;
}

static void entry_addresses_through_any_slot(void **state)
{
    const unsigned at[] = {511, 2, 0, 256, 77};
    (void)state;

    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pgt_arch arch = suite_arch(levels);
        uint64_t virt = compose(levels, at, 0xabc);
        for (unsigned slot = 0; slot < 512; slot++) {
            for (unsigned level = 1; level <= levels; level++) {
                unsigned index[5];
                for (unsigned i = 0; i < levels; i++)
                    index[i] = i < level ? slot : at[i - level];
                assert_int_equal(pgt_recursive_entry(&arch, slot, virt, level),
                                 compose(levels, index, at[levels - level] * 8));
            }
        }
    }
}

/* ---- slots -------------------------------------------------------------- */

static enum pgt_status init_slots(unsigned levels, unsigned window,
                                  struct pgt_recursive_slots slots)
{
    struct pgt_arch arch = suite_arch(levels);
    uint64_t last = pgt_window_page(&arch, window);
    struct pgt_window_place place = {.last = last, .entry = 0xff8, .slots = 1};
    struct pgt_frames frames = {0};
    struct pgt_window win;
    struct pgt_recursive recursive, before;

    assert_int_equal(pgt_window_init(&win, &arch, &pgt_mmu_live, &place), PGT_OK);
    memset(&recursive, 0x5a, sizeof(recursive));
    before = recursive;
    enum pgt_status status = pgt_recursive_init(&recursive, &frames, &win, &slots);
    if (status)
        assert_memory_equal(&recursive, &before, sizeof(before));
    return status;
}

/* Defect 22: slot 511 was fixed, and takes the addresses of a kernel at -2 GiB. */
static void defect_22_slot_511_collided_with_a_kernel_at_the_top(void **state)
{
    const struct pgt_needed kernel = {UINT64_C(0xffffffff80000000), UINT64_MAX};
    (void)state;

    for (unsigned levels = 4; levels <= 5; levels++) {
        for (unsigned slot = 0; slot < 512; slot++) {
            unsigned second = slot == 300 ? 301 : 300, window = slot == 128 ? 131 : 129;
            struct pgt_recursive_slots slots = {
                .slot = slot, .second = second, .needed = &kernel, .needed_count = 1};
            assert_int_equal(init_slots(levels, window, slots),
                             slot == 511 ? PGT_OCCUPIED : PGT_OK);
            slots.slot = second;
            slots.second = slot;
            assert_int_equal(init_slots(levels, window, slots),
                             slot == 511 ? PGT_OCCUPIED : PGT_OK);
        }
    }
}

static void slots_that_collide_are_refused(void **state)
{
    const struct pgt_needed none[] = {{0, 0xfff}, {UPPER_4 + (1ull << 39), UPPER_4 + (3ull << 39)}};
    const struct pgt_needed backwards = {0x2000, 0x1fff};
    struct pgt_recursive_slots slots = {.second = 400, .needed = none, .needed_count = 2};
    (void)state;

    for (slots.slot = 0; slots.slot < 514; slots.slot++) {
        bool taken = slots.slot == 0 || (slots.slot >= 257 && slots.slot <= 259);
        enum pgt_status expected = slots.slot > 511 ? PGT_BAD_RANGE : taken ? PGT_OCCUPIED : PGT_OK;
        assert_int_equal(init_slots(4, slots.slot == 110 ? 201 : 111, slots), expected);
    }
    slots.slot = 110;
    assert_int_equal(init_slots(4, 111, slots), PGT_OCCUPIED); /* the window is in slot 110 */
    assert_int_equal(init_slots(4, 401, slots), PGT_OCCUPIED); /* in the second one */
    slots.second = 512;
    assert_int_equal(init_slots(4, 201, slots), PGT_BAD_RANGE);
    slots.second = 110;
    slots.upper = 513;
    assert_int_equal(init_slots(4, 201, slots), PGT_BAD_RANGE);
    slots.upper = 512;
    assert_int_equal(init_slots(4, 201, slots), PGT_OK);
    slots.needed = &backwards;
    slots.needed_count = 1;
    assert_int_equal(init_slots(4, 201, slots), PGT_BAD_RANGE);
}

/* ---- edits -------------------------------------------------------------- */

/* Every level that is edited, at every slot. */
static void map_and_unmap_through(unsigned levels, unsigned slot)
{
    struct bare bare;
    struct pgt_arch arch = suite_arch(levels);
    struct pgt_recursive_slots slots = {.slot = slot, .second = (slot + 1) % 512};
    uint64_t virt = UINT64_C(100) << (12 + 9 * (levels - 1)) | (WALKED & 0xfffffff000);
    uint64_t phys;

    bare_start(&bare, &arch, &slots, NULL, NULL);
    assert_int_equal(bare.planted, levels - 1);
    struct pgt_flush flush = bare_map(&bare, &bare.recursive, virt, 0x3000, RW, 0x2a000);
    assert_false(flush.needed || flush.widened || flush.count);
    BARE_EXPECT(&bare, bare.root, LEAF(virt, 0x1000, RW, 0x2a000),
                LEAF(virt + 0x1000, 0x1000, RW, 0x2b000), LEAF(virt + 0x2000, 0x1000, RW, 0x2c000));
    assert_true(pgt_recursive_translate(&bare.recursive, virt + 0x1234, &phys));
    assert_int_equal(phys, 0x2b234);
    flush = bare_protect(&bare, &bare.recursive, virt + 0x1000, 0x1000, RX);
    assert_true(flush.needed);
    BARE_EXPECT(&bare, bare.root, LEAF(virt, 0x1000, RW, 0x2a000),
                LEAF(virt + 0x1000, 0x1000, RX, 0x2b000), LEAF(virt + 0x2000, 0x1000, RW, 0x2c000));
    bare_unmap(&bare, &bare.recursive, virt, 0x3000);
    assert_false(pgt_recursive_translate(&bare.recursive, virt + 0x1234, &phys));
    bare_end(&bare);
}

static void map_and_unmap_through_slots(void **state)
{
    const unsigned slots[] = {0, 1, 255, 256, 510, 511};
    (void)state;

    for (unsigned levels = 4; levels <= 5; levels++)
        for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
            map_and_unmap_through(levels, slots[i]);
}

/* gopher-os: only the target page is to be invalidated, and nothing is of the window. */
static void an_unmap_invalidates_only_its_page(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        bare_start_plain(&bare, levels);
        bare_map(&bare, &bare.recursive, 0x400000, 0x3000, RW, 0x2a000);
        size_t before = bare.emulator.invalidations;
        struct pgt_flush flush = bare_unmap(&bare, &bare.recursive, 0x401000, 0x1000);
        assert_int_equal(bare.emulator.invalidations, before);
        assert_true(flush.needed);
        assert_false(flush.everything || flush.global || flush.upper || flush.widened);
        assert_int_equal(flush.count, 1);
        assert_int_equal(flush.range[0].first, 0x401000);
        assert_int_equal(flush.range[0].last, 0x401fff);
        bare_unmap(&bare, &bare.recursive, 0x400000, 0x1000);
        /* The last page takes its tables along: each has an address to be forgotten. */
        flush = bare_unmap(&bare, &bare.recursive, 0x402000, 0x1000);
        assert_int_equal(bare.emulator.invalidations - before, levels - 1);
        assert_int_equal(flush.everything, levels == 5); /* five ranges */
        assert_int_equal(flush.range[0].first, 0x402000);
        for (unsigned level = 1; level < 4; level++)
            assert_int_equal(flush.range[level].first,
                             pgt_recursive_table(&bare.arch, 511, 0x402000, level));
        bare_end(&bare);
    }
}

/* Defect 20, and gopher-os's vector: an absent leaf or table makes an unmap fail; tables that
 * empty are given back; a region that fails half-way leaves nothing behind. */
static void defect_20_unmapping_an_absent_leaf_succeeded(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        uint64_t mapped = UINT64_C(0x8080604000);
        bare_start_plain(&bare, levels);
        size_t frames = bare.arena.outstanding;
        bare_refuse_unmap(&bare, mapped, 0x1000, PGT_BAD_RANGE);
        bare_map(&bare, &bare.recursive, mapped, 0x1000, RW, 0x2a000);
        for (unsigned level = 1; level <= levels; level++) {
            uint64_t beside = mapped ^ (UINT64_C(0x1000) << 9 * (level - 1));
            bare_refuse_unmap(&bare, beside, 0x1000, PGT_BAD_RANGE);
            bare_refuse_protect(&bare, beside, 0x1000, RO, PGT_BAD_RANGE);
        }
        bare_refuse_unmap(&bare, mapped, 0x2000, PGT_BAD_RANGE);
        bare_refuse_unmap(&bare, mapped - 0x1000, 0x2000, PGT_BAD_RANGE);
        bare_unmap(&bare, &bare.recursive, mapped, 0x1000);
        assert_int_equal(bare.arena.outstanding, frames);
        bare_end(&bare);
    }
}

/* gopher-os maps two pages for 4097 bytes at df0000, and stays half-way when frames run out.
 * Lengths are pages here; and nothing stays, however many frames there are. */
static void defect_20_a_region_stayed_half_way(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        struct pgt_mapping region = {
            .virt = GIB - 0x1000, .phys = 0xdf0000, .bytes = 0x2000, .rights = RW};
        bare_start_plain(&bare, levels);
        size_t cost = 2u * 2 + (levels - 3);
        for (size_t frames = 0; frames < cost; frames++) {
            bare.arena.limit = bare.arena.outstanding + frames;
            bare_refuse_map(&bare, &region, PGT_NO_FRAMES);
        }
        bare.arena.limit = bare.arena.outstanding + cost;
        bare_map(&bare, &bare.recursive, region.virt, region.bytes, RW, region.phys);
        BARE_EXPECT(&bare, bare.root, LEAF(GIB - 0x1000, 0x1000, RW, 0xdf0000),
                    LEAF(GIB, 0x1000, RW, 0xdf1000));
        region.bytes = 4097;
        bare_refuse_map(&bare, &region, PGT_MISALIGNED);
        bare_unmap(&bare, &bare.recursive, GIB - 0x1000, 0x2000);
        bare_end(&bare);
    }
}

/* Defect 15: without the user bit on all levels ring 3 never reaches a user page. */
static void defect_15_entries_above_a_user_page_lacked_the_user_bit(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        uint64_t virt = UINT64_C(0x8080604000);
        bare_start_plain(&bare, levels);
        bare_map(&bare, &bare.recursive, virt, 0x1000, RWX | PGT_USER, 0x2a000);
        struct walk_leaf leaf = walk(&bare.arena, &bare.arch, bare.root, virt);
        assert_int_equal(leaf.rights, RWX | PGT_USER);
        for (unsigned level = 2; level <= levels; level++)
            assert_int_equal(*walk_entry(&bare.arena, &bare.arch, bare.root, virt, level) &
                                 ~0xffffffffff000,
                             0x067);
        /* And yet ring 3 can't reach the tables. */
        for (unsigned level = 1; level <= levels; level++) {
            uint64_t table = pgt_recursive_table(&bare.arch, 511, virt, level);
            leaf = walk(&bare.arena, &bare.arch, bare.root, table);
            assert_int_equal(leaf.kind, WALK_LEAF);
            assert_int_equal(leaf.rights, RW);
        }
        bare_unmap(&bare, &bare.recursive, virt, 0x1000);
        bare_end(&bare);
    }
}

/* A lookup tells of the tables themselves what the processor would. */
static void lookup_sees_the_recursive_slot(void **state)
{
    struct bare bare;
    struct pgt_leaf leaf;
    (void)state;

    bare_start_plain(&bare, 5);
    bare_map(&bare, &bare.recursive, 0x400000, 0x1000, RWX | PGT_USER | PGT_GLOBAL, 0x2a000);
    assert_true(pgt_recursive_lookup(&bare.recursive, 0x400fff, &leaf));
    assert_int_equal(leaf.rights, RWX | PGT_USER | PGT_GLOBAL);
    assert_int_equal(leaf.virt, 0x400000);
    assert_true(leaf.accessed && leaf.dirty);
    for (unsigned level = 1; level <= 5; level++) {
        uint64_t table = pgt_recursive_table(&bare.arch, 511, 0x400000, level);
        struct walk_leaf walked = walk(&bare.arena, &bare.arch, bare.root, table);
        assert_true(pgt_recursive_lookup(&bare.recursive, table + 8, &leaf));
        assert_int_equal(leaf.virt, table);
        assert_int_equal(leaf.phys, walked.phys);
        assert_int_equal(leaf.rights, walked.rights);
    }
    assert_false(pgt_recursive_lookup(&bare.recursive, 0x401000, &leaf));
    assert_false(pgt_recursive_lookup(&bare.recursive, UPPER_5 - 1, &leaf));
    bare_unmap(&bare, &bare.recursive, 0x400000, 0x1000);
    bare_end(&bare);
}

static void a_map_over_what_is_mapped(void **state)
{
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 4);
    bare_map(&bare, &bare.recursive, 0x400000, 0x2000, RW | PGT_GLOBAL, 0x2a000);
    struct pgt_flush flush =
        bare_map(&bare, &bare.recursive, 0x400000, 0x2000, RW | PGT_GLOBAL, 0x2a000);
    assert_false(flush.needed || flush.widened);
    flush = bare_map(&bare, &bare.recursive, 0x401000, 0x2000, RO, 0x3a000);
    assert_true(flush.needed && flush.global);
    assert_int_equal(flush.count, 1);
    assert_int_equal(flush.range[0].first, 0x401000);
    assert_int_equal(flush.range[0].last, 0x401fff);
    BARE_EXPECT(&bare, bare.root, LEAF(0x400000, 0x1000, RW | PGT_GLOBAL, 0x2a000),
                LEAF(0x401000, 0x1000, RO, 0x3a000), LEAF(0x402000, 0x1000, RO, 0x3b000));
    bare_unmap(&bare, &bare.recursive, 0x400000, 0x3000);
    bare_end(&bare);
}

/* A page table that is there is not looked through to count: an entry is read and written. */
static void the_cost_of_many_pages_in_one_table(void **state)
{
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 4);
    bare_map(&bare, &bare.recursive, 0x400000, 0x1000, RW, 0x2a000);
    size_t before = bare.emulator.accesses;
    bare_map(&bare, &bare.recursive, 0x400000, 2 * MIB, RW, 0x2a000);
    assert_true(bare.emulator.accesses - before < 2 * 512 + 16);
    before = bare.emulator.accesses;
    for (uint64_t page = 0; page < 2 * MIB; page += 0x1000)
        bare_unmap(&bare, &bare.recursive, 0x400000 + page, 0x1000);
    assert_true(bare.emulator.accesses - before < 16 * 512);
    bare_end(&bare);
}

/* A right that is only added widens; any other change has to be flushed. */
static void what_a_protect_has_to_flush(void **state)
{
    const struct {
        unsigned from, to;
        bool needed, widened;
    } cases[] = {
        {RO, RO, false, false},
        {RO, RW, false, true},
        {RW, RO, true, false},
        {RO, RX, false, true},
        {RX, RO, true, false},
        {RO, RO | PGT_USER, false, true},
        {RO | PGT_USER, RO, true, false},
        {RX, RW, true, false},
        {RW | PGT_USER, RX, true, false},
        {RO | PGT_GLOBAL, RO, true, false},
        {RO, RO | PGT_GLOBAL, false, true},
    };
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 4);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bare_map(&bare, &bare.recursive, 0x400000, 0x1000, cases[i].from, 0x2a000);
        struct pgt_flush flush =
            bare_protect(&bare, &bare.recursive, 0x400000, 0x1000, cases[i].to);
        assert_int_equal(flush.needed, cases[i].needed);
        assert_int_equal(flush.widened, cases[i].widened);
        assert_int_equal(flush.global, (cases[i].from & PGT_GLOBAL) != 0);
        BARE_EXPECT(&bare, bare.root, LEAF(0x400000, 0x1000, cases[i].to, 0x2a000));
    }
    bare_unmap(&bare, &bare.recursive, 0x400000, 0x1000);
    bare_end(&bare);
}

/* The tables that lead to the window stay when their last page goes, and those that are new
 * don't get lost when the window has no slot. */
static void the_window_keeps_its_tables(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        uint64_t virt[BARE_SLOTS];
        bare_start_plain(&bare, levels);
        uint64_t beside = bare.window.place.last - BARE_SLOTS * 0x1000;
        size_t frames = bare.arena.outstanding;
        for (unsigned level = 0; level < levels; level++) {
            uint64_t page = beside ^ (level == 0 ? 0 : UINT64_C(0x1000) << 9 * level);
            if (level < levels - 1)
                bare_map(&bare, &bare.recursive, page, 0x1000, RW, 0x2a000);
            if (level < levels - 1)
                bare_unmap(&bare, &bare.recursive, page, 0x1000);
            assert_int_equal(bare.arena.outstanding, frames);
        }
        for (unsigned i = 0; i < BARE_SLOTS; i++)
            assert_int_equal(pgt_window_take(&bare.window, &virt[i]), PGT_OK);
        struct pgt_flush flush = {0};
        struct pgt_mapping mapping = {.virt = 0x1000, .bytes = 0x1000, .rights = RO};
        struct arena_snapshot snapshot = arena_snapshot(&bare.arena);
        assert_int_equal(pgt_recursive_map(&bare.recursive, &mapping, &flush), PGT_BUSY);
        arena_assert_unchanged(&bare.arena, &snapshot);
        for (unsigned i = 0; i < BARE_SLOTS; i++)
            pgt_window_release(&bare.window, virt[i]);
        bare_end(&bare);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_addresses_through_slot_511),
        cmocka_unit_test(entry_addresses_through_any_slot),
        cmocka_unit_test(defect_22_slot_511_collided_with_a_kernel_at_the_top),
        cmocka_unit_test(slots_that_collide_are_refused),
        cmocka_unit_test(map_and_unmap_through_slots),
        cmocka_unit_test(an_unmap_invalidates_only_its_page),
        cmocka_unit_test(defect_20_unmapping_an_absent_leaf_succeeded),
        cmocka_unit_test(defect_20_a_region_stayed_half_way),
        cmocka_unit_test(defect_15_entries_above_a_user_page_lacked_the_user_bit),
        cmocka_unit_test(lookup_sees_the_recursive_slot),
        cmocka_unit_test(a_map_over_what_is_mapped),
        cmocka_unit_test(the_cost_of_many_pages_in_one_table),
        cmocka_unit_test(what_a_protect_has_to_flush),
        cmocka_unit_test(the_window_keeps_its_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
