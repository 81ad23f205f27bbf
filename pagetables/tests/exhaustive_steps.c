/* SPDX-License-Identifier: BSD-2-Clause */
/* Carrying out a step, and foretelling what comes of it. */
#include "pagetables/tests/exhaustive_trial.h"

#include <string.h>

static struct pgt_protection protection_of(const struct step *step)
{
    return (struct pgt_protection){
        .change = step->what,
        .rights = step->as.rights,
        .memory = step->as.memory,
        .software = step->as.software,
    };
}

static void do_map(struct trial *trial, const struct step *step, struct outcome *out)
{
    struct pgt_space *space = &trial->space[step->space];
    struct pages *want = &trial->want[step->space];
    struct pgt_mapping mapping = {
        .virt = trial_address(trial, step->span.first),
        .phys = (step->span.first + step->shift) * PGT_PAGE,
        .bytes = trial_bytes(step->span),
        .rights = step->as.rights,
        .memory = step->as.memory,
        .software = step->as.software,
        .promote = step->promote,
    };

    if (trial_in_absent_slot(trial, step->span))
        out->refusal = PGT_SEALED;
    out->has_price = true;
    out->priced = pgt_map_cost(space, &mapping, &out->price);
    out->effect = pages_map(want, &trial->extent, step->span, step->shift, step->as);
    out->cost = trial_count_bits(trial_own_tables(trial, step->space, want) &
                                 ~trial_own_tables(trial, step->space, &trial->was[step->space]));
    if (step->promote) {
        struct effect more = pages_promote(want, &trial->extent, step->span);
        out->effect.narrowed |= more.narrowed;
        out->effect.pages |= more.pages;
    }
    out->status = pgt_map(space, &mapping, &out->flush);
}

/* Of the operations that change one space and can take frames: the frames. */
static void expect_cost(struct trial *trial, const struct step *step, struct outcome *out)
{
    out->has_price = true;
    out->cost = trial_count_bits(trial_own_tables(trial, step->space, &trial->want[step->space]) &
                                 ~trial_own_tables(trial, step->space, &trial->was[step->space]));
}

static void do_change(struct trial *trial, const struct step *step, struct outcome *out)
{
    struct pgt_space *space = &trial->space[step->space];
    struct pages *want = &trial->want[step->space];
    struct pgt_protection protection = protection_of(step);
    uint64_t virt = trial_address(trial, step->span.first), bytes = trial_bytes(step->span);
    uint64_t largest = pages_of(step->what ? step->what : 1) * PGT_PAGE;

    switch ((enum step_kind)step->kind) {
    case STEP_UNMAP:
        out->priced = pgt_unmap_cost(space, virt, bytes, &out->price);
        out->effect = pages_unmap(want, &trial->extent, step->span);
        expect_cost(trial, step, out);
        out->status = pgt_unmap(space, virt, bytes, &out->flush);
        break;
    case STEP_PROTECT:
        out->priced = pgt_protect_cost(space, virt, bytes, &protection, &out->price);
        out->effect = pages_protect(want, &trial->extent, step->span, step->what, step->as);
        expect_cost(trial, step, out);
        out->status = pgt_protect(space, virt, bytes, &protection, &out->flush);
        break;
    case STEP_SPLIT:
        out->priced = pgt_split_cost(space, virt, bytes, largest, &out->price);
        pages_split(want, &trial->extent, step->span, step->what);
        expect_cost(trial, step, out);
        out->status = pgt_split(space, virt, bytes, largest);
        break;
    default: /* STEP_PROMOTE */
        out->effect = pages_promote(want, &trial->extent, step->span);
        out->status = pgt_promote(space, virt, bytes, &out->flush);
        break;
    }
}

bool trial_any_mapped(const struct pages *pages, struct span span)
{
    for (unsigned page = span.first; page < span.end; page++)
        if (pages->page[page].level)
            return true;
    return false;
}

