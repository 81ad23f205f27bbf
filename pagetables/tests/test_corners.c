/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Corners that no other test has a reason to go to: what the coverage report was left with.
 */
#include "pagetables/explain.h"
#include "pagetables/tests/suite.h"
#include "pagetables/text.h"

#include <stdlib.h>
#include <string.h>

/* CR3 holds no more than the processor's physical width. */
static void a_root_beyond_the_width_is_malformed(void **state)
{
    struct suite suite;
    struct pgt_space other;
    (void)state;

    struct pgt_arch arch = suite_arch(4);
    suite_start(&suite, &arch);
    arch.physical_bits = 32;
    assert_int_equal(
        pgt_adopt(&other, &arch, &suite.arena.frames, UINT64_C(1) << arch.physical_bits),
        PGT_MALFORMED);
    suite_end(&suite);
}

/* A PAT with write-back at 0 and at 4: leaves that differ in their PAT bit alone are one run. */
static void a_run_goes_by_memory_type_not_by_bits(void **state)
{
    struct suite suite;
    struct pgt_run run;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.pat = PGT_PAT_RESET;
    suite_start(&suite, &arch);
    suite_map(&suite, 0, 0x3000, RW, 0x2a000);
    uint64_t virt = 0x1000;
    uint64_t *table = arena_table(&suite.arena, suite_entry(&suite, virt, 2) & 0xffffffffff000);
    table[virt / 0x1000] |= 1 << 7; /* PAT, in a 4K leaf */
    suite_check(&suite.space);
    assert_true(pgt_next_run(&suite.space, 0, &run));
    assert_int_equal(run.bytes, 0x3000);
    assert_int_equal(run.memory, PGT_WRITE_BACK);
    table[virt / 0x1000] |= 1 << 3; /* write-through: no longer the same */
    assert_true(pgt_next_run(&suite.space, 0, &run));
    assert_int_equal(run.bytes, 0x1000);
    suite_end(&suite);
}

/* A frame in use that holds half of what marks a free one is taken back all the same. */
static void half_a_sign_is_none(void **state)
{
    void *memory = aligned_alloc(4096, 2 * 4096);
    struct pgt_pool pool;
    (void)state;

    pgt_pool_init_arena(&pool, memory, 2 * 4096, 0x100000);
    struct pgt_frames frames = pgt_pool_frames(&pool);
    uint64_t sign = ((uint64_t *)memory)[1]; /* of the first, which is free and handed out next */
    assert_true(frames.reserve(frames.context, 1));
    assert_int_equal(frames.take(frames.context), 0x100000);
    memset(memory, 0, 4096);
    ((uint64_t *)memory)[1] = sign;
    frames.give(frames.context, 0x100000);
    assert_int_equal(pool.quarantine_count, 1);
    assert_int_equal(pool.double_gives, 0);
    free(memory);
}

static bool never(void *context, size_t count)
{
    (void)context;
    (void)count;
    return false;
}

/* Allocators that share a context are two all the same if they grant differently. */
static void a_clone_asks_both_allocators(void **state)
{
    struct suite suite;
    struct pgt_space copy;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    suite_start(&suite, &arch);
    suite_map(&suite, 0, 0x3000, RW, 0x2a000);
    assert_int_equal(pgt_init(&copy, &arch, &suite.arena.frames), PGT_OK);
    copy.frames.reserve = never;
    assert_int_equal(pgt_clone(&copy, &suite.space, 0, 0x3000, PGT_CLONE_COPY_ON_WRITE, 1, &flush),
                     PGT_NO_FRAMES);
    assert_false(flush.needed);
    assert_int_equal(pgt_destroy(&copy), PGT_OK);
    suite_end(&suite);
}

/* The arena's, which fills frames with rubbish, behind one that keeps the promise. */
static uint64_t take_zeroed(void *context)
{
    const struct pgt_frames *frames = context;
    uint64_t frame = frames->take(frames->context);
    memset((void *)(uintptr_t)(frame + frames->offset), 0, 4096);
    return frame;
}

static bool reserve_through(void *context, size_t count)
{
    const struct pgt_frames *frames = context;
    return frames->reserve(frames->context, count);
}

static void give_through(void *context, uint64_t frame)
{
    const struct pgt_frames *frames = context;
    frames->give(frames->context, frame);
}

/* Frames that are known to be zero are not zeroed again, and all is as ever. */
static void frames_known_to_be_zero(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    suite_start(&suite, &arch);
    struct pgt_frames inner = suite.arena.frames;
    suite.space.frames = (struct pgt_frames){.reserve = reserve_through,
                                             .take = take_zeroed,
                                             .give = give_through,
                                             .context = &inner,
                                             .offset = inner.offset,
                                             .zeroed = true};
    suite_map(&suite, GIB + 0x5000, 0x3000, RW, 0x2a000);
    suite_map(&suite, 3 * GIB - MIB, 4 * MIB, RW, 0x300000);
    suite_map(&suite, 5 * GIB, 0x1000, RX, 0x2c000);
    suite_map(&suite, 5 * GIB + 2 * MIB, 0x1000, RX, 0x2d000); /* lacks its page table alone */
    suite_unmap(&suite, 3 * GIB + MIB, 0x1000);
    struct pgt_leaf leaf;
    assert_true(pgt_lookup(&suite.space, GIB + 0x7fff, &leaf));
    assert_int_equal(leaf.phys, 0x2c000);
    assert_false(pgt_lookup(&suite.space, GIB + 0x8000, &leaf));
    assert_false(pgt_lookup(&suite.space, 5 * GIB + 2 * MIB + 0x1000, &leaf));
    assert_false(pgt_lookup(&suite.space, GIB + 0x4000, &leaf));
    assert_false(pgt_lookup(&suite.space, 3 * GIB - MIB - 1, &leaf));
    assert_false(pgt_lookup(&suite.space, 3 * GIB + MIB, &leaf));
    assert_true(pgt_lookup(&suite.space, 3 * GIB + MIB + 0x1000, &leaf));

    struct pgt_space dependent;
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 1), PGT_OK);
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.space.frames), PGT_OK);
    suite_check(&dependent);
    assert_true(pgt_is_empty(&dependent, 0, 6 * GIB));
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    suite_end(&suite);
}

