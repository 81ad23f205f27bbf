/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exhaustive in the small: with one or two bits of an index a table has two or four entries,
 * and an address space so few pages that every sequence of operations can be tried.
 * Breadth first from the empty space, in every state that was reached each step of
 * the plan; states are the same if their tables hold the same, wherever they lie.
 *
 * Each transition is compared with the model in exhaustive_pages.h: what every page maps, how
 * large its leaf is, how many frames were taken and foretold, what has to be flushed, and
 * whether it was refused, which the few frames that there are see to.  Each new state is
 * read in every way that the library has, and emptied again.
 *
 * A difference ends the run, with the shortest sequence of steps that shows it.
 */
#include "pagetables/tests/exhaustive_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A state that was reached, and how. */
struct node {
    size_t word; /* its first in the pool */
    unsigned words;
    uint32_t hash;
    uint32_t parent;
    uint32_t step; /* from the parent to here */
};

struct search {
    struct trial trial;
    struct node *node;
    size_t nodes, node_room;
    uint32_t *pool;
    size_t pooled, pool_room;
    uint32_t *bucket; /* number of a node, plus one */
    size_t buckets;
    uint64_t transitions;
    uint64_t refused; /* of those, for want of frames */
};

/* ---- states that were seen ---------------------------------------------- */

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count <= *room)
        return array;
    *room = count * 2;
    array = realloc(array, *room * size);
    if (array == NULL)
        abort();
    return array;
}

static uint32_t hash_of(const struct state *state)
{
    uint64_t hash = state->count;
    for (unsigned i = 0; i < state->count; i++)
        hash = (hash ^ state->word[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return (uint32_t)(hash >> 32);
}

static void rehash(struct search *search)
{
    search->buckets = search->buckets ? search->buckets * 2 : 1 << 16;
    free(search->bucket);
    search->bucket = calloc(search->buckets, sizeof(*search->bucket));
    if (search->bucket == NULL)
        abort();
    for (size_t i = 0; i < search->nodes; i++) {
        size_t at = search->node[i].hash & (search->buckets - 1);
        while (search->bucket[at])
            at = (at + 1) & (search->buckets - 1);
        search->bucket[at] = (uint32_t)i + 1;
    }
}

/* Remembers a state; false if it was seen before. */
static bool remember(struct search *search, const struct state *state, size_t parent, size_t step)
{
    uint32_t hash = hash_of(state);

    if (search->nodes * 2 >= search->buckets)
        rehash(search);
    size_t at = hash & (search->buckets - 1);
    for (; search->bucket[at]; at = (at + 1) & (search->buckets - 1)) {
        const struct node *node = &search->node[search->bucket[at] - 1];
        if (node->hash == hash && node->words == state->count &&
            memcmp(search->pool + node->word, state->word, state->count * sizeof(uint32_t)) == 0)
            return false;
    }
    search->node = grow(search->node, search->nodes + 1, &search->node_room, sizeof(*search->node));
    search->pool =
        grow(search->pool, search->pooled + state->count, &search->pool_room, sizeof(uint32_t));
    memcpy(search->pool + search->pooled, state->word, state->count * sizeof(uint32_t));
    search->node[search->nodes] = (struct node){.word = search->pooled,
                                                .words = state->count,
                                                .hash = hash,
                                                .parent = (uint32_t)parent,
                                                .step = (uint32_t)step};
    search->pooled += state->count;
    search->bucket[at] = (uint32_t)++search->nodes;
    return true;
}

/* ---- the search --------------------------------------------------------- */

static void print_path(const struct search *search, size_t number)
{
    if (number == 0)
        return;
    print_path(search, search->node[number].parent);
    step_print(&search->trial.steps[search->node[number].step]);
}

static void report(const struct search *search, size_t number, const struct step *step)
{
    printf("%s: %s\n  after these steps, from the empty space:\n", search->trial.plan->name,
           search->trial.difference);
    print_path(search, number);
    if (step != NULL)
        step_print(step);
}

/* All steps from one state.  False at a difference. */
static bool expand(struct search *search, size_t number)
{
    struct trial *trial = &search->trial;
    struct state after;

    trial_visit(trial, search->pool + search->node[number].word, search->node[number].words);
    if (trial->difference != NULL)
        report(search, number, NULL);
    for (size_t i = 0; i < trial->step_count && trial->difference == NULL; i++) {
        search->refused += trial_step(trial, &trial->steps[i], &after);
        search->transitions++;
        if (trial->difference != NULL)
            report(search, number, &trial->steps[i]);
        else
            remember(search, &after, number, i);
    }
    return trial->difference == NULL;
}

/* Level by level of the tree of sequences.  Returns the depth that is done. */
static unsigned explore(struct search *search)
{
    unsigned depth = 0, most = search->trial.plan->depth;
    size_t at = 0;

    while (at < search->nodes && (most == 0 || depth < most)) {
        for (size_t end = search->nodes; at < end; at++)
            if (!expand(search, at))
                return depth;
        depth++;
    }
    return depth;
}

struct total {
    uint64_t states;
    uint64_t transitions;
    unsigned depth;
};

/* One plan, from the empty space.  False at a difference. */
static bool run(const struct plan *plan, struct total *total)
{
    struct search *search = calloc(1, sizeof(*search));
    struct state state;
    unsigned depth = 0;

    if (search == NULL)
        abort();
    bool sound = trial_start(&search->trial, plan, &state);
    if (sound) {
        remember(search, &state, 0, 0);
        depth = explore(search);
        sound = search->trial.difference == NULL;
    }
    printf("%d-bit index, %s: states %zu, transitions %llu (%llu out of frames), depth %u%s\n",
           PGT_INDEX_BITS, plan->name, search->nodes, (unsigned long long)search->transitions,
           (unsigned long long)search->refused, depth,
           plan->depth == 0 && sound ? ", which is all" : "");
    fflush(stdout);
    total->states += search->nodes;
    total->transitions += search->transitions;
    total->depth = depth > total->depth ? depth : total->depth;
    trial_finish(&search->trial);
    free(search->node);
    free(search->pool);
    free(search->bucket);
    free(search);
    return sound;
}

int main(void)
{
    struct total total = {0};
    bool sound = true;

    for (size_t i = 0; i < plan_count && sound; i++)
        sound = run(&plans[i], &total);
    printf("exhaustive: states %llu, transitions %llu, depth %u\n",
           (unsigned long long)total.states, (unsigned long long)total.transitions, total.depth);
    printf("%llu passed, %d failed\n",
           (unsigned long long)(total.transitions - (sound || total.transitions == 0 ? 0 : 1)),
           !sound);
    return !sound;
}
