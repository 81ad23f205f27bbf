/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_judge(): which rules an access breaks, against an oracle that was written from SDM 4.5 to
 * 4.7 and goes through all combinations of bits in two entries, accesses and processor states.
 */
#include "pagetables/tests/report.h"

/* ---- the oracle -------------------------------------------------------------- */

static bool bit(uint64_t value, int number)
{
    return value >> number & 1;
}

struct oracle {
    bool found;    /* a translation, of the rights below */
    bool reserved; /* or a reserved bit; or, with neither, an absent entry */
    unsigned level;
    bool write, user, fetch;
    unsigned key;
};

/* Entries from the top down; the first one that isn't a table ends the walk.  The processor has
 * 46 address bits and 1G pages. */
static struct oracle oracle_walk(const uint64_t *entry, unsigned levels, bool nxe)
{
    struct oracle o = {.write = true, .user = true, .fetch = true};
    for (o.level = levels;; o.level--) {
        uint64_t e = entry[levels - o.level];
        if (!bit(e, 0))
            return o;
        bool page = o.level == 1 || (o.level <= 3 && bit(e, 7));
        o.reserved = (e & UINT64_C(0x000fc00000000000)) || (bit(e, 63) && !nxe) ||
                     (o.level > 3 && bit(e, 7)) || (page && o.level == 2 && (e & 0x1fe000)) ||
                     (page && o.level == 3 && (e & 0x3fffe000));
        if (o.reserved)
            return o;
        o.write = o.write && bit(e, 1);
        o.user = o.user && bit(e, 2);
        o.fetch = o.fetch && !bit(e, 63);
        o.key = (unsigned)(e >> 59) & 15;
        o.found = page;
        if (page)
            return o;
    }
}

/* SDM 4.6.1, paragraph by paragraph. */
static unsigned oracle_rules(const struct oracle *o, uint64_t code, const struct pgt_state *state)
{
    bool wp = bit(state->cr0, 16), smep = bit(state->cr4, 20), smap = bit(state->cr4, 21);
    bool pke = bit(state->cr4, 22), pks = bit(state->cr4, 24), ac = bit(state->rflags, 18);
    bool fetch = bit(code, 4), write = bit(code, 1) && !fetch, by_user = bit(code, 2);
    bool implicit = !by_user && state->ring == 3;
    unsigned broken = 0;

    if (!o->found)
        return o->reserved ? PGT_BROKE_RESERVED : PGT_BROKE_PRESENT;
    if (by_user) {
        broken |= !o->user ? PGT_BROKE_USER : 0;
        broken |= write && !o->write ? PGT_BROKE_WRITE : 0;
    } else {
        if (o->user && !fetch && smap && (implicit || !ac))
            broken |= PGT_BROKE_SMAP;
        if (o->user && fetch && smep)
            broken |= PGT_BROKE_SMEP;
        if (write && wp && !o->write)
            broken |= PGT_BROKE_WRITE;
    }
    if (fetch)
        return broken | (o->fetch ? 0 : PGT_BROKE_EXECUTE);
    /* SDM 4.6.2. */
    uint32_t rights = o->user ? (pke ? state->pkru : 0) : (pks ? state->pkrs : 0);
    broken |= bit(rights, 2 * (int)o->key) ? PGT_BROKE_KEY_ACCESS : 0;
    if (bit(rights, 2 * (int)o->key + 1) && write && (by_user || wp))
        broken |= PGT_BROKE_KEY_WRITE;
    return broken;
}

/* ---- against the oracle ------------------------------------------------------ */

