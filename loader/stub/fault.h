/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions: those that a test provokes, and those that nobody expected.
 */
#ifndef LOADER_STUB_FAULT_H
#define LOADER_STUB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#define FAULT_GENERAL_PROTECTION 13
#define FAULT_PAGE               14

/* Bits of a page fault's error code (SDM 4.7). */
#define FAULT_PRESENT  1u /* a right was missing, not the page */
#define FAULT_WRITE    2u
#define FAULT_USER     4u
#define FAULT_RESERVED 8u
#define FAULT_FETCH    16u

struct fault {
    uint64_t vector;
    uint64_t error;
    uint64_t address; /* CR2; of page faults */
    uint64_t rip;
};

/* Calls f(argument).  True if that raised a page fault or a general-protection
 * fault: then ret_fault says which, and f was left where it stood.  Any other exception, and any
 * exception at all outside of a probe, is reported and ends the kernel. */
bool fault_probe(void (*f)(uint64_t), uint64_t argument, struct fault *ret_fault);

/* What a probe may do: one access. */
void fault_read(uint64_t address);
void fault_write_zero(uint64_t address);
void fault_write_same(uint64_t address); /* what it read there: no harm if it doesn't fault */
void fault_execute(uint64_t address);

#endif
