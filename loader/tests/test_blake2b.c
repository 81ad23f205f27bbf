/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BLAKE2b: RFC 7693's own vector, figures of Python's hashlib over every length up to a few blocks,
 * and libb2 beside it on random content, wherever in memory that begins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <blake2.h>

#include "loader/blake2b.h"

#define LENGTHS 301 /* 0 to two blocks of 128 bytes, and more */

/* A hash as text, to compare it with text. */
static void expect_hash(const void *at, uint64_t bytes, const char *wanted)
{
    uint8_t hash[LDR_BLAKE2B_BYTES];
    char hex[2 * sizeof hash + 1];

    ldr_blake2b(hash, at, bytes);
    for (unsigned i = 0; i < sizeof hash; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(hex, wanted);
}

/* RFC 7693, appendix A. */
static void the_vector_of_the_rfc(void **state)
{
    (void)state;
    expect_hash("abc", 3,
                "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

static void fill(uint8_t *content, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        content[i] = (uint8_t)(i * 7 % 251);
}

/* With c = bytes(i * 7 % 251 for i in range(100001)) and h = lambda b: hashlib.blake2b(b):
 * h(b"".join(h(c[:n]).digest() for n in range(301))).hexdigest(), and h(c).hexdigest(). */
static void figures_of_hashlib(void **state)
{
    static uint8_t content[100001], hashes[LENGTHS * LDR_BLAKE2B_BYTES];

    (void)state;
    fill(content, sizeof content);
    for (size_t bytes = 0; bytes < LENGTHS; bytes++)
        ldr_blake2b(hashes + bytes * LDR_BLAKE2B_BYTES, content, bytes);
    expect_hash(hashes, sizeof hashes,
                "c8649be368b78c9bea3aa22db934a86d10a151edd8323f5eebaed013f472e9a5"
                "02862cad4efcfde8bb74b0ea36c80cf89660092f65241c73b501c80278f34e0e");
    expect_hash(content, sizeof content,
                "e7c0af04b8c182472bad2c422de50f6d459d1586430276689a2db01a84caccf1"
                "8e323620e839df3092073a0a9a74ac06f0f4c3a64a7dba7de9de97ead8d94bf7");
}

static void expect_same(const uint8_t *at, size_t bytes)
{
    uint8_t ours[LDR_BLAKE2B_BYTES], other[LDR_BLAKE2B_BYTES];

    ldr_blake2b(ours, at, bytes);
    assert_int_equal(blake2b(other, at, NULL, sizeof other, bytes, 0), 0);
    assert_memory_equal(ours, other, sizeof ours);
}

/* In a block of exactly its size, so that a read beyond is seen. */
static void expect_same_in_a_copy(const uint8_t *content, size_t bytes)
{
    uint8_t *copy = malloc(bytes + 1);

    assert_non_null(copy);
    memcpy(copy + 1, content, bytes);
    expect_same(copy + 1, bytes);
    free(copy);
}

static void the_same_as_libb2(void **state)
{
    static uint8_t content[1 << 20];

    (void)state;
    srand(7693);
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(rand() >> 8);
    for (size_t bytes = 0; bytes < LENGTHS; bytes++)
        expect_same_in_a_copy(content + bytes, bytes);
    for (unsigned i = 0; i < 1000; i++)
        expect_same(content + rand() % 4096, (size_t)(rand() % 8192));
    expect_same(content, sizeof content);
}

/* What it is asked about stays as it is, and beside the hash nothing is written. */
static void only_the_hash_is_written(void **state)
{
    uint8_t content[200], before[sizeof content], around[LDR_BLAKE2B_BYTES + 2];

    (void)state;
    fill(content, sizeof content);
    memcpy(before, content, sizeof content);
    memset(around, 0x5a, sizeof around);
    ldr_blake2b(around + 1, content, sizeof content);
    assert_memory_equal(content, before, sizeof content);
    assert_int_equal(around[0], 0x5a);
    assert_int_equal(around[sizeof around - 1], 0x5a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_the_rfc),
        cmocka_unit_test(figures_of_hashlib),
        cmocka_unit_test(the_same_as_libb2),
        cmocka_unit_test(only_the_hash_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
