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
    const uint64_t text = REQUESTS_BASE + REQUESTS_DATA + 0x300;
    struct ldr_internal_module found;
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x100, module, module + 24);
    memcpy(kernel->memory + REQUESTS_DATA + 0x300, "a/b\0one two", 12);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x200, text, text + 4, 1);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x218, text, 0, 2);

    put_modules(kernel, 0, UINT64_MAX, 1); /* revision 0 has no such words */
    requests_found(kernel);
    put_modules(kernel, 1, 0, 1);
    requests_found(kernel);
    assert_int_equal(kernel->lines, 0);
    put_modules(kernel, 1, 2, list);
    requests_found(kernel);
    assert_int_equal(kernel->lines, 0);
    assert_int_equal(kernel->requests.internal_count, 2);
    ldr_internal_module(&found, &kernel->requests, &kernel->image, kernel->memory, 0);
    assert_string_equal(found.path, "a/b");
    assert_string_equal(found.string, "one two");
    assert_true(found.required && !found.compressed);
    ldr_internal_module(&found, &kernel->requests, &kernel->image, kernel->memory, 1);
    assert_string_equal(found.path, "a/b");
    assert_string_equal(found.string, "");
    assert_true(!found.required && found.compressed);

    const uint64_t outside[] = {0, REQUESTS_BASE + 0x1000, REQUESTS_BASE + REQUESTS_END - 16,
                                UINT64_MAX};
    for (unsigned i = 0; i < 4; i++) {
        REQUESTS_PUT(kernel, REQUESTS_DATA + 0x108, outside[i]);
        requests_refused(kernel, "internal module 1 of the module request is at 0x");
    }
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x108, module + 24);
    for (unsigned i = 0; i < 4; i++) {
        REQUESTS_PUT(kernel, REQUESTS_DATA + 0x218, outside[i] == 0 ? 0 : outside[i] + 16);
        requests_refused(kernel, "internal module 1 of the module request has its path at 0x");
    }
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x218, text, 1);
    requests_refused(kernel, "internal module 1 of the module request has its string at 0x1,");
    /* A text that is cut off by the end of its segment. */
    memset(kernel->memory + REQUESTS_END - 8, 'x', 8);
    REQUESTS_PUT(kernel, REQUESTS_DATA + 0x218, REQUESTS_BASE + REQUESTS_END - 8, 0);
    requests_refused(kernel, "has its path at 0x");
    kernel->memory[REQUESTS_END - 1] = 0;
    requests_found(kernel);
    put_modules(kernel, 1, 2, REQUESTS_BASE + REQUESTS_END - 8);
    requests_refused(kernel, "list of 2 internal modules at 0xffffffff800037f8 reaches outside");
    put_modules(kernel, 1, UINT64_MAX, list);
    requests_refused(kernel, "internal modules at");
    put_modules(kernel, 1, (UINT64_C(1) << 61) + 1, list); /* 8 times that is 8 */
    requests_refused(kernel, "internal modules at");
}

/* Without a request 4 levels are wanted and nothing else will do. */
/* Bit 0 alone is defined; others ask for nothing that is known. */
static void x2apic_mode(void **state)
{
    struct requests_kernel *kernel = *state;
    requests_found(kernel);
    assert_false(kernel->requests.x2apic);
    for (uint64_t flags = 0; flags < 4; flags++) {
        requests_put_feature(kernel, REQUESTS_DATA, LDR_MP, 0);
        REQUESTS_PUT(kernel, REQUESTS_DATA + 48, flags);
        requests_found(kernel);
        assert_true(kernel->requests.present[LDR_MP]);
        assert_int_equal(kernel->requests.x2apic, flags & 1);
    }
}

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
                ldr_levels_choose(&levels, &kernel->requests, &(struct ldr_level_limits){0}, has,
                                  "kernel.elf", &kernel->report);
            assert_int_equal(levels, row[i].chosen[has]); /* untouched by a refusal */
            assert_int_equal(status, levels ? LDR_OK : LDR_BAD_MACHINE);
            if (status != LDR_OK)
                assert_non_null(strstr(kernel->report.text,
                                       "kernel.elf: the kernel wants at least 5 levels of page "
                                       "tables, but the processor allows 4 at most: "));
        }
    }
}

