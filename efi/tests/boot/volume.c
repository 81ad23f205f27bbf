/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "efi/tests/boot/parts.h"

struct handle_of_file {
    EFI_FILE file; /* first, so that firmware's pointer is ours */
    const struct volume_file *of;
    size_t at;
};

static const struct volume_file *the_files;
static size_t the_count;

static EFI_FILE_HANDLE new_handle(const struct volume_file *of);

static bool same(const CHAR16 *name, const char *path)
{
    while (*name && *name == (unsigned char)*path)
        name++, path++;
    return *name == (unsigned char)*path;
}

static EFI_STATUS EFIAPI open_file(EFI_FILE_HANDLE root, EFI_FILE_HANDLE *ret_file, CHAR16 *name,
                                   UINT64 mode, UINT64 attributes)
{
    EFI_STATUS status = firmware_call(OPEN_FILE);

    (void)root, (void)mode, (void)attributes;
    if (status != EFI_SUCCESS)
        return status;
    for (size_t i = 0; i < the_count; i++) {
        if (same(name, the_files[i].path)) {
            *ret_file = new_handle(&the_files[i]);
            return EFI_SUCCESS;
        }
    }
    return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI close_file(EFI_FILE_HANDLE file)
{
    the_firmware.protocols--;
    free(file);
    return EFI_SUCCESS;
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
    static const CHAR16 label[] = L"TEST";
    const struct volume_file *of = ((struct handle_of_file *)file)->of;
    EFI_STATUS status = firmware_call(FILE_INFO);

    (void)type;
    if (status != EFI_SUCCESS)
        return status;
    if (!of) {
        memcpy(((EFI_FILE_SYSTEM_INFO *)buffer)->VolumeLabel, label, sizeof label);
        *bytes = SIZE_OF_EFI_FILE_SYSTEM_INFO + sizeof label;
        return EFI_SUCCESS;
    }
    *(EFI_FILE_INFO *)buffer = (EFI_FILE_INFO){.FileSize = of->bytes};
    *bytes = sizeof(EFI_FILE_INFO);
    return EFI_SUCCESS;
}

static EFI_FILE_HANDLE new_handle(const struct volume_file *of)
{
    struct handle_of_file *handle = calloc(1, sizeof *handle);

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

    (void)file_system;
    if (status == EFI_SUCCESS)
        *ret_root = new_handle(NULL);
    return status;
}

EFI_FILE_IO_INTERFACE *volume_protocol(const struct volume_file *file, size_t count)
{
    static EFI_FILE_IO_INTERFACE file_system = {.OpenVolume = open_volume};

    the_files = file;
    the_count = count;
    return &file_system;
}
