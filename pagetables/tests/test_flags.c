/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flags and frames of an entry: what gopher-os's vmm asserts of its page-table entries, and
 * that the names mean what the processor makes of the bits.
 */
#include "pagetables/flags.h"
#include "pagetables/tests/suite.h"

/* gopher-os: two bits, set and cleared one by one. */
static void has_all_and_has_any_over_two_bits(void **state)
{
    const uint64_t one = UINT64_C(1) << 10, other = UINT64_C(1) << 21, both = one | other;
    pgt_entry entry = {0};
    (void)state;

    assert_false(pgt_entry_has_any(entry, both));
    assert_false(pgt_entry_has_all(entry, both));
    entry = pgt_entry_set(entry, one);
    assert_true(pgt_entry_has_any(entry, both));
    assert_false(pgt_entry_has_all(entry, both));
    assert_true(pgt_entry_has_all(entry, one));
    entry = pgt_entry_set(entry, both);
    assert_true(pgt_entry_has_all(entry, both));
    entry = pgt_entry_clear(entry, one);
    assert_true(pgt_entry_has_any(entry, both));
    assert_false(pgt_entry_has_all(entry, both));
    assert_int_equal(entry.raw, other);
    entry = pgt_entry_clear(entry, both);
    assert_false(pgt_entry_has_any(entry, both));
    assert_int_equal(entry.raw, 0);
}

/* No flag at all: all of none are there, and not any. */
static void no_flags(void **state)
{
    (void)state;
    assert_true(pgt_entry_has_all((pgt_entry){0}, 0));
    assert_false(pgt_entry_has_any((pgt_entry){UINT64_MAX}, 0));
}

static void a_frame_number_round_trips_with_flags_kept(void **state)
{
    const uint64_t flags = PGT_FLAG_PRESENT | PGT_FLAG_WRITABLE | PGT_FLAG_COPY_ON_WRITE |
                           PGT_FLAG_NO_EXECUTE | UINT64_C(0x7ff0000000000000);
    const uint64_t numbers[] = {0, 1, 123, 0xfffff, (UINT64_C(1) << 40) - 1};
    (void)state;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        pgt_entry entry = pgt_entry_with_frame((pgt_entry){flags | 0x55000}, 1, numbers[i]);
        assert_int_equal(pgt_entry_frame(entry, 1), numbers[i]);
        assert_int_equal(entry.raw, flags | numbers[i] << 12);
    }
}

/* In a large leaf the bits below its size are flags, bit 12 the PAT's; above a table they are
 * the table's address. */
static void a_large_leaf_keeps_its_pat_bit(void **state)
{
    const uint64_t flags = PGT_FLAG_PRESENT | PGT_FLAG_HUGE | UINT64_C(1) << 12;
    (void)state;

    pgt_entry entry = pgt_entry_with_frame((pgt_entry){flags}, 2, 0x200);
    assert_int_equal(entry.raw, flags | 2 * MIB);
    assert_int_equal(pgt_entry_frame(entry, 2), 0x200);
    entry = pgt_entry_with_frame((pgt_entry){flags}, 3, 0x40000);
    assert_int_equal(entry.raw, flags | GIB);
    assert_int_equal(pgt_entry_frame((pgt_entry){PGT_FLAG_PRESENT | 0x3000}, 2), 3);
    assert_int_equal(pgt_entry_frame((pgt_entry){PGT_FLAG_PRESENT | PGT_FLAG_HUGE | 0x3000}, 1), 3);
}

/* gopher-os: addresses 0, 4095, 4096 and 4123. */
static void frames_of_addresses(void **state)
{
    (void)state;
    assert_int_equal(pgt_frame_number(0), 0);
    assert_int_equal(pgt_frame_number(4095), 0);
    assert_int_equal(pgt_frame_number(4096), 1);
    assert_int_equal(pgt_frame_number(4123), 1);
    assert_int_equal(pgt_frame_address(0), 0);
    assert_int_equal(pgt_frame_address(1), 4096);
    assert_int_equal(pgt_frame_address(42), 42 * 4096);
}

