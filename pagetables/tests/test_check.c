/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker notices: each single bit of each entry is flipped in turn, and what
 * matters by the processor manual or to the live counts must be told; what the
 * manual calls ignored must not be.
 */
#include "pagetables/tests/suite.h"

#include <string.h>

/* Frames at 1 GiB, so that a flipped address bit leads to another frame of the
 * arena, full of rubbish unless it is taken. */
#define BASE   GIB
#define FRAMES 2048

struct subject {
    struct arena arena;
    struct pgt_space space;
};

static const uint64_t places[] = {0, 0x5000, GIB, GIB + 2 * MIB, 3 * GIB, TOP_PAGE};

static void start(struct subject *subject, const struct pgt_arch *arch)
{
    const struct pgt_mapping mapping[] = {
        {.virt = 0, .phys = 0x2a000, .bytes = 0x6000, .rights = RX},
        {.virt = GIB, .phys = BASE + 2 * MIB, .bytes = 2 * MIB, .rights = RWX},
        {.virt = GIB + 2 * MIB, .phys = 0x2b000, .bytes = MIB, .rights = RX},
        {.virt = 3 * GIB, .phys = GIB, .bytes = GIB, .rights = RX},
        {.virt = TOP_PAGE, .phys = 0x2c000, .bytes = 0x1000, .rights = RX},
    };

    arena_init(&subject->arena, BASE, FRAMES, 7);
    assert_int_equal(pgt_init(&subject->space, arch, &subject->arena.frames), PGT_OK);
    for (size_t i = 0; i < sizeof(mapping) / sizeof(mapping[0]); i++) {
        struct pgt_flush flush = {0};
        assert_int_equal(pgt_map(&subject->space, &mapping[i], &flush), PGT_OK);
    }
    suite_check(&subject->space);
}

static void end(struct subject *subject)
{
    suite_check(&subject->space);
    assert_int_equal(pgt_destroy(&subject->space), PGT_OK);
    assert_int_equal(subject->arena.outstanding, 0);
    arena_free(&subject->arena);
}

enum verdict {
    NOTICED,
    IGNORED,
    EITHER, /* another table of the space: as valid to a processor as the first */
    BEYOND, /* leads out of the arena, where no reader on a host may look */
};

static bool in_arena(uint64_t address)
{
    return address >= BASE && address < BASE + FRAMES * 4096;
}

/* What a flip of an address bit makes of an entry that refers to a table. */
static enum verdict judge_address(const struct subject *subject, uint64_t flipped)
{
    uint64_t address = flipped & UINT64_C(0xffffffffff000);

    if (address >> subject->space.arch.physical_bits != 0)
        return NOTICED;
    if (!in_arena(address))
        return BEYOND;
    return arena_table(&subject->arena, address) == NULL ? NOTICED : EITHER;
}

/* An entry that refers to a table, SDM tables 4-15 and following. */
static enum verdict judge_table(const struct subject *subject, uint64_t entry, unsigned bit)
{
    switch (bit) {
    case 5: /* accessed */
    case 6: /* ignored */
    case 8: /* ignored, as are 9 to 11 and 62 */
    case 9:
    case 10:
    case 11:
    case 62:
        return IGNORED;
    case 3: /* memory type of the table: ours are write-back */
    case 4:
        return NOTICED;
    }
    if (bit < 12 || bit > 51) /* present, rights, size, the live count */
        return NOTICED;
    return judge_address(subject, entry ^ UINT64_C(1) << bit);
}

/* A page, SDM tables 4-15 and following. */
static enum verdict judge_leaf(const struct subject *subject, uint64_t entry, unsigned level,
                               unsigned bit)
{
    unsigned low = 12 + 9 * (level - 1); /* first address bit */

    if (bit == 0)
        return NOTICED;
    if (bit == 8) /* a global leaf that no entry above tells of */
        return entry & 0x100 ? IGNORED : NOTICED;
    if (bit == 7 && level > 1) /* becomes a table where the page was */
        return judge_address(subject, entry & UINT64_C(0xffffffffff000));
    if (bit > 12 && bit < low)
        return NOTICED;
    if (bit >= subject->space.arch.physical_bits && bit < 52)
        return NOTICED;
    if (bit == 63 && !subject->space.arch.no_execute)
        return NOTICED;
    return IGNORED;
}

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level <= 3 && (entry & 0x80) != 0);
}

static void flip(struct subject *subject, uint64_t *entry, unsigned level, unsigned bit)
{
    uint64_t good = *entry;
    struct pgt_fault fault = {0};
    enum verdict verdict = is_leaf(good, level) ? judge_leaf(subject, good, level, bit)
                                                : judge_table(subject, good, bit);

    if (verdict == EITHER || verdict == BEYOND)
        return;
    *entry = good ^ UINT64_C(1) << bit;
    enum pgt_status status = pgt_check(&subject->space, &fault);
    *entry = good;
    if (verdict == IGNORED && status != PGT_OK)
        fail_msg("bit %u of %#lx at level %u does not matter, but: %s", bit, (unsigned long)good,
                 level, fault.rule);
    if (verdict == NOTICED && status != PGT_MALFORMED)
        fail_msg("bit %u of %#lx at level %u flipped unnoticed", bit, (unsigned long)good, level);
    if (verdict == NOTICED)
        assert_non_null(fault.rule);
}

