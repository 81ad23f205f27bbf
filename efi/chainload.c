/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/chainload.h"

#include <string.h>

#include "efi/text.h"

/* What firmware's boot manager sets before it starts an application (UEFI 2.10, section 7.5). */
#define WATCHDOG_SECONDS 300

/* Load options and device path of the application, in one block of memory. */
struct block {
    uint64_t phys, bytes;
    CHAR16 *options;
    UINTN options_bytes;
    EFI_DEVICE_PATH *path;
};

/* The bytes of a device path before its end node. */
static size_t path_bytes(const EFI_DEVICE_PATH *path)
{
    const uint8_t *start = (const uint8_t *)path;

    while (!IsDevicePathEnd(path) && (size_t)DevicePathNodeLength(path) >= sizeof *path)
        path = NextDevicePathNode(path);
    return (size_t)((const uint8_t *)path - start);
}

static size_t units(const CHAR16 *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n + 1;
}

/* The volume's device path, a node with the file's path, and the end.  Nodes have any length,
 * so that the name goes there byte by byte. */
static bool write_path(EFI_DEVICE_PATH *at, const EFI_DEVICE_PATH *volume, struct ldr_text file)
{
    CHAR16 name[FILES_PATH_UNITS];
    size_t bytes = path_bytes(volume);
    EFI_DEVICE_PATH *node = (EFI_DEVICE_PATH *)((uint8_t *)at + bytes);

    if (!text_to_path(file.at, file.length, name, FILES_PATH_UNITS))
        return false;
    memcpy(at, volume, bytes);
    node->Type = MEDIA_DEVICE_PATH;
    node->SubType = MEDIA_FILEPATH_DP;
    SetDevicePathNodeLength(node, sizeof *node + units(name) * sizeof *name);
    memcpy(node + 1, name, units(name) * sizeof *name);
    node = NextDevicePathNode(node);
    SetDevicePathEndNode(node);
    return true;
}

static enum ldr_status fill(const struct chainload *c, const EFI_DEVICE_PATH *volume,
                            struct block *block, struct ldr_report *report)
{
    block->options = (CHAR16 *)block->phys;
    if (!text_to_utf16(c->cmdline.at, c->cmdline.length, block->options, c->cmdline.length + 3))
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "%.*s: its command line is not UTF-8; correct the configuration",
                          LDR_TEXT(c->path));
    block->options_bytes = units(block->options) * sizeof *block->options;
    block->path = (EFI_DEVICE_PATH *)(block->options + c->cmdline.length + 3);
    if (write_path(block->path, volume, c->path))
        return LDR_OK;
    return ldr_refuse(report, LDR_BAD_CONFIG, "%.*s: not a file's path: not UTF-8; rename the file",
                      LDR_TEXT(c->path));
}

static enum ldr_status make_block(const struct chainload *c, struct memory *memory,
                                  struct block *ret_block, struct ldr_report *report)
{
    EFI_GUID guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    struct block block = {0};
    enum ldr_status status;
    void *volume;

    if (c->system->BootServices->HandleProtocol(c->file.from->device, &guid, &volume) !=
        EFI_SUCCESS)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "%.*s: %s has no device path; start it from another volume",
                          LDR_TEXT(c->path), c->file.from->volume.name);
    block.bytes = (c->cmdline.length + 3 + c->path.length + 3) * sizeof(CHAR16) +
                  path_bytes(volume) + 2 * sizeof(EFI_DEVICE_PATH);
    status = memory_allocate(memory, block.bytes, "a device path", &block.phys, report);
    if (status != LDR_OK)
        return status;
    status = fill(c, volume, &block, report);
    if (status == LDR_OK)
        *ret_block = block;
    else
        memory_free(memory, block.phys, block.bytes);
    return status;
}

/* Firmware may keep an image that it won't run, to ask its user about it. */
static enum ldr_status load(const struct chainload *c, const struct block *block,
                            EFI_HANDLE *ret_image, struct ldr_report *report)
{
    EFI_BOOT_SERVICES *services = c->system->BootServices;
    EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    EFI_LOADED_IMAGE *loaded;
    EFI_HANDLE image = NULL;
    void *protocol = NULL;
    EFI_STATUS status =
        services->LoadImage(FALSE, c->application, block->path, (void *)c->file.contents.phys,
                            c->file.contents.bytes, &image);

    if (status == EFI_SUCCESS)
        status = services->HandleProtocol(image, &guid, &protocol);
    if (status != EFI_SUCCESS) {
        if (image)
            services->UnloadImage(image);
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%.*s: firmware doesn't load it (%s); give an EFI application for "
                          "x86-64, signed where Secure Boot is on",
                          LDR_TEXT(c->path), uefi_status_text(status));
    }
    loaded = protocol;
    loaded->LoadOptions = block->options;
    loaded->LoadOptionsSize = (UINT32)block->options_bytes;
    *ret_image = image;
    return LDR_OK;
}

/* An application that returns has been unloaded by firmware. */
static void start(const struct chainload *c, EFI_HANDLE image)
{
    EFI_BOOT_SERVICES *services = c->system->BootServices;
    CHAR16 *said = NULL;
    UINTN bytes;
    EFI_STATUS status;

    ldr_say(c->log, "starting %.*s from %s", LDR_TEXT(c->path), c->file.from->volume.name);
    services->SetWatchdogTimer(WATCHDOG_SECONDS, 0, 0, NULL);
    status = services->StartImage(image, &bytes, &said);
    services->SetWatchdogTimer(0, 0, 0, NULL);
    if (said)
        services->FreePool(said);
    ldr_say(c->log, "%.*s has returned: %s", LDR_TEXT(c->path), uefi_status_text(status));
}

enum ldr_status chainload_start(const struct chainload *chainload, struct ldr_report *report)
{
    struct memory *memory = chainload->file.from->volume.memory;
    struct block block = {0};
    EFI_HANDLE image = NULL;
    enum ldr_status status = make_block(chainload, memory, &block, report);

    if (status != LDR_OK)
        return status;
    status = load(chainload, &block, &image, report);
    if (status == LDR_OK)
        start(chainload, image);
    memory_free(memory, block.phys, block.bytes);
    return status;
}
