/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_harvest(): what it sums up and tells, which bits it clears and which it leaves to whom,
 * and what has to be flushed.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"
#include "pagetables/tests/zoo.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, 64);
}

static void collect(void *context, const struct pgt_leaf *leaf)
{
    leaves_add(context, leaf);
}

static void expect_equal(const struct leaves *told, const struct leaves *want)
{
    assert_int_equal(told->count, want->count);
    for (size_t i = 0; i < want->count; i++) {
        const struct pgt_leaf *a = &told->leaf[i], *b = &want->leaf[i];
        if (a->virt != b->virt || a->phys != b->phys || a->bytes != b->bytes ||
            a->rights != b->rights || a->memory != b->memory || a->key != b->key ||
            a->software != b->software || a->accessed != b->accessed || a->dirty != b->dirty)
            fail_msg("leaf %zu, at %#lx, is told as another than it was", i,
                     (unsigned long)b->virt);
    }
}

struct expectation {
    struct leaves met;   /* leaves that meet the range, as they were */
    struct leaves after; /* all leaves, afterwards */
    struct pgt_harvest sum;
    struct pgt_flush flush;
};

static void foretell(struct expectation *want, const struct leaves *before, uint64_t virt,
                     uint64_t bytes, unsigned clear)
{
    *want = (struct expectation){.sum = {0}};
    for (size_t i = 0; i < before->count; i++) {
        struct pgt_leaf leaf = before->leaf[i];
        if (leaves_meets(&leaf, virt, bytes)) {
            unsigned marks = (leaf.accessed ? PGT_ACCESSED : 0u) | (leaf.dirty ? PGT_DIRTY : 0u);
            uint64_t last = leaf.virt + (leaf.bytes - 1), end = virt + (bytes - 1);
            leaves_add(&want->met, &leaf);
            want->sum.mapped += leaf.bytes;
            want->sum.accessed += leaf.accessed ? leaf.bytes : 0;
            want->sum.dirty += leaf.dirty ? leaf.bytes : 0;
            if (marks & clear) {
                leaves_flush_add(&want->flush, leaf.virt > virt ? leaf.virt : virt,
                                 last < end ? last : end);
                want->flush.needed = true;
                want->flush.global |= (leaf.rights & PGT_GLOBAL) != 0;
            }
            leaf.accessed &= !(clear & PGT_ACCESSED);
            leaf.dirty &= !(clear & PGT_DIRTY);
        }
        leaves_add(&want->after, &leaf);
    }
}

/* Sums of whole leaves, at the edges too; each leaf told as it was; cleared is what was
 * named, and flushed what was cleared. */
static void harvest_and_compare(struct suite *suite, uint64_t virt, uint64_t bytes, unsigned clear)
{
    struct leaves before = leaves_read(&suite->arena, &suite->space), told = {0};
    struct expectation want;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};

    foretell(&want, &before, virt, bytes, clear);
    size_t reserves = suite->arena.reserves;
    struct pgt_space space = suite->space;
    assert_int_equal(pgt_harvest(&suite->space, virt, bytes, clear, collect, &told, &sum, &flush),
                     PGT_OK);
    assert_memory_equal(&space, &suite->space, sizeof(space));
    assert_int_equal(suite->arena.reserves, reserves);
    suite_check(&suite->space);
    assert_int_equal(sum.mapped, want.sum.mapped);
    assert_int_equal(sum.accessed, want.sum.accessed);
    assert_int_equal(sum.dirty, want.sum.dirty);
    call_expect_flush(flush, want.flush);
    expect_equal(&told, &want.met);
    leaves_expect(&suite->arena, &suite->space, &want.after);
    leaves_free(&want.met);
    leaves_free(&told);
    leaves_free(&before);
}

static void harvest_a_range(unsigned levels, uint64_t base, uint64_t virt, uint64_t bytes)
{
    struct suite suite;

    zoo_start(&suite, levels, base, 32);
    for (unsigned clear = 0; clear < 4; clear++) {
        if (clear == 2) /* all marks again, the other way round */
            for (uint64_t at = base, i = 3; i > 0; i--) {
                struct pgt_leaf leaf;
                if (!pgt_next(&suite.space, at, &leaf))
                    break;
                suite_mark(&suite.arena, &suite.space, leaf.virt, i);
                at = leaf.virt + leaf.bytes;
            }
        harvest_and_compare(&suite, virt, bytes, clear);
    }
    suite_end(&suite);
}

static void harvest_ranges_over_leaves_of_all_sizes(void **state)
{
    (void)state;
    zoo_visit(harvest_a_range);
}

/* Reading is all that a call without `clear` does. */
static void harvest_without_clear_writes_nothing(void **state)
{
    struct suite suite;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};
    (void)state;

    zoo_start(&suite, 4, 0, 32);
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    assert_int_equal(pgt_harvest(&suite.space, 0, -UPPER_4, 0, NULL, NULL, &sum, &flush), PGT_OK);
    EXPECT_NO_FLUSH(flush);
    arena_assert_unchanged(&suite.arena, &snapshot);
    suite_end(&suite);
}

