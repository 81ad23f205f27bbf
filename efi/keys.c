/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/keys.h"

#define ESC       0x1b
#define BACKSPACE 0x08
#define RUBOUT    0x7f /* what most terminals send for the backspace key */

static struct ldr_menu_event event(enum ldr_menu_event_kind kind)
{
    return (struct ldr_menu_event){.kind = kind};
}

/* A character that isn't part of a sequence, from either side. */
static struct ldr_menu_event from_character(uint16_t character)
{
    switch (character) {
    case '\r':
    case '\n':
        return event(LDR_EVENT_ENTER);
    case ESC:
        return event(LDR_EVENT_ESCAPE);
    case BACKSPACE:
    case RUBOUT:
        return event(LDR_EVENT_BACKSPACE);
    default:
        return (struct ldr_menu_event){.kind = LDR_EVENT_CHARACTER,
                                       .character = character < 0x80 ? (char)character : 0};
    }
}

struct ldr_menu_event keys_from_firmware(const EFI_INPUT_KEY *key)
{
    switch (key->ScanCode) {
    case SCAN_NULL:
        return from_character(key->UnicodeChar);
    case SCAN_UP:
        return event(LDR_EVENT_UP);
    case SCAN_DOWN:
        return event(LDR_EVENT_DOWN);
    case SCAN_LEFT:
        return event(LDR_EVENT_LEFT);
    case SCAN_RIGHT:
        return event(LDR_EVENT_RIGHT);
    case SCAN_HOME:
        return event(LDR_EVENT_HOME);
    case SCAN_END:
        return event(LDR_EVENT_END);
    case SCAN_DELETE:
        return event(LDR_EVENT_DELETE);
    case SCAN_ESC:
        return event(LDR_EVENT_ESCAPE);
    default:
        return from_character(0);
    }
}

/* The last byte of "ESC [ x" and of "ESC O x" (ECMA-48, and xterm's control sequences). */
static struct ldr_menu_event from_final(uint8_t byte, uint8_t parameter)
{
    switch (byte) {
    case 'A':
        return event(LDR_EVENT_UP);
    case 'B':
        return event(LDR_EVENT_DOWN);
    case 'C':
        return event(LDR_EVENT_RIGHT);
    case 'D':
        return event(LDR_EVENT_LEFT);
    case 'H':
        return event(LDR_EVENT_HOME);
    case 'F':
        return event(LDR_EVENT_END);
    case '~':
        if (parameter == 1 || parameter == 7)
            return event(LDR_EVENT_HOME);
        if (parameter == 4 || parameter == 8)
            return event(LDR_EVENT_END);
        if (parameter == 3)
            return event(LDR_EVENT_DELETE);
        return from_character(0);
    default:
        return from_character(0);
    }
}

/* Within "ESC [ 3 ~": digits, separators and the rest up to a byte from '@' on. */
static bool decode_sequence(struct keys_decoder *decoder, uint8_t byte,
                            struct ldr_menu_event *ret_event)
{
    if (byte >= '0' && byte <= '9') {
        decoder->parameter = (uint8_t)(decoder->parameter * 10 + (byte - '0'));
        return false;
    }
    if (byte < '@')
        return false;
    decoder->state = KEYS_PLAIN;
    *ret_event = from_final(byte, decoder->parameter);
    return true;
}

static bool decode_plain(struct keys_decoder *decoder, uint8_t byte,
                         struct ldr_menu_event *ret_event)
{
    bool second = decoder->after_return && byte == '\n';

    decoder->after_return = byte == '\r';
    if (byte == ESC) {
        decoder->state = KEYS_ESCAPE;
        return false;
    }
    *ret_event = from_character(byte);
    return !second;
}

bool keys_decode(struct keys_decoder *decoder, uint8_t byte, struct ldr_menu_event *ret_event)
{
    decoder->waited = false;
    switch (decoder->state) {
    case KEYS_PLAIN:
        return decode_plain(decoder, byte, ret_event);
    case KEYS_ESCAPE:
        decoder->parameter = 0;
        if (byte == '[' || byte == 'O') {
            decoder->state = byte == '[' ? KEYS_SEQUENCE : KEYS_SHIFT;
            return false;
        }
        /* Escape twice is Escape; Alt and a letter says nothing to a menu. */
        decoder->state = KEYS_PLAIN;
        *ret_event = from_character(byte == ESC ? ESC : 0);
        return true;
    case KEYS_SEQUENCE:
        return decode_sequence(decoder, byte, ret_event);
    case KEYS_SHIFT:
        decoder->state = KEYS_PLAIN;
        *ret_event = from_final(byte, 0);
        return true;
    }
    return false;
}

bool keys_pause(struct keys_decoder *decoder, struct ldr_menu_event *ret_event)
{
    bool escape = decoder->waited && decoder->state == KEYS_ESCAPE;

    if (decoder->waited)
        decoder->state = KEYS_PLAIN;
    decoder->waited = true;
    if (escape)
        *ret_event = from_character(ESC);
    return escape;
}
