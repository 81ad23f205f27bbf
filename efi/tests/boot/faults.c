/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/boot/faults.h"

#include <string.h>

const struct fault_kind fault_kind[SERVICES] = {
    [ALLOCATE_PAGES] = {"AllocatePages",
                        {EFI_OUT_OF_RESOURCES, EFI_NOT_FOUND, EFI_INVALID_PARAMETER}},
    [ALLOCATE_POOL] = {"AllocatePool", {EFI_OUT_OF_RESOURCES, EFI_INVALID_PARAMETER}},
    [FREE_PAGES] = {"FreePages", {EFI_NOT_FOUND, EFI_INVALID_PARAMETER}},
    [FREE_POOL] = {"FreePool", {EFI_INVALID_PARAMETER}},
    [GET_MEMORY_MAP] = {"GetMemoryMap", {EFI_BUFFER_TOO_SMALL, EFI_INVALID_PARAMETER}},
    [EXIT_BOOT_SERVICES] = {"ExitBootServices", {EFI_INVALID_PARAMETER}},
    [HANDLE_PROTOCOL] = {"HandleProtocol", {EFI_UNSUPPORTED, EFI_INVALID_PARAMETER}},
    [LOCATE_PROTOCOL] = {"LocateProtocol", {EFI_NOT_FOUND, EFI_INVALID_PARAMETER}},
    [LOCATE_HANDLES] = {"LocateHandleBuffer",
                        {EFI_NOT_FOUND, EFI_OUT_OF_RESOURCES, EFI_INVALID_PARAMETER}},
    [LOCATE_PATH] = {"LocateDevicePath", {EFI_NOT_FOUND, EFI_INVALID_PARAMETER}},
    [CONNECT] = {"ConnectController", {EFI_NOT_FOUND, EFI_DEVICE_ERROR, EFI_SECURITY_VIOLATION}},
    [CREATE_EVENT] = {"CreateEvent", {EFI_OUT_OF_RESOURCES, EFI_INVALID_PARAMETER}},
    [CLOSE_EVENT] = {"CloseEvent", {EFI_DEVICE_ERROR}}, /* which UEFI doesn't let it */
    [SET_TIMER] = {"SetTimer", {EFI_INVALID_PARAMETER}},
    [WAIT_FOR_EVENT] = {"WaitForEvent", {EFI_UNSUPPORTED, EFI_INVALID_PARAMETER}},
    [SET_WATCHDOG] = {"SetWatchdogTimer",
                      {EFI_UNSUPPORTED, EFI_DEVICE_ERROR, EFI_INVALID_PARAMETER}},
    [STALL] = {"Stall", {0}},
    [GET_VARIABLE] = {"GetVariable", {EFI_NOT_FOUND, EFI_DEVICE_ERROR, EFI_SECURITY_VIOLATION}},
    [GET_TIME] = {"GetTime", {EFI_DEVICE_ERROR, EFI_UNSUPPORTED}},
    [OUTPUT_STRING] = {"OutputString", {EFI_DEVICE_ERROR, EFI_UNSUPPORTED}},
    [SHAPE_TEXT] = {"the text console", {EFI_DEVICE_ERROR, EFI_UNSUPPORTED}},
    [READ_KEY] = {"ReadKeyStroke", {EFI_NOT_READY, EFI_DEVICE_ERROR}},
    [QUERY_SCREEN] = {"QueryMode", {EFI_DEVICE_ERROR, EFI_INVALID_PARAMETER}},
    [SET_SCREEN] = {"SetMode", {EFI_DEVICE_ERROR, EFI_UNSUPPORTED}},
    [OPEN_VOLUME] = {"OpenVolume",
                     {EFI_NO_MEDIA, EFI_DEVICE_ERROR, EFI_VOLUME_CORRUPTED, EFI_ACCESS_DENIED,
                      EFI_OUT_OF_RESOURCES, EFI_MEDIA_CHANGED}},
    [OPEN_FILE] = {"Open",
                   {EFI_NOT_FOUND, EFI_DEVICE_ERROR, EFI_VOLUME_CORRUPTED, EFI_ACCESS_DENIED,
                    EFI_OUT_OF_RESOURCES, EFI_NO_MEDIA}},
    [READ_FILE] = {"Read", {EFI_NO_MEDIA, EFI_DEVICE_ERROR, EFI_VOLUME_CORRUPTED}},
    [FILE_INFO] = {"GetInfo",
                   {EFI_NO_MEDIA, EFI_DEVICE_ERROR, EFI_VOLUME_CORRUPTED, EFI_BUFFER_TOO_SMALL}},
    [CLOSE_FILE] = {"Close", {EFI_DEVICE_ERROR}}, /* which UEFI doesn't let it */
    [READ_BLOCKS] = {"ReadBlocks", {EFI_DEVICE_ERROR, EFI_NO_MEDIA, EFI_MEDIA_CHANGED}},
    [SET_RIGHTS] = {"SetMemoryAttributes", {EFI_UNSUPPORTED, EFI_OUT_OF_RESOURCES}},
    [CLEAR_RIGHTS] = {"ClearMemoryAttributes", {EFI_UNSUPPORTED, EFI_ACCESS_DENIED}},
    [GET_RANDOM] = {"GetRNG", {EFI_NOT_READY, EFI_DEVICE_ERROR}},
    [MEASURE] = {"the TPM", {EFI_DEVICE_ERROR, EFI_INVALID_PARAMETER}},
    [LOAD_IMAGE] = {"LoadImage",
                    {EFI_UNSUPPORTED, EFI_OUT_OF_RESOURCES, EFI_LOAD_ERROR, EFI_DEVICE_ERROR,
                     EFI_ACCESS_DENIED, EFI_SECURITY_VIOLATION}},
    [UNLOAD_IMAGE] = {"UnloadImage", {EFI_UNSUPPORTED, EFI_INVALID_PARAMETER}},
    [START_IMAGE] = {"StartImage", {EFI_INVALID_PARAMETER, EFI_SECURITY_VIOLATION, EFI_ABORTED}},
};

static struct fault the_fault;
static size_t calls[SERVICES];

void faults_start(const struct fault *fault)
{
    the_fault = *fault;
    memset(calls, 0, sizeof calls);
}

EFI_STATUS faults_ask(enum service service)
{
    size_t call = ++calls[service];

    if (service != the_fault.service || !the_fault.call || call < the_fault.call ||
        (call > the_fault.call && !the_fault.lasting))
        return EFI_SUCCESS;
    return the_fault.status;
}

size_t faults_calls(enum service service)
{
    return calls[service];
}
