/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC of the processor that runs this (SDM volume 3A, chapter 11).  Calls no
 * firmware, so that any processor may use it, at any time.  Its registers shall be identity
 * mapped.
 */
#ifndef EFI_LOCAL_APIC_H
#define EFI_LOCAL_APIC_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/madt.h"

/* Is there one, and does it have x2APIC mode? */
bool local_apic_present(void);
bool local_apic_has_x2(void);

/* Is it in x2APIC mode, and can it not be brought out of that? */
bool local_apic_in_x2(void);
bool local_apic_locked_in_x2(void);

/* The number by which the MADT and other processors know this one. */
uint32_t local_apic_id(void);

/* Switches it on where it is off, and to one of the two modes.  Out of x2APIC mode the way
 * leads through a reset of it: all of its sources are masked then (11.12.5).  Nothing happens
 * where there is none, or where it is as wanted.  Interrupts shall be off. */
void local_apic_set_mode(bool x2);

/* The state that the protocol defines from base revision 5 on, with the pins of this processor
 * as the MADT has them.  Nothing happens where there is none. */
void local_apic_define(const struct ldr_madt *madt);

/* Sends an INIT or a start-up message to one other processor, which starts in real mode at a
 * page below 1 MiB.  In xAPIC mode apic_id is at most 254. */
void local_apic_send_init(uint32_t apic_id);
void local_apic_send_start(uint32_t apic_id, uint64_t page);

#endif
