/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault reports: which rules an access breaks, against an oracle that was written from SDM 4.5
 * to 4.7 and goes through all combinations of bits in two entries, accesses and
 * processor states; and the reports' text, word by word.
 */
#include "pagetables/explain.h"
#include "pagetables/tests/suite.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* Error codes, written out (SDM 4.7). */
enum { P = 1, W = 2, U = 4, RSVD = 8, I = 16, PK = 32, SS = 64, HLAT = 128, SGX = 0x8000 };

/* ---- a page of text ---------------------------------------------------------- */

#define LINES 48

struct page {
    char line[LINES][128];
    unsigned count;
};

static void put_line(void *context, const char *text)
{
    struct page *page = context;
    assert_true(page->count < LINES);
    if (strlen(text) >= 100)
        fail_msg("%zu columns: %s", strlen(text), text);
    for (const char *at = text; *at; at++)
        assert_true(*at >= ' ' && *at < 127);
    assert_true(text[0] != 0 && text[strlen(text) - 1] != ' ');
    strcpy(page->line[page->count++], text);
}

static void expect_page(const struct page *page, const char *const *expected, unsigned count)
{
    for (unsigned i = 0; i < count && i < page->count; i++)
        assert_string_equal(page->line[i], expected[i]);
    if (page->count > count)
        fail_msg("one line more: %s", page->line[count]);
    assert_int_equal(page->count, count);
}

