/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole boot, from the application's first line to the kernel's, on a firmware that is bent
 * in every way that firmware has been seen to be, and on machines that lack something.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/tests/boot/sound.h"

/* Kernels that were started hold what they were given for good, which is no leak; what the
 * application took and what it gave back is counted by the firmware itself. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* ---- ends of boot services -------------------------------------------------------------- */

static void boot_services_that_end_late(void **state)
{
    (void)state;
    for (size_t failures = 0; failures < 16; failures++) {
        const struct firmware *f = boots(&(struct machine){.exit_failures = failures});

        assert_int_equal(f->exits, failures + 1);
    }
}

static void boot_services_that_never_end(void **state)
{
    const struct firmware *f = firmware_boot(&(struct machine){.exit_failures = 1000});

    (void)state;
    expect_sound(f);
    assert_int_equal(f->ending, RESET);
    assert_int_equal(f->exits, 16);
    assert_int_equal(count_lines(f->serial, "error: firmware doesn't end its boot services"), 1);
}

/* ---- memory maps ------------------------------------------------------------------------ */

static void memory_that_is_high(void **state)
{
    (void)state;
    for (unsigned revision = 0; revision <= 6; revision++)
        boots(&(struct machine){.high = true, .base_revision = revision});
}

static void pages_at_odd_places(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++)
        boots(&(struct machine){.odd_places = seed, .full = seed % 2, .base_revision = seed % 7});
}

static void descriptors_of_any_size(void **state)
{
    static const size_t size[] = {40, 48, 56, 64};

    (void)state;
    for (size_t i = 0; i < sizeof size / sizeof *size; i++)
        boots(&(struct machine){.descriptor_bytes = size[i]});
}

static void many_descriptors(void **state)
{
    (void)state;
    boots(&(struct machine){.extra_descriptors = 1500});
    boots(&(struct machine){.extra_descriptors = 1000, .extra_at_each_asking = 3});
}

static void a_map_that_never_rests(void **state)
{
    (void)state;
    is_refused(&(struct machine){.extra_at_each_asking = 300}, EFI_UNSUPPORTED,
               "memory map grows with every look at it");
}

/* Unsorted, overlapping, empty, and wrapping around the end: all of what firmware has been seen
 * to tell. */
static void a_map_that_is_nonsense(void **state)
{
    static const EFI_MEMORY_DESCRIPTOR more[] = {
        {.Type = EfiReservedMemoryType, .PhysicalStart = 0xfffffffffffff000, .NumberOfPages = 2},
        {.Type = EfiReservedMemoryType,
         .PhysicalStart = 0x1000,
         .NumberOfPages = UINT64_MAX / 4096},
        {.Type = EfiRuntimeServicesData, .PhysicalStart = 0xff000000, .NumberOfPages = 4096},
        {.Type = EfiMemoryMappedIO, .PhysicalStart = 0xff800000, .NumberOfPages = 4096},
        {.Type = EfiACPIMemoryNVS, .PhysicalStart = 0xe0000000, .NumberOfPages = 0},
        {.Type = EfiReservedMemoryType, .PhysicalStart = 0xd0000000, .NumberOfPages = 16},
        {.Type = EfiUnusableMemory, .PhysicalStart = 0xd0008000, .NumberOfPages = 1},
        {.Type = 0x80000001, .PhysicalStart = 0xd0004000, .NumberOfPages = 2},
    };

    (void)state;
    for (unsigned revision = 0; revision <= 6; revision++)
        for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
            /* One that claims all of memory leaves none for a kernel, which is said. */
            struct machine machine = {.more = &more[i], .more_count = 1, .base_revision = revision};
            const struct firmware *f = firmware_boot(&machine);

            expect_sound(f);
            expect((f->ending == JUMPED) == (i != 1), f, "one nonsensical descriptor");
        }
    boots(&(struct machine){.more = more + 2, .more_count = 6, .base_revision = 6});
}

/* ---- processors --------------------------------------------------------------------------- */

