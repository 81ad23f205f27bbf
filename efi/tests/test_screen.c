/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen's modes and its EDID, as firmware of several kinds tells them.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/screen.h"
#include "efi/tests/fake_handles.h"

static struct {
    struct fake *fake;
    struct memory memory;
    EFI_GRAPHICS_OUTPUT_PROTOCOL output, other;
    EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE mode, other_mode;
    struct ldr_framebuffer framebuffer;
    struct ldr_requests requests;
    struct ldr_machine machine;
    uint8_t edid[256], other_edid[128];
    EFI_EDID_ACTIVE_PROTOCOL active, other_active;
    EFI_EDID_DISCOVERED_PROTOCOL discovered;
} the;

/* The second one's pixels are only firmware's to draw; a fourth can't be asked about. */
static const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION modes[] = {
    {.HorizontalResolution = 1280,
     .VerticalResolution = 800,
     .PixelFormat = PixelBlueGreenRedReserved8BitPerColor,
     .PixelsPerScanLine = 1280},
    {.HorizontalResolution = 640,
     .VerticalResolution = 480,
     .PixelFormat = PixelBltOnly,
     .PixelsPerScanLine = 640},
    {.HorizontalResolution = 800,
     .VerticalResolution = 600,
     .PixelFormat = PixelRedGreenBlueReserved8BitPerColor,
     .PixelsPerScanLine = 832},
};

static EFI_STATUS EFIAPI query_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL *output, UINT32 mode, UINTN *bytes,
                                    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION **ret_info)
{
    void *info;

    assert_ptr_equal(output, &the.output);
    if (mode == 3)
        return EFI_DEVICE_ERROR;
    assert_in_range(mode, 0, 2);
    *bytes = sizeof modes[0];
    if (the.fake->services.AllocatePool(EfiBootServicesData, *bytes, &info) != EFI_SUCCESS)
        return EFI_OUT_OF_RESOURCES;
    memcpy(info, &modes[mode], *bytes);
    *ret_info = info;
    return EFI_SUCCESS;
}

static void fill_edid(uint8_t *edid, size_t bytes, uint8_t seed)
{
    for (size_t i = 8; i < bytes; i++)
        edid[i] = (uint8_t)(seed + i);
    memset(edid + 1, 0xff, 6);
    edid[0] = edid[7] = 0;
}

/* Two screens, each with an EDID; the second one is where the framebuffer is. */
static int start(void **state)
{
    static EFI_GUID gop = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID, active = EFI_EDID_ACTIVE_PROTOCOL_GUID;

    (void)state;
    memset(&the, 0, sizeof the);
    the.fake = fake_start();
    the.memory = fake_memory(the.fake);
    the.mode = (EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE){.MaxMode = 4, .FrameBufferBase = 0x80000000};
    the.other_mode.FrameBufferBase = 0xc0000000;
    the.output = (EFI_GRAPHICS_OUTPUT_PROTOCOL){.QueryMode = query_mode, .Mode = &the.mode};
    the.other.Mode = &the.other_mode;
    the.framebuffer.phys = 0x80000000;
    the.machine.framebuffer = &the.framebuffer;
    the.requests.present[LDR_FRAMEBUFFER] = true;
    fill_edid(the.edid, sizeof the.edid, 1);
    fill_edid(the.other_edid, sizeof the.other_edid, 2);
    the.active = (EFI_EDID_ACTIVE_PROTOCOL){.SizeOfEdid = sizeof the.edid, .Edid = the.edid};
    the.other_active =
        (EFI_EDID_ACTIVE_PROTOCOL){.SizeOfEdid = sizeof the.other_edid, .Edid = the.other_edid};
    fake_handles_start(the.fake);
    fake_handles_add(&the.other, gop, &the.other);
    fake_handles_add(&the.other, active, &the.other_active);
    fake_handles_add(&the.output, gop, &the.output);
    fake_handles_add(&the.output, active, &the.active);
    return 0;
}

static int end(void **state)
{
    (void)state;
    memory_free_all(&the.memory);
    assert_int_equal(fake_in_use(the.fake), 0);
    return 0;
}

