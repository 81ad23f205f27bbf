/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Silencing the interrupt controllers, as the protocol wants them at entry.
 * Found while boot services run, silenced after they ended.
 */
#ifndef EFI_INTERRUPTS_H
#define EFI_INTERRUPTS_H

#include <stddef.h>
#include <stdint.h>

#include "efi/memory.h"
#include "loader/madt.h"

struct interrupts {
    uint32_t *io_apic; /* physical addresses */
    size_t io_apic_count;
    struct ldr_madt madt;
};

/* Reads the MADT.  rsdp may be 0.  LDR_NO_MEMORY. */
enum ldr_status interrupts_find(struct interrupts *ret_interrupts, uint64_t rsdp,
                                struct memory *memory, struct ldr_report *report);

/* Masks the PICs and the I/O APICs; from base revision 5 on it also puts
 * the local APIC into the state that the protocol defines.  Interrupts shall be off, and
 * the controllers' registers identity mapped. */
void interrupts_silence(const struct interrupts *interrupts, uint64_t base_revision);

#endif
