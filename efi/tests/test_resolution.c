/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The screen's mode: found among those that there are, restored, and left alone with a
 * warning where there is none like it.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "efi/resolution.h"
#include "efi/tests/fake_console.h"

static struct {
    struct fake *fake;
    struct fake_console *console;
    EFI_GRAPHICS_OUTPUT_PROTOCOL output;
    EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE mode;
    unsigned sets;
    EFI_STATUS status; /* of setting a mode */
    char heard[1024];
} the;

/* The third one's pixels are only firmware's to draw, and the fifth can't be asked about. */
static const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION modes[] = {
    {.HorizontalResolution = 1280,
     .VerticalResolution = 800,
     .PixelFormat = 1,
     .PixelsPerScanLine = 1280},
    {.HorizontalResolution = 800,
     .VerticalResolution = 600,
     .PixelFormat = 0,
     .PixelsPerScanLine = 832},
    {.HorizontalResolution = 640,
     .VerticalResolution = 480,
     .PixelFormat = PixelBltOnly,
     .PixelsPerScanLine = 640},
    {.HorizontalResolution = 1024,
     .VerticalResolution = 768,
     .PixelFormat = PixelBitMask,
     .PixelInformation = {0xff0000, 0xff00, 0xff, 0xff000000},
     .PixelsPerScanLine = 1024},
    {.HorizontalResolution = 320,
     .VerticalResolution = 200,
     .PixelFormat = 1,
     .PixelsPerScanLine = 320},
};

static void hear(void *context, const char *line)
{
    (void)context;
    snprintf(the.heard, sizeof the.heard, "%s", line);
}

static const struct ldr_log log_lines = {.line = hear};

static EFI_STATUS EFIAPI query_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL *output, UINT32 mode, UINTN *bytes,
                                    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION **ret_info)
{
    void *info;

    (void)output;
    if (mode == 4)
        return EFI_DEVICE_ERROR;
    assert_in_range(mode, 0, 3);
    the.fake->services.AllocatePool(EfiBootServicesData, sizeof modes[0], &info);
    memcpy(info, &modes[mode], sizeof modes[0]);
    *bytes = sizeof modes[0];
    *ret_info = info;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL *output, UINT32 mode)
{
    (void)output;
    the.sets++;
    if (the.status == EFI_SUCCESS)
        the.mode.Mode = mode;
    return the.status;
}

static int start(void **state)
{
    (void)state;
    memset(&the, 0, sizeof the);
    the.fake = fake_start();
    the.console = fake_console_start(the.fake);
    the.mode.MaxMode = 5;
    the.output = (EFI_GRAPHICS_OUTPUT_PROTOCOL){
        .QueryMode = query_mode, .SetMode = set_mode, .Mode = &the.mode};
    the.fake->protocol = &the.output;
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(fake_in_use(the.fake), 0);
    return 0;
}

static bool set(struct resolution *before, uint32_t width, uint32_t height)
{
    const struct ldr_resolution wanted = {.width = width, .height = height};

    return resolution_set(before, &the.fake->system, &wanted, &log_lines);
}

static void there_and_back(void **state)
{
    struct resolution before;

    (void)state;
    assert_true(set(&before, 1024, 768));
    assert_int_equal(the.mode.Mode, 3);
    resolution_restore(&before, &the.fake->system);
    assert_int_equal(the.mode.Mode, 0);
    assert_int_equal(the.console->firmware.cleared, 1);
    assert_string_equal(the.heard, "");
}

/* Setting a mode clears the screen: so not for nothing. */
static void nothing_to_change(void **state)
{
    struct resolution before;

    (void)state;
    assert_false(set(&before, 1280, 800));
    resolution_restore(&before, &the.fake->system);
    assert_false(set(&before, 0, 0));
    resolution_restore(&before, &the.fake->system);
    assert_int_equal(the.sets, 0);
    assert_int_equal(the.console->firmware.cleared, 0);
    assert_string_equal(the.heard, "");
}

static void no_such_mode(void **state)
{
    static const uint32_t wanted[][2] = {{1280, 801}, {1281, 800}, {640, 480}, {320, 200}};

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct resolution before;
        char text[200];

        assert_false(set(&before, wanted[i][0], wanted[i][1]));
        snprintf(text, sizeof text,
                 "warning: the screen has no mode %ux%u; it stays as it is, and has: 1280x800 "
                 "800x600 1024x768",
                 wanted[i][0], wanted[i][1]);
        assert_string_equal(the.heard, text);
    }
    assert_int_equal(the.sets, 0);
}

static void a_mode_that_is_not_taken(void **state)
{
    struct resolution before;

    (void)state;
    the.status = EFI_DEVICE_ERROR;
    assert_false(set(&before, 800, 600));
    resolution_restore(&before, &the.fake->system);
    assert_string_equal(the.heard,
                        "warning: the screen doesn't take its mode 800x600 (device error)");
}

static void no_screen(void **state)
{
    struct resolution before;

    (void)state;
    the.fake->protocol = NULL;
    assert_false(set(&before, 800, 600));
    resolution_restore(&before, &the.fake->system);
    assert_string_equal(the.heard, "warning: there is no screen to set to 800x600");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_and_back, start, end),
        cmocka_unit_test_setup_teardown(nothing_to_change, start, end),
        cmocka_unit_test_setup_teardown(no_such_mode, start, end),
        cmocka_unit_test_setup_teardown(a_mode_that_is_not_taken, start, end),
        cmocka_unit_test_setup_teardown(no_screen, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
