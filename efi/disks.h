/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers that a configuration gives disks: hard disks and optical disks are counted
 * apart, each from 1, in the order in which firmware found them.
 */
#ifndef EFI_DISKS_H
#define EFI_DISKS_H

#include <stdbool.h>

#include "efi/uefi.h"

struct disk {
    unsigned number; /* from 1; 0: not on a disk, or firmware doesn't say */
    bool optical;
};

/* The disk that holds a volume, whole or as a partition of it. */
struct disk disk_of_volume(EFI_BOOT_SERVICES *services, EFI_HANDLE volume);

#endif