#define EXPECT_PAGE(page, ...)                                                                     \
    expect_page((page), (const char *const[]){__VA_ARGS__},                                        \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

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

#define VIRT UINT64_C(0x8080604400) /* indices 1, 2, 3, 4 */

/* Tables made by hand, one of each level on the way to VIRT. */
struct tables {
    struct suite suite;
    uint64_t *slot[5]; /* by level - 1 */
    unsigned levels;
};

static void tables_start(struct tables *t, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(&t->suite, &arch);
    suite_map(&t->suite, VIRT & ~UINT64_C(0xfff), 0x1000, RWX | PGT_USER, 0x2a000);
    t->levels = levels;
    for (unsigned level = 1; level <= levels; level++)
        t->slot[level - 1] = walk_entry(&t->suite.arena, &arch, t->suite.space.root, VIRT, level);
}

/* The entries are no longer what the space thinks, so there is nothing to destroy. */
static void tables_end(struct tables *t)
{
    arena_free(&t->suite.arena);
}

static struct pgt_state state_of(unsigned bits)
{
    return (struct pgt_state){
        .cr0 = bits & 1 ? UINT64_C(1) << 16 : 0,
        .cr4 = (bits & 2 ? UINT64_C(1) << 20 : 0) | (bits & 4 ? UINT64_C(1) << 21 : 0) |
               (bits & 8 ? UINT64_C(1) << 22 : 0) | (bits & 16 ? UINT64_C(1) << 24 : 0),
        .efer = bits & 32 ? UINT64_C(1) << 11 : 0,
        .rflags = bits & 64 ? UINT64_C(1) << 18 : 0,
    };
}

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
        struct pgt_state state = state_of(bits);
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

/* P, R/W, U/S, XD, a reserved address bit. */
static uint64_t entry_of(unsigned bits, uint64_t address)
{
    return address | (bits & 1) | (bits & 2) | (bits & 4) | (bits & 8 ? UINT64_C(1) << 63 : 0) |
           (bits & 16 ? UINT64_C(1) << 46 : 0);
}

static void every_combination_of_two_levels(void **state)
{
    size_t cases = 0;
    (void)state;

    struct tables t;
    tables_start(&t, 4);
    uint64_t table = *t.slot[1] & UINT64_C(0xffffffffff000);
    for (unsigned upper = 0; upper < 32; upper++) {
        /* A table, which is looked into only if it is present and sound. */
        *t.slot[1] = entry_of(upper, table);
        bool deep = (upper & 17) == 1;
        for (unsigned lower = 0; lower < (deep ? 32 : 1); lower++) {
            uint64_t key = lower & 4 ? 6 : 9;
            *t.slot[0] = entry_of(lower, 0x2a000) | key << 59;
            cases += compare_all(&t);
        }
        /* A page of 2M; PAT is no reserved bit there, those above it are. */
        for (unsigned more = 0; more < 3; more++) {
            *t.slot[1] = entry_of(upper, 0x400000) | 0x80 | UINT64_C(6) << 59 |
                         (more == 1   ? 0x1000
                          : more == 2 ? 0x100000
                                      : 0);
            cases += compare_all(&t);
        }
    }
    tables_end(&t);
    print_message("%zu cases\n", cases);
}

/* Rights that an entry further up withholds; bits that are reserved there. */
static void entries_higher_up(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        tables_start(&t, levels);
        for (unsigned level = 2; level <= levels; level++) {
            uint64_t sound = *t.slot[level - 1];
            for (unsigned bits = 0; bits < 32; bits++) {
                *t.slot[level - 1] =
                    entry_of(bits, sound & UINT64_C(0xffffffffff000)) | (sound & 0x20);
                struct pgt_state processor = state_of(127);
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
        tables_end(&t);
    }
}

/* A processor without 1G pages reserves the bit that asks for one. */
static void a_1g_leaf_where_there_are_none(void **state)
{
    struct tables t;
    struct pgt_verdict verdict;
    struct pgt_state processor = state_of(33);
    (void)state;

    tables_start(&t, 4);
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
    tables_end(&t);
}

/* The error code of a fault that can't come from these entries. */
static void an_error_code_that_is_out_of_date(void **state)
{
    static const struct {
        unsigned lower; /* as entry_of() */
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
    struct pgt_state processor = state_of(33);
    (void)state;

    tables_start(&t, 4);
    processor.ring = 3;
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        *t.slot[0] = entry_of(row[i].lower, 0x2a000);
        pgt_judge(&t.suite.space, VIRT, row[i].code, &processor, &verdict);
        if (verdict.outdated != row[i].outdated)
            fail_msg("row %u: broken %#x, outdated %d", i, verdict.broken, verdict.outdated);
    }
    /* Of a key and a right both broken, processors may tell of the key or not; of a key alone
     * they do tell. */
    processor.cr4 |= UINT64_C(1) << 22;
    processor.pkru = 2;
    *t.slot[0] = entry_of(5, 0x2a000);
    pgt_judge(&t.suite.space, VIRT, P | W | U, &processor, &verdict);
    assert_int_equal(verdict.broken, PGT_BROKE_WRITE | PGT_BROKE_KEY_WRITE);
    assert_false(verdict.outdated);
    pgt_judge(&t.suite.space, VIRT, P | W | U | PK, &processor, &verdict);
    assert_false(verdict.outdated);
    *t.slot[0] = entry_of(7, 0x2a000);
    pgt_judge(&t.suite.space, VIRT, P | W | U, &processor, &verdict);
    assert_int_equal(verdict.broken, PGT_BROKE_KEY_WRITE);
    assert_true(verdict.outdated);
    tables_end(&t);
}

static void addresses_that_are_not_canonical(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        struct pgt_verdict verdict;
        struct pgt_state processor = state_of(33);
        tables_start(&t, levels);
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
        tables_end(&t);
    }
}

/* ---- the report -------------------------------------------------------------- */

static struct page explain(struct tables *t, uint64_t virt, uint64_t code, unsigned ring,
                           unsigned bits)
{
    struct page page = {.count = 0};
    struct pgt_state processor = state_of(bits);
    processor.ring = ring;
    pgt_explain(&t->suite.space, virt, code, &processor, put_line, &page);
    return page;
}

/* Sound tables down to a page table, and an entry in that. */
static void put_path(struct tables *t, uint64_t leaf)
{
    for (unsigned level = t->levels; level > 1; level--) {
        uint64_t table = *t->slot[level - 1] & UINT64_C(0xffffffffff000);
        *t->slot[level - 1] = table | 0x067;
    }
    *t->slot[0] = leaf;
}

/* The lines of the tables above the leaf, whose addresses are the arena's. */
static void expect_path(const struct tables *t, const struct page *page, unsigned first,
                        unsigned lowest)
{
    static const char *const name[] = {"PT  ", "PD  ", "PDPT", "PML4", "PML5"};
    static const unsigned index[] = {4, 3, 2, 1, 0};
    for (unsigned level = t->levels; level >= lowest; level--) {
        char want[128];
        uint64_t entry = *t->slot[level - 1];
        snprintf(want, sizeof(want), "  %s[%3u] 0x%016lx rwxu-a- table at 0x%012lx",
                 name[level - 1], index[level - 1], (unsigned long)entry,
                 (unsigned long)(entry & UINT64_C(0xffffffffff000)));
        assert_string_equal(page->line[first + t->levels - level], want);
    }
}

static void a_write_to_what_is_read_only(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        char root[128];
        tables_start(&t, levels);
        put_path(&t, UINT64_C(0x800000000002a025));
        struct page page = explain(&t, VIRT, P | W | U, 3, 1 | 2 | 4 | 32);
        snprintf(root, sizeof(root), "%u levels of tables from 0x%012lx", levels,
                 (unsigned long)t.suite.space.root);
        assert_int_equal(page.count, 6 + levels);
        assert_string_equal(page.line[0], "a write by ring 3 to 0x0000008080604400");
        assert_string_equal(page.line[1], "error code 0x7: present, write, user");
        assert_string_equal(page.line[2], "processor: WP SMEP SMAP NXE");
        assert_string_equal(page.line[3], root);
        expect_path(&t, &page, 4, 2);
        assert_string_equal(page.line[3 + levels],
                            "  PT  [  4] 0x800000000002a025 r--u-a- 4K at 0x00000002a000 WB");
        assert_string_equal(page.line[4 + levels],
                            "broken: a write to a page that is read-only because of PT[4]");
        assert_string_equal(page.line[5 + levels], "advice: a store to constants or code? or "
                                                   "copy-on-write that nobody resolved");
        tables_end(&t);
    }
}

