/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows what the requests for a stack size, an entry point, modules and a paging mode may
 * say, what is refused in them, and what is chosen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/requests_kernel.h"

static int make(void **state)
{
    *state = malloc(sizeof(struct requests_kernel));
    requests_kernel_make(*state);
    return 0;
}

static int unmake(void **state)
{
    requests_kernel_free(*state);
    free(*state);
    return 0;
}

static void stack_sizes(void **state)
{
    struct requests_kernel *kernel = *state;
    const uint64_t gib = UINT64_C(1) << 30;
    const struct {
        uint64_t asked, given;
    } row[] = {
        {0, 65536},           {1, 65536},           {65535, 65536}, {65536, 65536}, {65537, 69632},
        {0x100000, 0x100000}, {0x100fff, 0x101000}, {gib - 1, gib}, {gib, gib},
    };
    requests_put_feature(kernel, REQUESTS_DATA, LDR_STACK_SIZE, 0);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48, row[i].asked);
        requests_found(kernel);
        assert_int_equal(kernel->requests.stack_bytes, row[i].given);
    }
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, gib + 1);
    requests_refused(kernel, "stack size request asks for 1073741825 bytes");
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, UINT64_MAX);
    requests_refused(kernel, "stack size request");
}

static void entry_points(void **state)
{
    struct requests_kernel *kernel = *state;
    const uint64_t good[] = {0, 0x10, 0xfff};
    const uint64_t bad[] = {0x1000, REQUESTS_DATA, REQUESTS_ZERO, REQUESTS_BYTES, UINT64_MAX};
    requests_put_feature(kernel, REQUESTS_DATA, LDR_ENTRY_POINT, 0);
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48, REQUESTS_BASE + good[i]);
        requests_found(kernel);
        assert_int_equal(kernel->requests.entry, REQUESTS_BASE + good[i]);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48, REQUESTS_BASE + bad[i]);
        requests_refused(kernel, "which lies in no executable segment");
    }
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, 0);
    requests_refused(kernel, "entry point request gives 0x0");
}

/* A module request with `count` internal modules listed at `virt`. */
static void put_modules(struct requests_kernel *kernel, uint64_t revision, uint64_t count,
                        uint64_t virt)
{
    requests_put_feature(kernel, REQUESTS_DATA, LDR_MODULE, revision);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, count, virt);
}

static void internal_modules(void **state)
{
    struct requests_kernel *kernel = *state;
    const uint64_t list = REQUESTS_BASE + REQUESTS_DATA + 0x100;
    const uint64_t module = REQUESTS_BASE + REQUESTS_DATA + 0x200;
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x100, module, module + 24);

    put_modules(kernel, 0, UINT64_MAX, 1); /* revision 0 has no such words */
    requests_found(kernel);
    put_modules(kernel, 1, 0, 1);
    requests_found(kernel);
    assert_int_equal(kernel->lines, 0);
    put_modules(kernel, 1, 2, list);
    requests_found(kernel);
    assert_int_equal(kernel->lines, 1);
    assert_non_null(strstr(kernel->line, "names 2 internal modules, which are not loaded"));

    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x200 + 24 + 16, 2); /* compressed */
    requests_found(kernel);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x200 + 24 + 16, 3); /* and required */
    requests_refused(kernel, "internal module 1 of the module request is required");

    const uint64_t outside[] = {0, REQUESTS_BASE + 0x1000, REQUESTS_BASE + REQUESTS_END - 16,
                                UINT64_MAX};
    for (unsigned i = 0; i < 4; i++) {
        REQUESTS_PUT(kernel, REQUESTS_DATA + 0x108, outside[i]);
        requests_refused(kernel, "internal module 1 of the module request is at 0x");
    }
    put_modules(kernel, 1, 2, REQUESTS_BASE + REQUESTS_END - 8);
    requests_refused(kernel, "list of 2 internal modules at 0xffffffff800037f8 reaches outside");
    put_modules(kernel, 1, UINT64_MAX, list);
    requests_refused(kernel, "internal modules at");
    put_modules(kernel, 1, (UINT64_C(1) << 61) + 1, list); /* 8 times that is 8 */
    requests_refused(kernel, "internal modules at");
}

