/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a configuration, line by line, into its entries.
 */
#include "loader/config.h"

#include "loader/config_parts.h"

#define TIMEOUT_DEFAULT 50 /* tenths of a second */

enum ldr_status ldr_config_refuse(const struct ldr_reading *r, unsigned line, struct ldr_text about,
                                  const char *why)
{
    return ldr_refuse(r->report, LDR_BAD_CONFIG, "%s, line %u: \"%.*s\" %s", r->config.file, line,
                      LDR_TEXT(ldr_text_excerpt(about)), why);
}

void ldr_config_warn(const struct ldr_reading *r, unsigned line, struct ldr_text about,
                     const char *why)
{
    ldr_say(r->log, "%s, line %u: \"%.*s\" %s", r->config.file, line,
            LDR_TEXT(ldr_text_excerpt(about)), why);
}

/* ---- settings ---------------------------------------------------------------- */

/* Whether a line is to be passed over; if so, the log says why. */
static bool passed_over(struct ldr_reading *r, const struct ldr_line *line, enum ldr_key key)
{
    const char *why;

    if (key == LDR_KEY_WITHOUT_EFFECT) {
        if (r->idle_count++ == 0) {
            r->idle = line->key;
            r->idle_line = line->number;
        }
        return true;
    }
    if (key == LDR_KEY_UNSUPPORTED && ldr_text_is(line->value, "no"))
        return true;
    if (key == LDR_KEY_UNSUPPORTED)
        why = "is not done by this loader; passed over";
    else if (key == LDR_KEY_UNKNOWN)
        why = "is not a key that this loader knows; passed over";
    else if (r->entry == NULL && key >= LDR_KEYS_GLOBAL)
        why = "belongs below an entry's heading; passed over";
    else
        return false;
    ldr_config_warn(r, line->number, line->key, why);
    return true;
}

/* Of modules there may be many, of command lines one for each of them. */
static bool is_repeated(struct ldr_reading *r, enum ldr_key key)
{
    bool repeated = r->seen[key];

    if (key == LDR_KEY_PAGING_MODE)
        repeated |= r->seen[LDR_KEY_MIN_PAGING_MODE] || r->seen[LDR_KEY_MAX_PAGING_MODE];
    if (key == LDR_KEY_MIN_PAGING_MODE || key == LDR_KEY_MAX_PAGING_MODE)
        repeated |= r->seen[LDR_KEY_PAGING_MODE];
    if (key == LDR_KEY_MODULE_PATH)
        repeated = r->seen[LDR_KEY_MODULE_CMDLINE] = false;
    r->seen[key] = true;
    return repeated;
}

/* Where a key may stand is judged before what it says: a value that is passed over is
 * never refused. */
static enum ldr_status read_setting(struct ldr_reading *r, const struct ldr_line *line)
{
    enum ldr_key key = ldr_line_key(line->key);

    if (passed_over(r, line, key))
        return LDR_OK;
    if (is_repeated(r, key))
        return ldr_config_refuse(r, line->number, line->key,
                                 "gives for the second time what may be given once; remove one");
    return ldr_config_take(r, line, key);
}

/* ---- entries ----------------------------------------------------------------- */

/* A directory has a name and a comment; whatever else stands there, nothing could use. */
static void make_directory(const struct ldr_reading *r)
{
    struct ldr_entry *entry = r->entry;

    if (entry->protocol != LDR_PROTOCOL_NONE || entry->path.length > 0)
        ldr_config_warn(r, entry->line, entry->name,
                        "is a directory, for which only a comment means anything; passed over");
    entry->directory = true;
    entry->protocol = LDR_PROTOCOL_NONE;
}

/* The entry that ends here, if one had begun, shall say what to boot and how.  It ends at
 * an entry of the depth `next`, 0 for the end of the file.  Of what another loader boots, or
 * another machine, nothing is asked. */
static enum ldr_status finish_entry(struct ldr_reading *r, const char *end, unsigned next)
{
    struct ldr_entry *entry = r->entry;

    if (entry == NULL)
        return LDR_OK;
    entry->body.length = (size_t)(end - entry->body.at);
    if (next > entry->depth) {
        make_directory(r);
        return LDR_OK;
    }
    entry->expanded = false;
    if (entry->hidden)
        return LDR_OK;
    if (entry->protocol == LDR_PROTOCOL_NONE)
        return ldr_config_refuse(r, entry->line, entry->name,
                                 "lacks a line like \"protocol: limine\"; add it");
    if (ldr_entry_boots(entry) && entry->path.length == 0)
        return ldr_config_refuse(r, entry->line, entry->name,
                                 "lacks a line like \"path: boot():/kernel.elf\"; add it");
    return LDR_OK;
}

/* Entries are one level deeper than the one above them at most, and those in a hidden
 * directory are hidden, too. */
