/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a mapping can say: rights, memory type, protection key, software bits.  For each the exact
 * raw entry, formed here by hand, and the way back through the readers, at 4K, 2M and 1G.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"

#define PHYS (5 * GIB)

static const uint64_t sizes[] = {4 * KIB, 2 * MIB, GIB};

static void start(struct suite *suite)
{
    struct pgt_arch arch = suite_arch(4);
    suite_start_sized(suite, &arch, 16);
}

/* Where IA32_PAT as Limine has it keeps each type: the index that the three selector bits make. */
static unsigned pat_index(enum pgt_memory memory)
{
    switch (memory) {
    case PGT_WRITE_BACK:
        return 0;
    case PGT_WRITE_THROUGH:
        return 1;
    case PGT_UNCACHED_MINUS:
        return 2;
    case PGT_UNCACHEABLE:
        return 3;
    case PGT_WRITE_PROTECTED:
        return 4;
    case PGT_WRITE_COMBINING:
        return 5;
    }
    fail_msg("no memory type");
    return 0;
}

/* SDM tables 4-17 to 4-20, by bit numbers. */
static uint64_t raw_leaf(const struct pgt_mapping *mapping, unsigned level)
{
    unsigned index = pat_index(mapping->memory), rights = mapping->rights;
    uint64_t raw = mapping->phys | 1; /* present */

    raw |= rights & PGT_WRITE ? 1u << 1 : 0;
    raw |= rights & PGT_USER ? 1u << 2 : 0;
    raw |= index & 1 ? 1u << 3 : 0;                          /* PWT */
    raw |= index & 2 ? 1u << 4 : 0;                          /* PCD */
    raw |= 1u << 5;                                          /* accessed */
    raw |= rights & PGT_WRITE ? 1u << 6 : 0;                 /* dirty */
    raw |= level > 1 ? 1u << 7 : 0;                          /* page size */
    raw |= index & 4 ? (level > 1 ? 1u << 12 : 1u << 7) : 0; /* PAT */
    raw |= rights & PGT_GLOBAL ? 1u << 8 : 0;
    raw |= (uint64_t)(mapping->software & 7) << 9;
    raw |= (uint64_t)(mapping->software >> 3) << 52;
    raw |= (uint64_t)mapping->key << 59;
    raw |= rights & PGT_EXECUTE ? 0 : UINT64_C(1) << 63;
    return raw;
}

/* Maps, over what was there before, and looks at the entry and at every reader. */
static void round_trip(struct suite *suite, unsigned level, unsigned rights, enum pgt_memory memory,
                       unsigned key, unsigned software)
{
    struct call call = {.kind = CALL_MAP,
                        .mapping = {.virt = GIB,
                                    .phys = PHYS,
                                    .bytes = sizes[level - 1],
                                    .rights = rights,
                                    .memory = memory,
                                    .key = key,
                                    .software = software}};
    const struct pgt_leaf leaf = {.virt = GIB,
                                  .phys = PHYS,
                                  .bytes = sizes[level - 1],
                                  .rights = rights,
                                  .memory = memory,
                                  .key = key,
                                  .software = software,
                                  .accessed = true,
                                  .dirty = rights & PGT_WRITE};
    struct leaves want = {0};

    call_do(&suite->arena, &suite->space, &call);
    assert_int_equal(suite_entry(suite, GIB, level), raw_leaf(&call.mapping, level));
    leaves_add(&want, &leaf);
    leaves_expect(&suite->arena, &suite->space, &want);
}

/* All 28 that say anything, with all six types. */
static void every_combination_of_rights_and_memory_type(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 3; level++) {
        struct suite suite;
        start(&suite);
        for (unsigned rights = 0; rights < 32; rights++)
            for (unsigned memory = 0; memory < PGT_MEMORY_TYPES; memory++)
                if (rights & RWX)
                    round_trip(&suite, level, rights, (enum pgt_memory)memory, rights % 16,
                               (rights * 37 + memory * 101) % 1024);
        suite_end(&suite);
    }
}

