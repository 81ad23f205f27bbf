/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_protect(): what it changes, what it keeps, what it splits, what it says has to be
 * flushed, and that it changes nothing at all where it refuses.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"
#include "pagetables/tests/zoo.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, 128);
}

static struct call protect(uint64_t virt, uint64_t bytes, struct pgt_protection protection)
{
    return (struct call){
        .kind = CALL_PROTECT, .virt = virt, .bytes = bytes, .protection = protection};
}

/* What the header says of one leaf. */
static enum leaves_effect expected_change(const void *context, struct pgt_leaf *leaf)
{
    const struct pgt_protection *to = context;
    struct pgt_leaf old = *leaf;

    if (to->change & PGT_CHANGE_RIGHTS)
        leaf->rights = to->rights | PGT_READ;
    if (to->change & PGT_CHANGE_MEMORY)
        leaf->memory = to->memory;
    if (to->change & PGT_CHANGE_KEY)
        leaf->key = to->key;
    if (to->change & PGT_CHANGE_SOFTWARE)
        leaf->software = to->software;
    if ((old.rights & ~leaf->rights) || old.memory != leaf->memory || old.key != leaf->key)
        return LEAVES_NARROWS;
    if (leaf->rights != old.rights)
        return LEAVES_WIDENS;
    return leaf->software != old.software ? LEAVES_UNSEEN : LEAVES_SAME;
}

/* Does it, with each smaller number of frames before, and compares everything: the
 * list of leaves, the tables taken, the flush. */
static void protect_and_compare(struct suite *suite, uint64_t virt, uint64_t bytes,
                                struct pgt_protection protection)
{
    struct call call = protect(virt, bytes, protection);
    struct leaves before = leaves_read(&suite->arena, &suite->space);
    struct pgt_flush want = {0};
    size_t splits = 0, cost;
    struct leaves after =
        leaves_changed(&before, virt, bytes, expected_change, &protection, &want, &splits);

    assert_int_equal(call_cost(&suite->space, &call, &cost), PGT_OK);
    assert_int_equal(cost, splits);
    struct pgt_flush flush = call_exhaust(&suite->arena, &suite->space, &call);
    call_expect_flush(flush, want);
    leaves_expect(&suite->arena, &suite->space, &after);
    leaves_free(&before);
}

static void every_range_over_leaves_of_all_sizes_with(unsigned levels, uint64_t base, uint64_t virt,
                                                      uint64_t bytes)
{
    static const struct pgt_protection to[] = {
        {.change = PGT_CHANGE_RIGHTS, .rights = RO},
        {.change = PGT_CHANGE_RIGHTS, .rights = RW | PGT_GLOBAL},
        {.change = PGT_CHANGE_MEMORY | PGT_CHANGE_SOFTWARE,
         .memory = PGT_WRITE_COMBINING,
         .software = 5},
    };
    static unsigned turn;
    struct suite suite;

    zoo_start(&suite, levels, base, 64);
    protect_and_compare(&suite, virt, bytes, to[turn++ % 3]);
    suite_end(&suite);
}

/* Leaves are split at the edges only, and only if they change; accessed and dirty, of which
 * the leaves have all four combinations, stay as they are. */
static void every_range_over_leaves_of_all_sizes(void **state)
{
    (void)state;
    zoo_visit(every_range_over_leaves_of_all_sizes_with);
}

static bool can_be_said(unsigned rights)
{
    return rights & RWX;
}

static void every_change_of_rights_at(uint64_t size)
{
    struct suite suite;

    start(&suite, 4);
    for (unsigned old = 0; old < 32; old++)
        for (unsigned new = 0; new < 32; new ++) {
            if (!can_be_said(old) || !can_be_said(new))
                continue;
            suite_map(&suite, GIB, size, old, 4 * GIB);
            struct call call = protect(
                GIB, size, (struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = new});
            struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
            unsigned lost = old & ~new & ~PGT_READ, gained = new & ~old & ~PGT_READ;
            struct pgt_flush want = {.needed = lost != 0, .widened = gained != 0 && lost == 0};
            want.global = (lost | gained) && (old & PGT_GLOBAL);
            if (lost | gained)
                leaves_flush_add(&want, GIB, GIB + size - 1);
            call_expect_flush(flush, want);
            EXPECT(&suite, LEAF(GIB, size, new, 4 * GIB));
        }
    suite_end(&suite);
}

