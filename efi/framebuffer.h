/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framebuffer, in the mode that it is in and in others.
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

/* What the framebuffer would be in a mode, without its address.  False if firmware doesn't tell, or
 * if it would be none. */
bool framebuffer_query(EFI_BOOT_SERVICES *services, EFI_GRAPHICS_OUTPUT_PROTOCOL *screen,
                       UINT32 mode, struct ldr_framebuffer *ret_framebuffer);

/* The screen that the console shows on, or else any; null if there is none. */
EFI_GRAPHICS_OUTPUT_PROTOCOL *framebuffer_output(EFI_SYSTEM_TABLE *system);

#endif
