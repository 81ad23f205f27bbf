/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu's states, and what each event makes of them.
 */
#include "loader/menu.h"

#include "loader/menu_parts.h"

static const char cannot_boot[] = "this loader boots entries of protocol limine and efi only";

/* ---- the list ---------------------------------------------------------------- */

size_t ldr_menu_next(const struct ldr_menu *menu, size_t index)
{
    return ldr_config_next(menu->config, index, index != LDR_NO_ENTRY && menu->open[index]);
}

/* The one above the selected entry; above the first is the last. */
static size_t previous(const struct ldr_menu *menu)
{
    size_t above = LDR_NO_ENTRY, next = ldr_menu_next(menu, LDR_NO_ENTRY);

    while (next != LDR_NO_ENTRY && (next != menu->selected || above == LDR_NO_ENTRY)) {
        above = next;
        next = ldr_menu_next(menu, next);
    }
    return above;
}

static void select_next(struct ldr_menu *menu)
{
    size_t next = ldr_menu_next(menu, menu->selected);

    menu->selected = next != LDR_NO_ENTRY ? next : ldr_menu_next(menu, LDR_NO_ENTRY);
}

static void select_last(struct ldr_menu *menu)
{
    menu->selected = ldr_menu_next(menu, LDR_NO_ENTRY);
    menu->selected = previous(menu);
}

static enum ldr_menu_result choose(struct ldr_menu *menu)
{
    const struct ldr_entry *entry = &menu->config->entry[menu->selected];

    menu->edited = false;
    if (entry->directory)
        menu->open[menu->selected] = !menu->open[menu->selected];
    else if (ldr_entry_boots(entry))
        return LDR_MENU_BOOT;
    else
        menu->notice = cannot_boot;
    return LDR_MENU_OPEN;
}

/* A row that isn't there is no choice. */
static enum ldr_menu_result choose_row(struct ldr_menu *menu, unsigned row)
{
    size_t index = ldr_menu_next(menu, LDR_NO_ENTRY);

    while (index != LDR_NO_ENTRY && --row > 0)
        index = ldr_menu_next(menu, index);
    if (index == LDR_NO_ENTRY)
        return LDR_MENU_OPEN;
    menu->selected = index;
    return choose(menu);
}

/* Out of an open directory first, and then out of the one around. */
static void go_out(struct ldr_menu *menu)
{
    size_t parent = ldr_config_parent(menu->config, menu->selected);

    if (menu->open[menu->selected])
        menu->open[menu->selected] = false;
    else if (parent != LDR_NO_ENTRY)
        menu->selected = parent;
}

static void begin_editing(struct ldr_menu *menu)
{
    const struct ldr_entry *entry = &menu->config->entry[menu->selected];

    if (!menu->config->editor) {
        menu->notice = "the configuration says editor_enabled: no";
    } else if (entry->directory) {
        menu->notice = "a directory has no command line";
    } else if (!ldr_entry_boots(entry)) {
        menu->notice = cannot_boot;
    } else if (entry->cmdline.length >= LDR_MENU_EDIT_BYTES) {
        menu->notice = "this command line is too long for the editor";
    } else {
        for (size_t i = 0; i < entry->cmdline.length; i++)
            menu->edit[i] = entry->cmdline.at[i];
        menu->edit_length = menu->cursor = entry->cmdline.length;
        menu->editing = true;
    }
}

static enum ldr_menu_result type_in_list(struct ldr_menu *menu, char c)
{
    if (c >= '1' && c <= '9')
        return choose_row(menu, (unsigned)(c - '0'));
    if (c == 'e' || c == 'E')
        begin_editing(menu);
    return LDR_MENU_OPEN;
}

static enum ldr_menu_result handle_list(struct ldr_menu *menu, struct ldr_menu_event event)
{
    switch (event.kind) {
    case LDR_EVENT_UP:
        menu->selected = previous(menu);
        break;
    case LDR_EVENT_DOWN:
        select_next(menu);
        break;
    case LDR_EVENT_HOME:
        menu->selected = ldr_menu_next(menu, LDR_NO_ENTRY);
        break;
    case LDR_EVENT_END:
        select_last(menu);
        break;
    case LDR_EVENT_RIGHT:
        menu->open[menu->selected] = menu->config->entry[menu->selected].directory;
        break;
    case LDR_EVENT_LEFT:
        go_out(menu);
        break;
    case LDR_EVENT_ENTER:
        return choose(menu);
    case LDR_EVENT_ESCAPE:
        return LDR_MENU_LEAVE;
    case LDR_EVENT_CHARACTER:
        return type_in_list(menu, event.character);
    default:
        break;
    }
    return LDR_MENU_OPEN;
}

