/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/fake_handles.h"

#include <assert.h>
#include <string.h>

#define MOST 64

static struct {
    EFI_HANDLE handle;
    EFI_GUID guid;
    void *protocol;
} table[MOST];
static size_t used, visible, connected;
static bool unconnected;
static struct fake *the_fake;

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **interface)
{
    for (size_t i = 0; i < visible; i++) {
        if (table[i].handle == handle && memcmp(&table[i].guid, guid, sizeof *guid) == 0) {
            *interface = table[i].protocol;
            return EFI_SUCCESS;
        }
    }
    return EFI_UNSUPPORTED;
}

static EFI_STATUS EFIAPI locate_handle_buffer(EFI_LOCATE_SEARCH_TYPE type, EFI_GUID *guid,
                                              void *key, UINTN *ret_count, EFI_HANDLE **ret_handles)
{
    UINTN count = 0;
    EFI_STATUS status;
    void *buffer;

    assert((type == ByProtocol || type == AllHandles) && !key);
    status =
        the_fake->services.AllocatePool(EfiBootServicesData, MOST * sizeof(EFI_HANDLE), &buffer);
    if (status != EFI_SUCCESS)
        return status;
    for (size_t i = 0; i < visible; i++)
        if (type == AllHandles || memcmp(&table[i].guid, guid, sizeof *guid) == 0)
            ((EFI_HANDLE *)buffer)[count++] = table[i].handle;
    if (count == 0) {
        the_fake->services.FreePool(buffer);
        return EFI_NOT_FOUND;
    }
    *ret_count = count;
    *ret_handles = buffer;
    return EFI_SUCCESS;
}

/* The bytes of a path before its end node. */
static size_t nodes(const EFI_DEVICE_PATH *path)
{
    const uint8_t *start = (const uint8_t *)path;

    while (!IsDevicePathEnd(path))
        path = NextDevicePathNode(path);
    return (size_t)((const uint8_t *)path - start);
}

/* Of the handles with the protocol, the one whose path is the longest beginning of this. */
static EFI_STATUS EFIAPI locate_device_path(EFI_GUID *guid, EFI_DEVICE_PATH **path,
                                            EFI_HANDLE *device)
{
    EFI_GUID path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    size_t best = 0;

    for (size_t i = 0; i < visible; i++) {
        void *own;

        if (memcmp(&table[i].guid, guid, sizeof *guid) != 0 ||
            handle_protocol(table[i].handle, &path_guid, &own) != EFI_SUCCESS)
            continue;
        if (nodes(own) >= best && nodes(own) <= nodes(*path) &&
            memcmp(own, *path, nodes(own)) == 0) {
            best = nodes(own);
            *device = table[i].handle;
        }
    }
    *path = (EFI_DEVICE_PATH *)((uint8_t *)*path + best);
    return best ? EFI_SUCCESS : EFI_NOT_FOUND;
}

/* Drivers find devices that nobody has seen yet. */
static EFI_STATUS EFIAPI connect(EFI_HANDLE controller, EFI_HANDLE *driver,
                                 EFI_DEVICE_PATH *remaining, BOOLEAN recursive)
{
    (void)controller;
    assert(!driver && !remaining && recursive);
    if (++connected >= visible)
        visible = used;
    return EFI_SUCCESS;
}

void fake_handles_start(struct fake *fake)
{
    used = visible = connected = 0;
    unconnected = false;
    fake->services.ConnectController = connect;
    the_fake = fake;
    fake->services.HandleProtocol = handle_protocol;
    fake->services.LocateHandleBuffer = locate_handle_buffer;
    fake->services.LocateDevicePath = locate_device_path;
}

void fake_handles_add(EFI_HANDLE handle, EFI_GUID guid, void *protocol)
{
    assert(used < MOST);
    table[used].handle = handle;
    table[used].guid = guid;
    table[used++].protocol = protocol;
    if (!unconnected)
        visible = used;
}

void fake_handles_unconnected(void)
{
    unconnected = true;
}

size_t fake_handles_connections(void)
{
    return connected;
}
