/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the menu looks like: whole screens, line by line, as a person would see them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/menu_fixture.h"

/* Each row as a line; "> " before the selected one, "_" where the cursor is. */
static const char *draw(const struct menu_fixture *f, unsigned rows, unsigned columns)
{
    static char screen[16384];
    struct ldr_menu_screen size = {rows, columns};
    struct ldr_menu_line line;
    size_t used = 0;

    screen[0] = '\0';
    memset(&line, 0xa5, sizeof line);
    for (unsigned row = 0; ldr_menu_line(&f->menu, &size, row, &line); row++) {
        char text[LDR_MENU_COLUMNS + 2];
        size_t length = strlen(line.text);
        snprintf(text, sizeof text, "%s", line.text);
        if (line.has_cursor) {
            assert_true(line.cursor <= length);
            text[line.cursor] = '_';
            if (line.cursor == length)
                text[length + 1] = '\0';
        }
        used += (size_t)snprintf(screen + used, sizeof screen - used, "%s%s\n",
                                 line.selected ? "> " : "", text);
    }
    return screen;
}

static void list(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "timeout: 4.5");
    assert_string_equal(draw(f, 16, 60), "Choose what to boot\n"
                                         "\n"
                                         "> 1     A\n"
                                         "2 [-] B\n"
                                         "3       C\n"
                                         "4   [+] D\n"
                                         "5 [+] E\n"
                                         "6     F\n"
                                         "7     G (linux: not supported)\n"
                                         "8     H\n"
                                         "9     L\n"
                                         "\n"
                                         "\n"
                                         "\n"
                                         "the first\n"
                                         "Booting in 5 s; any key stops that\n");
}

/* What each row says, a letter a row. */
static const char *roles(const struct menu_fixture *f, unsigned rows)
{
    static char letters[64];
    struct ldr_menu_screen size = {rows, 60};
    struct ldr_menu_line line;
    unsigned row = 0;

    for (; ldr_menu_line(&f->menu, &size, row, &line); row++)
        letters[row] = "tbcnh"[line.role];
    letters[row] = '\0';
    return letters;
}

static void rows_say_what_they_are(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    assert_string_equal(roles(f, 10), "tbbbbbbbch");
    assert_string_equal(roles(f, 1), "tbbbbbch");
    menu_type(f, '7'); /* what can't be booted is refused with a notice */
    assert_string_equal(roles(f, 10), "tbbbbbbbnh");
    menu_event(f, LDR_EVENT_HOME);
    menu_type(f, 'e');
    assert_string_equal(roles(f, 10), "tbbbbbbbch");
}

/* The last moments of a countdown are told as a second, since 0 would mean that it is over. */
static void countdown(void **state)
{
    static const struct {
        uint32_t left;
        const char *text;
    } row[] = {{1, "in 1 s"},  {9, "in 1 s"},  {10, "in 1 s"},
               {11, "in 2 s"}, {50, "in 5 s"}, {99990, "in 9999 s"}};
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        f->menu.left = row[i].left;
        assert_non_null(strstr(draw(f, 16, 60), row[i].text));
    }
    menu_event(f, LDR_EVENT_DOWN);
    assert_non_null(strstr(draw(f, 16, 60), "Enter: boot   Escape: firmware   e: edit\n"));
    menu_open_with(f, "editor_enabled: no");
    menu_event(f, LDR_EVENT_DOWN);
    assert_non_null(strstr(draw(f, 16, 60), "Enter: boot   Escape: firmware\n"));
}

/* The window follows the selection; beyond the ninth row there are no digits. */
static void window(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "default_entry: B/D/D2/D3");
    menu_event(f, LDR_EVENT_DELETE);
    assert_string_equal(draw(f, 8, 60), "Choose what to boot\n"
                                        "\n"
                                        "5         D1\n"
                                        "6     [-] D2\n"
                                        "> 7           D3\n"
                                        "\n"
                                        "\n"
                                        "Enter: boot   Escape: firmware   e: edit\n");
    menu_event(f, LDR_EVENT_END);
    assert_string_equal(draw(f, 9, 60), "Choose what to boot\n"
                                        "\n"
                                        "9     F\n"
                                        "      G (linux: not supported)\n"
                                        "      H\n"
                                        ">       L\n"
                                        "\n"
                                        "\n"
                                        "Enter: boot   Escape: firmware   e: edit\n");
    menu_event(f, LDR_EVENT_HOME);
    assert_string_equal(draw(f, 8, 60), "Choose what to boot\n"
                                        "\n"
                                        "> 1     A\n"
                                        "2 [-] B\n"
                                        "3       C\n"
                                        "\n"
                                        "the first\n"
                                        "Enter: boot   Escape: firmware   e: edit\n");
}

static void notice(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "");
    menu_type(f, '7');
    assert_non_null(strstr(draw(f, 16, 80), "> 7     G (linux: not supported)\n"));
    assert_non_null(
        strstr(draw(f, 16, 80), "\nthis loader boots entries of protocol limine and efi only\n"));
}

