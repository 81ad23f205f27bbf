/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The point of no return.
 */
#ifndef EFI_EXIT_H
#define EFI_EXIT_H

#include "efi/handover.h"
#include "efi/pagelift.h"

/* Ends boot services, with the memory map in map's buffer.  Its key is stale if an event
 * changed the map since it was asked for, so that it is asked again; after a first
 * failure firmware is half down, and nothing but these two calls is made (UEFI
 * 2.10, section 7.4.6).  Firmware's status after the last try; *ret_begun says whether it came to
 * a first: if not, firmware is whole. */
EFI_STATUS exit_boot_services(struct memory_map *map, EFI_HANDLE application, bool *ret_begun);

/* Ends boot services, silences the interrupt controllers, starts the other processors, turns IOMMUs
 * off and finishes the answers: what is left is exit_jump().  LDR_BAD_MACHINE if firmware gives no
 * memory map: then boot services go on.  If firmware doesn't let go, the machine is reset. */
enum ldr_status exit_firmware(const struct handover *handover, struct memory_map *map,
                              const struct pagelift_console *console, EFI_HANDLE application,
                              EFI_SYSTEM_TABLE *system, struct ldr_report *report);

/* Starts the kernel. */
_Noreturn void exit_jump(const struct handover *handover);

#endif
