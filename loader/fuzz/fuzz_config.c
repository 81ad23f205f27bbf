/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration file of any bytes, up to a byte of 0xff; and behind that any keys, for the
 * menu that it makes.
 */
#include <stdlib.h>
#include <string.h>

#include "loader/config.h"
#include "loader/fuzz/fuzz.h"
#include "loader/menu.h"
#include "loader/path.h"

#define MOST_EVENTS 200

/* A path that is taken apart lies in the text that it came from. */
static void check_path(const struct ldr_config *config, struct ldr_text text, unsigned line)
{
    struct ldr_path path;
    struct ldr_report report;

    if (ldr_path_read(&path, config->file, line, text, &report) != LDR_OK) {
        fuzz_expect_line(report.text);
        return;
    }
    fuzz_expect(path.file.length > 0 && path.file.at[0] == '/');
    fuzz_expect(path.file.at >= text.at && path.file.length <= text.length);
    fuzz_expect(path.kind != LDR_VOLUME_LABEL || path.label.length > 0);
    fuzz_expect(path.drive <= LDR_VOLUME_MOST && path.partition <= LDR_VOLUME_MOST);
}

static void check_entry(const struct ldr_config *config, size_t index)
{
    const struct ldr_entry *entry = &config->entry[index];
    size_t parent = ldr_config_parent(config, index);

    fuzz_expect(entry->depth >= 1 && entry->depth <= LDR_CONFIG_DEPTH && entry->line >= 1);
    fuzz_expect(!entry->directory || !ldr_entry_boots(entry));
    fuzz_expect((parent == LDR_NO_ENTRY) == (entry->depth == 1));
    if (parent != LDR_NO_ENTRY)
        fuzz_expect(parent < index && config->entry[parent].depth == entry->depth - 1);
    if (!ldr_entry_boots(entry))
        return;
    fuzz_expect(entry->path.length > 0);
    check_path(config, entry->path, entry->path_line);
    for (size_t i = 0; i < entry->module_count; i++) {
        struct ldr_module_line module;

        ldr_entry_module(entry, i, &module);
        fuzz_expect(module.path.length > 0);
        check_path(config, module.path, module.line);
    }
}

static void draw(const struct ldr_menu *menu, struct fuzz_input *keys)
{
    struct ldr_menu_screen screen = {
        .rows = LDR_MENU_ROWS_LEAST + (unsigned)fuzz_take(keys, 1) % 60,
        .columns = LDR_MENU_COLUMNS_LEAST + (unsigned)fuzz_take(keys, 1) % 200,
    };
    struct ldr_menu_line line;
    unsigned row = 0;

    while (ldr_menu_line(menu, &screen, row, &line))
        row++;
    fuzz_expect(row <= screen.rows);
}

static void use_menu(const struct ldr_config *config, struct fuzz_input keys)
{
    static struct ldr_menu menu;
    enum ldr_menu_result result = ldr_menu_open(&menu, config);
    struct ldr_entry chosen;

    for (unsigned i = 0; i < MOST_EVENTS && result == LDR_MENU_OPEN && keys.size > 0; i++) {
        struct ldr_menu_event event = {
            .kind = (enum ldr_menu_event_kind)(fuzz_take(&keys, 1) % LDR_EVENTS)};

        if (event.kind == LDR_EVENT_CHARACTER)
            event.character = (char)fuzz_take(&keys, 1);
        result = ldr_menu_handle(&menu, event);
        fuzz_expect(menu.selected < config->entry_count);
        fuzz_expect(menu.cursor <= menu.edit_length && menu.edit_length < LDR_MENU_EDIT_BYTES);
        draw(&menu, &keys);
    }
    if (result != LDR_MENU_BOOT)
        return;
    ldr_menu_chosen(&menu, &chosen);
    fuzz_expect(ldr_entry_boots(&chosen));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ldr_config_room room;
    const uint8_t *end = size > 0 ? memchr(data, 0xff, size) : NULL;
    size_t length = end != NULL ? (size_t)(end - data) : size;
    char *text = (char *)fuzz_copy(data, length);
    struct ldr_log log = fuzz_log();
    struct ldr_config config;
    struct ldr_report report;

    if (ldr_config_read(&config, "limine.conf", (struct ldr_text){text, length}, &room, &log,
                        &report) != LDR_OK) {
        fuzz_expect_line(report.text);
    } else {
        fuzz_expect(config.entry_count >= 1 && config.entry_count <= LDR_CONFIG_ENTRIES);
        for (size_t i = 0; i < config.entry_count; i++)
            check_entry(&config, i);
        use_menu(&config, (struct fuzz_input){data + length, size - length});
    }
    free(text);
    return 0;
}
