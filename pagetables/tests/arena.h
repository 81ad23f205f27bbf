/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory for tests: an array of frames with small physical addresses
 * that polices the allocator's contract.  It fails the test at a second give of
 * a frame, at a frame that was never taken, at a take that reserve() did not
 * grant, and at a reserve() of nothing.
 */
#ifndef PAGETABLES_TESTS_ARENA_H
#define PAGETABLES_TESTS_ARENA_H

#include "pagetables/pagetables.h"

struct arena {
    struct pgt_frames frames; /* hand this to the library */
    uint64_t base;            /* physical address of the first frame */
    size_t count;             /* frames in the arena */
    uint8_t *memory;          /* the frames themselves */
    void *own_memory;         /* the same, or null if it is somebody else's */
    bool *is_taken;           /* per frame */
    size_t *free_index;       /* the free frames, in the order in which they are taken */
    size_t outstanding;       /* taken and not given back */
    size_t limit;             /* reserve() refuses more than this outstanding */
    size_t refuse_in;         /* the n-th reserve() from now is refused; 0 never */
    size_t granted;           /* takes that may still come */
    size_t reserves;          /* calls of reserve() so far */
    size_t refusals;          /* those that were refused */
    size_t takes;
    size_t gives;
    uint64_t last_given;
    uint64_t random;
};

/* An arena of `count` frames from physical address `base` on, all filled with
 * rubbish.  The seed decides in which order frames are handed out. */
void arena_init(struct arena *arena, uint64_t base, size_t count, uint64_t seed);
/* The same in memory of the caller's, of count frames. */
void arena_init_in(struct arena *arena, uint8_t *memory, uint64_t base, size_t count,
                   uint64_t seed);
void arena_free(struct arena *arena);

/* A zeroed frame for tables that a test makes by hand. */
uint64_t arena_take_zeroed(struct arena *arena);

/* The entry array of the frame at a physical address, or null where that is no
 * frame that is taken at the moment. */
uint64_t *arena_table(const struct arena *arena, uint64_t physical);

/* Everything that a failed call or a reader must leave alone: all bytes of all
 * frames, and which of them are taken. */
struct arena_snapshot {
    uint8_t *memory;
    bool *is_taken;
    size_t takes;
    size_t gives;
};

struct arena_snapshot arena_snapshot(const struct arena *arena);
/* Fails the test unless nothing changed; releases the snapshot. */
void arena_assert_unchanged(const struct arena *arena, struct arena_snapshot *snapshot);
void arena_drop_snapshot(struct arena_snapshot *snapshot);

/* Fails the test unless everything granted was taken. */
void arena_assert_settled(const struct arena *arena);

/* A small generator (xorshift64*), so that a printed seed replays a run. */
uint64_t arena_random(uint64_t *state);

/* A number that a person set, as PGT_SEED, in the environment; `otherwise` where nobody did. */
uint64_t arena_from_environment(const char *name, uint64_t otherwise);

#endif
