/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_clone(): what the copy maps and what the origin loses, plain, read-only and
 * copy-on-write; what it takes from either allocator; and what it refuses.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"
#include "pagetables/tests/zoo.h"

#define SOFTWARE 0x155u

static struct call clone(struct pgt_space *to, uint64_t virt, uint64_t bytes, enum pgt_clone how)
{
    return (struct call){.kind = CALL_CLONE,
                         .virt = virt,
                         .bytes = bytes,
                         .to = to,
                         .how = how,
                         .software = how == PGT_CLONE_COPY_ON_WRITE ? SOFTWARE : 0};
}

/* Two spaces in one arena: suite.space to clone from, and `to`. */
struct pair {
    struct suite suite;
    struct pgt_space to;
};

static void start(struct pair *pair, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(&pair->suite, &arch, 64);
    assert_int_equal(pgt_init(&pair->to, &arch, &pair->suite.arena.frames), PGT_OK);
}

/* Both spaces are sound, and all frames come back. */
static void end(struct pair *pair)
{
    suite_check(&pair->to);
    assert_int_equal(pair->suite.arena.outstanding,
                     pgt_tables(&pair->suite.space, NULL, 0) + pgt_tables(&pair->to, NULL, 0));
    assert_int_equal(pgt_destroy(&pair->to), PGT_OK);
    suite_end(&pair->suite);
}

/* What becomes of a leaf of the origin. */
static enum leaves_effect origin_change(const void *context, struct pgt_leaf *leaf)
{
    if (*(const enum pgt_clone *)context != PGT_CLONE_COPY_ON_WRITE || !(leaf->rights & PGT_WRITE))
        return LEAVES_SAME;
    leaf->rights &= ~PGT_WRITE;
    leaf->software |= SOFTWARE;
    return LEAVES_NARROWS;
}

/* What its copy is.  Marks are preset there, as in any leaf that is mapped. */
static enum leaves_effect copy_change(const void *context, struct pgt_leaf *leaf)
{
    enum pgt_clone how = *(const enum pgt_clone *)context;

    if (how == PGT_CLONE_COPY_ON_WRITE && (leaf->rights & PGT_WRITE))
        leaf->software |= SOFTWARE;
    if (how != PGT_CLONE_SAME)
        leaf->rights &= ~PGT_WRITE;
    leaf->accessed = true;
    leaf->dirty = false;
    return LEAVES_UNSEEN;
}

/* The copies' dirty bits depend on the origin's in a way that the header leaves open; where they
 * can be written, they are preset. */
static struct leaves with_dirty_of(struct leaves want, const struct leaves *found)
{
    assert_int_equal(want.count, found->count);
    for (size_t i = 0; i < want.count; i++) {
        if (want.leaf[i].rights & PGT_WRITE)
            want.leaf[i].dirty = true;
        else
            want.leaf[i].dirty = found->leaf[i].dirty;
    }
    return want;
}

static void expect_copy(const struct arena *arena, const struct pgt_space *to,
                        const struct leaves *before, const struct call *call)
{
    struct leaves clipped = leaves_clipped(before, call->virt, call->bytes);
    struct leaves want =
        leaves_changed(&clipped, call->virt, call->bytes, copy_change, &call->how, NULL, NULL);
    struct leaves found = leaves_read(arena, to);

    want = with_dirty_of(want, &found);
    leaves_expect(arena, to, &want);
    leaves_free(&found);
    leaves_free(&clipped);
}

/* Tables of a space that maps just these leaves, its root excluded, as a sum over levels of the
 * different tables that the leaves lie in. */
static size_t tables_for(const struct leaves *leaves, unsigned levels)
{
    size_t tables = 0;

    for (unsigned level = 1; level < levels; level++) {
        uint64_t reach = UINT64_C(0x1000) << 9 * level;
        const struct pgt_leaf *last = NULL;
        for (size_t i = 0; i < leaves->count; i++) {
            const struct pgt_leaf *leaf = &leaves->leaf[i];
            if (leaf->bytes >= reach)
                continue;
            tables += last == NULL || last->virt / reach != leaf->virt / reach;
            last = leaf;
        }
    }
    return tables;
}

