/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes in memory.
 */
#ifndef LOADER_STUB_MEM_H
#define LOADER_STUB_MEM_H

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);

/* Length of a text that may not be terminated: limit if it is not. */
size_t text_length(const char *text, size_t limit);

/* Modulo 256, as ACPI and SMBIOS tables are checked. */
uint8_t byte_sum(const void *memory, size_t bytes);

/* CRC-32 as in IEEE 802.3, gzip and Python's zlib.crc32(). */
uint32_t crc32(const void *memory, size_t bytes);

#endif
