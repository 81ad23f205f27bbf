/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One disk with a GUID partition table and its volumes: the one that the application came from
 * and, on a full machine, a second one.  And which handle has what.
 */
#include <string.h>

#include "efi/page_rights.h"
#include "efi/tests/boot/parts.h"
#include "efi/tests/device_paths.h"

static uint8_t disk_path[] = {PORT(0), END};
static uint8_t volume_path[VOLUMES][64] = {
    {PORT(0), PARTITION(1, 2, GUID(0xa0), SIGNATURE_TYPE_GUID), END},
    {PORT(0), PARTITION(2, 2, GUID(0xb0), SIGNATURE_TYPE_GUID), END},
};

static EFI_STATUS EFIAPI read_blocks(EFI_BLOCK_IO *disk, UINT32 media, EFI_LBA block, UINTN bytes,
                                     void *buffer)
{
    EFI_STATUS status = firmware_call(READ_BLOCKS);

    (void)disk, (void)media, (void)block;
    if (status == EFI_SUCCESS) {
        memset(buffer, 0x77, bytes);
        memcpy(buffer, "EFI PART", 8);
    }
    return status;
}

static EFI_LOADED_IMAGE loaded, started;
static EFI_BLOCK_IO_MEDIA media = {.BlockSize = 512, .MediaPresent = TRUE, .LastBlock = 131071};
static EFI_BLOCK_IO disk = {.Media = &media, .ReadBlocks = read_blocks};
static EFI_FILE_IO_INTERFACE *file_system[VOLUMES];
static EFI_GRAPHICS_OUTPUT_PROTOCOL *screen;
static void *tpm;

EFI_HANDLE handle_of(enum handle handle)
{
    return (EFI_HANDLE)(uintptr_t)handle;
}

void devices_start(const struct machine *machine)
{
    unsigned volumes = machine->full ? VOLUMES : 1;

    memset(file_system, 0, sizeof file_system);
    for (unsigned i = 0; i < volumes; i++) {
        size_t count;
        const struct volume_file *file = contents_of(i, &count);

        file_system[i] = volume_protocol(i, file, count);
    }
    drivers_start();
    screen = machine->no_screen ? NULL : screen_protocol(machine);
    tpm = machine->full ? tpm_driver() : NULL;
    loaded = (EFI_LOADED_IMAGE){.DeviceHandle = handle_of(VOLUME)};
    started = (EFI_LOADED_IMAGE){.DeviceHandle = handle_of(VOLUME)};
}

void *protocol_of(EFI_HANDLE handle, const EFI_GUID *guid)
{
    static const EFI_GUID random = {
        0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}};
    static const EFI_GUID tcg2 = {
        0x607f766c, 0x7455, 0x42be, {0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};
    const struct {
        enum handle handle;
        EFI_GUID guid;
        void *interface;
    } all[] = {
        {APPLICATION, EFI_LOADED_IMAGE_PROTOCOL_GUID, &loaded},
        {STARTED, EFI_LOADED_IMAGE_PROTOCOL_GUID, the_firmware.images ? &started : NULL},
        {CONSOLE, EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID, screen},
        {CONSOLE, MEMORY_ATTRIBUTE_PROTOCOL_GUID, rights_driver()},
        {CONSOLE, random, random_driver()},
        {CONSOLE, tcg2, tpm},
        {DISK, EFI_DEVICE_PATH_PROTOCOL_GUID, disk_path},
        {DISK, EFI_BLOCK_IO_PROTOCOL_GUID, &disk},
        {VOLUME, EFI_DEVICE_PATH_PROTOCOL_GUID, volume_path[0]},
        {VOLUME, EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID, file_system[0]},
        {SECOND, EFI_DEVICE_PATH_PROTOCOL_GUID, volume_path[1]},
        {SECOND, EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID, file_system[1]},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if ((!handle || handle == handle_of(all[i].handle)) &&
            memcmp(guid, &all[i].guid, sizeof *guid) == 0 && all[i].interface)
            return all[i].interface;
    return NULL;
}
