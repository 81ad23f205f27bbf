/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framebuffer, in the mode that firmware left it in.
 */
#ifndef EFI_FRAMEBUFFER_H
#define EFI_FRAMEBUFFER_H

#include <stdbool.h>

#include "efi/uefi.h"
#include "loader/plan.h"

/* Of a screen, or, where that is null, of the console's or any.  False if there is none that
 * memory accesses of 32 bits a pixel reach. */
bool framebuffer_find(struct ldr_framebuffer *ret_framebuffer, EFI_SYSTEM_TABLE *system,
                      EFI_GRAPHICS_OUTPUT_PROTOCOL *screen);

/* The screen that the console shows on, or else any; null if there is none. */
EFI_GRAPHICS_OUTPUT_PROTOCOL *framebuffer_output(EFI_SYSTEM_TABLE *system);

#endif
