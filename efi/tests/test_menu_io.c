/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu from configuration to choice: on firmware's console and at COM1, with keys from either,
 * with time running out, and on machines where nobody can choose.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "efi/menu_io.h"
#include "efi/tests/fake_console.h"

#define ENTRIES                                                                                    \
    "/One\nprotocol: limine\npath: boot():/1\ncmdline: first\ncomment: about one\n"                \
    "/Two\nprotocol: limine\npath: boot():/2\n"                                                    \
    "/Other\nprotocol: linux\npath: boot():/3\n"

static struct {
    struct fake *fake;
    struct fake_console *console;
    struct ldr_config_room *room;
    struct ldr_config config;
    struct ldr_menu menu;
    struct menu_io io;
} the;

static void nowhere(void *context, const char *line)
{
    (void)context, (void)line;
}

static const struct ldr_log silent = {.line = nowhere};

/* As far as the menu's first event; com1: the port is the application's, not firmware's. */
static enum ldr_menu_result start(const char *text, bool com1)
{
    const struct console console = {.serial = com1};
    struct ldr_report report;

    the.fake = fake_start();
    the.console = fake_console_start(the.fake);
    the.room = malloc(sizeof *the.room);
    assert_int_equal(ldr_config_read(&the.config, "limine.conf",
                                     (struct ldr_text){.at = text, .length = strlen(text)},
                                     the.room, &silent, &report),
                     LDR_OK);
    menu_io_open(&the.io, &the.fake->system, &console, &the.config);
    return ldr_menu_open(&the.menu, &the.config);
}

static void end(void)
{
    menu_io_close(&the.io);
    free(the.room);
    assert_int_equal(the.console->open_events, 0);
    assert_int_equal(fake_in_use(the.fake), 0);
}

static void assert_chosen(const char *name, const char *cmdline)
{
    struct ldr_entry entry;

    ldr_menu_chosen(&the.menu, &entry);
    assert_int_equal(entry.name.length, strlen(name));
    assert_memory_equal(entry.name.at, name, strlen(name));
    assert_int_equal(entry.cmdline.length, strlen(cmdline));
    assert_memory_equal(entry.cmdline.at, cmdline, strlen(cmdline));
}

static void time_runs_out(void **state)
{
    (void)state;
    assert_int_equal(start("timeout: 3\n" ENTRIES, false), LDR_MENU_OPEN);
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_int_equal(the.console->ticks, 30);
    assert_chosen("One", "first");
    /* Nothing is left of it on the screen, and nothing ever was at COM1. */
    assert_string_equal(fake_screen_row(&the.console->firmware, 15), "");
    assert_int_equal(the.console->serial.calls, 0);
    end();
}

