/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What edits through recursive addresses refuse: wrong arguments, the zero frame, and tables
 * of somebody else's that can't express what is asked.  A refusal changes nothing.
 */
#include "pagetables/tests/bare.h"

static void what_a_mapping_can_have_wrong(void **state)
{
    struct bare bare;
    const struct pgt_mapping good = {
        .virt = 0x400000, .phys = 0x2a000, .bytes = 0x1000, .rights = RW};
    struct pgt_mapping bad;
    (void)state;

    bare_start_plain(&bare, 4);
#define REFUSE(status, member, value)                                                              \
    bad = good;                                                                                    \
    bad.member = value;                                                                            \
    bare_refuse_map(&bare, &bad, status)
    REFUSE(PGT_MISALIGNED, virt, 0x400800);
    REFUSE(PGT_MISALIGNED, phys, 0x2a001);
    REFUSE(PGT_MISALIGNED, bytes, 0x1001);
    REFUSE(PGT_BAD_RANGE, bytes, 0);
    REFUSE(PGT_BAD_RANGE, virt, LOWER_LAST_4 + 0x1000);
    REFUSE(PGT_BAD_RANGE, bytes, UPPER_4);
    REFUSE(PGT_BAD_PHYSICAL, phys, UINT64_C(1) << 46);
    REFUSE(PGT_BAD_RIGHTS, rights, 0);
    REFUSE(PGT_BAD_RIGHTS, rights, 0x400 | RW);
    REFUSE(PGT_BAD_RIGHTS, memory, (enum pgt_memory)6);
    REFUSE(PGT_BAD_RIGHTS, key, 16);
    REFUSE(PGT_BAD_RIGHTS, software, 0x400);
    REFUSE(PGT_SEALED, virt, TOP_PAGE);                            /* the slot */
    REFUSE(PGT_SEALED, virt, UINT64_C(0xfffffe8000000000));        /* the second */
    REFUSE(PGT_SEALED, virt, UINT64_C(0xffffff0000000000) - 4096); /* its last page */
#undef REFUSE
    bad = good;
    bad.phys = (UINT64_C(1) << 46) - 0x1000; /* the first page is there, the second isn't */
    bad.bytes = 0x2000;
    bare_refuse_map(&bare, &bad, PGT_BAD_PHYSICAL);
    bare_refuse_unmap(&bare, TOP_PAGE, 0x1000, PGT_SEALED);
    bare_refuse_protect(&bare, TOP_PAGE, 0x1000, RW, PGT_SEALED);
    bare_refuse_unmap(&bare, 0x400001, 0x1000, PGT_MISALIGNED);
    bare_refuse_protect(&bare, 0x400000, 0, RW, PGT_BAD_RANGE);
    bare_map(&bare, &bare.recursive, 0x400000, 0x1000, RW, 0x2a000);
    bare_refuse_protect(&bare, 0x400000, 0x1000, 0, PGT_BAD_RIGHTS);
    bare_unmap(&bare, &bare.recursive, 0x400000, 0x1000);
    bare_end(&bare);
}

/* gopher-os: the reserved zero frame can't become writable, by map or by protect. */
static void the_zero_frame_is_never_writable(void **state)
{
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 4);
    struct pgt_mapping mapping = {
        .virt = 0x400000, .phys = bare.zero_frame, .bytes = 0x1000, .rights = RW};
    bare_refuse_map(&bare, &mapping, PGT_BAD_RIGHTS);
    mapping.phys -= 0x2000;
    mapping.bytes = 0x3000;
    bare_refuse_map(&bare, &mapping, PGT_BAD_RIGHTS);
    mapping.phys += 0x3000; /* next to it on either side */
    bare_map(&bare, &bare.recursive, 0x400000, 0x3000, RW, mapping.phys);
    bare_map(&bare, &bare.recursive, 0x403000, 0x1000, RW, bare.zero_frame - 0x1000);
    bare_map(&bare, &bare.recursive, 0x404000, 0x1000, RO, bare.zero_frame);
    bare_refuse_protect(&bare, 0x404000, 0x1000, RW, PGT_BAD_RIGHTS);
    bare_refuse_protect(&bare, 0x400000, 0x5000, RW, PGT_BAD_RIGHTS);
    bare_protect(&bare, &bare.recursive, 0x400000, 0x5000, RO | PGT_USER);
    bare_protect(&bare, &bare.recursive, 0x400000, 0x4000, RW);
    bare_unmap(&bare, &bare.recursive, 0x400000, 0x5000);
    /* A kernel that has none may do as it likes. */
    bare.window.place.has_zero_frame = false;
    bare_map(&bare, &bare.recursive, 0x404000, 0x1000, RW, bare.zero_frame);
    bare_unmap(&bare, &bare.recursive, 0x404000, 0x1000);
    bare_end(&bare);
}

/* Tables that somebody else made may withhold rights above leaves: what can't be had is refused,
 * what can is given.  (The processor starts anew with the tables as they are then.) */