/* Without a request 4 levels are wanted and nothing else will do. */
static void no_paging_mode(void **state)
{
    struct requests_kernel *kernel = *state;
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, 1, 1, 1); /* words of no request */
    requests_found(kernel);
    assert_int_equal(kernel->requests.levels, 4);
    assert_int_equal(kernel->requests.levels_least, 4);
    assert_int_equal(kernel->requests.levels_most, 4);
}

/* Revision 0 has one word; what lies behind it is something else's. */
static void paging_mode_of_revision_0(void **state)
{
    struct requests_kernel *kernel = *state;
    for (unsigned mode = 0; mode < 2; mode++) {
        requests_put_feature(kernel, REQUESTS_DATA, LDR_PAGING_MODE, 0);
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48, mode, 77, 1);
        requests_found(kernel);
        assert_int_equal(kernel->requests.levels, 4 + mode);
        assert_int_equal(kernel->requests.levels_least, 4);
        assert_int_equal(kernel->requests.levels_most, 4 + mode);
    }
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, 2);
    requests_refused(kernel, "paging mode request's mode is 2, which is no paging mode");
}

/* Every request of revision 1 that makes sense, on both processors: mode, max_mode, min_mode, and
 * the levels chosen without and with 5-level paging, where 0 is a refusal. */
static void paging_mode_of_revision_1(void **state)
{
    struct requests_kernel *kernel = *state;
    const struct {
        uint64_t mode, max, min;
        unsigned chosen[2];
    } row[] = {
        {0, 0, 0, {4, 4}}, {0, 1, 0, {4, 4}}, {0, 1, 1, {0, 5}},
        {1, 0, 0, {4, 4}}, {1, 1, 0, {4, 5}}, {1, 1, 1, {0, 5}},
    };
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        requests_put_feature(kernel, REQUESTS_DATA, LDR_PAGING_MODE, 1 + i);
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48, row[i].mode, row[i].max, row[i].min);
        requests_found(kernel);
        for (unsigned has = 0; has < 2; has++) {
            unsigned levels = 0;
            enum ldr_status status =
                ldr_levels_choose(&levels, &kernel->requests, has, "kernel.elf", &kernel->report);
            assert_int_equal(levels, row[i].chosen[has]); /* untouched by a refusal */
            assert_int_equal(status, levels ? LDR_OK : LDR_BAD_MACHINE);
            if (status != LDR_OK)
                assert_non_null(strstr(kernel->report.text,
                                       "kernel.elf: the paging mode request wants at least 5 "
                                       "levels, but the processor has 4 at most"));
        }
    }
}

static void paging_modes_that_make_no_sense(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_feature(kernel, REQUESTS_DATA, LDR_PAGING_MODE, 1);
    for (unsigned mode = 0; mode < 2; mode++) {
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48, mode, 0, 1);
        requests_refused(kernel, "wants at least 5 levels and at most 4");
    }
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, UINT64_MAX, 1, 0);
    requests_refused(kernel, "request's mode is 18446744073709551615");
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, 0, 2, 0);
    requests_refused(kernel, "request's max_mode is 2");
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, 0, 0, UINT64_C(1) << 32);
    requests_refused(kernel, "request's min_mode is 4294967296");
}

/* Its length depends on its revision: 56 bytes, or 72. */
static void a_paging_mode_cut_off(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_put_feature(kernel, REQUESTS_DATA, LDR_PAGING_MODE, 0);
    requests_put_end(kernel, REQUESTS_DATA + 56);
    requests_found(kernel);
    requests_put_feature(kernel, REQUESTS_DATA, LDR_PAGING_MODE, 1);
    requests_refused(kernel, "(paging mode) is cut off after 56 bytes");
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, 1, 1, 0);
    requests_put_end(kernel, REQUESTS_DATA + 72);
    requests_found(kernel);
    assert_int_equal(kernel->requests.levels, 5);
}

#define WITH_KERNEL(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KERNEL(stack_sizes),
        WITH_KERNEL(entry_points),
        WITH_KERNEL(internal_modules),
        WITH_KERNEL(no_paging_mode),
        WITH_KERNEL(paging_mode_of_revision_0),
        WITH_KERNEL(paging_mode_of_revision_1),
        WITH_KERNEL(paging_modes_that_make_no_sense),
        WITH_KERNEL(a_paging_mode_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
