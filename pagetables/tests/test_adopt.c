/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that somebody else built: taken over with nothing written but ignored
 * bits of table entries, refused with nothing written where a rule is broken, and
 * given away again without a trace.
 */
#include "pagetables/tests/suite.h"

#include <string.h>

#define XD (UINT64_C(1) << 63)

/* SDM tables 4-15 to 4-20: ignored in an entry that refers to a table. */
#define IGNORED (UINT64_C(0x7ff) << 52 | 0xf00)

/*
 * A root as a loader would write it:
 *   0x0000000000  1G leaf -> 0xc0000000, all rights        pml4[0] pdpt_low[0]
 *   0x0040000000  2M leaf -> 0x200000, no-execute, WC      pd[0]
 *   0x0040200000  4K leaf -> 0x2a000, read-only            pt[0]
 *   0x0040201000  not present, but not zero                pt[1]
 *   0x00403ff000  4K leaf -> 0x2b000, never accessed       pt[511]
 *   top page      4K leaf -> 0x2c000, read-write           pml4[511] ... pt_top[511]
 */
struct foreign {
    struct arena arena;
    struct pgt_arch arch;
    uint64_t root;
    uint64_t *pml4;
    uint64_t *pdpt;
    uint64_t *pd;
    uint64_t *pt;
    uint64_t *pt_top;
};

#define FOREIGN_TABLES 7

static uint64_t *new_table(struct arena *arena, uint64_t *entry, uint64_t flags)
{
    uint64_t frame = arena_take_zeroed(arena);
    *entry = frame | flags;
    return arena_table(arena, frame);
}

static void make_foreign(struct foreign *foreign)
{
    struct arena *arena = &foreign->arena;

    arena_init(arena, 0x100000, 64, 1);
    foreign->arch = suite_arch(4);
    foreign->root = arena_take_zeroed(arena);
    foreign->pml4 = arena_table(arena, foreign->root);
    /* Some entries accessed and some not; somebody's marks in ignored bits. */
    foreign->pdpt = new_table(arena, &foreign->pml4[0], 0x007);
    foreign->pd = new_table(arena, &foreign->pdpt[1], 0x027);
    foreign->pt = new_table(arena, &foreign->pd[1], 0x067);
    uint64_t *pdpt_top = new_table(arena, &foreign->pml4[511], 0x007);
    uint64_t *pd_top = new_table(arena, &pdpt_top[511], 0x007);
    foreign->pt_top = new_table(arena, &pd_top[511], 0x007);

    foreign->pdpt[0] = UINT64_C(0xc0000000) | 0x0e7;
    foreign->pd[0] = UINT64_C(0x200000) | XD | 0x10e9; /* PAT in bit 12, PWT: index 5 */
    foreign->pt[0] = UINT64_C(0x2a000) | XD | 0x021;
    foreign->pt[1] = UINT64_C(0xdeadbeef000) | 0xffe;
    foreign->pt[511] = UINT64_C(0x2b000) | XD | 0x001;
    foreign->pt_top[511] = UINT64_C(0x2c000) | XD | 0x163;
}

static const struct pgt_leaf foreign_leaf[] = {
    {.virt = 0, .phys = 0xc0000000, .bytes = GIB, .rights = RWX | PGT_USER},
    {.virt = GIB, .phys = 0x200000, .bytes = 2 * MIB, .rights = RO, .memory = PGT_WRITE_COMBINING},
    {.virt = GIB + 0x200000, .phys = 0x2a000, .bytes = 0x1000, .rights = RO},
    {.virt = GIB + 0x3ff000, .phys = 0x2b000, .bytes = 0x1000, .rights = RO},
    {.virt = TOP_PAGE, .phys = 0x2c000, .bytes = 0x1000, .rights = RW | PGT_GLOBAL},
};
#define FOREIGN_LEAVES 5

static void adopt(struct foreign *foreign, struct pgt_space *space)
{
    assert_int_equal(pgt_adopt(space, &foreign->arch, &foreign->arena.frames, foreign->root),
                     PGT_OK);
    suite_check(space);
}