/* The lines behind the walk, and the last of the walk itself. */
struct ending {
    uint64_t leaf;
    uint64_t code;
    unsigned ring;
    unsigned bits; /* of state_of() */
    const char *line[6];
};

static void every_rule_in_words(void **state)
{
    static const struct ending ending[] = {
        {0,
         U,
         3,
         33,
         {"  PT  [  4] 0x0000000000000000 not present",
          "broken: nothing is mapped there: not present in PT[4]",
          "advice: never mapped, freed already, or a guard page: a stack that overflowed?"}},
        {0,
         U | I,
         3,
         33,
         {"  PT  [  4] 0x0000000000000000 not present",
          "broken: nothing is mapped there: not present in PT[4]",
          "advice: a call through a wild pointer, or a return address that was overwritten"}},
        {UINT64_C(0x400000000fe),
         U | P,
         3,
         33,
         {"  PT  [  4] 0x00000400000000fe not present",
          "broken: nothing is mapped there: not present in PT[4]",
          "but the error code tells of something else: the entries changed meanwhile",
          "advice: never mapped, freed already, or a guard page: a stack that overflowed?"}},
        {UINT64_C(0x000440000002a067),
         P | RSVD,
         0,
         33,
         {"  PT  [  4] 0x000440000002a067 reserved bits 0x0004400000000000",
          "broken: a reserved bit is set in PT[4]",
          "advice: tables that were overwritten, or built for another processor (width, NXE, "
          "1G)"}},
        {0x2a063,
         P | U,
         3,
         33,
         {"  PT  [  4] 0x000000000002a063 rwx--ad 4K at 0x00000002a000 WB",
          "broken: ring 3 in a page of the kernel because of PT[4]",
          "advice: a program that reached for the kernel; or map the page with PGT_USER"}},
        {0x2a067,
         P | I,
         0,
         35,
         {"  PT  [  4] 0x000000000002a067 rwxu-ad 4K at 0x00000002a000 WB",
          "broken: SMEP: the kernel fetched instructions from a user page",
          "advice: a function pointer of the kernel that leads into user memory"}},
        {0x2a067,
         P,
         0,
         37,
         {"  PT  [  4] 0x000000000002a067 rwxu-ad 4K at 0x00000002a000 WB",
          "broken: SMAP: the kernel touched data in a user page",
          "advice: user memory is to be touched between STAC and CLAC alone"}},
        {UINT64_C(0x8000000000000023) | 0x2a000 | 0x100,
         P | I,
         0,
         33,
         {"  PT  [  4] 0x800000000002a123 rw--ga- 4K at 0x00000002a000 WB",
          "broken: an instruction fetch from a page that is no-execute because of PT[4]",
          "advice: a jump into data or a stack; or map the page with PGT_EXECUTE"}},
        {UINT64_C(0x3000000000000007) | 0x2a000,
         P | W | U | PK,
         3,
         33 | 8,
         {"  PT  [  4] 0x300000000002a007 rwxu--- 4K at 0x00000002a000 WB key 6",
          "broken: a protection key denies writes: key 6",
          "advice: PKRU (of user pages) or IA32_PKRS (of supervisor pages) decides over keys"}},
        {UINT64_C(0x4800000000000003) | 0x2a000,
         P | PK,
         0,
         33 | 16,
         {"  PT  [  4] 0x480000000002a003 rwx---- 4K at 0x00000002a000 WB key 9",
          "broken: a protection key denies access to data: key 9",
          "advice: PKRU (of user pages) or IA32_PKRS (of supervisor pages) decides over keys"}},
        {UINT64_C(0x07f0000000000e17) | 0x2a000,
         P | U,
         3,
         33,
         {"  PT  [  4] 0x07f000000002ae17 rwxu--- 4K at 0x00000002a000 UC- software 0x3ff",
          "broken: none, the entries allow this now: a stale translation, or changed meanwhile",
          "advice: invalidate the address and try again; should it go on, a flush is missing"}},
        {0x2a065,
         P | W | U | SS,
         3,
         33,
         {"  PT  [  4] 0x000000000002a065 r-xu-ad 4K at 0x00000002a000 WB",
          "broken: a rule of shadow stacks, HLAT or SGX, which aren't judged here",
          "advice: invalidate the address and try again; should it go on, a flush is missing"}},
        {UINT64_C(0x8000000000000021) | 0x2a000,
         P | W | U,
         3,
         33 | 8,
         {"  PT  [  4] 0x800000000002a021 r----a- 4K at 0x00000002a000 WB",
          "broken: ring 3 in a page of the kernel because of PT[4]",
          "broken: a write to a page that is read-only because of PT[4]",
          "advice: a program that reached for the kernel; or map the page with PGT_USER"}},
    };
    struct tables t;
    (void)state;

    tables_start(&t, 4);
    for (unsigned i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        struct page page = {.count = 0};
        struct pgt_state processor = state_of(ending[i].bits);
        unsigned lines = 0;
        processor.ring = ending[i].ring;
        processor.pkru = 2u << 12;
        processor.pkrs = 1u << 18;
        put_path(&t, ending[i].leaf);
        pgt_explain(&t.suite.space, VIRT, ending[i].code, &processor, put_line, &page);
        while (lines < 6 && ending[i].line[lines])
            lines++;
        assert_int_equal(page.count, 7 + lines);
        for (unsigned k = 0; k < lines; k++)
            assert_string_equal(page.line[7 + k], ending[i].line[k]);
    }
    tables_end(&t);
}