/* The numbers of the manual (SDM table 4-20), and what the walker makes of them. */
static void flags_are_the_processors(void **state)
{
    (void)state;
    assert_int_equal(PGT_FLAG_PRESENT, 1 << 0);
    assert_int_equal(PGT_FLAG_WRITABLE, 1 << 1);
    assert_int_equal(PGT_FLAG_USER, 1 << 2);
    assert_int_equal(PGT_FLAG_WRITE_THROUGH, 1 << 3);
    assert_int_equal(PGT_FLAG_CACHE_DISABLE, 1 << 4);
    assert_int_equal(PGT_FLAG_ACCESSED, 1 << 5);
    assert_int_equal(PGT_FLAG_DIRTY, 1 << 6);
    assert_int_equal(PGT_FLAG_HUGE, 1 << 7);
    assert_int_equal(PGT_FLAG_GLOBAL, 1 << 8);
    assert_int_equal(PGT_FLAG_COPY_ON_WRITE, 1 << 9);
    assert_int_equal(PGT_FLAG_NO_EXECUTE, UINT64_C(1) << 63);
}

/* The flag and the software bit of a mapping are the same. */
static void copy_on_write_is_a_software_bit(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_flush flush = {0};
    struct pgt_leaf leaf;
    (void)state;

    suite_start(&suite, &arch);
    assert_int_equal(pgt_map(&suite.space,
                             &(struct pgt_mapping){.virt = 0x1000,
                                                   .phys = 0x2a000,
                                                   .bytes = 0x1000,
                                                   .rights = RO | PGT_USER,
                                                   .software = PGT_SOFTWARE_COPY_ON_WRITE},
                             &flush),
                     PGT_OK);
    pgt_entry entry = {suite_entry(&suite, 0x1000, 1)};
    assert_true(pgt_entry_has_all(entry, PGT_FLAG_PRESENT | PGT_FLAG_USER | PGT_FLAG_NO_EXECUTE |
                                             PGT_FLAG_COPY_ON_WRITE));
    assert_false(pgt_entry_has_any(entry, PGT_FLAG_WRITABLE | PGT_FLAG_GLOBAL | PGT_FLAG_HUGE |
                                              PGT_FLAG_WRITE_THROUGH | PGT_FLAG_CACHE_DISABLE));
    assert_int_equal(pgt_entry_frame(entry, 1), 0x2a);
    assert_true(pgt_lookup(&suite.space, 0x1000, &leaf));
    assert_int_equal(leaf.software, PGT_SOFTWARE_COPY_ON_WRITE);
    suite_end(&suite);
}

/* A PAT of these eight types, the first lowest. */
static uint64_t pat_of(const uint8_t type[8])
{
    uint64_t pat = 0;
    for (unsigned i = 0; i < 8; i++)
        pat |= (uint64_t)type[i] << (8 * i);
    return pat;
}

/* SDM volume 3A, tables 11-10 and 11-12; and the Limine boot protocol's list. */
static void the_pats_hold_the_types_of_their_documents(void **state)
{
    enum { UC = 0, WC = 1, WT = 4, WP = 5, WB = 6, UC_MINUS = 7 };
    (void)state;

    assert_int_equal(PGT_PAT_RESET,
                     pat_of((const uint8_t[8]){WB, WT, UC_MINUS, UC, WB, WT, UC_MINUS, UC}));
    assert_int_equal(PGT_PAT_LIMINE,
                     pat_of((const uint8_t[8]){WB, WT, UC_MINUS, UC, WP, WC, UC_MINUS, UC}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_all_and_has_any_over_two_bits),
        cmocka_unit_test(no_flags),
        cmocka_unit_test(a_frame_number_round_trips_with_flags_kept),
        cmocka_unit_test(a_large_leaf_keeps_its_pat_bit),
        cmocka_unit_test(frames_of_addresses),
        cmocka_unit_test(flags_are_the_processors),
        cmocka_unit_test(copy_on_write_is_a_software_bit),
        cmocka_unit_test(the_pats_hold_the_types_of_their_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