static enum ldr_status begin_entry(struct ldr_reading *r, const struct ldr_line *line,
                                   const char *body, unsigned depth, bool expanded)
{
    struct ldr_config *config = &r->config;
    unsigned above = r->entry == NULL ? 0 : r->entry->depth;

    if (depth > above + 1)
        return ldr_config_refuse(r, line->number, line->text,
                                 "is too far below what stands above it; give it fewer \"/\"");
    if (depth > LDR_CONFIG_DEPTH)
        return ldr_config_refuse(r, line->number, line->text,
                                 "is deeper than 8 levels; give it fewer \"/\"");
    if (config->entry_count == LDR_CONFIG_ENTRIES)
        return ldr_config_refuse(r, line->number, line->text,
                                 "is one entry more than the 512 of a file; remove some");
    r->entry = &r->room->entry[config->entry_count++];
    *r->entry = (struct ldr_entry){
        .name = line->value,
        .line = line->number,
        .depth = depth,
        .expanded = expanded,
        .body.at = body,
    };
    size_t parent = ldr_config_parent(config, config->entry_count - 1);
    r->entry->hidden = parent != LDR_NO_ENTRY && config->entry[parent].hidden;
    return LDR_OK;
}

/* A heading ends the entry above it and begins one that has nothing yet.  `body` is the
 * line behind it. */
static enum ldr_status read_heading(struct ldr_reading *r, const struct ldr_line *line,
                                    const char *body)
{
    size_t marks = line->key.length;
    bool expanded = line->key.at[marks - 1] == '+';
    unsigned depth = (unsigned)(expanded ? marks - 1 : marks);
    enum ldr_status status = finish_entry(r, line->at, depth);

    if (status != LDR_OK)
        return status;
    if (line->value.length == 0)
        return ldr_config_refuse(r, line->number, line->text,
                                 "is a heading without a name; write one behind the \"/\"");
    for (unsigned key = LDR_KEYS_GLOBAL; key < LDR_KEYS; key++)
        r->seen[key] = false;
    return begin_entry(r, line, body, depth, expanded);
}

/* ---- the file ---------------------------------------------------------------- */

static enum ldr_status read_lines(struct ldr_reading *r, struct ldr_text text)
{
    enum ldr_status status = LDR_OK;
    struct ldr_line line;

    for (unsigned number = 1; status == LDR_OK && ldr_line_next(&text, number, &line); number++) {
        if (line.kind == LDR_LINE_HEADING)
            status = read_heading(r, &line, text.at);
        else if (line.kind == LDR_LINE_SETTING)
            status = read_setting(r, &line);
        else if (line.kind != LDR_LINE_EMPTY)
            status = ldr_config_refuse(r, number, line.text,
                                       "is neither a comment, a heading that starts with \"/\", "
                                       "nor \"key: value\"; correct or remove it");
    }
    return status == LDR_OK ? finish_entry(r, text.at, 0) : status;
}

/* What only the whole file shows. */
static enum ldr_status finish_file(struct ldr_reading *r)
{
    if (ldr_config_next(&r->config, LDR_NO_ENTRY, false) == LDR_NO_ENTRY)
        return ldr_refuse(
            r->report, LDR_BAD_CONFIG,
            "%s: no entry to boot; add \"/Kernel\", and below it \"protocol: limine\" "
            "and \"path: boot():/kernel.elf\"",
            r->config.file);
    if (r->idle_count > 0)
        ldr_say(r->log,
                "%s: %u lines have no effect in this loader, the first is \"%.*s\" in line %u",
                r->config.file, r->idle_count, LDR_TEXT(ldr_text_excerpt(r->idle)), r->idle_line);
    ldr_config_choose_default(r);
    return LDR_OK;
}

/* The byte-order mark that some editors put first. */
static struct ldr_text without_mark(struct ldr_text text)
{
    static const char mark[] = "\xef\xbb\xbf";

    return ldr_text_starts(text, mark) ? ldr_text_from(text, sizeof mark - 1) : text;
}

enum ldr_status ldr_config_read(struct ldr_config *ret_config, const char *file,
                                struct ldr_text text, struct ldr_config_room *room,
                                const struct ldr_log *log, struct ldr_report *report)
{
    struct ldr_reading r = {
        .config = {.file = file,
                   .entry = room->entry,
                   .timeout = TIMEOUT_DEFAULT,
                   .editor = true,
                   .hash_mismatch_refused = true},
        .room = room,
        .log = log,
        .report = report,
    };
    struct ldr_text expanded;
    enum ldr_status status = ldr_config_expand(&r, without_mark(text), &expanded);

    if (status == LDR_OK)
        status = read_lines(&r, expanded);
    if (status == LDR_OK)
        status = finish_file(&r);
    if (status == LDR_OK)
        *ret_config = r.config;
    return status;
}

/* ---- modules ----------------------------------------------------------------- */

/* A command line belongs to the last module_path above it. */
void ldr_entry_module(const struct ldr_entry *entry, size_t index,
                      struct ldr_module_line *ret_module)
{
    struct ldr_text rest = entry->body;
    struct ldr_module_line module = {0};
    struct ldr_line line;
    size_t paths = 0;

    for (unsigned number = entry->line + 1; ldr_line_next(&rest, number, &line); number++) {
        if (line.kind != LDR_LINE_SETTING)
            continue;
        enum ldr_key key = ldr_line_key(line.key);
        if (key == LDR_KEY_MODULE_PATH && paths++ == index) {
            module.path = line.value;
            module.line = number;
        }
        if (key == LDR_KEY_MODULE_CMDLINE && paths == index + 1)
            module.cmdline = line.value;
    }
    *ret_module = module;
}
