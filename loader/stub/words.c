/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding a word, and reading its number.
 */
#include "loader/stub/words.h"

#include "loader/stub/mem.h"
#include "loader/stub/requests.h"

static const char *after_name(const char *text, const char *name)
{
    size_t length = text_length(name, 64);

    for (const char *at = text; *at != '\0'; at++) {
        if ((at == text || at[-1] == ' ') && text_length(at, length) == length &&
            memcmp(at, name, length) == 0)
            return at + length;
    }
    return 0;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return UINT32_MAX;
}

bool words_number(const char *text, const char *name, unsigned base, uint64_t *ret_value)
{
    const char *at = after_name(text, name);
    uint64_t value = 0;

    if (at == 0 || digit_of(*at) >= base)
        return false;
    for (; digit_of(*at) < base; at++)
        value = value * base + digit_of(*at);
    if (*at != ' ' && *at != '\0')
        return false;
    *ret_value = value;
    return true;
}

uint64_t words_on_command_line(const char *name, unsigned base, uint64_t otherwise)
{
    const struct limine_executable_cmdline_response *response =
        request_answer(&requests.executable_cmdline);
    const char *text = response != 0 ? request_pointer(response->cmdline) : 0;
    uint64_t value;

    return text != 0 && words_number(text, name, base, &value) ? value : otherwise;
}

bool words_has(const char *text, const char *word)
{
    const char *at = after_name(text, word);

    return at != 0 && (*at == ' ' || *at == '\0');
}