static void quiet(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_with(f, "quiet: yes");
    assert_string_equal(draw(f, 25, 80), "");
    menu_event(f, LDR_EVENT_TICK);
    assert_string_equal(draw(f, 25, 80), "");
    menu_event(f, LDR_EVENT_DELETE);
    assert_non_null(strstr(draw(f, 25, 80), "> 1     A\n"));
}

/* Names of other alphabets, with control characters or longer than the screen. */
static void odd_names(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f,
                   "/\xc3\x84pfel\x1b[2J\n" MENU_KERNEL "comment: a\tb, and that at some length\n"
                   "/A rather long name of an entry\nprotocol: \x07 and a long one, too\n");
    assert_string_equal(draw(f, 8, 20), "Choose what to boot\n"
                                        "\n"
                                        "> 1     ??pfel?[2J\n"
                                        "2     A rather long \n"
                                        "\n"
                                        "\n"
                                        "a?b, and that at som\n"
                                        "Booting in 5 s; any \n");
    assert_non_null(strstr(draw(f, 8, 80), "A rather long name of an entry (? and a long one, too: "
                                           "not supported)\n"));
}

static void editor(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f, "/Kernel\nprotocol: limine\npath: /k\ncomment: not shown here\n"
                      "cmdline: one two three four five six seven\n");
    menu_type_text(f, "e");
    assert_string_equal(draw(f, 8, 20), "Edit the command lin\n"
                                        "\n"
                                        "one two three four f\n"
                                        "ive six seven_\n"
                                        "\n"
                                        "\n"
                                        "not shown here\n"
                                        "Enter: boot   Escape\n");
    menu_event(f, LDR_EVENT_HOME);
    assert_string_equal(draw(f, 8, 50), "Edit the command line of \"Kernel\"\n"
                                        "\n"
                                        "_ne two three four five six seven\n"
                                        "\n"
                                        "\n"
                                        "\n"
                                        "not shown here\n"
                                        "Enter: boot   Escape: back\n");
}

/* Three rows of twenty: the cursor behind the last byte of a full row is on the next one,
 * and what is above goes out of the window. */
static void editor_window(void **state)
{
    struct menu_fixture *f = *state;

    menu_open_text(f, "/K\nprotocol: limine\npath: /k\n");
    menu_type_text(f, "eaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbcccccccccccccccccccc");
    assert_non_null(
        strstr(draw(f, 8, 20), "\n\nbbbbbbbbbbbbbbbbbbbb\ncccccccccccccccccccc\n_\n\n"));
    menu_event(f, LDR_EVENT_LEFT);
    assert_non_null(strstr(draw(f, 8, 20), "\n\naaaaaaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbb\n"
                                           "ccccccccccccccccccc_\n\n"));
    menu_event(f, LDR_EVENT_HOME);
    assert_non_null(strstr(draw(f, 8, 20), "\n\n_aaaaaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbb\n"));
}

/* A command line that was not typed may hold anything. */
static void editor_odd_bytes(void **state)
{
    static const char text[] = "/K\nprotocol: limine\npath: /k\ncmdline: a\0b\x1b\xc3\x84z\n";
    struct menu_fixture *f = *state;

    assert_int_equal(config_read_bytes(&f->config, text, sizeof text - 1), LDR_OK);
    ldr_menu_open(&f->menu, &f->config.config);
    menu_type_text(f, "e");
    assert_non_null(strstr(draw(f, 8, 20), "\na?b???z_\n"));
    assert_int_equal(menu_event(f, LDR_EVENT_ENTER), LDR_MENU_BOOT);
    struct ldr_entry entry;
    ldr_menu_chosen(&f->menu, &entry);
    assert_int_equal(entry.cmdline.length, 7);
    assert_memory_equal(entry.cmdline.at, "a\0b\x1b\xc3\x84z", 7);
}

/* Below the least size and above the most, as much is drawn as at these. */
static void sizes(void **state)
{
    struct menu_fixture *f = *state;
    char least[2048];

    menu_open_with(f, "");
    snprintf(least, sizeof least, "%s", draw(f, LDR_MENU_ROWS_LEAST, LDR_MENU_COLUMNS_LEAST));
    assert_string_equal(draw(f, 0, 0), least);
    assert_string_equal(draw(f, LDR_MENU_ROWS_LEAST - 1, LDR_MENU_COLUMNS_LEAST - 1), least);
    const char *screen = draw(f, 300, 4000);
    unsigned rows = 0;
    for (; *screen != '\0'; screen++)
        rows += *screen == '\n';
    assert_int_equal(rows, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MENU_TEST(list),          MENU_TEST(rows_say_what_they_are),
        MENU_TEST(countdown),     MENU_TEST(window),
        MENU_TEST(notice),        MENU_TEST(quiet),
        MENU_TEST(odd_names),     MENU_TEST(editor),
        MENU_TEST(editor_window), MENU_TEST(editor_odd_bytes),
        MENU_TEST(sizes),
    };

    return cmocka_run_group_tests_name("menu draw", tests, NULL, NULL);
}