/* One access, as the processor would raise it: with the error code that goes with it. */
static void compare(struct tables *t, unsigned kind, unsigned who, struct pgt_state *state)
{
    uint64_t entry[5];
    struct pgt_verdict verdict;
    uint64_t code = (kind == 1 ? W : kind == 2 ? I : 0) | (who == 0 ? U : 0);
    state->ring = who == 1 ? 0 : 3; /* 2: the processor's own access */
    for (unsigned i = 0; i < t->levels; i++)
        entry[i] = *t->slot[t->levels - 1 - i];
    struct oracle o = oracle_walk(entry, t->levels, bit(state->efer, 11));
    unsigned broken = oracle_rules(&o, code, state);
    unsigned keys = broken & (PGT_BROKE_KEY_ACCESS | PGT_BROKE_KEY_WRITE);
    code |= (broken & PGT_BROKE_PRESENT ? 0 : P) | (broken & PGT_BROKE_RESERVED ? RSVD : 0) |
            (keys ? PK : 0);
    pgt_judge(&t->suite.space, VIRT, code, state, &verdict);
    if (verdict.broken != broken || verdict.end != o.level)
        fail_msg("entries %#lx, %#lx, code %#lx, CR0 %#lx, CR4 %#lx, EFER %#lx, RFLAGS %#lx, "
                 "PKRU %#x, PKRS %#x, ring %u: broken %#x at %u; not %#x at %u",
                 (unsigned long)*t->slot[1], (unsigned long)*t->slot[0], (unsigned long)code,
                 (unsigned long)state->cr0, (unsigned long)state->cr4, (unsigned long)state->efer,
                 (unsigned long)state->rflags, state->pkru, state->pkrs, state->ring,
                 verdict.broken, verdict.end, broken, o.level);
    /* Outdated is what no processor would have raised. */
    assert_int_equal(verdict.outdated, broken == 0);
    for (unsigned i = 0; i < t->levels; i++)
        assert_int_equal(verdict.entry[t->levels - 1 - i], t->levels - i >= o.level ? entry[i] : 0);
}

static size_t compare_all(struct tables *t)
{
    size_t cases = 0;
    for (unsigned bits = 0; bits < 128; bits++) {
        struct pgt_state state = report_state(bits);
        for (unsigned denied = 0; denied < 4; denied++) {
            /* Of key 6 in one register, of key 9 in the other, and nothing or all besides. */
            state.pkru = denied << 12;
            state.pkrs = denied << 18 | (bits & 1 ? 0x3fff3fff & ~(3u << 18) : 0);
            for (unsigned kind = 0; kind < 3; kind++)
                for (unsigned who = 0; who < 3; who++, cases++)
                    compare(t, kind, who, &state);
        }
    }
    return cases;
}

static void every_combination_of_two_levels(void **state)
{
    size_t cases = 0;
    (void)state;

    struct tables t;
    report_tables(&t, 4);
    uint64_t table = *t.slot[1] & UINT64_C(0xffffffffff000);
    for (unsigned upper = 0; upper < 32; upper++) {
        /* A table, which is looked into only if it is present and sound. */
        *t.slot[1] = report_entry(upper, table);
        bool deep = (upper & 17) == 1;
        for (unsigned lower = 0; lower < (deep ? 32 : 1); lower++) {
            uint64_t key = lower & 4 ? 6 : 9;
            *t.slot[0] = report_entry(lower, 0x2a000) | key << 59;
            cases += compare_all(&t);
        }
        /* A page of 2M; PAT is no reserved bit there, those above it are. */
        for (unsigned more = 0; more < 3; more++) {
            *t.slot[1] = report_entry(upper, 0x400000) | 0x80 | UINT64_C(6) << 59 |
                         (more == 1   ? 0x1000
                          : more == 2 ? 0x100000
                                      : 0);
            cases += compare_all(&t);
        }
    }
    report_tables_end(&t);
    print_message("%zu cases\n", cases);
}

/* Rights that an entry further up withholds; bits that are reserved there. */
static void entries_higher_up(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        report_tables(&t, levels);
        for (unsigned level = 2; level <= levels; level++) {
            uint64_t sound = *t.slot[level - 1];
            for (unsigned bits = 0; bits < 32; bits++) {
                *t.slot[level - 1] =
                    report_entry(bits, sound & UINT64_C(0xffffffffff000)) | (sound & 0x20);
                struct pgt_state processor = report_state(127);
                for (unsigned kind = 0; kind < 3; kind++)
                    for (unsigned who = 0; who < 3; who++)
                        compare(&t, kind, who, &processor);
                if (level < 4)
                    continue;
                *t.slot[level - 1] |= 0x80; /* page size, reserved in a PML4E and a PML5E */
                compare(&t, 0, 0, &processor);
            }
            *t.slot[level - 1] = sound;
        }
        report_tables_end(&t);
    }
}