/* ---- the editor -------------------------------------------------------------- */

/* Takes out the byte at `at`, where there is one. */
static void take_out(struct ldr_menu *menu, size_t at)
{
    if (at >= menu->edit_length)
        return;
    for (size_t i = at + 1; i < menu->edit_length; i++)
        menu->edit[i - 1] = menu->edit[i];
    menu->edit_length--;
}

static void put_in(struct ldr_menu *menu, char c)
{
    if (c < ' ' || c > '~')
        return;
    if (menu->edit_length == LDR_MENU_EDIT_BYTES - 1) {
        menu->notice = "a command line can't be longer in this editor";
        return;
    }
    for (size_t i = menu->edit_length++; i > menu->cursor; i--)
        menu->edit[i] = menu->edit[i - 1];
    menu->edit[menu->cursor++] = c;
}

static enum ldr_menu_result handle_editor(struct ldr_menu *menu, struct ldr_menu_event event)
{
    switch (event.kind) {
    case LDR_EVENT_LEFT:
        menu->cursor -= menu->cursor > 0;
        break;
    case LDR_EVENT_RIGHT:
        menu->cursor += menu->cursor < menu->edit_length;
        break;
    case LDR_EVENT_HOME:
        menu->cursor = 0;
        break;
    case LDR_EVENT_END:
        menu->cursor = menu->edit_length;
        break;
    case LDR_EVENT_BACKSPACE:
        if (menu->cursor > 0)
            take_out(menu, --menu->cursor);
        break;
    case LDR_EVENT_DELETE:
        take_out(menu, menu->cursor);
        break;
    case LDR_EVENT_CHARACTER:
        put_in(menu, event.character);
        break;
    case LDR_EVENT_ESCAPE:
        menu->editing = false;
        break;
    case LDR_EVENT_ENTER:
        menu->editing = false;
        menu->edited = true;
        return LDR_MENU_BOOT;
    default:
        break;
    }
    return LDR_MENU_OPEN;
}

/* ---- time, and the whole ----------------------------------------------------- */

static void stop_countdown(struct ldr_menu *menu)
{
    menu->left = LDR_NO_TIMEOUT;
    menu->quiet = false;
}

/* While there is a countdown the default is selected: whatever else would select
 * something has stopped it. */
static enum ldr_menu_result tick(struct ldr_menu *menu)
{
    if (menu->left == LDR_NO_TIMEOUT || --menu->left > 0)
        return LDR_MENU_OPEN;
    stop_countdown(menu);
    return LDR_MENU_BOOT;
}

/* The entry is in view once all that it is in is open. */
static void select_default(struct ldr_menu *menu)
{
    size_t parent = menu->selected = menu->config->default_entry;

    while ((parent = ldr_config_parent(menu->config, parent)) != LDR_NO_ENTRY)
        menu->open[parent] = true;
}

enum ldr_menu_result ldr_menu_open(struct ldr_menu *ret_menu, const struct ldr_config *config)
{
    struct ldr_menu *menu = ret_menu;

    *menu = (struct ldr_menu){.config = config, .left = config->timeout, .quiet = config->quiet};
    for (size_t i = 0; i < config->entry_count; i++)
        menu->open[i] = config->entry[i].expanded;
    if (config->default_entry == LDR_NO_ENTRY) {
        stop_countdown(menu);
        menu->selected = ldr_menu_next(menu, LDR_NO_ENTRY);
        return LDR_MENU_OPEN;
    }
    select_default(menu);
    if (menu->left == LDR_NO_TIMEOUT)
        menu->quiet = false; /* nobody would ever see what it waits for */
    if (menu->left > 0)
        return LDR_MENU_OPEN;
    stop_countdown(menu);
    return LDR_MENU_BOOT;
}

enum ldr_menu_result ldr_menu_handle(struct ldr_menu *menu, struct ldr_menu_event event)
{
    bool unseen = menu->quiet;

    if (event.kind == LDR_EVENT_TICK)
        return tick(menu);
    stop_countdown(menu);
    menu->notice = NULL;
    if (unseen)
        return LDR_MENU_OPEN;
    return menu->editing ? handle_editor(menu, event) : handle_list(menu, event);
}

void ldr_menu_chosen(const struct ldr_menu *menu, struct ldr_entry *ret_entry)
{
    *ret_entry = menu->config->entry[menu->selected];
    if (menu->edited)
        ret_entry->cmdline = (struct ldr_text){menu->edit, menu->edit_length};
}
