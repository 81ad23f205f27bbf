/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/interrupts.h"

#include "efi/acpi.h"
#include "efi/delivery.h"
#include "efi/local_apic.h"
#include "efi/ports.h"

/* Lists the I/O APICs; io_apic holds as many as there are, or is null to count them. */
static size_t list_io_apics(const struct ldr_madt *madt, uint32_t *io_apic)
{
    size_t count = 0;

    for (const uint8_t *e = ldr_madt_next(madt, NULL); e; e = ldr_madt_next(madt, e)) {
        if (e[0] != LDR_MADT_IO_APIC)
            continue;
        if (io_apic)
            io_apic[count] = ldr_madt_io_apic(e);
        count++;
    }
    return count;
}

enum ldr_status interrupts_find(struct interrupts *ret_interrupts, uint64_t rsdp,
                                struct memory *memory, struct ldr_report *report)
{
    struct interrupts found = {.madt = acpi_madt(rsdp)};
    uint64_t phys;
    enum ldr_status status;

    found.io_apic_count = list_io_apics(&found.madt, NULL);
    if (found.io_apic_count > 0) {
        status = memory_allocate(memory, found.io_apic_count * sizeof *found.io_apic,
                                 "the list of I/O APICs", &phys, report);
        if (status != LDR_OK)
            return status;
        found.io_apic = (uint32_t *)phys;
        list_io_apics(&found.madt, found.io_apic);
    }
    *ret_interrupts = found;
    return LDR_OK;
}

#define PIC_1_DATA 0x21
#define PIC_2_DATA 0xa1

/* Masked, not reprogrammed: their vectors stay as firmware set them, which doesn't
 * matter as long as nothing comes through. */
static void mask_pics(void)
{
    port_write(PIC_1_DATA, 0xff);
    port_write(PIC_2_DATA, 0xff);
}

/* An I/O APIC has two words: which register, and its content. */
static volatile uint32_t *io_apic_select(uint32_t phys, uint32_t which)
{
    volatile uint32_t *apic = (volatile uint32_t *)(uintptr_t)phys;

    apic[0] = which;
    return &apic[4];
}

#define IO_APIC_VERSION  1
#define IO_APIC_ENTRY(n) (0x10 + 2 * (n))

/* Only the mask changes: where a pin leads is firmware's knowledge of the board, and
 * a kernel may read it from here. */
static void mask_io_apic(uint32_t phys, uint64_t base_revision)
{
    uint32_t last = *io_apic_select(phys, IO_APIC_VERSION) >> 16 & 0xff;

    for (uint32_t i = 0; i <= last; i++) {
        volatile uint32_t *word = io_apic_select(phys, IO_APIC_ENTRY(i));
        uint32_t entry = *word;

        if (delivery_is_plain(entry) || (base_revision >= 5 && delivery_is_maskable(entry)))
            *word = entry | DELIVERY_MASKED;
    }
}

void interrupts_silence(const struct interrupts *interrupts, uint64_t base_revision)
{
    mask_pics();
    for (size_t i = 0; i < interrupts->io_apic_count; i++)
        mask_io_apic(interrupts->io_apic[i], base_revision);
    if (base_revision >= 5)
        local_apic_define(&interrupts->madt);
}
