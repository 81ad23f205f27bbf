/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/memory_map.h"

#include <stdbool.h>

/* Descriptors to spare after a gathering, and added to that when buffers grow. */
#define SPARE 64

/* How often buffers may grow, and places may be lost, before something is badly wrong. */
#define TRIES 16

/* Page 0 is nobody's: too many programs take its address for "none". */
#define LOWEST UINT64_C(0x1000)

/* Write-back is what page tables will say; memory that can't do it is left alone. */
static bool is_ordinary(const EFI_MEMORY_DESCRIPTOR *d)
{
    return d->Attribute & EFI_MEMORY_WB;
}

/* Types beyond the table (persistent and unaccepted memory, types of vendors
 * and operating systems) are reserved: nobody may write there unasked. */
static enum ldr_memory kind_of(const EFI_MEMORY_DESCRIPTOR *d)
{
    switch (d->Type) {
    case EfiConventionalMemory:
        return is_ordinary(d) ? LDR_USABLE : LDR_RESERVED;
    case EfiLoaderCode:
    case EfiLoaderData:
    case EfiBootServicesCode:
    case EfiBootServicesData:
        return is_ordinary(d) ? LDR_RECLAIMABLE : LDR_RESERVED;
    case EfiRuntimeServicesCode:
    case EfiRuntimeServicesData:
        return LDR_RUNTIME;
    case EfiACPIReclaimMemory:
        return LDR_ACPI_RECLAIMABLE;
    case EfiACPIMemoryNVS:
        return LDR_ACPI_NVS;
    case EfiUnusableMemory:
        return LDR_BAD;
    default:
        return LDR_RESERVED;
    }
}

/* Twice as many each time, since nothing bounds the number of modules. */
static enum ldr_status grow_overlays(struct memory_map *map, struct ldr_report *report)
{
    size_t capacity = map->overlay_capacity ? 2 * map->overlay_capacity : 128;
    uint64_t phys;
    enum ldr_status status = memory_allocate(map->memory, capacity * sizeof *map->overlay,
                                             "the list of special memory", &phys, report);

    if (status != LDR_OK)
        return status;
    for (size_t i = 0; i < map->overlay_count; i++)
        ((struct ldr_region *)phys)[i] = map->overlay[i];
    if (map->overlay)
        memory_free(map->memory, (uint64_t)map->overlay,
                    map->overlay_capacity * sizeof *map->overlay);
    map->overlay = (struct ldr_region *)phys;
    map->overlay_capacity = capacity;
    return LDR_OK;
}

enum ldr_status memory_map_overlay(struct memory_map *map, uint64_t base, uint64_t bytes,
                                   enum ldr_memory kind, struct ldr_report *report)
{
    if (map->overlay_count == map->overlay_capacity) {
        enum ldr_status status = grow_overlays(map, report);

        if (status != LDR_OK)
            return status;
    }
    map->overlay[map->overlay_count++] =
        (struct ldr_region){.base = base, .bytes = bytes, .kind = kind};
    return LDR_OK;
}

EFI_STATUS memory_map_ask(struct memory_map *map)
{
    map->bytes = map->capacity;
    return map->memory->services->GetMemoryMap(&map->bytes, (EFI_MEMORY_DESCRIPTOR *)map->buffer,
                                               &map->key, &map->descriptor_bytes,
                                               &map->descriptor_version);
}

/* A buffer for `wanted` bytes of descriptors, in place of the old one, whose content is
 * old news by then: growing is itself a change of the map. */
static enum ldr_status grow_buffer(struct memory_map *map, UINTN wanted, struct ldr_report *report)
{
    if (map->capacity)
        memory_free(map->memory, map->buffer, map->capacity);
    map->capacity = 0;
    enum ldr_status status =
        memory_allocate(map->memory, wanted, "the memory map", &map->buffer, report);

    if (status == LDR_OK)
        map->capacity = wanted;
    return status;
}

/* What resolving `inputs` regions takes: twice as many regions, and two words each. */
static uint64_t workspace_bytes(size_t inputs)
{
    return inputs * (2 * sizeof(struct ldr_region) + 2 * sizeof(uint64_t));
}

static enum ldr_status grow_workspace(struct memory_map *map, size_t inputs,
                                      struct ldr_report *report)
{
    uint64_t phys;

