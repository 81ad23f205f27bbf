/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the loader's UTF-8 and firmware's UTF-16.  Plain C, no firmware.
 */
#ifndef EFI_TEXT_H
#define EFI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text as firmware wants it, terminated.  False if it is not UTF-8, holds a zero byte,
 * or does not fit; capacity is at least 3, and length + 3 is always enough. */
bool text_to_utf16(const char *text, size_t length, uint16_t *utf16, size_t capacity);

/* The same for a path, with '\' for '/'. */
bool text_to_path(const char *text, size_t length, uint16_t *path, size_t capacity);

/* Firmware's text for a message: what is not printable ASCII becomes '?'. */
void text_to_ascii(const uint16_t *text, size_t units, char *ascii, size_t capacity);

#endif
