/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/text.h"

/* Bytes of the sequence that a first byte opens; 0 if it can't open one. */
static size_t sequence_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Reads one character; returns its bytes, 0 if it is malformed: overlong
 * forms, surrogates and what lies beyond Unicode included. */
static size_t read_character(const uint8_t *at, size_t left, uint32_t *ret_character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = sequence_length(*at);
    uint32_t c;

    if (length == 0 || length > left)
        return 0;
    c = length == 1 ? *at : *at & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3f);
    }
    if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *ret_character = c;
    return length;
}

bool text_to_utf16(const char *text, size_t length, uint16_t *utf16, size_t capacity)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t n = 0;

    while (length) {
        uint32_t c;
        size_t used = read_character(at, length, &c);

        if (used == 0 || c == 0 || capacity - n < 3)
            return false;
        if (c >= 0x10000) {
            utf16[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            utf16[n++] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            utf16[n++] = (uint16_t)c;
        }
        at += used;
        length -= used;
    }
    utf16[n] = 0;
    return true;
}

bool text_to_path(const char *text, size_t length, uint16_t *path, size_t capacity)
{
    if (!text_to_utf16(text, length, path, capacity))
        return false;
    for (; *path; path++)
        if (*path == '/')
            *path = '\\';
    return true;
}

void text_to_ascii(const uint16_t *text, size_t units, char *ascii, size_t capacity)
{
    size_t n = 0;

    for (; n < units && n + 1 < capacity && text[n]; n++)
        ascii[n] = (char)(text[n] >= 0x20 && text[n] < 0x7f ? text[n] : '?');
    ascii[n] = 0;
}
