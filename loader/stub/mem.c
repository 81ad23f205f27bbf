/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/stub/mem.h"

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
