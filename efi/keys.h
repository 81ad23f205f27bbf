/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys as events of the menu: from firmware's keyboard, and out of the bytes that a terminal
 * sends over a serial line.  Plain C but for the structure that firmware gives.
 */
#ifndef EFI_KEYS_H
#define EFI_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/uefi.h"
#include "loader/menu.h"

/* Every key means something, if only that somebody is there: a character of zero. */
struct ldr_menu_event keys_from_firmware(const EFI_INPUT_KEY *key);

/* Where in an escape sequence the terminal is; all zero before the first byte. */
struct keys_decoder {
    enum { KEYS_PLAIN, KEYS_ESCAPE, KEYS_SEQUENCE, KEYS_SHIFT } state;
    uint8_t parameter; /* of ESC [ number ~ */
    bool after_return; /* a line feed then belongs to the carriage return before it */
    bool waited;       /* keys_pause() was called since the last byte */
};

/* Takes a byte; false if it completes no key. */
bool keys_decode(struct keys_decoder *decoder, uint8_t byte, struct ldr_menu_event *ret_event);

/* To be called each tenth of a second in which no byte came.  At the second call in a row an
 * escape sequence that began is none: it was the Escape key. */
bool keys_pause(struct keys_decoder *decoder, struct ldr_menu_event *ret_event);

#endif