static void clone_and_compare(struct pair *pair, const struct call *call)
{
    struct arena *arena = &pair->suite.arena;
    struct pgt_space *from = &pair->suite.space;
    struct leaves before = leaves_read(arena, from);
    struct leaves clipped = leaves_clipped(&before, call->virt, call->bytes);
    struct pgt_flush want = {0};
    size_t splits = 0, to_cost, from_cost;
    struct leaves after =
        leaves_changed(&before, call->virt, call->bytes, origin_change, &call->how, &want, &splits);

    assert_int_equal(
        pgt_clone_cost(call->to, from, call->virt, call->bytes, call->how, &to_cost, &from_cost),
        PGT_OK);
    assert_int_equal(from_cost, splits);
    assert_int_equal(to_cost, tables_for(&clipped, from->arch.levels));
    struct pgt_flush flush = call_exhaust(arena, from, call);
    call_expect_flush(flush, want);
    leaves_expect(arena, from, &after);
    expect_copy(arena, call->to, &before, call);
    leaves_free(&clipped);
    leaves_free(&before);
}

static void clone_a_range(unsigned levels, uint64_t base, uint64_t virt, uint64_t bytes)
{
    static unsigned turn;
    struct pair pair;

    start(&pair, levels);
    zoo_fill(&pair.suite.arena, &pair.suite.space, base);
    struct call call = clone(&pair.to, virt, bytes, (enum pgt_clone)(turn++ % 3));
    clone_and_compare(&pair, &call);
    end(&pair);
}

/* Partial large leaves at both ends: the copy gets the parts, and the origin is split only
 * where it loses a right. */
static void clone_ranges_over_leaves_of_all_sizes(void **state)
{
    (void)state;
    zoo_visit(clone_a_range);
}

/* A whole space at once, in each way. */
static void clone_a_whole_half(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct pair pair;
        unsigned levels = 4 + i / 3;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        start(&pair, levels);
        for (unsigned place = 0; place < 2; place++)
            zoo_fill(&pair.suite.arena, &pair.suite.space, zoo_base(levels, place));
        struct call call = clone(&pair.to, 0, -upper, (enum pgt_clone)(i % 3));
        clone_and_compare(&pair, &call);
        end(&pair);
    }
}

/* Not a byte of the origin changes, nor of its tables: they lie in an arena of their own. */
static void plain_and_read_only_leave_the_origin_alone(void **state)
{
    (void)state;
    for (unsigned how = PGT_CLONE_SAME; how <= PGT_CLONE_READ_ONLY; how++) {
        struct suite from, to;
        struct pgt_arch arch = suite_arch(4);
        zoo_start(&from, 4, 0, 32);
        suite_start_sized(&to, &arch, 32);
        struct pgt_space before = from.space;
        struct arena_snapshot snapshot = arena_snapshot(&from.arena);
        from.arena.limit = 0;
        struct leaves leaves = leaves_read(&from.arena, &from.space);
        struct call call = clone(&to.space, 0x1000, 4 * GIB - 0x2000, (enum pgt_clone)how);
        call.software = 0x5a5a5a5a; /* for copy-on-write alone */
        EXPECT_NO_FLUSH(call_do(&to.arena, &from.space, &call));
        assert_memory_equal(&before, &from.space, sizeof(before));
        arena_assert_unchanged(&from.arena, &snapshot);
        expect_copy(&to.arena, &to.space, &leaves, &call);
        leaves_free(&leaves);
        suite_end(&to);
        suite_end(&from);
    }
}

