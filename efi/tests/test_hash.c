/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BLAKE2b: RFC 7693's own vector, lengths around the block's 128 bytes as Python's hashlib
 * has them, and what is said of a file whose content is another.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <string.h>

#include "efi/hash.h"
#include "efi/tests/fake_foreign.h"

/* A hash as text, to compare it with text. */
static void hex_of(char hex[2 * HASH_BYTES + 1], const void *at, uint64_t bytes)
{
    uint8_t hash[HASH_BYTES];

    hash_of(hash, at, bytes);
    for (unsigned i = 0; i < HASH_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
}

/* RFC 7693, appendix A. */
static void the_vector_of_the_rfc(void **state)
{
    char hex[2 * HASH_BYTES + 1];

    (void)state;
    hex_of(hex, "abc", 3);
    assert_string_equal(hex, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                             "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

/* Of bytes i * 7 % 251: hashlib.blake2b(bytes(i * 7 % 251 for i in range(n))).hexdigest()[:32]. */
static void lengths_around_a_block(void **state)
{
    static const struct {
        size_t bytes;
        const char *hash;
    } vectors[] = {
        {0, "786a02f742015903c6c6fd852552d272"},      {1, "2fa3f686df876995167e7c2e5d74c4c7"},
        {127, "ec2b4ebd83459a83ba49bdfaea2cf0df"},    {128, "3c2d4866bfb0691d821b7c8ff0bca555"},
        {129, "2298fdc7acc41f58a2833279c6e4439a"},    {255, "cbef65fb62b4d72781646534eefa7b20"},
        {256, "b0087fc9e88e473ae9da7b28e54f4840"},    {257, "a909eb307c09fc5b0b774c366bb6466b"},
        {100001, "e7c0af04b8c182472bad2c422de50f6d"},
    };
    static uint8_t content[100001];

    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7 % 251);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char hex[2 * HASH_BYTES + 1];

        hex_of(hex, content, vectors[i].bytes);
        hex[32] = 0;
        assert_string_equal(hex, vectors[i].hash);
    }
}

static void a_file_that_is_another(void **state)
{
    uint8_t hash[HASH_BYTES];
    struct ldr_report report = {.text = "untouched"};
    unsigned calls = fake_foreign_calls();

    (void)state;
    hash_of(hash, "abc", 3);
    assert_int_equal(hash_check(hash, "/boot/k", "abc", 3, &report), LDR_OK);
    assert_string_equal(report.text, "untouched");
    hash[HASH_BYTES - 1] ^= 1;
    assert_int_equal(hash_check(hash, "/boot/k", "abc", 3, &report), LDR_BAD_CONFIG);
    hash[0] ^= 1;
    assert_int_equal(hash_check(hash, "/boot/k", "abc", 3, &report), LDR_BAD_CONFIG);
    assert_string_equal(report.text,
                        "/boot/k: its BLAKE2b hash begins with ba80a53f981c4d0d, the one behind "
                        "\"#\" with bb80a53f981c4d0d; restore the file, or give the hash that "
                        "b2sum prints");
    assert_int_equal(fake_foreign_calls(), calls + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_the_rfc),
        cmocka_unit_test(lengths_around_a_block),
        cmocka_unit_test(a_file_that_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
