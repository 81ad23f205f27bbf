/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that the library needs of its surroundings, as plain loops.  Where
 * instructions are counted they stand in for the host's, which are others on each kind of
 * processor, so that a count is the same everywhere.
 */
#include <stdint.h>
#include <string.h>

/* Eight bytes at a time, wherever they lie. */
struct word {
    uint64_t value;
} __attribute__((packed, may_alias));

void *memset(void *to, int byte, size_t bytes)
{
    uint64_t value = (uint8_t)byte * UINT64_C(0x0101010101010101);
    uint8_t *at = to;
    for (; bytes >= 8; bytes -= 8, at += 8)
        ((struct word *)at)->value = value;
    while (bytes--)
        *at++ = (uint8_t)byte;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *at = to;
    const uint8_t *source = from;
    for (; bytes >= 8; bytes -= 8, at += 8, source += 8)
        ((struct word *)at)->value = ((const struct word *)source)->value;
    while (bytes--)
        *at++ = *source++;
    return to;
}

/* A copy in ascending order is right where the target is below the source. */
void *memmove(void *to, const void *from, size_t bytes)
{
    uint8_t *at = (uint8_t *)to + bytes;
    const uint8_t *source = (const uint8_t *)from + bytes;
    if ((uintptr_t)to <= (uintptr_t)from) {
        at = to;
        source = from;
        while (bytes--)
            *at++ = *source++;
        return to;
    }
    while (bytes--)
        *--at = *--source;
    return to;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const uint8_t *a = left, *b = right;
    for (; bytes; bytes--, a++, b++)
        if (*a != *b)
            return *a < *b ? -1 : 1;
    return 0;
}
