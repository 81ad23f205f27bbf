/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What gzip compressed comes out again, byte for byte; what is cut off, spoilt or lies about
 * its length is refused, and nothing is read or written outside of the memory given (the
 * sanitizers watch).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader/gunzip.h"

#define NAME "kernel.gz"

/* What is compressed, and what gzip made of it. */
struct sample {
    uint8_t *plain;
    size_t plain_bytes;
    uint8_t *file;
    size_t bytes;
};

static char folder[] = P_tmpdir "/gunzip.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* The host's gzip: an implementation that has nothing in common with ours. */
static void compress_with(struct sample *sample, const char *flags)
{
    char path[64], command[160];

    snprintf(path, sizeof path, "%s/plain", folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(sample->plain, 1, sample->plain_bytes, out), sample->plain_bytes);
    assert_int_equal(fclose(out), 0);
    snprintf(command, sizeof command, "gzip %s -c %s", flags, path);
    FILE *in = popen(command, "r");
    assert_non_null(in);
    size_t capacity = sample->plain_bytes + 1024;
    uint8_t *bytes = malloc(capacity);
    sample->bytes = fread(bytes, 1, capacity, in);
    assert_int_equal(pclose(in), 0);
    sample->file = malloc(sample->bytes); /* exactly, so that reading beyond is caught */
    memcpy(sample->file, bytes, sample->bytes);
    free(bytes);
    unlink(path);
}

/* `how` 0: zeros; 1: like a program, runs that come again; else: noise, which is stored. */
static void fill(struct sample *sample, size_t bytes, unsigned how)
{
    uint32_t random = 1;

    sample->plain = malloc(bytes + 1);
    sample->plain_bytes = bytes;
    for (size_t i = 0; i < bytes; i++) {
        random = random * 1664525 + 1013904223;
        uint8_t noise = (uint8_t)(random >> 24);
        if (how == 0)
            sample->plain[i] = 0;
        else if (how == 1)
            sample->plain[i] = noise < 40 || i < 300 ? noise : sample->plain[i - 1 - noise];
        else
            sample->plain[i] = noise;
    }
}

static void drop(struct sample *sample)
{
    free(sample->plain);
    free(sample->file);
}

/* Reads and inflates `bytes` bytes of `file`, into memory of exactly the size asked for. */
static enum ldr_status gunzip(const uint8_t *file, size_t bytes, uint8_t **ret_memory,
                              size_t *ret_bytes, struct ldr_report *report)
{
    struct ldr_gzip gzip;
    enum ldr_status status = ldr_gzip_read(&gzip, NAME, file, bytes, report);

    *ret_memory = NULL;
    if (status != LDR_OK)
        return status;
    *ret_memory = malloc(gzip.bytes ? gzip.bytes : 1);
    *ret_bytes = gzip.bytes;
    return ldr_gzip_inflate(&gzip, *ret_memory, report);
}

static void comes_out_whole(const struct sample *sample)
{
    struct ldr_report report = {0};
    uint8_t *memory;
    size_t bytes;

    assert_true(ldr_gzip_is(sample->file, sample->bytes));
    if (gunzip(sample->file, sample->bytes, &memory, &bytes, &report) != LDR_OK)
        fail_msg("refused: %s", report.text);
    assert_int_equal(bytes, sample->plain_bytes);
    assert_memory_equal(memory, sample->plain, bytes);
    free(memory);
}

