/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which partition of which disk the boot volume is, for the kernel's files.
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

void partition_find(struct partition *ret_partition, EFI_BOOT_SERVICES *services,
                    EFI_HANDLE volume);

#endif
