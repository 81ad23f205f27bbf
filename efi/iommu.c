/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/iommu.h"

#include <string.h>

#include "efi/acpi.h"
#include "loader/bytes.h"

/* ---- ACPI's two tables ------------------------------------------------------- */

/* Both have a head of 48 bytes and then entries that say their kind and their length, in words of
 * 16 bits or, in the IVRS, of 8 and 16 with flags between. */
#define ENTRIES_AT  48
#define DRHD        0
#define DRHD_LEAST  16
#define IVHD        0x10 /* the oldest form; then two that say more of the same unit */
#define IVHD_11     0x11
#define IVHD_40     0x40
#define IVHD_LEAST  24
#define REGISTER_AT 8 /* in DRHD and IVHD alike: the address of the registers */

/* Registers begin at a page, AMD's at four of them, and within what the processor can address. */
static bool is_possible(enum iommu_kind kind, uint64_t phys, unsigned physical_bits)
{
    uint64_t align = kind == IOMMU_VTD ? 0x1000 : 0x4000;

    return phys != 0 && phys % align == 0 && phys >> physical_bits == 0;
}

static bool names_unit(enum iommu_kind kind, const uint8_t *entry, uint16_t bytes)
{
    if (kind == IOMMU_VTD)
        return ldr_read16(entry) == DRHD && bytes >= DRHD_LEAST;
    return (entry[0] == IVHD || entry[0] == IVHD_11 || entry[0] == IVHD_40) && bytes >= IVHD_LEAST;
}

/* Notes a unit unless it was noted before. */
static void note(struct iommus *found, enum iommu_kind kind, uint64_t phys)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->unit[i].phys == phys)
            return;
    found->unit[found->count++] = (struct iommu){.kind = kind, .phys = phys};
}

static void read_table(struct iommus *found, enum iommu_kind kind, const uint8_t *table,
                       uint32_t bytes, unsigned physical_bits)
{
    uint16_t length;

    for (uint32_t at = ENTRIES_AT; table && at < bytes && bytes - at >= 4; at += length) {
        const uint8_t *entry = table + at;

        length = ldr_read16(entry + 2);
        if (length < 4 || length > bytes - at)
            return;
        if (names_unit(kind, entry, length) &&
            is_possible(kind, ldr_read64(entry + REGISTER_AT), physical_bits))
            note(found, kind, ldr_read64(entry + REGISTER_AT));
    }
}

/* No entry that names a unit is shorter than DRHD_LEAST, which bounds how many there are. */
enum ldr_status iommus_find(struct iommus *ret_iommus, uint64_t rsdp, unsigned physical_bits,
                            struct memory *memory, struct ldr_report *report)
{
    uint32_t dmar_bytes = 0, ivrs_bytes = 0;
    const uint8_t *dmar = acpi_find(rsdp, "DMAR", &dmar_bytes);
    const uint8_t *ivrs = acpi_find(rsdp, "IVRS", &ivrs_bytes);
    struct iommus found = {0};
    uint64_t phys;
    enum ldr_status status;

    if (dmar || ivrs) {
        uint64_t most = (dmar_bytes + (uint64_t)ivrs_bytes) / DRHD_LEAST;

        status =
            memory_allocate(memory, most * sizeof *found.unit, "the list of IOMMUs", &phys, report);
        if (status != LDR_OK)
            return status;
        found.unit = (struct iommu *)phys;
        read_table(&found, IOMMU_VTD, dmar, dmar_bytes, physical_bits);
        read_table(&found, IOMMU_AMD, ivrs, ivrs_bytes, physical_bits);
    }
    *ret_iommus = found;
    return LDR_OK;
}

/* ---- registers ---------------------------------------------------------------- */

static uint32_t read_memory(void *context, uint64_t phys)
{
    (void)context;
    return *(volatile uint32_t *)(uintptr_t)phys;
}

static void write_memory(void *context, uint64_t phys, uint32_t value)
{
    (void)context;
    *(volatile uint32_t *)(uintptr_t)phys = value;
}

const struct registers registers_of_machine = {.read = read_memory, .write = write_memory};

/* A read crosses to the chipset and back, a tenth of a microsecond at the least; so
 * this is a tenth of a second or more, where a unit takes microseconds. */
#define READS_MOST (1u << 20)

static uint32_t read_at(const struct registers *registers, uint64_t phys)
{
    return registers->read(registers->context, phys);
}

static void write_at(const struct registers *registers, uint64_t phys, uint32_t value)
{
    registers->write(registers->context, phys, value);
}

static bool wait_clear(const struct registers *registers, uint64_t phys, uint32_t bits)
{
    for (unsigned i = 0; i < READS_MOST; i++)
        if (!(read_at(registers, phys) & bits))
            return true;
    return false;
}

/* Until a ring's head has caught up with its tail: nothing is left to be done for software. */
static void wait_drained(const struct registers *registers, uint64_t head, uint64_t tail)
{
    for (unsigned i = 0; i < READS_MOST; i++)
        if (read_at(registers, head) == read_at(registers, tail))
            return;
}

/* ---- VT-d (VT-d 4.1, section 11.4) --------------------------------------------- */

