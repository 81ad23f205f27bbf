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

/* An assert of cmocka's outside of its tests ends the program, if it is told to. */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    if (setenv("CMOCKA_TEST_ABORT", "1", 1) != 0)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record record;
    struct world world = {.random = 1, .source = {draw, &record}};

    if (!next_record(&record, &data, &size))
        return 0;
    world_start(&world);
    for (unsigned i = 0; i < OPERATIONS && next_record(&record, &data, &size); i++)
        world_step(&world);
    world_end(&world);
    world_free(&world);
    return 0;
}
