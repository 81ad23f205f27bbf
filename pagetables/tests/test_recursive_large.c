/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large pages that are met through recursive addresses: looked up, changed and removed whole,
 * split where a range ends in them.  At the recursive address of what would be its table a
 * large page looks like a small one, which a processor may remember: so the emulator knows
 * those addresses from the start.
 */
#include "pagetables/tests/bare.h"

#define BASE (UINT64_C(0x8000000000) + 4 * GIB)
#define PHYS (8 * GIB)

/* 1G at BASE, 2M at BASE + 1G, two pages of 4K behind it, 2M at BASE + 1G + 4M. */
static void prepare(struct pgt_space *space, void *context)
{
    const struct pgt_mapping mappings[] = {
        {.virt = BASE, .phys = PHYS, .bytes = GIB, .rights = RW | PGT_USER},
        {.virt = BASE + GIB, .phys = PHYS + GIB, .bytes = 2 * MIB, .rights = RW | PGT_GLOBAL},
        {.virt = BASE + GIB + 2 * MIB, .phys = 0x2a000, .bytes = 0x2000, .rights = RX},
        {.virt = BASE + GIB + 4 * MIB, .phys = 6 * MIB, .bytes = 2 * MIB, .rights = RO},
    };
    struct pgt_flush flush = {0};
    (void)context;

    for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++)
        assert_int_equal(pgt_map(space, &mappings[i], &flush), PGT_OK);
}

static void start(struct bare *bare, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    bare_start(bare, &arch, &(struct pgt_recursive_slots){.slot = 509, .second = 511}, prepare,
               NULL);
    for (uint64_t virt = BASE; virt < BASE + 2 * GIB; virt += virt < BASE + GIB ? GIB / 4 : MIB)
        for (unsigned level = 1; level < levels && virt < BASE + GIB + 8 * MIB; level++)
            emulator_know(&bare->emulator, pgt_recursive_table(&bare->arch, 509, virt, level));
}

static void end(struct bare *bare)
{
    bare_walk(bare, bare->root);
    while (bare->list.count > 0) {
        struct walk_leaf leaf = bare->list.leaf[0];
        bare_unmap(bare, &bare->recursive, leaf.virt, leaf.bytes);
        bare_walk(bare, bare->root);
    }
    bare_end(bare);
}

static void lookups_see_large_pages(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        struct pgt_leaf leaf;
        uint64_t phys;
        start(&bare, levels);
        assert_true(pgt_recursive_lookup(&bare.recursive, BASE + 0x12345678, &leaf));
        assert_int_equal(leaf.virt, BASE);
        assert_int_equal(leaf.bytes, GIB);
        assert_int_equal(leaf.phys, PHYS);
        assert_int_equal(leaf.rights, RW | PGT_USER);
        /* Defect 16, here too. */
        assert_true(pgt_recursive_translate(&bare.recursive, BASE + 0x12345678, &phys));
        assert_int_equal(phys, PHYS + 0x12345678);
        assert_true(pgt_recursive_translate(&bare.recursive, BASE + GIB + 0x123456, &phys));
        assert_int_equal(phys, PHYS + GIB + 0x123456);
        assert_true(pgt_recursive_translate(&bare.recursive, BASE + GIB + 2 * MIB + 0x123, &phys));
        assert_int_equal(phys, 0x2a123);
        end(&bare);
    }
}