/* Which entry withholds the right: the highest that does. */
static void an_entry_higher_up_is_named(void **state)
{
    struct tables t;
    (void)state;

    tables_start(&t, 5);
    put_path(&t, 0x2a065);
    *t.slot[2] &= ~UINT64_C(2);
    *t.slot[3] &= ~UINT64_C(4);
    *t.slot[4] |= UINT64_C(1) << 63;
    struct page page = explain(&t, VIRT, P | W | U, 3, 33);
    assert_memory_equal(page.line[4] + 31, "rw-u-a- table at ", 17);
    assert_string_equal(page.line[9], "broken: ring 3 in a page of the kernel because of PML4[1]");
    assert_string_equal(page.line[10],
                        "broken: a write to a page that is read-only because of PDPT[2]");
    page = explain(&t, VIRT, P | I | U, 3, 33);
    assert_string_equal(page.line[10], "broken: an instruction fetch from a page that is "
                                       "no-execute because of PML5[0]");
    /* The walk stops where it ends. */
    *t.slot[3] = 0;
    page = explain(&t, VIRT, U, 3, 33);
    assert_int_equal(page.count, 8);
    assert_string_equal(page.line[5], "  PML4[  1] 0x0000000000000000 not present");
    assert_string_equal(page.line[6], "broken: nothing is mapped there: not present in PML4[1]");
    tables_end(&t);
}

static void larger_pages(void **state)
{
    struct tables t;
    (void)state;

    tables_start(&t, 4);
    put_path(&t, 0x2a065);
    *t.slot[1] = UINT64_C(0x80000000004010e5) | UINT64_C(15) << 59;
    struct page page = explain(&t, VIRT, P | W | U, 3, 33);
    assert_string_equal(page.line[6],
                        "  PD  [  3] 0xf8000000004010e5 r--u-ad 2M at 0x000000400000 WP key 15");
    *t.slot[2] = UINT64_C(0x0000000080000183);
    page = explain(&t, VIRT, P | U, 3, 33);
    assert_string_equal(page.line[5],
                        "  PDPT[  2] 0x0000000080000183 rwx-g-- 1G at 0x000080000000 WB");
    tables_end(&t);
}