static void flip_everything(const struct pgt_arch *arch)
{
    struct subject subject;

    start(&subject, arch);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        for (unsigned level = arch->levels; level > 0; level--) {
            uint64_t *entry =
                walk_entry(&subject.arena, arch, subject.space.root, places[i], level);
            assert_non_null(entry);
            for (unsigned bit = 0; bit < 64; bit++)
                flip(&subject, entry, level, bit);
            if (is_leaf(*entry, level))
                break;
        }
    end(&subject);
}

static void every_flipped_bit_that_matters_is_noticed(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pgt_arch arch = suite_arch(levels);
        arch.physical_bits = 36;
        flip_everything(&arch);
        arch.physical_bits = 52;
        flip_everything(&arch);
        arch.no_execute = false;
        flip_everything(&arch);
    }
}

/* Expects one more fault, and that it names the entry where it is. */
static void expect_fault(struct subject *subject, uint64_t *entry, uint64_t bad, uint64_t virt,
                         unsigned level)
{
    uint64_t good = *entry;
    struct pgt_fault fault = {0};

    *entry = bad;
    assert_int_equal(pgt_check(&subject->space, &fault), PGT_MALFORMED);
    *entry = good;
    assert_int_equal(fault.virt, virt);
    assert_int_equal(fault.entry, bad);
    assert_int_equal(fault.level, level);
    assert_non_null(fault.rule);
}

static void a_fault_says_where_it_is(void **state)
{
    struct subject subject;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    start(&subject, &arch);
    const uint64_t high = UINT64_C(1) << 46;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        for (unsigned level = 4; level > 0; level--) {
            uint64_t reach = UINT64_C(0x1000) << 9 * (level - 1);
            uint64_t *entry =
                walk_entry(&subject.arena, &arch, subject.space.root, places[i], level);
            expect_fault(&subject, entry, *entry | high, places[i] & ~(reach - 1), level);
            if (is_leaf(*entry, level))
                break;
        }
    end(&subject);
}

static void expect_rule(struct subject *subject, uint64_t *word, uint64_t bad, const char *rule)
{
    uint64_t good = *word;
    struct pgt_fault fault = {0};

    *word = bad;
    assert_int_equal(pgt_check(&subject->space, &fault), PGT_MALFORMED);
    *word = good;
    assert_string_equal(fault.rule, rule);
}

static uint64_t *entry_of(struct subject *subject, uint64_t virt, unsigned level)
{
    struct pgt_space *space = &subject->space;
    uint64_t *entry = walk_entry(&subject->arena, &space->arch, space->root, virt, level);
    assert_non_null(entry);
    return entry;
}

/* A person reads it: each broken rule in its own words. */
static void a_fault_says_which_rule(void **state)
{
    const uint64_t high = UINT64_C(1) << 46, dontexecute = UINT64_C(1) << 63;
    struct subject subject;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    start(&subject, &arch);
    uint64_t *pt = entry_of(&subject, 0, 2), *page = entry_of(&subject, 0, 1);
    uint64_t *pdpt = entry_of(&subject, 0, 4), *large = entry_of(&subject, GIB, 2);
    expect_rule(&subject, &subject.space.root, subject.space.root | high,
                "a root that CR3 can't hold");
    expect_rule(&subject, pdpt, *pdpt | 0x80, "the page-size bit is reserved at this level");
    expect_rule(&subject, page, *page | high, "a physical address beyond the processor's width");
    expect_rule(&subject, large, *large | 0x2000,
                "reserved bits set below the address of a large page");
    expect_rule(&subject, pt, *pt & ~UINT64_C(2), "an entry above a leaf withholds a right");
    expect_rule(&subject, pt, *pt | 8,
                "an entry above a leaf asks for a memory type for its table");
    expect_rule(&subject, pt, *pt | high, "a table beyond the processor's physical-address width");
    expect_rule(&subject, pt, *pt ^ UINT64_C(1) << 52,
                "a live count that is not the number of present entries");
    expect_rule(&subject, pt, (*pt & ~UINT64_C(0xffffffffff000)) | subject.space.root,
                "a table refers to itself or to one above it");
    expect_rule(&subject, page, *page | 0x100, "a global leaf below an entry that does not tell");
    uint64_t *lone = entry_of(&subject, TOP_PAGE, 1);
    expect_rule(&subject, lone, 0, "an empty table");
    subject.space.root_live++;
    expect_rule(&subject, page, *page, "the space remembers another number of entries in its root");
    subject.space.root_live--;
    subject.space.arch.no_execute = false;
    expect_rule(&subject, page, *page | dontexecute,
                "execute-disable is reserved on this processor");
    subject.space.arch.pages_1g = false;
    expect_rule(&subject, page, *page, "the processor has no 1G pages");
    subject.space.arch = arch;
    end(&subject);
}

