/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/files.h"

#include <string.h>

#include "efi/text.h"

/* Some firmware fails on reads of many megabytes at once. */
#define PIECE (UINT64_C(1) << 20)

/* The volume's label, also into its name.  A volume without one is still usable. */
static void name_volume(struct volume *volume, const char *name)
{
    union {
        EFI_FILE_SYSTEM_INFO info;
        uint8_t room[sizeof(EFI_FILE_SYSTEM_INFO) + 128];
    } answer;
    EFI_GUID id = EFI_FILE_SYSTEM_INFO_ID;
    UINTN bytes = sizeof answer;
    char *label = volume->label;

    if (volume->root->GetInfo(volume->root, &id, &bytes, &answer) == EFI_SUCCESS &&
        bytes > SIZE_OF_EFI_FILE_SYSTEM_INFO)
        text_to_ascii(answer.info.VolumeLabel, (bytes - SIZE_OF_EFI_FILE_SYSTEM_INFO) / 2, label,
                      sizeof volume->label);
    if (*label)
        ldr_format(volume->name, sizeof volume->name, "%s (label %s)", name, label);
    else
        ldr_format(volume->name, sizeof volume->name, "%s (no label)", name);
}

enum ldr_status volume_open_as(struct volume *ret_volume, EFI_BOOT_SERVICES *services,
                               EFI_HANDLE device, const char *name, struct memory *memory,
                               struct ldr_report *report)
{
    EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    void *protocol;
    EFI_FILE_IO_INTERFACE *file_system;
    EFI_FILE_HANDLE root;
    EFI_STATUS status = services->HandleProtocol(device, &guid, &protocol);

    if (status != EFI_SUCCESS)
        return ldr_refuse(report, LDR_NOT_FOUND,
                          "the application was not started from a volume with files (%s); start "
                          "it from an EFI system partition",
                          uefi_status_text(status));
    file_system = protocol;
    status = file_system->OpenVolume(file_system, &root);
    if (status != EFI_SUCCESS)
        return ldr_refuse(report, LDR_BAD_MACHINE, "%s can't be opened (%s); check its file system",
                          name, uefi_status_text(status));
    *ret_volume = (struct volume){.memory = memory, .root = root};
    name_volume(ret_volume, name);
    return LDR_OK;
}

enum ldr_status volume_open(struct volume *ret_volume, EFI_BOOT_SERVICES *services,
                            EFI_HANDLE device, struct memory *memory, struct ldr_report *report)
{
    return volume_open_as(ret_volume, services, device, "the boot volume", memory, report);
}

void volume_close(struct volume *volume)
{
    volume->root->Close(volume->root);
}

/* Invalid parameter stands for a path that firmware was not even asked for. */
static EFI_STATUS open_path(const struct volume *volume, struct ldr_text path,
                            EFI_FILE_HANDLE *ret_file)
{
    CHAR16 name[FILES_PATH_UNITS];

    if (!text_to_path(path.at, path.length, name, FILES_PATH_UNITS))
        return EFI_INVALID_PARAMETER;
    return volume->root->Open(volume->root, ret_file, name, EFI_FILE_MODE_READ, 0);
}

bool volume_has(const struct volume *volume, struct ldr_text path)
{
    EFI_FILE_HANDLE file;

    if (open_path(volume, path, &file) != EFI_SUCCESS)
        return false;
    file->Close(file);
    return true;
}

/* Why opening failed, in words that say what to do. */
static enum ldr_status refuse_open(const struct volume *volume, struct ldr_text path,
                                   EFI_STATUS status, struct ldr_report *report)
{
    switch (status) {
    case EFI_INVALID_PARAMETER:
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "%.*s: not a file's path: longer than %d characters, or not UTF-8; "
                          "rename the file",
                          LDR_TEXT(path), FILES_PATH_UNITS - 3);
    case EFI_NOT_FOUND:
        return ldr_refuse(report, LDR_NOT_FOUND,
                          "%.*s: there is no such file on %s; copy it there or correct the path",
                          LDR_TEXT(path), volume->name);
    default:
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "%.*s: can't be opened on %s (%s); check its file system", LDR_TEXT(path),
                          volume->name, uefi_status_text(status));
    }
}