/* One line that names the file, says why, and what to do about it. */
static void check_text(const char *text, const char *why)
{
    if (strncmp(text, NAME ": ", strlen(NAME) + 2) != 0 || strstr(text, why) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", why, text);
    assert_non_null(strstr(text, "; "));
    assert_true(strlen(text) < LDR_REPORT_BYTES - 1);
    for (const char *c = text; *c != '\0'; c++)
        assert_in_range(*c, ' ', '~');
}

static void is_refused(const uint8_t *file, size_t bytes, const char *why)
{
    struct ldr_report report = {0};
    uint8_t *copy = malloc(bytes ? bytes : 1), *memory;
    size_t ignored;

    memcpy(copy, file, bytes);
    assert_int_equal(gunzip(copy, bytes, &memory, &ignored, &report), LDR_BAD_KERNEL);
    check_text(report.text, why);
    free(memory);
    free(copy);
}

/* ---- what gzip makes ------------------------------------------------------- */

/* Sizes about what DEFLATE counts in: nothing, a byte, the longest match, a stored block, the
 * window, several blocks. */
static void every_size_and_level(void **state)
{
    static const size_t size[] = {0, 1, 2, 258, 259, 4096, 32768, 32769, 65535, 65536, 300000};
    static const char *const flags[] = {"-1 -n", "-6 -n", "-9"};

    (void)state;
    for (unsigned i = 0; i < sizeof size / sizeof size[0]; i++)
        for (unsigned how = 0; how < 3; how++)
            for (unsigned level = 0; level < sizeof flags / sizeof flags[0]; level++) {
                struct sample sample;
                fill(&sample, size[i], how);
                compress_with(&sample, flags[level]);
                comes_out_whole(&sample);
                drop(&sample);
            }
}

/* A header with every part that there may be, and its own CRC, put before a plain one's
 * stream; the CRC of these 28 bytes is known from another implementation (zlib). */
static void a_header_with_all_parts(void **state)
{
    static const uint8_t header[] = {0x1f, 0x8b, 8,   0x1f, 1,   2,   3,   4,   2,   3,
                                     4,    0,    'e', 'x',  't', 'r', 'n', 'a', 'm', 'e',
                                     0,    'a',  ' ', 'n',  'o', 't', 'e', 0};
    static const uint16_t crc = 0x76e5;
    struct sample sample;
    uint8_t file[4096];

    (void)state;
    fill(&sample, 1000, 1);
    compress_with(&sample, "-n");
    size_t rest = sample.bytes - 10, bytes = sizeof header + 2 + rest;
    memcpy(file, header, sizeof header);
    file[sizeof header] = (uint8_t)crc;
    file[sizeof header + 1] = crc >> 8;
    memcpy(file + sizeof header + 2, sample.file + 10, rest);
    struct sample whole = sample;
    whole.file = file;
    whole.bytes = bytes;
    comes_out_whole(&whole);

    for (unsigned at = 4; at < sizeof header + 2; at++) {
        file[at] ^= 0x20;
        is_refused(file, bytes, "gzip");
        file[at] ^= 0x20;
    }
    file[sizeof header] ^= 1;
    is_refused(file, bytes, "its header has another CRC");
    drop(&sample);
}

/* ---- what is no gzip file --------------------------------------------------- */

static void others_are_not_taken_for_gzip(void **state)
{
    static const uint8_t elf[20] = {0x7f, 'E', 'L', 'F'}, magic[] = {0x1f, 0x8b, 8};

    (void)state;
    assert_false(ldr_gzip_is(elf, sizeof elf));
    assert_false(ldr_gzip_is(elf, 0));
    assert_false(ldr_gzip_is(magic, 1));
    assert_true(ldr_gzip_is(magic, 2));
    is_refused(elf, sizeof elf, "not a gzip file");
    is_refused(elf, 0, "not a gzip file");
    is_refused(magic, 3, "shorter than the shortest");
}

static void unknown_kinds(void **state)
{
    struct sample sample;

    (void)state;
    fill(&sample, 100, 1);
    compress_with(&sample, "-n");
    for (unsigned method = 0; method < 256; method++) {
        sample.file[2] = (uint8_t)method;
        if (method != 8)
            is_refused(sample.file, sample.bytes, "unknown kind");
    }
    sample.file[2] = 8;
    for (unsigned bit = 5; bit < 8; bit++) {
        sample.file[3] = (uint8_t)(1 << bit);
        is_refused(sample.file, sample.bytes, "unknown kind");
    }
    drop(&sample);
}

/* ---- damage ----------------------------------------------------------------- */

static void every_truncation(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        struct sample sample;
        fill(&sample, 3000, how);
        compress_with(&sample, "-9");
        for (size_t length = 0; length < sample.bytes; length++)
            is_refused(sample.file, length, "");
        drop(&sample);
    }
}

/* The file with one bit flipped: refused, or what comes out is right all the same. */
static int flipped_is_refused(const struct sample *sample, size_t bit)
{
    struct ldr_report report = {0};
    uint8_t *memory;
    size_t bytes;

    sample->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    enum ldr_status status = gunzip(sample->file, sample->bytes, &memory, &bytes, &report);
    sample->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (status != LDR_OK) {
        check_text(report.text, "");
    } else {
        assert_int_equal(bytes, sample->plain_bytes);
        assert_memory_equal(memory, sample->plain, bytes);
    }
    free(memory);
    return status != LDR_OK;
}