/* Each space has its allocator: either may be the one that has too little. */
static void either_allocator_runs_out(void **state)
{
    struct suite from, to;
    struct pgt_arch arch = suite_arch(4);
    size_t to_cost, from_cost;
    (void)state;

    zoo_start(&from, 4, 0, 32);
    suite_start_sized(&to, &arch, 32);
    struct call call = clone(&to.space, GIB + 0x1000, 2 * GIB - 0x2000, PGT_CLONE_COPY_ON_WRITE);
    assert_int_equal(pgt_clone_cost(&to.space, &from.space, call.virt, call.bytes, call.how,
                                    &to_cost, &from_cost),
                     PGT_OK);
    assert_int_equal(from_cost, 4);
    assert_int_equal(to_cost, 1 + 2 + 2);
    for (size_t i = 0; i < to_cost + from_cost; i++) {
        struct suite *poor = i < to_cost ? &to : &from;
        struct arena_snapshot other = arena_snapshot(i < to_cost ? &from.arena : &to.arena);
        struct arena_snapshot snapshot = arena_snapshot(&poor->arena);
        struct pgt_space from_before = from.space, to_before = to.space;
        struct pgt_flush flush = {0};
        poor->arena.limit = poor->arena.outstanding + (i < to_cost ? i : i - to_cost);
        assert_int_equal(pgt_clone(&to.space, &from.space, call.virt, call.bytes, call.how,
                                   call.software, &flush),
                         PGT_NO_FRAMES);
        /* What the first granted, the second's refusal gives up. */
        to.arena.granted = 0;
        EXPECT_NO_FLUSH(flush);
        assert_memory_equal(&from_before, &from.space, sizeof(from_before));
        assert_memory_equal(&to_before, &to.space, sizeof(to_before));
        arena_assert_unchanged(&poor->arena, &snapshot);
        arena_assert_unchanged(i < to_cost ? &from.arena : &to.arena, &other);
        poor->arena.limit = poor->arena.count;
    }
    struct pgt_flush flush = {0};
    size_t to_takes = to.arena.takes, from_takes = from.arena.takes;
    assert_int_equal(
        pgt_clone(&to.space, &from.space, call.virt, call.bytes, call.how, call.software, &flush),
        PGT_OK);
    assert_int_equal(to.arena.takes - to_takes, to_cost);
    assert_int_equal(from.arena.takes - from_takes, from_cost);
    arena_assert_settled(&to.arena);
    arena_assert_settled(&from.arena);
    suite_end(&to);
    suite_end(&from);
}

/* What is there already beside the range is used, kept, and still counted right. */
static void clone_beside_what_is_mapped(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pair pair;
        struct pgt_flush flush = {0};
        size_t to_cost, from_cost;
        start(&pair, levels);
        suite_map(&pair.suite, GIB + 0x2000, 0x3000, RW, 0x2a000);
        suite_map(&pair.suite, 2 * GIB, 2 * MIB, RX | PGT_GLOBAL, 2 * MIB);
        struct pgt_mapping own[] = {
            {.virt = GIB + 0x1000, .phys = 0x90000, .bytes = 0x1000, .rights = RO},
            {.virt = GIB + 0x5000, .phys = 0x91000, .bytes = 0x1000, .rights = RO},
            {.virt = 2 * GIB + 2 * MIB, .phys = 0x92000, .bytes = 0x1000, .rights = RO},
        };
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(pgt_map(&pair.to, &own[i], &flush), PGT_OK);
        assert_int_equal(pgt_clone_cost(&pair.to, &pair.suite.space, GIB + 0x2000, 0x3000,
                                        PGT_CLONE_SAME, &to_cost, &from_cost),
                         PGT_OK);
        assert_int_equal(to_cost + from_cost, 0);
        struct call call = clone(&pair.to, GIB + 0x2000, 0x3000, PGT_CLONE_SAME);
        call_exhaust(&pair.suite.arena, &pair.suite.space, &call);
        call = clone(&pair.to, 2 * GIB, 2 * MIB, PGT_CLONE_READ_ONLY);
        call_exhaust(&pair.suite.arena, &pair.suite.space, &call);
        const struct pgt_leaf want[] = {
            LEAF(GIB + 0x1000, 0x1000, RO, 0x90000),
            LEAF(GIB + 0x2000, 0x1000, RW, 0x2a000),
            LEAF(GIB + 0x3000, 0x1000, RW, 0x2b000),
            LEAF(GIB + 0x4000, 0x1000, RW, 0x2c000),
            LEAF(GIB + 0x5000, 0x1000, RO, 0x91000),
            LEAF(2 * GIB, 2 * MIB, RX | PGT_GLOBAL, 2 * MIB),
            LEAF(2 * GIB + 2 * MIB, 0x1000, RO, 0x92000),
        };
        suite_expect(&pair.suite.arena, &pair.to, want, 7);
        /* Emptied step by step, it returns to a root. */
        for (unsigned i = 0; i < 7; i++)
            assert_int_equal(pgt_unmap(&pair.to, want[i].virt, want[i].bytes, &flush), PGT_OK);
        assert_int_equal(pgt_tables(&pair.to, NULL, 0), 1);
        end(&pair);
    }
}