static void who_did_what_to_where(void **state)
{
    static const struct {
        uint64_t code;
        unsigned ring;
        const char *first, *second;
    } row[] = {
        {0, 0, "a read by ring 0 of 0x0000000000000010",
         "error code 0x0: not present, read, supervisor"},
        {W, 1, "a write by ring 1 to 0x0000000000000010",
         "error code 0x2: not present, write, supervisor"},
        {I, 2, "an instruction fetch by ring 2 from 0x0000000000000010",
         "error code 0x10: not present, fetch, supervisor"},
        {W, 3, "a write by the processor itself to 0x0000000000000010",
         "error code 0x2: not present, write, supervisor"},
        /* defect 17: these were unknown. */
        {5, 3, "a read by ring 3 of 0x0000000000000010", "error code 0x5: present, read, user"},
        {6, 3, "a write by ring 3 to 0x0000000000000010",
         "error code 0x6: not present, write, user"},
        {7, 3, "a write by ring 3 to 0x0000000000000010", "error code 0x7: present, write, user"},
        {9, 0, "a read by ring 0 of 0x0000000000000010",
         "error code 0x9: present, read, supervisor, reserved"},
        {17, 0, "an instruction fetch by ring 0 from 0x0000000000000010",
         "error code 0x11: present, fetch, supervisor"},
        {20, 3, "an instruction fetch by ring 3 from 0x0000000000000010",
         "error code 0x14: not present, fetch, user"},
        {21, 3, "an instruction fetch by ring 3 from 0x0000000000000010",
         "error code 0x15: present, fetch, user"},
        {P | W | U | PK | SS | HLAT | SGX, 3, "a write by ring 3 to 0x0000000000000010",
         "error code 0x80e7: present, write, user, key, SS, HLAT, SGX"},
    };
    struct tables t;
    (void)state;

    tables_start(&t, 4);
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct page page = explain(&t, 0x10, row[i].code, row[i].ring, 33);
        assert_string_equal(page.line[0], row[i].first);
        assert_string_equal(page.line[1], row[i].second);
        assert_string_equal(page.line[page.count - 1],
                            "advice: a null pointer, or a member or an element of one");
    }
    struct page page = explain(&t, UINT64_C(0) - 8, 0, 0, 33);
    assert_string_equal(page.line[page.count - 1],
                        "advice: a small negative number taken for a pointer, or an index below "
                        "a null pointer");
    page = explain(&t, 0x10, UINT64_C(0x100010000), 0, 33);
    assert_string_equal(page.line[1], "error code 0x100010000: not present, read, supervisor");
    assert_string_equal(page.line[2], "error code: nobody knows bits 0x100010000");
    tables_end(&t);
}

static void the_processor_in_words(void **state)
{
    struct tables t;
    (void)state;

    tables_start(&t, 4);
    struct page page = explain(&t, 0, 0, 0, 0);
    assert_string_equal(page.line[2], "processor: none of WP, SMEP, SMAP, PKE, PKS, NXE");
    page = explain(&t, 0, 0, 0, 127);
    assert_string_equal(page.line[2], "processor: WP SMEP SMAP PKE PKS NXE AC PKRU 0x00000000 "
                                      "PKRS 0x00000000");
    page = explain(&t, 0, 0, 0, 64);
    assert_string_equal(page.line[2], "processor: AC");
    tables_end(&t);
}

static void not_canonical_in_words(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        tables_start(&t, levels);
        struct page page = explain(&t, UINT64_C(0x4141414141414141), 0, 3, 33);
        EXPECT_PAGE(&page, "an access to 0x4141414141414141",
                    levels == 4 ? "broken: not canonical, bits 63 to 47 differ: general "
                                  "protection, not a page fault"
                                : "broken: not canonical, bits 63 to 56 differ: general "
                                  "protection, not a page fault",
                    "advice: a pointer that was overwritten, or never was one");
        tables_end(&t);
    }
}

/* Whatever is in the entries and the registers, lines keep their width, and nothing but the
 * tables is read. */
static void rubbish_keeps_its_width(void **state)
{
    uint64_t random = 20251121;
    struct tables t;
    uint64_t sound[3];
    (void)state;

    tables_start(&t, 4);
    for (unsigned level = 0; level < 3; level++)
        sound[level] = *t.slot[level];
    for (unsigned i = 0; i < 30000; i++) {
        struct page page = {.count = 0};
        unsigned level = (unsigned)(arena_random(&random) % 3);
        for (unsigned k = 0; k < 3; k++)
            *t.slot[k] = sound[k];
        /* Never a table anywhere else. */
        *t.slot[level] = arena_random(&random) | (level > 0 ? 0x80 : 0);
        uint64_t mask = arena_random(&random) % 3 ? UINT64_C(0xffff) : UINT64_MAX;
        struct pgt_state processor = {arena_random(&random),
                                      arena_random(&random),
                                      arena_random(&random),
                                      arena_random(&random),
                                      (uint32_t)arena_random(&random),
                                      (uint32_t)arena_random(&random),
                                      (unsigned)(arena_random(&random) & 3)};
        pgt_explain(&t.suite.space, VIRT, arena_random(&random) & mask, &processor, put_line,
                    &page);
        assert_true(page.count >= 8);
    }
    tables_end(&t);
}

