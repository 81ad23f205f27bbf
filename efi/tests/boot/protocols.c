/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which handle has which protocol.
 */
#include <string.h>

#include "efi/tests/boot/parts.h"

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **ret_interface)
{
    EFI_STATUS status = firmware_call(HANDLE_PROTOCOL);
    void *found = protocol_of(handle, guid);

    if (status == EFI_SUCCESS && !found)
        status = EFI_UNSUPPORTED;
    if (status == EFI_SUCCESS)
        *ret_interface = found;
    return status;
}

/* Counted as open until it is closed; asking "by handle protocol" needs no closing. */
static EFI_STATUS EFIAPI open_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **ret_interface,
                                       EFI_HANDLE agent, EFI_HANDLE controller, UINT32 attributes)
{
    EFI_STATUS status = handle_protocol(handle, guid, ret_interface);

    (void)agent, (void)controller;
    if (status == EFI_SUCCESS && attributes != EFI_OPEN_PROTOCOL_BY_HANDLE_PROTOCOL &&
        attributes != EFI_OPEN_PROTOCOL_GET_PROTOCOL &&
        attributes != EFI_OPEN_PROTOCOL_TEST_PROTOCOL)
        the_firmware.protocols++;
    return status;
}

static EFI_STATUS EFIAPI close_protocol(EFI_HANDLE handle, EFI_GUID *guid, EFI_HANDLE agent,
                                        EFI_HANDLE controller)
{
    (void)handle, (void)guid, (void)agent, (void)controller;
    the_firmware.protocols--;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI locate_protocol(EFI_GUID *guid, void *registration, void **ret_interface)
{
    EFI_STATUS status = firmware_call(LOCATE_PROTOCOL);
    void *found = protocol_of(NULL, guid);

    (void)registration;
    if (status == EFI_SUCCESS && !found)
        status = EFI_NOT_FOUND;
    if (status == EFI_SUCCESS)
        *ret_interface = found;
    return status;
}

/* The caller frees the list. */
static EFI_STATUS EFIAPI locate_handles(EFI_LOCATE_SEARCH_TYPE search, EFI_GUID *guid, void *key,
                                        UINTN *ret_count, EFI_HANDLE **ret_handles)
{
    EFI_STATUS status = firmware_call(LOCATE_HANDLES);
    EFI_HANDLE found[HANDLES];
    UINTN count = 0;
    void *list;

    (void)key;
    if (status != EFI_SUCCESS)
        return status;
    for (int i = APPLICATION; i < HANDLES; i++)
        if (search == AllHandles || protocol_of(handle_of((enum handle)i), guid))
            found[count++] = handle_of((enum handle)i);
    if (!count)
        return EFI_NOT_FOUND;
    status = the_firmware.fake->services.AllocatePool(EfiBootServicesData, sizeof found, &list);
    if (status != EFI_SUCCESS)
        return status;
    memcpy(list, found, count * sizeof *found);
    *ret_count = count;
    *ret_handles = list;
    return EFI_SUCCESS;
}

/* The one path that anybody looks for is the disk's: what is left of it is nothing. */
static EFI_STATUS EFIAPI locate_path(EFI_GUID *guid, EFI_DEVICE_PATH **path, EFI_HANDLE *ret_device)
{
    EFI_STATUS status = firmware_call(LOCATE_PATH);

    if (status != EFI_SUCCESS || !protocol_of(handle_of(DISK), guid))
        return status != EFI_SUCCESS ? status : EFI_NOT_FOUND;
    while (!IsDevicePathEnd(*path))
        *path = NextDevicePathNode(*path);
    *ret_device = handle_of(DISK);
    return EFI_SUCCESS;
}

/* All drivers run already. */
static EFI_STATUS EFIAPI connect_controller(EFI_HANDLE controller, EFI_HANDLE *drivers,
                                            EFI_DEVICE_PATH *rest, BOOLEAN recursive)
{
    (void)controller, (void)drivers, (void)rest, (void)recursive;
    return firmware_call(CONNECT);
}

void protocols_install(EFI_BOOT_SERVICES *services)
{
    services->HandleProtocol = handle_protocol;
    services->OpenProtocol = open_protocol;
    services->CloseProtocol = close_protocol;
    services->LocateProtocol = locate_protocol;
    services->LocateHandleBuffer = locate_handles;
    services->LocateDevicePath = locate_path;
    services->ConnectController = connect_controller;
}