static void levels_that_are_none_have_a_name(void **state)
{
    (void)state;
    assert_string_equal(pgt_level_name(1), "PT");
    assert_string_equal(pgt_level_name(5), "PML5");
    assert_string_equal(pgt_level_name(0), "table");
    assert_string_equal(pgt_level_name(6), "table");
}

static bool nothing_to_read(void *context, uint64_t virt, uint64_t *ret_value)
{
    (void)context;
    (void)virt;
    (void)ret_value;
    return false;
}

static void keep_first_line(void *context, const char *text)
{
    char *kept = context;
    if (!*kept)
        strcpy(kept, text);
}

static void keep_all(void *context, const char *text)
{
    strcat(context, text);
    strcat(context, "\n");
}

static void indices_of_every_width(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_state processor = {.efer = PGT_STATE_EFER_NXE};
    char text[4096] = "";
    (void)state;

    suite_start(&suite, &arch);
    suite_map(&suite, UPPER_4 + 42 * GIB + 14 * MIB, 0x1000, RW, 0x2a000);
    pgt_explain(&suite.space, UPPER_4 + 42 * GIB + 14 * MIB, 1, &processor, keep_all, text);
    assert_non_null(strstr(text, "PML4[256]"));
    assert_non_null(strstr(text, "PDPT[ 42]"));
    assert_non_null(strstr(text, "PD  [  7]"));
    suite_end(&suite);
}

/* What a file's symbols may hold: absolute ones, two at one place, names that don't print. */
static void symbols_of_every_sort(void **state)
{
    static const char strings[] = "\0first\0second\0b \x7fz\0absolute";
    const struct pgt_symbol symbol[] = {
        {.name = 1, .info = 2, .section = 1, .value = 0x1000, .size = 0x10},
        {.name = 7, .info = 2, .section = 1, .value = 0x1000},
        {.name = 14, .info = 2, .section = 1, .value = 0x2000},
        {.name = 19, .info = 2, .section = 0xfff1, .value = 0x2004},
        {.name = 7, .info = 1, .section = 1, .value = 0x2006},
        {.name = 7, .info = 2, .section = 0, .value = 0x2007},
        {.name = 0, .info = 2, .section = 1, .value = 0x2008},
        {.name = 1, .info = 2, .section = 1, .value = 0x3000},
        {.name = 7, .info = 2, .section = 1, .value = 0x3000, .size = 0x10},
    };
    struct pgt_symbols symbols = {symbol, 9, strings, sizeof(strings), 0};
    struct pgt_reader reader = {nothing_to_read, NULL};
    const char *name;
    size_t length;
    uint64_t offset;
    char line[256] = "";
    (void)state;

    assert_true(pgt_symbol_of(&symbols, 0x1008, &name, &length, &offset));
    assert_memory_equal(name, "first", 5); /* the one that says its size */
    assert_true(pgt_symbol_of(&symbols, 0x3008, &name, &length, &offset));
    assert_memory_equal(name, "second", 6);
    assert_true(pgt_symbol_of(&symbols, 0x2008, &name, &length, &offset));
    assert_int_equal(offset, 8);
    pgt_explain_backtrace(0x2008, 0, &reader, &symbols, keep_first_line, line);
    assert_non_null(strstr(line, "b??z+0x8"));
}

/* Lines have an end. */
static void text_that_is_too_long_is_cut(void **state)
{
    struct pgt_line line = {.length = 0};
    (void)state;

    pgt_put_column(&line, 2 * PGT_LINE_BYTES);
    assert_int_equal(line.length, PGT_LINE_BYTES - 1);
    pgt_put(&line, "more");
    assert_int_equal(strlen(line.text), PGT_LINE_BYTES - 1);
}

static void numbers_of_every_length(void **state)
{
    struct pgt_line line = {.length = 0};
    (void)state;

    pgt_put_number(&line, UINT64_MAX, 10, 1);
    pgt_put(&line, " ");
    pgt_put_number(&line, 7, 10, 30); /* more digits than a number can have are not made up */
    assert_string_equal(line.text, "18446744073709551615 00000000000000000007");
    line = (struct pgt_line){.length = 0};
    pgt_put_size(&line, UINT64_C(1) << 62); /* beyond the largest unit */
    assert_string_equal(line.text, "4096P");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_beyond_the_width_is_malformed),
        cmocka_unit_test(a_run_goes_by_memory_type_not_by_bits),
        cmocka_unit_test(half_a_sign_is_none),
        cmocka_unit_test(a_clone_asks_both_allocators),
        cmocka_unit_test(frames_known_to_be_zero),
        cmocka_unit_test(levels_that_are_none_have_a_name),
        cmocka_unit_test(indices_of_every_width),
        cmocka_unit_test(symbols_of_every_sort),
        cmocka_unit_test(text_that_is_too_long_is_cut),
        cmocka_unit_test(numbers_of_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
