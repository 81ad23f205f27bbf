/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/exhaustive_trial.h"

#include <stdlib.h>
#include <string.h>

void trial_differ(struct trial *trial, const char *what)
{
    if (trial->difference == NULL)
        trial->difference = what;
}

void trial_expect(struct trial *trial, bool true_so, const char *otherwise)
{
    if (!true_so)
        trial_differ(trial, otherwise);
}

bool trial_save(const struct trial *trial, struct state *state)
{
    state->count = 0;
    for (unsigned i = 0; i < trial->plan->spaces; i++)
        if (!tables_save(&trial->tables, &trial->space[i], state))
            return false;
    return true;
}

void trial_load(struct trial *trial, const struct state *state)
{
    unsigned used = 0;

    tables_clear(&trial->tables);
    for (unsigned i = 0; i < trial->plan->spaces; i++)
        used += tables_load(&trial->tables, &trial->space[i], state->word + used);
}

/* ---- addresses ---------------------------------------------------------- */

unsigned trial_half(const struct trial *trial)
{
    return trial->extent.pages / 2;
}

bool trial_in_upper(const struct trial *trial, struct span span)
{
    return trial->plan->seal && span.end > trial->plan->seal;
}

/* Only the first root slot of a sealed half has a table, and there will be no other. */
bool trial_in_absent_slot(const struct trial *trial, struct span span)
{
    return trial->plan->seal && span.end > trial->plan->seal + pages_of(trial->extent.levels);
}

/* The address of a page, or of the end of a half. */
uint64_t trial_address(const struct trial *trial, unsigned page)
{
    uint64_t linear = page * PGT_PAGE;
    return page < trial_half(trial) ? linear : linear - trial->extent.pages * PGT_PAGE;
}

uint64_t trial_bytes(struct span span)
{
    return (span.end - span.first) * PGT_PAGE;
}

/* ---- what is always so -------------------------------------------------- */

/* The tables that a space has of its own, the root not counted. */
uint64_t trial_own_tables(const struct trial *trial, unsigned which, const struct pages *pages)
{
    struct pages own = *pages;

    if (!trial->plan->seal)
        return pages_tables(&own, &trial->extent);
    /* Of the shared part they are the first space's, which keeps the one below the first root
     * slot there. */
    if (which == 0)
        return pages_tables(&own, &trial->extent) |
               pages_table(&trial->extent, trial->extent.levels - 1, trial->plan->seal);
    for (unsigned page = trial->plan->seal; page < trial->extent.pages; page++)
        own.page[page] = (struct page){0};
    return pages_tables(&own, &trial->extent);
}

size_t trial_count_bits(uint64_t bits)
{
    return (size_t)__builtin_popcountll(bits);
}

static void expect_sound(struct trial *trial)
{
    size_t all = 0;

    for (unsigned i = 0; i < trial->plan->spaces; i++) {
        const struct pgt_space *space = &trial->space[i];
        struct pgt_fault fault = {0};
        struct pages pages;
        if (pgt_check(space, &fault) != PGT_OK)
            trial_differ(trial, fault.rule);
        if (!tables_read(&trial->tables, space, &trial->extent, &pages)) {
            trial_differ(trial, "a processor would fault on these tables");
            return;
        }
        trial_expect(
            trial, memcmp(&pages, &trial->want[i], trial->extent.pages * sizeof(struct page)) == 0,
            "the pages are not what they should be");
        size_t tables = pgt_tables(space, NULL, 0);
        trial_expect(trial,
                     tables == 1 + trial_count_bits(trial_own_tables(trial, i, &trial->want[i])),
                     "more or fewer tables than the pages need");
        all += tables;
    }
    trial_expect(trial, trial->tables.outstanding == all,
                 "frames are lost, or used and not counted");
    trial_expect(trial, trial->tables.granted == 0, "frames were reserved and not taken");
    if (trial->tables.fault)
        trial_differ(trial, trial->tables.fault);
}

/* ---- flush -------------------------------------------------------------- */

static bool flushes(const struct trial *trial, const struct pgt_flush *flush, unsigned page)
{
    uint64_t first = trial_address(trial, page);

    for (unsigned i = 0; i < flush->count; i++)
        if (flush->range[i].first <= first && flush->range[i].last >= first + (PGT_PAGE - 1))
            return true;
    return flush->everything;
}