/* Whole ones go and change as they are, and take no frames. */
static void whole_large_pages(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        start(&bare, levels);
        bare.arena.limit = bare.arena.outstanding;
        struct pgt_flush flush = bare_protect(&bare, &bare.recursive, BASE, GIB + 2 * MIB, RX);
        assert_true(flush.needed && flush.global);
        BARE_EXPECT(&bare, bare.root, LEAF(BASE, GIB, RX, PHYS),
                    LEAF(BASE + GIB, 2 * MIB, RX, PHYS + GIB),
                    LEAF(BASE + GIB + 2 * MIB, 0x1000, RX, 0x2a000),
                    LEAF(BASE + GIB + 2 * MIB + 0x1000, 0x1000, RX, 0x2b000),
                    LEAF(BASE + GIB + 4 * MIB, 2 * MIB, RO, 6 * MIB));
        bare_unmap(&bare, &bare.recursive, BASE, GIB + 2 * MIB);
        bare_unmap(&bare, &bare.recursive, BASE + GIB + 4 * MIB, 2 * MIB);
        BARE_EXPECT(&bare, bare.root, LEAF(BASE + GIB + 2 * MIB, 0x1000, RX, 0x2a000),
                    LEAF(BASE + GIB + 2 * MIB + 0x1000, 0x1000, RX, 0x2b000));
        bare.arena.limit = bare.arena.count;
        /* Where they were, tables come: what the processor remembers of them is forgotten. */
        bare_map(&bare, &bare.recursive, BASE + 0x1000, 0x1000, RW, 0x3a000);
        bare_map(&bare, &bare.recursive, BASE + GIB + 0x1000, 0x1000, RW, 0x3b000);
        bare_map(&bare, &bare.recursive, BASE + GIB + 5 * MIB, 0x1000, RW, 0x3c000);
        end(&bare);
    }
}

/* Which operation, over which range, takes how many tables. */
enum kind { MAP, UNMAP, PROTECT };
struct cut {
    enum kind kind;
    uint64_t virt, bytes;
    size_t cost;
};

static enum pgt_status run(struct bare *bare, const struct cut *cut, struct pgt_flush *flush)
{
    struct pgt_mapping mapping = {
        .virt = cut->virt, .phys = 0x77000, .bytes = cut->bytes, .rights = RO};

    if (cut->kind == MAP)
        return pgt_recursive_map(&bare->recursive, &mapping, flush);
    if (cut->kind == UNMAP)
        return pgt_recursive_unmap(&bare->recursive, cut->virt, cut->bytes, flush);
    return pgt_recursive_protect(&bare->recursive, cut->virt, cut->bytes, RX, flush);
}

/* What a page should be after the operation. */
static void check_page(struct bare *bare, const struct walk_list *before, const struct cut *cut,
                       uint64_t virt)
{
    struct walk_leaf now = walk(&bare->arena, &bare->arch, bare->root, virt);
    bool inside = virt >= cut->virt && virt - cut->virt < cut->bytes;
    const struct walk_leaf *old = NULL;

    for (size_t i = 0; i < before->count; i++)
        if (virt - before->leaf[i].virt < before->leaf[i].bytes)
            old = &before->leaf[i];
    if ((inside && cut->kind == UNMAP) || (old == NULL && !(inside && cut->kind == MAP))) {
        assert_int_equal(now.kind, WALK_ABSENT);
        return;
    }
    assert_int_equal(now.kind, WALK_LEAF);
    uint64_t phys = now.phys + (virt - now.virt);
    assert_int_equal(phys, inside && cut->kind == MAP ? 0x77000 + (virt - cut->virt)
                                                      : old->phys + (virt - old->virt));
    unsigned rights = !inside ? old->rights : cut->kind == MAP ? RO : RX;
    assert_int_equal(now.rights, rights);
    if (inside && cut->kind == MAP)
        assert_int_equal(now.bytes, 0x1000);
}

static void check_around(struct bare *bare, const struct walk_list *before, const struct cut *cut)
{
    const uint64_t steps[] = {0, 0x1000, 2 * MIB, GIB};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        check_page(bare, before, cut, cut->virt - steps[i]);
        check_page(bare, before, cut, cut->virt + steps[i]);
        check_page(bare, before, cut, cut->virt + cut->bytes - 0x1000 - steps[i]);
        check_page(bare, before, cut, cut->virt + cut->bytes - 0x1000 + steps[i]);
    }
    check_page(bare, before, cut, cut->virt + (cut->bytes / 2 & ~UINT64_C(0xfff)));
}

