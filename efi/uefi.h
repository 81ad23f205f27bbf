/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UEFI, as gnu-efi declares it, and the little that it leaves out.
 *
 * The build defines GNU_EFI_USE_MS_ABI: protocol members then carry firmware's
 * calling convention in their type, and a call through them is an ordinary call
 * that the compiler checks.
 */
#ifndef EFI_UEFI_H
#define EFI_UEFI_H

#include <efi.h>

#include "loader/report.h"

/* UEFI 2.10, section 37.2: access rights of pages while boot services run.
 * gnu-efi 3.0.15 doesn't know it. */
#define MEMORY_ATTRIBUTE_PROTOCOL_GUID                                                             \
    {                                                                                              \
        0xf4560cf6, 0x40ec, 0x4b4a,                                                                \
        {                                                                                          \
            0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89                                         \
        }                                                                                          \
    }
#define MEMORY_READ_ONLY UINT64_C(0x20000) /* EFI_MEMORY_RO */

struct memory_attribute_protocol {
    EFI_STATUS(EFIAPI *get)
    (struct memory_attribute_protocol *, EFI_PHYSICAL_ADDRESS, UINT64, UINT64 *);
    EFI_STATUS(EFIAPI *set)
    (struct memory_attribute_protocol *, EFI_PHYSICAL_ADDRESS, UINT64, UINT64);
    EFI_STATUS(EFIAPI *clear)
    (struct memory_attribute_protocol *, EFI_PHYSICAL_ADDRESS, UINT64, UINT64);
};

/* A status in words, for messages.  Never null. */
const char *uefi_status_text(EFI_STATUS status);

/* What firmware's boot manager is told of a refusal (efi/pagelift.h has the list). */
EFI_STATUS uefi_status_of(enum ldr_status status);

#endif