/* The size of a file that is open; folders have none. */
static enum ldr_status file_size(const struct volume *volume, struct ldr_text path,
                                 EFI_FILE_HANDLE file, uint64_t *ret_bytes,
                                 struct ldr_report *report)
{
    union {
        EFI_FILE_INFO info;
        uint8_t room[sizeof(EFI_FILE_INFO) + 2 * FILES_PATH_UNITS];
    } answer;
    EFI_GUID id = EFI_FILE_INFO_ID;
    UINTN bytes = sizeof answer;
    EFI_STATUS status = file->GetInfo(file, &id, &bytes, &answer);

    if (status != EFI_SUCCESS)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "%.*s: its size can't be read on %s (%s); check its file system",
                          LDR_TEXT(path), volume->name, uefi_status_text(status));
    if (answer.info.Attribute & EFI_FILE_DIRECTORY)
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "%.*s: is a folder on %s; give the path of a file", LDR_TEXT(path),
                          volume->name);
    *ret_bytes = answer.info.FileSize;
    return LDR_OK;
}

/* A read that gives fewer bytes than asked for is allowed; one that gives none before the
 * end means that the size in the folder and the file don't agree. */
static enum ldr_status read_all(const struct volume *volume, struct ldr_text path,
                                EFI_FILE_HANDLE file, uint64_t phys, uint64_t bytes,
                                struct ldr_report *report)
{
    uint64_t done = 0;

    while (done < bytes) {
        UINTN piece = bytes - done < PIECE ? bytes - done : PIECE;
        EFI_STATUS status = file->Read(file, &piece, (void *)(phys + done));

        if (status != EFI_SUCCESS || piece == 0)
            return ldr_refuse(report, LDR_BAD_MACHINE,
                              "%.*s: reading stopped after %llu of %llu bytes on %s (%s); check "
                              "its file system and its disk",
                              LDR_TEXT(path), (unsigned long long)done, (unsigned long long)bytes,
                              volume->name,
                              status == EFI_SUCCESS ? "short read" : uefi_status_text(status));
        done += piece;
    }
    return LDR_OK;
}

/* What the kernel gets is whole pages: none of them shows what lay there before. */
static void clear_tail(uint64_t phys, uint64_t bytes)
{
    uint64_t used = bytes % EFI_PAGE_SIZE;

    if (used || bytes == 0)
        memset((void *)(phys + bytes), 0, EFI_PAGE_SIZE - used);
}

/* Size, memory, content, in this order, so that a file too large is refused unread. */
static enum ldr_status read_open(const struct volume *volume, struct ldr_text path,
                                 EFI_FILE_HANDLE file, struct contents *ret_contents,
                                 struct ldr_report *report)
{
    char what[128];
    uint64_t bytes = 0, phys = 0;
    enum ldr_status status = file_size(volume, path, file, &bytes, report);

    if (status != LDR_OK)
        return status;
    ldr_format(what, sizeof what, "the file %.*s", LDR_TEXT(path));
    status = memory_allocate(volume->memory, bytes, what, &phys, report);
    if (status != LDR_OK)
        return status;
    status = read_all(volume, path, file, phys, bytes, report);
    if (status != LDR_OK) {
        memory_free(volume->memory, phys, bytes);
        return status;
    }
    clear_tail(phys, bytes);
    *ret_contents = (struct contents){.phys = phys, .bytes = bytes};
    return LDR_OK;
}

enum ldr_status volume_read(const struct volume *volume, struct ldr_text path,
                            struct contents *ret_contents, struct ldr_report *report)
{
    EFI_FILE_HANDLE file;
    EFI_STATUS status = open_path(volume, path, &file);
    enum ldr_status result;

    if (status != EFI_SUCCESS)
        return refuse_open(volume, path, status, report);
    result = read_open(volume, path, file, ret_contents, report);
    file->Close(file);
    return result;
}
