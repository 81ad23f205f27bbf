/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_unmap_harvest(): it leaves what pgt_unmap() leaves, and tells of all that went, once, in
 * runs as long as they come, with the marks that it had.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"
#include "pagetables/tests/zoo.h"

#include <string.h>

#define RUNS 4096

struct told {
    size_t count;
    struct pgt_gone run[RUNS];
};

static void collect(void *context, const struct pgt_gone *run)
{
    struct told *told = context;
    assert_true(told->count < RUNS);
    told->run[told->count++] = *run;
}

/* Leaves as runs: the same in all, and each where the one before ends. */
static void add_leaf(struct told *want, const struct pgt_leaf *last, const struct pgt_leaf *leaf)
{
    struct pgt_gone *run = want->count > 0 ? &want->run[want->count - 1] : NULL;
    if (run != NULL && run->virt + run->bytes == leaf->virt &&
        run->phys + run->bytes == leaf->phys && last->rights == leaf->rights &&
        last->memory == leaf->memory && last->key == leaf->key &&
        last->software == leaf->software && last->accessed == leaf->accessed &&
        last->dirty == leaf->dirty) {
        run->bytes += leaf->bytes;
        return;
    }
    const struct pgt_gone next = {.virt = leaf->virt,
                                  .phys = leaf->phys,
                                  .bytes = leaf->bytes,
                                  .rights = leaf->rights,
                                  .software = leaf->software,
                                  .accessed = leaf->accessed,
                                  .dirty = leaf->dirty};
    collect(want, &next);
}

static void expect_told(const struct told *told, const struct told *want)
{
    assert_int_equal(told->count, want->count);
    for (size_t i = 0; i < want->count; i++) {
        const struct pgt_gone *a = &told->run[i], *b = &want->run[i];
        if (a->virt != b->virt || a->phys != b->phys || a->bytes != b->bytes ||
            a->rights != b->rights || a->software != b->software || a->accessed != b->accessed ||
            a->dirty != b->dirty)
            fail_msg("run %zu is told as %#lx, %#lx bytes, and was %#lx, %#lx bytes", i,
                     (unsigned long)a->virt, (unsigned long)a->bytes, (unsigned long)b->virt,
                     (unsigned long)b->bytes);
    }
}

/* Each run is in the gather. */
static void expect_flushed(const struct pgt_flush *flush, const struct told *told)
{
    assert_int_equal(flush->needed, told->count > 0);
    for (size_t i = 0; i < told->count; i++) {
        bool found = flush->everything;
        uint64_t last = told->run[i].virt + (told->run[i].bytes - 1);
        for (unsigned k = 0; k < flush->count; k++)
            found |= flush->range[k].first <= told->run[i].virt && last <= flush->range[k].last;
        assert_true(found);
        assert_true(flush->global || !(told->run[i].rights & PGT_GLOBAL));
    }
}

/* Beside the same space, where the range is just unmapped. */
static void compare(unsigned levels, uint64_t base, uint64_t virt, uint64_t bytes)
{
    static struct told told, want;
    struct suite suite, twin;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0}, twin_flush = {0};

    told.count = want.count = 0;
    zoo_start(&suite, levels, base, 32);
    zoo_start(&twin, levels, base, 32);
    struct leaves before = leaves_read(&suite.arena, &suite.space);
    struct leaves gone = leaves_clipped(&before, virt, bytes);
    uint64_t mapped = 0, accessed = 0, dirty = 0;
    for (size_t i = 0; i < gone.count; i++) {
        const struct pgt_leaf *leaf = &gone.leaf[i];
        add_leaf(&want, i > 0 ? leaf - 1 : NULL, leaf);
        mapped += leaf->bytes;
        accessed += leaf->accessed ? leaf->bytes : 0;
        dirty += leaf->dirty ? leaf->bytes : 0;
    }
    assert_int_equal(pgt_unmap_harvest(&suite.space, virt, bytes, collect, &told, &sum, &flush),
                     PGT_OK);
    assert_int_equal(pgt_unmap(&twin.space, virt, bytes, &twin_flush), PGT_OK);
    suite_check(&suite.space);
    expect_told(&told, &want);
    assert_true(sum.mapped == mapped && sum.accessed == accessed && sum.dirty == dirty);
    expect_flushed(&flush, &told);
    assert_int_equal(suite.arena.outstanding, twin.arena.outstanding);
    struct leaves left = leaves_read(&twin.arena, &twin.space);
    leaves_expect(&suite.arena, &suite.space, &left);
    leaves_free(&before);
    leaves_free(&gone);
    suite_end(&suite);
    suite_end(&twin);
}

