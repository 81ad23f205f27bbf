/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every event does in the list, during the countdown and while nothing is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/menu_fixture.h"

/* ---- how it begins ----------------------------------------------------------- */

static void begins(void **state)
{
    struct menu_fixture *f = *state;

    assert_int_equal(menu_open_with(f, "timeout: 3"), LDR_MENU_OPEN);
    menu_check_selected(f, "A");
    assert_int_equal(f->menu.left, 30);
    assert_false(f->menu.quiet || f->menu.editing || f->menu.edited);
    assert_null(f->menu.notice);
    for (size_t i = 0; i < f->config.config.entry_count; i++)
        assert_int_equal(f->menu.open[i], i == 1);
}

/* What the default is in is open, and nothing else. */
static void begins_deep(void **state)
{
    struct menu_fixture *f = *state;

    assert_int_equal(menu_open_with(f, "default_entry: B/D/D2/D3"), LDR_MENU_OPEN);
    menu_check_selected(f, "D3");
    for (size_t i = 0; i < f->config.config.entry_count; i++)
        assert_int_equal(f->menu.open[i], i == 1 || i == 3 || i == 5);
}

static void begins_and_boots(void **state)
{
    struct menu_fixture *f = *state;

    assert_int_equal(menu_open_with(f, "timeout: 0\nquiet: yes"), LDR_MENU_BOOT);
    menu_check_chosen(f, "A", MENU_CMDLINE);
    /* That failed, say: the menu is there, and waits. */
    assert_int_equal(f->menu.left, LDR_NO_TIMEOUT);
    assert_false(f->menu.quiet);
    assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
}

/* There is nothing to count down to, whatever the timeout. */
static void begins_without_default(void **state)
{
    struct menu_fixture *f = *state;

    assert_int_equal(menu_open_with(f, "timeout: 0\nquiet: yes\ndefault_entry: G"), LDR_MENU_OPEN);
    menu_check_selected(f, "A");
    assert_int_equal(f->menu.left, LDR_NO_TIMEOUT);
    assert_false(f->menu.quiet);
    assert_int_equal(menu_open_text(f, "timeout: 1\n/B\nif_arch: x\n/+C\n//D\n" MENU_KERNEL),
                     LDR_MENU_OPEN);
    menu_check_selected(f, "C");
    assert_int_equal(f->menu.left, LDR_NO_TIMEOUT);
}

/* ---- the countdown ----------------------------------------------------------- */

static void counts_down(void **state)
{
    struct menu_fixture *f = *state;

    assert_int_equal(menu_open_with(f, "timeout: 0.3\ndefault_entry: B/C"), LDR_MENU_OPEN);
    assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
    assert_int_equal(f->menu.left, 2);
    assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
    assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_BOOT);
    menu_check_chosen(f, "C", MENU_CMDLINE);
    assert_int_equal(f->menu.left, LDR_NO_TIMEOUT);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
}

static void no_countdown(void **state)
{
    struct menu_fixture *f = *state;

    assert_int_equal(menu_open_with(f, "timeout: no"), LDR_MENU_OPEN);
    for (unsigned i = 0; i < 200000; i++)
        assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
    assert_int_equal(f->menu.left, LDR_NO_TIMEOUT);
}

/* Whatever it is, and also where it does nothing else. */
static void any_key_stops_it(void **state)
{
    struct menu_fixture *f = *state;

    for (unsigned kind = LDR_EVENT_TICK + 1; kind < LDR_EVENTS; kind++) {
        assert_int_equal(menu_open_with(f, "timeout: 0.1\ndefault_entry: H"), LDR_MENU_OPEN);
        menu_event(f, kind);
        assert_int_equal(f->menu.left, LDR_NO_TIMEOUT);
        assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
    }
}

