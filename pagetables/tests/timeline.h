/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a reader without locks may see.
 *
 * The writer says of every operation, before it starts, what each unit of addresses will
 * then map to.  A reader notes which operation was the last one completed before it read and
 * which the last one started after.  What it read is legal if it is what the unit was after
 * the former, or what any operation since made of it; anything else is a mixture,
 * or a page that was lost.
 *
 * One writer and any number of readers to a timeline, without locks either.
 */
#ifndef PAGETABLES_TESTS_TIMELINE_H
#define PAGETABLES_TESTS_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/* How many changes of a unit are remembered.  A reader that was suspended for longer gets no
 * judgement. */
#define TIMELINE_RING 512

struct timeline_unit {
    uint64_t virt;
    uint64_t bytes;
    uint64_t changes; /* so far; the i-th is in ring[i % TIMELINE_RING] */
    struct {
        uint64_t operation;
        uint64_t state;
    } ring[TIMELINE_RING];
};

struct timeline {
    struct timeline_unit *unit; /* ascending by address */
    unsigned count;
    uint64_t started; /* operations are numbered from 1 */
    uint64_t completed;
};

/* A state is any number that the test chooses; 0 stands for "not mapped". */
#define TIMELINE_ABSENT UINT64_C(0)
/* Asks for any state but absent. */
#define TIMELINE_PRESENT UINT64_MAX

void timeline_init(struct timeline *timeline, unsigned capacity);
void timeline_free(struct timeline *timeline);
/* Another unit, above all before; absent. */
void timeline_add(struct timeline *timeline, uint64_t virt, uint64_t bytes);

/* The writer's: of each unit what it is, and what the next operation makes of it; then start,
 * the operation, complete. */
uint64_t timeline_state(const struct timeline *timeline, unsigned unit);
void timeline_change(struct timeline *timeline, unsigned unit, uint64_t state);
void timeline_start(struct timeline *timeline);
void timeline_complete(struct timeline *timeline);

/* A reader's: open, read the tables, close, judge. */
struct timeline_window {
    uint64_t first;
    uint64_t last;
};

void timeline_open(const struct timeline *timeline, struct timeline_window *window);
void timeline_close(const struct timeline *timeline, struct timeline_window *window);

enum timeline_verdict { TIMELINE_LEGAL, TIMELINE_ILLEGAL, TIMELINE_FORGOTTEN };

enum timeline_verdict timeline_judge(const struct timeline *timeline, unsigned unit,
                                     struct timeline_window window, uint64_t state);

#endif
