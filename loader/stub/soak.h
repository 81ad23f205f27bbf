/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations on several programs at once, against a model of what each should see.
 */
#ifndef LOADER_STUB_SOAK_H
#define LOADER_STUB_SOAK_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/stub/process.h"
#include "loader/stub/random.h"

#define SOAK_PROGRAMS 6

/* The heap's pages, and behind them the page of the program's data. */
#define SOAK_PAGES (PROCESS_HEAP_PAGES + 1)

/* A program, and the one word in each of its pages that isn't 0 any more. */
struct soak_program {
    bool alive;
    struct process process;
    uint64_t word[SOAK_PAGES];
};

enum soak_operation {
    SOAK_WRITE,
    SOAK_READ,
    SOAK_KERNEL_WRITE,
    SOAK_KERNEL_READ,
    SOAK_UNMAP,
    SOAK_CRIME,
    SOAK_FORK,
    SOAK_EXIT,
    SOAK_OPERATIONS
};

struct soak {
    struct stub *stub;
    struct random random;
    struct soak_program program[SOAK_PROGRAMS];
    unsigned alive;
    uint64_t done[SOAK_OPERATIONS];
    uint64_t resolved; /* faults, of programs that have ended */
};

/* Starts with one program.  The seed is not 0. */
bool soak_begin(struct soak *soak, struct stub *stub, uint64_t seed);

/* One operation, chosen at random.  False if what came of it is not what the model says; a note
 * tells. */
bool soak_step(struct soak *soak);

/* Are the tables of all programs sound, and does every page of theirs hold what it should?  Reads
 * through the direct map, and changes nothing. */
bool soak_is_right(const struct soak *soak);

/* Reads every page of every program from ring 3, and ends them all. */
bool soak_end(struct soak *soak);

#endif