static void keys_from_firmware_s_keyboard(void **state)
{
    static const EFI_INPUT_KEY down_enter[] = {{SCAN_DOWN, 0}, {SCAN_NULL, '\r'}};
    static const EFI_INPUT_KEY digit[] = {{SCAN_NULL, '2'}};
    static const EFI_INPUT_KEY escape[] = {{SCAN_ESC, 0}};
    static const EFI_INPUT_KEY edit[] = {{SCAN_NULL, 'e'}, {SCAN_NULL, 8},   {SCAN_NULL, 'x'},
                                         {SCAN_HOME, 0},   {SCAN_DELETE, 0}, {SCAN_NULL, '\r'}};
    static const struct {
        const EFI_INPUT_KEY *keys;
        unsigned count;
        enum ldr_menu_result result;
        const char *name, *cmdline;
    } rows[] = {
        {down_enter, 2, LDR_MENU_BOOT, "Two", ""},
        {digit, 1, LDR_MENU_BOOT, "Two", ""},
        {escape, 1, LDR_MENU_LEAVE, NULL, NULL},
        {edit, 6, LDR_MENU_BOOT, "One", "irsx"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        start("timeout: no\n" ENTRIES, false);
        the.console->keys = rows[i].keys;
        the.console->key_count = rows[i].count;
        assert_int_equal(menu_io_run(&the.io, &the.menu), rows[i].result);
        if (rows[i].name)
            assert_chosen(rows[i].name, rows[i].cmdline);
        end();
    }
}

/* A sequence in pieces, a pause between them, and Escape by itself. */
static void keys_from_com1(void **state)
{
    static const struct {
        const char *typed;
        enum ldr_menu_result result;
        const char *name;
    } rows[] = {
        {"\x1b[B\r", LDR_MENU_BOOT, "Two"},
        {"  \x1b [B  \r", LDR_MENU_BOOT, "Two"},
        {"\x1b[B\x1b[A\x1b[B\x1b[A\r\n", LDR_MENU_BOOT, "One"},
        {"2", LDR_MENU_BOOT, "Two"},
        {"\x1b    ", LDR_MENU_LEAVE, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        start("timeout: no\nserial: yes\n" ENTRIES, true);
        the.console->serial_input = rows[i].typed;
        assert_int_equal(menu_io_run(&the.io, &the.menu), rows[i].result);
        if (rows[i].name)
            assert_chosen(rows[i].name, rows[i].name[0] == 'O' ? "first" : "");
        assert_true(the.console->serial.calls > 0);
        end();
    }
}

/* COM1 is left alone unless the configuration wants it and firmware doesn't use it. */
static void com1_is_somebody_else_s(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        start(i ? "timeout: 1\nserial: yes\n" ENTRIES : "timeout: 1\n" ENTRIES, i == 0);
        the.console->serial_input = "2";
        assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
        assert_chosen("One", "first");
        assert_int_equal(the.console->serial.calls, 0);
        end();
    }
}

static bool looked;

/* A hook of the fake's, just before a tick. */
static void look_at_both(void)
{
    const struct fake_screen *screens[] = {&the.console->firmware, &the.console->serial};

    if (looked)
        return;
    looked = true;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(fake_screen_shows(screens[i], " Pagelift 0"));
        assert_true(fake_screen_shows(screens[i], "1     One"));
        assert_true(fake_screen_shows(screens[i], "2     Two"));
        assert_true(fake_screen_shows(screens[i], "about one"));
        assert_true(fake_screen_shows(screens[i], "Booting in 5 s"));
        assert_false(screens[i]->cursor);
    }
}

static void both_screens_show_it(void **state)
{
    (void)state;
    looked = false;
    start("timeout: 5\nserial: yes\n" ENTRIES, true);
    the.console->before_tick = look_at_both;
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_true(looked);
    /* Once drawn, a second costs one digit. */
    assert_in_range(the.console->firmware.written, 400, 31 * 100 + 10);
    end();
}

/* The command line's cursor is where the next character goes. */
static void look_at_the_editor(void)
{
    const struct fake_screen *screen = &the.console->firmware;

    if (!the.menu.editing || looked)
        return;
    looked = true;
    assert_true(fake_screen_shows(screen, "first"));
    assert_true(screen->cursor);
    assert_int_equal(screen->cell[screen->row][screen->column - 1], 't');
}

static void the_editor_has_a_cursor(void **state)
{
    static const EFI_INPUT_KEY edit[] = {{SCAN_NULL, 'e'}};

    (void)state;
    looked = false;
    start("timeout: no\nserial: yes\n" ENTRIES, true);
    the.console->keys = edit;
    the.console->key_count = 1;
    the.console->serial_input = "  \r";
    the.console->before_tick = look_at_the_editor;
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_true(looked);
    assert_chosen("One", "first");
    end();
}

/* Nothing is drawn until a key comes, and that key does nothing else. */
static void quiet(void **state)
{
    static const EFI_INPUT_KEY keys[] = {{SCAN_NULL, '2'}, {SCAN_NULL, '2'}};

    (void)state;
    start("timeout: 2\nquiet: yes\n" ENTRIES, false);
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_int_equal(the.console->firmware.calls, 0);
    assert_int_equal(the.console->firmware.cleared, 0);
    end();
    start("timeout: 2\nquiet: yes\n" ENTRIES, false);
    the.console->keys = keys;
    the.console->key_count = 2;
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_chosen("Two", "");
    assert_true(the.console->firmware.calls > 0);
    end();
}

