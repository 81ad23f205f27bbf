/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu: which entry boots, and with which command line.
 *
 * A state machine without a screen, a keyboard or a clock.  Its owner hands it one event
 * after the other, and draws the lines that it then consists of:
 *
 *     result = ldr_menu_open(&menu, config);
 *     while (result == LDR_MENU_OPEN) {
 *         for (row = 0; ldr_menu_line(&menu, &screen, row, &line); row++)
 *             draw(row, &line);
 *         result = ldr_menu_handle(&menu, wait_for_event());
 *     }
 *     if (result == LDR_MENU_BOOT)
 *         ldr_menu_chosen(&menu, &entry);
 *
 * It is a list of entries, or the editor of one entry's command line.  The list:
 *     up, down     the entry above or below, around the ends; home, end: the first, the last
 *     enter        boots the entry; opens or closes a directory
 *     right, left  opens a directory; closes it, or goes to the one that an entry is in
 *     1 to 9       the entry in that row, as if it were selected and enter came
 *     e            edits the entry's command line
 *     escape       leaves to the firmware
 * The editor: left, right, home, end, backspace, delete, printable ASCII; enter boots, escape
 * goes back to the list and forgets the text.
 *
 * Anything but a tick stops the countdown for good.  While the configuration's `quiet`
 * keeps the menu invisible, the first event that isn't a tick shows it, and does nothing
 * else: nobody chooses what he can't see.
 */
#ifndef LOADER_MENU_H
#define LOADER_MENU_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/config.h"

/* The longest command line that can be edited, and the widest line that is given out. */
#define LDR_MENU_EDIT_BYTES 4096
#define LDR_MENU_COLUMNS    160

/* The smallest screen that a menu can be drawn on.  Of a larger one as much is used as
 * LDR_MENU_COLUMNS says. */
#define LDR_MENU_ROWS_LEAST    8
#define LDR_MENU_COLUMNS_LEAST 20

enum ldr_menu_event_kind {
    LDR_EVENT_TICK, /* a tenth of a second went by */
    LDR_EVENT_UP,
    LDR_EVENT_DOWN,
    LDR_EVENT_LEFT,
    LDR_EVENT_RIGHT,
    LDR_EVENT_HOME,
    LDR_EVENT_END,
    LDR_EVENT_ENTER,
    LDR_EVENT_ESCAPE,
    LDR_EVENT_BACKSPACE,
    LDR_EVENT_DELETE,
    LDR_EVENT_CHARACTER, /* .character; what isn't printable ASCII only stops the countdown */
    LDR_EVENTS
};

struct ldr_menu_event {
    enum ldr_menu_event_kind kind;
    char character;
};

enum ldr_menu_result {
    LDR_MENU_OPEN,  /* nothing is decided yet */
    LDR_MENU_BOOT,  /* ldr_menu_chosen() says what */
    LDR_MENU_LEAVE, /* to the firmware */
};

/* The parts that say something by themselves may be read by anybody; ldr_menu_handle()
 * writes them. */
struct ldr_menu {
    const struct ldr_config *config;
    size_t selected; /* index of an entry that is visible */
    uint32_t left;   /* tenths of a second until the default boots; LDR_NO_TIMEOUT: stopped */
    bool quiet;      /* nothing is to be drawn yet */
    bool editing;
    bool edited;                   /* .edit is the command line to boot with */
    const char *notice;            /* why the last event was refused, in words; or null */
    bool open[LDR_CONFIG_ENTRIES]; /* directories whose entries are shown */
    char edit[LDR_MENU_EDIT_BYTES];
    size_t edit_length, cursor; /* cursor <= edit_length < LDR_MENU_EDIT_BYTES */
};

struct ldr_menu_screen {
    unsigned rows, columns;
};

/* What a row says. */
enum ldr_menu_role {
    LDR_MENU_TITLE,
    LDR_MENU_BODY,    /* an entry, a piece of the command line, or nothing */
    LDR_MENU_COMMENT, /* of the selected entry */
    LDR_MENU_NOTICE,  /* in its place: why a key did nothing */
    LDR_MENU_HELP,
};

/* One row of the screen. */
struct ldr_menu_line {
    enum ldr_menu_role role;
    char text[LDR_MENU_COLUMNS + 1]; /* printable ASCII, terminated; at most `columns` of it */
    bool selected;                   /* to be drawn so that it stands out */
    bool has_cursor;                 /* in column .cursor; the terminated text may end there */
    unsigned cursor;
};

/* Begins with the configuration's default entry selected, in view, and its countdown.
 * LDR_MENU_BOOT at once where the timeout is 0 and the default can be booted;
 * without a default that can be booted there is no countdown, and nothing is quiet.
 * `config` shall stay as long as the menu is used; what it holds isn't changed. */
enum ldr_menu_result ldr_menu_open(struct ldr_menu *ret_menu, const struct ldr_config *config);

/* Goes on by one event.  After a result other than LDR_MENU_OPEN the menu may go on being
 * used, as if the boot had failed: it is where it was, and the countdown is stopped. */
enum ldr_menu_result ldr_menu_handle(struct ldr_menu *menu, struct ldr_menu_event event);

/* The entry to boot, after LDR_MENU_BOOT.  An edited command line is a slice of
 * the menu's own memory, good until the next event. */
void ldr_menu_chosen(const struct ldr_menu *menu, struct ldr_entry *ret_entry);

/* Row `row`, from 0, of the menu as it stands; false from the screen's last row on, and
 * everywhere while it is quiet.  Screens below the least size are taken for that. */
bool ldr_menu_line(const struct ldr_menu *menu, const struct ldr_menu_screen *screen, unsigned row,
                   struct ldr_menu_line *ret_line);

#endif