/* One leaf anywhere in the range, however small or large, stands in the way; beside it none. */
static void a_range_that_is_occupied(void **state)
{
    struct pair pair;
    struct pgt_flush flush = {0};
    static const uint64_t sizes[] = {4 * KIB, 2 * MIB, GIB};
    (void)state;

    start(&pair, 4);
    suite_map(&pair.suite, GIB, GIB, RW, 4 * GIB);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t size = sizes[i];
        struct pgt_mapping own = {.virt = 2 * GIB, .phys = 0, .bytes = size, .rights = RO};
        assert_int_equal(pgt_map(&pair.to, &own, &flush), PGT_OK);
        for (unsigned how = 0; how < 3; how++) {
            struct call call = clone(&pair.to, 2 * GIB - 0x1000, 0x2000, (enum pgt_clone)how);
            call_refuse(&pair.suite.arena, &pair.suite.space, &call, PGT_OCCUPIED);
            call = clone(&pair.to, 2 * GIB + size - 0x1000, 4 * GIB, (enum pgt_clone)how);
            call_refuse(&pair.suite.arena, &pair.suite.space, &call, PGT_OCCUPIED);
            call = clone(&pair.to, 0, 8 * GIB, (enum pgt_clone)how);
            call_refuse(&pair.suite.arena, &pair.suite.space, &call, PGT_OCCUPIED);
        }
        struct call call = clone(&pair.to, 2 * GIB - 0x1000, 0x1000, PGT_CLONE_SAME);
        call_exhaust(&pair.suite.arena, &pair.suite.space, &call);
        assert_int_equal(pgt_unmap(&pair.to, 0, 8 * GIB, &flush), PGT_OK);
    }
    end(&pair);
}

static void what_clone_refuses(void **state)
{
    struct pair pair;
    (void)state;

    start(&pair, 4);
    suite_map(&pair.suite, GIB, GIB, RW, 4 * GIB);
    struct call call = clone(&pair.to, GIB, GIB, (enum pgt_clone)3);
    call_refuse(&pair.suite.arena, &pair.suite.space, &call, PGT_BAD_RIGHTS);
    call.how = (enum pgt_clone)255;
    call_refuse(&pair.suite.arena, &pair.suite.space, &call, PGT_BAD_RIGHTS);
    for (unsigned how = 0; how < 3; how++)
        call_refuse_bad_ranges(&pair.suite.arena, &pair.suite.space,
                               clone(&pair.to, 0, 0, (enum pgt_clone)how));
    /* Software bits that a leaf doesn't have: the dry run isn't told of them. */
    struct pgt_flush flush = {0};
    struct arena_snapshot snapshot = arena_snapshot(&pair.suite.arena);
    assert_int_equal(
        pgt_clone(&pair.to, &pair.suite.space, GIB, GIB, PGT_CLONE_COPY_ON_WRITE, 0x400, &flush),
        PGT_BAD_RIGHTS);
    arena_assert_unchanged(&pair.suite.arena, &snapshot);
    EXPECT_NO_FLUSH(flush);
    end(&pair);
}

