/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole boot, from the application's first line to the kernel's, on a firmware of which
 * every service fails at every call: whatever fails, either the kernel starts all the same, or
 * the application returns with everything given back and one line that says why.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <string.h>

#include "efi/tests/boot/firmware.h"

/* Kernels that were started hold what they were given for good, which is no leak; what the
 * application took and what it gave back is counted by the firmware itself. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* ---- what holds after any run --------------------------------------------------------- */

/* Prints what was said, so that a failed run can be understood. */
static void expect(bool holds, const struct firmware *f, const char *what)
{
    const struct fault *fault = &f->machine.fault;

    if (holds)
        return;
    print_error("%s\n", what);
    if (fault->call)
        print_error("call %zu of %s%s failed with %#llx\n", fault->call,
                    fault_kind[fault->service].name, fault->lasting ? ", and all after it," : "",
                    (unsigned long long)fault->status);
    print_error("ending %d, status %#llx; it said:\n%.*s\n", f->ending,
                (unsigned long long)f->status, (int)f->serial_bytes, f->serial);
    fail();
}

static void expect_all_given_back(const struct firmware *f)
{
    enum service failing = f->machine.fault.call ? f->machine.fault.service : SERVICES;
    bool rights_fail = failing == SET_RIGHTS || failing == CLEAR_RIGHTS;

    expect(fake_in_use(f->fake) == 0, f, "memory was not given back");
    expect(f->events == 0, f, "an event was not closed");
    expect(f->protocols == 0, f, "a file or a protocol was not closed");
    expect(f->mode == 0 || failing == SET_SCREEN, f, "the screen's mode was not restored");
    /* What firmware refuses to do can't be undone either. */
    expect(f->rights == 0 || rights_fail, f, "a page's rights were not restored");
    expect(f->watchdog || failing == SET_WATCHDOG, f, "the watchdog was not set again");
    expect(f->exits == 0, f, "it returned after it asked boot services to end");
}

/* One line that says why, where anything can be said at all: one for each time that the entry was
 * tried, since from a menu that is shown again it may be tried again. */
static void expect_reason(const struct firmware *f)
{
    unsigned tries = count_lines(f->serial, "entry: A kernel");

    if (f->machine.serial != SERIAL_WORKS || f->machine.uart_in_variable)
        return;
    expect(count_lines(f->serial, "error: ") == (tries ? tries : 1), f,
           "there is not exactly one line of reason");
    expect(f->status != EFI_SUCCESS, f, "a refusal returned success");
}

static void expect_sound(const struct firmware *f)
{
    if (f->forbidden)
        print_error("%s was called\n", f->forbidden);
    expect(!f->forbidden, f, "a service was called that was gone by then");
    switch (f->ending) {
    case RETURNED:
        expect_all_given_back(f);
        expect_reason(f);
        break;
    case JUMPED:
        expect(f->ended, f, "the kernel was started under boot services");
        expect(!f->interrupts, f, "the kernel was started with interrupts");
        break;
    case RESET:
        expect(f->exits > 0 && !f->ended, f, "the machine was reset without need");
        break;
    case HALTED:
        expect(false, f, "it halted, though the machine can be reset");
        break;
    case WAITED: /* for a key, of a keyboard that has none */
        expect(f->machine.fault.service == READ_KEY && f->machine.fault.lasting, f,
               "it waits for something that never comes");
    }
}

static const struct firmware *boots(const struct machine *machine)
{
    const struct firmware *f = firmware_boot(machine);

    expect_sound(f);
    expect(f->ending == JUMPED, f, "the kernel was not started");
    return f;
}

static const struct firmware *is_refused(const struct machine *machine, EFI_STATUS status,
                                         const char *reason)
{
    const struct firmware *f = firmware_boot(machine);

    expect_sound(f);
    expect(f->ending == RETURNED && f->status == status, f, "it was not refused as expected");
    expect(strstr(f->serial, reason) != NULL, f, reason);
    return f;
}

/* ---- each call of each service fails --------------------------------------------------- */

/* Fails call after call, until a boot needs no more of them.  Returns how many it needs. */
static size_t fail_each_call(struct machine machine, enum service service, EFI_STATUS status,
                             bool lasting)
{
    for (size_t call = 1;; call++) {
        const struct firmware *f;

        machine.fault = (struct fault){service, call, status, lasting};
        f = firmware_boot(&machine);
        expect_sound(f);
        if (faults_calls(service) < call) {
            expect(f->ending == JUMPED, f, "nothing failed, and yet the kernel was not started");
            return call - 1;
        }
    }
}

static void every_failure_on(const struct machine *machine)
{
    for (unsigned service = 0; service < SERVICES; service++)
        for (const EFI_STATUS *status = fault_kind[service].status; *status; status++) {
            fail_each_call(*machine, (enum service)service, *status, false);
            fail_each_call(*machine, (enum service)service, *status, true);
        }
}

static void every_failure(void **state)
{
    (void)state;
    every_failure_on(&(struct machine){.base_revision = 6});
}

static void every_failure_with_a_menu(void **state)
{
    (void)state;
    every_failure_on(&(struct machine){.base_revision = 3, .menu = true});
}

/* Something is wrong with the volume already, and then fails something else. */
static void every_failure_of_a_refusal(void **state)
{
    (void)state;
    for (unsigned service = 0; service < SERVICES; service++)
        for (const EFI_STATUS *status = fault_kind[service].status; *status; status++)
            for (unsigned menu = 0; menu < 2; menu++)
                for (size_t call = 1; call < 40; call++)
                    expect_sound(firmware_boot(&(struct machine){
                        .fault = {(enum service)service, call, *status, true},
                        .menu = menu,
                        .missing = true,
                        .nowhere = call % 2,
                    }));
}

/* The injector reaches what it names: none of these is a service that a boot doesn't use. */
static void every_service_is_used(void **state)
{
    static const struct machine machine[] = {
        {.base_revision = 6},
        {.base_revision = 6, .menu = true, .missing = true},
        {.nowhere = true},
    };
    size_t calls[SERVICES] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof machine / sizeof *machine; i++) {
        expect_sound(firmware_boot(&machine[i]));
        for (unsigned service = 0; service < SERVICES; service++)
            calls[service] += faults_calls((enum service)service);
    }
    for (unsigned service = 0; service < SERVICES; service++)
        if (fault_kind[service].status[0] && !calls[service])
            fail_msg("a boot never calls %s", fault_kind[service].name);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_base_revision),
        cmocka_unit_test(every_service_is_used),
        cmocka_unit_test(boot_services_that_end_late),
        cmocka_unit_test(boot_services_that_never_end),
        cmocka_unit_test(memory_that_is_high),
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
        cmocka_unit_test(every_failure),
        cmocka_unit_test(every_failure_with_a_menu),
        cmocka_unit_test(every_failure_of_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
