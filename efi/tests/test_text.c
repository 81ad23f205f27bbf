/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8 to UTF-16: every character there is, and every sequence of up to three
 * bytes, judged by iconv().
 */
#include "efi/tests/test.h"

#include <iconv.h>
#include <string.h>

#include "efi/text.h"

/* The same conversion by the C library; -1 if it refuses. */
static int by_iconv(iconv_t utf, const char *text, size_t length, uint16_t *units)
{
    char *in = (char *)(uintptr_t)text, *out = (char *)units;
    size_t left = length, room = 16;

    iconv(utf, NULL, NULL, NULL, NULL);
    if (iconv(utf, &in, &left, &out, &room) == (size_t)-1 || left)
        return -1;
    return (int)((uint16_t *)(void *)out - units);
}

static void compare(iconv_t utf, const char *text, size_t length)
{
    uint16_t wanted[8], path[8];
    int units = by_iconv(utf, text, length, wanted);
    bool zero = memchr(text, 0, length) != NULL;

    assert_int_equal(text_to_path(text, length, path, 8), units >= 0 && !zero);
    if (units < 0 || zero)
        return;
    for (int i = 0; i < units; i++)
        assert_int_equal(path[i], wanted[i] == '/' ? '\\' : wanted[i]);
    assert_int_equal(path[units], 0);
}

static void every_sequence_of_three_bytes(void **state)
{
    iconv_t utf = iconv_open("UTF-16LE", "UTF-8");

    (void)state;
    for (unsigned bytes = 0; bytes < 1u << 24; bytes += 1 + (bytes >> 16 > 0xf4) * 0xff) {
        char text[] = {(char)(bytes >> 16), (char)(bytes >> 8), (char)bytes};

        compare(utf, text, 3);
    }
    iconv_close(utf);
}

static void characters_of_four_bytes(void **state)
{
    iconv_t utf = iconv_open("UTF-16LE", "UTF-8");

    (void)state;
    for (unsigned c = 0xe000; c < 0x120000; c++) { /* beyond Unicode, and overlong, too */
        char text[] = {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)),
                       (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f))};

        compare(utf, text, 4);
    }
    iconv_close(utf);
}

static void what_does_not_fit(void **state)
{
    uint16_t path[6];

    (void)state;
    assert_true(text_to_path("", 0, path, 3));
    assert_int_equal(path[0], 0);
    memset(path, 0xff, sizeof path);
    assert_true(text_to_path("abc", 3, path, 5));
    assert_false(text_to_path("abcd", 4, path, 5));
    assert_int_equal(path[5], 0xffff);
}

static void for_messages(void **state)
{
    static const uint16_t text[] = {'a', 0x1f, 0x7f, 0x20ac, 'z', 0, 'b'};
    char ascii[8];

    (void)state;
    text_to_ascii(text, 7, ascii, sizeof ascii);
    assert_string_equal(ascii, "a???z");
    text_to_ascii(text, 7, ascii, 3);
    assert_string_equal(ascii, "a?");
    text_to_ascii(text, 1, ascii, sizeof ascii);
    assert_string_equal(ascii, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_three_bytes),
        cmocka_unit_test(characters_of_four_bytes),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(for_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
