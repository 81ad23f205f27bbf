/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking things up in the memory map.
 */
#include "loader/stub/memory.h"

#include "loader/stub/requests.h"

const struct limine_memmap_entry *memory_entry(const struct limine_memmap_response *map,
                                               uint64_t index)
{
    const uint64_t *entry = request_pointer(map->entries);

    return request_pointer(entry[index]);
}

const struct limine_memmap_entry *memory_find(const struct limine_memmap_response *map,
                                              uint64_t phys)
{
    for (uint64_t i = 0; i < map->entry_count; i++) {
        const struct limine_memmap_entry *entry = memory_entry(map, i);

        if (phys >= entry->base && phys - entry->base < entry->length)
            return entry;
    }
    return 0;
}

const char *memory_type_name(uint64_t type)
{
    static const char *const name[LIMINE_MEMMAP_TYPES] = {
        [LIMINE_MEMMAP_USABLE] = "usable",
        [LIMINE_MEMMAP_RESERVED] = "reserved",
        [LIMINE_MEMMAP_ACPI_RECLAIMABLE] = "ACPI reclaimable",
        [LIMINE_MEMMAP_ACPI_NVS] = "ACPI NVS",
        [LIMINE_MEMMAP_BAD_MEMORY] = "bad memory",
        [LIMINE_MEMMAP_BOOTLOADER_RECLAIMABLE] = "reclaimable",
        [LIMINE_MEMMAP_EXECUTABLE_AND_MODULES] = "kernel and modules",
        [LIMINE_MEMMAP_FRAMEBUFFER] = "framebuffer",
        [LIMINE_MEMMAP_RESERVED_MAPPED] = "reserved, mapped",
    };

    return type < LIMINE_MEMMAP_TYPES ? name[type] : "unknown";
}

bool memory_is_ram(uint64_t type)
{
    return type == LIMINE_MEMMAP_USABLE || type == LIMINE_MEMMAP_BOOTLOADER_RECLAIMABLE ||
           type == LIMINE_MEMMAP_EXECUTABLE_AND_MODULES;
}

bool memory_in_direct_map(uint64_t type, uint64_t base_revision)
{
    switch (type) {
    case LIMINE_MEMMAP_ACPI_RECLAIMABLE:
    case LIMINE_MEMMAP_ACPI_NVS:
        return base_revision != 3;
    case LIMINE_MEMMAP_RESERVED_MAPPED:
        return base_revision >= 4;
    case LIMINE_MEMMAP_RESERVED:
    case LIMINE_MEMMAP_BAD_MEMORY:
        return base_revision == 0;
    default:
        return memory_is_ram(type) || type == LIMINE_MEMMAP_FRAMEBUFFER;
    }
}

const struct limine_memmap_entry *memory_largest(const struct limine_memmap_response *map)
{
    const struct limine_memmap_entry *largest = 0;

    for (uint64_t i = 0; i < map->entry_count; i++) {
        const struct limine_memmap_entry *entry = memory_entry(map, i);

        if (entry->type != LIMINE_MEMMAP_USABLE)
            continue;
        if (largest == 0 || entry->length > largest->length)
            largest = entry;
    }
    return largest;
}