/* Anything taken away: needed.  Only given: only widened.  The same: neither. */
static void every_change_of_rights_tells_narrowed_or_widened(void **state)
{
    (void)state;
    every_change_of_rights_at(4 * KIB);
    every_change_of_rights_at(2 * MIB);
    every_change_of_rights_at(GIB);
}

/* The selector's high bit is bit 7 of the small leaf and bit 12 of a large one, whose
 * bit 7 stays. */
static void every_change_of_memory_type(void **state)
{
    static const uint64_t sizes[] = {4 * KIB, 2 * MIB, GIB};
    (void)state;

    for (unsigned i = 0; i < 3 * PGT_MEMORY_TYPES * PGT_MEMORY_TYPES; i++) {
        struct suite suite;
        uint64_t size = sizes[i % 3];
        enum pgt_memory old = (enum pgt_memory)(i / 3 / PGT_MEMORY_TYPES);
        enum pgt_memory new = (enum pgt_memory)(i / 3 % PGT_MEMORY_TYPES);
        start(&suite, 4);
        suite_map_memory(&suite, GIB, size, RW, 4 * GIB, old);
        struct call call =
            protect(GIB, size, (struct pgt_protection){.change = PGT_CHANGE_MEMORY, .memory = new});
        struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
        struct pgt_flush want = {.needed = old != new};
        if (old != new)
            leaves_flush_add(&want, GIB, GIB + size - 1);
        call_expect_flush(flush, want);
        EXPECT(&suite, {.virt = GIB, .phys = 4 * GIB, .bytes = size, .rights = RW, .memory = new});
        suite_end(&suite);
    }
}

static void a_key_needs_a_flush_and_software_bits_need_none(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 5);
    suite_map(&suite, GIB, 2 * MIB, RW, 4 * GIB);
    for (unsigned key = 15; key < 16; key--) {
        struct call call =
            protect(GIB, 2 * MIB, (struct pgt_protection){.change = PGT_CHANGE_KEY, .key = key});
        struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
        EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{GIB, GIB + 2 * MIB - 1}});
        assert_int_equal(suite_entry(&suite, GIB, 2),
                         UINT64_C(0x80000001000000e3) | (uint64_t)key << 59);
    }
    for (unsigned software = 1; software <= PGT_SOFTWARE_ALL; software *= 2) {
        struct call call =
            protect(GIB, 2 * MIB,
                    (struct pgt_protection){.change = PGT_CHANGE_SOFTWARE, .software = software});
        struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
        EXPECT_NO_FLUSH(flush);
        unsigned bit = software < 8 ? 9 : 52 - 3;
        assert_int_equal(suite_entry(&suite, GIB, 2),
                         UINT64_C(0x80000001000000e3) | (uint64_t)software << bit);
    }
    suite_end(&suite);
}

/* One leaf gains and another loses: both are listed, and both are said. */
static void narrowed_here_and_widened_there(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, 0x1000, RO, 0x2a000);
    suite_map(&suite, GIB + 0x1000, 0x1000, RX, 0x2b000);
    suite_map(&suite, GIB + 0x2000, 0x1000, RW, 0x2c000);
    struct call call =
        protect(GIB, 0x3000, (struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = RW});
    struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
    EXPECT_FLUSH(flush, .needed = true, .widened = true, .count = 1,
                 .range = {{GIB, GIB + 0x1fff}});
    EXPECT(&suite, LEAF(GIB, 0x1000, RW, 0x2a000), LEAF(GIB + 0x1000, 0x1000, RW, 0x2b000),
           LEAF(GIB + 0x2000, 0x1000, RW, 0x2c000));
    suite_end(&suite);
}

/* A part of a large leaf that has the attributes already is left whole. */
static void what_is_so_already_is_not_split(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, GIB, RW, 4 * GIB);
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    suite.arena.limit = 0;
    struct call call = protect(GIB + 0x1000, 0x1000,
                               (struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = RW});
    struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
    EXPECT_NO_FLUSH(flush);
    call.protection.change = 0;
    flush = call_do(&suite.arena, &suite.space, &call);
    EXPECT_NO_FLUSH(flush);
    call.bytes = 8 * GIB; /* and what isn't mapped is passed over */
    flush = call_do(&suite.arena, &suite.space, &call);
    EXPECT_NO_FLUSH(flush);
    arena_assert_unchanged(&suite.arena, &snapshot);
    suite_end(&suite);
}

