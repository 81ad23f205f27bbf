/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which modes of a screen are a framebuffer to a kernel, and how their pixels are told.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/framebuffer.h"
#include "efi/tests/fake.h"

static const struct {
    EFI_GRAPHICS_PIXEL_FORMAT format;
    EFI_PIXEL_BITMASK mask;
    bool usable;
    uint8_t fields[6]; /* red, green, blue: size, shift */
} modes[] = {
    {PixelRedGreenBlueReserved8BitPerColor, {0, 0, 0, 0}, true, {8, 0, 8, 8, 8, 16}},
    {PixelBlueGreenRedReserved8BitPerColor, {0, 0, 0, 0}, true, {8, 16, 8, 8, 8, 0}},
    {PixelBitMask, {0x3ff00000, 0xffc00, 0x3ff, 0xc0000000}, true, {10, 20, 10, 10, 10, 0}},
    {PixelBitMask, {0xff000000, 0xff0000, 0xff00, 0}, true, {8, 24, 8, 16, 8, 8}},
    {PixelBitMask, {0xf800, 0x7e0, 0x1f, 0}, false, {0}},             /* 16 bits */
    {PixelBitMask, {0xff0000, 0xff00, 0xff, 0}, false, {0}},          /* 24 bits */
    {PixelBitMask, {0xff0000, 0xff00, 0, 0xff000000}, false, {0}},    /* no blue */
    {PixelBitMask, {0xff0000, 0xf0f0, 0xff, 0xff000000}, false, {0}}, /* green in pieces */
    {PixelBltOnly, {0, 0, 0, 0}, false, {0}},
    {PixelFormatMax, {0, 0, 0, 0}, false, {0}},
};

static void every_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        EFI_GRAPHICS_OUTPUT_MODE_INFORMATION info = {.HorizontalResolution = 1366,
                                                     .VerticalResolution = 768,
                                                     .PixelFormat = modes[i].format,
                                                     .PixelInformation = modes[i].mask,
                                                     .PixelsPerScanLine = 1376};
        EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE mode = {.Info = &info, .FrameBufferBase = 0xc0000000};
        EFI_GRAPHICS_OUTPUT_PROTOCOL output = {.Mode = &mode};
        struct fake *fake = fake_start();
        struct ldr_framebuffer fb = {.bpp = 1};
        const uint8_t *f = modes[i].fields;

        fake->protocol = &output;
        assert_int_equal(framebuffer_find(&fb, &fake->system, NULL), modes[i].usable);
        if (!modes[i].usable) {
            assert_int_equal(fb.bpp, 1); /* untouched */
            continue;
        }
        assert_int_equal(fb.phys, 0xc0000000);
        assert_int_equal(fb.width, 1366);
        assert_int_equal(fb.height, 768);
        assert_int_equal(fb.pitch, 1376 * 4);
        assert_int_equal(fb.bytes, 1376 * 4 * 768);
        assert_int_equal(fb.bpp, 32);
        assert_memory_equal(((uint8_t[]){fb.red_size, fb.red_shift, fb.green_size, fb.green_shift,
                                         fb.blue_size, fb.blue_shift}),
                            f, 6);
    }
}

static void no_screen(void **state)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL output = {0};
    struct fake *fake = fake_start();
    struct ldr_framebuffer fb;

    (void)state;
    assert_false(framebuffer_find(&fb, &fake->system, NULL));
    fake->protocol = &output; /* one without a mode */
    assert_false(framebuffer_find(&fb, &fake->system, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format),
        cmocka_unit_test(no_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
