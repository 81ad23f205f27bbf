/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Screens of cells, on firmware's console and at COM1: random writing leaves on both what was
 * asked for, and nothing that stands there already is written again.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "efi/terminal.h"
#include "efi/tests/fake_console.h"

static struct fake_console *console;
static struct terminal terminal;
static struct fake *fake;

/* Firmware's console, or COM1. */
static const struct fake_screen *start(bool serial)
{
    fake = fake_start();
    console = fake_console_start(fake);
    terminal_open(&terminal, serial ? NULL : fake->system.ConOut);
    return serial ? &console->serial : &console->firmware;
}

static void its_size(void **state)
{
    const struct fake_screen *screen = start(false);

    (void)state;
    assert_int_equal(terminal.rows, FAKE_ROWS);
    assert_int_equal(terminal.columns, FAKE_COLUMNS);
    assert_int_equal(screen->cleared, 1);
    assert_false(screen->cursor);
    screen = start(true);
    assert_int_equal(terminal.rows, 24);
    assert_int_equal(terminal.columns, 80);
    assert_int_equal(screen->cleared, 1);
    assert_false(screen->cursor);
}

/* What the screen shall show, cell by cell: the same writing, done the simple way. */
static char wanted[FAKE_ROWS][FAKE_COLUMNS];
static uint8_t wanted_style[FAKE_ROWS][FAKE_COLUMNS];

static void put_both(unsigned row, unsigned column, unsigned width, const char *text,
                     enum terminal_style style)
{
    terminal_put(&terminal, row, column, width, text, style);
    for (unsigned i = 0; i < width; i++) {
        char c = *text ? *text++ : ' ';

        if (row >= terminal.rows || column + i >= terminal.columns)
            continue;
        wanted[row][column + i] = c;
        wanted_style[row][column + i] = (uint8_t)style;
    }
}

/* Cells of the same style have one colour, and of another style another one. */
static void compare(const struct fake_screen *screen)
{
    uint32_t colour_of[5] = {0};

    for (unsigned row = 0; row < terminal.rows; row++) {
        for (unsigned i = 0; i < terminal.columns; i++) {
            uint8_t style = wanted_style[row][i];
            uint32_t colour = screen->colour[row][i];

            assert_int_equal(screen->cell[row][i], wanted[row][i]);
            if (style == TERMINAL_NORMAL)
                continue; /* as cleared, or as written */
            if (!colour_of[style])
                colour_of[style] = colour;
            assert_int_equal(colour, colour_of[style]);
            for (unsigned other = 0; other < 5; other++)
                assert_true(other == style || colour_of[other] != colour);
        }
    }
}

static void random_writing(void **state)
{
    (void)state;
    for (unsigned serial = 0; serial < 2; serial++) {
        const struct fake_screen *screen = start(serial);

        srand(1);
        memset(wanted, ' ', sizeof wanted);
        memset(wanted_style, TERMINAL_NORMAL, sizeof wanted_style);
        for (unsigned i = 0; i < 2000; i++) {
            static const char *const texts[] = {"", "a", "entry", "an entry, rather long", "  x"};

            put_both((unsigned)rand() % (FAKE_ROWS + 2), (unsigned)rand() % (FAKE_COLUMNS + 2),
                     (unsigned)rand() % 30, texts[rand() % 5], (enum terminal_style)(rand() % 5));
            if (i % 50 == 0)
                compare(screen);
        }
        compare(screen);
    }
}

/* The second time nothing is written, and where one digit changes that alone. */
static void only_what_changes(void **state)
{
    (void)state;
    for (unsigned serial = 0; serial < 2; serial++) {
        const struct fake_screen *screen = start(serial);
        unsigned calls, written;

        terminal_put(&terminal, 5, 10, 30, "Booting in 5 s", TERMINAL_DIM);
        calls = screen->calls;
        written = screen->written;
        terminal_put(&terminal, 5, 10, 30, "Booting in 5 s", TERMINAL_DIM);
        assert_int_equal(screen->calls, calls);
        terminal_put(&terminal, 5, 10, 30, "Booting in 4 s", TERMINAL_DIM);
        assert_int_equal(screen->written, written + 1);
        assert_string_equal(fake_screen_row(screen, 5), "          Booting in 4 s");
        terminal_put(&terminal, 5, 10, 30, "Booting in 4 s", TERMINAL_NOTICE);
        assert_int_equal(screen->written, written + 1 + 30);
    }
}

static void lines_of_a_frame(void **state)
{
    static const char text[] = {TERMINAL_TOP_LEFT,
                                TERMINAL_HORIZONTAL,
                                TERMINAL_TOP_RIGHT,
                                TERMINAL_VERTICAL,
                                TERMINAL_BOTTOM_LEFT,
                                TERMINAL_BOTTOM_RIGHT,
                                0};
    static const uint16_t drawn[] = {0x250c, 0x2500, 0x2510, 0x2502, 0x2514, 0x2518};
    const struct fake_screen *screen = start(false);

    (void)state;
    terminal_put(&terminal, 0, 0, 6, text, TERMINAL_DIM);
    assert_memory_equal(screen->cell[0], drawn, sizeof drawn);
    screen = start(true);
    terminal_put(&terminal, 0, 0, 6, text, TERMINAL_DIM);
    assert_string_equal(fake_screen_row(screen, 0), "+-+|++");
}

/* It is put where it shall be, also after something was written, and else left alone. */
static void the_cursor(void **state)
{
    (void)state;
    for (unsigned serial = 0; serial < 2; serial++) {
        const struct fake_screen *screen = start(serial);
        unsigned calls;

        terminal_show_cursor(&terminal, 7, 9);
        assert_true(screen->cursor);
        assert_int_equal(screen->row, 7);
        assert_int_equal(screen->column, 9);
        calls = screen->calls;
        terminal_show_cursor(&terminal, 7, 9);
        assert_int_equal(screen->calls, calls);
        terminal_put(&terminal, 7, 9, 1, "x", TERMINAL_NORMAL);
        terminal_show_cursor(&terminal, 7, 9);
        assert_int_equal(screen->column, 9);
        terminal_hide_cursor(&terminal);
        assert_false(screen->cursor);
        terminal_close(&terminal);
        assert_true(screen->cursor);
        assert_int_equal(screen->cleared, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_size),          cmocka_unit_test(random_writing),
        cmocka_unit_test(only_what_changes), cmocka_unit_test(lines_of_a_frame),
        cmocka_unit_test(the_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
