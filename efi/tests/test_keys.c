/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys: what firmware reports, and the bytes that terminals send, whole and in pieces; and
 * that an Escape by itself is told from the beginning of a sequence.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/keys.h"

static void firmware_s_keys(void **state)
{
    static const struct {
        EFI_INPUT_KEY key;
        enum ldr_menu_event_kind kind;
        char character;
    } keys[] = {
        {{SCAN_UP, 0}, LDR_EVENT_UP, 0},
        {{SCAN_DOWN, 0}, LDR_EVENT_DOWN, 0},
        {{SCAN_LEFT, 0}, LDR_EVENT_LEFT, 0},
        {{SCAN_RIGHT, 0}, LDR_EVENT_RIGHT, 0},
        {{SCAN_HOME, 0}, LDR_EVENT_HOME, 0},
        {{SCAN_END, 0}, LDR_EVENT_END, 0},
        {{SCAN_DELETE, 0}, LDR_EVENT_DELETE, 0},
        {{SCAN_ESC, 0}, LDR_EVENT_ESCAPE, 0},
        {{SCAN_NULL, 27}, LDR_EVENT_ESCAPE, 0},
        {{SCAN_NULL, 13}, LDR_EVENT_ENTER, 0},
        {{SCAN_NULL, 10}, LDR_EVENT_ENTER, 0},
        {{SCAN_NULL, 8}, LDR_EVENT_BACKSPACE, 0},
        {{SCAN_NULL, 127}, LDR_EVENT_BACKSPACE, 0},
        {{SCAN_NULL, 'e'}, LDR_EVENT_CHARACTER, 'e'},
        {{SCAN_NULL, '7'}, LDR_EVENT_CHARACTER, '7'},
        {{SCAN_NULL, 0xe9}, LDR_EVENT_CHARACTER, 0},
        {{SCAN_NULL, 0x263a}, LDR_EVENT_CHARACTER, 0},
        {{SCAN_F1, 0}, LDR_EVENT_CHARACTER, 0},
        {{SCAN_PAGE_UP, 0}, LDR_EVENT_CHARACTER, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct ldr_menu_event event = keys_from_firmware(&keys[i].key);

        assert_int_equal(event.kind, keys[i].kind);
        assert_int_equal(event.character, keys[i].character);
    }
}

/* Feeds bytes; every event but the last one would be one too many. */
static struct ldr_menu_event decode(const char *bytes)
{
    struct keys_decoder decoder = {0};
    struct ldr_menu_event event = {.kind = LDR_EVENTS};

    for (size_t i = 0; bytes[i]; i++) {
        bool complete = keys_decode(&decoder, (uint8_t)bytes[i], &event);

        assert_int_equal(complete, !bytes[i + 1]);
    }
    assert_int_equal(decoder.state, KEYS_PLAIN);
    return event;
}

static void sequences(void **state)
{
    static const struct {
        const char *bytes;
        enum ldr_menu_event_kind kind;
        char character;
    } keys[] = {
        {"\x1b[A", LDR_EVENT_UP, 0},         {"\x1b[B", LDR_EVENT_DOWN, 0},
        {"\x1b[C", LDR_EVENT_RIGHT, 0},      {"\x1b[D", LDR_EVENT_LEFT, 0},
        {"\x1bOA", LDR_EVENT_UP, 0},         {"\x1bOB", LDR_EVENT_DOWN, 0},
        {"\x1bOH", LDR_EVENT_HOME, 0},       {"\x1b[H", LDR_EVENT_HOME, 0},
        {"\x1b[1~", LDR_EVENT_HOME, 0},      {"\x1b[7~", LDR_EVENT_HOME, 0},
        {"\x1b[F", LDR_EVENT_END, 0},        {"\x1b[4~", LDR_EVENT_END, 0},
        {"\x1b[8~", LDR_EVENT_END, 0},       {"\x1b[3~", LDR_EVENT_DELETE, 0},
        {"\x1b[5~", LDR_EVENT_CHARACTER, 0}, {"\x1b[13~", LDR_EVENT_CHARACTER, 0},
        {"\x1b[1;5A", LDR_EVENT_UP, 0},      {"\x1b[Z", LDR_EVENT_CHARACTER, 0},
        {"\x1b\x1b", LDR_EVENT_ESCAPE, 0},   {"\x1bx", LDR_EVENT_CHARACTER, 0},
        {"\r", LDR_EVENT_ENTER, 0},          {"\n", LDR_EVENT_ENTER, 0},
        {"\x7f", LDR_EVENT_BACKSPACE, 0},    {"\b", LDR_EVENT_BACKSPACE, 0},
        {"e", LDR_EVENT_CHARACTER, 'e'},     {"[", LDR_EVENT_CHARACTER, '['},
        {"\xc3", LDR_EVENT_CHARACTER, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct ldr_menu_event event = decode(keys[i].bytes);

        assert_int_equal(event.kind, keys[i].kind);
        assert_int_equal(event.character, keys[i].character);
    }
}

/* A terminal that sends CR LF for Enter has pressed it once; two line feeds are two. */
static void a_line_s_end_once(void **state)
{
    struct keys_decoder decoder = {0};
    struct ldr_menu_event event;

    (void)state;
    assert_true(keys_decode(&decoder, '\r', &event));
    assert_false(keys_decode(&decoder, '\n', &event));
    assert_true(keys_decode(&decoder, '\n', &event));
    assert_true(keys_decode(&decoder, '\r', &event));
    assert_true(keys_decode(&decoder, '\r', &event));
    assert_true(keys_decode(&decoder, 'x', &event));
    assert_true(keys_decode(&decoder, '\n', &event));
}

/* On a slow line a sequence may come in two pieces, a pause between them. */
static void escape_by_itself(void **state)
{
    struct keys_decoder decoder = {0};
    struct ldr_menu_event event = {.kind = LDR_EVENTS};

    (void)state;
    assert_false(keys_pause(&decoder, &event));
    assert_false(keys_pause(&decoder, &event));
    assert_false(keys_decode(&decoder, 0x1b, &event));
    assert_false(keys_pause(&decoder, &event));
    assert_false(keys_decode(&decoder, '[', &event));
    assert_false(keys_pause(&decoder, &event));
    assert_true(keys_decode(&decoder, 'B', &event));
    assert_int_equal(event.kind, LDR_EVENT_DOWN);

    assert_false(keys_decode(&decoder, 0x1b, &event));
    assert_false(keys_pause(&decoder, &event));
    assert_true(keys_pause(&decoder, &event));
    assert_int_equal(event.kind, LDR_EVENT_ESCAPE);
    assert_false(keys_pause(&decoder, &event));

    /* A sequence that breaks off is forgotten. */
    assert_false(keys_decode(&decoder, 0x1b, &event));
    assert_false(keys_decode(&decoder, '[', &event));
    assert_false(keys_pause(&decoder, &event));
    assert_false(keys_pause(&decoder, &event));
    assert_true(keys_decode(&decoder, 'A', &event));
    assert_int_equal(event.kind, LDR_EVENT_CHARACTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firmware_s_keys),
        cmocka_unit_test(sequences),
        cmocka_unit_test(a_line_s_end_once),
        cmocka_unit_test(escape_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
