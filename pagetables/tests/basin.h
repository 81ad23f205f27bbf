/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A little memory with a pool over it, for the tests of the pool.
 */
#ifndef PAGETABLES_TESTS_BASIN_H
#define PAGETABLES_TESTS_BASIN_H

#include "pagetables/tests/suite.h"

#define BASIN_FRAMES 16

struct basin {
    uint8_t *bytes;
    struct pgt_pool pool;
    struct pgt_frames frames;
};

/* A pool over BASIN_FRAMES frames from physical address `base`, none added yet. */
void basin_start(struct basin *basin, uint64_t base);

bool basin_reserve(struct basin *basin, size_t count);
uint64_t basin_take(struct basin *basin);
void basin_give(struct basin *basin, uint64_t frame);

/* How many frames are free and in quarantine; how many gives were refused. */
void basin_expect(const struct basin *basin, size_t free_, size_t quarantine);
void basin_expect_refusals(const struct basin *basin, size_t twice, size_t foreign);

/* Takes all `count` frames, each within base..base+BASIN_FRAMES and each once; writes
 * over all of each, as a table would. */
void basin_take_all(struct basin *basin, uint64_t base, size_t count, uint64_t *frame);

#endif
