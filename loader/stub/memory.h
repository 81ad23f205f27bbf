/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to the loader's memory map.
 */
#ifndef LOADER_STUB_MEMORY_H
#define LOADER_STUB_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/limine.h"

#define MEMORY_PAGE_MASK UINT64_C(0xfff)

/* Entry `index`, below entry_count. */
const struct limine_memmap_entry *memory_entry(const struct limine_memmap_response *map,
                                               uint64_t index);

/* The entry that holds a physical address; null if none does. */
const struct limine_memmap_entry *memory_find(const struct limine_memmap_response *map,
                                              uint64_t phys);

/* A type in words. */
const char *memory_type_name(uint64_t type);

/* RAM that the kernel may use at once, later, or has in use: types 0, 5 and 6. */
bool memory_is_ram(uint64_t type);

/* Does the protocol want this type in the direct map, at any address, at this base
 * revision?  (0 to 2: that, and all below 4 GiB.) */
bool memory_in_direct_map(uint64_t type, uint64_t base_revision);

/* The largest usable entry; null if there is none. */
const struct limine_memmap_entry *memory_largest(const struct limine_memmap_response *map);

#endif
