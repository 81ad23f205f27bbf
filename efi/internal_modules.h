/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules that the kernel itself names.
 */
#ifndef EFI_INTERNAL_MODULES_H
#define EFI_INTERNAL_MODULES_H

#include "efi/kernel.h"

/* Reads them from the kernel's own volume, puts them before its other modules and lays them
 * over the map.  One that isn't there is passed over with a line to the log, unless it is required.
 * LDR_BAD_REQUEST: a path that can't be one; LDR_NOT_FOUND: a required one that isn't there;
 * a hash that isn't the file's, and what reading and decompressing refuse. */
enum ldr_status internal_modules_read(struct kernel *kernel, const struct source *source,
                                      struct memory_map *map, struct ldr_report *report);

#endif
