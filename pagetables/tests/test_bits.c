/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of numbers is a set: against an array of bool, for every subset of small sets, at
 * every border of words and levels, and in random runs.  It takes the memory that it says.
 */
#include "pagetables/bits.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/tests/replay.h"
#include "pagetables/tests/suite.h"

/* A set and what it should hold. */
struct pair {
    struct pgt_bits bits;
    bool *has;
    void *memory;
};

/* The memory is as long as promised, to the byte, and full of rubbish. */
static void start(struct pair *pair, size_t count)
{
    size_t bytes = pgt_bits_bytes(count);
    pair->memory = malloc(bytes);
    pair->has = calloc(count + 1, sizeof(bool));
    assert_non_null(pair->memory);
    assert_non_null(pair->has);
    memset(pair->memory, 0xa5, bytes);
    pgt_bits_init(&pair->bits, pair->memory, count);
}

static void end(struct pair *pair)
{
    free(pair->memory);
    free(pair->has);
}

static void add(struct pair *pair, size_t first, size_t count)
{
    pgt_bits_add(&pair->bits, first, count);
    memset(pair->has + first, true, count);
}

static void take_out(struct pair *pair, size_t number)
{
    pgt_bits_remove(&pair->bits, number);
    pair->has[number] = false;
}

static size_t find(const struct pair *pair, size_t from, size_t end_, bool has)
{
    while (from < end_ && pair->has[from] != has)
        from++;
    return from;
}

static void compare_at(const struct pair *pair, size_t from, size_t end_)
{
    size_t count = pair->bits.count;
    if (from < count)
        assert_int_equal(pgt_bits_has(&pair->bits, from), pair->has[from]);
    assert_int_equal(pgt_bits_first(&pair->bits, from), find(pair, from, count, true));
    if (from <= end_)
        assert_int_equal(pgt_bits_first_absent(&pair->bits, from, end_),
                         find(pair, from, end_, false));
}

static void compare(const struct pair *pair)
{
    for (size_t from = 0; from <= pair->bits.count; from++)
        compare_at(pair, from, pair->bits.count);
}

static void an_empty_set_has_no_first_member(void **state)
{
    (void)state;
    for (size_t count = 0; count < 300; count++) {
        struct pair pair;
        start(&pair, count);
        assert_int_equal(pgt_bits_first(&pair.bits, 0), count);
        compare(&pair);
        end(&pair);
    }
}

/* Every subset of up to nine numbers, made by every number of adds, with every end. */
static void every_subset_of_small_sets(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 9; count++) {
        for (unsigned subset = 0; subset < 1u << count; subset++) {
            struct pair pair;
            start(&pair, count);
            add(&pair, 0, count);
            for (size_t i = 0; i < count; i++)
                if (!(subset >> i & 1))
                    take_out(&pair, i);
            for (size_t last = 0; last <= count; last++)
                for (size_t from = 0; from <= last; from++)
                    compare_at(&pair, from, last);
            end(&pair);
        }
    }
}

/* Every range in a set that has two full words and a bit. */
static void every_range_across_words(void **state)
{
    (void)state;
    for (size_t first = 0; first < 130; first++) {
        for (size_t count = 1; count <= 130 - first; count++) {
            struct pair pair;
            start(&pair, 130);
            add(&pair, first, count);
            compare_at(&pair, 0, 130);
            compare_at(&pair, first, 130);
            compare_at(&pair, first + count, 130);
            assert_int_equal(pgt_bits_first_absent(&pair.bits, first, first + count),
                             first + count);
            for (size_t i = first; i < first + count; i++)
                take_out(&pair, i);
            assert_int_equal(pgt_bits_first(&pair.bits, 0), 130);
            end(&pair);
        }
    }
}

/* Sizes with one, two, three and four levels, and one number more or less. */
static void single_members_at_the_borders_of_levels(void **state)
{
    static const size_t size[] = {64, 4096, 262144};
    (void)state;

    for (size_t s = 0; s < 3; s++) {
        for (size_t count = size[s] - 1; count <= size[s] + 1; count++) {
            const size_t place[] = {0, 62, count / 2, count - 2, count - 1};
            struct pair pair;
            start(&pair, count);
            for (size_t i = 0; i < 5; i++) {
                add(&pair, place[i], 1);
                assert_int_equal(pgt_bits_first(&pair.bits, 0), place[i]);
                assert_int_equal(pgt_bits_first(&pair.bits, place[i]), place[i]);
                assert_int_equal(pgt_bits_first(&pair.bits, place[i] + 1), count);
                take_out(&pair, place[i]);
                assert_int_equal(pgt_bits_first(&pair.bits, 0), count);
            }
            end(&pair);
        }
    }
}

static void random_sets(void **state)
{
    struct replay replay = replay_start(1, 40000);
    static const size_t size[] = {100, 5000, 270000};
    (void)state;

    for (size_t s = 0; s < 3; s++) {
        struct pair pair;
        start(&pair, size[s]);
        for (uint64_t i = 0; i < replay.operations; i++) {
            size_t number = (size_t)replay_draw(&replay, size[s]);
            size_t most = replay_draw(&replay, 8) ? 3 : size[s] / 8;
            size_t room = size[s] - number;
            size_t count = 1 + (size_t)replay_draw(&replay, most < room ? most : room);
            if (replay_draw(&replay, 3) == 0)
                add(&pair, number, count);
            else
                for (size_t k = number; k < number + count; k++)
                    take_out(&pair, k);
            compare_at(&pair, (size_t)replay_draw(&replay, size[s]), size[s]);
        }
        end(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_no_first_member),
        cmocka_unit_test(every_subset_of_small_sets),
        cmocka_unit_test(every_range_across_words),
        cmocka_unit_test(single_members_at_the_borders_of_levels),
        cmocka_unit_test(random_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