/* The first key only shows the menu. */
static void quiet(void **state)
{
    struct menu_fixture *f = *state;

    for (unsigned kind = LDR_EVENT_TICK + 1; kind < LDR_EVENTS; kind++) {
        assert_int_equal(menu_open_with(f, "timeout: 2\nquiet: yes"), LDR_MENU_OPEN);
        assert_true(f->menu.quiet);
        assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
        assert_true(f->menu.quiet);
        assert_int_equal(menu_event(f, kind), LDR_MENU_OPEN);
        assert_false(f->menu.quiet);
        menu_check_selected(f, "A");
        assert_int_equal(f->menu.left, LDR_NO_TIMEOUT);
    }
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);

    assert_int_equal(menu_open_with(f, "timeout: 0.1\nquiet: yes"), LDR_MENU_OPEN);
    assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_BOOT);
    assert_false(f->menu.quiet);

    assert_int_equal(menu_open_with(f, "timeout: no\nquiet: yes"), LDR_MENU_OPEN);
    assert_false(f->menu.quiet);
}

/* ---- the list ---------------------------------------------------------------- */

static void up_and_down(void **state)
{
    static const char *const name[] = {"A", "B", "C", "D", "E", "F", "G", "H", "L"};
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    for (unsigned i = 1; i < 9; i++)
        menu_press(f, LDR_EVENT_DOWN, name[i]);
    menu_press(f, LDR_EVENT_DOWN, "A");
    for (unsigned i = 9; i-- > 0;)
        menu_press(f, LDR_EVENT_UP, name[i]);
    menu_press(f, LDR_EVENT_UP, "L");
    menu_press(f, LDR_EVENT_HOME, "A");
    menu_press(f, LDR_EVENT_HOME, "A");
    menu_press(f, LDR_EVENT_END, "L");
    menu_press(f, LDR_EVENT_END, "L");
}

static void only_entry(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f, "/A\n" MENU_KERNEL);
    menu_press(f, LDR_EVENT_UP, "A");
    menu_press(f, LDR_EVENT_DOWN, "A");
    menu_press(f, LDR_EVENT_END, "A");
    menu_press(f, LDR_EVENT_HOME, "A");
    menu_press(f, LDR_EVENT_LEFT, "A");
    menu_press(f, LDR_EVENT_RIGHT, "A");
}

static void directories(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "default_entry: B/C");
    menu_press(f, LDR_EVENT_DOWN, "D");
    menu_press(f, LDR_EVENT_RIGHT, "D"); /* opens */
    menu_press(f, LDR_EVENT_RIGHT, "D"); /* stays open */
    menu_press(f, LDR_EVENT_DOWN, "D1");
    menu_press(f, LDR_EVENT_RIGHT, "D1"); /* no directory */
    menu_press(f, LDR_EVENT_DOWN, "D2");
    menu_press(f, LDR_EVENT_ENTER, "D2"); /* opens */
    menu_press(f, LDR_EVENT_DOWN, "D3");
    menu_press(f, LDR_EVENT_LEFT, "D2"); /* out of it, */
    assert_true(f->menu.open[5]);        /* which leaves it open */
    menu_press(f, LDR_EVENT_LEFT, "D2"); /* closes */
    assert_false(f->menu.open[5]);
    menu_press(f, LDR_EVENT_DOWN, "E");
    menu_press(f, LDR_EVENT_UP, "D2");
    menu_press(f, LDR_EVENT_LEFT, "D");
    menu_press(f, LDR_EVENT_ENTER, "D"); /* closes */
    assert_false(f->menu.open[3]);
    menu_press(f, LDR_EVENT_DOWN, "E");
    menu_press(f, LDR_EVENT_LEFT, "E"); /* is closed, and in nothing */
    menu_press(f, LDR_EVENT_UP, "D");
    menu_press(f, LDR_EVENT_LEFT, "B");
    menu_press(f, LDR_EVENT_LEFT, "B");
    menu_press(f, LDR_EVENT_DOWN, "E");
    menu_press(f, LDR_EVENT_END, "L");
}

/* What is in a closed directory stays as it was for the next time. */
static void closed_and_opened(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "default_entry: B/D/D2/D3");
    menu_press(f, LDR_EVENT_LEFT, "D2");
    menu_press(f, LDR_EVENT_UP, "D1");
    menu_press(f, LDR_EVENT_LEFT, "D");
    menu_press(f, LDR_EVENT_LEFT, "D");
    menu_press(f, LDR_EVENT_DOWN, "E");
    menu_press(f, LDR_EVENT_UP, "D");
    menu_press(f, LDR_EVENT_RIGHT, "D");
    menu_press(f, LDR_EVENT_DOWN, "D1");
    menu_press(f, LDR_EVENT_DOWN, "D2");
    menu_press(f, LDR_EVENT_DOWN, "D3");
}

