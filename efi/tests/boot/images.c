/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application that is started by another, and returns at once with a word about it.
 */
#include <assert.h>
#include <string.h>

#include "efi/tests/boot/parts.h"

static EFI_STATUS EFIAPI load_image(BOOLEAN by_user, EFI_HANDLE parent, EFI_DEVICE_PATH *path,
                                    void *file, UINTN bytes, EFI_HANDLE *ret_image)
{
    EFI_STATUS status = firmware_call(LOAD_IMAGE);

    (void)path;
    if (status == EFI_SUCCESS && the_firmware.machine.distrusts)
        status = EFI_SECURITY_VIOLATION;
    assert(!by_user && parent == handle_of(APPLICATION) && file && bytes);
    /* Who mustn't run it may still get it, to ask somebody (UEFI 2.10, section 7.4.1). */
    if (status != EFI_SUCCESS && status != EFI_SECURITY_VIOLATION)
        return status;
    the_firmware.images++;
    *ret_image = handle_of(STARTED);
    return status;
}

static EFI_STATUS EFIAPI unload_image(EFI_HANDLE image)
{
    EFI_STATUS status = firmware_call(UNLOAD_IMAGE);

    assert(image == handle_of(STARTED));
    if (status == EFI_SUCCESS)
        the_firmware.images--;
    return status;
}

/* One that can't be started is unloaded, too, as is every application that has returned. */
static EFI_STATUS EFIAPI start_image(EFI_HANDLE image, UINTN *ret_bytes, CHAR16 **ret_said)
{
    static const CHAR16 word[] = L"done";
    EFI_STATUS status = firmware_call(START_IMAGE);
    void *said;

    assert(image == handle_of(STARTED));
    the_firmware.images--;
    if (status != EFI_SUCCESS)
        return status;
    if (the_firmware.fake->services.AllocatePool(EfiBootServicesData, sizeof word, &said) ==
        EFI_SUCCESS) {
        memcpy(said, word, sizeof word);
        *ret_said = said;
        *ret_bytes = sizeof word;
    }
    return EFI_SUCCESS;
}

void images_install(EFI_BOOT_SERVICES *services)
{
    services->LoadImage = load_image;
    services->UnloadImage = unload_image;
    services->StartImage = start_image;
}