/* A few bits mean nothing to the contents: time and system, which fill the header from its
 * fifth byte on, one flag, what fills up the stream's last byte, and lengths of codes that the
 * stream never uses.  Those of magic number, method and trailer all count. */
static void every_flipped_bit(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        struct sample sample;
        size_t accepted = 0;
        fill(&sample, 1500, how);
        compress_with(&sample, "-n");
        for (size_t bit = 0; bit < 8 * sample.bytes; bit++) {
            size_t at = bit / 8;
            if (flipped_is_refused(&sample, bit))
                continue;
            assert_in_range(at, 3, sample.bytes - 9);
            accepted += at < 4 || at > 9;
        }
        assert_in_range(accepted, 1, 20);
        drop(&sample);
    }
}

/* Streams that are noise from some byte on; the seed is the byte. */
static void noise_behind_a_good_start(void **state)
{
    struct sample sample;

    (void)state;
    fill(&sample, 4000, 1);
    compress_with(&sample, "-9 -n");
    for (uint32_t seed = 1; seed < 2000; seed++) {
        uint8_t *file = malloc(sample.bytes);
        uint32_t random = seed;
        memcpy(file, sample.file, sample.bytes);
        for (size_t at = 10 + seed % (sample.bytes - 20); at < sample.bytes - 8; at++) {
            random = random * 1664525 + 1013904223;
            file[at] = (uint8_t)(random >> 24);
        }
        is_refused(file, sample.bytes, "gzip");
        free(file);
    }
    drop(&sample);
}

/* ---- lies ------------------------------------------------------------------- */

static void set_length(struct sample *sample, uint32_t length)
{
    for (unsigned i = 0; i < 4; i++)
        sample->file[sample->bytes - 4 + i] = (uint8_t)(length >> 8 * i);
}

/* A bomb is refused before memory is asked for, one that hides its size at its first byte too
 * many. */
static void bombs(void **state)
{
    struct sample sample;

    (void)state;
    fill(&sample, 1000000, 0);
    compress_with(&sample, "-9 -n");
    comes_out_whole(&sample);
    set_length(&sample, 999999);
    is_refused(sample.file, sample.bytes, "holds more than its end promises");
    set_length(&sample, 1);
    is_refused(sample.file, sample.bytes, "holds more than its end promises");
    set_length(&sample, 0);
    is_refused(sample.file, sample.bytes, "holds more than its end promises");
    set_length(&sample, 1000001);
    is_refused(sample.file, sample.bytes, "holds less than its end promises");
    set_length(&sample, 0x7fffffff);
    is_refused(sample.file, sample.bytes, "promises more than it can hold");
    set_length(&sample, 0x80000000);
    is_refused(sample.file, sample.bytes, "too large for gzip");
    set_length(&sample, UINT32_MAX);
    is_refused(sample.file, sample.bytes, "too large for gzip");
    drop(&sample);
}

static void joined_files(void **state)
{
    struct sample one;

    (void)state;
    fill(&one, 2000, 1);
    compress_with(&one, "-n");
    uint8_t *two = malloc(2 * one.bytes);
    memcpy(two, one.file, one.bytes);
    memcpy(two + one.bytes, one.file, one.bytes);
    two[2 * one.bytes - 4] ^= 1; /* the second one has another length */
    is_refused(two, 2 * one.bytes, "or is several in one");
    free(two);
    drop(&one);
}

static void wrong_crc(void **state)
{
    struct sample sample;

    (void)state;
    fill(&sample, 2000, 1);
    compress_with(&sample, "-n");
    sample.file[sample.bytes - 8] ^= 1;
    is_refused(sample.file, sample.bytes, "another CRC-32");
    drop(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_and_level),
        cmocka_unit_test(a_header_with_all_parts),
        cmocka_unit_test(others_are_not_taken_for_gzip),
        cmocka_unit_test(unknown_kinds),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(every_flipped_bit),
        cmocka_unit_test(noise_behind_a_good_start),
        cmocka_unit_test(bombs),
        cmocka_unit_test(joined_files),
        cmocka_unit_test(wrong_crc),
    };

    return cmocka_run_group_tests_name("gunzip", tests, make_folder, remove_folder);
}
