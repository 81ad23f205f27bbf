/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's memory map, as the EFI memory map response passes it on
 * (UEFI specification 2.10, section 7.2).
 */
#ifndef LOADER_STUB_EFI_MAP_H
#define LOADER_STUB_EFI_MAP_H

#include <stdint.h>

#include "loader/limine.h"

enum efi_map_type {
    EFI_MAP_LOADER_CODE = 1,
    EFI_MAP_LOADER_DATA = 2,
    EFI_MAP_BOOT_CODE = 3,
    EFI_MAP_BOOT_DATA = 4,
    EFI_MAP_CONVENTIONAL = 7,
};

struct efi_map_descriptor {
    uint32_t type;
    uint32_t padding;
    uint64_t phys;
    uint64_t virt;
    uint64_t pages;
    uint64_t attribute;
};

_Static_assert(sizeof(struct efi_map_descriptor) == 40, "EFI memory descriptor");

static inline uint64_t efi_map_count(const struct limine_efi_memmap_response *map)
{
    return map->memmap_size / map->desc_size;
}

/* The stride is the firmware's, and larger than the structure. */
static inline const struct efi_map_descriptor *
efi_map_at(const struct limine_efi_memmap_response *map, uint64_t index)
{
    return (const void *)(map->memmap + index * map->desc_size);
}

#endif
