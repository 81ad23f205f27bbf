/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle itself: what the walker says about entries written by hand, bit by
 * bit after the SDM's tables.  Every other test leans on it.
 */
#include "pagetables/tests/suite.h"

/* A root with one path to a page table at virtual 0x8080604000: indices 1, 2, 3
 * and 4, written as the numbers that they are. */
struct path {
    struct arena arena;
    struct pgt_arch arch;
    uint64_t root;
    uint64_t *pml4e;
    uint64_t *pdpte;
    uint64_t *pde;
    uint64_t *pte;
};

static uint64_t *put(struct arena *arena, uint64_t table, unsigned index, uint64_t entry)
{
    uint64_t *slot = &arena_table(arena, table)[index];
    *slot = entry;
    return slot;
}

static void make_path(struct path *path)
{
    struct arena *arena = &path->arena;

    arena_init(arena, 0x100000, 16, 1);
    path->arch = suite_arch(4);
    path->root = arena_take_zeroed(arena);
    uint64_t pdpt = arena_take_zeroed(arena);
    uint64_t pd = arena_take_zeroed(arena);
    uint64_t pt = arena_take_zeroed(arena);
    path->pml4e = put(arena, path->root, 1, pdpt | 7);
    path->pdpte = put(arena, pdpt, 2, pd | 7);
    path->pde = put(arena, pd, 3, pt | 7);
    path->pte = put(arena, pt, 4, 0x42007);
}

static struct walk_leaf walk_path(const struct path *path)
{
    return walk(&path->arena, &path->arch, path->root, UINT64_C(0x8080604400));
}

static void a_page_is_found_by_its_four_indices(void **state)
{
    struct path path;
    (void)state;

    make_path(&path);
    struct walk_leaf leaf = walk_path(&path);
    assert_int_equal(leaf.kind, WALK_LEAF);
    assert_int_equal(leaf.virt, UINT64_C(0x8080604000));
    assert_int_equal(leaf.phys, 0x42000);
    assert_int_equal(leaf.bytes, 0x1000);
    assert_int_equal(leaf.rights, PGT_READ | PGT_WRITE | PGT_USER | PGT_EXECUTE);
    assert_int_equal(leaf.memory, PGT_WRITE_BACK);
    assert_false(leaf.accessed || leaf.dirty);
    *path.pte |= 0x160;
    leaf = walk_path(&path);
    assert_true(leaf.accessed && leaf.dirty && (leaf.rights & PGT_GLOBAL));
    arena_free(&path.arena);
}

static void an_absent_entry_ends_the_walk_at_its_level(void **state)
{
    struct path path;
    (void)state;

    make_path(&path);
    uint64_t *entry[] = {path.pte, path.pde, path.pdpte, path.pml4e};
    for (unsigned i = 0; i < 4; i++) {
        *entry[i] &= ~UINT64_C(1);
        struct walk_leaf leaf = walk_path(&path);
        assert_int_equal(leaf.kind, WALK_ABSENT);
        assert_int_equal(leaf.bytes, UINT64_C(0x1000) << 9 * i);
        assert_int_equal(leaf.virt, UINT64_C(0x8080604000) & ~(leaf.bytes - 1));
        *entry[i] |= 1;
    }
    arena_free(&path.arena);
}

static void every_level_can_withhold_a_right(void **state)
{
    struct path path;
    (void)state;

    make_path(&path);
    uint64_t *entry[] = {path.pte, path.pde, path.pdpte, path.pml4e};
    for (unsigned i = 0; i < 4; i++) {
        uint64_t all = *entry[i];
        *entry[i] = all & ~UINT64_C(2);
        assert_int_equal(walk_path(&path).rights, PGT_READ | PGT_USER | PGT_EXECUTE);
        *entry[i] = all & ~UINT64_C(4);
        assert_int_equal(walk_path(&path).rights, PGT_READ | PGT_WRITE | PGT_EXECUTE);
        *entry[i] = all | UINT64_C(1) << 63;
        assert_int_equal(walk_path(&path).rights, PGT_READ | PGT_WRITE | PGT_USER);
        *entry[i] = all;
    }
    arena_free(&path.arena);
}

static void the_pat_bit_is_7_in_a_page_table_and_12_above(void **state)
{
    static const enum pgt_memory limine[8] = {
        PGT_WRITE_BACK,      PGT_WRITE_THROUGH,   PGT_UNCACHED_MINUS, PGT_UNCACHEABLE,
        PGT_WRITE_PROTECTED, PGT_WRITE_COMBINING, PGT_UNCACHED_MINUS, PGT_UNCACHEABLE,
    };
    struct path path;
    (void)state;

    make_path(&path);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t low = (i & 3) << 3;
        *path.pte = 0x42001 | low | (i >> 2) << 7;
        assert_int_equal(walk_path(&path).memory, limine[i]);
        assert_int_equal(walk_path(&path).phys, 0x42000);
    }
    for (unsigned i = 0; i < 8; i++) {
        uint64_t low = (i & 3) << 3;
        *path.pde = 0x600081 | low | (i >> 2) << 12;
        assert_int_equal(walk_path(&path).memory, limine[i]);
        assert_int_equal(walk_path(&path).phys, 0x600000);
        assert_int_equal(walk_path(&path).bytes, 0x200000);
    }
    arena_free(&path.arena);
}

