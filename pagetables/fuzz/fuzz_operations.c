/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a world and the operations in it: map, unmap, protect, promote, split, clone,
 * harvest, adopt, seal, dependents that come and go, refused arguments, and an allocator that
 * runs out at any call.
 *
 * Whatever they are: every call does what the flat model foretells, or changes nothing and has
 * the right reason; after each of them pgt_check() is content, and what the processor's rules
 * find in and around its range is what the model has there; now and then, and in the end, that
 * holds for all leaves, the tables are as many as these need, and every frame is accounted for.
 * It is the world of pagetables/tests/test_random.c, with coverage to say which operations are
 * worth having next.
 *
 * Inputs are changed by operations: libFuzzer's own changes move the bytes behind them, and with
 * these the borders of all operations that follow.
 */
#include "pagetables/tests/world_steps.h"

#include <stdlib.h>
#include <string.h>

/* The first record makes the world, each of the others is an operation.  An operation draws from
 * its own record alone, so that a changed byte changes that one and leaves the others, and
 * operations can be copied, moved and dropped whole. */
#define RECORD_BYTES 32

/* More do not find more, but take longer. */
#define OPERATIONS 100

struct record {
    uint8_t byte[RECORD_BYTES];
    size_t used;
    uint64_t random; /* what is drawn when all bytes are used */
};

static uint64_t draw(void *context, uint64_t below)
{
    struct record *record = context;
    size_t bytes = below <= UINT64_C(1) << 8 ? 1 : below <= UINT64_C(1) << 16 ? 2 : 4;
    uint64_t value = 0;

    if (bytes > RECORD_BYTES - record->used)
        return arena_random(&record->random) % below;
    memcpy(&value, record->byte + record->used, bytes);
    record->used += bytes;
    return value % below;
}

/* Stays from input to input: to get it anew takes as long as a short world.  Allocated, so that
 * AddressSanitizer knows its end. */
static uint8_t *memory;

/* False when the input has come to its end.  A last one that is cut short ends in zeros. */
static bool next_record(struct record *record, const uint8_t **data, size_t *size)
{
    size_t bytes = *size < RECORD_BYTES ? *size : RECORD_BYTES;

    if (bytes == 0)
        return false;
    *record = (struct record){.random = 1};
    memcpy(record->byte, *data, bytes);
    for (size_t i = 0; i < RECORD_BYTES; i++)
        record->random = record->random * 257 + record->byte[i];
    record->random |= 1; /* xorshift never leaves 0 */
    *data += bytes;
    *size -= bytes;
    return true;
}

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity); /* libFuzzer's own changes */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t capacity, unsigned seed);

/* An assert of cmocka's outside of its tests ends the program, if it is told to. */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    memory = aligned_alloc(PGT_PAGE, WORLD_OWNERS * WORLD_FRAMES * PGT_PAGE);
    if (memory == NULL || setenv("CMOCKA_TEST_ABORT", "1", 1) != 0)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record record;
    struct world world = {.random = 1, .source = {draw, &record}, .memory = memory};

    if (!next_record(&record, &data, &size))
        return 0;
    world_start(&world);
    for (unsigned i = 0; i < OPERATIONS && next_record(&record, &data, &size); i++)
        world_step(&world);
    world_end(&world);
    world_free(&world);
    return 0;
}

/* ---- how inputs change ---------------------------------------------------- */

/* Where the n-th record is, or would be. */
static uint8_t *record_at(uint8_t *data, size_t n)
{
    return data + n * RECORD_BYTES;
}

static void change_record(uint8_t *data, size_t n)
{
    uint8_t *record = record_at(data, n);
    size_t size = LLVMFuzzerMutate(record, RECORD_BYTES, RECORD_BYTES);

    memset(record + size, 0, RECORD_BYTES - size);
}

/* Operations [from, from + some) once more, before the one at `to`. */
static size_t copy_records(uint8_t *data, size_t count, size_t from, size_t some, size_t to)
{
    uint8_t copy[OPERATIONS * RECORD_BYTES];

    memcpy(copy, record_at(data, from), some * RECORD_BYTES);
    memmove(record_at(data, to + some), record_at(data, to), (count - to) * RECORD_BYTES);
    memcpy(record_at(data, to), copy, some * RECORD_BYTES);
    return count + some;
}

static size_t drop_records(uint8_t *data, size_t count, size_t from, size_t some)
{
    memmove(record_at(data, from), record_at(data, from + some),
            (count - from - some) * RECORD_BYTES);
    return count - some;
}

/* Whole records, at most as many as are read; the last of the input is filled up. */
static size_t whole_records(uint8_t *data, size_t size, size_t most)
{
    size_t count = (size + RECORD_BYTES - 1) / RECORD_BYTES;

    if (count > most)
        return most;
    memset(data + size, 0, count * RECORD_BYTES - size);
    return count;
}

static size_t lower(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed)
{
    uint64_t random = (uint64_t)seed * 2 + 1;
    size_t most = lower(capacity / RECORD_BYTES, 1 + OPERATIONS);
    size_t count = whole_records(data, size, most);

    if (count < 2 || most < 2) /* no operation yet */
        return LLVMFuzzerMutate(data, size, capacity);
    size_t at = 1 + arena_random(&random) % (count - 1);
    size_t some = 1 + arena_random(&random) % lower(count - at, 8);
    size_t room = lower(some, most - count);
    switch (arena_random(&random) % 8) {
    case 0: /* another world, the same operations */
        for (size_t i = 0; i < RECORD_BYTES; i++)
            data[i] = (uint8_t)arena_random(&random);
        break;
    case 1:
        if (count > 1 + some)
            count = drop_records(data, count, at, some);
        break;
    case 2: /* what follows meets another state */
        if (room > 0)
            count = copy_records(data, count, at, room, 1 + arena_random(&random) % count);
        break;
    case 3: /* one like it, next to it */
        if (room > 0) {
            count = copy_records(data, count, at, 1, at);
            change_record(data, at);
        }
        break;
    default:
        change_record(data, at);
    }
    return count * RECORD_BYTES;
}

/* The world and the first operations of one, then operations of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t capacity, unsigned seed)
{
    uint64_t random = (uint64_t)seed * 2 + 1;
    size_t ones = one_size / RECORD_BYTES, others = other_size / RECORD_BYTES;
    size_t most = lower(capacity / RECORD_BYTES, 1 + OPERATIONS);

    if (ones == 0 || others < 2 || most < 2)
        return 0;
    size_t kept = 1 + arena_random(&random) % lower(ones, most - 1);
    size_t from = 1 + arena_random(&random) % (others - 1);
    size_t some = lower(others - from, most - kept);
    memcpy(out, one, kept * RECORD_BYTES);
    memcpy(out + kept * RECORD_BYTES, other + from * RECORD_BYTES, some * RECORD_BYTES);
    return (kept + some) * RECORD_BYTES;
}