static void it_leaves_what_unmap_leaves(void **state)
{
    (void)state;
    zoo_visit(compare);
}

/* One run is cut where a mark, a software bit or a frame differs, and only there. */
static void runs_end_where_something_differs(void **state)
{
    const uint64_t at = 2 * MIB - 8 * 0x1000;
    static struct told told;
    struct suite suite;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    told.count = 0;
    suite_start_sized(&suite, &arch, 16);
    suite_map(&suite, at, 0x10000, RW, 0x801000); /* eight pages in each of two tables */
    suite_mark(&suite.arena, &suite.space, at + 0x3000, PGT_ACCESSED);
    suite_mark(&suite.arena, &suite.space, at + 0xa000, 0);
    suite_mark(&suite.arena, &suite.space, at + 0xb000, 0);
    assert_int_equal(
        pgt_protect(&suite.space, at + 0xe000, 0x1000,
                    &(struct pgt_protection){.change = PGT_CHANGE_SOFTWARE, .software = 0x155},
                    &flush),
        PGT_OK);
    assert_int_equal(pgt_unmap_harvest(&suite.space, 0, 4 * MIB, collect, &told, &sum, &flush),
                     PGT_OK);
    const struct told want = {
        .count = 7,
        .run = {{at, 0x801000, 0x3000, RW, 0, true, true},
                {at + 0x3000, 0x804000, 0x1000, RW, 0, true, false},
                {at + 0x4000, 0x805000, 0x6000, RW, 0, true, true},
                {at + 0xa000, 0x80b000, 0x2000, RW, 0, false, false},
                {at + 0xc000, 0x80d000, 0x2000, RW, 0, true, true},
                {at + 0xe000, 0x80f000, 0x1000, RW, 0x155, true, true},
                {at + 0xf000, 0x810000, 0x1000, RW, 0, true, true}},
    };
    expect_told(&told, &want);
    assert_int_equal(sum.mapped, 0x10000);
    assert_int_equal(sum.accessed, 0xe000);
    assert_int_equal(sum.dirty, 0xd000);
    EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{at, at + 0xffff}});
    assert_int_equal(suite.arena.outstanding, 1); /* the tables went with their pages */
    suite_end(&suite);
}

/* Symptom to keep out: after the last frame of all, 0 with a software bit is one more in an
 * entry, and not the next frame. */
static void the_last_frame_has_none_after_it(void **state)
{
    const uint64_t last = (UINT64_C(1) << 52) - 0x1000;
    static struct told told;
    struct suite suite;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    told.count = 0;
    arch.physical_bits = 52;
    suite_start_sized(&suite, &arch, 16);
    suite_map(&suite, GIB, 0x1000, RW, last);
    assert_int_equal(
        pgt_map(&suite.space,
                &(struct pgt_mapping){
                    .virt = GIB + 0x1000, .phys = 0, .bytes = 0x1000, .rights = RW, .software = 8},
                &flush),
        PGT_OK);
    assert_int_equal(pgt_unmap_harvest(&suite.space, GIB, GIB, collect, &told, &sum, &flush),
                     PGT_OK);
    const struct told want = {.count = 2,
                              .run = {{GIB, last, 0x1000, RW, 0, true, true},
                                      {GIB + 0x1000, 0, 0x1000, RW, 8, true, true}}};
    expect_told(&told, &want);
    suite_end(&suite);
}

static void refuse(struct suite *suite, struct pgt_space *space, uint64_t virt, uint64_t bytes,
                   enum pgt_status status)
{
    static struct told told;
    struct arena_snapshot snapshot = arena_snapshot(&suite->arena);
    struct pgt_harvest sum = {1, 2, 3};
    struct pgt_flush flush = {0};

    told.count = 0;
    assert_int_equal(pgt_unmap_harvest(space, virt, bytes, collect, &told, &sum, &flush), status);
    assert_int_equal(told.count, 0);
    assert_true(sum.mapped == 1 && sum.accessed == 2 && sum.dirty == 3);
    EXPECT_NO_FLUSH(flush);
    arena_assert_unchanged(&suite->arena, &snapshot);
}

