/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/partition.h"

#include <stddef.h>
#include <string.h>

/* The header of a GUID partition table, in the second block of a disk (UEFI
 * 2.10, section 5.3.2): its signature, and the disk's GUID. */
#define GPT_BLOCK        1
#define GPT_SIGNATURE    "EFI PART"
#define GPT_DISK_GUID_AT 56

/* Offsets in a hard-drive node (UEFI 2.10, table 10.49), which gnu-efi's structure pads. */
#define NODE_INDEX          4
#define NODE_SIGNATURE      24
#define NODE_SIGNATURE_TYPE 41
#define NODE_BYTES          42

/* The partition's node, the last of its kind; a path's nodes come from the
 * disk's controller down to the partition. */
static const uint8_t *find_node(const EFI_DEVICE_PATH *path)
{
    const EFI_DEVICE_PATH *found = NULL;

    for (; !IsDevicePathEnd(path); path = NextDevicePathNode(path)) {
        size_t bytes = (size_t)DevicePathNodeLength(path);

        if (bytes < sizeof *path)
            break;
        if (DevicePathType(path) == MEDIA_DEVICE_PATH && path->SubType == MEDIA_HARDDRIVE_DP &&
            bytes >= NODE_BYTES)
            found = path;
    }
    return (const uint8_t *)found;
}

static EFI_BLOCK_IO *disk_of(EFI_BOOT_SERVICES *services, const EFI_DEVICE_PATH *path,
                             const uint8_t *node)
{
    size_t bytes = (size_t)(node - (const uint8_t *)path);
    EFI_GUID guid = EFI_BLOCK_IO_PROTOCOL_GUID;
    void *copy, *protocol = NULL;
    EFI_DEVICE_PATH *rest;
    EFI_HANDLE disk;

    /* The disk's path is the partition's without its last node. */
    if (services->AllocatePool(EfiLoaderData, bytes + sizeof *rest, &copy) != EFI_SUCCESS)
        return NULL;
    memcpy(copy, path, bytes);
    rest = (EFI_DEVICE_PATH *)((uint8_t *)copy + bytes);
    SetDevicePathEndNode(rest);
    rest = copy;
    if (services->LocateDevicePath(&guid, &rest, &disk) != EFI_SUCCESS || !IsDevicePathEnd(rest) ||
        services->HandleProtocol(disk, &guid, &protocol) != EFI_SUCCESS)
        protocol = NULL;
    services->FreePool(copy);
    return protocol;
}

/* The disk's GUID, if it has a partition table of that kind. */
static void read_disk_guid(EFI_BOOT_SERVICES *services, EFI_BLOCK_IO *disk,
                           struct limine_uuid *ret_guid)
{
    UINTN bytes = disk->Media->BlockSize;
    UINTN pages = EFI_SIZE_TO_PAGES(bytes);
    EFI_PHYSICAL_ADDRESS block; /* page aligned, which every disk's IoAlign allows */

    if (bytes < 512 ||
        services->AllocatePages(AllocateAnyPages, EfiLoaderData, pages, &block) != EFI_SUCCESS)
        return;
    if (disk->ReadBlocks(disk, disk->Media->MediaId, GPT_BLOCK, bytes, (void *)block) ==
            EFI_SUCCESS &&
        memcmp((void *)block, GPT_SIGNATURE, sizeof GPT_SIGNATURE - 1) == 0)
        memcpy(ret_guid, (uint8_t *)block + GPT_DISK_GUID_AT, sizeof *ret_guid);
    services->FreePages(block, pages);
}

void partition_find(struct partition *ret_partition, EFI_BOOT_SERVICES *services, EFI_HANDLE volume)
{
    EFI_GUID guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    const uint8_t *node;
    EFI_BLOCK_IO *disk;
    void *path;

    *ret_partition = (struct partition){0};
    if (services->HandleProtocol(volume, &guid, &path) != EFI_SUCCESS)
        return;
    node = find_node(path);
    if (!node)
        return;
    memcpy(&ret_partition->index, node + NODE_INDEX, sizeof ret_partition->index);
    if (node[NODE_SIGNATURE_TYPE] == SIGNATURE_TYPE_MBR)
        memcpy(&ret_partition->mbr_disk_id, node + NODE_SIGNATURE,
               sizeof ret_partition->mbr_disk_id);
    if (node[NODE_SIGNATURE_TYPE] != SIGNATURE_TYPE_GUID)
        return;
    memcpy(&ret_partition->gpt_partition, node + NODE_SIGNATURE,
           sizeof ret_partition->gpt_partition);
    disk = disk_of(services, path, node);
    if (disk)
        read_disk_guid(services, disk, &ret_partition->gpt_disk);
}
