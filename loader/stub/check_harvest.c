/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accessed and dirty bits: pgt_harvest() clears them, and the processor sets them again.
 */
#include "loader/stub/checks.h"
#include "loader/stub/lower.h"
#include "pagetables/live.h"

#define PAGES 3

/* Reads all bits of the test's pages and clears them, so that the next access counts. */
static struct pgt_harvest harvest(struct lower *lower, unsigned clear)
{
    struct pgt_harvest sum = {0};
    struct pgt_flush flush = {0};

    if (pgt_harvest(&lower->space, LOWER_PAGE, PAGES * PGT_PAGE, clear, 0, 0, &sum, &flush) !=
        PGT_OK)
        tap_note("pgt_harvest refused");
    pgt_finish(&flush, 0, &lower->stub->pool);
    return sum;
}

static volatile uint64_t *page(unsigned index)
{
    return (volatile uint64_t *)(LOWER_PAGE + index * PGT_PAGE);
}

static void check_bits(struct lower *lower)
{
    struct tap *tap = &lower->stub->tap;
    unsigned both = PGT_ACCESSED | PGT_DIRTY;
    struct pgt_harvest sum = harvest(lower, both);
    struct pgt_leaf leaf;

    tap_ok(tap, sum.accessed == PAGES * PGT_PAGE && sum.dirty == PAGES * PGT_PAGE,
           "mapping presets accessed and dirty");
    sum = harvest(lower, both);
    tap_ok(tap, sum.accessed == 0 && sum.dirty == 0 && sum.mapped == PAGES * PGT_PAGE,
           "cleared, they stay so while nothing is touched");
    (void)*page(1);
    sum = harvest(lower, 0);
    tap_ok(tap, sum.accessed == PGT_PAGE && sum.dirty == 0,
           "the processor marks the page that is read as accessed, and no other");
    *page(2) = 1;
    sum = harvest(lower, 0);
    tap_ok(tap, sum.accessed == 2 * PGT_PAGE && sum.dirty == PGT_PAGE,
           "and the one that is written as dirty too");
    tap_ok(tap,
           pgt_lookup(&lower->space, LOWER_PAGE + 2 * PGT_PAGE, &leaf) && leaf.dirty &&
               pgt_lookup(&lower->space, LOWER_PAGE, &leaf) && !leaf.accessed,
           "the right ones");
    sum = harvest(lower, PGT_DIRTY);
    *page(2) = 2;
    sum = harvest(lower, both);
    tap_equal(tap, sum.dirty, PGT_PAGE,
              "written again after its bit was cleared, it is dirty again");
}

void check_harvest(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct lower lower;

    if (!stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "accessed and dirty bits");
        return;
    }
    if (!lower_open(&lower, stub, "pages whose use is watched"))
        return;
    if (tap_ok(tap,
               lower_map(&lower, &(struct pgt_mapping){.virt = LOWER_PAGE,
                                                       .phys = stub->frame,
                                                       .bytes = PAGES * PGT_PAGE,
                                                       .rights = PGT_READ | PGT_WRITE}),
               "it maps three")) {
        lower_enter(&lower);
        check_bits(&lower);
        lower_leave(&lower);
    }
    lower_close(&lower);
}
