/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot volume's partition, from device paths as firmware makes them, byte by
 * byte, and a disk with a GUID partition table.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/partition.h"
#include "efi/tests/fake.h"

/* Two nodes of a controller, the partition's node, and the end. */
#define PCI       1, 1, 6, 0, 2, 31
#define SATA      3, 18, 10, 0, 0, 0, 0xff, 0xff, 0, 0
#define SIGNATURE 0xd1, 0xd2, 0xd3, 0xd4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define PARTITION(index, kind, signature_kind)                                                     \
    4, 1, 42, 0, index, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, SIGNATURE, kind,  \
        signature_kind
#define END 0x7f, 0xff, 4, 0

static const uint8_t on_gpt[] = {PCI, SATA, PARTITION(3, 2, 2), END};
static const uint8_t on_mbr[] = {PCI, SATA, PARTITION(1, 1, 1), END};
static const uint8_t on_disk[] = {PCI, SATA, END};

static const uint8_t disk_guid[16] = {0xaa, 0xbb, 0xcc, 0xdd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6};

static struct {
    const uint8_t *path;
    EFI_BLOCK_IO disk;
    EFI_BLOCK_IO_MEDIA media;
    bool has_gpt;
    EFI_STATUS status; /* of reading */
} machine;

static EFI_STATUS EFIAPI read_blocks(EFI_BLOCK_IO *disk, UINT32 media, EFI_LBA block, UINTN bytes,
                                     void *buffer)
{
    assert_ptr_equal(disk, &machine.disk);
    assert_int_equal(media, 42);
    assert_int_equal(block, 1);
    assert_int_equal(bytes, machine.media.BlockSize);
    memset(buffer, 0, bytes);
    if (machine.has_gpt)
        memcpy(buffer, "EFI PART", 8);
    memcpy((uint8_t *)buffer + 56, disk_guid, sizeof disk_guid);
    return machine.status;
}

/* The path that is looked for has to be the disk's: the two nodes of the controller. */
static EFI_STATUS EFIAPI locate_device_path(EFI_GUID *guid, EFI_DEVICE_PATH **path,
                                            EFI_HANDLE *device)
{
    static const uint8_t wanted[] = {PCI, SATA, END};

    (void)guid;
    if (memcmp(*path, wanted, sizeof wanted) != 0)
        return EFI_NOT_FOUND;
    *path = (EFI_DEVICE_PATH *)((uint8_t *)*path + sizeof wanted - 4);
    *device = &machine.disk;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **interface)
{
    static const EFI_GUID block_io = EFI_BLOCK_IO_PROTOCOL_GUID;

    if (memcmp(guid, &block_io, sizeof block_io) == 0) {
        assert_ptr_equal(handle, &machine.disk);
        *interface = &machine.disk;
    } else {
        *interface = (void *)(uintptr_t)machine.path;
    }
    return *interface ? EFI_SUCCESS : EFI_UNSUPPORTED;
}

static struct partition find(const uint8_t *path, bool has_gpt, EFI_STATUS status)
{
    struct fake *fake = fake_start();
    struct partition partition;

    memset(&machine, 0, sizeof machine);
    machine.path = path;
    machine.has_gpt = has_gpt;
    machine.status = status;
    machine.media = (EFI_BLOCK_IO_MEDIA){.MediaId = 42, .BlockSize = 4096};
    machine.disk.Media = &machine.media;
    machine.disk.ReadBlocks = read_blocks;
    fake->services.HandleProtocol = handle_protocol;
    fake->services.LocateDevicePath = locate_device_path;
    partition_find(&partition, &fake->services, NULL);
    assert_int_equal(fake_in_use(fake), 0);
    return partition;
}

static void on_a_gpt_disk(void **state)
{
    static const uint8_t signature[] = {SIGNATURE};
    struct partition p = find(on_gpt, true, EFI_SUCCESS);

    (void)state;
    assert_int_equal(p.index, 3);
    assert_int_equal(p.mbr_disk_id, 0);
    assert_memory_equal(&p.gpt_partition, signature, 16);
    assert_memory_equal(&p.gpt_disk, disk_guid, 16);
}

/* What can't be read is unknown; the rest is told all the same. */
static void on_a_disk_that_fails(void **state)
{
    static const struct limine_uuid none;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct partition p = find(on_gpt, i == 0, i == 0 ? EFI_DEVICE_ERROR : EFI_SUCCESS);

        assert_int_equal(p.index, 3);
        assert_memory_equal(&p.gpt_disk, &none, sizeof none);
    }
}

static void elsewhere(void **state)
{
    static const struct partition nothing;
    struct partition p = find(on_mbr, true, EFI_SUCCESS);

    (void)state;
    assert_int_equal(p.index, 1);
    assert_int_equal(p.mbr_disk_id, 0xd4d3d2d1);
    assert_memory_equal(&p.gpt_partition, &nothing.gpt_partition, 16);
    p = find(on_disk, true, EFI_SUCCESS);
    assert_memory_equal(&p, &nothing, sizeof p);
    p = find(NULL, true, EFI_SUCCESS);
    assert_memory_equal(&p, &nothing, sizeof p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_gpt_disk),
        cmocka_unit_test(on_a_disk_that_fails),
        cmocka_unit_test(elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
