/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of a configuration's keys.
 */
#include "loader/config_parts.h"

#define TENTHS 10

/* A slip of the pen, or what only Limine's other machines have: nothing that a boot fails for
 * there either. */
static void odd_value(const struct ldr_reading *r, const struct ldr_line *line)
{
    ldr_config_warn(r, line->number, line->text,
                    "gives a value that this key can't have here; passed over");
}

/* ---- of the whole file ------------------------------------------------------- */

/* Digits, however many, as a number of at most `most`; what isn't digits is refused. */
static bool read_at_most(struct ldr_text text, uint32_t most, uint32_t *ret_number)
{
    uint32_t number = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text.at[i] - '0');
        if (number > most)
            number = most;
    }
    *ret_number = number;
    return text.length > 0;
}

/* "2" or "0.25", in tenths.  What is between two of them rounds up: a timeout that isn't 0
 * shall show the menu. */
static bool read_seconds(struct ldr_text text, uint32_t *ret_tenths)
{
    struct ldr_text fraction = text, whole = ldr_text_take(&fraction, '.');
    uint32_t seconds, tenth = 0, more = 0;

    if (!read_at_most(whole, LDR_TIMEOUT_MOST / TENTHS, &seconds))
        return false;
    if (whole.length < text.length) {
        if (fraction.length == 0 || !read_at_most(ldr_text_until(fraction, 1), 9, &tenth))
            return false;
        fraction = ldr_text_from(fraction, 1);
        if (fraction.length > 0 && !read_at_most(fraction, 1, &more))
            return false;
    }
    seconds = seconds * TENTHS + tenth + more;
    *ret_tenths = seconds < LDR_TIMEOUT_MOST ? seconds : LDR_TIMEOUT_MOST;
    return true;
}

/* "no" waits for a person without an end. */
static enum ldr_status take_timeout(struct ldr_reading *r, const struct ldr_line *line)
{
    if (ldr_text_is(line->value, "no"))
        r->config.timeout = LDR_NO_TIMEOUT;
    else if (!read_seconds(line->value, &r->config.timeout))
        return ldr_config_refuse(r, line->number, line->text,
                                 "gives neither a number of seconds nor \"no\"; correct it");
    return LDR_OK;
}

static bool take_flag(const struct ldr_reading *r, const struct ldr_line *line, bool *ret_flag)
{
    bool yes = ldr_text_is(line->value, "yes");

    if (!yes && !ldr_text_is(line->value, "no")) {
        odd_value(r, line);
        return false;
    }
    *ret_flag = yes;
    return true;
}

/* ---- of an entry ------------------------------------------------------------- */

/* An entry of another protocol stays in the menu, where it says what it is; one for a BIOS
 * isn't shown, as it isn't by Limine on this firmware. */
static void take_protocol(struct ldr_entry *entry, struct ldr_text value)
{
    entry->protocol_name = value;
    if (ldr_text_is(value, "limine"))
        entry->protocol = LDR_PROTOCOL_LIMINE;
    else if (ldr_text_is(value, "efi") || ldr_text_is(value, "uefi") ||
             ldr_text_is(value, "efi_chainload"))
        entry->protocol = LDR_PROTOCOL_EFI;
    else
        entry->protocol = LDR_PROTOCOL_OTHER;
    if (ldr_text_is(value, "bios") || ldr_text_is(value, "bios_chainload"))
        entry->hidden = true;
}

static enum ldr_status take_path(struct ldr_reading *r, const struct ldr_line *line,
                                 enum ldr_key key)
{
    if (line->value.length == 0)
        return ldr_config_refuse(r, line->number, line->key,
                                 "names no file; write for instance boot():/kernel.elf");
    if (key == LDR_KEY_MODULE_PATH) {
        r->entry->module_count++;
        return LDR_OK;
    }
    r->entry->path = line->value;
    r->entry->path_line = line->number;
    return LDR_OK;
}

/* "1024x768" or "1024x768x32". */
static void take_resolution(const struct ldr_reading *r, const struct ldr_line *line)
{
    struct ldr_text depth = line->value, width = ldr_text_take(&depth, 'x');
    size_t behind = depth.length;
    struct ldr_text height = ldr_text_take(&depth, 'x');
    uint64_t x = 0, y = 0, bits = 32;

    if (!ldr_text_number(width, UINT16_MAX, &x) || !ldr_text_number(height, UINT16_MAX, &y) ||
        (height.length < behind && !ldr_text_number(depth, UINT16_MAX, &bits)) || x == 0 ||
        y == 0 || bits == 0)
        odd_value(r, line);
    else
        r->entry->resolution = (struct ldr_resolution){(uint32_t)x, (uint32_t)y, (uint32_t)bits};
}

