/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware whose MADT is as difficult as one may be, for whole-machine tests; also on Bochs,
 * where OVMF has no ACPI tables at all.  This application asks firmware which processors there are,
 * writes tables of its own that list
 *   - those, every second one in an entry for x2APICs and the first in both kinds;
 *   - one that is said to be ready and isn't there, but not on Bochs;
 *   - one that could be added, and one that can't be used,
 * and starts the application under test.
 */
#include <stdint.h>
#include <string.h>

#include "efi/ports.h"
#include "efi/tests/levels/next.h"

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

/* UEFI Platform Initialization 1.8, volume 2, section 13.4: the members that are called. */
#define MP_SERVICES_GUID                                                                           \
    {                                                                                              \
        0x3fdda605, 0xa76e, 0x4f46,                                                                \
        {                                                                                          \
            0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08                                         \
        }                                                                                          \
    }

struct processor_information {
    uint64_t id; /* of the local APIC */
    uint32_t status;
    uint32_t location[3];
    uint8_t extended[64];
};

struct mp_services {
    EFI_STATUS(EFIAPI *count)(struct mp_services *, UINTN *ret_count, UINTN *ret_enabled);
    EFI_STATUS(EFIAPI *information)
    (struct mp_services *, UINTN number, struct processor_information *);
};

#define READY   1
#define ADDABLE 2 /* "online capable" */

/* Far from all numbers that a small machine has. */
#define ABSENT_ID 60

struct tables {
    uint8_t rsdp[64];
    uint8_t xsdt[64];
    uint8_t madt[2048];
    uint32_t used; /* of madt */
};

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* Makes the bytes add up to 0, by one of them. */
static void sum_up(uint8_t *table, uint32_t bytes, uint32_t at)
{
    uint8_t sum = 0;

    table[at] = 0;
    for (uint32_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + table[i]);
    table[at] = (uint8_t)-sum;
}

static void finish(uint8_t *table, const char *signature, uint32_t bytes)
{
    memcpy(table, signature, 4);
    put(table + 4, bytes, 4);
    table[8] = 1;
    memcpy(table + 10, "PGLIFTTESTTABL", 14);
    sum_up(table, bytes, 9);
}

static void add_apic(struct tables *t, uint8_t uid, uint8_t id, uint32_t flags)
{
    uint8_t *entry = t->madt + t->used;

    entry[0] = 0;
    entry[1] = 8;
    entry[2] = uid;
    entry[3] = id;
    put(entry + 4, flags, 4);
    t->used += 8;
}

static void add_x2apic(struct tables *t, uint32_t uid, uint32_t id, uint32_t flags)
{
    uint8_t *entry = t->madt + t->used;

    entry[0] = 9;
    entry[1] = 16;
    put(entry + 4, id, 4);
    put(entry + 8, flags, 4);
    put(entry + 12, uid, 4);
    t->used += 16;
}

/* Bochs counts an instruction as a cycle, and has its CPUID say that there are 3500 million in a
 * second: it would take minutes for the two seconds that the loader waits.  Unlike QEMU it doesn't
 * tell that it is no real processor. */
static bool waiting_is_short(void)
{
    return cpuid_read(1, 0).ecx >> 31;
}

static enum ldr_status list_processors(struct tables *t, struct mp_services *mp,
                                       struct ldr_report *report)
{
    UINTN count, enabled;

    if (mp->count(mp, &count, &enabled) != EFI_SUCCESS || count > 32)
        return ldr_refuse(report, LDR_BAD_MACHINE, "firmware doesn't count its processors");
    t->used = 44;
    for (UINTN i = 0; i < count; i++) {
        struct processor_information about;

        if (mp->information(mp, i, &about) != EFI_SUCCESS)
            return ldr_refuse(report, LDR_BAD_MACHINE, "firmware doesn't know its processors");
        if (i % 2 == 0)
            add_apic(t, (uint8_t)i, (uint8_t)about.id, READY);
        if (i % 2 == 1 || i == 0)
            add_x2apic(t, (uint32_t)i, (uint32_t)about.id, READY);
    }
    if (waiting_is_short())
        add_apic(t, 100, ABSENT_ID, READY);
    add_apic(t, 101, ABSENT_ID + 1, ADDABLE);
    add_x2apic(t, 102, ABSENT_ID + 2, 0);
    return LDR_OK;
}

/* ACPI 6.5, sections 5.2.5 and 5.2.8. */
static void link_up(struct tables *t)
{
    finish(t->madt, "APIC", t->used);
    put(t->xsdt + 36, (uint64_t)t->madt, 8);
    finish(t->xsdt, "XSDT", 44);
    memcpy(t->rsdp, "RSD PTR ", 8);
    memcpy(t->rsdp + 9, "PGLIFT", 6);
    t->rsdp[15] = 2;
    put(t->rsdp + 20, 36, 4);
    put(t->rsdp + 24, (uint64_t)t->xsdt, 8);
    sum_up(t->rsdp, 20, 8);
    sum_up(t->rsdp, 36, 32);
}

static enum ldr_status tell_processors(struct memory *memory, EFI_SYSTEM_TABLE *system,
                                       struct ldr_report *report)
{
    EFI_GUID mp_guid = MP_SERVICES_GUID, acpi_guid = ACPI_20_TABLE_GUID;
    EFI_BOOT_SERVICES *services = memory->services;
    EFI_PHYSICAL_ADDRESS page = UINT32_MAX;
    struct tables *tables;
    enum ldr_status status;
    void *mp;

    (void)system;
    if (services->LocateProtocol(&mp_guid, NULL, &mp) != EFI_SUCCESS ||
        services->AllocatePages(AllocateMaxAddress, EfiACPIReclaimMemory, 1, &page) != EFI_SUCCESS)
        return ldr_refuse(report, LDR_BAD_MACHINE, "firmware has no MP services, or no memory");
    tables = (struct tables *)page;
    memset(tables, 0, EFI_PAGE_SIZE);
    status = list_processors(tables, mp, report);
    if (status != LDR_OK)
        return status;
    link_up(tables);
    if (services->InstallConfigurationTable(&acpi_guid, tables->rsdp) != EFI_SUCCESS)
        return ldr_refuse(report, LDR_BAD_MACHINE, "firmware doesn't take an ACPI table");
    return LDR_OK;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    return next_start(application, system, tell_processors);
}