static void withhold(struct bare *bare, uint64_t *above, uint64_t entry)
{
    *above = entry;
    emulator_switch(&bare->emulator, bare->root);
}

static void entries_above_that_withhold_a_right(void **state)
{
    struct bare bare;
    struct pgt_leaf leaf;
    (void)state;

    bare_start_plain(&bare, 4);
    bare_map(&bare, &bare.recursive, 0x400000, 0x1000, RO, 0x2a000);
    uint64_t *above = walk_entry(&bare.arena, &bare.arch, bare.root, 0x400000, 3);
    const uint64_t plain = *above;
    struct pgt_mapping mapping = {.virt = 0x401000, .phys = 0x2b000, .bytes = 0x1000};
    const struct {
        uint64_t entry;
        unsigned given, refused;
    } cases[] = {
        {plain & ~UINT64_C(4), RWX, RO | PGT_USER},
        {plain | UINT64_C(1) << 63, RW | PGT_USER, RX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        withhold(&bare, above, cases[i].entry);
        mapping.rights = cases[i].refused;
        bare_refuse_map(&bare, &mapping, PGT_MALFORMED);
        bare_refuse_protect(&bare, 0x400000, 0x1000, cases[i].refused, PGT_MALFORMED);
        bare_map(&bare, &bare.recursive, 0x401000, 0x1000, cases[i].given, 0x2b000);
        bare_protect(&bare, &bare.recursive, 0x400000, 0x1000, cases[i].given);
        assert_true(pgt_recursive_lookup(&bare.recursive, 0x400000, &leaf));
        assert_int_equal(leaf.rights, cases[i].given);
        withhold(&bare, above, plain);
        bare_protect(&bare, &bare.recursive, 0x400000, 0x1000, RWX | PGT_USER);
        withhold(&bare, above, cases[i].entry);
        assert_true(pgt_recursive_lookup(&bare.recursive, 0x400000, &leaf));
        assert_int_equal(leaf.rights, walk(&bare.arena, &bare.arch, bare.root, 0x400000).rights);
        bare_unmap(&bare, &bare.recursive, 0x401000, 0x1000);
    }
    withhold(&bare, above, plain);
    bare_unmap(&bare, &bare.recursive, 0x400000, 0x1000);
    bare_end(&bare);
}

/* An entry above that is read-only makes the recursive address of the table read-only as well: a
 * store there would fault. */
static void read_only_entries_above_refuse_every_edit(void **state)
{
    struct bare bare;
    struct pgt_leaf leaf;
    (void)state;

    bare_start_plain(&bare, 5);
    bare_map(&bare, &bare.recursive, 0x400000, 0x1000, RW, 0x2a000);
    for (unsigned level = 2; level <= 5; level++) {
        uint64_t *above = walk_entry(&bare.arena, &bare.arch, bare.root, 0x400000, level);
        struct pgt_mapping mapping = {
            .virt = 0x401000, .phys = 0x2b000, .bytes = 0x1000, .rights = RO};
        withhold(&bare, above, *above & ~UINT64_C(2));
        bare_refuse_map(&bare, &mapping, PGT_MALFORMED);
        bare_refuse_protect(&bare, 0x400000, 0x1000, RO, PGT_MALFORMED);
        bare_refuse_unmap(&bare, 0x400000, 0x1000, PGT_MALFORMED);
        assert_true(pgt_recursive_lookup(&bare.recursive, 0x400000, &leaf));
        assert_int_equal(leaf.rights, RO);
        withhold(&bare, above, *above | 2);
    }
    bare_unmap(&bare, &bare.recursive, 0x400000, 0x1000);
    bare_end(&bare);
}

/* A leaf of a level where the processor has none: an edit that meets it is refused, and a lookup
 * finds what the processor does, nothing. */
static void leaves_that_the_processor_does_not_have(void **state)
{
    struct bare bare;
    struct pgt_leaf leaf;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t *root = arena_table(&bare.arena, bare.root);
    root[3] = 0x40000000 | 0x0e7;
    emulator_switch(&bare.emulator, bare.root);
    uint64_t virt = UINT64_C(3) << 39;
    bare_refuse_unmap(&bare, virt, UINT64_C(1) << 39, PGT_MALFORMED);
    bare_refuse_unmap(&bare, virt, 0x1000, PGT_MALFORMED);
    bare_refuse_protect(&bare, virt, 0x1000, RO, PGT_MALFORMED);
    bare_refuse_map(
        &bare, &(struct pgt_mapping){.virt = virt, .phys = 0x2a000, .bytes = 0x1000, .rights = RO},
        PGT_MALFORMED);
    assert_false(pgt_recursive_lookup(&bare.recursive, virt, &leaf));
    root[3] = 0;
    bare_end(&bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_mapping_can_have_wrong),
        cmocka_unit_test(the_zero_frame_is_never_writable),
        cmocka_unit_test(entries_above_that_withhold_a_right),
        cmocka_unit_test(read_only_entries_above_refuse_every_edit),
        cmocka_unit_test(leaves_that_the_processor_does_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
