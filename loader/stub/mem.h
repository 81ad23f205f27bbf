/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes in memory.
 */
#ifndef LOADER_STUB_MEM_H
#define LOADER_STUB_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Length of a text that may not be terminated: limit if it is not. */
size_t text_length(const char *text, size_t limit);

/* Modulo 256, as ACPI and SMBIOS tables are checked. */
uint8_t byte_sum(const void *memory, size_t bytes);

/* CRC-32 as in IEEE 802.3, gzip and Python's zlib.crc32(). */
uint32_t crc32(const void *memory, size_t bytes);

#endif
