/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All volumes that firmware can read files of, and finding the one that a path means.
 */
#ifndef EFI_VOLUMES_H
#define EFI_VOLUMES_H

#include <stdbool.h>
#include <stddef.h>

#include "efi/disks.h"
#include "efi/files.h"
#include "efi/partition.h"
#include "loader/path.h"

/* A volume and what tells it from the others.  It stays where it is until it is closed. */
struct volumes_item {
    struct volumes_item *next;
    EFI_HANDLE device;
    struct partition partition;
    struct disk disk;
    bool opened;
    struct volume volume; /* if opened */
};

struct volumes {
    EFI_BOOT_SERVICES *services;
    struct memory *memory;
    const struct ldr_log *log;
    struct volumes_item *first; /* the one the configuration came from, and open */
    bool connected;             /* firmware was made to look at every device */
};

/* Opens the volume on `device`, and lists those that firmware knows besides.  They are opened
 * when they are wanted.  LDR_NOT_FOUND, LDR_BAD_MACHINE, LDR_NO_MEMORY; then nothing is open. */
enum ldr_status volumes_open(struct volumes *ret_volumes, EFI_BOOT_SERVICES *services,
                             EFI_HANDLE device, struct memory *memory, const struct ldr_log *log,
                             struct ldr_report *report);

/* Closes what was opened. */
void volumes_close(struct volumes *volumes);

/* The volume that a path means, opened.  To start faster firmware may have looked at the devices
 * alone that it boots from: where the volume isn't among what it knows, or a disk is meant by
 * its number, it is made to look at all of them.  Of several with the same label, and of those on
 * the disk whose GUID is given instead of a partition's, the first.
 * LDR_NOT_FOUND where there is none, after the log has listed those that there are;
 * LDR_BAD_MACHINE where it can't be opened. */
enum ldr_status volumes_find(struct volumes *volumes, const struct ldr_path *path,
                             struct volumes_item **ret_item, struct ldr_report *report);

#endif