/* Bit 7 of a small leaf is bit 12 of a large one, and the large one's bit 7 says its size. */
static void the_pat_bit_is_7_in_4k_and_12_in_larger_leaves(void **state)
{
    static const uint64_t raw[] = {UINT64_C(0x80000001400000eb), UINT64_C(0x80000001400010eb),
                                   UINT64_C(0x80000001400010eb)};
    static const uint64_t plain[] = {UINT64_C(0x8000000140000063), UINT64_C(0x80000001400000e3),
                                     UINT64_C(0x80000001400000e3)};
    (void)state;

    for (unsigned level = 1; level <= 3; level++) {
        struct suite suite;
        start(&suite);
        round_trip(&suite, level, RW, PGT_WRITE_COMBINING, 0, 0);
        assert_int_equal(suite_entry(&suite, GIB, level), raw[level - 1]);
        round_trip(&suite, level, RW, PGT_WRITE_BACK, 0, 0);
        assert_int_equal(suite_entry(&suite, GIB, level), plain[level - 1]);
        suite_end(&suite);
    }
}

static void every_protection_key(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 3; level++) {
        struct suite suite;
        start(&suite);
        for (unsigned key = 0; key < PGT_KEYS; key++) {
            round_trip(&suite, level, RW | PGT_USER, PGT_WRITE_BACK, key, 0);
            round_trip(&suite, level, RX, PGT_WRITE_PROTECTED, key, PGT_SOFTWARE_ALL);
        }
        suite_end(&suite);
    }
}

static void every_value_of_the_software_bits(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 3; level++) {
        struct suite suite;
        start(&suite);
        for (unsigned software = 0; software <= PGT_SOFTWARE_ALL; software++)
            round_trip(&suite, level, RO, PGT_WRITE_BACK, software % 3 ? 0 : 15, software);
        suite_end(&suite);
    }
}

/* A mapping that differs in one option alone is another mapping, and needs a flush. */
static void an_option_alone_is_a_change(void **state)
{
    const struct pgt_mapping base = {.virt = GIB, .phys = PHYS, .bytes = 0x1000, .rights = RW};
    struct pgt_mapping other[7];
    (void)state;

    for (unsigned i = 0; i < 7; i++)
        other[i] = base;
    other[0].rights = RO;
    other[1].rights |= PGT_EXECUTE;
    other[2].rights |= PGT_USER;
    other[3].rights |= PGT_GLOBAL;
    other[4].memory = PGT_WRITE_PROTECTED;
    other[5].key = 8;
    other[6].software = 0x200;
    for (unsigned i = 0; i < 7; i++) {
        struct suite suite;
        struct call call = {.kind = CALL_MAP, .mapping = base};
        start(&suite);
        EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &call));
        call.mapping = other[i];
        struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
        EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{GIB, GIB + 0xfff}});
        assert_int_equal(suite_entry(&suite, GIB, 1), raw_leaf(&other[i], 1));
        EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &call));
        suite_end(&suite);
    }
}

static void refuse(struct suite *suite, struct pgt_mapping mapping)
{
    mapping.virt = GIB;
    mapping.phys = PHYS;
    mapping.bytes = 0x1000;
    struct call call = {.kind = CALL_MAP, .mapping = mapping};
    call_refuse(&suite->arena, &suite->space, &call, PGT_BAD_RIGHTS);
}

static void options_that_can_not_be_said(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite);
    refuse(&suite, (struct pgt_mapping){.rights = 0});
    refuse(&suite, (struct pgt_mapping){.rights = PGT_USER});
    refuse(&suite, (struct pgt_mapping){.rights = PGT_GLOBAL});
    refuse(&suite, (struct pgt_mapping){.rights = PGT_USER | PGT_GLOBAL});
    for (unsigned bit = 5; bit < 32; bit++)
        refuse(&suite, (struct pgt_mapping){.rights = RW | 1u << bit});
    for (unsigned memory = PGT_MEMORY_TYPES; memory < 300; memory++)
        refuse(&suite, (struct pgt_mapping){.rights = RW, .memory = (enum pgt_memory)memory});
    for (unsigned bit = 4; bit < 32; bit++)
        refuse(&suite, (struct pgt_mapping){.rights = RW, .key = 1u << bit});
    for (unsigned bit = 10; bit < 32; bit++)
        refuse(&suite, (struct pgt_mapping){.rights = RW, .software = 1u << bit});
    call_refuse_bad_ranges(&suite.arena, &suite.space,
                           (struct call){.kind = CALL_MAP, .mapping = {.rights = RW}});
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_rights_and_memory_type),
        cmocka_unit_test(the_pat_bit_is_7_in_4k_and_12_in_larger_leaves),
        cmocka_unit_test(every_protection_key),
        cmocka_unit_test(every_value_of_the_software_bits),
        cmocka_unit_test(an_option_alone_is_a_change),
        cmocka_unit_test(options_that_can_not_be_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