/* All but ignored bits of table entries is what it was. */
static void assert_only_ignored_changed(const struct foreign *foreign,
                                        const struct arena_snapshot *before)
{
    const uint64_t *old = (const uint64_t *)(const void *)before->memory;
    const uint64_t *new = (const uint64_t *)(const void *)foreign->arena.memory;

    for (size_t i = 0; i < foreign->arena.count * 512; i++)
        if ((old[i] ^ new[i]) & ~IGNORED)
            fail_msg("entry %#lx became %#lx", (unsigned long)old[i], (unsigned long)new[i]);
    const uint64_t *leaves[] = {&foreign->pdpt[0], &foreign->pd[0],   &foreign->pt[0],
                                &foreign->pt[1],   &foreign->pt[511], &foreign->pt_top[511]};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(*leaves[i], old[leaves[i] - new]);
}

static void adopted_tables_are_as_they_were(void **state)
{
    struct foreign foreign;
    struct pgt_space space;
    (void)state;

    make_foreign(&foreign);
    struct arena_snapshot before = arena_snapshot(&foreign.arena);
    size_t reserves = foreign.arena.reserves;
    adopt(&foreign, &space);
    assert_only_ignored_changed(&foreign, &before);
    assert_int_equal(foreign.arena.reserves, reserves);
    assert_int_equal(space.root, foreign.root);
    assert_int_equal(pgt_tables(&space, NULL, 0), FOREIGN_TABLES);
    assert_int_equal(space.root_live, 2);
    assert_null(space.upper);
    assert_int_equal(space.upper_slot, PGT_ENTRIES);
    assert_int_equal(space.dependents, 0);
    suite_expect(&foreign.arena, &space, foreign_leaf, FOREIGN_LEAVES);
    arena_drop_snapshot(&before);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    assert_int_equal(foreign.arena.outstanding, 0);
    assert_int_equal(foreign.arena.last_given, foreign.root);
    arena_free(&foreign.arena);
}

/* What another owner left in ignored bits is no live count of ours. */
static void marks_in_ignored_bits_do_not_confuse(void **state)
{
    struct foreign foreign;
    struct pgt_space space;
    (void)state;

    make_foreign(&foreign);
    foreign.pml4[0] |= IGNORED & ~UINT64_C(0x100); /* reserved there by AMD's processors */
    foreign.pdpt[1] |= IGNORED & (UINT64_C(0x155) << 52 | 0xa00);
    foreign.pd[1] |= UINT64_C(1) << 52;
    adopt(&foreign, &space);
    suite_expect(&foreign.arena, &space, foreign_leaf, FOREIGN_LEAVES);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    assert_int_equal(foreign.arena.outstanding, 0);
    arena_free(&foreign.arena);
}

static void adopted_tables_can_be_edited(void **state)
{
    struct foreign foreign;
    struct pgt_space space;
    struct pgt_flush flush = {0};
    (void)state;

    make_foreign(&foreign);
    adopt(&foreign, &space);
    struct pgt_mapping mapping = {
        .virt = GIB + 0x201000, .phys = 0x3a000, .bytes = 0x1000, .rights = RW};
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
    assert_false(flush.needed); /* what was there was not present */
    assert_int_equal(foreign.pt[1], UINT64_C(0x800000000003a063));
    assert_int_equal(pgt_unmap(&space, GIB + 0x200000, 0x2000, &flush), PGT_OK);
    assert_true(flush.needed);
    suite_check(&space);
    assert_int_equal(foreign.arena.outstanding, FOREIGN_TABLES);
    /* The last page of that table goes, and the table with it. */
    assert_int_equal(pgt_unmap(&space, GIB + 0x3ff000, 0x1000, &flush), PGT_OK);
    assert_int_equal(foreign.arena.outstanding, FOREIGN_TABLES - 1);
    const struct pgt_leaf left[] = {foreign_leaf[0], foreign_leaf[1], foreign_leaf[4]};
    suite_expect(&foreign.arena, &space, left, 3);
    /* A leaf of theirs is split like one of ours. */
    assert_int_equal(pgt_unmap(&space, GIB + 0x1000, 2 * MIB - 0x1000, &flush), PGT_OK);
    struct pgt_leaf first = foreign_leaf[1];
    first.bytes = 0x1000;
    const struct pgt_leaf after[] = {foreign_leaf[0], first, foreign_leaf[4]};
    suite_expect(&foreign.arena, &space, after, 3);
    suite_check(&space);
    assert_int_equal(pgt_unmap(&space, 0, -UPPER_4, &flush), PGT_OK);
    assert_int_equal(pgt_unmap(&space, UPPER_4, -UPPER_4, &flush), PGT_OK);
    assert_int_equal(foreign.arena.outstanding, 1);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    arena_free(&foreign.arena);
}

