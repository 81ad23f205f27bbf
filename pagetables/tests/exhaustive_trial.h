/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One world of the exhaustive test at work: a state is loaded, a step is tried in it, and what
 * comes of it is compared with the model.  The first difference is kept as a text.
 */
#ifndef PAGETABLES_TESTS_EXHAUSTIVE_TRIAL_H
#define PAGETABLES_TESTS_EXHAUSTIVE_TRIAL_H

#include "pagetables/tests/exhaustive_plan.h"
#include "pagetables/tests/exhaustive_tables.h"

#define SPACES 2

/* One plan, with the state at hand in the spaces' tables. */
struct trial {
    const struct plan *plan;
    struct extent extent;
    struct step *steps;
    size_t step_count;
    struct tables tables;
    struct pgt_space space[SPACES];
    struct pages was[SPACES];  /* what the state at hand maps; of a dependent, the shared too */
    struct pages want[SPACES]; /* what it should map after a step */
    struct state before;       /* the state at hand */
    const char *difference;    /* the first, or null */
};

/* Makes the spaces of a plan, and tells the first state.  False if that can't be. */
bool trial_start(struct trial *trial, const struct plan *plan, struct state *ret_state);
void trial_finish(struct trial *trial);

/* Makes a state the one at hand, and shows that it can be read, emptied and torn down. */
void trial_visit(struct trial *trial, const uint32_t *word, unsigned words);
/* Tries a step in the state at hand, which is loaded anew.  Tells whether it was refused for want
 * of frames. */
bool trial_step(struct trial *trial, const struct step *step, struct state *ret_after);

/* ---- for the files of the trial ----------------------------------------- */

void trial_differ(struct trial *trial, const char *what);
void trial_expect(struct trial *trial, bool true_so, const char *otherwise);
bool trial_save(const struct trial *trial, struct state *ret_state);
void trial_load(struct trial *trial, const struct state *state);

/* The first page of the upper half. */
unsigned trial_half(const struct trial *trial);
/* Does a part of the span lie in what is sealed? */
bool trial_in_upper(const struct trial *trial, struct span span);
/* Only the first root slot of a sealed part has a table, and there will be no other. */
bool trial_in_absent_slot(const struct trial *trial, struct span span);
/* The address of a page, or of the end of a half. */
uint64_t trial_address(const struct trial *trial, unsigned page);
uint64_t trial_bytes(struct span span);
bool trial_any_mapped(const struct pages *pages, struct span span);

/* The tables that a space has of its own, the root not counted, as pages_tables(). */
uint64_t trial_own_tables(const struct trial *trial, unsigned which, const struct pages *pages);
size_t trial_count_bits(uint64_t bits);

/* What a call was seen to do, and what it should have done. */
struct outcome {
    enum pgt_status status;
    enum pgt_status priced; /* by the dry run, if there is one */
    enum pgt_status refusal;
    bool has_price;
    size_t price;
    size_t cost;
    struct pgt_flush flush;
    struct effect effect;
    unsigned held;     /* ranges that the gather held before */
    unsigned affected; /* space whose flush it is */
};

struct outcome trial_do_step(struct trial *trial, const struct step *step);

#endif
