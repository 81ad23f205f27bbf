/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the menu looks, row by row.
 *
 *     Choose what to boot                 Edit the command line of "Kernel"
 *
 *     1     Kernel                        console=ttyS0 root=/dev/sda1 panic
 *     2 [-] Other systems                 =1_
 *     3       Windows
 *     4       Linux (linux: not supported)
 *
 *     A comment, or why a key did nothing
 *     Booting in 5 s; any key stops that  Enter: boot   Escape: back
 */
#include "loader/menu.h"

#include "loader/menu_parts.h"

#define ABOVE 2 /* rows above the entries or the text, */
#define BELOW 3 /* and below them */

/* The screen as it is used. */
static struct ldr_menu_screen fitted(const struct ldr_menu_screen *screen)
{
    struct ldr_menu_screen fit = *screen;

    if (fit.rows < LDR_MENU_ROWS_LEAST)
        fit.rows = LDR_MENU_ROWS_LEAST;
    if (fit.columns < LDR_MENU_COLUMNS_LEAST)
        fit.columns = LDR_MENU_COLUMNS_LEAST;
    if (fit.columns > LDR_MENU_COLUMNS)
        fit.columns = LDR_MENU_COLUMNS;
    return fit;
}

/* What of `rows` rows comes first in a window of `window`, so that row `needed` is in it. */
static size_t first_in_view(size_t needed, size_t window)
{
    return needed < window ? 0 : needed - window + 1;
}

/* ---- the list ---------------------------------------------------------------- */

/* The row of an entry, from 0. */
static size_t row_of(const struct ldr_menu *menu, size_t entry)
{
    size_t row = 0;

    for (size_t i = ldr_menu_next(menu, LDR_NO_ENTRY); i != entry; i = ldr_menu_next(menu, i))
        row++;
    return row;
}

/* Only the first nine rows have a key.  Each level is two columns further in. */
static void draw_entry(const struct ldr_menu *menu, size_t index, size_t row, char *text,
                       size_t bytes)
{
    static const char deep[] = "              "; /* LDR_CONFIG_DEPTH - 1 times two */
    const struct ldr_entry *entry = &menu->config->entry[index];
    const char *mark = "   ", *before = "", *after = "";
    struct ldr_text protocol = {0};

    if (entry->directory) {
        mark = menu->open[index] ? "[-]" : "[+]";
    } else if (!ldr_entry_boots(entry)) {
        before = " (";
        protocol = ldr_text_excerpt(entry->protocol_name);
        after = ": not supported)";
    }
    ldr_format(text, bytes, "%c %.*s%s %.*s%s%.*s%s", row < 9 ? (int)('1' + row) : ' ',
               2 * (int)(entry->depth - 1), deep, mark, LDR_TEXT(entry->name), before,
               LDR_TEXT(protocol), after);
}

static void draw_list_row(const struct ldr_menu *menu, size_t row, size_t window, size_t bytes,
                          struct ldr_menu_line *line)
{
    size_t top = first_in_view(row_of(menu, menu->selected), window);
    size_t index = ldr_menu_next(menu, LDR_NO_ENTRY);

    row += top;
    for (size_t i = 0; i < row && index != LDR_NO_ENTRY; i++)
        index = ldr_menu_next(menu, index);
    if (index == LDR_NO_ENTRY)
        return;
    draw_entry(menu, index, row, line->text, bytes);
    line->selected = index == menu->selected;
}

/* ---- the editor -------------------------------------------------------------- */

/* The text goes on from row to row; the cursor may stand behind its end. */
static void draw_editor_row(const struct ldr_menu *menu, size_t row, size_t window, size_t columns,
                            struct ldr_menu_line *line)
{
    size_t cursor_row = menu->cursor / columns;
    size_t at, length = 0;

    row += first_in_view(cursor_row, window);
    for (at = row * columns; at < menu->edit_length && length < columns; at++)
        line->text[length++] = menu->edit[at] != '\0' ? menu->edit[at] : '?';
    line->text[length] = '\0';
    line->has_cursor = row == cursor_row;
    line->cursor = (unsigned)(line->has_cursor ? menu->cursor % columns : 0);
}

/* ---- the rows around both ---------------------------------------------------- */

static void draw_title(const struct ldr_menu *menu, char *text, size_t bytes)
{
    if (menu->editing)
        ldr_format(text, bytes, "Edit the command line of \"%.*s\"",
                   LDR_TEXT(menu->config->entry[menu->selected].name));
    else
        ldr_format(text, bytes, "Choose what to boot");
}

static void draw_comment(const struct ldr_menu *menu, char *text, size_t bytes)
{
    if (menu->notice != NULL)
        ldr_format(text, bytes, "%s", menu->notice);
    else
        ldr_format(text, bytes, "%.*s", LDR_TEXT(menu->config->entry[menu->selected].comment));
}

static void draw_help(const struct ldr_menu *menu, char *text, size_t bytes)
{
    if (menu->left != LDR_NO_TIMEOUT)
        ldr_format(text, bytes, "Booting in %u s; any key stops that", (menu->left + 9) / 10);
    else if (menu->editing)
        ldr_format(text, bytes, "Enter: boot   Escape: back");
    else
        ldr_format(text, bytes, "Enter: boot   Escape: firmware%s",
                   menu->config->editor ? "   e: edit" : "");
}

/* A console would obey control characters, and draw other alphabets in who knows what width. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

static enum ldr_menu_role role_of(const struct ldr_menu *menu, unsigned row, unsigned rows)
{
    if (row == 0)
        return LDR_MENU_TITLE;
    if (row == rows - 2)
        return menu->notice != NULL ? LDR_MENU_NOTICE : LDR_MENU_COMMENT;
    return row == rows - 1 ? LDR_MENU_HELP : LDR_MENU_BODY;
}

bool ldr_menu_line(const struct ldr_menu *menu, const struct ldr_menu_screen *screen, unsigned row,
                   struct ldr_menu_line *ret_line)
{
    struct ldr_menu_screen fit = fitted(screen);
    size_t window = fit.rows - ABOVE - BELOW, bytes = fit.columns + 1;
    struct ldr_menu_line *line = ret_line;

    if (menu->quiet || row >= fit.rows)
        return false;
    line->text[0] = '\0';
    line->selected = line->has_cursor = false;
    line->cursor = 0;
    line->role = role_of(menu, row, fit.rows);
    if (line->role == LDR_MENU_TITLE)
        draw_title(menu, line->text, bytes);
    else if (line->role == LDR_MENU_HELP)
        draw_help(menu, line->text, bytes);
    else if (line->role != LDR_MENU_BODY)
        draw_comment(menu, line->text, bytes);
    else if (row >= ABOVE && row < fit.rows - BELOW && menu->editing)
        draw_editor_row(menu, row - ABOVE, window, fit.columns, line);
    else if (row >= ABOVE && row < fit.rows - BELOW)
        draw_list_row(menu, row - ABOVE, window, bytes, line);
    make_printable(line->text);
    return true;
}
