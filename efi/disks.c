/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/disks.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Optical disks alone have blocks of this size. */
#define OPTICAL_BLOCK 2048

/* Where the nodes of a path end that lead to the disk: before the node of a partition or of
 * an optical disk's boot image (UEFI 2.10, section 10.3.5), which is the last of its path. */
static size_t disk_path_bytes(const EFI_DEVICE_PATH *path)
{
    const uint8_t *start = (const uint8_t *)path;

    for (; !IsDevicePathEnd(path); path = NextDevicePathNode(path)) {
        if ((size_t)DevicePathNodeLength(path) < sizeof *path)
            break;
        if (DevicePathType(path) == MEDIA_DEVICE_PATH &&
            (path->SubType == MEDIA_HARDDRIVE_DP || path->SubType == MEDIA_CDROM_DP))
            break;
    }
    return (size_t)((const uint8_t *)path - start);
}

static const EFI_DEVICE_PATH *path_of(EFI_BOOT_SERVICES *services, EFI_HANDLE handle)
{
    EFI_GUID guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    void *path;

    return services->HandleProtocol(handle, &guid, &path) == EFI_SUCCESS ? path : NULL;
}

/* Whole disks with a medium in them; partitions have the same protocol. */
static const EFI_BLOCK_IO_MEDIA *medium_of(EFI_BOOT_SERVICES *services, EFI_HANDLE handle)
{
    EFI_GUID guid = EFI_BLOCK_IO_PROTOCOL_GUID;
    EFI_BLOCK_IO *block;
    void *protocol;

    if (services->HandleProtocol(handle, &guid, &protocol) != EFI_SUCCESS)
        return NULL;
    block = protocol;
    return block->Media->LogicalPartition || !block->Media->MediaPresent ? NULL : block->Media;
}

static bool is_path(const EFI_DEVICE_PATH *path, const EFI_DEVICE_PATH *wanted, size_t bytes)
{
    return path && disk_path_bytes(path) == bytes && memcmp(path, wanted, bytes) == 0;
}

struct disk disk_of_volume(EFI_BOOT_SERVICES *services, EFI_HANDLE volume)
{
    const EFI_DEVICE_PATH *wanted = path_of(services, volume);
    EFI_GUID guid = EFI_BLOCK_IO_PROTOCOL_GUID;
    unsigned counted[2] = {0};
    struct disk disk = {0};
    EFI_HANDLE *handle;
    UINTN count;

    if (!wanted ||
        services->LocateHandleBuffer(ByProtocol, &guid, NULL, &count, &handle) != EFI_SUCCESS)
        return disk;
    for (UINTN i = 0; i < count && !disk.number; i++) {
        const EFI_BLOCK_IO_MEDIA *medium = medium_of(services, handle[i]);
        bool optical;

        if (!medium)
            continue;
        optical = medium->BlockSize == OPTICAL_BLOCK;
        counted[optical]++;
        if (is_path(path_of(services, handle[i]), wanted, disk_path_bytes(wanted)))
            disk = (struct disk){.number = counted[optical], .optical = optical};
    }
    services->FreePool(handle);
    return disk;
}
