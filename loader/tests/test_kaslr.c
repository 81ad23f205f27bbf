/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever the random word is, image and direct map lie where kernels may be, each place is as
 * likely as every other, and a plan and verified tables can be made for it that are no larger
 * than for the lowest place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/kaslr.h"
#include "loader/tables.h"
#include "loader/verify.h"

#define MIB  UINT64_C(0x100000)
#define GIB  UINT64_C(0x40000000)
#define TIB  UINT64_C(0x10000000000)
#define SLOT UINT64_C(0x8000000000)

/* ---- a machine ------------------------------------------------------------------ */

static const struct ldr_image small = {
    .name = "kernel.elf",
    .segment = {{.virt = LDR_IMAGE_LOWEST, .bytes = 0x1800, .rights = PGT_READ},
                {.virt = LDR_IMAGE_LOWEST + 0x2000,
                 .bytes = 0x3000,
                 .rights = PGT_READ | PGT_EXECUTE},
                {.virt = LDR_IMAGE_LOWEST + 0x6010, .bytes = 0x10, .rights = PGT_READ | PGT_WRITE}},
    .segment_count = 3,
    .virt = LDR_IMAGE_LOWEST,
    .bytes = 0x7000,
    .entry = LDR_IMAGE_LOWEST + 0x2000,
    .slide = LDR_IMAGE_LOWEST,
    .step = 2 * MIB,
};

/* The same with `bytes` bytes, at a distance from the lowest address, and with a step. */
static struct ldr_image image_of(uint64_t bytes, uint64_t distance, uint64_t step)
{
    struct ldr_image image = small;

    image.step = 2 * MIB;
    ldr_kaslr_image_move(&image, 0);
    image.virt += distance;
    image.entry += distance;
    for (unsigned i = 0; i < 3; i++)
        image.segment[i].virt += distance;
    image.segment[2].bytes = bytes - 0x6010;
    image.bytes = bytes;
    image.step = step;
    return image;
}

/* RAM to 8 GiB, ACPI in the middle, a framebuffer below 4 GiB. */
static const struct ldr_region region[] = {
    {0x0, 0xa0000, LDR_USABLE},
    {0x100000, 0x10000, LDR_USABLE},
    {0x110000, 0x10000, LDR_EXECUTABLE},
    {0x120000, 0x1000, LDR_EXECUTABLE},
    {0x121000, 0x1000, LDR_GUARD},
    {0x122000, 0x10000, LDR_RECLAIMABLE},
    {0x132000, 0x1000, LDR_GUARD},
    {0x133000, 4 * MIB - 0x133000, LDR_USABLE},
    {4 * MIB, MIB, LDR_ACPI_NVS},
    {5 * MIB, 0x7b000000, LDR_USABLE},
    {0x80000000, 2 * MIB, LDR_FRAMEBUFFER_MEMORY},
    {4 * GIB, 4 * GIB, LDR_USABLE},
};
#define REGIONS (sizeof(region) / sizeof(region[0]))
#define REACH   (8 * GIB)

#define RUNS   256
#define FRAMES 64

struct outcome {
    struct ldr_plan plan;
    struct ldr_verdict verdict;
};

/* Plans, builds and verifies. */
static struct outcome build(const struct ldr_image *image, unsigned levels, uint64_t hhdm)
{
    static struct ldr_run run[RUNS];
    /* Tables lie where RAM is free; the verifier asks for that. */
    uint8_t *memory = aligned_alloc(PGT_PAGE, FRAMES * PGT_PAGE);
    struct ldr_layout layout = {.hhdm = hhdm,
                                .image_phys = 0x110000,
                                .handoff_phys = 0x120000,
                                .stack_phys = 0x122000,
                                .stack_bytes = 0x10000};
    struct pgt_arch arch = {.levels = (uint8_t)levels,
                            .physical_bits = 46,
                            .pages_1g = true,
                            .no_execute = true,
                            .pat = PGT_PAT_LIMINE};
    struct outcome outcome = {.plan = {.run = run, .capacity = RUNS}};
    struct ldr_report report = {0};
    struct ldr_tables tables;
    struct pgt_pool pool;

