/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: from what firmware says, unsorted and overlapping as it may be, to
 * what the Limine protocol promises a kernel.
 */
#ifndef LOADER_MEMMAP_H
#define LOADER_MEMMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a region is.  Where regions overlap the one further down this list wins, page by
 * page: firmware that contradicts itself costs RAM, never data. */
enum ldr_memory {
    LDR_USABLE,      /* free RAM */
    LDR_RECLAIMABLE, /* RAM that firmware or loader used and that the kernel may have later */
    LDR_ACPI_RECLAIMABLE,
    LDR_RUNTIME, /* EFI runtime services code and data */
    LDR_ACPI_NVS,
    LDR_RESERVED,
    LDR_RESERVED_MAPPED, /* reserved, but the protocol wants it in the direct map */
    LDR_BAD,
    LDR_EXECUTABLE, /* kernel image and modules */
    LDR_FRAMEBUFFER_MEMORY,
    LDR_GUARD, /* a page that is to stay unmapped: reserved, to the kernel */
    LDR_MEMORY_KINDS
};

struct ldr_region {
    uint64_t base; /* physical */
    uint64_t bytes;
    enum ldr_memory kind;
};

/* Sorts and resolves `count` regions in place: on return they ascend, none overlaps
 * another, neighbours of one kind are merged, all are whole pages (usable and
 * reclaimable ones rounded inward, all others outward) and none is empty or wraps.
 * What lies at or above 2^52, where no physical address can be, is cut off. Returns how
 * many there are now: at most 2 * count, for which `region` shall have room.  scratch
 * holds at least 2 * count words of 8 bytes. O(n log n); nothing is allocated. */
size_t ldr_regions_resolve(struct ldr_region *region, size_t count, uint64_t *scratch);

/* Does a region of this kind lie in the direct map (HHDM) at this base revision? At
 * revisions 0 to 2 the answer is for memory from 4 GiB on: below, all but the guards
 * does. */
bool ldr_kind_in_direct_map(enum ldr_memory kind, uint64_t base_revision);

/* What the kernel is told of a kind (enum limine_memmap_type) at this base revision. */
uint64_t ldr_kind_to_limine(enum ldr_memory kind, uint64_t base_revision);

#endif