/* A good entry that appears from nowhere, at each level. */
static void entries_that_are_not_counted(void **state)
{
    static const uint64_t absent[] = {0x6000, 2 * MIB, 4 * GIB, UINT64_C(1) << 39};
    struct subject subject;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_fault fault;
    (void)state;

    start(&subject, &arch);
    uint64_t pdpt = *walk_entry(&subject.arena, &arch, subject.space.root, 0, 4);
    const uint64_t good[] = {0x2a021, 0x2000a1, 0x400000a1, pdpt};
    for (unsigned i = 0; i < 4; i++) {
        uint64_t *entry = walk_entry(&subject.arena, &arch, subject.space.root, absent[i], i + 1);
        assert_int_equal(*entry, 0);
        *entry = good[i];
        assert_int_equal(pgt_check(&subject.space, &fault), PGT_MALFORMED);
        *entry = 0;
        suite_check(&subject.space);
    }
    end(&subject);
}

static void what_the_space_says_of_itself(void **state)
{
    struct subject subject;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_fault fault;
    (void)state;

    start(&subject, &arch);
    subject.space.root_live++;
    assert_int_equal(pgt_check(&subject.space, &fault), PGT_MALFORMED);
    subject.space.root_live -= 2;
    assert_int_equal(pgt_check(&subject.space, &fault), PGT_MALFORMED);
    subject.space.root_live++;
    end(&subject);
}

/* The same tables on a processor without 1 GiB pages. */
static void leaves_that_the_processor_lacks(void **state)
{
    struct subject subject;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_fault fault;
    (void)state;

    start(&subject, &arch);
    subject.space.arch.pages_1g = false;
    assert_int_equal(pgt_check(&subject.space, &fault), PGT_MALFORMED);
    assert_int_equal(fault.virt, 3 * GIB);
    assert_int_equal(fault.level, 3);
    subject.space.arch.pages_1g = true;
    end(&subject);
}

static void an_empty_table_below_a_seal_is_none(void **state)
{
    struct subject subject;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_flush flush = {0};
    (void)state;

    start(&subject, &arch);
    assert_int_equal(pgt_seal(&subject.space, UPPER_4, 0), PGT_OK);
    assert_int_equal(pgt_unmap(&subject.space, TOP_PAGE, 0x1000, &flush), PGT_OK);
    suite_check(&subject.space);
    end(&subject);
}

/* Every bit of every slot that is shared, present or not. */
static void a_dependent_s_slots_are_the_upper_s(void **state)
{
    struct subject subject;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_space lower;
    struct pgt_fault fault;
    (void)state;

    start(&subject, &arch);
    assert_int_equal(pgt_seal(&subject.space, UPPER_4, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&lower, &subject.space, &subject.arena.frames), PGT_OK);
    suite_check(&lower);
    uint64_t *root = arena_table(&subject.arena, lower.root);
    for (unsigned slot = 256; slot < 512; slot++)
        for (unsigned bit = 0; bit < 64; bit += slot == 256 || slot == 511 ? 1 : 21) {
            root[slot] ^= UINT64_C(1) << bit;
            assert_int_equal(pgt_check(&lower, &fault), PGT_MALFORMED);
            assert_int_equal(fault.level, 4);
            root[slot] ^= UINT64_C(1) << bit;
        }
    suite_check(&lower);
    assert_int_equal(pgt_destroy(&lower), PGT_OK);
    end(&subject);
}

/* A content space leaves the output alone. */
static void a_content_checker_says_nothing(void **state)
{
    struct subject subject;
    struct pgt_arch arch = suite_arch(5);
    struct pgt_fault fault;
    struct pgt_fault before;
    (void)state;

    start(&subject, &arch);
    memset(&fault, 0x5a, sizeof(fault));
    memcpy(&before, &fault, sizeof(fault));
    assert_int_equal(pgt_check(&subject.space, &fault), PGT_OK);
    assert_memory_equal(&fault, &before, sizeof(fault));
    end(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_that_matters_is_noticed),
        cmocka_unit_test(a_fault_says_where_it_is),
        cmocka_unit_test(a_fault_says_which_rule),
        cmocka_unit_test(entries_that_are_not_counted),
        cmocka_unit_test(what_the_space_says_of_itself),
        cmocka_unit_test(leaves_that_the_processor_lacks),
        cmocka_unit_test(an_empty_table_below_a_seal_is_none),
        cmocka_unit_test(a_dependent_s_slots_are_the_upper_s),
        cmocka_unit_test(a_content_checker_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
