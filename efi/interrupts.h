/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Silencing the interrupt controllers, as the protocol wants them at entry.
 * Found while boot services run, silenced after they ended.
 */
#ifndef EFI_INTERRUPTS_H
#define EFI_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/memory.h"

/* An NMI that the MADT says is wired to a pin of this processor's local APIC. */
struct lint_nmi {
    bool wired;
    uint16_t flags; /* MPS INTI flags: polarity and trigger mode */
};

struct interrupts {
    uint32_t *io_apic; /* physical addresses */
    size_t io_apic_count;
    struct lint_nmi lint[2];
};

/* Reads the MADT.  rsdp may be 0. */
enum ldr_status interrupts_find(struct interrupts *ret_interrupts, uint64_t rsdp,
                                struct memory *memory, struct ldr_report *report);

/* Masks the PICs and the I/O APICs; from base revision 5 on it also puts
 * the local APIC into the state that the protocol defines.  Interrupts shall be off, and
 * the controllers' registers identity mapped. */
void interrupts_silence(const struct interrupts *interrupts, uint64_t base_revision);

#endif
