/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every event does in the editor of a command line, and which entries have one.
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

static void check_edit(const struct menu_fixture *f, const char *text, size_t cursor)
{
    assert_true(f->menu.editing);
    assert_int_equal(f->menu.edit_length, strlen(text));
    assert_memory_equal(f->menu.edit, text, strlen(text));
    assert_int_equal(f->menu.cursor, cursor);
}

static void edits(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f, "/A\n" MENU_KERNEL);
    menu_type_text(f, "e");
    check_edit(f, MENU_CMDLINE, 11);
    menu_type_text(f, "!e9");
    check_edit(f, MENU_CMDLINE "!e9", 14);
    menu_event(f, LDR_EVENT_BACKSPACE);
    menu_event(f, LDR_EVENT_BACKSPACE);
    check_edit(f, MENU_CMDLINE "!", 12);
    menu_event(f, LDR_EVENT_HOME);
    check_edit(f, MENU_CMDLINE "!", 0);
    menu_event(f, LDR_EVENT_BACKSPACE);
    menu_event(f, LDR_EVENT_LEFT);
    check_edit(f, MENU_CMDLINE "!", 0);
    menu_event(f, LDR_EVENT_DELETE);
    menu_event(f, LDR_EVENT_RIGHT);
    menu_event(f, LDR_EVENT_DELETE);
    check_edit(f, "fa kernel!", 1);
    menu_type_text(f, "~ ");
    check_edit(f, "f~ a kernel!", 3);
    menu_event(f, LDR_EVENT_LEFT);
    menu_event(f, LDR_EVENT_BACKSPACE);
    check_edit(f, "f a kernel!", 1);
    menu_event(f, LDR_EVENT_END);
    menu_event(f, LDR_EVENT_RIGHT);
    menu_event(f, LDR_EVENT_DELETE);
    check_edit(f, "f a kernel!", 11);
    menu_event(f, LDR_EVENT_UP);
    menu_event(f, LDR_EVENT_DOWN);
    menu_event(f, LDR_EVENT_TICK);
    check_edit(f, "f a kernel!", 11);
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
    menu_check_chosen(f, "A", "f a kernel!");
    assert_false(f->menu.editing);
}

static void edits_and_forgets(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f, "/A\n" MENU_KERNEL "/B\nprotocol: efi\npath: /b\n");
    menu_type_text(f, "Exyz");
    assert_int_equal(menu_event(f, LDR_EVENT_ESCAPE), LDR_MENU_OPEN);
    assert_false(f->menu.editing);
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
    menu_check_chosen(f, "A", MENU_CMDLINE);
    menu_type_text(f, "exyz");
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
    menu_check_chosen(f, "A", MENU_CMDLINE "xyz");
    /* That failed: the next one, and this one again, have their own command lines. */
    menu_press(f, LDR_EVENT_DOWN, "B");
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
    menu_check_chosen(f, "B", "");
    menu_press(f, LDR_EVENT_UP, "A");
    menu_type_text(f, "e");
    check_edit(f, MENU_CMDLINE, 11);
}

static void nothing_to_edit(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    menu_press(f, LDR_EVENT_DOWN, "B");
    menu_type_text(f, "e");
    assert_false(f->menu.editing);
    assert_string_equal(f->menu.notice, "a directory has no command line");
    menu_open_with(f, "editor_enabled: no");
    menu_type_text(f, "eE");
    assert_false(f->menu.editing);
    assert_string_equal(f->menu.notice, "the configuration says editor_enabled: no");
    menu_open_text(f, "/F\nprotocol: efi\npath: /f\n");
    menu_type_text(f, "e");
    check_edit(f, "", 0);
    menu_event(f, LDR_EVENT_BACKSPACE);
    menu_event(f, LDR_EVENT_DELETE);
    menu_event(f, LDR_EVENT_RIGHT);
    check_edit(f, "", 0);
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
    menu_check_chosen(f, "F", "");
}

/* Nothing but printable ASCII can be typed. */
static void edits_text_only(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f, "/F\nprotocol: efi\npath: /f\n");
    menu_type_text(f, "e");
    for (int c = -128; c < 128; c++)
        menu_type(f, (char)c);
    assert_int_equal(f->menu.edit_length, '~' - ' ' + 1);
    for (size_t i = 0; i < f->menu.edit_length; i++)
        assert_int_equal(f->menu.edit[i], ' ' + (int)i);
}

static void edits_up_to_the_limit(void **state)
{
    struct menu_fixture *f = *state;
    char text[LDR_MENU_EDIT_BYTES + 64] = "/A\nprotocol: limine\npath: /k\ncmdline: ";
    size_t begin = strlen(text);

    memset(text + begin, 'x', LDR_MENU_EDIT_BYTES - 2);
    menu_open_text(f, text);
    menu_type_text(f, "e");
    assert_int_equal(f->menu.edit_length, LDR_MENU_EDIT_BYTES - 2);
    menu_event(f, LDR_EVENT_HOME);
    menu_type_text(f, "y");
    assert_null(f->menu.notice);
    menu_type_text(f, "z");
    assert_string_equal(f->menu.notice, "a command line can't be longer in this editor");
    assert_int_equal(f->menu.edit_length, LDR_MENU_EDIT_BYTES - 1);
    assert_int_equal(f->menu.edit[0], 'y');
    assert_int_equal(f->menu.edit[1], 'x');
    menu_event(f, LDR_EVENT_DELETE);
    assert_null(f->menu.notice);
    assert_int_equal(f->menu.edit_length, LDR_MENU_EDIT_BYTES - 2);

    memset(text + begin, 'x', LDR_MENU_EDIT_BYTES - 1);
    menu_open_text(f, text);
    menu_type_text(f, "e");
    assert_true(f->menu.editing);

    memset(text + begin, 'x', LDR_MENU_EDIT_BYTES);
    menu_open_text(f, text);
    menu_type_text(f, "e");
    assert_false(f->menu.editing);
    assert_string_equal(f->menu.notice, "this command line is too long for the editor");
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MENU_TEST(edits),           MENU_TEST(edits_and_forgets),     MENU_TEST(nothing_to_edit),
        MENU_TEST(edits_text_only), MENU_TEST(edits_up_to_the_limit),
    };

    return cmocka_run_group_tests_name("menu editor", tests, NULL, NULL);
}
