/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gzip files (RFC 1952) that compress nothing: one stored block (RFC 1951, section 3.2.4).
 */
#include <assert.h>
#include <string.h>

#include "efi/tests/acpi_tables.h"
#include "efi/tests/boot/parts.h"

#define HEAD 10 /* of the file */
#define FACE 5  /* of the block */
#define TAIL 8

static uint32_t crc32(const uint8_t *at, size_t count)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        crc ^= at[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

const void *gzip_file(unsigned slot, const void *bytes, size_t count, size_t *ret_bytes)
{
    static uint8_t file[2][HEAD + FACE + UINT16_MAX + TAIL];
    static const uint8_t head[HEAD] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    uint8_t *at = file[slot];

    assert(count <= UINT16_MAX);
    memcpy(at, head, HEAD);
    at += HEAD;
    at[0] = 1; /* the last block, stored */
    acpi_put(at + 1, count, 2);
    acpi_put(at + 3, ~count, 2);
    memcpy(at + FACE, bytes, count);
    at += FACE + count;
    acpi_put(at, crc32(bytes, count), 4);
    acpi_put(at + 4, count, 4);
    *ret_bytes = HEAD + FACE + count + TAIL;
    return file[slot];
}
