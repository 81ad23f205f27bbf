/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "efi/tests/boot/parts.h"

/* Each begins with firmware's structure, so that its pointer is ours. */
struct volume {
    EFI_FILE_IO_INTERFACE protocol;
    const struct volume_file *file;
    size_t count;
    CHAR16 label[8];
};

struct handle_of_file {
    EFI_FILE file;
    struct volume *on;
    const struct volume_file *of; /* null: the volume's root */
    size_t at;
};

static EFI_FILE_HANDLE new_handle(struct volume *on, const struct volume_file *of);

static bool same(const CHAR16 *name, const char *path)
{
    while (*name && *name == (unsigned char)*path)
        name++, path++;
    return *name == (unsigned char)*path;
}

static EFI_STATUS EFIAPI open_file(EFI_FILE_HANDLE root, EFI_FILE_HANDLE *ret_file, CHAR16 *name,
                                   UINT64 mode, UINT64 attributes)
{
    struct volume *volume = ((struct handle_of_file *)root)->on;
    EFI_STATUS status = firmware_call(OPEN_FILE);

    (void)mode, (void)attributes;
    if (status != EFI_SUCCESS)
        return status;
    for (size_t i = 0; i < volume->count; i++) {
        if (same(name, volume->file[i].path)) {
            *ret_file = new_handle(volume, &volume->file[i]);
            return EFI_SUCCESS;
        }
    }
    return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI close_file(EFI_FILE_HANDLE file)
{
    EFI_STATUS status = firmware_call(CLOSE_FILE);

    the_firmware.protocols--;
    free(file);
    return status;
}

static EFI_STATUS EFIAPI read_file(EFI_FILE_HANDLE file, UINTN *bytes, void *buffer)
{
    struct handle_of_file *handle = (struct handle_of_file *)file;
    size_t left = handle->of->bytes - handle->at;
    size_t piece = the_firmware.machine.piece;
    EFI_STATUS status = firmware_call(READ_FILE);

    if (status != EFI_SUCCESS)
        return status;
    if (*bytes > left)
        *bytes = left;
    if (piece && *bytes > piece)
        *bytes = piece;
    memcpy(buffer, (const uint8_t *)handle->of->content + handle->at, *bytes);
    handle->at += *bytes;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_info(EFI_FILE_HANDLE file, EFI_GUID *type, UINTN *bytes, void *buffer)
{
    const struct handle_of_file *handle = (struct handle_of_file *)file;
    const struct volume_file *of = handle->of;
    EFI_STATUS status = firmware_call(FILE_INFO);

    (void)type;
    if (status != EFI_SUCCESS)
        return status;
    if (!of) {
        memcpy(((EFI_FILE_SYSTEM_INFO *)buffer)->VolumeLabel, handle->on->label,
               sizeof handle->on->label);
        *bytes = SIZE_OF_EFI_FILE_SYSTEM_INFO + sizeof handle->on->label;
        return EFI_SUCCESS;
    }
    *(EFI_FILE_INFO *)buffer = (EFI_FILE_INFO){.FileSize = of->bytes};
    *bytes = sizeof(EFI_FILE_INFO);
    return EFI_SUCCESS;
}

static EFI_FILE_HANDLE new_handle(struct volume *on, const struct volume_file *of)
{
    struct handle_of_file *handle = calloc(1, sizeof *handle);

    handle->on = on;
    handle->of = of;
    handle->file.Open = open_file;
    handle->file.Close = close_file;
    handle->file.Read = read_file;
    handle->file.GetInfo = get_info;
    the_firmware.protocols++;
    return &handle->file;
}

static EFI_STATUS EFIAPI open_volume(EFI_FILE_IO_INTERFACE *file_system, EFI_FILE_HANDLE *ret_root)
{
    EFI_STATUS status = firmware_call(OPEN_VOLUME);

    if (status == EFI_SUCCESS)
        *ret_root = new_handle((struct volume *)file_system, NULL);
    return status;
}

EFI_FILE_IO_INTERFACE *volume_protocol(unsigned volume, const struct volume_file *file,
                                       size_t count)
{
    static struct volume volumes[VOLUMES] = {{.label = L"FIRST"}, {.label = L"SECOND"}};

    volumes[volume].protocol.OpenVolume = open_volume;
    volumes[volume].file = file;
    volumes[volume].count = count;
    return &volumes[volume].protocol;
}
