/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration tables: ACPI's and, on a full machine, SMBIOS's and the TPM's final events.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "efi/tests/acpi_tables.h"
#include "efi/tests/boot/parts.h"

#define MADT_ENTRIES 44
#define DMAR_ENTRIES 48

/* Devices whose registers are ordinary memory.  An I/O APIC lies below 4 GiB; the one word that
 * this one has for all its registers says 24 pins, or one that isn't masked. */
static uint32_t io_apic(void)
{
    static uint32_t *registers;

    if (!registers)
        registers = mmap(NULL, EFI_PAGE_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    assert(registers != MAP_FAILED);
    registers[4] = 0x170011;
    return (uint32_t)(uintptr_t)registers;
}

/* A VT-d unit of version 1.0 that is off. */
static const void *iommu(void)
{
    static uint32_t registers[1024] __attribute__((aligned(4096))) = {0x10};

    return registers;
}

/* A processor by its local APIC's number: enabled. */
static uint8_t *add_processor(uint8_t *at, uint8_t number)
{
    acpi_put(at, 0x0800, 2);
    at[2] = at[3] = number;
    acpi_put(at + 4, 1, 4);
    return at + 8;
}

/* One processor alone, or two and an I/O APIC. */
static void add_madt(struct acpi_tables *tables, bool full)
{
    static uint8_t madt[64 + 12];
    uint8_t *end = madt + MADT_ENTRIES;

    memset(madt, 0, sizeof madt);
    end = add_processor(end, 0);
    if (full) {
        end = add_processor(end, 1);
        acpi_put(end, 0x0c01, 2);
        acpi_put(end + 4, io_apic(), 4);
        end += 12;
    }
    acpi_tables_add(tables, madt, "APIC", (uint32_t)(end - madt));
}

static void add_dmar(struct acpi_tables *tables)
{
    static uint8_t dmar[DMAR_ENTRIES + 16];

    memset(dmar, 0, sizeof dmar);
    acpi_put(dmar + DMAR_ENTRIES + 2, 16, 2);
    acpi_put(dmar + DMAR_ENTRIES + 8, (uint64_t)iommu(), 8);
    acpi_tables_add(tables, dmar, "DMAR", sizeof dmar);
}

/* Entry point of SMBIOS 3.0 (DSP0134, 5.2.2) and the end of a list of structures. */
static void *smbios(void)
{
    static const uint8_t structures[] = {127, 4, 0, 0, 0, 0};
    static uint8_t entry[24];

    memcpy(entry, "_SM3_", 5);
    entry[6] = sizeof entry;
    acpi_put(entry + 0x0c, sizeof structures, 4);
    acpi_put(entry + 0x10, (uint64_t)structures, 8);
    return entry;
}

/* The first event has a head of 32 bytes whose last four are the length of what follows. */
const void *tpm_log(void)
{
    static uint8_t log[32 + 3];

    log[28] = 3;
    return log;
}

/* Version 1, and no events. */
static void *final_events(void)
{
    static uint64_t table[2] = {1};

    return table;
}

void tables_install(EFI_SYSTEM_TABLE *system, const struct machine *machine)
{
    static const EFI_GUID final = {
        0x1e2ed096, 0x30e2, 0x4254, {0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25}};
    static EFI_CONFIGURATION_TABLE table[3];
    static struct acpi_tables tables;

    acpi_tables_start(&tables);
    add_madt(&tables, machine->full);
    if (machine->full)
        add_dmar(&tables);
    table[0] = (EFI_CONFIGURATION_TABLE){ACPI_20_TABLE_GUID, (void *)acpi_tables_rsdp(&tables)};
    table[1] = (EFI_CONFIGURATION_TABLE){SMBIOS3_TABLE_GUID, smbios()};
    table[2] = (EFI_CONFIGURATION_TABLE){final, final_events()};
    system->ConfigurationTable = table;
    system->NumberOfTableEntries = machine->full ? 3 : 1;
}
