/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process-context identifiers, live: two address spaces that show different pages at one
 * address.  Where the processor has no PCIDs the same code runs with id 0, which always flushes.
 *
 * A processor may forget a translation at any time, so a test can't insist that one is kept;
 * it insists on what must never happen, and says what it saw.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/features.h"
#include "loader/stub/lower.h"
#include "pagetables/live.h"
#include "pagetables/pcid.h"

#define IDS 2

enum { FIRST, SECOND, CHANGED, WORDS };

static const uint64_t word[WORDS] = {
    UINT64_C(0x6669727374212121),
    UINT64_C(0x7365636f6e642121),
    UINT64_C(0x6368616e67656421),
};

struct pcid_test {
    struct stub *stub;
    struct lower lower[2];
    struct pgt_pcid_slot slot[IDS];
    struct pgt_pcids pcids;
    uint64_t home;
};

/* Switches to a space as a scheduler would; returns whether its old translations were kept.  */
static bool switch_to(struct pcid_test *test, unsigned which)
{
    struct pgt_space *space = &test->lower[which].space;
    bool flush;
    unsigned id = pgt_pcids_assign(&test->pcids, space, &flush);

    cr3_write(pgt_cr3(space->root, id, !flush));
    return !flush;
}

static uint64_t seen(void)
{
    return *(volatile uint64_t *)LOWER_PAGE;
}

static void go_home(const struct pcid_test *test)
{
    cr3_write(test->home);
}

static bool map_word(struct pcid_test *test, unsigned which, unsigned content)
{
    uint64_t phys = test->stub->frame + content * PGT_PAGE;
    struct pgt_mapping mapping = {
        .virt = LOWER_PAGE, .phys = phys, .bytes = PGT_PAGE, .rights = PGT_READ};
    struct pgt_flush flush = {0};

    *(uint64_t *)stub_direct(test->stub, phys) = word[content];
    return pgt_map(&test->lower[which].space, &mapping, &flush) == PGT_OK;
}

static void check_switches(struct pcid_test *test, bool has_pcid)
{
    struct tap *tap = &test->stub->tap;
    bool right = true, kept = true;

    switch_to(test, FIRST);
    right = right && seen() == word[FIRST];
    switch_to(test, SECOND);
    right = right && seen() == word[SECOND];
    for (unsigned i = 0; i < 8; i++) {
        unsigned which = i % 2 == 0 ? FIRST : SECOND;

        kept = switch_to(test, which) && kept;
        right = right && seen() == word[which];
    }
    tap_ok(tap, right, "each space shows its own page, after ten switches");
    tap_ok(tap, kept == has_pcid,
           has_pcid ? "eight of them kept what was cached" : "without PCIDs each of them flushed");
}

/* The first space changes while it doesn't run.  Nobody flushes, which is the caller's fault;
 * so what is seen may be stale, but never the other space's. */
static void check_stale(struct pcid_test *test, bool has_pcid)
{
    struct tap *tap = &test->stub->tap;
    uint64_t without, with;

    switch_to(test, FIRST);
    (void)seen();
    switch_to(test, SECOND);
    if (!tap_ok(tap, map_word(test, FIRST, CHANGED), "the first space changes behind its back"))
        return;
    switch_to(test, FIRST);
    without = seen();
    page_invalidate(LOWER_PAGE);
    with = seen();
    if (has_pcid)
        tap_ok(tap, without == word[FIRST] || without == word[CHANGED],
               "switched to without a flush, it shows the old page or the new one: %s",
               without == word[FIRST] ? "the old one" : "the new one");
    else
        tap_equal(tap, without, word[CHANGED], "switched to with a flush, it shows the new page");
    tap_equal(tap, with, word[CHANGED], "flushed, it shows the new page");
}

/* The second space's id goes to the first, whose own it was not: nothing may be left of the
 * former owner's translations. */
static void check_reassignment(struct pcid_test *test, bool has_pcid)
{
    struct pgt_space *first = &test->lower[FIRST].space, *second = &test->lower[SECOND].space;
    struct tap *tap = &test->stub->tap;
    bool flush;
    unsigned old, new;

    switch_to(test, SECOND);
    (void)seen();
    old = pgt_pcids_assign(&test->pcids, second, &flush);
    pgt_pcids_drop(&test->pcids, first);
    pgt_pcids_drop(&test->pcids, second);
    new = pgt_pcids_assign(&test->pcids, first, &flush);
    if (new != old)
        new = pgt_pcids_assign(&test->pcids, &test->pcids, &flush);
    tap_ok(tap, has_pcid ? new == old &&flush : new == 0 && flush,
           has_pcid ? "an id that was dropped is lent again, and wants a flush"
                    : "without PCIDs the id is 0 and wants a flush");
    cr3_write(pgt_cr3(first->root, new, !flush));
    tap_equal(tap, seen(), word[CHANGED], "under it the former owner's page doesn't show");
}

static void run(struct pcid_test *test, const struct features *features)
{
    struct tap *tap = &test->stub->tap;
    unsigned ids = features->pcid ? IDS : 0;

    test->home = cr3_read();
    if (!tap_ok(tap, pgt_pcids_init(&test->pcids, test->slot, 1, ids) == PGT_OK,
                "a database of %u ids", ids))
        return;
    features_enable(&(struct features){.pcid = features->pcid});
    tap_ok(tap, !(cr4_read() & CR4_PCIDE) == !features->pcid,
           features->pcid ? "PCIDs are on" : "the processor has no PCIDs");
    check_switches(test, features->pcid);
    check_stale(test, features->pcid);
    check_reassignment(test, features->pcid);
    go_home(test);
    /* Clearing the bit forgets the translations of every id (SDM 4.10.4.1). */
    cr4_write(cr4_read() & ~CR4_PCIDE);
}

void check_pcid(struct stub *stub)
{
    struct features features = features_detect();
    struct pcid_test test = {.stub = stub};

    if (!stub->adopted) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "process-context identifiers");
        return;
    }
    if (!lower_open(&test.lower[FIRST], stub, "one PCID"))
        return;
    if (lower_open(&test.lower[SECOND], stub, "another PCID")) {
        if (tap_ok(&stub->tap, map_word(&test, FIRST, FIRST) && map_word(&test, SECOND, SECOND),
                   "both map a page at the same address"))
            run(&test, &features);
        lower_close(&test.lower[SECOND]);
    }
    lower_close(&test.lower[FIRST]);
}