/* What the owner wants comes before what the kernel prefers, but not before what it can do
 * with: all requests that make sense, with all limits that do, on both processors. */
static void paging_mode_with_limits(void **state)
{
    struct requests_kernel *kernel = *state;
    for (unsigned i = 0; i < 6 * 9 * 2; i++) {
        static const unsigned request[6][3] = {{4, 4, 4}, {4, 4, 5}, {4, 5, 5},
                                               {5, 4, 4}, {5, 4, 5}, {5, 5, 5}};
        static const unsigned limit[3] = {0, 4, 5};
        struct ldr_requests asked = {.levels = request[i % 6][0],
                                     .levels_least = request[i % 6][1],
                                     .levels_most = request[i % 6][2]};
        struct ldr_level_limits limits = {limit[i / 6 % 3], limit[i / 18 % 3]};
        bool has = i / 54;
        if (limits.most && limits.least > limits.most)
            continue;
        bool will_do[6] = {0};
        for (unsigned n = 4; n <= 5; n++)
            will_do[n] = n >= asked.levels_least && n <= asked.levels_most && n >= limits.least &&
                         (!limits.most || n <= limits.most) && (n == 4 || has);
        unsigned expected = will_do[asked.levels] ? asked.levels
                            : will_do[4]          ? 4
                            : will_do[5]          ? 5
                                                  : 0;
        unsigned levels = 0;
        enum ldr_status status =
            ldr_levels_choose(&levels, &asked, &limits, has, "kernel.elf", &kernel->report);
        assert_int_equal(levels, expected);
        assert_int_equal(status, expected ? LDR_OK : LDR_BAD_MACHINE);
    }
}

/* Who wants what is told. */
static void paging_mode_refusals(void **state)
{
    struct requests_kernel *kernel = *state;
    const struct {
        unsigned least, most; /* of the kernel */
        struct ldr_level_limits limits;
        bool has;
        const char *text;
    } row[] = {
        {4,
         4,
         {5, 5},
         true,
         "the configuration wants at least 5 levels of page tables, but the kernel allows 4"},
        {5,
         5,
         {0, 4},
         true,
         "the kernel wants at least 5 levels of page tables, but the "
         "configuration allows 4"},
        {4,
         5,
         {5, 0},
         false,
         "the configuration wants at least 5 levels of page tables, but the "
         "processor allows 4"},
        {5,
         5,
         {4, 4},
         false,
         "the kernel wants at least 5 levels of page tables, but the processor allows 4"},
    };
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct ldr_requests asked = {
            .levels = row[i].least, .levels_least = row[i].least, .levels_most = row[i].most};
        unsigned levels = 7;
        assert_int_equal(
            ldr_levels_choose(&levels, &asked, &row[i].limits, row[i].has, "k", &kernel->report),
            LDR_BAD_MACHINE);
        assert_int_equal(levels, 7);
        assert_non_null(strstr(kernel->report.text, row[i].text));
        assert_true(strlen(kernel->report.text) < LDR_REPORT_BYTES - 1);
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
    requests_refused(kernel, "for paging mode is cut off after 56 bytes");
    REQUESTS_PUT(kernel, REQUESTS_DATA + 48, 1, 1, 0);
    requests_put_end(kernel, REQUESTS_DATA + 72);
    requests_found(kernel);
    assert_int_equal(kernel->requests.levels, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KERNEL(stack_sizes),
        WITH_KERNEL(entry_points),
        WITH_KERNEL(internal_modules),
        WITH_KERNEL(x2apic_mode),
        WITH_KERNEL(no_paging_mode),
        WITH_KERNEL(paging_mode_of_revision_0),
        WITH_KERNEL(paging_mode_of_revision_1),
        WITH_KERNEL(paging_mode_with_limits),
        WITH_KERNEL(paging_mode_refusals),
        WITH_KERNEL(paging_modes_that_make_no_sense),
        WITH_KERNEL(a_paging_mode_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