#define VTD_VERSION         0x00
#define VTD_CAPABILITY      0x08
#define VTD_COMMAND         0x18
#define VTD_STATUS          0x1c
#define VTD_PROTECTED       0x64 /* protected memory enable */
#define VTD_QUEUE_HEAD      0x80
#define VTD_QUEUE_TAIL      0x88
#define CAPABILITY_PROTECTS (3u << 5)  /* PLMR, PHMR: the register VTD_PROTECTED exists */
#define PROTECTED_ON        (1u << 31) /* as asked */
#define PROTECTED_STATUS    (1u << 0)  /* as it is */
#define TRANSLATION         (1u << 31) /* the same bits in command and status */
#define QUEUE               (1u << 26)
#define REMAPPING           (1u << 25) /* of interrupts */

/* The command register is written whole, so what shall stay on is told again, as the
 * status has it; but for the commands that are done once: SRTP, SFL, WBF, SIRTP. */
#define LASTING (~((1u << 30) | (1u << 29) | (1u << 27) | (1u << 24)))

/* One at a time, and the next only when the status shows it: 11.4.4.1. */
static bool clear_vtd(const struct registers *registers, uint64_t phys, uint32_t bit)
{
    uint32_t status = read_at(registers, phys + VTD_STATUS);

    if (!(status & bit))
        return true;
    write_at(registers, phys + VTD_COMMAND, status & LASTING & ~bit);
    return wait_clear(registers, phys + VTD_STATUS, bit);
}

/* Major version 1 to 15, minor, and zeros: anything else is no VT-d unit, be it
 * memory or an address at which nobody answers. */
static bool is_vtd(const struct registers *registers, uint64_t phys)
{
    uint32_t version = read_at(registers, phys + VTD_VERSION);

    return version >> 8 == 0 && version >> 4 != 0;
}

/* Memory that devices may not reach, with or without translation.  Without translation
 * a kernel that knows of no IOMMU couldn't use them. */
static bool unprotect_vtd(const struct registers *registers, uint64_t phys)
{
    if (!(read_at(registers, phys + VTD_CAPABILITY) & CAPABILITY_PROTECTS) ||
        !(read_at(registers, phys + VTD_PROTECTED) & (PROTECTED_ON | PROTECTED_STATUS)))
        return true;
    write_at(registers, phys + VTD_PROTECTED, 0);
    return wait_clear(registers, phys + VTD_PROTECTED, PROTECTED_STATUS);
}

bool iommu_turn_off_vtd(const struct registers *registers, uint64_t phys)
{
    bool off;

    if (!is_vtd(registers, phys))
        return true;
    off = clear_vtd(registers, phys, TRANSLATION);
    off = clear_vtd(registers, phys, REMAPPING) && off;
    /* The queue serves the two, so it goes last, and empty (6.5.2). */
    if (read_at(registers, phys + VTD_STATUS) & QUEUE)
        wait_drained(registers, phys + VTD_QUEUE_HEAD, phys + VTD_QUEUE_TAIL);
    off = clear_vtd(registers, phys, QUEUE) && off;
    return unprotect_vtd(registers, phys) && off;
}

/* ---- AMD-Vi (AMD I/O Virtualization 3.08, section 3.4) --------------------------- */

#define AMD_CONTROL      0x18
#define AMD_COMMAND_HEAD 0x2000
#define AMD_COMMAND_TAIL 0x2008
#define AMD_STATUS       0x2020

#define AMD_ON      (1u << 0)
#define AMD_COMMAND (1u << 12)
/* What writes to memory by itself or interrupts: the logs of events, of page requests
 * and of guests' interrupts, and the interrupts of each and of completed commands. */
#define AMD_LOGS ((3u << 2) | (1u << 4) | (3u << 13) | (3u << 28))
/* EventLogRun, CmdBufRun, PprLogRun, GALogRun. */
#define AMD_RUNNING ((1u << 3) | (1u << 4) | (1u << 7) | (1u << 8))

bool iommu_turn_off_amd(const struct registers *registers, uint64_t phys)
{
    uint32_t control = read_at(registers, phys + AMD_CONTROL);

    if (control == UINT32_MAX || !(control & AMD_ON))
        return true;
    if (control & AMD_COMMAND)
        wait_drained(registers, phys + AMD_COMMAND_HEAD, phys + AMD_COMMAND_TAIL);
    /* First what writes to memory, and only when that rests the unit itself. */
    if (control & (AMD_COMMAND | AMD_LOGS)) {
        control &= ~(AMD_COMMAND | AMD_LOGS);
        write_at(registers, phys + AMD_CONTROL, control);
        (void)wait_clear(registers, phys + AMD_STATUS, AMD_RUNNING);
    }
    write_at(registers, phys + AMD_CONTROL, control & ~AMD_ON);
    return wait_clear(registers, phys + AMD_CONTROL, AMD_ON);
}

size_t iommus_turn_off(const struct iommus *iommus, const struct registers *registers)
{
    size_t on = 0;

    for (size_t i = 0; i < iommus->count; i++) {
        const struct iommu *unit = &iommus->unit[i];

        on += !(unit->kind == IOMMU_VTD ? iommu_turn_off_vtd : iommu_turn_off_amd)(registers,
                                                                                   unit->phys);
    }
    return on;
}
