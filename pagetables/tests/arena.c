/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/arena.h"
#include "pagetables/tests/suite.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES 4096u

/* A frame full of these is full of present entries with reserved bits set, so a
 * library that relies on zeroed frames, or a walk into a free one, is noticed. */
#define RUBBISH 0xa5

uint64_t arena_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static bool arena_reserve(void *context, size_t count)
{
    struct arena *arena = context;

    arena->reserves++;
    if (count == 0)
        fail_msg("reserve() of no frames");
    if (arena->granted != 0)
        fail_msg("reserve() before %zu granted frames were taken", arena->granted);
    bool refuse = arena->refuse_in != 0 && --arena->refuse_in == 0;
    size_t limit = arena->limit < arena->count ? arena->limit : arena->count;
    if (refuse || limit < arena->outstanding || count > limit - arena->outstanding) {
        arena->refusals++;
        return false;
    }
    arena->granted = count;
    return true;
}

static uint64_t arena_take(void *context)
{
    struct arena *arena = context;

    if (arena->granted == 0)
        fail_msg("take() without a grant");
    size_t left = arena->count - arena->outstanding;
    /* Any free frame will do: pick one at random and close the gap. */
    size_t pick = (size_t)(arena_random(&arena->random) % left);
    size_t index = arena->free_index[pick];
    arena->free_index[pick] = arena->free_index[left - 1];

    arena->is_taken[index] = true;
    arena->granted--;
    arena->outstanding++;
    arena->takes++;
    memset(arena->memory + index * FRAME_BYTES, RUBBISH, FRAME_BYTES);
    return arena->base + index * FRAME_BYTES;
}

static void arena_give(void *context, uint64_t frame)
{
    struct arena *arena = context;

    if (frame % FRAME_BYTES != 0)
        fail_msg("give() of %#lx, which is not page aligned", (unsigned long)frame);
    uint64_t index = (frame - arena->base) / FRAME_BYTES;
    if (frame < arena->base || index >= arena->count)
        fail_msg("give() of %#lx, which is no frame of this allocator", (unsigned long)frame);
    if (!arena->is_taken[index])
        fail_msg("give() of %#lx, which is free already", (unsigned long)frame);

    /* Nobody has business with it any more, the library least of all. */
    memset(arena->memory + index * FRAME_BYTES, RUBBISH, FRAME_BYTES);
    arena->is_taken[index] = false;
    arena->free_index[arena->count - arena->outstanding] = (size_t)index;
    arena->outstanding--;
    arena->gives++;
    arena->last_given = frame;
}

void arena_init_in(struct arena *arena, uint8_t *memory, uint64_t base, size_t count, uint64_t seed)
{
    *arena = (struct arena){.base = base, .count = count, .limit = count};
    arena->random = seed * 2 + 1; /* xorshift never leaves 0 */
    arena->memory = memory;
    arena->is_taken = calloc(count, sizeof(*arena->is_taken));
    arena->free_index = calloc(count, sizeof(*arena->free_index));
    assert_non_null(arena->memory);
    assert_non_null(arena->is_taken);
    assert_non_null(arena->free_index);
    memset(arena->memory, RUBBISH, count * FRAME_BYTES);
    for (size_t i = 0; i < count; i++)
        arena->free_index[i] = i;
    arena->frames = (struct pgt_frames){
        .reserve = arena_reserve,
        .take = arena_take,
        .give = arena_give,
        .context = arena,
        .offset = (uint64_t)(uintptr_t)arena->memory - base,
    };
}

void arena_init(struct arena *arena, uint64_t base, size_t count, uint64_t seed)
{
    void *memory = aligned_alloc(FRAME_BYTES, count * FRAME_BYTES);

    arena_init_in(arena, memory, base, count, seed);
    arena->own_memory = memory;
}

void arena_free(struct arena *arena)
{
    free(arena->own_memory);
    free(arena->is_taken);
    free(arena->free_index);
    *arena = (struct arena){0};
}

uint64_t arena_take_zeroed(struct arena *arena)
{
    assert_true(arena_reserve(arena, 1));
    uint64_t frame = arena_take(arena);
    memset(arena_table(arena, frame), 0, FRAME_BYTES);
    return frame;
}

uint64_t *arena_table(const struct arena *arena, uint64_t physical)
{
    uint64_t index = (physical - arena->base) / FRAME_BYTES;
    if (physical < arena->base || index >= arena->count || !arena->is_taken[index])
        return NULL;
    return (uint64_t *)(void *)(arena->memory + index * FRAME_BYTES);
}

struct arena_snapshot arena_snapshot(const struct arena *arena)
{
    struct arena_snapshot snapshot = {.takes = arena->takes, .gives = arena->gives};

    snapshot.memory = malloc(arena->count * FRAME_BYTES);
    snapshot.is_taken = malloc(arena->count * sizeof(*snapshot.is_taken));
    assert_non_null(snapshot.memory);
    assert_non_null(snapshot.is_taken);
    memcpy(snapshot.memory, arena->memory, arena->count * FRAME_BYTES);
    memcpy(snapshot.is_taken, arena->is_taken, arena->count * sizeof(*snapshot.is_taken));
    return snapshot;
}

void arena_drop_snapshot(struct arena_snapshot *snapshot)
{
    free(snapshot->memory);
    free(snapshot->is_taken);
    *snapshot = (struct arena_snapshot){0};
}

void arena_assert_unchanged(const struct arena *arena, struct arena_snapshot *snapshot)
{
    assert_int_equal(arena->takes, snapshot->takes);
    assert_int_equal(arena->gives, snapshot->gives);
    assert_int_equal(arena->granted, 0);
    assert_memory_equal(arena->is_taken, snapshot->is_taken,
                        arena->count * sizeof(*snapshot->is_taken));
    if (memcmp(arena->memory, snapshot->memory, arena->count * FRAME_BYTES) != 0)
        fail_msg("bytes of a table changed");
    arena_drop_snapshot(snapshot);
}

void arena_assert_settled(const struct arena *arena)
{
    if (arena->granted != 0)
        fail_msg("%zu frames were reserved and never taken", arena->granted);
}

uint64_t arena_from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}
