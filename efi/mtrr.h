/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory type range registers, which shall be the same on all processors (SDM volume 3A,
 * 12.11).  Calls no firmware, so that any processor may use it.
 */
#ifndef EFI_MTRR_H
#define EFI_MTRR_H

#include <stddef.h>
#include <stdint.h>

/* Eleven fixed ranges, as many variable ones as the numbers of the registers leave room for,
 * two registers each, and the default type, which comes last. */
#define MTRR_FIXED    11
#define MTRR_VARIABLE 40
#define MTRR_MOST     (MTRR_FIXED + 2 * MTRR_VARIABLE + 1)

struct mtrrs {
    size_t count; /* 0 where the processor has none */
    uint32_t msr[MTRR_MOST];
    uint64_t value[MTRR_MOST];
};

/* This processor's. */
void mtrrs_read(struct mtrrs *ret_mtrrs);

/* Makes this processor's the same, as 12.11.8 prescribes.  Where they are the same already, as
 * firmware should have seen to, nothing is written.  Interrupts shall be off. */
void mtrrs_apply(const struct mtrrs *mtrrs);

#endif
