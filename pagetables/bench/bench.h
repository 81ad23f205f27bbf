/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark: what a workload is, and the memory that it works on.
 */
#ifndef PAGETABLES_BENCH_BENCH_H
#define PAGETABLES_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetables/pagetables.h"

/* Frames for tables: one block of memory, handed out in ascending order and taken
 * back last in, first out.  Both sides of a comparison use it, and both by calls, since
 * nowhere is an allocator a part of the loop. */
struct arena {
    uint8_t *memory;
    size_t frames;
    size_t next;     /* first frame never handed out */
    uint32_t *given; /* stack of frames given back */
    size_t given_count;
};

/* Tables lie at physical addresses from here on, so that 0 is never one of them. */
#define ARENA_PHYS UINT64_C(0x100000)

uint64_t arena_take(struct arena *arena);
void arena_give(struct arena *arena, uint64_t phys);

static inline uint64_t *arena_table(const struct arena *arena, uint64_t phys)
{
    return (uint64_t *)(void *)(arena->memory + (phys - ARENA_PHYS));
}

/* What a run works on.  `space` is the library's; the ideal loops know the root alone. */
struct bench {
    struct arena arena;
    struct pgt_arch arch;
    bool zeroed; /* the frames hold zeros */
    struct pgt_space space;
    struct pgt_flush flush;
    uint64_t root;          /* of the ideal side */
    uint64_t result;        /* sums and counts, to compare and to keep the compiler honest */
    const uint64_t *random; /* W3, W4: page-aligned addresses below 1 TiB */
    size_t random_count;
};

struct workload {
    const char *name;
    const char *what;
    double pages; /* what the time is divided by */
    unsigned flags;
    /* What has to stand before, with the library's calls or with the ideal's. */
    void (*prepare)(struct bench *bench, bool ideal);
    void (*ours)(struct bench *bench);
    void (*ideal)(struct bench *bench);
};

#define BENCH_NO_1G     1u /* a processor without 1G pages */
#define BENCH_ZEROED    2u /* the frames are known to be zero */
#define BENCH_WARM_ONLY 4u /* what it measures is a warm path */

#define BENCH_RANDOM 100000

/* Starts anew on `used` frames, which are filled with rubbish, or with zeros. */
void bench_reset(struct bench *bench, unsigned flags, size_t used);

/* Nanoseconds, from some moment on. */
double bench_now(void);

/* Sorts them. */
double bench_median(double *value, size_t count);

/* The tables of W3. */
void bench_map_random(struct bench *bench);

/* Rows of their own, and the row of W11. */
void bench_growth(struct bench *bench);
void bench_readers(struct bench *bench);

/* The bench's arena as the library's allocator. */
struct pgt_frames bench_frames(struct bench *bench);

extern const struct workload bench_workloads[];
extern const size_t bench_workload_count;

#endif