static enum ldr_status gather(void)
{
    struct ldr_report report;

    return screen_gather(&the.machine, &the.requests, &the.fake->system, &the.output, &the.memory,
                         &report);
}

static void modes_that_can_be_used(void **state)
{
    (void)state;
    assert_int_equal(gather(), LDR_OK);
    assert_int_equal(the.machine.mode_count, 2);
    assert_int_equal(the.machine.mode[0].width, 1280);
    assert_int_equal(the.machine.mode[0].red_shift, 16);
    assert_int_equal(the.machine.mode[1].width, 800);
    assert_int_equal(the.machine.mode[1].height, 600);
    assert_int_equal(the.machine.mode[1].pitch, 832 * 4);
    assert_int_equal(the.machine.mode[1].red_shift, 0);
}

static void the_edid_of_the_right_screen(void **state)
{
    (void)state;
    assert_int_equal(gather(), LDR_OK);
    assert_ptr_equal(the.machine.edid, the.edid);
    assert_int_equal(the.machine.edid_bytes, sizeof the.edid);
}

/* What the screen says itself counts where nothing is active, as some firmware leaves it. */
static void the_discovered_one_else(void **state)
{
    static EFI_GUID discovered = EFI_EDID_DISCOVERED_PROTOCOL_GUID;

    (void)state;
    the.active.SizeOfEdid = 0;
    the.discovered = (EFI_EDID_DISCOVERED_PROTOCOL){.SizeOfEdid = 128, .Edid = the.edid};
    fake_handles_add(&the.output, discovered, &the.discovered);
    assert_int_equal(gather(), LDR_OK);
    assert_ptr_equal(the.machine.edid, the.edid);
    assert_int_equal(the.machine.edid_bytes, 128);
}

static void what_is_no_edid(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(start(state), 0);
        switch (i) {
        case 0:
            the.active.Edid = NULL;
            break;
        case 1:
            the.active.SizeOfEdid = 127;
            break;
        case 2:
            the.active.SizeOfEdid = 256 * 128 + 1;
            break;
        case 3:
            the.edid[7] = 1;
            break;
        default: /* none of the screens shows this */
            the.framebuffer.phys = 0x90000000;
        }
        assert_int_equal(gather(), LDR_OK);
        assert_null(the.machine.edid);
        assert_int_equal(the.machine.edid_bytes, 0);
        assert_int_equal(the.machine.mode_count, 2);
        memory_free_all(&the.memory);
    }
}

static void nobody_asks(void **state)
{
    (void)state;
    the.requests.present[LDR_FRAMEBUFFER] = false;
    assert_int_equal(gather(), LDR_OK);
    assert_int_equal(the.machine.mode_count, 0);
    assert_null(the.machine.edid);
    the.requests.present[LDR_FRAMEBUFFER] = true;
    the.machine.framebuffer = NULL;
    assert_int_equal(gather(), LDR_OK);
    assert_int_equal(the.machine.mode_count, 0);
}

/* Each allocation is failed in turn: two are for the list, and without them all is refused; one is
 * firmware's for each mode, and one for the handles, and what these are for is left out. */
static void without_memory(void **state)
{
    static const size_t modes_told[] = {0, 0, 0, 1, 1, 2, 2};

    (void)state;
    for (size_t left = 0; left < 7; left++) {
        assert_int_equal(start(state), 0);
        the.fake->allocations_left = left;
        assert_int_equal(gather(), left < 2 ? LDR_NO_MEMORY : LDR_OK);
        assert_int_equal(the.machine.mode_count, modes_told[left]);
        assert_int_equal(the.machine.edid != NULL, left >= 6);
        memory_free_all(&the.memory);
        assert_int_equal(fake_in_use(the.fake), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(modes_that_can_be_used, start, end),
        cmocka_unit_test_setup_teardown(the_edid_of_the_right_screen, start, end),
        cmocka_unit_test_setup_teardown(the_discovered_one_else, start, end),
        cmocka_unit_test_setup_teardown(what_is_no_edid, start, end),
        cmocka_unit_test_setup_teardown(nobody_asks, start, end),
        cmocka_unit_test_setup_teardown(without_memory, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