/* A directory that holds nothing for this machine opens on nothing. */
static void empty_directory(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f, "/A\n" MENU_KERNEL "/B\n//C\nif_arch: x\n/D\n" MENU_KERNEL);
    menu_press(f, LDR_EVENT_DOWN, "B");
    menu_press(f, LDR_EVENT_RIGHT, "B");
    menu_press(f, LDR_EVENT_DOWN, "D");
}

static void boots(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    menu_press(f, LDR_EVENT_DOWN, "B");
    menu_press(f, LDR_EVENT_DOWN, "C");
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
    menu_check_chosen(f, "C", MENU_CMDLINE);
    /* Still there, if that failed. */
    menu_press(f, LDR_EVENT_DOWN, "D");
    menu_type(f, '6');
    menu_check_chosen(f, "F", "");
}

static void leaves(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    assert_int_equal(menu_event(f, LDR_EVENT_ESCAPE), LDR_MENU_LEAVE);
}

static void cannot_boot(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    assert_int_equal(menu_type(f, '7'), LDR_MENU_OPEN);
    menu_check_selected(f, "G");
    assert_string_equal(f->menu.notice,
                        "this loader boots entries of protocol limine and efi only");
    assert_int_equal(menu_event(f, LDR_EVENT_TICK), LDR_MENU_OPEN);
    assert_non_null(f->menu.notice); /* long enough to be read */
    menu_press(f, LDR_EVENT_DELETE, "G");
    assert_null(f->menu.notice);
    menu_press(f, LDR_EVENT_ENTER, "G");
    assert_non_null(f->menu.notice);
    menu_type(f, 'e');
    assert_false(f->menu.editing);
    assert_non_null(f->menu.notice);
    menu_press(f, LDR_EVENT_DOWN, "H");
    assert_null(f->menu.notice);
}

static void digits(void **state)
{
    static const char *const name[] = {"A", "B", "C", "D", "E", "F", "G", "H", "L"};
    struct menu_fixture *f = *state;

    for (unsigned i = 0; i < 9; i++) {
        menu_open_with(f, "");
        bool boot = i != 1 && i != 3 && i != 4 && i != 6;
        assert_int_equal(menu_type(f, (char)('1' + i)), boot ? LDR_MENU_BOOT : LDR_MENU_OPEN);
        menu_check_selected(f, name[i]);
    }
    menu_open_with(f, "");
    menu_type(f, '2'); /* closes B */
    assert_int_equal(menu_type(f, '3'), LDR_MENU_OPEN);
    menu_check_selected(f, "E");
    assert_true(f->menu.open[8]);
    assert_int_equal(menu_type(f, '9'), LDR_MENU_OPEN); /* there are eight rows now */
    menu_check_selected(f, "E");
    assert_int_equal(menu_type(f, '0'), LDR_MENU_OPEN);
    menu_check_selected(f, "E");
}

static void keys_of_no_meaning(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    menu_press(f, LDR_EVENT_BACKSPACE, "A");
    menu_press(f, LDR_EVENT_DELETE, "A");
    for (int c = -128; c < 128; c++) {
        if ((c >= '1' && c <= '9') || c == 'e' || c == 'E')
            continue;
        struct ldr_menu before = f->menu;
        assert_int_equal(menu_type(f, (char)c), LDR_MENU_OPEN);
        assert_memory_equal(&f->menu, &before, sizeof before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MENU_TEST(begins),           MENU_TEST(begins_deep),
        MENU_TEST(begins_and_boots), MENU_TEST(begins_without_default),
        MENU_TEST(counts_down),      MENU_TEST(no_countdown),
        MENU_TEST(any_key_stops_it), MENU_TEST(quiet),
        MENU_TEST(up_and_down),      MENU_TEST(only_entry),
        MENU_TEST(directories),      MENU_TEST(closed_and_opened),
        MENU_TEST(empty_directory),  MENU_TEST(boots),
        MENU_TEST(leaves),           MENU_TEST(cannot_boot),
        MENU_TEST(digits),           MENU_TEST(keys_of_no_meaning),
    };

    return cmocka_run_group_tests_name("menu", tests, NULL, NULL);
}
