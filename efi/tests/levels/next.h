/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For applications of the tests that change something about the machine and then start the one
 * under test, as if firmware had been so.
 */
#ifndef EFI_TESTS_LEVELS_NEXT_H
#define EFI_TESTS_LEVELS_NEXT_H

#include "efi/memory.h"
#include "efi/uefi.h"

/* What is changed; its memory stays for good. */
typedef enum ldr_status next_change(struct memory *memory, EFI_SYSTEM_TABLE *system,
                                    struct ldr_report *report);

/* Reads /EFI/pagelift.efi from the volume that this application came from, makes the change,
 * and starts it. */
EFI_STATUS next_start(EFI_HANDLE application, EFI_SYSTEM_TABLE *system, next_change *change);

#endif
