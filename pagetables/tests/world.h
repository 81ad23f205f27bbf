/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small world for random operations: two owners of address spaces, on one
 * allocator or each on its own, and dependents on the first one's upper; what each of
 * them should hold; a generator of awkward arguments; and the comparisons.
 */
#ifndef PAGETABLES_TESTS_WORLD_H
#define PAGETABLES_TESTS_WORLD_H

#include "pagetables/tests/model.h"
#include "pagetables/tests/suite.h"

#define WORLD_MEMBERS 4
#define WORLD_OWNERS  2   /* the first members; the others are dependents of member 0 */
#define WORLD_FRAMES  256 /* of an owner's allocator, at most */

/* A space and what it should hold. */
struct world_member {
    bool exists;
    struct pgt_space space;
    struct model model;     /* of its own part */
    bool kept[PGT_ENTRIES]; /* sealed root slots that have a table for good */
    bool had_global;        /* a global leaf was mapped at some time */
    struct arena *arena;
};

/* Where draws come from, if not from the world's own generator: a fuzzer's input. */
struct world_source {
    uint64_t (*draw)(void *context, uint64_t below);
    void *context;
};

struct world {
    struct arena arena[WORLD_OWNERS];
    unsigned arenas;
    struct pgt_arch arch;
    struct world_member member[WORLD_MEMBERS];
    unsigned windows[2];
    uint64_t linear;       /* physical minus virtual where mappings agree */
    enum pgt_memory usual; /* memory type of most mappings */
    uint64_t virt, bytes;  /* the range of the last operation */
    uint8_t *memory;       /* for WORLD_OWNERS times WORLD_FRAMES frames; null: it allocates */
    struct walk_list list; /* for walks, kept to save allocations */
    const struct world_member *checked; /* the last one that was compared whole in this step */
    struct pgt_flush before;            /* what the gather held before the operation */
    uint64_t steps;                     /* so far */
    uint64_t seal_at;                   /* the step before which the first owner is sealed */
    struct world_source source;
    uint64_t random;
    uint64_t seed;      /* of the whole run, for messages */
    uint64_t operation; /* of this one */
    uint64_t operations;
};

uint64_t world_draw(struct world *world, uint64_t below);
bool world_chance(struct world *world, unsigned one_in);

/* A page-aligned range; often the last one again, or next to it. */
void world_draw_range(struct world *world);
uint64_t world_draw_address(struct world *world);
struct model_attributes world_draw_attributes(struct world *world);
struct pgt_mapping world_draw_mapping(struct world *world);

int world_slot_shift(const struct world *world);
unsigned world_slot_of(const struct world *world, uint64_t virt);
/* The first address of the upper half. */
uint64_t world_first_upper(const struct world *world);
/* The first address of a root slot. */
uint64_t world_slot_start(const struct world *world, unsigned slot);

bool world_is_dependent(const struct world *world, const struct world_member *member);
bool world_is_sealed(const struct world *world);
/* All that a member sees: its own part, and what it shares.  To be freed. */
struct model world_view(const struct world *world, const struct world_member *member);
/* The model that holds a page that a member sees. */
struct model *world_holder(struct world *world, struct world_member *member, uint64_t virt);

/* Makes the allocators of a world scarce, in ways that differ from call to call. */
void world_ration(struct world *world);
void world_unration(struct world *world);

/* The gather for an operation: now and then it holds something already. */
struct pgt_flush world_flush(struct world *world);
void world_check_flush(const struct world *world, const struct world_member *member,
                       const struct pgt_flush *flush, const struct model_change *change);

/* pgt_check(), and a few pages in and around the range of the last operation; nothing if the
 * member was compared whole since. */
void world_check_near(struct world *world, struct world_member *member);
/* All leaves, and the number of tables, which is returned. */
size_t world_check_member(struct world *world, struct world_member *member);
/* The same of all members, and the frames taken. */
void world_check(struct world *world);

/* Draws a new world, with one owner or two; `random`, `seed`, `source`, `memory` and the counts
 * of the run stay. */
void world_start(struct world *world);
/* Seals the first owner somewhere, so that it can have dependents. */
void world_seal(struct world *world);
/* Ends a dependent if there is one in its place, and makes it if there is none. */
void world_turn_dependent(struct world *world, struct world_member *member);
/* Unmaps and destroys all; every allocator is back at the count that it had. */
void world_end(struct world *world);
void world_free(struct world *world);

#endif