static void expect_flush(struct trial *trial, const struct outcome *out)
{
    const struct pgt_flush *flush = &out->flush;
    const struct effect *effect = &out->effect;
    bool global = false, upper = false;

    trial_expect(trial, flush->needed == effect->narrowed, "flush.needed is wrong");
    trial_expect(trial, flush->widened == effect->widened, "flush.widened is wrong");
    if (!effect->narrowed && !effect->widened)
        trial_expect(trial, flush->count == out->held && !flush->everything, "a flush for nothing");
    for (unsigned page = 0; page < trial->extent.pages; page++) {
        if (!(effect->pages >> page & 1))
            continue;
        trial_expect(trial, flushes(trial, flush, page), "the flush misses a page");
        global |= (trial->was[out->affected].page[page].rights & PGT_GLOBAL) != 0;
        upper |= trial->plan->seal && page >= trial->plan->seal;
    }
    trial_expect(trial, flush->global || !global, "the flush misses that a page is global");
    trial_expect(trial, flush->upper == upper, "flush.upper is wrong");
}

/* ---- transitions -------------------------------------------------------- */

/* A dependent sees what the first space maps in the shared part. */
static void share(struct trial *trial)
{
    for (unsigned page = trial->plan->seal; page && page < trial->extent.pages; page++)
        trial->want[1].page[page] = trial->want[0].page[page];
}

/* A call that was refused, for a good reason, changed nothing: not even the spaces. */
static void expect_nothing_done(struct trial *trial, const struct pgt_space *before,
                                const struct state *after)
{
    const struct state *state = &trial->before;

    trial_expect(trial, memcmp(before, trial->space, sizeof(trial->space)) == 0,
                 "a refused call changed a space");
    trial_expect(trial,
                 after->count == state->count &&
                     memcmp(after->word, state->word, state->count * sizeof(uint32_t)) == 0,
                 "a refused call changed an entry");
}

/* The status of a call, and that of its dry run, which is never short of frames. */
static void expect_status(struct trial *trial, const struct outcome *out)
{
    enum pgt_status priced = out->refusal == PGT_NO_FRAMES ? PGT_OK : out->refusal;

    trial_expect(trial, out->status == out->refusal, "another status than it should be");
    if (!out->has_price)
        return;
    trial_expect(trial, out->priced == priced, "another status of the dry run than it should be");
    if (priced == PGT_OK)
        trial_expect(trial, out->price == out->cost, "the dry run foretold other frames");
}

bool trial_step(struct trial *trial, const struct step *step, struct state *ret_after)
{
    struct pgt_space before[SPACES];

    trial_load(trial, &trial->before);
    memcpy(trial->want, trial->was, sizeof(trial->want));
    memcpy(before, trial->space, sizeof(before));
    size_t spare = trial->tables.limit - trial->tables.outstanding;
    struct outcome out = trial_do_step(trial, step);
    share(trial);
    if (out.refusal == PGT_OK && out.cost > spare)
        out.refusal = PGT_NO_FRAMES;
    expect_status(trial, &out);
    if (out.refusal != PGT_OK) {
        memcpy(trial->want, trial->was, sizeof(trial->want));
        out.effect = (struct effect){0};
        out.cost = 0;
    }
    trial_expect(trial, trial->tables.takes == out.cost, "other frames were taken than foretold");
    expect_sound(trial);
    expect_flush(trial, &out);
    if (!trial_save(trial, ret_after))
        trial_differ(trial, "an entry holds what none should");
    else if (out.refusal != PGT_OK)
        expect_nothing_done(trial, before, ret_after);
    return out.refusal == PGT_NO_FRAMES;
}

/* ---- beginning and end -------------------------------------------------- */

bool trial_start(struct trial *trial, const struct plan *plan, struct state *ret_state)
{
    struct pgt_arch arch = {
        .levels = (uint8_t)plan->levels,
        .physical_bits = 36,
        .pages_1g = plan->pages_1g,
        .no_execute = true,
        .pat = PGT_PAT_LIMINE,
    };

    *trial = (struct trial){.plan = plan, .extent = plan_extent(plan)};
    trial->steps = plan_steps(plan, &trial->step_count);
    tables_init(&trial->tables);
    trial->tables.limit = plan->frames;
    const struct pgt_frames *frames = &trial->tables.frames;
    uint64_t upper = trial_address(trial, plan->seal);
    bool made = pgt_init(&trial->space[0], &arch, frames) == PGT_OK;
    if (plan->seal)
        made = made && pgt_seal(&trial->space[0], upper, 1) == PGT_OK &&
               pgt_init_on(&trial->space[1], &trial->space[0], frames) == PGT_OK;
    else if (plan->spaces == 2)
        made = made && pgt_init(&trial->space[1], &arch, frames) == PGT_OK;
    return made && trial_save(trial, ret_state);
}

void trial_finish(struct trial *trial)
{
    tables_free(&trial->tables);
    free(trial->steps);
}