/* A processor without 1G pages reserves the bit that asks for one. */
static void a_1g_leaf_where_there_are_none(void **state)
{
    struct tables t;
    struct pgt_verdict verdict;
    struct pgt_state processor = report_state(33);
    (void)state;

    report_tables(&t, 4);
    *t.slot[2] = UINT64_C(0x40000087);
    pgt_judge(&t.suite.space, VIRT, P | U, &processor, &verdict);
    assert_int_equal(verdict.broken, 0);
    assert_int_equal(verdict.end, 3);
    t.suite.space.arch.pages_1g = false;
    pgt_judge(&t.suite.space, VIRT, P | U | RSVD, &processor, &verdict);
    assert_int_equal(verdict.broken, PGT_BROKE_RESERVED);
    assert_int_equal(verdict.reserved, 0x80);
    *t.slot[2] = UINT64_C(0x40002087); /* and below its address */
    t.suite.space.arch.pages_1g = true;
    pgt_judge(&t.suite.space, VIRT, P | U | RSVD, &processor, &verdict);
    assert_int_equal(verdict.reserved, 0x2000);
    assert_false(verdict.outdated);
    report_tables_end(&t);
}

/* The error code of a fault that can't come from these entries. */
static void an_error_code_that_is_out_of_date(void **state)
{
    static const struct {
        unsigned lower; /* as report_entry() */
        uint64_t code;
        bool outdated;
    } row[] = {
        {0, 0, false},
        {0, P, true},
        {0, P | RSVD, true},
        {1 | 16, P | RSVD, false},
        {1 | 16, P, true},
        {1 | 16, 0, true},
        {1, P | W | U, false},
        {1, W | U, true},
        {1, P | W | U | RSVD, true},
        {1, P | W | U | PK, true},
        {7, P | W | U, true},
        {7, 0, true},
        {7, P | SS, false},
        {7, P | SGX, false},
        {7, P | HLAT, false},
        {5, P | W | U | SS, false},
    };
    struct tables t;
    struct pgt_verdict verdict;
    struct pgt_state processor = report_state(33);
    (void)state;

    report_tables(&t, 4);
    processor.ring = 3;
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        *t.slot[0] = report_entry(row[i].lower, 0x2a000);
        pgt_judge(&t.suite.space, VIRT, row[i].code, &processor, &verdict);
        if (verdict.outdated != row[i].outdated)
            fail_msg("row %u: broken %#x, outdated %d", i, verdict.broken, verdict.outdated);
    }
    /* Of a key and a right both broken, processors may tell of the key or not; of a key alone
     * they do tell. */
    processor.cr4 |= UINT64_C(1) << 22;
    processor.pkru = 2;
    *t.slot[0] = report_entry(5, 0x2a000);
    pgt_judge(&t.suite.space, VIRT, P | W | U, &processor, &verdict);
    assert_int_equal(verdict.broken, PGT_BROKE_WRITE | PGT_BROKE_KEY_WRITE);
    assert_false(verdict.outdated);
    pgt_judge(&t.suite.space, VIRT, P | W | U | PK, &processor, &verdict);
    assert_false(verdict.outdated);
    *t.slot[0] = report_entry(7, 0x2a000);
    pgt_judge(&t.suite.space, VIRT, P | W | U, &processor, &verdict);
    assert_int_equal(verdict.broken, PGT_BROKE_KEY_WRITE);
    assert_true(verdict.outdated);
    report_tables_end(&t);
}

static void addresses_that_are_not_canonical(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        struct pgt_verdict verdict;
        struct pgt_state processor = report_state(33);
        report_tables(&t, levels);
        uint64_t upper = levels == 4 ? UPPER_4 : UPPER_5;
        const uint64_t none[] = {-upper, upper - 1, UINT64_C(1) << 63};
        const uint64_t some[] = {-upper - 1, upper, UINT64_MAX, 0};
        for (unsigned i = 0; i < 3; i++) {
            pgt_judge(&t.suite.space, none[i], 0, &processor, &verdict);
            assert_int_equal(verdict.broken, PGT_BROKE_CANONICAL);
            assert_int_equal(verdict.end, 0);
        }
        for (unsigned i = 0; i < 4; i++) {
            pgt_judge(&t.suite.space, some[i], 0, &processor, &verdict);
            assert_int_equal(verdict.broken, PGT_BROKE_PRESENT);
        }
        report_tables_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_two_levels),
        cmocka_unit_test(entries_higher_up),
        cmocka_unit_test(a_1g_leaf_where_there_are_none),
        cmocka_unit_test(an_error_code_that_is_out_of_date),
        cmocka_unit_test(addresses_that_are_not_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
