/* SPDX-License-Identifier: BSD-2-Clause */
/* Every state can be read, emptied and torn down. */
#include "pagetables/tests/exhaustive_trial.h"

#include <string.h>

static void expect_leaf(struct trial *trial, const struct page *page, unsigned at,
                        const struct pgt_leaf *leaf)
{
    unsigned first = at - at % pages_of(page->level);

    trial_expect(trial,
                 leaf->virt == trial_address(trial, first) &&
                     leaf->phys == (page->frame - (at - first)) * PGT_PAGE &&
                     leaf->bytes == pages_of(page->level) * PGT_PAGE &&
                     leaf->rights == page->rights && leaf->memory == page->memory &&
                     leaf->software == page->software &&
                     leaf->accessed == (page->marks & PGT_ACCESSED) &&
                     leaf->dirty == !!(page->marks & PGT_DIRTY),
                 "a reader tells another leaf");
}

static void expect_readers(struct trial *trial, unsigned which)
{
    const struct pgt_space *space = &trial->space[which];
    const struct pages *pages = &trial->was[which];
    unsigned next = trial->extent.pages; /* the next that is mapped */
    struct pgt_leaf leaf;

    for (unsigned at = trial->extent.pages; at-- > 0;) {
        const struct page *page = &pages->page[at];
        bool found = pgt_lookup(space, trial_address(trial, at) + 5, &leaf);
        trial_expect(trial, found == (page->level != 0), "pgt_lookup finds too much or too little");
        if (found && page->level)
            expect_leaf(trial, page, at, &leaf);
        next = page->level ? at : next;
        found = pgt_next(space, trial_address(trial, at), &leaf);
        trial_expect(trial, found == (next != trial->extent.pages),
                     "pgt_next ends too soon, or late");
        if (found && next != trial->extent.pages)
            expect_leaf(trial, &pages->page[next], next, &leaf);
    }
    for (size_t i = 0; i < trial->step_count; i++) {
        struct span span = trial->steps[i].span;
        trial_expect(trial,
                     pgt_is_empty(space, trial_address(trial, span.first), trial_bytes(span)) !=
                         trial_any_mapped(pages, span),
                     "pgt_is_empty is wrong");
    }
}

/* Everything unmapped, no frame is left over; and the state can be torn down as it is. */
static void expect_end(struct trial *trial, const struct state *state)
{
    struct pgt_flush flush = {0};
    unsigned half = trial_half(trial), seal = trial->plan->seal;
    uint64_t bytes = half * PGT_PAGE;

    for (unsigned i = 0; i < trial->plan->spaces; i++) {
        struct pgt_space *space = &trial->space[i];
        bool shares = seal && i == 1;
        enum pgt_status status = pgt_unmap(space, 0, shares ? seal * PGT_PAGE : bytes, &flush);
        if (status == PGT_OK && !shares)
            status = pgt_unmap(space, trial_address(trial, half), bytes, &flush);
        trial_expect(trial, status == PGT_OK, "what is mapped can't be unmapped");
    }
    trial_expect(trial, trial->tables.outstanding == trial->plan->spaces + (seal != 0),
                 "frames are left over");
    trial_load(trial, state);
    for (unsigned i = trial->plan->spaces; i > 0; i--)
        trial_expect(trial, pgt_destroy(&trial->space[i - 1]) == PGT_OK, "can't be destroyed");
    trial_expect(trial, trial->tables.outstanding == 0, "frames survive the space");
    if (seal)
        trial->space[0].dependents = 1;
}

void trial_visit(struct trial *trial, const uint32_t *word, unsigned words)
{
    trial->before.count = words;
    memcpy(trial->before.word, word, words * sizeof(*word));
    trial_load(trial, &trial->before);
    for (unsigned i = 0; i < trial->plan->spaces; i++) {
        if (!tables_read(&trial->tables, &trial->space[i], &trial->extent, &trial->was[i]))
            trial_differ(trial, "a processor would fault on these tables");
        expect_readers(trial, i);
    }
    expect_end(trial, &trial->before);
}