    assert_true(ldr_plan_capacity(image, REGIONS) <= RUNS);
    if (ldr_plan_make(&outcome.plan, &arch, 3, image, &layout, region, REGIONS, &report) != LDR_OK)
        fail_msg("%s", report.text);
    uint64_t offset = (uint64_t)(uintptr_t)memory - 64 * MIB;
    pgt_pool_init(&pool, offset);
    assert_true(pgt_pool_add(&pool, 64 * MIB, FRAMES));
    struct pgt_frames frames = pgt_pool_frames(&pool);
    if (ldr_tables_build(&tables, &outcome.plan, &frames, &report) != LDR_OK)
        fail_msg("%s", report.text);
    uint64_t kernel = tables.kernel.root, transition = tables.transition.root;
    pgt_disown(&tables.transition);
    pgt_disown(&tables.kernel);
    if (ldr_verify(&outcome.verdict, &outcome.plan, kernel, transition, offset, &report) != LDR_OK)
        fail_msg("%s", report.text);
    free(memory);
    return outcome;
}

static void assert_as_small(const struct outcome *outcome, const struct outcome *lowest)
{
    assert_true(outcome->verdict.kernel_tables <= lowest->verdict.kernel_tables);
    assert_int_equal(outcome->verdict.leaves_4k, lowest->verdict.leaves_4k);
    assert_int_equal(outcome->verdict.leaves_2m, lowest->verdict.leaves_2m);
    assert_int_equal(outcome->verdict.leaves_1g, lowest->verdict.leaves_1g);
    assert_int_equal(outcome->verdict.writable_executable_bytes, 0);
}

/* ---- the image --------------------------------------------------------------------- */

/* All of it moves, nothing else changes, and it ends within the address space. */
static void check_moved(const struct ldr_image *before, const struct ldr_image *after,
                        uint64_t distance)
{
    struct ldr_image expected = *before;

    expected.virt += distance;
    expected.slide += distance;
    expected.entry += distance;
    for (unsigned i = 0; i < expected.segment_count; i++)
        expected.segment[i].virt += distance;
    assert_memory_equal(after, &expected, sizeof expected);
    assert_true(after->virt >= before->virt);
    assert_true(after->bytes - 1 <= UINT64_MAX - after->virt);
}

static void every_place_of_the_image(void **state)
{
    static const struct {
        uint64_t bytes, distance, step, places;
    } sample[] = {
        {0x7000, 0, 2 * MIB, 1024},
        {2 * MIB, 0, 2 * MIB, 1024},
        {2 * MIB + 0x1000, 0, 2 * MIB, 1023},
        {0x7000, 0x1000, 2 * MIB, 1024},
        {0x7000, 0x1f9000, 2 * MIB, 1024},
        {0x7000, 0x1fa000, 2 * MIB, 1023},
        {0x7000, 2 * GIB - 0x7000, 2 * MIB, 1},
        {0x7000, 0, 64 * MIB, 32},
        {0x7000, 0, GIB, 2},
        {GIB, 0, 2 * MIB, 513},
        {2 * GIB - 4 * MIB, 0, 2 * MIB, 3},
        {2 * GIB, 0, 2 * MIB, 1},
        {0x7000, 0, 2 * GIB, 1},
        {0x7000, 0, 0, 1},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof sample / sizeof sample[0]; i++) {
        struct ldr_image image = image_of(sample[i].bytes, sample[i].distance, sample[i].step);
        assert_int_equal(ldr_kaslr_image_places(&image), sample[i].places);
        for (uint64_t place = 0; place < sample[i].places; place++) {
            struct ldr_image moved = image;
            ldr_kaslr_image_move(&moved, place);
            check_moved(&image, &moved, place * sample[i].step);
        }
        /* The next one wouldn't fit any more. */
        if (sample[i].step)
            assert_true(sample[i].places * sample[i].step >
                        UINT64_MAX - (image.virt + (image.bytes - 1)));
    }
}

