/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/levels/next.h"

#include "efi/console.h"
#include "efi/files.h"

#define NEXT "/EFI/pagelift.efi"

static enum ldr_status read_next(struct memory *memory, EFI_HANDLE device,
                                 struct contents *ret_contents, struct ldr_report *report)
{
    struct volume volume;
    enum ldr_status status = volume_open(&volume, memory->services, device, memory, report);

    if (status != LDR_OK)
        return status;
    status = volume_read(&volume, (struct ldr_text){NEXT, sizeof NEXT - 1}, ret_contents, report);
    volume_close(&volume);
    return status;
}

/* By the path of the device, so that the other finds its files there. */
static EFI_STATUS start(EFI_BOOT_SERVICES *services, EFI_HANDLE application, EFI_HANDLE device,
                        const struct contents *contents)
{
    EFI_GUID guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    EFI_HANDLE next;
    void *path;
    EFI_STATUS status = services->HandleProtocol(device, &guid, &path);

    if (status == EFI_SUCCESS)
        status = services->LoadImage(FALSE, application, path, (void *)contents->phys,
                                     contents->bytes, &next);
    return status == EFI_SUCCESS ? services->StartImage(next, NULL, NULL) : status;
}

EFI_STATUS next_start(EFI_HANDLE application, EFI_SYSTEM_TABLE *system, next_change *change)
{
    EFI_BOOT_SERVICES *services = system->BootServices;
    EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    struct memory memory = {.services = services};
    struct ldr_report report;
    struct contents contents;
    struct console console;
    struct ldr_log log;
    void *protocol;
    EFI_HANDLE device;

    console_open(&console, system);
    log = console_log(&console);
    if (services->HandleProtocol(application, &guid, &protocol) != EFI_SUCCESS)
        return EFI_UNSUPPORTED;
    device = ((EFI_LOADED_IMAGE *)protocol)->DeviceHandle;
    if (read_next(&memory, device, &contents, &report) != LDR_OK ||
        change(&memory, system, &report) != LDR_OK) {
        ldr_say(&log, "error: %s", report.text);
        return EFI_UNSUPPORTED;
    }
    return start(services, application, device, &contents);
}