/* Each allocation fails in turn and nothing changes; then it succeeds with the last frame. */
static void cut_large_pages(unsigned levels, const struct cut *cut)
{
    struct bare bare;
    struct walk_list before;
    struct pgt_flush flush = {0};

    start(&bare, levels);
    bare_walk(&bare, bare.root);
    before = bare.list;
    bare.list = (struct walk_list){0};
    for (size_t frames = 0; frames < cut->cost; frames++) {
        struct arena_snapshot snapshot = arena_snapshot(&bare.arena);
        bare.arena.limit = bare.arena.outstanding + frames;
        assert_int_equal(run(&bare, cut, &flush), PGT_NO_FRAMES);
        arena_assert_unchanged(&bare.arena, &snapshot);
        assert_false(flush.needed || flush.count);
    }
    bare.arena.limit = bare.arena.outstanding + cut->cost;
    size_t takes = bare.arena.takes;
    assert_int_equal(run(&bare, cut, &flush), PGT_OK);
    arena_assert_settled(&bare.arena);
    assert_int_equal(bare.arena.takes - takes, cut->cost);
    bare.arena.limit = bare.arena.count;
    assert_true(flush.needed);
    bare_walk(&bare, bare.root);
    check_around(&bare, &before, cut);
    walk_list_free(&before);
    end(&bare);
}

static void large_pages_are_split_at_the_ends_of_a_range(void **state)
{
    const uint64_t second = BASE + GIB, small = second + 2 * MIB;
    const struct cut cuts[] = {
        {UNMAP, BASE + 0x1000, 0x1000, 2},
        {UNMAP, BASE, 0x1000, 2},
        {UNMAP, BASE + 2 * MIB, 2 * MIB, 1},
        {UNMAP, BASE + 2 * MIB, 3 * MIB, 2},
        {UNMAP, BASE + 0x1000, GIB - 0x2000, 3},
        {UNMAP, BASE + GIB - 0x1000, 0x2000, 3},
        {UNMAP, BASE + GIB - 0x1000, 2 * MIB + 0x2000, 2}, /* to a page of 4K */
        {UNMAP, second + 0x3000, 0x1000, 1},
        {UNMAP, second + 0x3000, 2 * MIB - 0x3000, 1},
        {UNMAP, small, 0x2000, 0},
        {PROTECT, BASE + 0x1000, 0x1000, 2},
        {PROTECT, BASE + GIB - 2 * MIB, 3 * MIB, 2},
        {PROTECT, BASE + GIB - 0x1000, 2 * MIB + 0x2000, 2},
        {PROTECT, second + 4 * MIB + 0x1000, 0x1000, 1},
        {MAP, BASE + 0x1000, 0x1000, 2},
        {MAP, BASE + 2 * MIB, 2 * MIB, 2}, /* pages of 4K */
        {MAP, BASE + 0x1000, 4 * MIB, 4},
        {MAP, BASE + GIB - 0x1000, 4 * MIB + 0x2000, 4}, /* through all, and a gap */
        {MAP, second + 2 * MIB + 0x1000, 2 * MIB, 1},
        {MAP, BASE - 0x1000, 0x2000, 4}, /* two more for what lies before, in the same PDPT */
    };
    (void)state;

    for (unsigned levels = 4; levels <= 5; levels++)
        for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
            cut_large_pages(levels, &cuts[i]);
}

/* A map that says what a large page says already leaves it whole. */
static void an_identical_map_keeps_a_large_page(void **state)
{
    struct bare bare;
    struct pgt_mapping mapping = {
        .virt = BASE + 0x1000, .phys = PHYS + 0x1000, .bytes = 4 * MIB, .rights = RW | PGT_USER};
    struct pgt_flush flush = {0};
    (void)state;

    start(&bare, 4);
    bare.arena.limit = bare.arena.outstanding;
    assert_int_equal(pgt_recursive_map(&bare.recursive, &mapping, &flush), PGT_OK);
    assert_false(flush.needed || flush.widened || flush.count);
    bare_protect(&bare, &bare.recursive, BASE + 0x3000, 0x5000, RW | PGT_USER);
    bare_walk(&bare, bare.root);
    assert_int_equal(bare.list.leaf[0].bytes, GIB);
    mapping.software = 1;
    bare_refuse_map(&bare, &mapping, PGT_NO_FRAMES);
    bare.arena.limit = bare.arena.count;
    end(&bare);
}