/* Accessed and dirty are the processor's business: a leaf that differs in these
 * alone maps the same, so mapping it again is no reason to store or to flush. */
static void a_leaf_never_accessed_is_the_same_leaf(void **state)
{
    struct foreign foreign;
    struct pgt_space space;
    struct pgt_flush flush = {0};
    (void)state;

    make_foreign(&foreign);
    adopt(&foreign, &space);
    struct arena_snapshot snapshot = arena_snapshot(&foreign.arena);
    struct pgt_mapping mapping = {
        .virt = GIB + 0x3ff000, .phys = 0x2b000, .bytes = 0x1000, .rights = RO};
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
    assert_false(flush.needed);
    arena_assert_unchanged(&foreign.arena, &snapshot);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    arena_free(&foreign.arena);
}

/* An upper that was adopted can be sealed and shared. */
static void adopted_tables_can_be_shared(void **state)
{
    struct foreign foreign;
    struct pgt_space space;
    struct pgt_space lower;
    (void)state;

    make_foreign(&foreign);
    adopt(&foreign, &space);
    assert_int_equal(pgt_seal(&space, UPPER_4, 0), PGT_OK);
    suite_check(&space);
    assert_int_equal(pgt_init_on(&lower, &space, &foreign.arena.frames), PGT_OK);
    suite_check(&lower);
    suite_expect(&foreign.arena, &lower, foreign_leaf + 4, 1);
    assert_int_equal(pgt_destroy(&lower), PGT_OK);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    assert_int_equal(foreign.arena.outstanding, 0);
    arena_free(&foreign.arena);
}

static void refuse_adopt(struct foreign *foreign, uint64_t root, enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&foreign->arena);
    struct pgt_space space;

    assert_int_equal(pgt_adopt(&space, &foreign->arch, &foreign->arena.frames, root), status);
    arena_assert_unchanged(&foreign->arena, &snapshot);
}

/* Sets an entry to something malformed, has it refused, and puts it back. */
static void refuse_entry(struct foreign *foreign, uint64_t *entry, uint64_t malformed)
{
    uint64_t good = *entry;

    *entry = malformed;
    refuse_adopt(foreign, foreign->root, PGT_MALFORMED);
    *entry = good;
}

static void tables_that_break_the_architecture(void **state)
{
    struct foreign foreign;
    (void)state;

    make_foreign(&foreign);
    uint64_t *leaf[] = {&foreign.pdpt[0], &foreign.pd[0], &foreign.pt[511], &foreign.pt_top[511]};
    uint64_t *table[] = {&foreign.pml4[0], &foreign.pdpt[1], &foreign.pd[1]};
    for (unsigned bit = 46; bit < 52; bit++) {
        for (size_t i = 0; i < 4; i++)
            refuse_entry(&foreign, leaf[i], *leaf[i] | UINT64_C(1) << bit);
        for (size_t i = 0; i < 3; i++)
            refuse_entry(&foreign, table[i], *table[i] | UINT64_C(1) << bit);
    }
    for (unsigned bit = 13; bit < 30; bit++)
        refuse_entry(&foreign, &foreign.pdpt[0], foreign.pdpt[0] | UINT64_C(1) << bit);
    for (unsigned bit = 13; bit < 21; bit++)
        refuse_entry(&foreign, &foreign.pd[0], foreign.pd[0] | UINT64_C(1) << bit);
    refuse_entry(&foreign, &foreign.pml4[0], foreign.pml4[0] | 0x80);
    refuse_entry(&foreign, &foreign.pml4[7], 0x87);
    foreign.arch.pages_1g = false;
    refuse_adopt(&foreign, foreign.root, PGT_MALFORMED);
    foreign.arch.pages_1g = true;
    foreign.arch.no_execute = false; /* several leaves have bit 63 */
    refuse_adopt(&foreign, foreign.root, PGT_MALFORMED);
    arena_free(&foreign.arena);
}