static void reserved_bits_fault(void **state)
{
    struct path path;
    (void)state;

    make_path(&path);
    uint64_t *entry[] = {path.pte, path.pde, path.pdpte, path.pml4e};
    for (unsigned i = 0; i < 4; i++) {
        uint64_t good = *entry[i];
        *entry[i] = good | UINT64_C(1) << 46; /* the first bit beyond the width */
        assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
        *entry[i] = good | UINT64_C(1) << 51;
        assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
        *entry[i] = good | UINT64_C(1) << 63;
        path.arch.no_execute = false;
        assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
        path.arch.no_execute = true;
        *entry[i] = good | UINT64_C(0x7ff) << 52 | 0xe00; /* ignored */
        assert_int_equal(walk_path(&path).kind, WALK_LEAF);
        *entry[i] = good;
    }
    *path.pde |= 0x100; /* G of a leaf, ignored in an entry that leads to a page table */
    assert_int_equal(walk_path(&path).kind, WALK_LEAF);
    for (unsigned i = 2; i < 4; i++) { /* reserved further up by AMD's processors */
        *entry[i] |= 0x100;
        assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
        *entry[i] &= ~UINT64_C(0x100);
    }
    *path.pde = 0x602081; /* a 2 MiB page reserves bits 13 to 20 */
    assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
    *path.pdpte = 0x80000081;
    assert_int_equal(walk_path(&path).bytes, 0x40000000);
    path.arch.pages_1g = false;
    assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
    path.arch.pages_1g = true;
    *path.pdpte = UINT64_C(0xa0000081); /* a 1 GiB page reserves bits 13 to 29 */
    assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
    *path.pml4e |= 0x80;
    assert_int_equal(walk_path(&path).bytes, UINT64_C(1) << 39);
    assert_int_equal(walk_path(&path).kind, WALK_RESERVED);
    arena_free(&path.arena);
}

static void five_levels_add_nine_bits_and_move_the_hole(void **state)
{
    struct path path;
    (void)state;

    make_path(&path);
    assert_int_equal(walk(&path.arena, &path.arch, path.root, UPPER_4 - 1).kind,
                     WALK_NOT_CANONICAL);
    assert_int_equal(walk(&path.arena, &path.arch, path.root, UPPER_4).kind, WALK_ABSENT);
    uint64_t pml5 = arena_take_zeroed(&path.arena);
    put(&path.arena, pml5, 511, path.root | 7);
    path.arch.levels = 5;
    uint64_t top = UINT64_C(0xffff000000000000) | UINT64_C(0x8080604000);
    assert_int_equal(walk(&path.arena, &path.arch, pml5, top).phys, 0x42000);
    assert_int_equal(walk(&path.arena, &path.arch, pml5, top).virt, top);
    assert_int_equal(walk(&path.arena, &path.arch, pml5, 0x8080604000).kind, WALK_ABSENT);
    assert_int_equal(walk(&path.arena, &path.arch, pml5, UPPER_5 - 1).kind, WALK_NOT_CANONICAL);
    assert_int_equal(walk(&path.arena, &path.arch, pml5, UPPER_4 - 1).kind, WALK_ABSENT);

    struct walk_list list = {0};
    walk_all(&list, &path.arena, &path.arch, pml5);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.leaf[0].virt, top);
    assert_int_equal(list.tables, 5);
    assert_int_equal(list.bad, 0);
    walk_list_free(&list);
    arena_free(&path.arena);
}

static void a_stray_table_is_told(void **state)
{
    struct path path;
    struct walk_list list = {0};
    (void)state;

    make_path(&path);
    *path.pde = 0x500000 | 7;
    assert_int_equal(walk_path(&path).kind, WALK_STRAY);
    walk_all(&list, &path.arena, &path.arch, path.root);
    assert_int_equal(list.bad, 1);
    walk_list_free(&list);
    arena_free(&path.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_found_by_its_four_indices),
        cmocka_unit_test(an_absent_entry_ends_the_walk_at_its_level),
        cmocka_unit_test(every_level_can_withhold_a_right),
        cmocka_unit_test(the_pat_bit_is_7_in_a_page_table_and_12_above),
        cmocka_unit_test(reserved_bits_fault),
        cmocka_unit_test(five_levels_add_nine_bits_and_move_the_hole),
        cmocka_unit_test(a_stray_table_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