    if (map->inputs)
        memory_free(map->memory, (uint64_t)map->region, workspace_bytes(map->inputs));
    map->inputs = 0;
    enum ldr_status status = memory_allocate(map->memory, workspace_bytes(inputs),
                                             "sorting the memory map", &phys, report);

    if (status != LDR_OK)
        return status;
    map->region = (struct ldr_region *)phys;
    map->scratch = (uint64_t *)(map->region + 2 * inputs);
    map->inputs = inputs;
    return LDR_OK;
}

/* Makes the buffers large enough for what was asked last.  Sets *ret_grew if one
 * had to be made, so that the question has to be asked again. */
static enum ldr_status make_room(struct memory_map *map, bool *ret_grew, struct ldr_report *report)
{
    UINTN wanted = map->bytes + SPARE * map->descriptor_bytes;
    size_t inputs;

    *ret_grew = false;
    if (map->capacity < wanted) {
        *ret_grew = true;
        return grow_buffer(map, wanted + SPARE * map->descriptor_bytes, report);
    }
    inputs = map->capacity / map->descriptor_bytes + map->overlay_count;
    if (map->inputs < inputs) {
        *ret_grew = true;
        return grow_workspace(map, inputs + SPARE, report);
    }
    return LDR_OK;
}

/* Descriptors are as far apart as firmware says, which is more than gnu-efi's structure. */
void memory_map_resolve(struct memory_map *map)
{
    size_t count = map->bytes / map->descriptor_bytes;

    for (size_t i = 0; i < count; i++) {
        const EFI_MEMORY_DESCRIPTOR *d =
            (const EFI_MEMORY_DESCRIPTOR *)(map->buffer + i * map->descriptor_bytes);

        map->region[i] = (struct ldr_region){.base = d->PhysicalStart,
                                             .bytes = d->NumberOfPages * EFI_PAGE_SIZE,
                                             .kind = kind_of(d)};
    }
    for (size_t i = 0; i < map->overlay_count; i++)
        map->region[count++] = map->overlay[i];
    map->count = ldr_regions_resolve(map->region, count, map->scratch);
}

enum ldr_status memory_map_gather(struct memory_map *map, struct ldr_report *report)
{
    for (unsigned i = 0; i < TRIES; i++) {
        EFI_STATUS firmware = memory_map_ask(map);
        bool grew;
        enum ldr_status status;

        if (firmware != EFI_SUCCESS && firmware != EFI_BUFFER_TOO_SMALL)
            return ldr_refuse(report, LDR_BAD_MACHINE, "firmware gives no memory map (%s)",
                              uefi_status_text(firmware));
        status = make_room(map, &grew, report);
        if (status != LDR_OK)
            return status;
        if (firmware == EFI_SUCCESS && !grew) {
            memory_map_resolve(map);
            return LDR_OK;
        }
    }
    return ldr_refuse(report, LDR_BAD_MACHINE,
                      "firmware's memory map grows with every look at it (%llu bytes by now); "
                      "a driver must be at fault, boot without add-in devices",
                      (unsigned long long)map->bytes);
}

size_t memory_map_most_regions(const struct memory_map *map)
{
    return 2 * map->inputs;
}

enum ldr_status memory_map_place(struct memory_map *map, EFI_MEMORY_TYPE type,
                                 uint64_t base_revision, const struct ldr_block *block,
                                 const char *what, uint64_t *ret_phys, struct ldr_report *report)
{
    struct ldr_block wanted = *block;
    uint64_t phys, refused = 0;

    if (wanted.lowest < LOWEST)
        wanted.lowest = LOWEST;
    for (unsigned i = 0; i < TRIES; i++) {
        enum ldr_status status = memory_map_gather(map, report);

        if (status != LDR_OK)
            return status;
        if (!ldr_place(map->region, map->count, base_revision, &wanted, &phys))
            break;
        if (memory_allocate_at(map->memory, phys, wanted.bytes, type)) {
            *ret_phys = phys;
            return LDR_OK;
        }
        /* Taken in the meantime: the next look at the map shows it.  If it doesn't,
         * firmware has its reasons, and we look further up. */
        if (phys == refused)
            wanted.lowest = phys + EFI_PAGE_SIZE;
        refused = phys;
    }
    return ldr_refuse(report, LDR_NO_MEMORY,
                      "no memory for %s: no %llu KiB in one piece are free%s; give the machine "
                      "more memory",
                      what, (unsigned long long)wanted.bytes / 1024,
                      wanted.highest == LDR_BELOW_4_GIB ? " below 4 GiB" : "");
}