static void entries_above_a_leaf_that_withhold_a_right(void **state)
{
    struct foreign foreign;
    (void)state;

    make_foreign(&foreign);
    uint64_t *table[] = {&foreign.pml4[0], &foreign.pdpt[1], &foreign.pd[1], &foreign.pml4[511]};
    for (size_t i = 0; i < 4; i++) {
        refuse_entry(&foreign, table[i], *table[i] & ~UINT64_C(2));
        refuse_entry(&foreign, table[i], *table[i] & ~UINT64_C(4));
        refuse_entry(&foreign, table[i], *table[i] | XD);
    }
    arena_free(&foreign.arena);
}

static void empty_and_circular_tables(void **state)
{
    struct foreign foreign;
    (void)state;

    make_foreign(&foreign);
    refuse_entry(&foreign, &foreign.pt_top[511], 0);
    refuse_entry(&foreign, &foreign.pt_top[511], foreign.pt_top[511] & ~UINT64_C(1));
    refuse_entry(&foreign, &foreign.pml4[5], foreign.root | 7);
    refuse_entry(&foreign, &foreign.pdpt[5], foreign.root | 7);
    refuse_entry(&foreign, &foreign.pdpt[5], (foreign.pml4[0] & ~UINT64_C(0xfff)) | 7);
    refuse_entry(&foreign, &foreign.pd[5], foreign.root | 7);
    refuse_entry(&foreign, &foreign.pd[5], (foreign.pdpt[1] & ~UINT64_C(0xfff)) | 7);
    arena_free(&foreign.arena);
}

static void a_root_that_is_none(void **state)
{
    struct foreign foreign;
    (void)state;

    make_foreign(&foreign);
    refuse_adopt(&foreign, foreign.root + 8, PGT_MISALIGNED);
    refuse_adopt(&foreign, foreign.root | 5, PGT_MISALIGNED); /* a CR3 with a PCID */
    arena_free(&foreign.arena);
}

/* A root without a present entry is an empty space. */
static void an_empty_root_is_adopted(void **state)
{
    struct arena arena;
    struct pgt_space space;
    struct pgt_arch arch = suite_arch(5);
    (void)state;

    arena_init(&arena, 0x100000, 4, 1);
    uint64_t root = arena_take_zeroed(&arena);
    assert_int_equal(pgt_adopt(&space, &arch, &arena.frames, root), PGT_OK);
    suite_check(&space);
    suite_expect(&arena, &space, NULL, 0);
    assert_int_equal(pgt_tables(&space, NULL, 0), 1);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    arena_free(&arena);
}

/* ---- disown ------------------------------------------------------------- */

/* No table entry of these tables has any bit set that a processor ignores. */
static void assert_no_trace(const struct suite *suite, const uint64_t *virt, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (unsigned level = suite->space.arch.levels; level > 1; level--) {
            const uint64_t *entry =
                walk_entry(&suite->arena, &suite->space.arch, suite->space.root, virt[i], level);
            if (entry == NULL || (level <= 3 && (*entry & 0x80)))
                break;
            assert_int_equal(*entry & IGNORED, 0);
            assert_int_equal(*entry & 0xfff, 0x067);
        }
}

