/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * W11: what lookups cost in two threads while a third maps and unmaps pages in the same tables,
 * beside what they cost while that one is busy with nothing.
 *
 * Time is that which a thread spent on a processor, not that which went by: with two processors
 * for three threads each waits for its turn, and that is the scheduler's doing.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pagetables/bench/bench.h"
#include "pagetables/directory.h"

#define ROUNDS  11
#define READERS 2
#define LOOKUPS 400000

struct stage {
    struct bench *bench;
    pthread_barrier_t start;
    bool writes;
    bool done;
    size_t changes; /* pages that were mapped and unmapped */
};

struct reader {
    struct stage *stage;
    size_t first;
    uint64_t sum;
    double nanoseconds;
};

static void *look_up(void *context)
{
    struct reader *reader = context;
    const struct bench *bench = reader->stage->bench;
    struct timespec before, after;
    uint64_t phys;
    pthread_barrier_wait(&reader->stage->start);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    for (size_t i = 0; i < LOOKUPS; i++) {
        uint64_t virt = bench->random[(reader->first + i * 7919) % bench->random_count];
        if (!pgt_translate(&bench->space, virt, &phys))
            abort();
        reader->sum += phys;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    reader->nanoseconds =
        (double)(after.tv_sec - before.tv_sec) * 1e9 + (double)(after.tv_nsec - before.tv_nsec);
    return NULL;
}

/* One page beside one that stays: in a table that is there, and that others are looking into. */
static bool change(struct bench *bench, size_t i)
{
    uint64_t virt = bench->random[i * 6007 % bench->random_count] ^ PGT_PAGE, phys;
    struct pgt_flush flush = {0};
    const struct pgt_mapping mapping = {
        .virt = virt, .phys = 0x1000, .bytes = PGT_PAGE, .rights = PGT_READ};
    if (pgt_translate(&bench->space, virt, &phys))
        return false;
    if (pgt_map(&bench->space, &mapping, &flush) != PGT_OK ||
        pgt_unmap(&bench->space, virt, PGT_PAGE, &flush) != PGT_OK)
        abort();
    return true;
}

static void *be_busy(void *context)
{
    struct stage *stage = context;
    pthread_barrier_wait(&stage->start);
    for (size_t i = 0; !__atomic_load_n(&stage->done, __ATOMIC_RELAXED); i++)
        if (stage->writes)
            stage->changes += change(stage->bench, i);
    return NULL;
}

/* Nanoseconds a lookup. */
static double play(struct bench *bench, bool writes, size_t *ret_changes)
{
    struct stage stage = {.bench = bench, .writes = writes};
    struct reader reader[READERS];
    pthread_t thread[READERS], busy;
    double total = 0;
    if (pthread_barrier_init(&stage.start, NULL, READERS + 1))
        abort();
    for (unsigned i = 0; i < READERS; i++) {
        reader[i] = (struct reader){.stage = &stage, .first = i * bench->random_count / READERS};
        if (pthread_create(&thread[i], NULL, look_up, &reader[i]))
            abort();
    }
    if (pthread_create(&busy, NULL, be_busy, &stage))
        abort();
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(thread[i], NULL);
        total += reader[i].nanoseconds;
    }
    __atomic_store_n(&stage.done, true, __ATOMIC_RELAXED);
    pthread_join(busy, NULL);
    pthread_barrier_destroy(&stage.start);
    *ret_changes = stage.changes;
    return total / READERS / LOOKUPS;
}

/* A row like the others': in the place of the ideal loop stands the same without a writer. */
void bench_readers(struct bench *bench)
{
    double with[ROUNDS], without[ROUNDS], ratio[ROUNDS];
    bench_reset(bench, 0, bench->arena.next);
    bench_map_random(bench);
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t changes;
        without[i] = play(bench, false, &changes);
        with[i] = play(bench, true, &changes);
        if (changes == 0)
            fprintf(stderr, "bench: W11: the writer had no turn\n");
        ratio[i] = with[i] / without[i];
    }
    printf("W11\t%.3f\t%.3f\t%.2f\t%zu\t%.3f\n", bench_median(with, ROUNDS),
           bench_median(without, ROUNDS), bench_median(ratio, ROUNDS),
           bench->arena.next * (size_t)PGT_PAGE, 0.0);
    fflush(stdout);
}