/* Bits that are clear already ask for no flush; set again by a processor, they do. */
static void what_was_cleared_needs_no_second_flush(void **state)
{
    const unsigned both = PGT_ACCESSED | PGT_DIRTY;
    struct suite suite;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};
    (void)state;

    start(&suite, 5);
    suite_map(&suite, TOP_PAGE, 0x1000, RW | PGT_GLOBAL, 0x2a000);
    assert_int_equal(pgt_harvest(&suite.space, TOP_PAGE, 0x1000, both, NULL, NULL, &sum, &flush),
                     PGT_OK);
    EXPECT_FLUSH(flush, .needed = true, .global = true, .count = 1,
                 .range = {{TOP_PAGE, UINT64_MAX}});
    assert_int_equal(sum.accessed, 0x1000);
    assert_int_equal(sum.dirty, 0x1000);
    flush = (struct pgt_flush){0};
    assert_int_equal(pgt_harvest(&suite.space, TOP_PAGE, 0x1000, both, NULL, NULL, &sum, &flush),
                     PGT_OK);
    EXPECT_NO_FLUSH(flush);
    assert_int_equal(sum.mapped, 0x1000);
    assert_int_equal(sum.accessed, 0);
    assert_int_equal(sum.dirty, 0);
    suite_mark(&suite.arena, &suite.space, TOP_PAGE, PGT_ACCESSED);
    assert_int_equal(
        pgt_harvest(&suite.space, TOP_PAGE, 0x1000, PGT_DIRTY, NULL, NULL, &sum, &flush), PGT_OK);
    EXPECT_NO_FLUSH(flush);
    assert_int_equal(sum.accessed, 0x1000);
    suite_end(&suite);
}

/* The only bits that change are the two: entries of tables, and the rest of leaves, stay. */
static void harvest_clears_two_bits_of_leaves_alone(void **state)
{
    struct suite suite;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};
    (void)state;

    zoo_start(&suite, 4, 0, 32);
    const size_t words = suite.arena.count * 512;
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    assert_int_equal(
        pgt_harvest(&suite.space, 0, 4 * GIB, PGT_ACCESSED | PGT_DIRTY, NULL, NULL, &sum, &flush),
        PGT_OK);
    size_t changed = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t before, after;
        memcpy(&before, snapshot.memory + i * 8, 8);
        memcpy(&after, suite.arena.memory + i * 8, 8);
        assert_int_equal((before ^ after) & ~UINT64_C(0x60), 0);
        assert_int_equal(after & ~before, 0);
        changed += before != after;
    }
    assert_int_equal(changed, 7); /* of ten leaves, three have neither */
    arena_drop_snapshot(&snapshot);
    suite_end(&suite);
}

static void refuse(struct suite *suite, struct pgt_space *space, uint64_t virt, uint64_t bytes,
                   unsigned clear, enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&suite->arena);
    struct pgt_harvest sum = {1, 2, 3};
    struct pgt_flush flush = {0};
    struct leaves told = {0};

    assert_int_equal(pgt_harvest(space, virt, bytes, clear, collect, &told, &sum, &flush), status);
    assert_int_equal(told.count, 0);
    assert_true(sum.mapped == 1 && sum.accessed == 2 && sum.dirty == 3);
    EXPECT_NO_FLUSH(flush);
    arena_assert_unchanged(&suite->arena, &snapshot);
}

static void what_harvest_refuses(void **state)
{
    (void)state;
    for (unsigned clear = 0; clear < 4; clear++) {
        struct suite suite;
        start(&suite, 4);
        suite_map(&suite, GIB, GIB, RW, 4 * GIB);
        refuse(&suite, &suite.space, GIB + 1, 0x1000, clear, PGT_MISALIGNED);
        refuse(&suite, &suite.space, GIB, 0x1001, clear, PGT_MISALIGNED);
        refuse(&suite, &suite.space, GIB, 0, clear, PGT_BAD_RANGE);
        refuse(&suite, &suite.space, TOP_PAGE, 0x2000, clear, PGT_BAD_RANGE);
        refuse(&suite, &suite.space, LOWER_LAST_4, 0x2000, clear, PGT_BAD_RANGE);
        refuse(&suite, &suite.space, UPPER_4 - 0x1000, 0x1000, clear, PGT_BAD_RANGE);
        suite_end(&suite);
    }
}

/* A dependent reads what it shares, and clears nothing there; the owner may. */
static void harvest_through_a_shared_upper(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_space dependent;
        struct pgt_harvest sum;
        struct pgt_flush flush = {0};
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        start(&suite, levels);
        suite_map(&suite, upper, 3 * 0x1000, RW, 0x2a000);
        assert_int_equal(pgt_seal(&suite.space, upper, 0), PGT_OK);
        assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
        for (unsigned clear = 1; clear < 4; clear++)
            refuse(&suite, &dependent, upper, 0x1000, clear, PGT_SEALED);
        assert_int_equal(pgt_harvest(&dependent, upper, -upper, 0, NULL, NULL, &sum, &flush),
                         PGT_OK);
        assert_int_equal(sum.mapped, 0x3000);
        assert_int_equal(sum.dirty, 0x3000);
        EXPECT_NO_FLUSH(flush);
        assert_int_equal(
            pgt_harvest(&suite.space, upper, 0x1000, PGT_DIRTY, NULL, NULL, &sum, &flush), PGT_OK);
        EXPECT_FLUSH(flush, .needed = true, .upper = true, .count = 1,
                     .range = {{upper, upper + 0xfff}});
        assert_int_equal(pgt_harvest(&dependent, upper, -upper, 0, NULL, NULL, &sum, &flush),
                         PGT_OK);
        assert_int_equal(sum.dirty, 0x2000);
        assert_int_equal(pgt_destroy(&dependent), PGT_OK);
        suite_end(&suite);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harvest_ranges_over_leaves_of_all_sizes),
        cmocka_unit_test(harvest_without_clear_writes_nothing),
        cmocka_unit_test(what_was_cleared_needs_no_second_flush),
        cmocka_unit_test(harvest_clears_two_bits_of_leaves_alone),
        cmocka_unit_test(what_harvest_refuses),
        cmocka_unit_test(harvest_through_a_shared_upper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
