/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor can do, and whether that is enough.
 */
#ifndef EFI_PROCESSOR_H
#define EFI_PROCESSOR_H

#include "loader/report.h"
#include "pagetables/pagetables.h"

/* Reads the processor, and decides how the kernel's tables will look.
 * LDR_BAD_MACHINE without execute-disable, or in 5-level paging. */
enum ldr_status processor_check(struct pgt_arch *ret_arch, struct ldr_report *report);

#endif
