/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of threads.c: a writer that says what it does before it does it, and a reader that
 * judges what it finds by that.
 */
#ifndef PAGETABLES_TESTS_THREADS_H
#define PAGETABLES_TESTS_THREADS_H

#include "pagetables/tests/stage.h"
#include "pagetables/tests/timeline.h"

/* Pages that are changed and read most. */
#define HOT 2

#define RIGHTS (PGT_READ | PGT_WRITE | PGT_EXECUTE | PGT_USER)

/* Addresses that are mapped to one of two stretches of frames, each of which would allow the
 * largest leaves. */
struct region {
    uint64_t virt;
    uint64_t phys[2];
    uint64_t largest; /* leaf that may be split to 4K: a 1G leaf would take 513 tables */
    unsigned first;   /* units */
    unsigned count;
};

struct writer {
    struct stage *stage;
    struct pgt_space *space;
    struct timeline timeline;
    struct region region[2];
    uint64_t random;
    size_t operations;
    pthread_t thread;
};

struct reader {
    struct stage *stage;
    const struct pgt_space *space;
    const struct writer *writer[2];
    unsigned writers;
    unsigned visitor;
    uint64_t random;
    size_t reads;
    size_t beside; /* reads that an operation ran beside */
    size_t forgotten;
    pthread_t thread;
};

/* A unit's state: what its first byte maps to, and how. */
static inline uint64_t state_of(uint64_t phys, unsigned rights, enum pgt_memory memory,
                                unsigned key)
{
    return phys | rights | (uint64_t)memory << 5 | (uint64_t)key << 8;
}

static inline const struct timeline_unit *unit_of(const struct writer *writer, unsigned unit)
{
    return &writer->timeline.unit[unit];
}

/* 1024 pages of 4K from virt on, and a gigabyte that is one unit but for its first two pages. */
void writer_init(struct writer *writer, struct stage *stage, struct pgt_space *space, uint64_t virt,
                 uint64_t seed);
/* One operation at random. */
void writer_step(struct writer *writer);
/* When all is over: do the tables hold exactly what the timeline says? */
void writer_judge(const struct writer *writer);

void reader_init(struct reader *reader, struct stage *stage, const struct writer *writer,
                 unsigned writers, unsigned visitor, uint64_t seed);
/* One look at random, and its judgement. */
void reader_look(struct reader *reader);

#endif