/* ---- registers, code, backtrace ---------------------------------------------- */

static void registers_in_lines(void **state)
{
    struct page page = {.count = 0};
    const struct pgt_registers registers = {
        .rax = 1,
        .rbx = 2,
        .rcx = 3,
        .rdx = 4,
        .rsi = 5,
        .rdi = 6,
        .rbp = 7,
        .rsp = 8,
        .r8 = 9,
        .r9 = 10,
        .r10 = 11,
        .r11 = 12,
        .r12 = 13,
        .r13 = 14,
        .r14 = 15,
        .r15 = 16,
        .rip = UINT64_MAX,
        .rflags = 0x3246 | 1u << 18,
        .cs = 0x2b,
        .ss = 0x23,
        .cr0 = 0x80010033,
        .cr2 = 17,
        .cr3 = 18,
        .cr4 = 19,
    };
    (void)state;

    pgt_explain_registers(&registers, put_line, &page);
    EXPECT_PAGE(
        &page,
        "rax 0000000000000001  rbx 0000000000000002  rcx 0000000000000003  rdx 0000000000000004",
        "rsi 0000000000000005  rdi 0000000000000006  rbp 0000000000000007  rsp 0000000000000008",
        "r8  0000000000000009  r9  000000000000000a  r10 000000000000000b  r11 000000000000000c",
        "r12 000000000000000d  r13 000000000000000e  r14 000000000000000f  r15 0000000000000010",
        "rip ffffffffffffffff  flg 0000000000043246  cs  000000000000002b  ss  0000000000000023",
        "cr0 0000000080010033  cr2 0000000000000011  cr3 0000000000000012  cr4 0000000000000013",
        "ring 3, IOPL 3, flags PF ZF IF AC");
    page.count = 0;
    pgt_explain_registers(&(struct pgt_registers){.rflags = UINT64_MAX}, put_line, &page);
    assert_string_equal(page.line[6],
                        "ring 0, IOPL 3, flags CF PF AF ZF SF TF IF DF OF NT RF VM AC ID");
}

static void selectors_in_words(void **state)
{
    struct page page = {.count = 0};
    (void)state;

    pgt_explain_selector(0, put_line, &page);
    pgt_explain_selector(0x28, put_line, &page);
    pgt_explain_selector(0x2c, put_line, &page);
    pgt_explain_selector(0x172, put_line, &page);
    pgt_explain_selector(0x173, put_line, &page);
    pgt_explain_selector(UINT64_MAX, put_line, &page);
    EXPECT_PAGE(&page, "error code 0x0: no selector was wrong",
                "error code 0x28: entry 5 of the GDT", "error code 0x2c: entry 5 of the LDT",
                "error code 0x172: entry 46 of the IDT",
                "error code 0x173: entry 46 of the IDT, while an event from outside was delivered",
                "error code 0xffffffffffffffff: entry 8191 of the IDT, while an event from outside "
                "was delivered");
}

static void code_in_lines(void **state)
{
    struct page page = {.count = 0};
    uint8_t bytes[33];
    (void)state;

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 16 + i);
    pgt_explain_code(0x1000, bytes, 33, 0x1010, put_line, &page);
    pgt_explain_code(0x1000, bytes, 2, 0x1002, put_line, &page);
    pgt_explain_code(UINT64_C(0) - 2, bytes, 2, UINT64_MAX, put_line, &page);
    pgt_explain_code(0x1000, bytes, 0, 0x1000, put_line, &page);
    EXPECT_PAGE(&page, "code 0x0000000000001000: 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff",
                "code 0x0000000000001010: <10> 21 32 43 54 65 76 87 98 a9 ba cb dc ed fe 0f",
                "code 0x0000000000001020: 20", "code 0x0000000000001000: 00 11",
                "code 0xfffffffffffffffe: 00 <11>");
}

static const char strings[] = "\0main\0write_text\0data\0outer\0label\0"
                              "a_name_that_is_far_longer_than_a_line_of_a_report_may_ever_be\0"
                              "odd\nname\0unended";
enum { MAIN = 1, WRITE_TEXT = 6, DATA = 17, OUTER = 22, LABEL = 28, LONG = 34, ODD = 96 };

#define TEXT UINT64_C(0xffffffff80000000)

