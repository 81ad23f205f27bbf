/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in firmware's tables and logs, and in files: little-endian, as this processor's are, and
 * not always aligned.
 */
#ifndef LOADER_BYTES_H
#define LOADER_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t ldr_read16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t ldr_read32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t ldr_read64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

#endif
