/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows where requests are found in a loaded image and where they are not, what
 * is refused and with which words, and that nothing behind the image is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "loader/tests/requests_kernel.h"
#include "pagetables/pagetables.h"

#define COMMON UINT64_C(0xc7b1dd30df4c8b88), UINT64_C(0x0a82e883a194f07b)

static void a_kernel_that_asks_for_nothing(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_found(kernel);
    assert_int_equal(kernel->requests.base_revision, 0);
    assert_false(kernel->requests.tagged);
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        assert_false(kernel->requests.present[i]);
    assert_int_equal(kernel->requests.stack_bytes, 65536);
    assert_int_equal(kernel->requests.entry, REQUESTS_BASE + 0x10);
    assert_int_equal(kernel->lines, 0);
}

static void every_feature_is_found_at_its_place(void **state)
{
    struct requests_kernel *kernel = *state;
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        requests_put_feature(kernel, REQUESTS_DATA + 0x80 * i, (enum ldr_feature)i, 0);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x80 * LDR_ENTRY_POINT + 48, REQUESTS_BASE + 0x20);
    requests_found(kernel);
    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        assert_true(kernel->requests.present[i]);
        assert_int_equal(kernel->requests.request[i], REQUESTS_DATA + 0x80 * i);
    }
    assert_int_equal(kernel->lines, 0);
}

static void every_feature_has_its_own_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        for (unsigned other = 0; other < i; other++)
            assert_string_not_equal(ldr_feature_name((enum ldr_feature)i),
                                    ldr_feature_name((enum ldr_feature)other));
}

static void only_aligned_file_backed_places_are_searched(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_feature(kernel, REQUESTS_DATA + 4, LDR_HHDM, 0);     /* unaligned */
    requests_put_feature(kernel, 0x1100, LDR_MEMMAP, 0);              /* between segments */
    requests_put_feature(kernel, REQUESTS_ZERO, LDR_RSDP, 0);         /* zeros of the segment */
    requests_put_feature(kernel, REQUESTS_END + 0x10, LDR_SMBIOS, 0); /* behind the last */
    requests_put_feature(kernel, REQUESTS_TEXT, LDR_FRAMEBUFFER, 0);  /* first place there is */
    requests_put_feature(kernel, 0x1000 - 48, LDR_DATE_AT_BOOT, 0);   /* last place of the text */
    requests_found(kernel);
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        assert_int_equal(kernel->requests.present[i],
                         i == LDR_FRAMEBUFFER || i == LDR_DATE_AT_BOOT);
}

/* A segment needn't start at a multiple of 8; the places are multiples in virtual memory. */
static void alignment_is_that_of_addresses(void **state)
{
    struct requests_kernel *kernel = *state;
    struct ldr_segment *data = &kernel->image.segment[1];
    data->virt += 3;
    data->bytes -= 3;
    data->file_bytes -= 3;
    requests_put_feature(kernel, REQUESTS_DATA + 8, LDR_HHDM, 0);
    requests_put_feature(kernel, REQUESTS_DATA + 0x103, LDR_MEMMAP, 0);
    requests_found(kernel);
    assert_true(kernel->requests.present[LDR_HHDM]);
    assert_false(kernel->requests.present[LDR_MEMMAP]);
}

/* Base tag (24 bytes), end marker (16) and request (48) may each be the last bytes. */
static void the_last_bytes_of_the_image(void **state)
{
    struct requests_kernel *kernel = *state;
    struct ldr_segment *data = &kernel->image.segment[1];
    data->bytes = data->file_bytes = REQUESTS_BYTES - REQUESTS_DATA;
    requests_put_tag(kernel, REQUESTS_BYTES - 24, 6);
    requests_found(kernel);
    assert_true(kernel->requests.tagged);
    assert_int_equal(kernel->requests.tag, REQUESTS_BYTES - 24);
    assert_int_equal(kernel->requests.base_revision, 6);

    memset(kernel->memory, 0, REQUESTS_BYTES);
    requests_put_feature(kernel, REQUESTS_BYTES - 64, LDR_HHDM, 0);
    requests_put_end(kernel, REQUESTS_BYTES - 16);
    requests_found(kernel);
    assert_true(kernel->requests.present[LDR_HHDM]);

    memset(kernel->memory, 0, REQUESTS_BYTES);
    requests_put_feature(kernel, REQUESTS_BYTES - 48, LDR_HHDM, 0);
    requests_found(kernel);
    assert_int_equal(kernel->requests.request[LDR_HHDM], REQUESTS_BYTES - 48);

    /* A first word alone is nothing, and nothing behind it is read. */
    memset(kernel->memory, 0, REQUESTS_BYTES);
    const uint64_t first[] = {UINT64_C(0xc7b1dd30df4c8b88), UINT64_C(0xf9562b2d5c95a6c8),
                              UINT64_C(0xf6b8f4b39de7d1ae), UINT64_C(0xadc0e0531bb10d03)};
    for (unsigned i = 0; i < 4; i++) {
        REQUESTS_PUT(kernel, REQUESTS_BYTES - 8, first[i]);
        requests_found(kernel);
    }
}

