/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking through the entries as a menu shows them, and the entry that it begins with.
 */
#include "loader/config_parts.h"

bool ldr_entry_boots(const struct ldr_entry *entry)
{
    return !entry->hidden &&
           (entry->protocol == LDR_PROTOCOL_LIMINE || entry->protocol == LDR_PROTOCOL_EFI);
}

size_t ldr_config_next(const struct ldr_config *config, size_t index, bool open)
{
    const struct ldr_entry *entry = config->entry;
    size_t next = index == LDR_NO_ENTRY ? 0 : index + 1;

    if (index != LDR_NO_ENTRY && !open)
        while (next < config->entry_count && entry[next].depth > entry[index].depth)
            next++;
    while (next < config->entry_count && entry[next].hidden)
        next++;
    return next < config->entry_count ? next : LDR_NO_ENTRY;
}

size_t ldr_config_parent(const struct ldr_config *config, size_t index)
{
    const struct ldr_entry *entry = config->entry;

    for (size_t i = index; i > 0; i--) {
        if (entry[i - 1].depth < entry[index].depth)
            return i - 1;
    }
    return LDR_NO_ENTRY;
}

/* ---- default_entry ----------------------------------------------------------- */

/* A row of the menu as it is first shown, from 1. */
static size_t find_row(const struct ldr_config *config, uint64_t row)
{
    size_t index = row == 0 ? LDR_NO_ENTRY : ldr_config_next(config, LDR_NO_ENTRY, false);

    while (index != LDR_NO_ENTRY && --row > 0)
        index = ldr_config_next(config, index, config->entry[index].expanded);
    return index;
}

/* One name of a path such as "Systems/A\/B#1". */
struct component {
    struct ldr_text name; /* with its backslashes */
    uint64_t skip;        /* "#1": how many of the same name stand before the one that is meant */
};

/* Takes one off the path.  A "#" with nothing but digits behind it is no part of the name. */
static struct component take_component(struct ldr_text *path)
{
    struct component component = {.name = *path};
    size_t length = 0, mark = 0;
    bool marked = false;

    for (; length < path->length && path->at[length] != '/'; length++) {
        if (path->at[length] == '#') {
            mark = length;
            marked = true;
        }
        if (path->at[length] == '\\' && length + 1 < path->length)
            length++;
    }
    component.name.length = length;
    *path = ldr_text_from(*path, length < path->length ? length + 1 : length);
    if (marked && ldr_text_number(ldr_text_from(component.name, mark + 1), LDR_CONFIG_ENTRIES,
                                  &component.skip))
        component.name.length = mark;
    return component;
}

/* A backslash makes the byte behind it stand for itself. */
static bool is_named(struct ldr_text name, struct ldr_text escaped)
{
    size_t at = 0;

    for (size_t i = 0; i < escaped.length; i++) {
        if (escaped.at[i] == '\\' && i + 1 < escaped.length)
            i++;
        if (at == name.length || name.at[at++] != escaped.at[i])
            return false;
    }
    return at == name.length;
}

/* The entry that a component names, among `first` and those beside it. */
static size_t find_named(const struct ldr_config *config, size_t first, struct component component)
{
    size_t index = first;

    while (index != LDR_NO_ENTRY && config->entry[index].depth == config->entry[first].depth) {
        if (is_named(config->entry[index].name, component.name) && component.skip-- == 0)
            return index;
        index = ldr_config_next(config, index, false);
    }
    return LDR_NO_ENTRY;
}

static size_t find_path(const struct ldr_config *config, struct ldr_text path)
{
    size_t index = LDR_NO_ENTRY;

    do {
        size_t parent = index;
        index = ldr_config_next(config, parent, true);
        if (parent != LDR_NO_ENTRY && index != LDR_NO_ENTRY &&
            config->entry[index].depth <= config->entry[parent].depth)
            return LDR_NO_ENTRY; /* no directory, or nothing in it is for this machine */
        index = find_named(config, index, take_component(&path));
    } while (index != LDR_NO_ENTRY && path.length > 0);
    return index;
}

/* Digits alone are a number, as in Limine: an entry called "2" has to be named in other ways. */
void ldr_config_choose_default(struct ldr_reading *r)
{
    struct ldr_config *config = &r->config;
    uint64_t row = 1;
    size_t index;

    if (r->default_line == 0 || ldr_text_number(r->default_text, LDR_CONFIG_ENTRIES, &row))
        index = find_row(config, row);
    else
        index = find_path(config, r->default_text);
    if (index != LDR_NO_ENTRY && ldr_entry_boots(&config->entry[index])) {
        config->default_entry = index;
        return;
    }
    config->default_entry = LDR_NO_ENTRY;
    if (r->default_line != 0)
        ldr_config_warn(r, r->default_line, r->default_text,
                        "names no entry that can be booted; the menu waits for a choice");
}