/* Fork: what was writable faults on both sides; what was not is shared as it was.  A second
 * fork of the parent takes nothing more and flushes nothing. */
static void copy_on_write_as_fork_uses_it(void **state)
{
    struct pair pair;
    struct pgt_space second;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    start(&pair, 4);
    struct suite *suite = &pair.suite;
    assert_int_equal(pgt_init(&second, &arch, &suite->arena.frames), PGT_OK);
    suite_map(suite, GIB, 0x1000, RX | PGT_USER, 0x2a000);
    suite_map(suite, GIB + 0x1000, 0x1000, RW | PGT_USER, 0x2b000);
    suite_map(suite, GIB + 0x2000, 0x1000, RO | PGT_USER, 0x2c000);
    suite_map(suite, 2 * GIB, 2 * MIB, RW | PGT_USER, 2 * MIB);
    struct call call = clone(&pair.to, 0, 4 * GIB, PGT_CLONE_COPY_ON_WRITE);
    struct pgt_flush flush = call_exhaust(&suite->arena, &suite->space, &call);
    EXPECT_FLUSH(flush, .needed = true, .count = 2,
                 .range = {{GIB + 0x1000, GIB + 0x1fff}, {2 * GIB, 2 * GIB + 2 * MIB - 1}});
    call.to = &second;
    EXPECT_NO_FLUSH(call_exhaust(&suite->arena, &suite->space, &call));
    struct pgt_space *const all[] = {&suite->space, &pair.to, &second};
    for (unsigned i = 0; i < 3; i++) {
        struct pgt_leaf leaf;
        const struct pgt_leaf want[] = {
            LEAF(GIB, 0x1000, RX | PGT_USER, 0x2a000),
            LEAF(GIB + 0x1000, 0x1000, RO | PGT_USER, 0x2b000),
            LEAF(GIB + 0x2000, 0x1000, RO | PGT_USER, 0x2c000),
            LEAF(2 * GIB, 2 * MIB, RO | PGT_USER, 2 * MIB),
        };
        suite_expect(&suite->arena, all[i], want, 4);
        for (unsigned k = 0; k < 4; k++) {
            assert_true(pgt_lookup(all[i], want[k].virt, &leaf));
            assert_int_equal(leaf.software, k % 2 ? SOFTWARE : 0);
        }
    }
    assert_int_equal(pgt_destroy(&second), PGT_OK);
    end(&pair);
}

