/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor can do, and whether that is enough.
 */
#ifndef EFI_PROCESSOR_H
#define EFI_PROCESSOR_H

#include <stdbool.h>

#include "loader/report.h"
#include "pagetables/pagetables.h"

struct processor {
    struct pgt_arch arch; /* for the kernel's tables; the levels are those that firmware uses */
    bool has_5_levels;
};

/* Reads the processor.  LDR_BAD_MACHINE without execute-disable. */
enum ldr_status processor_check(struct processor *ret_processor, struct ldr_report *report);

#endif
