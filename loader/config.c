/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The meaning of a configuration's lines.
 *
 * ldr_config_read() goes through the file once and refuses whatever is wrong with
 * it.  The other functions then walk the same lines and need not check again.
 */
#include "loader/config.h"

#include "loader/config_lines.h"

#define TIMEOUT_DEFAULT 5
#define TIMEOUT_NO      UINT64_MAX

/* A configuration that is being read.  The caller's is written once all is well. */
struct reading {
    struct ldr_config config;
    unsigned default_line; /* where default_entry stands; 0: it doesn't */
    unsigned entry_line;   /* heading of the entry that is being read; 0: none yet */
    struct ldr_text entry_name;
    bool seen[LDR_KEYS]; /* keys that came in this entry, or before the first */
    const struct ldr_log *log;
    struct ldr_report *report;
};

/* ------------------------------------------------------------------------
 * Values
 */

/* Decimal digits and nothing else, below 2^64 - 1. */
static bool read_number(struct ldr_text text, uint64_t *ret_number)
{
    const uint64_t highest = UINT64_MAX - 1;
    uint64_t number = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        unsigned digit = (unsigned)(text.at[i] - '0');
        if (number > (highest - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return text.length > 0;
}

/* "no" waits for a person without an end. */
static enum ldr_status read_timeout(struct reading *r, const struct ldr_line *line)
{
    if (ldr_text_is(line->value, "no")) {
        r->config.timeout = TIMEOUT_NO;
        return LDR_OK;
    }
    if (read_number(line->value, &r->config.timeout))
        return LDR_OK;
    return ldr_refuse(r->report, LDR_BAD_CONFIG,
                      "%s, line %u: timeout \"%.*s\" is neither a number of seconds nor \"no\"; "
                      "correct it",
                      r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->value)));
}

/* Whether the entry exists is known at the end of the file only. */
static enum ldr_status read_default_entry(struct reading *r, const struct ldr_line *line)
{
    r->default_line = line->number;
    if (read_number(line->value, &r->config.default_entry))
        return LDR_OK;
    return ldr_refuse(r->report, LDR_BAD_CONFIG,
                      "%s, line %u: default_entry \"%.*s\" is not a number; give the entry's place "
                      "in the file, 1 for the first",
                      r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->value)));
}

/* An entry for another protocol could only fail later, when it is chosen; its owner
 * should know now. */
static enum ldr_status read_protocol(struct reading *r, const struct ldr_line *line)
{
    if (ldr_text_is(line->value, "limine"))
        return LDR_OK;
    return ldr_refuse(r->report, LDR_BAD_CONFIG,
                      "%s, line %u: protocol \"%.*s\" is not supported, only \"limine\" is; "
                      "correct it or remove the entry",
                      r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->value)));
}

/* A macro in a path would name no file.  In a command line the same characters
 * may be meant for the kernel, which gets them as they stand. */
static enum ldr_status read_path(struct reading *r, const struct ldr_line *line)
{
    size_t at;

    if (line->value.length == 0)
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: \"%.*s\" names no file; write for instance "
                          "boot():/kernel.elf",
                          r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->key)));
    if (ldr_text_find(line->value, "${", &at))
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: macros are not supported, but \"%.*s\" uses one; write out "
                          "the path",
                          r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->value)));
    return LDR_OK;
}

/* Any text is a command line, but one that expects macros will surprise its kernel. */
static enum ldr_status read_cmdline(struct reading *r, const struct ldr_line *line)
{
    size_t at;

    if (ldr_text_find(line->value, "${", &at))
        ldr_say(r->log, "%s, line %u: macros are not supported; \"%.*s\" is passed on as it stands",
                r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->value)));
    return LDR_OK;
}

/* Given to the module above it, so there has to be one in the same entry. */
static enum ldr_status read_module_cmdline(struct reading *r, const struct ldr_line *line)
{
    if (!r->seen[LDR_KEY_MODULE_PATH])
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: \"%.*s\" has no module to belong to; put it below the "
                          "module_path that it is for",
                          r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->key)));
    return read_cmdline(r, line);
}

/* ------------------------------------------------------------------------
 * Lines
 */

/* Keys that stand before the first entry; all others that mean something, below one. */
static bool is_global(enum ldr_key key)
{
    return key == LDR_KEY_TIMEOUT || key == LDR_KEY_DEFAULT_ENTRY;
}

