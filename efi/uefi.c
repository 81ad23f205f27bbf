/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/uefi.h"

const char *uefi_status_text(EFI_STATUS status)
{
    switch (status) {
    case EFI_SUCCESS:
        return "success";
    case EFI_LOAD_ERROR:
        return "load error";
    case EFI_INVALID_PARAMETER:
        return "invalid parameter";
    case EFI_UNSUPPORTED:
        return "unsupported";
    case EFI_BUFFER_TOO_SMALL:
        return "buffer too small";
    case EFI_DEVICE_ERROR:
        return "device error";
    case EFI_OUT_OF_RESOURCES:
        return "out of resources";
    case EFI_VOLUME_CORRUPTED:
        return "volume corrupted";
    case EFI_NO_MEDIA:
        return "no medium";
    case EFI_MEDIA_CHANGED:
        return "medium changed";
    case EFI_NOT_FOUND:
        return "not found";
    case EFI_ACCESS_DENIED:
        return "access denied";
    case EFI_TIMEOUT:
        return "timeout";
    case EFI_SECURITY_VIOLATION:
        return "security violation";
    default:
        return "an unusual error";
    }
}

EFI_STATUS uefi_status_of(enum ldr_status status)
{
    switch (status) {
    case LDR_OK:
        return EFI_SUCCESS;
    case LDR_BAD_CONFIG:
        return EFI_INVALID_PARAMETER;
    case LDR_BAD_KERNEL:
    case LDR_BAD_REQUEST:
    case LDR_BAD_TABLES:
        return EFI_LOAD_ERROR;
    case LDR_BAD_MACHINE:
        return EFI_UNSUPPORTED;
    case LDR_NO_MEMORY:
        return EFI_OUT_OF_RESOURCES;
    case LDR_NOT_FOUND:
        return EFI_NOT_FOUND;
    }
    return EFI_LOAD_ERROR;
}
