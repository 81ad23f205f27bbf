/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the time-stamp counter counts.
 */
#ifndef EFI_TSC_H
#define EFI_TSC_H

#include <stdint.h>

#include "efi/ports.h"
#include "efi/uefi.h"

/* What can tell: the machine's, or a test's. */
struct tsc_sources {
    struct cpuid (*cpuid)(uint32_t leaf, uint32_t subleaf);
    uint64_t (*counter)(void);           /* the time-stamp counter */
    uint32_t (*timer)(uint16_t port);    /* reads ACPI's PM timer */
    uint16_t timer_port;                 /* 0 if there is none */
    EFI_STATUS(EFIAPI *stall)(UINTN us); /* firmware's; null once boot services have ended */
};

/* The machine's, with the PM timer that its ACPI tables name; rsdp may be 0. */
void tsc_sources_find(struct tsc_sources *ret_sources, uint64_t rsdp, EFI_BOOT_SERVICES *services);

/* Cycles a second, or 0 if nothing can tell.  The first of these that says something sensible:
 *   a hypervisor, in CPUID leaf 40000010h, since it may have scaled the counter;
 *   the processor, in CPUID leaf 15h (SDM volume 3, section 19.7.3);
 *   a measurement of three rounds of 5 ms against ACPI's PM timer, or else against
 *   firmware's Stall();
 *   the processor's base frequency in CPUID leaf 16h, which is rounded to a MHz. */
uint64_t tsc_frequency(const struct tsc_sources *sources);

/* cycles / hz in microseconds, for any count of cycles; hz isn't 0. */
uint64_t tsc_microseconds(uint64_t cycles, uint64_t hz);

/* The time-stamp counter now. */
uint64_t tsc_read(void);

#endif