static void state_that_firmware_left(void **state)
{
    (void)state;
    for (unsigned revision = 0; revision <= 6; revision++) {
        boots(&(struct machine){.levels = 5, .base_revision = revision});
        boots(&(struct machine){.write_protect_off = true, .base_revision = revision});
    }
}

/* The way from 5 levels to 4 goes through 32-bit code, which high memory is out of reach of. */
static void levels_change_below_4_gib_alone(void **state)
{
    (void)state;
    is_refused(&(struct machine){.levels = 5, .high = true}, EFI_OUT_OF_RESOURCES, "below 4 GiB");
}

/* ---- screens ------------------------------------------------------------------------------ */

#define MASKED(red, green, blue, reserved)                                                         \
    {                                                                                              \
        .format = PixelBitMask, .masks = { red, green, blue, reserved }                            \
    }

static void screens_of_all_kinds(void **state)
{
    static const struct machine with[] = {
        {.format = PixelRedGreenBlueReserved8BitPerColor},
        {.format = PixelBlueGreenRedReserved8BitPerColor},
        {.framebuffer = UINT64_C(0x1c0000000)},
        {.framebuffer = UINT64_C(0x8000000000)},
        {.framebuffer = UINT64_C(0x7ff000000000)},
        {.framebuffer = UINT64_C(0xe0000f00)}, /* not even a page */
        MASKED(0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000),
        MASKED(0x3ff00000, 0x000ffc00, 0x000003ff, 0xc0000000),
        MASKED(0xf8000000, 0x07e00000, 0x001f0000, 0x0000ffff),
        MASKED(0x00000001, 0x00000002, 0x00000004, 0xfffffff8),
    };
    static const struct machine without[] = {
        {.no_screen = true},
        {.format = PixelBltOnly},
        {.format = PixelFormatMax},
        {.format = 77},
        MASKED(0, 0, 0, 0),
        MASKED(0x00f0000f, 0x0000ff00, 0x00ff0000, 0xff000000), /* a colour in two pieces */
        MASKED(0, 0x0000ff00, 0x00ff0000, 0xff000000),          /* no red */
        MASKED(0x0000f800, 0x000007e0, 0x0000001f, 0),          /* 16 bits a pixel */
        MASKED(0x00ff0000, 0x0000ff00, 0x000000ff, 0),          /* 24 */
        MASKED(0, 0, 0, 0xffffffff),
    };

    (void)state;
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        expect(count_lines(boots(&with[i])->serial, "framebuffer: 1024x768 at ") == 1,
               firmware_boot(&with[i]), "a screen that is one was not told");
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        expect(count_lines(boots(&without[i])->serial, "framebuffer: none") == 1,
               firmware_boot(&without[i]), "a screen that is none was told");
}

/* Where neither direct map nor processor reach, all revisions say so. */
static void a_screen_out_of_reach(void **state)
{
    struct machine machine = {.framebuffer = UINT64_C(1) << 49, .base_revision = 3};

    (void)state;
    is_refused(&machine, EFI_OUT_OF_RESOURCES, "the last address that the direct map can reach");
}

/* ---- consoles ----------------------------------------------------------------------------- */

static void consoles_that_are_missing(void **state)
{
    static const struct fault mute = {OUTPUT_STRING, 1, EFI_DEVICE_ERROR, true};

    (void)state;
    assert_int_equal(boots(&(struct machine){.no_text = true})->screen_bytes, 0);
    boots(&(struct machine){.no_keyboard = true});
    boots(&(struct machine){.no_text = true, .no_keyboard = true, .no_screen = true});
    boots(&(struct machine){.fault = mute});
    for (unsigned text = 0; text < 2; text++) {
        assert_int_equal(
            boots(&(struct machine){.serial = SERIAL_ABSENT, .no_text = text})->serial_bytes, 0);
        boots(&(struct machine){.uart_in_variable = true, .no_text = text});
    }
}

