/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hundred thousand random events, each compared with an account of the menu that is written
 * from the description in loader/menu.h alone, and each followed by a look at the whole
 * screen.  LDR_SEED and LDR_EVENTS in the environment replay a run, or make it longer.
 */
#include <inttypes.h>
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

/* What the menu should be. */
struct model {
    bool open[LDR_CONFIG_ENTRIES];
    size_t selected;
    bool quiet, editing, edited;
    uint32_t left;
    char edit[LDR_MENU_EDIT_BYTES];
    size_t cursor;
};

struct run {
    struct menu_fixture *f;
    struct model m;
    uint64_t random;
};

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);

    return value ? strtoull(value, NULL, 0) : otherwise;
}

static unsigned draw_number(struct run *run, unsigned below)
{
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return (unsigned)((run->random >> 20) % below);
}

/* ---- the model --------------------------------------------------------------- */

static const struct ldr_entry *entries(const struct run *run)
{
    return run->f->config.config.entry;
}

/* The entries in view, in order; their count. */
static size_t rows(const struct run *run, size_t *row)
{
    struct ldr_menu menu = {.config = &run->f->config.config};
    size_t count = 0;

    memcpy(menu.open, run->m.open, sizeof menu.open);
    for (size_t i = 0; i < run->f->config.config.entry_count; i++) {
        if (menu_shows(&menu, i))
            row[count++] = i;
    }
    return count;
}

static enum ldr_menu_result model_choose(struct run *run)
{
    struct model *m = &run->m;

    m->edited = false;
    if (entries(run)[m->selected].directory)
        m->open[m->selected] ^= true;
    else if (entries(run)[m->selected].protocol != LDR_PROTOCOL_OTHER)
        return LDR_MENU_BOOT;
    return LDR_MENU_OPEN;
}

static enum ldr_menu_result model_list(struct run *run, struct ldr_menu_event event)
{
    struct model *m = &run->m;
    const struct ldr_entry *entry = &entries(run)[m->selected];
    size_t row[LDR_CONFIG_ENTRIES], count = rows(run, row), at = 0;

    while (row[at] != m->selected)
        at++;
    if (event.kind == LDR_EVENT_UP)
        m->selected = row[(at + count - 1) % count];
    if (event.kind == LDR_EVENT_DOWN)
        m->selected = row[(at + 1) % count];
    if (event.kind == LDR_EVENT_HOME)
        m->selected = row[0];
    if (event.kind == LDR_EVENT_END)
        m->selected = row[count - 1];
    if (event.kind == LDR_EVENT_RIGHT && entry->directory)
        m->open[m->selected] = true;
    if (event.kind == LDR_EVENT_LEFT) {
        if (m->open[m->selected])
            m->open[m->selected] = false;
        else
            for (size_t i = at; i-- > 0 && m->selected == row[at];)
                if (entries(run)[row[i]].depth < entry->depth)
                    m->selected = row[i];
    }
    if (event.kind == LDR_EVENT_ENTER)
        return model_choose(run);
    if (event.kind == LDR_EVENT_ESCAPE)
        return LDR_MENU_LEAVE;
    if (event.kind != LDR_EVENT_CHARACTER)
        return LDR_MENU_OPEN;
    if (event.character >= '1' && event.character <= '9' && event.character - '1' < (int)count) {
        m->selected = row[event.character - '1'];
        return model_choose(run);
    }
    if ((event.character == 'e' || event.character == 'E') && !entry->directory &&
        entry->protocol != LDR_PROTOCOL_OTHER) {
        m->editing = true;
        snprintf(m->edit, sizeof m->edit, "%.*s", LDR_TEXT(entry->cmdline));
        m->cursor = strlen(m->edit);
    }
    return LDR_MENU_OPEN;
}

/* In terms of C strings, which the menu's buffer is none of. */
static enum ldr_menu_result model_editor(struct run *run, struct ldr_menu_event event)
{
    struct model *m = &run->m;
    char *at = m->edit + m->cursor;
    char behind[LDR_MENU_EDIT_BYTES];

    strcpy(behind, at);
    if (event.kind == LDR_EVENT_LEFT && m->cursor > 0)
        m->cursor--;
    if (event.kind == LDR_EVENT_RIGHT && *at != '\0')
        m->cursor++;
    if (event.kind == LDR_EVENT_HOME)
        m->cursor = 0;
    if (event.kind == LDR_EVENT_END)
        m->cursor = strlen(m->edit);
    if (event.kind == LDR_EVENT_BACKSPACE && m->cursor > 0) {
        strcpy(at - 1, behind);
        m->cursor--;
    }
    if (event.kind == LDR_EVENT_DELETE && *at != '\0')
        strcpy(at, behind + 1);
    if (event.kind == LDR_EVENT_CHARACTER && event.character >= ' ' && event.character <= '~' &&
        strlen(m->edit) < LDR_MENU_EDIT_BYTES - 1) {
        strcpy(at + 1, behind);
        *at = event.character;
        m->cursor++;
    }
    if (event.kind == LDR_EVENT_ESCAPE || event.kind == LDR_EVENT_ENTER)
        m->editing = false;
    if (event.kind != LDR_EVENT_ENTER)
        return LDR_MENU_OPEN;
    m->edited = true;
    return LDR_MENU_BOOT;
}

static enum ldr_menu_result model_event(struct run *run, struct ldr_menu_event event)
{
    struct model *m = &run->m;
    bool was_quiet = m->quiet;

