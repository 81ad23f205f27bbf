/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory functions that the application brings along, against the C library's:
 * all small lengths, distances and overlaps.
 */
#include "efi/tests/test.h"

#include <stdlib.h>
#include <string.h>

#define memcpy  own_memcpy
#define memmove own_memmove
#define memset  own_memset
#define memcmp  own_memcmp
#define strlen  own_strlen
#include "efi/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

#define BYTES 24

static void moving(void **state)
{
    (void)state;
    for (size_t from = 0; from < BYTES; from++) {
        for (size_t to = 0; to < BYTES; to++) {
            for (size_t n = 0; n + from <= BYTES && n + to <= BYTES; n++) {
                uint8_t a[BYTES], b[BYTES];

                for (unsigned i = 0; i < BYTES; i++)
                    a[i] = b[i] = (uint8_t)(i + 1);
                assert_ptr_equal(own_memmove(a + to, a + from, n), a + to);
                memmove(b + to, b + from, n);
                assert_memory_equal(a, b, BYTES);
            }
        }
    }
}

static void the_others(void **state)
{
    uint8_t a[BYTES], b[BYTES];

    (void)state;
    for (size_t n = 0; n <= BYTES; n++) {
        memset(a, 1, BYTES);
        memset(b, 2, BYTES);
        assert_ptr_equal(own_memset(a, 0x1fe, n), a);
        for (size_t i = 0; i < BYTES; i++)
            assert_int_equal(a[i], i < n ? 0xfe : 1);
        assert_ptr_equal(own_memcpy(b, a, n), b);
        for (size_t i = 0; i < BYTES; i++)
            assert_int_equal(b[i], i < n ? 0xfe : 2);
        assert_int_equal(own_memcmp(a, b, n), 0);
        if (n < BYTES)
            assert_true(own_memcmp(a, b, n + 1) < 0 && own_memcmp(b, a, n + 1) > 0);
        memset(a, 0x80, BYTES);
        a[n ? n - 1 : 0] = 0;
        assert_int_equal(own_strlen((char *)a), n ? n - 1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moving),
        cmocka_unit_test(the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