/* Places next to table borders, and 60 KiB of image at either end of a table. */
static void tables_for_every_place_of_the_image(void **state)
{
    static const uint64_t distance[] = {0, 0x1000, 0x1f5000, 0x1f9000, 0x1fd000};

    (void)state;
    for (unsigned i = 0; i < sizeof distance / sizeof distance[0]; i++) {
        struct ldr_image image = image_of(0x7000, distance[i], 2 * MIB);
        uint64_t places = ldr_kaslr_image_places(&image);
        struct outcome lowest = build(&image, 4, 0);
        for (uint64_t place = 0; place < places; place += place < 4 || place > 1016 ? 1 : 61) {
            struct ldr_image moved = image;
            ldr_kaslr_image_move(&moved, place);
            struct outcome outcome = build(&moved, 4, 0);
            assert_as_small(&outcome, &lowest);
            assert_true(outcome.plan.handoff_virt >= LDR_IMAGE_LOWEST);
        }
    }
}

/* ---- the direct map ---------------------------------------------------------------- */

static void check_direct(unsigned levels, uint64_t reach, uint64_t index)
{
    uint64_t upper = levels == 5 ? UINT64_C(0xff00000000000000) : UINT64_C(0xffff800000000000);
    uint64_t window = levels == 5 ? UINT64_C(1) << 54 : UINT64_C(1) << 45;
    uint64_t hhdm = ldr_kaslr_direct_at(levels, reach, index);
    uint64_t last = reach ? hhdm + (reach - 1) : hhdm;

    assert_int_equal(hhdm % GIB, 0);
    assert_true(hhdm >= upper);
    assert_true(last < LDR_IMAGE_LOWEST);
    if (reach <= window)
        assert_true(last - upper < window);
    if (reach <= SLOT)
        assert_int_equal(hhdm / SLOT, last / SLOT);
    else
        assert_int_equal(hhdm % SLOT, 0);
    if (index == 0)
        assert_int_equal(hhdm, upper);
    else
        assert_true(hhdm > ldr_kaslr_direct_at(levels, reach, index - 1));
}

static void every_place_of_the_direct_map(void **state)
{
    static const struct {
        uint64_t reach, places;
    } sample[] = {
        {0, 64 * 512},       {0x1000, 64 * 512}, {GIB, 64 * 512}, {GIB + 1, 64 * 511},
        {4 * GIB, 64 * 509}, {REACH, 64 * 505},  {SLOT - 1, 64},  {SLOT, 64},
        {SLOT + 1, 63},      {2 * SLOT, 63},     {TIB + 1, 62},   {32 * TIB - 1, 1},
        {32 * TIB, 1},       {40 * TIB, 1},      {96 * TIB, 1},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof sample / sizeof sample[0]; i++) {
        uint64_t places = ldr_kaslr_direct_places(4, sample[i].reach);
        assert_int_equal(places, sample[i].places);
        for (uint64_t index = 0; index < places; index++)
            check_direct(4, sample[i].reach, index);
    }
}

static void places_with_5_levels(void **state)
{
    static const uint64_t reach[] = {0x1000, REACH, SLOT, TIB + 1, UINT64_C(1) << 52};

    (void)state;
    for (unsigned i = 0; i < sizeof reach / sizeof reach[0]; i++) {
        uint64_t places = ldr_kaslr_direct_places(5, reach[i]);
        assert_true(places > 20000);
        for (uint64_t index = 0; index < places; index += 1 + places / 5000)
            check_direct(5, reach[i], index);
        check_direct(5, reach[i], places - 1);
    }
}