/* Each line is once on the serial port: firmware writes it there itself, if it does. */
static void one_writer_on_the_serial_port(void **state)
{
    const struct firmware *f = boots(&(struct machine){.uart_in_variable = true});

    (void)state;
    assert_int_equal(count_lines(f->screen, "pagelift: tables: "), 1);
    assert_int_equal(count_lines(f->serial, "pagelift: tables: "), 0);
    assert_int_equal(count_lines(f->serial, "boot services ended"), 1);
    f = boots(&(struct machine){0});
    assert_int_equal(count_lines(f->serial, "pagelift: tables: "), 1);
    assert_int_equal(count_lines(f->screen, "boot services ended"), 0);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void files_that_come_in_pieces(void **state)
{
    (void)state;
    boots(&(struct machine){.piece = 509});
    boots(&(struct machine){.piece = 4096});
}

static void every_base_revision(void **state)
{
    (void)state;
    for (unsigned revision = 0; revision <= 6; revision++)
        boots(&(struct machine){.base_revision = revision});
}

/* ---- features ------------------------------------------------------------------------------- */

/* The full machine has what it is said to have: or else failures on it would show little. */
static void all_that_a_boot_can_have(void **state)
{
    static const char *const lines[] = {
        "kernel: decompressed",   "processors: 2, local APICs in x2APIC mode",
        "IOMMUs: 1, off",         "TPM event log: 35 bytes",
        "module: /abc, 3 bytes",  "time-stamp counter: 2400000 kHz",
        "module: /module.gz, 90",
    };

    (void)state;
    for (unsigned revision = 0; revision <= 6; revision++) {
        const struct firmware *f =
            boots(&(struct machine){.full = true, .base_revision = revision});

        assert_int_equal(f->processors, 1);
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            expect(count_lines(f->serial, lines[i]) == (i != 2 || revision >= 5), f, lines[i]);
    }
}

static void processors_need_low_memory(void **state)
{
    const struct firmware *f =
        boots(&(struct machine){.full = true, .high = true, .base_revision = 6});

    (void)state;
    assert_int_equal(f->processors, 0);
    assert_int_equal(count_lines(f->serial, "warning: of 2 processors only one is used: "), 1);
}

static void an_application_that_returns(void **state)
{
    const struct firmware *f = firmware_boot(&(struct machine){.chainload = true});

    (void)state;
    expect_sound(f);
    assert_int_equal(f->ending, RETURNED);
    assert_int_equal(f->status, EFI_SUCCESS);
    assert_int_equal(count_lines(f->serial, "/kernel has returned: "), 1);
}

/* Nobody is there to choose another entry: firmware shall go on after half a minute. */
static void a_menu_that_nobody_watches(void **state)
{
    struct machine machine = {.menu = true, .missing = true, .nobody = true};
    const struct firmware *f = is_refused(&machine, EFI_NOT_FOUND, "firmware goes on in 30 s");

    (void)state;
    assert_int_equal(f->waits, 10 + 300); /* tenths of a second */
    machine.chainload = true;
    machine.missing = false;
    f = firmware_boot(&machine);
    expect_sound(f);
    assert_int_equal(f->ending, RETURNED);
    assert_int_equal(f->status, EFI_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_base_revision),
        cmocka_unit_test(all_that_a_boot_can_have),
        cmocka_unit_test(processors_need_low_memory),
        cmocka_unit_test(an_application_that_returns),
        cmocka_unit_test(a_menu_that_nobody_watches),
        cmocka_unit_test(boot_services_that_end_late),
        cmocka_unit_test(boot_services_that_never_end),
        cmocka_unit_test(memory_that_is_high),
        cmocka_unit_test(pages_at_odd_places),
        cmocka_unit_test(descriptors_of_any_size),
        cmocka_unit_test(many_descriptors),
        cmocka_unit_test(a_map_that_never_rests),
        cmocka_unit_test(a_map_that_is_nonsense),
        cmocka_unit_test(state_that_firmware_left),
        cmocka_unit_test(levels_change_below_4_gib_alone),
        cmocka_unit_test(screens_of_all_kinds),
        cmocka_unit_test(a_screen_out_of_reach),
        cmocka_unit_test(consoles_that_are_missing),
        cmocka_unit_test(one_writer_on_the_serial_port),
        cmocka_unit_test(files_that_come_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
