/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with disks, for tests of what tells one volume from another:
 *
 *     hard disk 1, GPT: partition 1 (label BOOT), where the application came from, and
 *                       partition 2 (label DATA)
 *     hard disk 2, MBR: partition 1 (label data)
 *     a drive without a disk in it
 *     optical disk 1, with a volume on all of it (label CDROM)
 *     hard disk 3, GPT: partition 5, which can't be opened
 *     a volume on no disk (label NET)
 */
#ifndef EFI_TESTS_FAKE_DISKS_H
#define EFI_TESTS_FAKE_DISKS_H

#include "efi/tests/fake.h"
#include "efi/tests/fake_volume.h"

enum {
    FAKE_BOOT,
    FAKE_DATA,
    FAKE_MBR,
    FAKE_CDROM,
    FAKE_BROKEN,
    FAKE_NET,
    FAKE_VOLUMES,
};

struct fake_disks {
    struct fake_volume volume[FAKE_VOLUMES];
    EFI_HANDLE device[FAKE_VOLUMES];
};

/* The first four bytes of partition 1's and partition 2's GUID, and of their disk's; the
 * others count up from them. */
#define FAKE_BOOT_GUID 0x10
#define FAKE_DATA_GUID 0x30
#define FAKE_DISK_GUID 0x50

/* Each volume has the one file "\f" with its label in it, and `more` if not null. */
struct fake_disks *fake_disks_start(struct fake *fake, const struct fake_file *more);

/* The same, but firmware has only looked at partition 1 of hard disk 1 so far. */
struct fake_disks *fake_disks_start_asleep(struct fake *fake);

#endif
