/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel is told of its screen beside the framebuffer: the modes that it could be set to,
 * and what the screen says of itself (EDID).
 */
#ifndef EFI_SCREEN_H
#define EFI_SCREEN_H

#include "efi/memory.h"
#include "efi/uefi.h"
#include "loader/respond.h"

/* Fills in machine->mode, ->mode_count, ->edid and ->edid_bytes, if the kernel asks for
 * machine->framebuffer and there is one; `screen` is the one that framebuffer_find() was given.
 * A mode that can't be asked about, or that is none for a kernel, is left out.  LDR_NO_MEMORY:
 * nothing is filled in.  What is told is firmware's memory, or `memory`'s. */
enum ldr_status screen_gather(struct ldr_machine *machine, const struct ldr_requests *requests,
                              EFI_SYSTEM_TABLE *system, EFI_GRAPHICS_OUTPUT_PROTOCOL *screen,
                              struct memory *memory, struct ldr_report *report);

#endif