static void what_it_refuses(void **state)
{
    struct suite suite;
    struct pgt_space dependent;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    suite_start_sized(&suite, &arch, 8);
    suite_map(&suite, GIB, GIB, RW, 4 * GIB);
    suite_map(&suite, UPPER_4, 0x2000, RW, 0x2a000);
    refuse(&suite, &suite.space, GIB + 1, 0x1000, PGT_MISALIGNED);
    refuse(&suite, &suite.space, GIB, 0, PGT_BAD_RANGE);
    refuse(&suite, &suite.space, LOWER_LAST_4, 0x2000, PGT_BAD_RANGE);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
    refuse(&suite, &dependent, UPPER_4, 0x1000, PGT_SEALED);
    /* One page out of a leaf of 1 GiB takes two tables. */
    for (size_t frames = 0; frames < 2; frames++) {
        suite.arena.limit = suite.arena.outstanding + frames;
        refuse(&suite, &suite.space, GIB + 0x1000, 0x1000, PGT_NO_FRAMES);
    }
    suite.arena.limit = suite.arena.count;
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    suite_end(&suite);
}

/* In a sealed upper the owner may, and its slot keeps its table. */
static void the_owner_of_an_upper_may(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_harvest sum;
        struct pgt_flush flush = {0};
        struct pgt_arch arch = suite_arch(levels);
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        suite_start_sized(&suite, &arch, 16);
        suite_map(&suite, upper, 0x3000, RW | PGT_GLOBAL, 0x2a000);
        assert_int_equal(pgt_seal(&suite.space, upper, 0), PGT_OK);
        assert_int_equal(pgt_unmap_harvest(&suite.space, upper, 2 * MIB, NULL, NULL, &sum, &flush),
                         PGT_OK);
        assert_int_equal(sum.dirty, 0x3000);
        EXPECT_FLUSH(flush, .needed = true, .global = true, .upper = true, .count = 1,
                     .range = {{upper, upper + 0x2fff}});
        assert_int_equal(suite.arena.outstanding, 2);
        EXPECT_NOTHING(&suite);
        suite_end(&suite);
    }
}

/* An allocator during whose take() the processor marks the leaf that is being split. */
struct marking {
    struct pgt_frames inner;
    uint64_t *leaf; /* null once it was marked */
};

static bool marking_reserve(void *context, size_t count)
{
    const struct marking *marking = context;
    return marking->inner.reserve(marking->inner.context, count);
}

static uint64_t marking_take(void *context)
{
    struct marking *marking = context;
    if (marking->leaf != NULL)
        *marking->leaf |= 0x60; /* accessed and dirty */
    marking->leaf = NULL;
    return marking->inner.take(marking->inner.context);
}

static void marking_give(void *context, uint64_t frame)
{
    const struct marking *marking = context;
    marking->inner.give(marking->inner.context, frame);
}

static void marks_of_a_leaf_that_is_being_split_are_told(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};
    struct pgt_leaf rest;
    (void)state;

    suite_start(&suite, &arch);
    suite_map(&suite, GIB, 2 * MIB, RW, 2 * MIB);
    suite_mark(&suite.arena, &suite.space, GIB, 0);
    struct marking marking = {suite.arena.frames,
                              walk_entry(&suite.arena, &arch, suite.space.root, GIB, 2)};
    suite.space.frames.reserve = marking_reserve;
    suite.space.frames.take = marking_take;
    suite.space.frames.give = marking_give;
    suite.space.frames.context = &marking;
    assert_int_equal(pgt_unmap_harvest(&suite.space, GIB, 0x3000, NULL, NULL, &sum, &flush),
                     PGT_OK);
    assert_null(marking.leaf);
    assert_int_equal(sum.accessed, 0x3000);
    assert_int_equal(sum.dirty, 0x3000);
    assert_true(pgt_lookup(&suite.space, GIB + 0x3000, &rest));
    assert_true(rest.accessed && rest.dirty);
    suite.space.frames = suite.arena.frames;
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_leaves_what_unmap_leaves),
        cmocka_unit_test(runs_end_where_something_differs),
        cmocka_unit_test(the_last_frame_has_none_after_it),
        cmocka_unit_test(what_it_refuses),
        cmocka_unit_test(the_owner_of_an_upper_may),
        cmocka_unit_test(marks_of_a_leaf_that_is_being_split_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