static void tables_for_places_of_the_direct_map(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        uint64_t places = ldr_kaslr_direct_places(levels, REACH);
        struct outcome lowest = build(&small, levels, 0);
        assert_int_equal(lowest.plan.hhdm, ldr_kaslr_direct_at(levels, REACH, 0));
        for (uint64_t i = 0; i <= 100; i++) {
            uint64_t hhdm = ldr_kaslr_direct_at(levels, REACH, (places - 1) / 100 * i);
            struct outcome outcome = build(&small, levels, hhdm);
            assert_int_equal(outcome.plan.hhdm, hhdm);
            assert_as_small(&outcome, &lowest);
        }
    }
}

static void reach_is_the_end_of_what_is_mapped(void **state)
{
    static const struct ldr_region some[] = {
        {0, MIB, LDR_USABLE}, {6 * GIB, GIB, LDR_ACPI_NVS}, {TIB, GIB, LDR_RESERVED}};

    (void)state;
    assert_int_equal(ldr_plan_reach(some, 3, 0), TIB + GIB);
    assert_int_equal(ldr_plan_reach(some, 3, 2), 7 * GIB);
    assert_int_equal(ldr_plan_reach(some, 3, 3), MIB);
    assert_int_equal(ldr_plan_reach(some, 3, 4), 7 * GIB);
    assert_int_equal(ldr_plan_reach(some, 1, 2), 4 * GIB);
}

/* ---- choosing ------------------------------------------------------------------------ */

struct source {
    uint64_t word, asked;
    bool empty;
};

static bool fill(void *context, void *bytes, size_t count)
{
    struct source *source = context;

    source->asked++;
    assert_int_equal(count, sizeof source->word);
    memcpy(bytes, &source->word, sizeof source->word);
    return !source->empty;
}

struct text {
    char line[8][256];
    unsigned count;
};

static void keep_line(void *context, const char *line)
{
    struct text *text = context;

    assert_true(text->count < 8);
    ldr_format(text->line[text->count++], sizeof text->line[0], "%s", line);
}

/* All that may be said of the image, and whether that is a PIE. */
static void what_the_configuration_asks_for(void **state)
{
    (void)state;
    for (unsigned said = 0; said < 18; said++) {
        struct ldr_kaslr wish = {.image = said % 3, .direct_map = said / 3 % 3};
        struct source source = {.word = 12345678901};
        struct ldr_entropy entropy = {fill, &source};
        struct text text = {.count = 0};
        struct ldr_log log = {keep_line, &text};
        struct ldr_report report;
        struct ldr_image image = small;
        uint64_t hhdm;
        bool pie = said >= 9;

        if (!pie)
            image.step = 0;
        bool moves = pie && wish.image == LDR_YES;
        bool direct = wish.direct_map == LDR_YES || (wish.direct_map == LDR_UNSET && moves);
        assert_int_equal(ldr_kaslr_image(&image, &wish, &entropy, &log, &report), LDR_OK);
        assert_int_equal(image.virt != LDR_IMAGE_LOWEST, moves);
        assert_int_equal(ldr_kaslr_direct(&hhdm, 4, REACH, pie, &wish, &entropy, &log, &report),
                         LDR_OK);
        assert_int_equal(hhdm != LDR_HHDM_4_LEVELS, direct);
        assert_int_equal(source.asked, moves + direct);
        assert_int_equal(text.count, (wish.image == LDR_YES) + direct);
        if (wish.image == LDR_YES && !pie)
            assert_string_equal(
                text.line[0],
                "kaslr: kernel.elf stays where it is linked to, since it isn't a PIE");
    }
}