/* Whether a line is to be passed over; if so, the log says why. */
static bool passed_over(const struct reading *r, const struct ldr_line *line, enum ldr_key key)
{
    bool global = r->entry_line == 0;
    const char *why;

    if (key == LDR_KEY_UNKNOWN)
        why = "is not a key that this loader knows";
    else if (key == LDR_KEY_WITHOUT_EFFECT)
        why = "has no effect in this loader";
    else if (global && !is_global(key))
        why = "belongs below an entry's heading, not before the first";
    else if (!global && is_global(key))
        why = "belongs before the first entry";
    else
        return false;
    ldr_say(r->log, "%s, line %u: \"%.*s\" %s; passed over", r->config.file, line->number,
            LDR_TEXT(ldr_text_excerpt(line->key)), why);
    return true;
}

/* Of modules there may be many, of command lines one for each of them. */
static enum ldr_status check_repeated(struct reading *r, const struct ldr_line *line,
                                      enum ldr_key key)
{
    if (key == LDR_KEY_MODULE_PATH)
        r->seen[LDR_KEY_MODULE_CMDLINE] = false;
    else if (r->seen[key])
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: \"%.*s\" gives for the second time what may be given once; "
                          "remove one of the two lines",
                          r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->key)));
    r->seen[key] = true;
    return LDR_OK;
}

/* Where a key may stand is judged before what it says: a value that is passed over is
 * never refused. */
static enum ldr_status read_setting(struct reading *r, const struct ldr_line *line)
{
    enum ldr_key key = ldr_line_key(line->key);

    if (passed_over(r, line, key))
        return LDR_OK;
    enum ldr_status status = check_repeated(r, line, key);
    if (status != LDR_OK)
        return status;
    switch (key) {
    case LDR_KEY_TIMEOUT:
        return read_timeout(r, line);
    case LDR_KEY_DEFAULT_ENTRY:
        return read_default_entry(r, line);
    case LDR_KEY_PROTOCOL:
        return read_protocol(r, line);
    case LDR_KEY_PATH:
    case LDR_KEY_MODULE_PATH:
        return read_path(r, line);
    case LDR_KEY_CMDLINE:
        return read_cmdline(r, line);
    case LDR_KEY_MODULE_CMDLINE:
        return read_module_cmdline(r, line);
    case LDR_KEY_WITHOUT_EFFECT:
    case LDR_KEY_UNKNOWN:
        break;
    }
    return LDR_OK;
}

/* The entry that ends here, if one had begun, shall say what to boot and how. */
static enum ldr_status finish_entry(struct reading *r)
{
    const char *missing = NULL;

    if (r->entry_line == 0)
        return LDR_OK;
    if (!r->seen[LDR_KEY_PROTOCOL])
        missing = "protocol: limine";
    if (!r->seen[LDR_KEY_PATH])
        missing = "path: boot():/kernel.elf";
    if (missing == NULL)
        return LDR_OK;
    return ldr_refuse(r->report, LDR_BAD_CONFIG,
                      "%s, line %u: the entry \"%.*s\" lacks a line like \"%s\"; add it",
                      r->config.file, r->entry_line, LDR_TEXT(ldr_text_excerpt(r->entry_name)),
                      missing);
}

/* A heading ends the entry above it and begins one that has nothing yet. */
static enum ldr_status read_heading(struct reading *r, const struct ldr_line *line)
{
    enum ldr_status status = finish_entry(r);

    if (status != LDR_OK)
        return status;
    if (line->key.length != 1)
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: \"%.*s\": directories (/+) and entries below others (//) "
                          "are not supported yet; make it an entry of its own with one \"/\"",
                          r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->text)));
    if (line->value.length == 0)
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: a heading without a name; write one behind the \"/\"",
                          r->config.file, line->number);
    for (unsigned key = 0; key < LDR_KEYS; key++)
        r->seen[key] = false;
    r->entry_line = line->number;
    r->entry_name = line->value;
    r->config.entry_count++;
    return LDR_OK;
}

static enum ldr_status read_line(struct reading *r, const struct ldr_line *line)
{
    switch (line->kind) {
    case LDR_LINE_EMPTY:
        return LDR_OK;
    case LDR_LINE_HEADING:
        return read_heading(r, line);
    case LDR_LINE_SETTING:
        return read_setting(r, line);
    case LDR_LINE_MACRO:
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: macros are not supported, but \"%.*s\" defines one; write "
                          "its text where it is used",
                          r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->text)));
    case LDR_LINE_STRAY:
        break;
    }
    return ldr_refuse(r->report, LDR_BAD_CONFIG,
                      "%s, line %u: \"%.*s\" is neither a comment, a heading that starts with "
                      "\"/\", nor \"key: value\"; correct or remove it",
                      r->config.file, line->number, LDR_TEXT(ldr_text_excerpt(line->text)));
}