static void a_request_may_end_in_the_zeros_behind_the_file(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_feature(kernel, REQUESTS_ZERO - 40, LDR_HHDM, 0);
    requests_found(kernel);
    assert_true(kernel->requests.present[LDR_HHDM]);
}

static void what_the_end_cuts_off_is_refused(void **state)
{
    struct requests_kernel *kernel = *state;
    for (unsigned left = 16; left < 48; left += 8) {
        memset(kernel->memory, 0, REQUESTS_BYTES);
        REQUESTS_PUT(kernel, 0x1000 - left, COMMON);
        requests_refused(kernel, "is cut off after");
    }
    const struct {
        enum ldr_feature feature;
        unsigned bytes, revision;
        const char *name;
    } request[] = {
        {LDR_HHDM, 48, 0, "for HHDM is cut off after 40 bytes"},
        {LDR_STACK_SIZE, 56, 0, "for stack size is cut off after 48 bytes"},
        {LDR_ENTRY_POINT, 56, 0, "for entry point is cut off after 48 bytes"},
        {LDR_MODULE, 48, 0, "for module is cut off after 40 bytes"},
        {LDR_MODULE, 64, 1, "for module is cut off after 56 bytes"},
    };
    for (unsigned i = 0; i < sizeof request / sizeof *request; i++) {
        struct ldr_segment *data = &kernel->image.segment[1];
        uint64_t at = REQUESTS_DATA + 0x100;
        memset(kernel->memory, 0, REQUESTS_BYTES);
        requests_put_feature(kernel, at, request[i].feature, request[i].revision);
        data->bytes = data->file_bytes = 0x100 + request[i].bytes - 8;
        requests_refused(kernel, request[i].name);
        data->bytes = data->file_bytes = 0x100 + request[i].bytes;
        if (request[i].feature == LDR_ENTRY_POINT)
            REQUESTS_PUT(kernel, at + 48, REQUESTS_BASE);
        requests_found(kernel);
    }
    memset(kernel->memory, 0, REQUESTS_BYTES);
    requests_put_tag(kernel, 0x1000 - 16, 3);
    requests_refused(kernel, "tag at 0xffffffff80000ff0 (segment 0, file offset 0xff0) is cut off");
}

static void every_base_revision(void **state)
{
    struct requests_kernel *kernel = *state;
    for (uint64_t revision = 0; revision <= 6; revision++) {
        requests_put_tag(kernel, REQUESTS_DATA, revision);
        requests_found(kernel);
        assert_true(kernel->requests.tagged);
        assert_int_equal(kernel->requests.tag, REQUESTS_DATA);
        assert_int_equal(kernel->requests.base_revision, revision);
    }
    requests_put_tag(kernel, REQUESTS_DATA, 7);
    requests_refused(kernel, "base revision 7, but this loader knows 0 to 6");
    requests_put_tag(kernel, REQUESTS_DATA, UINT64_MAX);
    requests_refused(kernel, "base revision 18446744073709551615");
}

static void two_tags(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_tag(kernel, REQUESTS_DATA, 3);
    requests_put_tag(kernel, REQUESTS_DATA + 0x40, 3);
    requests_refused(kernel,
                     "two base revision tags, at 0xffffffff80002000 (segment 1, file offset 0x0) "
                     "and 0xffffffff80002040 (segment 1, file offset 0x40): keep");
}

