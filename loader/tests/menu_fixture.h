/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the menu share: a menu of a configuration that is written down, events,
 * and an independent account of which entries are in view.
 */
#ifndef LOADER_TESTS_MENU_FIXTURE_H
#define LOADER_TESTS_MENU_FIXTURE_H

#include "loader/menu.h"
#include "loader/tests/config_fixture.h"

/* The lines that a kernel's entry needs, with a command line. */
#define MENU_CMDLINE "of a kernel"
#define MENU_KERNEL  "protocol: limine\npath: /k\ncmdline: " MENU_CMDLINE "\n"

/* Closed from the start but for the second, which is A, B, C, E, F, G, H, L:
 *     0 A, 1 B (2 C, 3 D [4 D1 5 D2 (6 D3)]), 7 hidden, 8 E (9 E1), 10 F, 11 G, 12 H, 13 L */
extern const char menu_text[];

struct menu_fixture {
    struct config_fixture config;
    struct ldr_menu menu;
};

#define MENU_TEST(test) cmocka_unit_test_setup_teardown(test, menu_start, menu_stop)
int menu_start(void **state);
int menu_stop(void **state);

/* Reads the configuration, lines before menu_text, and opens the menu of it; or of another. */
enum ldr_menu_result menu_open_with(struct menu_fixture *f, const char *lines);
enum ldr_menu_result menu_open_text(struct menu_fixture *f, const char *text);

enum ldr_menu_result menu_event(struct menu_fixture *f, enum ldr_menu_event_kind kind);
enum ldr_menu_result menu_type(struct menu_fixture *f, char character);

/* Each of the characters, none of which shall decide anything. */
void menu_type_text(struct menu_fixture *f, const char *text);

/* What would boot: an entry of that name, with that command line. */
void menu_check_chosen(const struct menu_fixture *f, const char *name, const char *cmdline);

void menu_check_selected(const struct menu_fixture *f, const char *name);

/* An event that decides nothing, after which that entry is selected. */
void menu_press(struct menu_fixture *f, enum ldr_menu_event_kind kind, const char *selected);

/* Whether an entry is in view, from the depths of the entries above it alone. */
bool menu_shows(const struct ldr_menu *menu, size_t index);

#endif
