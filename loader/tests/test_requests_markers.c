/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the markers bound where requests and the base revision tag are found, and that markers
 * which contradict each other are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/requests_kernel.h"

/* HHDM stands before the markers, memory map between, RSDP behind. */
static void put_around_markers(struct requests_kernel *kernel)
{
    requests_put_feature(kernel, REQUESTS_DATA + 0x100, LDR_HHDM, 0);
    requests_put_feature(kernel, REQUESTS_DATA + 0x300, LDR_MEMMAP, 0);
    requests_put_feature(kernel, REQUESTS_DATA + 0x500, LDR_RSDP, 0);
}

static void assert_around(struct requests_kernel *kernel, bool before, bool between, bool behind)
{
    requests_found(kernel);
    assert_int_equal(kernel->requests.present[LDR_HHDM], before);
    assert_int_equal(kernel->requests.present[LDR_MEMMAP], between);
    assert_int_equal(kernel->requests.present[LDR_RSDP], behind);
}

static void markers_bound_the_search_at_every_revision(void **state)
{
    struct requests_kernel *kernel = *state;
    for (uint64_t revision = 0; revision <= 6; revision++) {
        memset(kernel->memory, 0, REQUESTS_BYTES);
        put_around_markers(kernel);
        requests_put_tag(kernel, REQUESTS_DATA + 0x380, revision);
        assert_around(kernel, true, true, true);
        requests_put_start(kernel, REQUESTS_DATA + 0x200);
        assert_around(kernel, false, true, true);
        requests_put_end(kernel, REQUESTS_DATA + 0x400);
        assert_around(kernel, false, true, false);
        assert_int_equal(kernel->requests.base_revision, revision);
        REQUESTS_PUT(kernel, REQUESTS_DATA + 0x200, 0);
        assert_around(kernel, true, true, false);
    }
}

/* As other loaders have it: a kernel whose tag is outside is one without, and its tag stays as
 * it was.  So the one between the markers counts, whatever else there is. */
static void markers_bound_the_tag(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_tag(kernel, REQUESTS_DATA + 0x100, 3);
    requests_put_tag(kernel, REQUESTS_DATA + 0x500, 5);
    requests_put_start(kernel, REQUESTS_DATA + 0x200);
    requests_put_end(kernel, REQUESTS_DATA + 0x400);
    requests_found(kernel);
    assert_false(kernel->requests.tagged);
    assert_int_equal(kernel->requests.base_revision, 0);
    requests_put_tag(kernel, REQUESTS_DATA + 0x300, 4);
    requests_found(kernel);
    assert_true(kernel->requests.tagged);
    assert_int_equal(kernel->requests.tag, REQUESTS_DATA + 0x300);
    assert_int_equal(kernel->requests.base_revision, 4);
    requests_put_tag(kernel, REQUESTS_DATA + 0x380, 4);
    requests_refused(kernel, "two base revision tags");
}

static void last_start_and_first_end(void **state)
{
    struct requests_kernel *kernel = *state;
    put_around_markers(kernel);
    requests_put_start(kernel, REQUESTS_TEXT);
    requests_put_start(kernel, REQUESTS_DATA + 0x200);
    requests_put_end(kernel, REQUESTS_DATA + 0x400);
    requests_put_end(kernel, REQUESTS_DATA + 0x700);
    assert_around(kernel, false, true, false);
}

/* The markers' own neighbours, on either side. */
static void requests_right_at_the_markers(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_feature(kernel, REQUESTS_DATA, LDR_HHDM, 0);
    requests_put_start(kernel, REQUESTS_DATA + 48);
    requests_put_feature(kernel, REQUESTS_DATA + 80, LDR_MEMMAP, 0);
    requests_put_end(kernel, REQUESTS_DATA + 128);
    requests_put_feature(kernel, REQUESTS_DATA + 144, LDR_RSDP, 0);
    assert_around(kernel, false, true, false);
}

/* Part of a marker is none. */
static void half_a_marker(void **state)
{
    struct requests_kernel *kernel = *state;
    put_around_markers(kernel);
    requests_put_start(kernel, REQUESTS_DATA + 0x200);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x200 + 24, 0);
    requests_put_end(kernel, REQUESTS_DATA + 0x400);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x400 + 8, 0);
    assert_around(kernel, true, true, true);
}

static void markers_the_wrong_way_round(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_end(kernel, REQUESTS_DATA);
    requests_put_start(kernel, REQUESTS_DATA + 0x10);
    requests_refused(
        kernel, "start marker at 0xffffffff80002010 (segment 1, file offset 0x10) lies behind");
    /* A later start marker would bind, so an end before it can't be meant. */
    memset(kernel->memory, 0, REQUESTS_BYTES);
    requests_put_start(kernel, REQUESTS_DATA);
    requests_put_end(kernel, REQUESTS_DATA + 0x100);
    requests_put_start(kernel, REQUESTS_DATA + 0x200);
    requests_put_end(kernel, REQUESTS_DATA + 0x300);
    requests_refused(kernel, "their first end marker at 0xffffffff80002100");
}

static void a_request_that_reaches_into_the_end_marker(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_feature(kernel, REQUESTS_DATA, LDR_HHDM, 0);
    requests_put_end(kernel, REQUESTS_DATA + 40);
    requests_refused(kernel, "cut off after 40 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KERNEL(markers_bound_the_search_at_every_revision),
        WITH_KERNEL(markers_bound_the_tag),
        WITH_KERNEL(last_start_and_first_end),
        WITH_KERNEL(requests_right_at_the_markers),
        WITH_KERNEL(half_a_marker),
        WITH_KERNEL(markers_the_wrong_way_round),
        WITH_KERNEL(a_request_that_reaches_into_the_end_marker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
