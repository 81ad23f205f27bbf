/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of a file whose content is another than the configuration's hash says.
 */
#include "efi/tests/test.h"

#include "efi/hash.h"

static void a_file_that_is_another(void **state)
{
    uint8_t hash[LDR_BLAKE2B_BYTES];
    struct ldr_report report = {.text = "untouched"};

    (void)state;
    ldr_blake2b(hash, "abc", 3);
    assert_int_equal(hash_check(hash, "/boot/k", "abc", 3, &report), LDR_OK);
    assert_string_equal(report.text, "untouched");
    hash[sizeof hash - 1] ^= 1;
    assert_int_equal(hash_check(hash, "/boot/k", "abc", 3, &report), LDR_BAD_CONFIG);
    hash[0] ^= 1;
    assert_int_equal(hash_check(hash, "/boot/k", "abc", 3, &report), LDR_BAD_CONFIG);
    assert_string_equal(report.text,
                        "/boot/k: its BLAKE2b hash begins with ba80a53f981c4d0d, the one behind "
                        "\"#\" with bb80a53f981c4d0d; restore the file, or give the hash that "
                        "b2sum prints");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