    if (event.kind == LDR_EVENT_TICK && m->left == LDR_NO_TIMEOUT)
        return LDR_MENU_OPEN;
    if (event.kind == LDR_EVENT_TICK && m->left > 1) {
        m->left--;
        return LDR_MENU_OPEN;
    }
    m->left = LDR_NO_TIMEOUT;
    m->quiet = false;
    if (event.kind == LDR_EVENT_TICK)
        return LDR_MENU_BOOT;
    if (was_quiet)
        return LDR_MENU_OPEN;
    return m->editing ? model_editor(run, event) : model_list(run, event);
}

/* ---- comparing --------------------------------------------------------------- */

static void check_state(const struct run *run)
{
    const struct ldr_menu *menu = &run->f->menu;
    const struct model *m = &run->m;

    assert_memory_equal(menu->open, m->open, sizeof m->open);
    assert_int_equal(menu->selected, m->selected);
    assert_true(menu_shows(menu, menu->selected));
    assert_int_equal(menu->quiet, m->quiet);
    assert_int_equal(menu->left, m->left);
    assert_int_equal(menu->editing, m->editing);
    if (!m->editing)
        return;
    assert_int_equal(menu->edit_length, strlen(m->edit));
    assert_memory_equal(menu->edit, m->edit, strlen(m->edit));
    assert_int_equal(menu->cursor, m->cursor);
}

/* One row is selected in the list, one has the cursor in the editor; every row is printable
 * and fits. */
static void check_screen(struct run *run)
{
    struct ldr_menu_screen screen = {draw_number(run, 40), draw_number(run, 200)};
    struct ldr_menu_line line;
    unsigned row, selected = 0, cursors = 0;

    for (row = 0; ldr_menu_line(&run->f->menu, &screen, row, &line); row++) {
        size_t length = strlen(line.text);
        unsigned columns =
            screen.columns < LDR_MENU_COLUMNS_LEAST ? LDR_MENU_COLUMNS_LEAST : screen.columns;
        assert_true(length <= columns && length <= LDR_MENU_COLUMNS);
        for (size_t i = 0; i < length; i++)
            assert_in_range(line.text[i], ' ', '~');
        selected += line.selected;
        cursors += line.has_cursor;
        assert_true(!line.has_cursor || (line.cursor <= length && line.cursor < columns));
    }
    assert_int_equal(selected, !run->m.quiet && !run->m.editing);
    assert_int_equal(cursors, !run->m.quiet && run->m.editing);
    assert_int_equal(row, run->m.quiet                        ? 0
                          : screen.rows < LDR_MENU_ROWS_LEAST ? LDR_MENU_ROWS_LEAST
                                                              : screen.rows);
}

static void check_result(const struct run *run, enum ldr_menu_result result)
{
    struct ldr_entry chosen;
    const struct ldr_entry *entry = &entries(run)[run->m.selected];

    if (result != LDR_MENU_BOOT)
        return;
    ldr_menu_chosen(&run->f->menu, &chosen);
    assert_true(ldr_entry_boots(&chosen));
    assert_ptr_equal(chosen.name.at, entry->name.at);
    struct ldr_text cmdline =
        run->m.edited ? (struct ldr_text){run->m.edit, strlen(run->m.edit)} : entry->cmdline;
    assert_true(ldr_text_equal(chosen.cmdline, cmdline));
}

/* Ticks and movements more often than what ends things. */
static struct ldr_menu_event draw_event(struct run *run)
{
    static const char likely[] = "eE123456789 x";
    struct ldr_menu_event event = {.kind = draw_number(run, LDR_EVENTS)};

    if ((event.kind == LDR_EVENT_ESCAPE || event.kind == LDR_EVENT_ENTER) &&
        draw_number(run, 4) > 0)
        event.kind = LDR_EVENT_CHARACTER;
    if (event.kind == LDR_EVENT_CHARACTER && draw_number(run, 3) > 0)
        event.character = likely[draw_number(run, sizeof likely - 1)];
    else if (event.kind == LDR_EVENT_CHARACTER)
        event.character = (char)draw_number(run, 256);
    return event;
}

static void begin(struct run *run)
{
    static const char *const lines[] = {"", "timeout: no", "timeout: 1.2\nquiet: yes",
                                        "default_entry: B/D/D2/D3\ntimeout: 2",
                                        "default_entry: G\nquiet: yes"};
    struct ldr_menu *menu = &run->f->menu;

    assert_int_equal(menu_open_with(run->f, lines[draw_number(run, 5)]), LDR_MENU_OPEN);
    run->m = (struct model){.selected = menu->selected, .quiet = menu->quiet, .left = menu->left};
    memcpy(run->m.open, menu->open, sizeof run->m.open);
}

static void random_events(void **state)
{
    uint64_t seed = from_environment("LDR_SEED", 1);
    uint64_t events = from_environment("LDR_EVENTS", 100000);
    struct run run = {.f = *state, .random = seed * 2 + 1}; /* xorshift never leaves 0 */

    print_message("LDR_SEED=%" PRIu64 " LDR_EVENTS=%" PRIu64 "\n", seed, events);
    for (uint64_t i = 0; i < events; i++) {
        if (i % 500 == 0)
            begin(&run);
        struct ldr_menu_event event = draw_event(&run);
        enum ldr_menu_result expected = model_event(&run, event);
        enum ldr_menu_result result = ldr_menu_handle(&run.f->menu, event);
        assert_int_equal(result, expected);
        check_state(&run);
        check_result(&run, result);
        if (i % 4 == 0)
            check_screen(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {MENU_TEST(random_events)};

    return cmocka_run_group_tests_name("menu random", tests, NULL, NULL);
}