/* Without keyboard or clock the default boots at once, and waiting for a key ends at once. */
static void nobody_can_choose(void **state)
{
    const struct console none = {0};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        start("timeout: no\ndefault_entry: 2\n" ENTRIES, false);
        menu_io_close(&the.io);
        the.console->no_events = i == 0;
        if (i == 1)
            the.fake->system.ConIn = NULL;
        menu_io_open(&the.io, &the.fake->system, &none, &the.config);
        assert_false(the.io.listens);
        assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
        assert_chosen("Two", "");
        assert_false(menu_io_wait(&the.io, &silent));
        assert_int_equal(the.console->ticks, 0);
        end();
    }
}

/* Without memory for the screens it is chosen blindly. */
static void without_memory(void **state)
{
    const struct console none = {0};

    (void)state;
    start("timeout: 1\n" ENTRIES, false);
    menu_io_close(&the.io);
    the.fake->allocations_left = 0;
    menu_io_open(&the.io, &the.fake->system, &none, &the.config);
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_int_equal(the.console->firmware.calls, 0);
    end();
}

/* After a boot that was refused: any key, from either side, and then the menu is where it was. */
static void back_to_the_menu(void **state)
{
    static const EFI_INPUT_KEY keys[] = {{SCAN_NULL, '2'}, {SCAN_F1, 0}, {SCAN_NULL, '\r'}};

    (void)state;
    start("timeout: 5\n" ENTRIES, false);
    the.console->keys = keys;
    the.console->key_count = 3;
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_true(menu_io_wait(&the.io, &silent));
    assert_int_equal(the.console->key_count, 1);
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    assert_chosen("Two", "");
    assert_int_equal(the.console->key_count, 0);
    end();
}

/* Boots, with keys for the menu, and waits; a key comes after so many ticks of that. */
static bool waits(const EFI_INPUT_KEY *keys, unsigned key_count, unsigned ticks)
{
    static char typed[1000];
    unsigned before;
    bool goes_on;

    start("timeout: 1\nserial: yes\n" ENTRIES, true);
    the.console->keys = keys;
    the.console->key_count = key_count;
    assert_int_equal(menu_io_run(&the.io, &the.menu), LDR_MENU_BOOT);
    before = the.console->ticks;
    snprintf(typed, sizeof typed, "%*s", (int)ticks + 1, "x");
    the.console->serial_input = typed;
    goes_on = menu_io_wait(&the.io, &silent);
    assert_int_equal(the.console->ticks - before,
                     goes_on ? ticks : MENU_IO_PATIENCE * 10); /* of a tenth of a second */
    end();
    return goes_on;
}

/* What the countdown has chosen was refused and nobody is there: firmware shall try its next boot
 * option.  A key in time, be it the last moment, leads to the menu, and whoever has pressed one
 * before is waited for. */
static void unattended(void **state)
{
    static const EFI_INPUT_KEY first_entry[] = {{SCAN_NULL, '1'}};

    (void)state;
    assert_true(waits(NULL, 0, 1));
    assert_true(waits(NULL, 0, MENU_IO_PATIENCE * 10));
    assert_false(waits(NULL, 0, MENU_IO_PATIENCE * 10 + 1));
    assert_true(waits(first_entry, 1, MENU_IO_PATIENCE * 10 + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(keys_from_firmware_s_keyboard),
        cmocka_unit_test(keys_from_com1),
        cmocka_unit_test(com1_is_somebody_else_s),
        cmocka_unit_test(both_screens_show_it),
        cmocka_unit_test(the_editor_has_a_cursor),
        cmocka_unit_test(quiet),
        cmocka_unit_test(nobody_can_choose),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(back_to_the_menu),
        cmocka_unit_test(unattended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