static void disown_leaves_no_trace(void **state)
{
    static const uint64_t virt[] = {0, GIB, GIB + 2 * MIB, 5 * GIB, 7 * GIB, TOP_PAGE};
    (void)state;

    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_arch arch = suite_arch(levels);
        suite_start(&suite, &arch);
        suite_map(&suite, 0, 0x3000, RX, 0x2a000);
        suite_map(&suite, GIB, 3 * MIB, RW, 0);
        suite_map(&suite, 5 * GIB, GIB, RW, 0);
        suite_map(&suite, 7 * GIB, 2 * MIB, RW, 0x1000); /* a full page table: the largest count */
        suite_map(&suite, TOP_PAGE, 0x1000, RW, 0x2b000);
        struct walk_list before = {0};
        struct walk_list after = {0};
        walk_all(&before, &suite.arena, &arch, suite.space.root);
        size_t tables = pgt_tables(&suite.space, NULL, 0);

        struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
        pgt_disown(&suite.space);
        assert_no_trace(&suite, virt, sizeof(virt) / sizeof(virt[0]));
        assert_int_equal(suite.arena.outstanding, tables);
        arena_drop_snapshot(&snapshot);
        walk_all(&after, &suite.arena, &arch, suite.space.root);
        assert_int_equal(before.count, after.count);
        for (size_t i = 0; i < before.count; i++) {
            assert_int_equal(before.leaf[i].virt, after.leaf[i].virt);
            assert_int_equal(before.leaf[i].phys, after.leaf[i].phys);
            assert_int_equal(before.leaf[i].bytes, after.leaf[i].bytes);
            assert_int_equal(before.leaf[i].rights, after.leaf[i].rights);
            assert_int_equal(before.leaf[i].memory, after.leaf[i].memory);
        }
        walk_list_free(&before);
        walk_list_free(&after);

        /* And back: nothing was lost. */
        uint64_t root = suite.space.root;
        memset(&suite.space, 0x5a, sizeof(suite.space));
        assert_int_equal(pgt_adopt(&suite.space, &arch, &suite.arena.frames, root), PGT_OK);
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), tables);
        suite_map(&suite, GIB + 0x1000, 0x1000, RX, 0x2a000);
        suite_unmap(&suite, 0, UINT64_C(1) << 47);
        EXPECT(&suite, LEAF(TOP_PAGE, 0x1000, RW, 0x2b000));
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), levels);
        suite_unmap(&suite, TOP_PAGE, 0x1000);
        assert_int_equal(suite.arena.outstanding, 1);
        suite_end(&suite);
    }
}

/* Of a dependent, only its own tables: the upper goes on with its counts. */
static void disown_of_a_dependent_spares_the_upper(void **state)
{
    struct suite suite;
    struct pgt_space lower;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    suite_start(&suite, &arch);
    suite_map(&suite, UPPER_4, 0x3000, RW, 0x2a000);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&lower, &suite.space, &suite.arena.frames), PGT_OK);
    struct pgt_mapping mapping = {.virt = GIB, .phys = 0, .bytes = 0x1000, .rights = RW};
    assert_int_equal(pgt_map(&lower, &mapping, &flush), PGT_OK);
    pgt_disown(&lower);
    suite_check(&suite.space);
    for (unsigned level = 4; level > 1; level--)
        assert_int_equal(*walk_entry(&suite.arena, &arch, lower.root, GIB, level) & IGNORED, 0);
    suite_unmap(&suite, UPPER_4, 0x3000);
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 2);
    arena_free(&suite.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adopted_tables_are_as_they_were),
        cmocka_unit_test(marks_in_ignored_bits_do_not_confuse),
        cmocka_unit_test(adopted_tables_can_be_edited),
        cmocka_unit_test(a_leaf_never_accessed_is_the_same_leaf),
        cmocka_unit_test(adopted_tables_can_be_shared),
        cmocka_unit_test(tables_that_break_the_architecture),
        cmocka_unit_test(entries_above_a_leaf_that_withhold_a_right),
        cmocka_unit_test(empty_and_circular_tables),
        cmocka_unit_test(a_root_that_is_none),
        cmocka_unit_test(an_empty_root_is_adopted),
        cmocka_unit_test(disown_leaves_no_trace),
        cmocka_unit_test(disown_of_a_dependent_spares_the_upper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
