/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a further processor does: it writes down how it came, works together with the others,
 * and stands still for ever.
 */
#ifndef LOADER_STUB_PROCESSOR_H
#define LOADER_STUB_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/limine.h"
#include "loader/stub/entry.h"

/* The local vector table's entries, as far as every local APIC has them. */
#define PROCESSOR_LVT 4

/* The part of a local APIC's state that base revision 5 defines. */
struct apic_state {
    bool readable; /* where it is in memory, that has to be mapped */
    bool x2;
    uint32_t id;
    uint32_t task_priority;
    uint32_t spurious;
    uint32_t lvt[PROCESSOR_LVT]; /* timer, LINT0, LINT1, error */
};

/* One processor.  Each writes to its own alone, but for `done`, which it sets last. */
struct processor {
    struct entry_state state; /* entry.S */
    struct apic_state apic;
    uint64_t mtrrs;     /* a sum over all of them that changes with each */
    bool stack_is_good; /* from the first byte to the last that was asked for */
    bool done;
};

_Static_assert(offsetof(struct processor, state) == 0, "entry.S");

/* What all of them work on. */
struct work {
    uint64_t registers; /* virtual address of the local APIC's, in memory; 0: not mapped */
    uint64_t lock;
    uint64_t guarded; /* one more for each turn of each processor, under the lock, */
    uint64_t atomic;  /* and without it */
};
#define WORK_TURNS 1000

extern struct work work;

/* Where a loader shall send a processor (entry.S); its info's extra_argument is the address of
 * its struct processor. */
extern const char processor_entry[];

/* Of the processor that calls it. */
struct apic_state processor_apic(void);
uint64_t processor_mtrrs(void);

/* A processor's part of the work. */
void processor_work(void);

/* C's first function on a further processor: entry.S calls it. */
_Noreturn void processor_main(struct processor *processor);

#endif