/* In no order, and with all that shall be passed over. */
static const struct pgt_symbol symbol[] = {
    {WRITE_TEXT, STT_FUNC, 0, 1, TEXT + 0x200, 0x20},
    {DATA, STT_OBJECT, 0, 2, TEXT + 0x208, 0x100},
    {MAIN, STB_GLOBAL << 4 | STT_FUNC, 0, 1, TEXT + 0x100, 0x80},
    {OUTER, STT_FUNC, 0, 1, TEXT, 0x1000},
    {LABEL, STT_NOTYPE, 0, 1, TEXT + 0x800, 0},
    {DATA, STT_FUNC, 0, SHN_UNDEF, TEXT + 0x210, 0x100},
    {0, STT_FUNC, 0, 1, TEXT + 0x218, 8},
    {0xffffff, STT_FUNC, 0, 1, TEXT + 0x218, 8},
    {sizeof(strings) - 4, STT_FUNC, 0, 1, TEXT + 0x218, 8}, /* cut off below, so without an end */
    {DATA, STT_SECTION, 0, 1, TEXT + 0x218, 8},
    {LABEL, STT_NOTYPE, 0, 1, TEXT + 0x100, 0}, /* as main, but doesn't say its size */
    {LONG, STT_FUNC, 0, 1, TEXT + 0x2000, 0x10},
    {ODD, STT_FUNC, 0, 1, TEXT + 0x2010, 0x10},
};

static const struct pgt_symbols symbols = {
    .symbol = symbol,
    .count = sizeof(symbol) / sizeof(symbol[0]),
    .strings = strings,
    .strings_bytes = sizeof(strings) - 1,
};

static void expect_symbol(const struct pgt_symbols *from, uint64_t address, const char *name,
                          uint64_t offset)
{
    const char *found;
    size_t length;
    uint64_t at;
    assert_true(pgt_symbol_of(from, address, &found, &length, &at));
    assert_int_equal(length, strlen(name));
    assert_memory_equal(found, name, length);
    assert_int_equal(at, offset);
}

static void symbols_of_addresses(void **state)
{
    const char *name;
    size_t length;
    uint64_t offset;
    (void)state;

    assert_int_equal(sizeof(struct pgt_symbol), sizeof(Elf64_Sym));
    assert_int_equal(offsetof(struct pgt_symbol, info), offsetof(Elf64_Sym, st_info));
    assert_int_equal(offsetof(struct pgt_symbol, section), offsetof(Elf64_Sym, st_shndx));
    assert_int_equal(offsetof(struct pgt_symbol, value), offsetof(Elf64_Sym, st_value));
    assert_int_equal(offsetof(struct pgt_symbol, size), offsetof(Elf64_Sym, st_size));

    expect_symbol(&symbols, TEXT, "outer", 0);
    expect_symbol(&symbols, TEXT + 0x100, "main", 0);
    expect_symbol(&symbols, TEXT + 0x17f, "main", 0x7f);
    /* Behind main the label that shares its start has no known end. */
    expect_symbol(&symbols, TEXT + 0x180, "label", 0x80);
    expect_symbol(&symbols, TEXT + 0x200, "write_text", 0);
    expect_symbol(&symbols, TEXT + 0x21f, "write_text", 0x1f);
    expect_symbol(&symbols, TEXT + 0x220, "label", 0x120);
    expect_symbol(&symbols, TEXT + 0x900, "label", 0x100);
    assert_false(pgt_symbol_of(&symbols, TEXT - 1, &name, &length, &offset));
    assert_false(pgt_symbol_of(&symbols, 0, &name, &length, &offset));
    assert_false(pgt_symbol_of(NULL, TEXT, &name, &length, &offset));
    struct pgt_symbols moved = symbols;
    moved.slide = UINT64_C(0) - 0x40000000;
    expect_symbol(&moved, TEXT - 0x40000000 + 0x201, "write_text", 1);
    moved.count = 0;
    assert_false(pgt_symbol_of(&moved, TEXT, &name, &length, &offset));
}

/* A stack of words at STACK. */
#define STACK UINT64_C(0xffff900000001000)
struct stack {
    uint64_t word[80];
    unsigned reads;
};

static bool read_stack(void *context, uint64_t virt, uint64_t *ret_value)
{
    struct stack *stack = context;
    stack->reads++;
    if (virt < STACK || virt - STACK >= sizeof(stack->word) || (virt & 7))
        return false;
    *ret_value = stack->word[(virt - STACK) / 8];
    return true;
}

static struct page backtrace(struct stack *stack, uint64_t rbp, const struct pgt_symbols *from)
{
    struct page page = {.count = 0};
    struct pgt_reader reader = {read_stack, stack};
    pgt_explain_backtrace(TEXT + 0x204, rbp, &reader, from, put_line, &page);
    return page;
}