/* No tables can be planted below a large page. */
static void planting_below_a_large_page(void **state)
{
    struct bare bare;
    uint64_t frame[2];
    size_t used;
    (void)state;

    start(&bare, 4);
    frame[0] = arena_take_zeroed(&bare.arena);
    frame[1] = arena_take_zeroed(&bare.arena);
    struct arena_snapshot snapshot = arena_snapshot(&bare.arena);
    assert_int_equal(pgt_recursive_plant(&bare.recursive, BASE, frame, 2, &used), PGT_OCCUPIED);
    assert_int_equal(pgt_recursive_plant(&bare.recursive, BASE + GIB, frame, 2, &used),
                     PGT_OCCUPIED);
    arena_assert_unchanged(&bare.arena, &snapshot);
    bare.arena.frames.give(bare.arena.frames.context, frame[0]);
    bare.arena.frames.give(bare.arena.frames.context, frame[1]);
    end(&bare);
}

/* The zero frame somewhere in a large page: the part that holds it can't become writable. */
static void the_zero_frame_in_a_large_page(void **state)
{
    struct bare bare;
    (void)state;

    start(&bare, 4);
    bare.window.place.zero_frame = 6 * MIB + 0x5000;
    uint64_t virt = BASE + GIB + 4 * MIB;
    bare_refuse_protect(&bare, virt, 2 * MIB, RW, PGT_BAD_RIGHTS);
    bare_refuse_protect(&bare, virt + 0x5000, 0x1000, RW, PGT_BAD_RIGHTS);
    bare_protect(&bare, &bare.recursive, virt, 0x5000, RW);
    bare_protect(&bare, &bare.recursive, virt + 0x6000, 0x1000, RW);
    end(&bare);
}

/* The processor marks a large page while it is being split: all parts inherit that. */
static void marks_are_not_lost_in_a_split(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        start(&bare, levels);
        *walk_entry(&bare.arena, &bare.arch, bare.root, BASE, 3) &= ~UINT64_C(0x60);
        *walk_entry(&bare.arena, &bare.arch, bare.root, BASE + GIB + 4 * MIB, 2) &= ~UINT64_C(0x60);
        bare.emulator.marks = 0x60;
        bare_unmap(&bare, &bare.recursive, BASE + 0x1000, 0x1000);
        bare.emulator.marks = 0x20;
        bare_protect(&bare, &bare.recursive, BASE + GIB + 4 * MIB + 0x1000, 0x1000, RX);
        bare_walk(&bare, bare.root);
        for (size_t i = 0; i < bare.list.count; i++) {
            bool first = bare.list.leaf[i].virt < BASE + GIB;
            bool last = bare.list.leaf[i].virt >= BASE + GIB + 4 * MIB;
            assert_true(bare.list.leaf[i].accessed);
            if (first || last)
                assert_int_equal(bare.list.leaf[i].dirty, first);
        }
        /* Nor when a leaf changes as it is. */
        uint64_t *leaf = walk_entry(&bare.arena, &bare.arch, bare.root, BASE, 1);
        *leaf &= ~UINT64_C(0x60);
        bare.emulator.marks = 0x60;
        bare_protect(&bare, &bare.recursive, BASE, 0x1000, RW);
        assert_int_equal(*leaf & 0x60, 0x60);
        assert_int_equal(walk(&bare.arena, &bare.arch, bare.root, BASE).rights, RW);
        end(&bare);
    }
}

/* A page of 4K in the same place, and no processor without 1G pages takes a leaf for one. */
static void a_processor_without_1g_pages(void **state)
{
    struct bare bare;
    struct pgt_leaf leaf;
    (void)state;

    start(&bare, 4);
    bare.recursive.space.arch.pages_1g = false;
    assert_false(pgt_recursive_lookup(&bare.recursive, BASE, &leaf));
    bare_refuse_unmap(&bare, BASE, GIB, PGT_MALFORMED);
    bare_refuse_protect(&bare, BASE, 0x1000, RX, PGT_MALFORMED);
    assert_true(pgt_recursive_lookup(&bare.recursive, BASE + GIB, &leaf));
    bare.recursive.space.arch.pages_1g = true;
    end(&bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_see_large_pages),
        cmocka_unit_test(whole_large_pages),
        cmocka_unit_test(large_pages_are_split_at_the_ends_of_a_range),
        cmocka_unit_test(an_identical_map_keeps_a_large_page),
        cmocka_unit_test(planting_below_a_large_page),
        cmocka_unit_test(the_zero_frame_in_a_large_page),
        cmocka_unit_test(marks_are_not_lost_in_a_split),
        cmocka_unit_test(a_processor_without_1g_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