/* Members that `change` does not name may hold anything. */
static void members_that_are_not_named_are_not_read(void **state)
{
    static const struct pgt_protection rubbish = {
        .rights = 0x5a5a, .memory = (enum pgt_memory)99, .key = 99, .software = 0x5a5a};
    (void)state;

    for (unsigned change = 0; change < 16; change++) {
        struct suite suite;
        struct pgt_protection to = rubbish;
        struct pgt_leaf want = LEAF(GIB, 2 * MIB, RW, 4 * GIB);
        want.accessed = want.dirty = true;
        start(&suite, 4);
        suite_map(&suite, GIB, 2 * MIB, RW, 4 * GIB);
        to.change = change;
        if (change & PGT_CHANGE_RIGHTS)
            want.rights = to.rights = RX | PGT_USER;
        if (change & PGT_CHANGE_MEMORY)
            want.memory = to.memory = PGT_UNCACHEABLE;
        if (change & PGT_CHANGE_KEY)
            want.key = to.key = 9;
        if (change & PGT_CHANGE_SOFTWARE)
            want.software = to.software = 0x209;
        struct call call = protect(GIB, 2 * MIB, to);
        call_do(&suite.arena, &suite.space, &call);
        struct leaves expected = {0};
        leaves_add(&expected, &want);
        leaves_expect(&suite.arena, &suite.space, &expected);
        suite_end(&suite);
    }
}

static void refuse(struct suite *suite, struct pgt_protection protection)
{
    struct call call = protect(GIB + 0x1000, 0x1000, protection);
    call_refuse(&suite->arena, &suite->space, &call, PGT_BAD_RIGHTS);
}

static void what_protect_refuses(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.pat = PGT_PAT_RESET;
    suite_start_sized(&suite, &arch, 128);
    suite_map(&suite, GIB, GIB, RW, 4 * GIB);
    refuse(&suite, (struct pgt_protection){.change = 16});
    refuse(&suite,
           (struct pgt_protection){.change = PGT_CHANGE_RIGHTS | 0x80000000u, .rights = RO});
    for (unsigned rights = 0; rights < 64; rights++)
        if (!can_be_said(rights) || rights >= 32)
            refuse(&suite, (struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = rights});
    for (unsigned memory = PGT_WRITE_PROTECTED; memory < 300; memory++)
        refuse(&suite, (struct pgt_protection){.change = PGT_CHANGE_MEMORY,
                                               .memory = (enum pgt_memory)memory});
    refuse(&suite, (struct pgt_protection){.change = PGT_CHANGE_KEY, .key = 16});
    refuse(&suite, (struct pgt_protection){.change = PGT_CHANGE_SOFTWARE, .software = 0x400});
    /* The last of several. */
    refuse(&suite,
           (struct pgt_protection){.change = 15, .rights = RO, .key = 1, .software = 0x400});
    call_refuse_bad_ranges(&suite.arena, &suite.space,
                           protect(0, 0, (struct pgt_protection){.change = 1, .rights = RO}));
    suite_end(&suite);
}

static void a_processor_without_execute_disable(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.no_execute = false;
    suite_start_sized(&suite, &arch, 128);
    suite_map(&suite, GIB, GIB, RWX, 4 * GIB);
    refuse(&suite, (struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = RW});
    refuse(&suite, (struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = RO});
    struct call call =
        protect(GIB, GIB, (struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = RX});
    call_do(&suite.arena, &suite.space, &call);
    EXPECT(&suite, LEAF(GIB, GIB, RX, 4 * GIB));
    suite_end(&suite);
}

/* The owner protects within its sealed upper, splitting below present slots; all who share it
 * see that, and no root entry changes.  A dependent may not. */
