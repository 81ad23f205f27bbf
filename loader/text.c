/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slices of text.
 */
#include "loader/text.h"

#define EXCERPT 60

/* Letters of ASCII only: bytes of other alphabets are compared as they are. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct ldr_text ldr_text_excerpt(struct ldr_text text)
{
    return ldr_text_until(text, text.length < EXCERPT ? text.length : EXCERPT);
}

bool ldr_text_equal(struct ldr_text one, struct ldr_text other)
{
    if (one.length != other.length)
        return false;
    for (size_t i = 0; i < one.length; i++) {
        if (one.at[i] != other.at[i])
            return false;
    }
    return true;
}

/* How much of the word the text begins with.  The text may end before the word does. */
static size_t common(struct ldr_text text, const char *word)
{
    size_t i = 0;

    while (word[i] != '\0' && i < text.length && lower(text.at[i]) == word[i])
        i++;
    return i;
}

bool ldr_text_starts(struct ldr_text text, const char *word)
{
    return word[common(text, word)] == '\0';
}

bool ldr_text_is(struct ldr_text text, const char *word)
{
    size_t length = common(text, word);

    return length == text.length && word[length] == '\0';
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

struct ldr_text ldr_text_take(struct ldr_text *rest, char mark)
{
    struct ldr_text before = *rest;
    size_t length = 0;

    while (length < before.length && before.at[length] != mark)
        length++;
    *rest = ldr_text_from(before, length < before.length ? length + 1 : length);
    return ldr_text_until(before, length);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Blanks inside of the text stay: they matter in a command line. */
struct ldr_text ldr_text_trimmed(struct ldr_text text)
{
    while (text.length > 0 && is_blank(text.at[text.length - 1]))
        text.length--;
    while (text.length > 0 && is_blank(text.at[0]))
        text = ldr_text_from(text, 1);
    return text;
}

bool ldr_text_number(struct ldr_text text, uint64_t most, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = (unsigned char)text.at[i] - (unsigned)'0';
        if (digit > 9 || digit > most || number > (most - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return text.length > 0;
}

/* 16 for what is no digit. */
static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = lower(c);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

bool ldr_text_hex(struct ldr_text text, uint8_t *bytes, size_t count)
{
    if (text.length != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        unsigned high = hex_digit(text.at[2 * i]), low = hex_digit(text.at[2 * i + 1]);
        if (high > 15 || low > 15)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
