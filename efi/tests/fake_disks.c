/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/fake_disks.h"

#include <string.h>

#include "efi/tests/device_paths.h"
#include "efi/tests/fake_handles.h"

enum { DISKS = 5, MOST_FILES = 8 };

/* A port of the controller each, perhaps a partition. */
static uint8_t disk_path[DISKS][20] = {
    {PORT(0), END}, {PORT(1), END}, {PORT(2), END}, {PORT(3), END}, {PORT(4), END},
};
static uint8_t volume_path[FAKE_VOLUMES][64] = {
    [FAKE_BOOT] = {PORT(0), PARTITION(1, 2, GUID(FAKE_BOOT_GUID), 2), END},
    [FAKE_DATA] = {PORT(0), PARTITION(2, 2, GUID(FAKE_DATA_GUID), 2), END},
    [FAKE_MBR] = {PORT(1), PARTITION(1, 1, NOBODY, 1), END},
    [FAKE_CDROM] = {PORT(3), END},
    [FAKE_BROKEN] = {PORT(4), PARTITION(5, 2, GUID(0x70), 2), END},
    [FAKE_NET] = {3, 11, 8, 0, 1, 2, 3, 4, END},
};
static const char *const label[FAKE_VOLUMES] = {"BOOT", "DATA", "data", "CDROM", NULL, "NET"};

static struct {
    EFI_BLOCK_IO disk[DISKS];
    EFI_BLOCK_IO_MEDIA medium[DISKS];
    EFI_BLOCK_IO partition; /* all of them */
    EFI_BLOCK_IO_MEDIA part_of_medium;
    struct fake_file file[FAKE_VOLUMES][MOST_FILES];
    struct fake_disks disks;
} the;

/* The first disk alone has a table of this kind to read. */
static EFI_STATUS EFIAPI read_blocks(EFI_BLOCK_IO *disk, UINT32 media, EFI_LBA block, UINTN bytes,
                                     void *buffer)
{
    (void)media, (void)block;
    memset(buffer, 0, bytes);
    if (disk != &the.disk[0])
        return EFI_DEVICE_ERROR;
    memcpy(buffer, "EFI PART", 8);
    for (uint8_t i = 0; i < 16; i++)
        ((uint8_t *)buffer)[56 + i] = (uint8_t)(FAKE_DISK_GUID + i);
    return EFI_SUCCESS;
}

static void add_disk(unsigned disk)
{
    EFI_GUID block = EFI_BLOCK_IO_PROTOCOL_GUID, path = EFI_DEVICE_PATH_PROTOCOL_GUID;

    the.medium[disk] =
        (EFI_BLOCK_IO_MEDIA){.MediaPresent = disk != 2, .BlockSize = disk == 3 ? 2048 : 512};
    the.disk[disk] = (EFI_BLOCK_IO){.Media = &the.medium[disk], .ReadBlocks = read_blocks};
    fake_handles_add(&the.disk[disk], path, disk_path[disk]);
    fake_handles_add(&the.disk[disk], block, &the.disk[disk]);
}

static void add_volume(unsigned volume, const struct fake_file *more)
{
    EFI_GUID block = EFI_BLOCK_IO_PROTOCOL_GUID, path = EFI_DEVICE_PATH_PROTOCOL_GUID;
    EFI_GUID files = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    struct fake_volume *v = &the.disks.volume[volume];
    struct fake_file *file = the.file[volume];

    *file++ = (struct fake_file){.path = "\\f", .content = label[volume]};
    while (more && more->path)
        *file++ = *more++;
    fake_volume_make(v, the.file[volume], label[volume]);
    the.disks.device[volume] = v;
    fake_handles_add(v, path, volume_path[volume]);
    fake_handles_add(v, files, &v->protocol);
    fake_handles_add(v, block, &the.partition);
}

static void start(struct fake *fake)
{
    memset(&the, 0, sizeof the);
    the.part_of_medium = (EFI_BLOCK_IO_MEDIA){.LogicalPartition = true, .MediaPresent = true};
    the.partition.Media = &the.part_of_medium;
    fake_handles_start(fake);
}

struct fake_disks *fake_disks_start(struct fake *fake, const struct fake_file *more)
{
    start(fake);
    /* Firmware finds volumes in no order that means anything. */
    for (unsigned i = FAKE_VOLUMES; i-- > 0;)
        add_volume(i, more);
    for (unsigned i = 0; i < DISKS; i++)
        add_disk(i);
    return &the.disks;
}

struct fake_disks *fake_disks_start_asleep(struct fake *fake)
{
    start(fake);
    add_volume(FAKE_BOOT, NULL);
    add_disk(0);
    fake_handles_unconnected();
    for (unsigned i = 1; i < DISKS; i++)
        add_disk(i);
    for (unsigned i = 0; i < FAKE_VOLUMES; i++)
        if (i != FAKE_BOOT)
            add_volume(i, NULL);
    return &the.disks;
}