/* Who may clone what where an upper is shared. */
static void clone_and_sealed_uppers(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pair pair;
        struct pgt_space dependent;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        uint64_t reach = UINT64_C(0x1000) << 9 * (levels - 1);
        start(&pair, levels);
        struct suite *suite = &pair.suite;
        suite_map(suite, upper, 0x2000, RW, 0x2a000);
        assert_int_equal(pgt_seal(&suite->space, upper, 2), PGT_OK);
        assert_int_equal(pgt_init_on(&dependent, &suite->space, &suite->arena.frames), PGT_OK);

        /* Not to a dependent's upper; not from it, if that would change it. */
        struct call call = clone(&dependent, upper, 0x1000, PGT_CLONE_SAME);
        call_refuse(&suite->arena, &pair.to, &call, PGT_SEALED);
        call = clone(&pair.to, upper, 0x1000, PGT_CLONE_COPY_ON_WRITE);
        call_refuse(&suite->arena, &dependent, &call, PGT_SEALED);
        /* To read through it is fine. */
        call = clone(&pair.to, upper, 0x2000, PGT_CLONE_READ_ONLY);
        EXPECT_NO_FLUSH(call_exhaust(&suite->arena, &dependent, &call));
        const struct pgt_leaf seen[] = {LEAF(upper, 0x1000, RO, 0x2a000),
                                        LEAF(upper + 0x1000, 0x1000, RO, 0x2b000)};
        suite_expect(&suite->arena, &pair.to, seen, 2);

        /* To a sealed space: only below slots that are there. */
        call = clone(&suite->space, upper + 2 * reach, 0x1000, PGT_CLONE_SAME);
        call.virt = upper + GIB;
        EXPECT_NO_FLUSH(call_do(&suite->arena, &pair.to, &call));
        struct pgt_flush flush = {0};
        const struct pgt_mapping far[] = {
            {.virt = upper + reach, .phys = 0x3a000, .bytes = 0x1000, .rights = RW},
            {.virt = upper + 2 * reach, .phys = 0x3b000, .bytes = 0x1000, .rights = RW}};
        for (unsigned i = 0; i < 2; i++)
            assert_int_equal(pgt_map(&pair.to, &far[i], &flush), PGT_OK);
        call = clone(&suite->space, upper + reach, 2 * reach, PGT_CLONE_SAME);
        call_refuse(&suite->arena, &pair.to, &call, PGT_SEALED);
        uint64_t root = suite_entry(suite, upper + reach, levels);
        call.bytes = reach;
        EXPECT_NO_FLUSH(call_exhaust(&suite->arena, &pair.to, &call));
        assert_int_equal(suite_entry(suite, upper + reach, levels), root);
        struct pgt_leaf leaf;
        assert_true(pgt_lookup(&dependent, upper + reach, &leaf));
        assert_int_equal(leaf.phys, 0x3a000);

        /* The owner's own sealed upper as the origin of copy-on-write: all see the loss. */
        assert_int_equal(pgt_unmap(&pair.to, upper, -upper, &flush), PGT_OK);
        call = clone(&pair.to, upper, 0x1000, PGT_CLONE_COPY_ON_WRITE);
        flush = call_exhaust(&suite->arena, &suite->space, &call);
        EXPECT_FLUSH(flush, .needed = true, .upper = true, .count = 1,
                     .range = {{upper, upper + 0xfff}});
        assert_true(pgt_lookup(&dependent, upper, &leaf));
        assert_int_equal(leaf.rights, PGT_READ);
        assert_int_equal(leaf.software, SOFTWARE);
        suite_check(&dependent);
        assert_int_equal(pgt_destroy(&dependent), PGT_OK);
        end(&pair);
    }
}

/* Nothing mapped: nothing taken, nothing made. */
static void clone_of_nothing(void **state)
{
    struct pair pair;
    (void)state;

    start(&pair, 4);
    suite_map(&pair.suite, GIB, 0x1000, RW, 0x2a000);
    pair.suite.arena.limit = 0;
    for (unsigned how = 0; how < 3; how++) {
        struct call call = clone(&pair.to, GIB + 0x1000, 8 * GIB, (enum pgt_clone)how);
        EXPECT_NO_FLUSH(call_do(&pair.suite.arena, &pair.suite.space, &call));
        assert_int_equal(pgt_tables(&pair.to, NULL, 0), 1);
    }
    pair.suite.arena.limit = pair.suite.arena.count;
    end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clone_ranges_over_leaves_of_all_sizes),
        cmocka_unit_test(clone_a_whole_half),
        cmocka_unit_test(plain_and_read_only_leave_the_origin_alone),
        cmocka_unit_test(either_allocator_runs_out),
        cmocka_unit_test(clone_beside_what_is_mapped),
        cmocka_unit_test(a_range_that_is_occupied),
        cmocka_unit_test(what_clone_refuses),
        cmocka_unit_test(copy_on_write_as_fork_uses_it),
        cmocka_unit_test(clone_and_sealed_uppers),
        cmocka_unit_test(clone_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