static void do_clone(struct trial *trial, const struct step *step, struct outcome *out)
{
    const unsigned software = 2;
    unsigned to = step->space, from = 1 - step->space;
    uint64_t virt = trial_address(trial, step->span.first), bytes = trial_bytes(step->span);
    enum pgt_clone how = (enum pgt_clone)step->what;
    size_t to_price = 0, from_price = 0;
    bool upper = trial_in_upper(trial, step->span);

    out->has_price = true;
    out->affected = from;
    out->priced = pgt_clone_cost(&trial->space[to], &trial->space[from], virt, bytes, how,
                                 &to_price, &from_price);
    if (trial_in_absent_slot(trial, step->span) ||
        (upper && (to == 1 || (from == 1 && how == PGT_CLONE_COPY_ON_WRITE))))
        out->refusal = PGT_SEALED;
    else if (trial_any_mapped(&trial->was[to], step->span))
        out->refusal = PGT_OCCUPIED;
    if (out->refusal == PGT_OK) {
        out->effect = pages_clone(&trial->want[to], &trial->want[from], &trial->extent, step->span,
                                  how, software);
        for (unsigned i = 0; i < SPACES; i++) {
            size_t cost = trial_count_bits(trial_own_tables(trial, i, &trial->want[i]) &
                                           ~trial_own_tables(trial, i, &trial->was[i]));
            trial_expect(trial, cost == (i == to ? to_price : from_price) || out->priced != PGT_OK,
                         "a clone's frames are on the wrong side");
            out->cost += cost;
        }
    }
    out->price = to_price + from_price;
    out->status =
        pgt_clone(&trial->space[to], &trial->space[from], virt, bytes, how, software, &out->flush);
}

static void do_marks(struct trial *trial, const struct step *step, struct outcome *out)
{
    struct pgt_space *space = &trial->space[step->space];
    struct pages *want = &trial->want[step->space];
    const struct page *page = &want->page[step->span.first];
    struct pgt_harvest sum = {0}, want_sum = {0};

    if (step->kind == STEP_MARK) {
        if (!page->level || (step->what && !(page->rights & PGT_WRITE)))
            return;
        tables_mark(&trial->tables, space, step->span.first, step->what);
        pages_mark(want, step->span.first, step->what);
        return;
    }
    for (unsigned at = 0; at < trial->extent.pages; at++) {
        const struct page *is = &want->page[at];
        unsigned first = is->level ? at - at % pages_of(is->level) : at;
        if (!is->level || first >= step->span.end ||
            first + pages_of(is->level) <= step->span.first)
            continue;
        want_sum.mapped += PGT_PAGE;
        want_sum.accessed += is->marks & PGT_ACCESSED ? PGT_PAGE : 0;
        want_sum.dirty += is->marks & PGT_DIRTY ? PGT_PAGE : 0;
    }
    out->effect = pages_harvest(want, &trial->extent, step->span, step->what);
    out->status = pgt_harvest(space, trial_address(trial, step->span.first),
                              trial_bytes(step->span), step->what, NULL, NULL, &sum, &out->flush);
    if (out->status == PGT_OK)
        trial_expect(trial, memcmp(&sum, &want_sum, sizeof(sum)) == 0, "the harvest is wrong");
}

/* Every other step gets a gather that has room for one range only. */
static void fill_gather(const struct trial *trial, const struct step *step, struct outcome *out)
{
    out->held = (step - trial->steps) % 2 ? PGT_FLUSH_RANGES - 1 : 0;
    out->flush.count = out->held;
    for (unsigned i = 0; i < out->held; i++) {
        /* Far from all pages, and from each other. */
        out->flush.range[i].first = (i + 1) * UINT64_C(0x100000000);
        out->flush.range[i].last = out->flush.range[i].first + (PGT_PAGE - 1);
    }
}

struct outcome trial_do_step(struct trial *trial, const struct step *step)
{
    struct outcome out = {.affected = step->space};

    fill_gather(trial, step, &out);
    if (step->space == 1 && trial_in_upper(trial, step->span))
        out.refusal = PGT_SEALED;
    switch ((enum step_kind)step->kind) {
    case STEP_MAP:
        do_map(trial, step, &out);
        break;
    case STEP_CLONE:
        do_clone(trial, step, &out);
        break;
    case STEP_MARK:
    case STEP_HARVEST:
        do_marks(trial, step, &out);
        break;
    default:
        do_change(trial, step, &out);
        break;
    }
    return out;
}
