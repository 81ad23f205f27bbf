/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the log: what a quiet console still shows, what is held back until the screen's mode
 * is its own again, and that COM1 gets each line once whatever the screen shows.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/console.h"
#include "efi/tests/fake_console.h"

static struct fake_console *fakes;
static struct console console;
static struct ldr_log lines;

static int start(void **state)
{
    struct fake *fake = fake_start();

    (void)state;
    fakes = fake_console_start(fake);
    console = (struct console){.out = fake->system.ConOut, .serial = true};
    lines = console_log(&console);
    return 0;
}

/* How many cells a line costs on the one and on the other. */
static void cost(const char *line, unsigned *ret_screen, unsigned *ret_serial)
{
    unsigned screen = fakes->firmware.written, serial = fakes->serial.written;

    ldr_say(&lines, "%s", line);
    *ret_screen = fakes->firmware.written - screen;
    *ret_serial = fakes->serial.written - serial;
}

static void a_quiet_console(void **state)
{
    static const struct {
        const char *line;
        bool shown;
    } rows[] = {
        {"kernel: /k, 5 bytes", false},         {"errors: none", false},    {"error: /k: no", true},
        {"warning: limine.conf, line 3", true}, {"volume: hdd(1:1)", true},
    };

    (void)state;
    for (unsigned quiet = 0; quiet < 2; quiet++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            unsigned all = (unsigned)strlen("pagelift: ") + (unsigned)strlen(rows[i].line);
            unsigned screen, serial;

            console.quiet = quiet;
            fakes->serial.column = 0;
            cost(rows[i].line, &screen, &serial);
            assert_int_equal(screen, rows[i].shown || !quiet ? all : 0);
            assert_int_equal(serial, all);
        }
    }
}

static void colours(void **state)
{
    (void)state;
    ldr_say(&lines, "error: no");
    assert_int_equal(fakes->firmware.colour[0][0], EFI_LIGHTRED);
    ldr_say(&lines, "warning: perhaps");
    assert_int_equal(fakes->firmware.colour[0][0], EFI_YELLOW);
    ldr_say(&lines, "kernel: yes");
    assert_int_equal(fakes->firmware.colour[0][0], EFI_LIGHTGRAY);
    assert_int_equal(fakes->firmware.current, EFI_LIGHTGRAY);
}

static void an_error_is_held(void **state)
{
    unsigned screen, serial;

    (void)state;
    console_hold(&console);
    cost("error: /k: no", &screen, &serial);
    assert_int_equal(screen + serial, 0);
    cost("kernel: /k", &screen, &serial);
    assert_true(screen > 0 && serial > 0);
    screen = fakes->firmware.written;
    console_release(&console);
    assert_int_equal(fakes->firmware.written - screen, strlen("pagelift: error: /k: no"));
    /* Once, and only where there was one. */
    console_hold(&console);
    screen = fakes->firmware.written;
    console_release(&console);
    assert_int_equal(fakes->firmware.written, screen);
}

/* After boot services ended nobody comes back to release it. */
static void not_beyond_boot_services(void **state)
{
    struct pagelift_console callbacks = console_callbacks(&console);
    unsigned screen, serial;

    (void)state;
    console_hold(&console);
    callbacks.ended(callbacks.context);
    cost("error: firmware doesn't end", &screen, &serial);
    assert_int_equal(screen, 0);
    assert_true(serial > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_quiet_console, start),
        cmocka_unit_test_setup(colours, start),
        cmocka_unit_test_setup(an_error_is_held, start),
        cmocka_unit_test_setup(not_beyond_boot_services, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