static void without_entropy(void **state)
{
    const struct ldr_kaslr yes = {.image = LDR_YES}, direct_map = {.direct_map = LDR_YES}, no = {0};
    struct source source = {.empty = true};
    const struct ldr_entropy empty = {fill, &source}, nothing = {0};
    const struct ldr_entropy *const none[] = {&empty, &nothing, NULL};
    struct text text = {.count = 0};
    struct ldr_log log = {keep_line, &text};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct ldr_report report = {0};
        struct ldr_image image = small;
        uint64_t hhdm = 7;

        assert_int_equal(ldr_kaslr_image(&image, &yes, none[i], &log, &report), LDR_BAD_MACHINE);
        assert_non_null(strstr(report.text, "kaslr: "));
        assert_non_null(strstr(report.text, "; remove kaslr"));
        assert_memory_equal(&image, &small, sizeof image);
        assert_int_equal(
            ldr_kaslr_direct(&hhdm, 4, REACH, false, &direct_map, none[i], &log, &report),
            LDR_BAD_MACHINE);
        assert_int_equal(hhdm, 7);
        /* Who doesn't ask for it boots. */
        assert_int_equal(ldr_kaslr_image(&image, &no, none[i], &log, &report), LDR_OK);
        assert_int_equal(ldr_kaslr_direct(&hhdm, 4, REACH, true, &no, none[i], &log, &report),
                         LDR_OK);
        assert_int_equal(hhdm, LDR_HHDM_4_LEVELS);
    }
    assert_int_equal(text.count, 0);
}

/* Chi-squared over all places; with k places it is k on average, its standard deviation the root
 * of 2k.  The words come from SplitMix64, so the figures are the same in every run. */
static uint64_t next_word(uint64_t *random)
{
    uint64_t z = *random += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void assert_uniform(const unsigned *hits, unsigned places, unsigned each)
{
    double sum = 0;

    for (unsigned i = 0; i < places; i++)
        sum += ((double)hits[i] - each) * ((double)hits[i] - each) / each;
    /* Within six standard deviations. */
    assert_true((sum - places) * (sum - places) < 36. * 2 * places);
}

static void all_places_are_equally_likely(void **state)
{
    enum { PLACES = 1024, DIRECT = 64 * 505, EACH = 30 };
    const struct ldr_kaslr yes = {.image = LDR_YES};
    struct source source = {0};
    struct ldr_entropy entropy = {fill, &source};
    struct text text = {.count = 0};
    struct ldr_log log = {keep_line, &text};
    struct ldr_report report;
    unsigned *hits = calloc(DIRECT, sizeof *hits);
    uint64_t random = 2;

    (void)state;
    for (unsigned i = 0; i < PLACES * EACH; i++) {
        struct ldr_image image = small;
        source.word = next_word(&random);
        text.count = 0;
        assert_int_equal(ldr_kaslr_image(&image, &yes, &entropy, &log, &report), LDR_OK);
        hits[(image.virt - LDR_IMAGE_LOWEST) / (2 * MIB)]++;
    }
    assert_uniform(hits, PLACES, EACH);
    for (unsigned i = 0; i < PLACES; i++)
        assert_true(hits[i] > 0);
    memset(hits, 0, DIRECT * sizeof *hits);
    for (unsigned i = 0; i < DIRECT * EACH / 3; i++) {
        uint64_t hhdm;
        source.word = next_word(&random);
        text.count = 0;
        assert_int_equal(ldr_kaslr_direct(&hhdm, 4, REACH, true, &yes, &entropy, &log, &report),
                         LDR_OK);
        uint64_t at = hhdm - LDR_HHDM_4_LEVELS;
        hits[at / SLOT * 505 + at % SLOT / GIB]++;
    }
    assert_uniform(hits, DIRECT, EACH / 3);
    free(hits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_of_the_image),
        cmocka_unit_test(tables_for_every_place_of_the_image),
        cmocka_unit_test(every_place_of_the_direct_map),
        cmocka_unit_test(places_with_5_levels),
        cmocka_unit_test(tables_for_places_of_the_direct_map),
        cmocka_unit_test(reach_is_the_end_of_what_is_mapped),
        cmocka_unit_test(what_the_configuration_asks_for),
        cmocka_unit_test(without_entropy),
        cmocka_unit_test(all_places_are_equally_likely),
    };

    return cmocka_run_group_tests_name("kaslr", tests, NULL, NULL);
}
