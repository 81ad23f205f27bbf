/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/menu_screen.h"

#include <string.h>

#include "loader/respond.h"

/* Columns between the frame and the text, and between the frame and the screen's edge; and
 * rows between frame and text. */
#define MARGIN  3
#define PADDING 1

/* A wider text is harder to read than it is good to have; so many rows are enough to edit a
 * command line in. */
#define MOST_COLUMNS 76
#define LEAST_ROWS   12

/* Rows of the menu that aren't entries (loader/menu.h). */
#define OTHER_ROWS 5

/* The text's place on the screen; the frame is PADDING + 1 rows and MARGIN columns outside. */
struct box {
    unsigned top, left, rows, columns;
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* As large as all entries need, however many are shown: so that it stays where it is when a
 * directory is opened. */
static struct box place(const struct terminal *terminal, const struct ldr_config *config)
{
    unsigned wanted = (unsigned)config->entry_count + OTHER_ROWS;
    struct box box;

    if (wanted < LEAST_ROWS)
        wanted = LEAST_ROWS;
    box.rows = least(wanted, terminal->rows - 2 * PADDING - 2 - 1);
    box.columns = least(MOST_COLUMNS, terminal->columns - 2 * MARGIN - 2);
    box.top = (terminal->rows - box.rows) / 2;
    box.left = (terminal->columns - box.columns) / 2;
    return box;
}

/* Each cell is written once: what is written over would flicker. */
static void draw_edge(struct terminal *terminal, const struct box *box, unsigned row,
                      const char *title, char left, char right)
{
    char text[MOST_COLUMNS + 2 * MARGIN + 1];
    unsigned from = box->left - MARGIN, width = box->columns + 2 * MARGIN;
    unsigned before = MARGIN - 1, after = before + (unsigned)strlen(title);

    memset(text, TERMINAL_HORIZONTAL, width);
    text[0] = left;
    text[width - 1] = right;
    text[width] = 0;
    terminal_put(terminal, row, from, before, text, TERMINAL_DIM);
    terminal_put(terminal, row, from + before, after - before, title, TERMINAL_TITLE);
    terminal_put(terminal, row, from + after, width - after, text + after, TERMINAL_DIM);
}

static void draw_frame(struct terminal *terminal, const struct box *box)
{
    static const char side[] = {TERMINAL_VERTICAL, 0};
    unsigned top = box->top - PADDING - 1, bottom = box->top + box->rows + PADDING;

    draw_edge(terminal, box, top, " " LDR_NAME " " LDR_VERSION " ", TERMINAL_TOP_LEFT,
              TERMINAL_TOP_RIGHT);
    for (unsigned row = top + 1; row < bottom; row++) {
        terminal_put(terminal, row, box->left - MARGIN, 1, side, TERMINAL_DIM);
        terminal_put(terminal, row, box->left + box->columns + MARGIN - 1, 1, side, TERMINAL_DIM);
    }
    draw_edge(terminal, box, bottom, "", TERMINAL_BOTTOM_LEFT, TERMINAL_BOTTOM_RIGHT);
}

static enum terminal_style style_of(const struct ldr_menu_line *line)
{
    static const uint8_t style[] = {
        [LDR_MENU_TITLE] = TERMINAL_TITLE,    [LDR_MENU_BODY] = TERMINAL_NORMAL,
        [LDR_MENU_COMMENT] = TERMINAL_NORMAL, [LDR_MENU_NOTICE] = TERMINAL_NOTICE,
        [LDR_MENU_HELP] = TERMINAL_DIM,
    };

    return line->selected ? TERMINAL_SELECTED : (enum terminal_style)style[line->role];
}

void menu_screen_draw(struct terminal *terminal, const struct ldr_menu *menu,
                      struct ldr_menu_line *line)
{
    struct box box = place(terminal, menu->config);
    struct ldr_menu_screen screen = {box.rows, box.columns};
    bool cursor = false;
    unsigned cursor_row = 0, cursor_column = 0;

    draw_frame(terminal, &box);
    for (unsigned row = 0; row < box.rows && ldr_menu_line(menu, &screen, row, line); row++) {
        terminal_put(terminal, box.top + row, box.left, box.columns, line->text, style_of(line));
        if (line->has_cursor)
            cursor = true, cursor_row = box.top + row, cursor_column = box.left + line->cursor;
    }
    if (cursor)
        terminal_show_cursor(terminal, cursor_row, cursor_column);
    else
        terminal_hide_cursor(terminal);
}
