/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware's clock.
 */
#ifndef EFI_CLOCK_H
#define EFI_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/uefi.h"

/* Seconds since 1970-01-01 00:00 UTC; false if the clock doesn't say. */
bool clock_read(EFI_RUNTIME_SERVICES *services, int64_t *ret_seconds);

#endif
