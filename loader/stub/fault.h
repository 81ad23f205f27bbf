/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions: those that a test provokes, and those that nobody expected.
 */
#ifndef LOADER_STUB_FAULT_H
#define LOADER_STUB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/fault/names.h"
#include "loader/fault/trap.h"

/* Bits of a page fault's error code (SDM 4.7). */
#define FAULT_PRESENT  1u /* a right was missing, not the page */
#define FAULT_WRITE    2u
#define FAULT_USER     4u
#define FAULT_RESERVED 8u
#define FAULT_FETCH    16u
#define FAULT_KEY      32u

struct fault {
    uint64_t vector;
    uint64_t error;
    uint64_t address; /* CR2; of page faults */
    uint64_t rip;
};

/* Calls f(argument).  True if that raised a page fault, a general-protection fault or a double
 * fault: then ret_fault says which, and f was left where it stood.  Any other exception, and any
 * exception at all outside of a probe, is reported and ends the kernel. */
bool fault_probe(void (*f)(uint64_t), uint64_t argument, struct fault *ret_fault);

/* The same, and `see` looks at the exception while all is as it was: the stack of f too. */
bool fault_probe_seen(void (*f)(uint64_t), uint64_t argument, struct fault *ret_fault,
                      void (*see)(void *context, const struct trap_frame *frame, uint64_t address),
                      void *context);

/* Who is asked first about each page fault, in ring 3 and in the kernel: true if the access
 * may be tried again.  Null for nobody. */
struct fault_resolver {
    bool (*resolve)(void *context, const struct trap_frame *frame, uint64_t address);
    void *context;
};
void fault_set_resolver(const struct fault_resolver *resolver);

/* Who tells of an exception that nobody expected and that ends the kernel: on serial, and
 * on the screen if it likes.  Null for a few lines of registers. */
void fault_set_reporter(void (*report)(void *context, const struct trap_frame *frame,
                                       uint64_t address),
                        void *context);

/* What a probe may do: one access. */
void fault_read(uint64_t address);
void fault_write_zero(uint64_t address);
void fault_write_same(uint64_t address); /* what it read there: no harm if it doesn't fault */
void fault_execute(uint64_t address);

#endif
