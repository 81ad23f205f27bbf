/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/framebuffer.h"

EFI_GRAPHICS_OUTPUT_PROTOCOL *framebuffer_output(EFI_SYSTEM_TABLE *system)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    void *output;

    if (system->ConsoleOutHandle && system->BootServices->HandleProtocol(
                                        system->ConsoleOutHandle, &guid, &output) == EFI_SUCCESS)
        return output;
    if (system->BootServices->LocateProtocol(&guid, NULL, &output) == EFI_SUCCESS)
        return output;
    return NULL;
}

/* A colour's place in a pixel, if its bits are one run. */
static bool field_of(uint32_t mask, uint8_t *ret_size, uint8_t *ret_shift)
{
    uint8_t shift, size;

    if (mask == 0)
        return false;
    shift = (uint8_t)__builtin_ctz(mask);
    mask >>= shift;
    if (mask & (mask + 1))
        return false;
    size = (uint8_t)(32 - __builtin_clz(mask));
    *ret_size = size;
    *ret_shift = shift;
    return true;
}

/* Firmware says a pixel's size only through its masks: as far as the highest bit. */
static bool fields_of(const EFI_PIXEL_BITMASK *mask, struct ldr_framebuffer *fb)
{
    uint32_t all = mask->RedMask | mask->GreenMask | mask->BlueMask | mask->ReservedMask;

    return all >> 31 && field_of(mask->RedMask, &fb->red_size, &fb->red_shift) &&
           field_of(mask->GreenMask, &fb->green_size, &fb->green_shift) &&
           field_of(mask->BlueMask, &fb->blue_size, &fb->blue_shift);
}

/* Two formats are so common that firmware has names for them; they are masks, too. */
static bool pixel_format(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info,
                         struct ldr_framebuffer *fb)
{
    static const EFI_PIXEL_BITMASK rgb = {0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000};
    static const EFI_PIXEL_BITMASK bgr = {0x00ff0000, 0x0000ff00, 0x000000ff, 0xff000000};

    switch (info->PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        return fields_of(&rgb, fb);
    case PixelBlueGreenRedReserved8BitPerColor:
        return fields_of(&bgr, fb);
    case PixelBitMask:
        return fields_of(&info->PixelInformation, fb);
    default: /* only by firmware's block transfers, which end with boot services */
        return false;
    }
}

/* A mode as a framebuffer, which lies nowhere yet.  False if it is none for a kernel. */
static bool mode_of(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info,
                    struct ldr_framebuffer *ret_framebuffer)
{
    struct ldr_framebuffer fb = {.bpp = 32};

    fb.width = info->HorizontalResolution;
    fb.height = info->VerticalResolution;
    fb.pitch = (uint64_t)info->PixelsPerScanLine * 4;
    fb.bytes = fb.pitch * fb.height;
    if (!fb.width || !fb.bytes || fb.width > info->PixelsPerScanLine || !pixel_format(info, &fb))
        return false;
    *ret_framebuffer = fb;
    return true;
}

bool framebuffer_query(EFI_BOOT_SERVICES *services, EFI_GRAPHICS_OUTPUT_PROTOCOL *screen,
                       UINT32 mode, struct ldr_framebuffer *ret_framebuffer)
{
    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
    UINTN bytes;
    bool usable;

    if (screen->QueryMode(screen, mode, &bytes, &info) != EFI_SUCCESS)
        return false;
    usable = mode_of(info, ret_framebuffer);
    services->FreePool(info); /* UEFI 2.10, section 12.9.2: the callee allocated it */
    return usable;
}

bool framebuffer_find(struct ldr_framebuffer *ret_framebuffer, EFI_SYSTEM_TABLE *system,
                      EFI_GRAPHICS_OUTPUT_PROTOCOL *screen)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *output = screen ? screen : framebuffer_output(system);

    if (!output || !output->Mode || !output->Mode->Info || !output->Mode->FrameBufferBase ||
        !mode_of(output->Mode->Info, ret_framebuffer))
        return false;
    ret_framebuffer->phys = output->Mode->FrameBufferBase;
    return true;
}
