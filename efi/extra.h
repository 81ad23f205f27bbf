/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings that the library's caller wants besides.
 */
#ifndef EFI_EXTRA_H
#define EFI_EXTRA_H

#include "efi/kernel.h"
#include "efi/memory_map.h"
#include "efi/pagelift.h"

/* Asks the caller for them and keeps them in kernel->extra, where its layout refers to; lays those
 * that are taken over the memory map.  What can be seen only in the finished plan is refused
 * there (loader/plan.h).  LDR_BAD_CONFIG for too many, or one of rights or memory that there
 * are none of; LDR_NO_MEMORY.  `kernel` was loaded. */
enum ldr_status extra_collect(struct kernel *kernel, pagelift_next_mapping *next, void *context,
                              struct memory_map *map, const struct ldr_log *log,
                              struct ldr_report *report);

#endif
