/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that ldr_regions_resolve() gives exactly the map that a byte-by-byte oracle
 * gives, for every pair of small regions and for random maps; and what a
 * kernel is told of each kind at each base revision, by tables written down from the
 * protocol.
 *
 * Arrays are allocated at exactly the size that the contract asks for, so
 * AddressSanitizer fails the test where more is used.  The random maps' seed
 * is printed; LDR_SEED in the environment repeats them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "loader/limine.h"
#include "loader/memmap.h"

/* The oracle's memory: so many pages, a page so many units, which stand for 1 KiB. */
#define PAGES         40
#define UNITS_IN_PAGE 4
#define UNITS         (PAGES * UNITS_IN_PAGE)
#define UNIT_BYTES    1024

/* A region of the oracle, in units. */
struct span {
    unsigned first, units;
    enum ldr_memory kind;
};

static bool whole_pages_only(enum ldr_memory kind)
{
    return kind == LDR_USABLE || kind == LDR_RECLAIMABLE;
}

/* Does the region count for a page?  Units are looked at one by one. */
static bool holds(const struct span *span, unsigned page)
{
    unsigned held = 0;
    for (unsigned unit = page * UNITS_IN_PAGE; unit < (page + 1) * UNITS_IN_PAGE; unit++)
        if (unit >= span->first && unit < span->first + span->units)
            held++;
    return whole_pages_only(span->kind) ? held == UNITS_IN_PAGE : held > 0;
}

/* What the map has to be; `ret_region` has room for PAGES. */
static size_t expect(const struct span *span, size_t count, struct ldr_region *ret_region)
{
    size_t regions = 0;
    int before = -1;
    for (unsigned page = 0; page < PAGES; page++) {
        int kind = -1;
        for (size_t i = 0; i < count; i++)
            if (holds(&span[i], page) && (int)span[i].kind > kind)
                kind = span[i].kind;
        if (kind >= 0 && kind == before)
            ret_region[regions - 1].bytes += 4096;
        else if (kind >= 0)
            ret_region[regions++] =
                (struct ldr_region){(uint64_t)page * 4096, 4096, (enum ldr_memory)kind};
        before = kind;
    }
    return regions;
}

static void assert_regions(const struct ldr_region *got, size_t got_count,
                           const struct ldr_region *want, size_t want_count)
{
    assert_int_equal(got_count, want_count);
    for (size_t i = 0; i < want_count; i++) {
        assert_int_equal(got[i].base, want[i].base);
        assert_int_equal(got[i].bytes, want[i].bytes);
        assert_int_equal(got[i].kind, want[i].kind);
    }
}

/* Resolves in arrays of exactly the promised sizes; the caller frees the result. */
static struct ldr_region *resolve(const struct ldr_region *region, size_t count, size_t *ret_count)
{
    struct ldr_region *copy = malloc(2 * count * sizeof *copy);
    uint64_t *scratch = malloc(2 * count * sizeof *scratch);
    memcpy(copy, region, count * sizeof *copy);
    *ret_count = ldr_regions_resolve(copy, count, scratch);
    free(scratch);
    return copy;
}

static void check_spans(const struct span *span, size_t count)
{
    struct ldr_region region[64], want[PAGES];
    for (size_t i = 0; i < count; i++)
        region[i] = (struct ldr_region){(uint64_t)span[i].first * UNIT_BYTES,
                                        (uint64_t)span[i].units * UNIT_BYTES, span[i].kind};
    size_t got_count;
    struct ldr_region *got = resolve(region, count, &got_count);
    assert_regions(got, got_count, want, expect(span, count, want));
    free(got);
}

