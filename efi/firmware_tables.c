/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/firmware_tables.h"

#include <string.h>

#include "efi/acpi.h"
#include "loader/bytes.h"

uint64_t firmware_table(const EFI_SYSTEM_TABLE *system, EFI_GUID guid)
{
    for (UINTN i = 0; i < system->NumberOfTableEntries; i++)
        if (memcmp(&system->ConfigurationTable[i].VendorGuid, &guid, sizeof guid) == 0)
            return (uint64_t)system->ConfigurationTable[i].VendorTable;
    return 0;
}

void firmware_tables_find(struct ldr_machine *machine, EFI_SYSTEM_TABLE *system)
{
    machine->rsdp = firmware_table(system, (EFI_GUID)ACPI_20_TABLE_GUID);
    if (!machine->rsdp)
        machine->rsdp = firmware_table(system, (EFI_GUID)ACPI_TABLE_GUID);
    machine->smbios_32 = firmware_table(system, (EFI_GUID)SMBIOS_TABLE_GUID);
    machine->smbios_64 = firmware_table(system, (EFI_GUID)SMBIOS3_TABLE_GUID);
    machine->efi_system_table = (uint64_t)system;
}

/* Which kinds are good enough as they are, one bit a kind. */
#define KIND(kind)  (1u << (kind))
#define ACPI_KINDS  (KIND(LDR_ACPI_RECLAIMABLE) | KIND(LDR_ACPI_NVS))
#define OTHER_KINDS KIND(LDR_RUNTIME) /* which is reserved and mapped from revision 5 on */

struct keeping {
    struct memory_map *map;
    unsigned good_kinds;
    enum ldr_status status;
    struct ldr_report *report;
};

/* The region that holds `at`, or the first above it; null if there is neither. */
static const struct ldr_region *region_from(const struct memory_map *map, uint64_t at)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->region[i].bytes > at - map->region[i].base || map->region[i].base >= at)
            return &map->region[i];
    return NULL;
}

/* Overlays [base, base + bytes) but for the parts of a good kind.  What
 * is in no region at all, such as tables in ROM, is overlaid too. */
static void keep(struct keeping *keeping, uint64_t base, uint64_t bytes)
{
    uint64_t end = base + bytes;

    for (uint64_t at = base; at < end && keeping->status == LDR_OK;) {
        const struct ldr_region *region = region_from(keeping->map, at);
        bool inside = region && region->base <= at;
        uint64_t next = end;

        if (region)
            next = inside ? region->base + region->bytes : region->base;
        if (next > end)
            next = end;
        if (!inside || !(keeping->good_kinds & KIND(region->kind)))
            keeping->status = memory_map_overlay(keeping->map, at, next - at, LDR_RESERVED_MAPPED,
                                                 keeping->report);
        at = next;
    }
}

static bool keep_table(void *context, const uint8_t *table, uint32_t bytes)
{
    struct keeping *keeping = context;

    keep(keeping, (uint64_t)table, bytes);
    return keeping->status == LDR_OK;
}

/* Entry points of SMBIOS 2.1 and 3.0, and the structures that they lead to (DSP0134, 5.2). */
static void keep_smbios(struct keeping *keeping, const struct ldr_machine *machine)
{
    const uint8_t *entry = (const uint8_t *)machine->smbios_32;

    if (entry && memcmp(entry, "_SM_", 4) == 0) {
        keep(keeping, machine->smbios_32, entry[5]);
        keep(keeping, ldr_read32(entry + 0x18), ldr_read16(entry + 0x16));
    }
    entry = (const uint8_t *)machine->smbios_64;
    if (entry && memcmp(entry, "_SM3_", 5) == 0) {
        keep(keeping, machine->smbios_64, entry[6]);
        keep(keeping, ldr_read64(entry + 0x10), ldr_read32(entry + 0x0c));
    }
}

/* What stays valid after boot services ended, of which firmware says nothing
 * about the kind of memory that it lies in. */
static void keep_uefi(struct keeping *keeping, const EFI_SYSTEM_TABLE *system)
{
    uint64_t vendor = 0;

    while (system->FirmwareVendor && system->FirmwareVendor[vendor])
        vendor++;
    keep(keeping, (uint64_t)system, system->Hdr.HeaderSize);
    keep(keeping, (uint64_t)system->RuntimeServices, system->RuntimeServices->Hdr.HeaderSize);
    keep(keeping, (uint64_t)system->ConfigurationTable,
         system->NumberOfTableEntries * sizeof *system->ConfigurationTable);
    if (system->FirmwareVendor)
        keep(keeping, (uint64_t)system->FirmwareVendor, 2 * (vendor + 1));
}

enum ldr_status firmware_tables_keep(struct memory_map *map, const struct ldr_machine *machine,
                                     const EFI_SYSTEM_TABLE *system, uint64_t base_revision,
                                     struct ldr_report *report)
{
    struct keeping keeping = {.map = map, .good_kinds = ACPI_KINDS, .report = report};

    if (base_revision >= 4)
        acpi_walk(machine->rsdp, keep_table, &keeping);
    keeping.good_kinds = OTHER_KINDS;
    if (base_revision >= 5) {
        keep_smbios(&keeping, machine);
        keep_uefi(&keeping, system);
    }
    return keeping.status;
}
