/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatting gives what the C library's snprintf() gives, for everything that it
 * knows, in every size of buffer; refusals and log lines are one line of ASCII.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/report.h"

#define BUFFER 200

/* The same arguments through both, in a buffer of each size up to the whole. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        char expected[BUFFER];                                                                     \
        int length = snprintf(expected, sizeof expected, __VA_ARGS__);                             \
        for (int bytes = 0; bytes <= length + 2; bytes++) {                                        \
            char *actual = malloc((size_t)bytes + 1);                                              \
            memset(actual, '~', (size_t)bytes + 1);                                                \
            assert_int_equal(ldr_format(actual, (size_t)bytes, __VA_ARGS__), length);              \
            check_cut(actual, bytes, expected, length);                                            \
            free(actual);                                                                          \
        }                                                                                          \
    } while (0)

static void check_cut(const char *actual, int bytes, const char *expected, int length)
{
    int kept = bytes == 0 ? 0 : length < bytes ? length : bytes - 1;

    assert_memory_equal(actual, expected, (size_t)kept);
    if (bytes > 0)
        assert_int_equal(actual[kept], '\0');
    assert_int_equal(actual[bytes], '~');
}

static void text(void **state)
{
    (void)state;
    SAME("plain");
    SAME("%s", "");
    SAME("a%sb", "text");
    SAME("%3s|%4s|%9s", "text", "text", "text");
    SAME("%c%c", 'o', 'k');
    SAME("%3c", 'x');
    SAME("100%%");
}

static void slices(void **state)
{
    (void)state;
    SAME("<%.*s>", 4, "slices are not terminated");
    SAME("<%.*s>", 0, "x");
    SAME("<%.*s>", 9, "short");
    SAME("<%7.*s>", 2, "abc");

    /* Beyond the slice lies nothing that may be read. */
    char *exact = malloc(3);
    memcpy(exact, "abc", 3);
    SAME("%.*s", 3, exact);
    free(exact);
}

/* A slice without text may have no address; one longer than an int prints nothing. */
static void odd_slices(void **state)
{
    char buffer[BUFFER];
    const char *volatile nowhere = NULL; /* hidden from the compiler, which would warn */

    (void)state;
    assert_int_equal(ldr_format(buffer, sizeof buffer, "<%.*s>", 0, nowhere), 2);
    assert_string_equal(buffer, "<>");
    assert_int_equal(ldr_format(buffer, sizeof buffer, "<%.*s>", -1, "text"), 2);
    assert_string_equal(buffer, "<>");
}

static void numbers(void **state)
{
    (void)state;
    SAME("%u %u %u", 0u, 10u, UINT32_MAX);
    SAME("%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
    SAME("%x %x", 0u, 0xdeadbeefu);
    SAME("%lu %ld %lx", UINT64_MAX, INT64_MIN, UINT64_MAX);
    SAME("%llu %lld %llx", (unsigned long long)UINT64_MAX, (long long)INT64_MIN, 0xabcull);
    SAME("%zu %zx", (size_t)12345, SIZE_MAX);
    SAME("%zd", (ptrdiff_t)-7);
}

static void widths(void **state)
{
    (void)state;
    SAME("%5u|%05u|%1u", 42u, 42u, 42u);
    SAME("%5d|%05d|%05d", -42, -42, 42);
    SAME("%016lx|%16lx", UINT64_C(0xffff800000000000) >> 8, UINT64_C(0x1000));
    SAME("%40lu|%040lu", UINT64_MAX, UINT64_MAX);
    SAME("%02x:%02x", 0u, 255u);
}

/* Arguments are taken in their own sizes, in whatever order they come. */
static void mixed(void **state)
{
    (void)state;
    SAME("%s, line %u: 0x%lx to 0x%016lx, %d of %zu%c", "f.elf", 7u, UINT64_C(1) << 40, UINT64_MAX,
         -3, (size_t)9, '.');
    SAME("%d %ld %d %lld %c %s %.*s %u %lu", 1, 2L, 3, 4LL, '5', "6", 1, "7", 8u, 9UL);
}

static void random_numbers(void **state)
{
    unsigned seed = 20;

    (void)state;
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < 2000; i++) {
        uint64_t value = ((uint64_t)random() << 33 ^ (uint64_t)random()) >> (random() % 64);
        SAME("%lu %ld %lx %u %d %x", value, (int64_t)value, value, (unsigned)value, (int)value,
             (unsigned)value);
    }
}

/* What is not known stands in the output as it is, with all behind it. */
static void unknown_conversions(void **state)
{
    static const char *const format[] = {"%p and %s", "%-5d", "%.3s", "%f", "%hu", "ends with %"};
    char buffer[BUFFER];

    (void)state;
    for (size_t i = 0; i < sizeof format / sizeof format[0]; i++) {
        /* Through a pointer, since the compiler would warn of what this test is about. */
        size_t (*function)(char *, size_t, const char *, ...) = ldr_format;
        assert_int_equal(function(buffer, sizeof buffer, format[i], "x", "y"), strlen(format[i]));
        assert_string_equal(buffer, format[i]);
    }
}

static void refusal(void **state)
{
    struct ldr_report report;

    (void)state;
    assert_int_equal(ldr_refuse(&report, LDR_BAD_REQUEST, "%s: request %u", "k", 3u),
                     LDR_BAD_REQUEST);
    assert_int_equal(report.status, LDR_BAD_REQUEST);
    assert_string_equal(report.text, "k: request 3");
}

/* A name from a disk may hold anything, and the console obeys control characters. */
static void refusal_is_ascii(void **state)
{
    struct ldr_report report;

    (void)state;
    assert_int_equal(ldr_refuse(&report, LDR_NOT_FOUND, "%s not there", "a\nb\x1b[2Jc\x7f\xc3\xa9"),
                     LDR_NOT_FOUND);
    assert_string_equal(report.text, "a?b?[2Jc??? not there");
}

/* A line that is as long as the report is whole, and a longer one shows that it
 * was cut. */
static void refusal_is_cut(void **state)
{
    char name[2 * LDR_REPORT_BYTES];
    struct ldr_report report;

    (void)state;
    memset(name, 'n', sizeof name);
    (void)ldr_refuse(&report, LDR_NOT_FOUND, "%.*s", LDR_REPORT_BYTES - 1, name);
    assert_int_equal(strlen(report.text), LDR_REPORT_BYTES - 1);
    assert_string_equal(report.text + LDR_REPORT_BYTES - 5, "nnnn");

    (void)ldr_refuse(&report, LDR_NOT_FOUND, "%.*s", LDR_REPORT_BYTES, name);
    assert_int_equal(strlen(report.text), LDR_REPORT_BYTES - 1);
    assert_string_equal(report.text + LDR_REPORT_BYTES - 5, "n...");
}

static void keep_line(void *context, const char *line)
{
    snprintf(context, BUFFER, "%s", line);
}

static void log_line(void **state)
{
    char line[BUFFER];
    struct ldr_log log = {keep_line, line};

    (void)state;
    ldr_say(&log, "%s: %d\r\n", "module", -1);
    assert_string_equal(line, "module: -1??");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),           cmocka_unit_test(slices),
        cmocka_unit_test(odd_slices),     cmocka_unit_test(numbers),
        cmocka_unit_test(widths),         cmocka_unit_test(mixed),
        cmocka_unit_test(random_numbers), cmocka_unit_test(unknown_conversions),
        cmocka_unit_test(refusal),        cmocka_unit_test(refusal_is_ascii),
        cmocka_unit_test(refusal_is_cut), cmocka_unit_test(log_line),
    };

    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
