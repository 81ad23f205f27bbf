/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which partition of which disk a volume is, for the files that come from it.
 */
#ifndef EFI_PARTITION_H
#define EFI_PARTITION_H

#include <stdint.h>

#include "efi/uefi.h"
#include "loader/limine.h"

/* All zero where it isn't known. */
struct partition {
    uint32_t index; /* from 1 */
    uint32_t mbr_disk_id;
    struct limine_uuid gpt_disk, gpt_partition;
};

/* Asks the volume's device path and, for the GUID of a GPT disk, that disk's second block. */
void partition_find(struct partition *ret_partition, EFI_BOOT_SERVICES *services,
                    EFI_HANDLE volume);

#endif