static void a_backtrace(void **state)
{
    struct stack stack = {{0}, 0};
    (void)state;

    stack.word[0] = STACK + 0x20;
    stack.word[1] = TEXT + 0x110;
    stack.word[4] = STACK + 0x40;
    stack.word[5] = TEXT + 0x180; /* behind a call that never returns: still main's */
    stack.word[8] = 0;
    stack.word[9] = 0x1234;
    struct page page = backtrace(&stack, STACK, &symbols);
    EXPECT_PAGE(&page, "#0  0xffffffff80000204 write_text+0x4", "#1  0xffffffff80000110 main+0x10",
                "#2  0xffffffff80000180 main+0x80", "#3  0x0000000000001234",
                "end: the frame pointer is 0");
    page = backtrace(&stack, STACK, NULL);
    assert_string_equal(page.line[1], "#1  0xffffffff80000110");
    stack.word[1] = TEXT + 0x2004;
    stack.word[5] = TEXT + 0x2014;
    page = backtrace(&stack, STACK, &symbols);
    assert_string_equal(page.line[1], "#1  0xffffffff80002004 a_name_that_is_far_longer_than_a_"
                                      "line_of_a_repor...+0x4");
    assert_string_equal(page.line[2], "#2  0xffffffff80002014 odd?name+0x4");
}

static void a_backtrace_that_breaks_off(void **state)
{
    struct stack stack = {{0}, 0};
    (void)state;

    struct page page = backtrace(&stack, 0, &symbols);
    EXPECT_PAGE(&page, "#0  0xffffffff80000204 write_text+0x4", "end: the frame pointer is 0");
    assert_int_equal(stack.reads, 0);
    page = backtrace(&stack, STACK + 4, &symbols);
    assert_string_equal(page.line[1], "end: the frame pointer is not aligned");
    assert_int_equal(stack.reads, 0);
    page = backtrace(&stack, STACK - 8, &symbols);
    assert_string_equal(page.line[1], "end: the frame pointer leads to what can't be read");
    page = backtrace(&stack, STACK + sizeof(stack.word) - 8, &symbols);
    assert_string_equal(page.line[1], "end: the frame pointer leads to what can't be read");
    page = backtrace(&stack, UINT64_C(0) - 8, &symbols); /* the return address would wrap */
    assert_string_equal(page.line[1], "end: the frame pointer leads to what can't be read");
    page = backtrace(&stack, STACK, &symbols);
    assert_string_equal(page.line[1], "end: the return address is 0");
    stack.word[1] = TEXT;
    for (uint64_t down = 0; down <= 8; down += 8) {
        stack.word[2] = STACK + 16 - down; /* a loop, or downwards */
        stack.word[3] = TEXT;
        page = backtrace(&stack, STACK + 16, &symbols);
        assert_string_equal(page.line[1], "end: the next frame is not above this one");
        assert_int_equal(page.count, 2);
    }
    for (unsigned i = 0; i < 80; i += 2) {
        stack.word[i] = STACK + (i + 2) * 8;
        stack.word[i + 1] = TEXT + 0x101;
    }
    page = backtrace(&stack, STACK, &symbols);
    assert_int_equal(page.count, PGT_BACKTRACE_FRAMES + 1);
    assert_string_equal(page.line[10], "#10 0xffffffff80000101 main+0x1");
    assert_string_equal(page.line[PGT_BACKTRACE_FRAMES], "end: no more frames are listed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_two_levels),
        cmocka_unit_test(entries_higher_up),
        cmocka_unit_test(a_1g_leaf_where_there_are_none),
        cmocka_unit_test(an_error_code_that_is_out_of_date),
        cmocka_unit_test(addresses_that_are_not_canonical),
        cmocka_unit_test(a_write_to_what_is_read_only),
        cmocka_unit_test(every_rule_in_words),
        cmocka_unit_test(an_entry_higher_up_is_named),
        cmocka_unit_test(larger_pages),
        cmocka_unit_test(who_did_what_to_where),
        cmocka_unit_test(the_processor_in_words),
        cmocka_unit_test(not_canonical_in_words),
        cmocka_unit_test(rubbish_keeps_its_width),
        cmocka_unit_test(registers_in_lines),
        cmocka_unit_test(selectors_in_words),
        cmocka_unit_test(code_in_lines),
        cmocka_unit_test(symbols_of_addresses),
        cmocka_unit_test(a_backtrace),
        cmocka_unit_test(a_backtrace_that_breaks_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
