/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that a compiler may call of its own accord, even in
 * freestanding code.  The string instructions are as fast as anything that does
 * without vector registers.
 */
#include "loader/stub/mem.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    void *start = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    uint8_t *target = to;
    const uint8_t *source = from;

    /* Unsigned: also true where the target lies below the source. */
    if ((uintptr_t)target - (uintptr_t)source >= bytes)
        return memcpy(to, from, bytes);
    while (bytes-- > 0)
        target[bytes] = source[bytes];
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    void *start = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return start;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const uint8_t *a = left;
    const uint8_t *b = right;

    for (size_t i = 0; i < bytes; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

size_t text_length(const char *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length] != '\0')
        length++;
    return length;
}

uint8_t byte_sum(const void *memory, size_t bytes)
{
    const uint8_t *byte = memory;
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + byte[i]);
    return sum;
}

/* Bit by bit: a table would be faster, but modules here are small. */
uint32_t crc32(const void *memory, size_t bytes)
{
    const uint8_t *byte = memory;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < bytes; i++) {
        crc ^= byte[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}