static void protect_in_a_sealed_upper(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_space dependent;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4, before, after;
        struct pgt_protection read_only = {.change = PGT_CHANGE_RIGHTS, .rights = RO};
        start(&suite, levels);
        suite_map(&suite, upper, 2 * MIB, RW | PGT_GLOBAL, 4 * GIB);
        assert_int_equal(pgt_seal(&suite.space, upper, 2), PGT_OK);
        assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
        struct call call = protect(upper + 0x1000, 2 * MIB - 0x1000, read_only);
        call_refuse(&suite.arena, &dependent, &call, PGT_SEALED);
        call.virt = upper - 0;
        call.bytes = -upper;
        call_refuse(&suite.arena, &dependent, &call, PGT_SEALED);

        before = suite_entry(&suite, upper, levels);
        call = protect(upper + 0x1000, 2 * MIB - 0x1000, read_only);
        struct pgt_flush flush = call_exhaust(&suite.arena, &suite.space, &call);
        EXPECT_FLUSH(flush, .needed = true, .global = true, .upper = true, .count = 1,
                     .range = {{upper + 0x1000, upper + 2 * MIB - 1}});
        after = suite_entry(&suite, upper, levels);
        assert_int_equal(before, after);
        struct leaves seen = {0};
        struct pgt_leaf leaf = LEAF(upper, 0x1000, RW | PGT_GLOBAL, 4 * GIB);
        leaf.accessed = leaf.dirty = true;
        leaves_add(&seen, &leaf);
        leaf = (struct pgt_leaf)LEAF(upper + 0x1000, 0x1000, RO, 4 * GIB + 0x1000);
        leaf.accessed = leaf.dirty = true;
        leaves_fill(&seen, leaf, 2 * MIB - 0x1000);
        leaves_expect(&suite.arena, &dependent, &seen);
        suite_check(&dependent);
        /* All of it, over the empty table of the second slot as well. */
        call = protect(upper, -upper,
                       (struct pgt_protection){.change = PGT_CHANGE_SOFTWARE, .software = 1});
        call_do(&suite.arena, &suite.space, &call);
        assert_int_equal(pgt_destroy(&dependent), PGT_OK);
        suite_end(&suite);
    }
}

/* Adopted tables may have empty ones right below the root: a seal keeps such.  A call that
 * changes nothing there once took them out, and left the space's own counts wrong. */
static void an_empty_adopted_table_was_given_back_by_protect(void **state)
{
    (void)state;
    for (unsigned kind = CALL_PROTECT; kind <= CALL_CLONE; kind++) {
        struct suite suite;
        struct pgt_space adopted, other;
        struct pgt_arch arch = suite_arch(4);
        start(&suite, 4);
        suite_map(&suite, GIB, 0x1000, RW, 0x2a000);
        assert_int_equal(pgt_seal(&suite.space, UPPER_4, 3), PGT_OK);
        pgt_disown(&suite.space);
        assert_int_equal(pgt_adopt(&adopted, &arch, &suite.arena.frames, suite.space.root), PGT_OK);
        assert_int_equal(pgt_init(&other, &arch, &suite.arena.frames), PGT_OK);
        size_t outstanding = suite.arena.outstanding;
        struct call call = {.kind = (enum call_kind)kind,
                            .virt = UPPER_4,
                            .bytes = GIB,
                            .protection = {.change = PGT_CHANGE_RIGHTS, .rights = RO},
                            .largest = PGT_PAGE,
                            .to = kind == CALL_CLONE ? &other : NULL,
                            .how = PGT_CLONE_COPY_ON_WRITE};
        struct pgt_flush flush = call_do(&suite.arena, &adopted, &call);
        /* A processor may still know of the table: it doesn't go without a flush. */
        assert_true(suite.arena.outstanding == outstanding || flush.needed);
        assert_int_equal(pgt_destroy(&other), PGT_OK);
        suite.space = adopted;
        suite_end(&suite);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_over_leaves_of_all_sizes),
        cmocka_unit_test(every_change_of_rights_tells_narrowed_or_widened),
        cmocka_unit_test(every_change_of_memory_type),
        cmocka_unit_test(a_key_needs_a_flush_and_software_bits_need_none),
        cmocka_unit_test(narrowed_here_and_widened_there),
        cmocka_unit_test(what_is_so_already_is_not_split),
        cmocka_unit_test(members_that_are_not_named_are_not_read),
        cmocka_unit_test(what_protect_refuses),
        cmocka_unit_test(a_processor_without_execute_disable),
        cmocka_unit_test(protect_in_a_sealed_upper),
        cmocka_unit_test(an_empty_adopted_table_was_given_back_by_protect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
