/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * W11: what lookups cost in two threads while a third maps and unmaps pages of the same space,
 * beside what they cost while that one is busy with nothing.  W11-beside is the worst that can be:
 * it changes entries in the very cache lines that are being read.
 *
 * Time is that which a thread spent on a processor, not that which went by; and the busy thread has
 * a processor to itself, so that it and the readers truly run side by side.  Where there are but
 * two the readers take turns on the other, with the writer as without it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pagetables/bench/bench.h"
#include "pagetables/directory.h"

#define ROUNDS  51
#define READERS 2
#define LOOKUPS 400000

struct stage {
    struct bench *bench;
    pthread_barrier_t start;
    bool writes;
    bool beside; /* in the page tables that are looked into, not in some of its own */
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
    uint64_t phys, sum = 0; /* not shared: each thread's lines are its own until it is done */
    pthread_barrier_wait(&reader->stage->start);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    for (size_t i = 0; i < LOOKUPS; i++) {
        uint64_t virt = bench->random[(reader->first + i * 7919) % bench->random_count];
        if (!pgt_translate(&bench->space, virt, &phys))
            abort();
        sum += phys;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    reader->sum = sum;
    reader->nanoseconds =
        (double)(after.tv_sec - before.tv_sec) * 1e9 + (double)(after.tv_nsec - before.tv_nsec);
    return NULL;
}

/* Where the writer works if it has page tables of its own: in the same space, behind all else. */
#define OWN        (UINT64_C(1) << 40)
#define OWN_TABLES 512

static void map_page(struct bench *bench, uint64_t virt)
{
    struct pgt_flush flush = {0};
    const struct pgt_mapping mapping = {
        .virt = virt, .phys = 0x1000, .bytes = PGT_PAGE, .rights = PGT_READ};
    if (pgt_map(&bench->space, &mapping, &flush) != PGT_OK)
        abort();
}

/* One page beside one that stays, so that its table does. */
static bool change(struct stage *stage, size_t i)
{
    struct bench *bench = stage->bench;
    uint64_t virt = stage->beside ? bench->random[i * 6007 % bench->random_count]
                                  : OWN + i * 6007 % OWN_TABLES * PGT_PAGE_2M;
    uint64_t phys;
    struct pgt_flush flush = {0};
    virt ^= PGT_PAGE;
    if (pgt_translate(&bench->space, virt, &phys))
        return false;
    map_page(bench, virt);
    if (pgt_unmap(&bench->space, virt, PGT_PAGE, &flush) != PGT_OK)
        abort();
    return true;
}

static void *be_busy(void *context)
{
    struct stage *stage = context;
    size_t changes = 0;
    pthread_barrier_wait(&stage->start);
    for (size_t i = 0; !__atomic_load_n(&stage->done, __ATOMIC_RELAXED); i++)
        if (stage->writes)
            changes += change(stage, i);
    stage->changes = changes;
    return NULL;
}

/* The last processor that this program may use, or all but that. */
static void run_on(pthread_t thread, bool last)
{
    cpu_set_t all, some;
    int cpu = CPU_SETSIZE - 1;
    if (sched_getaffinity(0, sizeof(all), &all) != 0 || CPU_COUNT(&all) < 2)
        return;
    while (!CPU_ISSET(cpu, &all))
        cpu--;
    CPU_ZERO(&some);
    CPU_SET(cpu, &some);
    if (!last)
        CPU_XOR(&some, &some, &all);
    (void)pthread_setaffinity_np(thread, sizeof(some), &some);
}

/* Nanoseconds a lookup. */
static double play(struct bench *bench, bool writes, bool beside, size_t *ret_changes)
{
    struct stage stage = {.bench = bench, .writes = writes, .beside = beside};
    struct reader reader[READERS];
    pthread_t thread[READERS], busy;
    double total = 0;
    if (pthread_barrier_init(&stage.start, NULL, READERS + 1))
        abort();
    for (unsigned i = 0; i < READERS; i++) {
        reader[i] = (struct reader){.stage = &stage, .first = i * bench->random_count / READERS};
        if (pthread_create(&thread[i], NULL, look_up, &reader[i]))
            abort();
        run_on(thread[i], false);
    }
    if (pthread_create(&busy, NULL, be_busy, &stage))
        abort();
    run_on(busy, true);
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
static void measure(struct bench *bench, const char *name, bool beside)
{
    double with[ROUNDS], without[ROUNDS], ratio[ROUNDS];
    size_t changes;
    for (unsigned i = 0; i < ROUNDS; i++) {
        without[i] = play(bench, false, beside, &changes);
        with[i] = play(bench, true, beside, &changes);
        if (changes == 0)
            fprintf(stderr, "bench: %s: the writer had no turn\n", name);
        ratio[i] = with[i] / without[i];
    }
    printf("%s\t%.3f\t%.3f\t%.2f\t%zu\t%.3f\n", name, bench_median(with, ROUNDS),
           bench_median(without, ROUNDS), bench_median(ratio, ROUNDS),
           bench->arena.next * (size_t)PGT_PAGE, 0.0);
    fflush(stdout);
}

void bench_readers(struct bench *bench)
{
    bench_reset(bench, 0, bench->arena.next);
    bench_map_random(bench);
    for (unsigned i = 0; i < OWN_TABLES; i++)
        map_page(bench, OWN + i * PGT_PAGE_2M);
    measure(bench, "W11", false);
    measure(bench, "W11-beside", true);
}
