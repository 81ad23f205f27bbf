/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The point of no return.
 */
#ifndef EFI_EXIT_H
#define EFI_EXIT_H

#include "efi/console.h"
#include "efi/handover.h"

/* Ends boot services, with the memory map in map's buffer.  Its key is stale if an event
 * changed the map since it was asked for, so that it is asked again; after a first
 * failure firmware is half down, and nothing but these two calls is made (UEFI
 * 2.10, section 7.4.6).  Firmware's status after the last try. */
EFI_STATUS exit_boot_services(struct memory_map *map, EFI_HANDLE application);

/* Ends boot services, finishes the answers and starts the kernel.  Does not come back: if
 * firmware doesn't let go, the machine is reset. */
_Noreturn void exit_to_kernel(const struct handover *handover, struct memory_map *map,
                              struct console *console, EFI_HANDLE application,
                              EFI_SYSTEM_TABLE *system);

#endif