/* What only the whole file shows. */
static enum ldr_status finish_file(struct reading *r)
{
    const struct ldr_config *config = &r->config;
    enum ldr_status status = finish_entry(r);

    if (status != LDR_OK)
        return status;
    if (config->entry_count == 0)
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s: no entry to boot; add a heading such as \"/Kernel\" with "
                          "\"protocol: limine\" and \"path: boot():/kernel.elf\" below it",
                          config->file);
    if (config->default_entry == 0 || config->default_entry > config->entry_count)
        return ldr_refuse(r->report, LDR_BAD_CONFIG,
                          "%s, line %u: default_entry %lu doesn't exist; give a number from 1 to "
                          "%zu",
                          config->file, r->default_line, config->default_entry,
                          config->entry_count);
    return LDR_OK;
}

/* The byte-order mark that some editors put first. */
static struct ldr_text without_mark(struct ldr_text text)
{
    static const char mark[] = "\xef\xbb\xbf";

    return ldr_text_starts(text, mark) ? ldr_text_from(text, sizeof mark - 1) : text;
}

enum ldr_status ldr_config_read(struct ldr_config *ret_config, const char *file,
                                struct ldr_text text, const struct ldr_log *log,
                                struct ldr_report *report)
{
    struct reading r = {
        .config = {.file = file, .timeout = TIMEOUT_DEFAULT, .default_entry = 1},
        .log = log,
        .report = report,
    };
    struct ldr_line line;

    r.config.text = without_mark(text);
    struct ldr_text rest = r.config.text;
    for (unsigned number = 1; ldr_line_next(&rest, number, &line); number++) {
        enum ldr_status status = read_line(&r, &line);
        if (status != LDR_OK)
            return status;
    }
    enum ldr_status status = finish_file(&r);
    if (status == LDR_OK)
        *ret_config = r.config;
    return status;
}

/* ------------------------------------------------------------------------
 * Looking things up, after all was checked
 */

/* Each key comes once, so that it doesn't matter which of its lines would win. */
static void take_setting(struct ldr_entry *entry, const struct ldr_line *line)
{
    switch (ldr_line_key(line->key)) {
    case LDR_KEY_PROTOCOL:
        entry->protocol = line->value;
        break;
    case LDR_KEY_PATH:
        entry->path = line->value;
        break;
    case LDR_KEY_CMDLINE:
        entry->cmdline = line->value;
        break;
    case LDR_KEY_MODULE_PATH:
        entry->module_count++;
        break;
    default:
        break;
    }
}

/* Lines before the first heading are inside of no entry; the next heading, or the end
 * of the file, ends the body. */
void ldr_config_entry(const struct ldr_config *config, size_t index, struct ldr_entry *ret_entry)
{
    struct ldr_text rest = config->text;
    const char *end = config->text.at + config->text.length;
    struct ldr_entry entry = {0};
    struct ldr_line line;
    size_t headings = 0;

    for (unsigned number = 1; ldr_line_next(&rest, number, &line); number++) {
        bool inside = headings == index + 1;
        if (inside && line.kind == LDR_LINE_HEADING) {
            end = line.at;
            break;
        }
        if (inside && line.kind == LDR_LINE_SETTING)
            take_setting(&entry, &line);
        if (line.kind == LDR_LINE_HEADING && headings++ == index) {
            entry.name = line.value;
            entry.line = number;
            entry.body.at = rest.at;
        }
    }
    entry.body.length = (size_t)(end - entry.body.at);
    *ret_entry = entry;
}

/* A command line belongs to the last module_path above it. */
void ldr_entry_module(const struct ldr_entry *entry, size_t index,
                      struct ldr_module_line *ret_module)
{
    struct ldr_text rest = entry->body;
    struct ldr_module_line module = {0};
    struct ldr_line line;
    size_t paths = 0;

    for (unsigned number = 1; ldr_line_next(&rest, number, &line); number++) {
        if (line.kind != LDR_LINE_SETTING)
            continue;
        enum ldr_key key = ldr_line_key(line.key);
        if (key == LDR_KEY_MODULE_PATH && paths++ == index)
            module.path = line.value;
        if (key == LDR_KEY_MODULE_CMDLINE && paths == index + 1)
            module.cmdline = line.value;
    }
    *ret_module = module;
}
