/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions in words.  Source: SDM volume 3A, table 6-1 and section 6.15.
 */
#ifndef LOADER_FAULT_NAMES_H
#define LOADER_FAULT_NAMES_H

#include <stdint.h>

/* "page fault", say. */
const char *fault_name(uint64_t vector);

/* Of exceptions of which no address is known: what went wrong, and what it mostly comes
 * from.  Null for the others. */
struct fault_meaning {
    const char *broken;
    const char *advice;
};
const struct fault_meaning *fault_meaning(uint64_t vector);

#endif