static void a_request_twice(void **state)
{
    struct requests_kernel *kernel = *state;
    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        memset(kernel->memory, 0, REQUESTS_BYTES);
        requests_put_feature(kernel, REQUESTS_DATA, (enum ldr_feature)i, 0);
        requests_put_feature(kernel, REQUESTS_DATA + 0x100, (enum ldr_feature)i, 0);
        requests_refused(kernel, "(segment 1, file offset 0x100) is the second one");
        assert_non_null(strstr(kernel->report.text, ldr_feature_name((enum ldr_feature)i)));
    }
    /* Unknown to this loader, and twice all the same. */
    memset(kernel->memory, 0, REQUESTS_BYTES);
    REQUESTS_PUT(kernel, REQUESTS_DATA, COMMON, 0xabc, 0xdef);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x100, COMMON, 0xabc, 0xdee);
    requests_found(kernel);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x200, COMMON, 0xabc, 0xdef);
    requests_refused(kernel, "the feature 0000000000000abc 0000000000000def");
}

static void unknown_features_are_named_in_the_log(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_feature(kernel, REQUESTS_DATA, LDR_HHDM, 0);
    /* Device tree, which this loader doesn't answer. */
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x100, COMMON, UINT64_C(0xb40ddb48fb54bac7),
                 UINT64_C(0x545081493f81ffb7));
    requests_found(kernel);
    assert_int_equal(kernel->lines, 1);
    assert_non_null(strstr(kernel->line, "kernel.elf: "));
    assert_non_null(strstr(kernel->line, "b40ddb48fb54bac7 545081493f81ffb7"));
    assert_non_null(strstr(kernel->line, "0xffffffff80002100"));
}

static void too_many_unknown_features(void **state)
{
    struct requests_kernel *kernel = *state;
    for (uint64_t i = 0; i < 64; i++)
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48 * i, COMMON, 1, i);
    requests_found(kernel);
    assert_int_equal(kernel->lines, 64);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48 * 64, COMMON, 1, 64);
    requests_refused(kernel, "is number 65 for a feature");
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Requests in random slots, and markers in random slots between them; the oracle
 * knows from the slots alone what has to come out. */
static void random_layouts(void **state)
{
    struct requests_kernel *kernel = *state;
    const char *given = getenv("LDR_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) | 1;
    print_message("LDR_SEED=%#llx\n", (unsigned long long)seed);
    enum { SLOT = 0x80, SLOTS = 0x1000 / SLOT };
    for (unsigned round = 0; round < 5000; round++) {
        int slot_of[LDR_FEATURES], start = -1, end = SLOTS;
        memset(kernel->memory, 0, REQUESTS_BYTES);
        memset(slot_of, -1, sizeof slot_of);
        for (int slot = 0; slot < SLOTS; slot++) {
            uint64_t at = REQUESTS_DATA + (uint64_t)slot * SLOT;
            unsigned what = (unsigned)(next_random(&seed) % (2 * LDR_FEATURES));
            if (what < LDR_FEATURES && what != LDR_ENTRY_POINT && slot_of[what] < 0) {
                requests_put_feature(kernel, at, (enum ldr_feature)what, 0);
                slot_of[what] = slot;
            } else if (what == 2 * LDR_FEATURES - 1) {
                requests_put_start(kernel, at);
                start = slot;
            } else if (what == 2 * LDR_FEATURES - 2) {
                requests_put_end(kernel, at);
                end = slot < end ? slot : end;
            }
        }
        if (start > end) {
            requests_refused(kernel, "lies behind their first end marker");
            continue;
        }
        requests_found(kernel);
        for (unsigned i = 0; i < LDR_FEATURES; i++) {
            assert_int_equal(kernel->requests.present[i], slot_of[i] > start && slot_of[i] < end);
            if (kernel->requests.present[i])
                assert_int_equal(kernel->requests.request[i], REQUESTS_DATA + slot_of[i] * SLOT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KERNEL(a_kernel_that_asks_for_nothing),
        WITH_KERNEL(every_feature_is_found_at_its_place),
        cmocka_unit_test(every_feature_has_its_own_name),
        WITH_KERNEL(only_aligned_file_backed_places_are_searched),
        WITH_KERNEL(alignment_is_that_of_addresses),
        WITH_KERNEL(the_last_bytes_of_the_image),
        WITH_KERNEL(a_request_may_end_in_the_zeros_behind_the_file),
        WITH_KERNEL(what_the_end_cuts_off_is_refused),
        WITH_KERNEL(every_base_revision),
        WITH_KERNEL(two_tags),
        WITH_KERNEL(a_request_twice),
        WITH_KERNEL(unknown_features_are_named_in_the_log),
        WITH_KERNEL(too_many_unknown_features),
        WITH_KERNEL(random_layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
