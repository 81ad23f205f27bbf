/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/fake_volume.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct handle {
    EFI_FILE file; /* first, so that firmware's pointer is ours */
    const struct fake_volume *volume;
    const struct fake_file *of; /* null: the volume's root */
    uint64_t at;
};

static int open_files;

static EFI_FILE_HANDLE new_handle(const struct fake_volume *volume, const struct fake_file *of);

static uint64_t content_bytes(const struct fake_file *of)
{
    return of->bytes ? of->bytes : strlen(of->content);
}

static bool same(const CHAR16 *name, const char *path)
{
    while (*name && *name == (unsigned char)*path)
        name++, path++;
    return *name == (unsigned char)*path;
}

static EFI_STATUS EFIAPI open_file(EFI_FILE_HANDLE root, EFI_FILE_HANDLE *ret_file, CHAR16 *name,
                                   UINT64 mode, UINT64 attributes)
{
    const struct fake_volume *volume = ((struct handle *)root)->volume;

    (void)attributes;
    assert(mode == EFI_FILE_MODE_READ);
    for (const struct fake_file *f = volume->file; f->path; f++) {
        if (same(name, f->path)) {
            *ret_file = new_handle(volume, f);
            return EFI_SUCCESS;
        }
    }
    return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI close_file(EFI_FILE_HANDLE file)
{
    open_files--;
    free(file);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI read_file(EFI_FILE_HANDLE file, UINTN *bytes, void *buffer)
{
    struct handle *handle = (struct handle *)file;
    const struct fake_file *of = handle->of;
    uint64_t left = content_bytes(of) - handle->at;

    if (of->fails_at && handle->at >= of->fails_at)
        return EFI_DEVICE_ERROR;
    if (*bytes > left)
        *bytes = left;
    if (of->piece && *bytes > of->piece)
        *bytes = of->piece;
    memcpy(buffer, of->content + handle->at, *bytes);
    handle->at += *bytes;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_info(EFI_FILE_HANDLE file, EFI_GUID *type, UINTN *bytes, void *buffer)
{
    const struct fake_file *of = ((struct handle *)file)->of;

    (void)type;
    if (!of) {
        EFI_FILE_SYSTEM_INFO *info = buffer;
        const char *label = ((struct handle *)file)->volume->label;
        size_t length = strlen(label) + 1;

        for (size_t i = 0; i < length; i++)
            info->VolumeLabel[i] = (unsigned char)label[i];
        *bytes = SIZE_OF_EFI_FILE_SYSTEM_INFO + length * sizeof(CHAR16);
        return EFI_SUCCESS;
    }
    *(EFI_FILE_INFO *)buffer =
        (EFI_FILE_INFO){.FileSize = of->told_bytes ? of->told_bytes : content_bytes(of),
                        .Attribute = of->folder ? EFI_FILE_DIRECTORY : 0};
    *bytes = sizeof(EFI_FILE_INFO);
    return EFI_SUCCESS;
}

static EFI_FILE_HANDLE new_handle(const struct fake_volume *volume, const struct fake_file *of)
{
    struct handle *handle = calloc(1, sizeof *handle);

    handle->volume = volume;
    handle->of = of;
    handle->file.Open = open_file;
    handle->file.Close = close_file;
    handle->file.Read = read_file;
    handle->file.GetInfo = get_info;
    open_files++;
    return &handle->file;
}

static EFI_STATUS EFIAPI open_volume(EFI_FILE_IO_INTERFACE *file_system, EFI_FILE_HANDLE *ret_root)
{
    struct fake_volume *volume = (struct fake_volume *)file_system;

    if (!volume->label)
        return EFI_VOLUME_CORRUPTED;
    volume->opened++;
    *ret_root = new_handle(volume, NULL);
    return EFI_SUCCESS;
}

void fake_volume_make(struct fake_volume *ret_volume, const struct fake_file *file,
                      const char *label)
{
    *ret_volume =
        (struct fake_volume){.protocol = {.OpenVolume = open_volume}, .file = file, .label = label};
}

void fake_volume_open(struct fake *fake, struct memory *memory, const struct fake_file *file,
                      struct volume *ret_volume)
{
    static struct fake_volume volume;
    struct ldr_report report;

    fake_volume_make(&volume, file, "TEST");
    open_files = 0;
    fake->protocol = &volume.protocol;
    assert(volume_open(ret_volume, &fake->services, NULL, memory, &report) == LDR_OK);
}

int fake_volume_open_files(void)
{
    return open_files;
}
