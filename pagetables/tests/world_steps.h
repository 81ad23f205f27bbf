/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of random operations.  Each draws its arguments, foretells from the model whether
 * they are refused and what they cost, calls the library, and does the same to the model.
 */
#ifndef PAGETABLES_TESTS_WORLD_STEPS_H
#define PAGETABLES_TESTS_WORLD_STEPS_H

#include "pagetables/tests/world.h"

/* ---- a call, and what it should have done ------------------------------- */

/* What is true before a call. */
struct world_call {
    struct world_member *member;
    struct pgt_space space;
    struct pgt_flush flush;
    size_t reserves;
    size_t refusals;
    size_t takes;
};

struct world_call world_count_call(struct world *world, struct world_member *member);
/* The same after frames were rationed, and with a gather for the call. */
struct world_call world_start_call(struct world *world, struct world_member *member);
/* Was the call carried out?  Else it changed nothing, and has the right reason: `refusal`,
 * or none but the lack of frames. */
bool world_carried_out(struct world *world, const struct world_call *call, enum pgt_status status,
                       enum pgt_status refusal, size_t cost);
/* Does the range at hand reach what a dependent shares? */
bool world_reaches_upper(const struct world *world, const struct world_member *member);

/* ---- the steps ---------------------------------------------------------- */

void world_step_map(struct world *world, struct world_member *member);
void world_step_unmap(struct world *world, struct world_member *member);
void world_step_protect(struct world *world, struct world_member *member);
void world_step_promote(struct world *world, struct world_member *member);
void world_step_split(struct world *world, struct world_member *member);
void world_step_clone(struct world *world, struct world_member *member);
void world_step_mark(struct world *world, struct world_member *member);
void world_step_harvest(struct world *world, struct world_member *member);
void world_step_unmap_harvest(struct world *world, struct world_member *member);
void world_step_read(struct world *world, struct world_member *member);
void world_step_adopt(struct world *world, struct world_member *member);
void world_step_nonsense(struct world *world, struct world_member *member);

/* The next step of a world: of any kind, at any member, its dependents made and ended; then
 * a look at a few pages in and around its range, now and then at all that there is. */
void world_step(struct world *world);

#endif
