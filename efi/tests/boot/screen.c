/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A graphics output with two modes, of which the first is the one that firmware starts in.
 */
#include "efi/tests/boot/parts.h"

#define MODES UINT32_C(2)

static EFI_GRAPHICS_OUTPUT_MODE_INFORMATION the_info[MODES];
static EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE the_mode;

/* The caller frees it. */
static EFI_STATUS EFIAPI query_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL *output, UINT32 mode,
                                    UINTN *ret_bytes,
                                    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION **ret_info)
{
    EFI_STATUS status = firmware_call(QUERY_SCREEN);
    void *block;

    (void)output;
    if (status != EFI_SUCCESS || mode >= MODES)
        return status != EFI_SUCCESS ? status : EFI_INVALID_PARAMETER;
    status =
        the_firmware.fake->services.AllocatePool(EfiBootServicesData, sizeof **ret_info, &block);
    if (status != EFI_SUCCESS)
        return status;
    *ret_info = block;
    **ret_info = the_info[mode];
    *ret_bytes = sizeof **ret_info;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL *output, UINT32 mode)
{
    EFI_STATUS status = firmware_call(SET_SCREEN);

    (void)output;
    if (status != EFI_SUCCESS || mode >= MODES)
        return status != EFI_SUCCESS ? status : EFI_UNSUPPORTED;
    the_firmware.mode = mode;
    the_mode.Mode = mode;
    the_mode.Info = &the_info[mode];
    return EFI_SUCCESS;
}

EFI_GRAPHICS_OUTPUT_PROTOCOL *screen_protocol(const struct machine *machine)
{
    static EFI_GRAPHICS_OUTPUT_PROTOCOL output = {
        .QueryMode = query_mode, .SetMode = set_mode, .Mode = &the_mode};

    for (unsigned i = 0; i < MODES; i++)
        the_info[i] = (EFI_GRAPHICS_OUTPUT_MODE_INFORMATION){
            .HorizontalResolution = i ? 1024 : 800,
            .VerticalResolution = i ? 768 : 600,
            .PixelsPerScanLine = i ? 1024 : 832,
            .PixelFormat = machine->format,
            .PixelInformation = machine->masks,
        };
    the_mode = (EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE){
        .MaxMode = MODES,
        .Info = &the_info[0],
        .SizeOfInfo = sizeof the_info[0],
        .FrameBufferBase = machine->framebuffer ? machine->framebuffer : UINT64_C(0xc0000000),
        .FrameBufferSize = 1024 * 768 * 4,
    };
    return &output;
}
