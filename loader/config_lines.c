/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines, keys and slices of a configuration.  A byte that is not ASCII, a NUL
 * too, is a byte like any other here.
 */
#include "loader/config_lines.h"

#define EXCERPT 60

struct ldr_text ldr_text_from(struct ldr_text text, size_t from)
{
    return (struct ldr_text){text.at + from, text.length - from};
}

struct ldr_text ldr_text_excerpt(struct ldr_text text)
{
    return (struct ldr_text){text.at, text.length < EXCERPT ? text.length : EXCERPT};
}

/* Letters of ASCII only: bytes of other alphabets are compared as they are. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The text may end before the word does. */
bool ldr_text_starts(struct ldr_text text, const char *word)
{
    size_t i = 0;

    while (word[i] != '\0' && i < text.length && lower(text.at[i]) == word[i])
        i++;
    return word[i] == '\0';
}

/* strlen() is not there everywhere that this runs. */
static size_t length_of(const char *word)
{
    size_t length = 0;

    while (word[length] != '\0')
        length++;
    return length;
}

bool ldr_text_is(struct ldr_text text, const char *word)
{
    return text.length == length_of(word) && ldr_text_starts(text, word);
}

bool ldr_text_find(struct ldr_text text, const char *part, size_t *ret_at)
{
    for (size_t i = 0; i < text.length; i++) {
        if (ldr_text_starts(ldr_text_from(text, i), part)) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

/* The CR of a CRLF is a blank at the end of its line. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Blanks inside of the text stay: they matter in a command line. */
static struct ldr_text trimmed(struct ldr_text text)
{
    while (text.length > 0 && is_blank(text.at[text.length - 1]))
        text.length--;
    while (text.length > 0 && is_blank(text.at[0]))
        text = ldr_text_from(text, 1);
    return text;
}

/* What can be a key at all.  This keeps a path, which has a colon too, and a key
 * with a blank in it from being passed over as merely unknown. */
static bool is_key(struct ldr_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = lower(text.at[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return text.length > 0;
}

/* A heading's marks tell its depth and whether it is a directory. */
static void read_heading(struct ldr_line *line)
{
    size_t marks = 0;

    while (marks < line->text.length && line->text.at[marks] == '/')
        marks++;
    if (marks < line->text.length && line->text.at[marks] == '+')
        marks++;
    line->kind = LDR_LINE_HEADING;
    line->key = (struct ldr_text){line->text.at, marks};
    line->value = trimmed(ldr_text_from(line->text, marks));
}

/* A value may hold colons itself: the first one counts. */
static void read_setting(struct ldr_line *line)
{
    size_t colon;

    if (!ldr_text_find(line->text, ":", &colon))
        return;
    struct ldr_text key = trimmed((struct ldr_text){line->text.at, colon});
    if (!is_key(key))
        return;
    line->kind = LDR_LINE_SETTING;
    line->key = key;
    line->value = trimmed(ldr_text_from(line->text, colon + 1));
}

/* The first byte decides, except between a setting and what is nothing. */
static void classify(struct ldr_line *line)
{
    size_t at;

    line->kind = LDR_LINE_STRAY;
    if (line->text.length == 0 || line->text.at[0] == '#')
        line->kind = LDR_LINE_EMPTY;
    else if (line->text.at[0] == '/')
        read_heading(line);
    else if (ldr_text_starts(line->text, "${") && ldr_text_find(line->text, "}=", &at))
        line->kind = LDR_LINE_MACRO;
    else
        read_setting(line);
}

/* The last line may end without a newline. */
bool ldr_line_next(struct ldr_text *rest, unsigned number, struct ldr_line *ret_line)
{
    struct ldr_line line = {.number = number, .at = rest->at};
    size_t length = 0;

    if (rest->length == 0)
        return false;
    while (length < rest->length && rest->at[length] != '\n')
        length++;
    line.text = trimmed((struct ldr_text){rest->at, length});
    classify(&line);
    *rest = ldr_text_from(*rest, length < rest->length ? length + 1 : length);
    *ret_line = line;
    return true;
}

/* In lower case; a "*" at the end stands for anything. */
static const struct {
    const char *name;
    enum ldr_key key;
} known_keys[] = {
    {"timeout", LDR_KEY_TIMEOUT},
    {"default_entry", LDR_KEY_DEFAULT_ENTRY},
    {"protocol", LDR_KEY_PROTOCOL},
    {"path", LDR_KEY_PATH},
    {"kernel_path", LDR_KEY_PATH},
    {"cmdline", LDR_KEY_CMDLINE},
    {"kernel_cmdline", LDR_KEY_CMDLINE},
    {"module_path", LDR_KEY_MODULE_PATH},
    {"module_cmdline", LDR_KEY_MODULE_CMDLINE},
    {"module_string", LDR_KEY_MODULE_CMDLINE},
    /* How the other loader looks and talks. */
    {"backdrop", LDR_KEY_WITHOUT_EFFECT},
    {"comment", LDR_KEY_WITHOUT_EFFECT},
    {"editor_*", LDR_KEY_WITHOUT_EFFECT},
    {"graphics", LDR_KEY_WITHOUT_EFFECT},
    {"hash_mismatch_panic", LDR_KEY_WITHOUT_EFFECT},
    {"interface_*", LDR_KEY_WITHOUT_EFFECT},
    {"quiet", LDR_KEY_WITHOUT_EFFECT},
    {"randomise_memory", LDR_KEY_WITHOUT_EFFECT},
    {"randomize_memory", LDR_KEY_WITHOUT_EFFECT},
    {"remember_last_entry", LDR_KEY_WITHOUT_EFFECT},
    {"serial", LDR_KEY_WITHOUT_EFFECT},
    {"serial_*", LDR_KEY_WITHOUT_EFFECT},
    {"term_*", LDR_KEY_WITHOUT_EFFECT},
    {"textmode", LDR_KEY_WITHOUT_EFFECT},
    {"verbose", LDR_KEY_WITHOUT_EFFECT},
    {"wallpaper", LDR_KEY_WITHOUT_EFFECT},
    {"wallpaper_*", LDR_KEY_WITHOUT_EFFECT},
    /* Of its entries; a kernel says the same in requests. */
    {"dtb_path", LDR_KEY_WITHOUT_EFFECT},
    {"kaslr", LDR_KEY_WITHOUT_EFFECT},
    {"max_paging_mode", LDR_KEY_WITHOUT_EFFECT},
    {"min_paging_mode", LDR_KEY_WITHOUT_EFFECT},
    {"paging_mode", LDR_KEY_WITHOUT_EFFECT},
    {"randomise_hhdm_base", LDR_KEY_WITHOUT_EFFECT},
    {"randomize_hhdm_base", LDR_KEY_WITHOUT_EFFECT},
    {"resolution", LDR_KEY_WITHOUT_EFFECT},
};

/* A "*" stands for one byte or more: "term_" alone is not "term_*". */
static bool key_matches(struct ldr_text key, const char *name)
{
    size_t length = length_of(name);

    if (name[length - 1] != '*')
        return ldr_text_is(key, name);
    if (key.length < length)
        return false;
    for (size_t i = 0; i < length - 1; i++) {
        if (lower(key.at[i]) != name[i])
            return false;
    }
    return true;
}

/* The table is short and a configuration has few lines: no need to search better. */
enum ldr_key ldr_line_key(struct ldr_text key)
{
    for (size_t i = 0; i < sizeof known_keys / sizeof known_keys[0]; i++) {
        if (key_matches(key, known_keys[i].name))
            return known_keys[i].key;
    }
    return LDR_KEY_UNKNOWN;
}
