/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the machine, this loader and the kernel started, in microseconds.
 */
#ifndef EFI_TIMES_H
#define EFI_TIMES_H

#include <stdint.h>

#include "loader/respond.h"

/* Fills in `times`, of which init_tsc is known; hz is that of the time-stamp counter, not 0.
 *
 * Where ACPI's Firmware Performance Data Table has the moments of the reset and of firmware's start
 * of a boot application, these count, and times go on from there (ACPI 6.5, section 5.2.24).
 * Otherwise the time-stamp counter is taken to have started at 0 with the reset.  rsdp may
 * be 0. */
void times_find(struct ldr_times *times, uint64_t rsdp, uint64_t hz);

/* The moment at which the time-stamp counter is `tsc`. */
uint64_t times_at(const struct ldr_times *times, uint64_t tsc, uint64_t hz);

#endif