/* Every pair of regions in three pages, for the kinds that differ in rounding and rank. */
static void every_pair_of_small_regions(void **state)
{
    (void)state;
    static const enum ldr_memory kind[] = {LDR_USABLE, LDR_RECLAIMABLE, LDR_RESERVED, LDR_GUARD};
    const unsigned units = 3 * UNITS_IN_PAGE;
    for (unsigned a = 0; a < units * units; a++)
        for (unsigned b = 0; b < units * units; b++)
            for (unsigned k = 0; k < 16; k++)
                check_spans((const struct span[]){{a / units, a % units, kind[k / 4]},
                                                  {b / units, b % units, kind[k % 4]}},
                            2);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void random_maps(void **state)
{
    (void)state;
    const char *given = getenv("LDR_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) | 1;
    print_message("LDR_SEED=%#llx\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 20000; round++) {
        struct span span[64];
        size_t count = 1 + next_random(&seed) % 24;
        for (size_t i = 0; i < count; i++) {
            span[i].first = (unsigned)(next_random(&seed) % UNITS);
            span[i].units = (unsigned)(next_random(&seed) % (UNITS - span[i].first));
            if (next_random(&seed) % 2 == 0)
                span[i].units %= 10;
            if (next_random(&seed) % 2 == 0) {
                span[i].first -= span[i].first % UNITS_IN_PAGE;
                span[i].units -= span[i].units % UNITS_IN_PAGE;
            }
            span[i].kind = (enum ldr_memory)(next_random(&seed) % LDR_MEMORY_KINDS);
        }
        check_spans(span, count);
    }
}

/* The bound of the contract is nearly reached: n nested regions leave 2n - 1. */
static void nested_regions_give_the_most(void **state)
{
    (void)state;
    struct ldr_region nested[LDR_MEMORY_KINDS];
    for (unsigned i = 0; i < LDR_MEMORY_KINDS; i++)
        nested[i] =
            (struct ldr_region){i * 4096, (uint64_t)(30 - 2 * i) * 4096, (enum ldr_memory)i};
    size_t count;
    struct ldr_region *got = resolve(nested, LDR_MEMORY_KINDS, &count);
    assert_int_equal(count, 2 * LDR_MEMORY_KINDS - 1);
    for (unsigned i = 0; i < LDR_MEMORY_KINDS; i++)
        assert_int_equal(got[count - 1 - i].kind, got[i].kind);
    assert_int_equal(got[LDR_MEMORY_KINDS - 1].kind, LDR_GUARD);
    free(got);
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    struct ldr_region region = {0x1234, 0, LDR_RESERVED};
    uint64_t scratch[2];
    assert_int_equal(ldr_regions_resolve(&region, 0, scratch), 0);
    /* An empty region doesn't grow into a page. */
    assert_int_equal(ldr_regions_resolve(&region, 1, scratch), 0);
}

static void regions_that_wrap_end_at_2_to_52(void **state)
{
    (void)state;
    const uint64_t end = UINT64_C(1) << 52;
    const struct ldr_region region[] = {
        {UINT64_MAX - 100, 50, LDR_BAD},          {end, 4096, LDR_RESERVED},
        {end - 0x5000, UINT64_MAX, LDR_RESERVED}, {end - 0x9800, 0x1000000, LDR_USABLE},
        {0x800, UINT64_MAX - 0x1000, LDR_USABLE},
    };
    const struct ldr_region want[] = {
        {0x1000, end - 0x6000, LDR_USABLE},
        {end - 0x5000, 0x5000, LDR_RESERVED},
    };
    size_t count;
    struct ldr_region *got = resolve(region, 5, &count);
    assert_regions(got, count, want, 2);
    free(got);
}

/* Many regions, in an order that is worst for simple sorts. */
static void a_long_descending_map(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct ldr_region *region = malloc(MANY * sizeof *region);
    for (unsigned i = 0; i < MANY; i++)
        region[i] = (struct ldr_region){(uint64_t)(MANY - i) * 0x2000, 0x1000, LDR_USABLE};
    size_t count;
    struct ldr_region *got = resolve(region, MANY, &count);
    assert_int_equal(count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(got[i].base, (uint64_t)(i + 1) * 0x2000);
        assert_int_equal(got[i].bytes, 0x1000);
    }
    free(got);
    free(region);
}

/* One row a kind, one digit a base revision from 0 to 6. */
static const struct {
    enum ldr_memory kind;
    const char *type;
    const char *in_direct_map;
} told[] = {
    {LDR_USABLE, "0000000", "yyyyyyy"},
    {LDR_RECLAIMABLE, "5555555", "yyyyyyy"},
    {LDR_ACPI_RECLAIMABLE, "2222222", "yyynyyy"},
    {LDR_RUNTIME, "1111188", "ynnnnyy"},
    {LDR_ACPI_NVS, "3333333", "yyynyyy"},
    {LDR_RESERVED, "1111111", "ynnnnnn"},
    {LDR_RESERVED_MAPPED, "1111888", "ynnnyyy"},
    {LDR_BAD, "4444444", "ynnnnnn"},
    {LDR_EXECUTABLE, "6666666", "yyyyyyy"},
    {LDR_FRAMEBUFFER_MEMORY, "7777777", "yyyyyyy"},
    {LDR_GUARD, "1111111", "nnnnnnn"},
};

static void every_kind_at_every_revision(void **state)
{
    (void)state;
    assert_int_equal(sizeof told / sizeof *told, LDR_MEMORY_KINDS);
    for (unsigned row = 0; row < LDR_MEMORY_KINDS; row++) {
        assert_int_equal(told[row].kind, row);
        for (unsigned revision = 0; revision <= LIMINE_BASE_REVISION_LAST; revision++) {
            assert_int_equal(ldr_kind_to_limine(told[row].kind, revision),
                             told[row].type[revision] - '0');
            assert_int_equal(ldr_kind_in_direct_map(told[row].kind, revision),
                             told[row].in_direct_map[revision] == 'y');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_small_regions),      cmocka_unit_test(random_maps),
        cmocka_unit_test(nested_regions_give_the_most),     cmocka_unit_test(nothing_gives_nothing),
        cmocka_unit_test(regions_that_wrap_end_at_2_to_52), cmocka_unit_test(a_long_descending_map),
        cmocka_unit_test(every_kind_at_every_revision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