static enum ldr_status take_levels(const struct ldr_reading *r, const struct ldr_line *line,
                                   enum ldr_key key)
{
    struct ldr_level_limits *levels = &r->entry->levels;
    unsigned wanted;

    if (ldr_text_is(line->value, "4level"))
        wanted = 4;
    else if (ldr_text_is(line->value, "5level"))
        wanted = 5;
    else {
        odd_value(r, line);
        return LDR_OK;
    }
    if (key != LDR_KEY_MAX_PAGING_MODE)
        levels->least = wanted;
    if (key != LDR_KEY_MIN_PAGING_MODE)
        levels->most = wanted;
    if (levels->most != 0 && levels->least > levels->most)
        return ldr_config_refuse(
            r, line->number, line->text,
            "leaves no mode from min_paging_mode to max_paging_mode; correct one");
    return LDR_OK;
}

/* Given to the module above it, so there has to be one in the same entry. */
static enum ldr_status check_module_cmdline(const struct ldr_reading *r,
                                            const struct ldr_line *line)
{
    if (r->entry->module_count > 0)
        return LDR_OK;
    return ldr_config_refuse(r, line->number, line->key,
                             "has no module to belong to; put it below its module_path");
}

/* Whether one of the words, with blanks between them, is `word`. */
static bool has_word(struct ldr_text words, const char *word)
{
    while (words.length > 0) {
        if (ldr_text_is(ldr_text_trimmed(ldr_text_take(&words, ' ')), word))
            return true;
    }
    return false;
}

/* Where a key's "yes" or "no" goes, for the keys that have such a value. */
static bool *flag_of(struct ldr_config *config, enum ldr_key key)
{
    switch (key) {
    case LDR_KEY_QUIET:
        return &config->quiet;
    case LDR_KEY_SERIAL:
        return &config->serial;
    case LDR_KEY_EDITOR:
        return &config->editor;
    case LDR_KEY_HASH_MISMATCH_PANIC:
        return &config->hash_mismatch_refused;
    default:
        return NULL;
    }
}

static enum ldr_option *option_of(struct ldr_entry *entry, enum ldr_key key)
{
    switch (key) {
    case LDR_KEY_KASLR:
        return &entry->kaslr;
    case LDR_KEY_RANDOMISE_HHDM:
        return &entry->randomise_hhdm;
    case LDR_KEY_EARLY_FAULTS:
        return &entry->early_faults;
    default:
        return NULL;
    }
}

/* The keys whose values are of a kind of their own. */
static enum ldr_status take_other(struct ldr_reading *r, const struct ldr_line *line,
                                  enum ldr_key key)
{
    struct ldr_entry *entry = r->entry;

    switch (key) {
    case LDR_KEY_TIMEOUT:
        return take_timeout(r, line);
    case LDR_KEY_DEFAULT_ENTRY:
        r->default_text = line->value;
        r->default_line = line->number;
        break;
    case LDR_KEY_PROTOCOL:
        take_protocol(entry, line->value);
        break;
    case LDR_KEY_PATH:
    case LDR_KEY_MODULE_PATH:
        return take_path(r, line, key);
    case LDR_KEY_CMDLINE:
        entry->cmdline = line->value;
        break;
    case LDR_KEY_COMMENT:
        entry->comment = line->value;
        break;
    case LDR_KEY_MODULE_CMDLINE:
        return check_module_cmdline(r, line);
    case LDR_KEY_RESOLUTION:
        take_resolution(r, line);
        break;
    case LDR_KEY_MIN_PAGING_MODE:
    case LDR_KEY_MAX_PAGING_MODE:
    case LDR_KEY_PAGING_MODE:
        return take_levels(r, line, key);
    case LDR_KEY_IF_ARCH:
        entry->hidden |= !has_word(line->value, "x86-64");
        break;
    case LDR_KEY_IF_FW_TYPE:
        entry->hidden |= !ldr_text_is(line->value, "uefi");
        break;
    default:
        break;
    }
    return LDR_OK;
}

enum ldr_status ldr_config_take(struct ldr_reading *r, const struct ldr_line *line,
                                enum ldr_key key)
{
    bool *flag = flag_of(&r->config, key), yes;
    enum ldr_option *option = option_of(r->entry, key);

    if (flag == NULL && option == NULL)
        return take_other(r, line, key);
    if (take_flag(r, line, flag != NULL ? flag : &yes) && option != NULL)
        *option = yes ? LDR_YES : LDR_NO;
    return LDR_OK;
}
