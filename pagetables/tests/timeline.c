/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/timeline.h"

#include <stdlib.h>

static uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* A slot may be read while it is written anew: `changes` tells the reader afterwards. */
static void append(struct timeline_unit *unit, uint64_t operation, uint64_t state)
{
    uint64_t changes = unit->changes;
    store(&unit->ring[changes % TIMELINE_RING].operation, operation);
    store(&unit->ring[changes % TIMELINE_RING].state, state);
    store(&unit->changes, changes + 1);
}

void timeline_init(struct timeline *timeline, unsigned capacity)
{
    *timeline = (struct timeline){.unit = calloc(capacity, sizeof(*timeline->unit))};
    if (!timeline->unit)
        abort();
}

void timeline_free(struct timeline *timeline)
{
    free(timeline->unit);
}

void timeline_add(struct timeline *timeline, uint64_t virt, uint64_t bytes)
{
    struct timeline_unit *unit = &timeline->unit[timeline->count++];
    unit->virt = virt;
    unit->bytes = bytes;
    append(unit, 0, TIMELINE_ABSENT);
}

uint64_t timeline_state(const struct timeline *timeline, unsigned unit)
{
    const struct timeline_unit *at = &timeline->unit[unit];
    return at->ring[(at->changes - 1) % TIMELINE_RING].state;
}

void timeline_change(struct timeline *timeline, unsigned unit, uint64_t state)
{
    if (timeline_state(timeline, unit) != state)
        append(&timeline->unit[unit], timeline->started + 1, state);
}

void timeline_start(struct timeline *timeline)
{
    store(&timeline->started, timeline->started + 1);
}

void timeline_complete(struct timeline *timeline)
{
    store(&timeline->completed, timeline->started);
}

void timeline_open(const struct timeline *timeline, struct timeline_window *window)
{
    window->first = load(&timeline->completed);
}

void timeline_close(const struct timeline *timeline, struct timeline_window *window)
{
    window->last = load(&timeline->started);
}

static bool agrees(uint64_t have, uint64_t asked)
{
    return asked == TIMELINE_PRESENT ? have != TIMELINE_ABSENT : have == asked;
}

enum timeline_verdict timeline_judge(const struct timeline *timeline, unsigned unit,
                                     struct timeline_window window, uint64_t state)
{
    const struct timeline_unit *at = &timeline->unit[unit];
    for (uint64_t i = load(&at->changes); i-- > 0;) {
        uint64_t operation = load(&at->ring[i % TIMELINE_RING].operation);
        uint64_t have = load(&at->ring[i % TIMELINE_RING].state);
        /* While change i + RING is being written over this one, `changes` is that already. */
        if (load(&at->changes) - i >= TIMELINE_RING)
            return TIMELINE_FORGOTTEN;
        if (operation > window.last)
            continue;
        if (agrees(have, state))
            return TIMELINE_LEGAL;
        if (operation <= window.first)
            break;
    }
    return TIMELINE_ILLEGAL;
}
