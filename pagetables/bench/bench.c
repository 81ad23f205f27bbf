/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs each workload with the library and with the hand-written loop, in turn, and
 * prints what a page cost: nanoseconds by the library, by the loop, their ratio,
 * and what zeroing as many bytes as the tables hold costs.
 *
 *     bench -g                       how the cost grows (growth.c)
 *     bench [-c] [WORKLOAD ...]      -c counts: one run of the library's side only,
 *                                    for a tool that counts instructions, and names
 *                                    the workloads in their order (count.py)
 */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "pagetables/bench/bench.h"

#define RUNS   15
#define FRAMES (160 * 1024)
#define HUGE   UINT64_C(0x200000)

/* ---- the arena as an allocator ---------------------------------------------- */

uint64_t arena_take(struct arena *arena)
{
    size_t frame = arena->given_count ? arena->given[--arena->given_count] : arena->next++;
    return ARENA_PHYS + frame * PGT_PAGE;
}

void arena_give(struct arena *arena, uint64_t phys)
{
    arena->given[arena->given_count++] = (uint32_t)((phys - ARENA_PHYS) / PGT_PAGE);
}

static bool reserve(void *context, size_t count)
{
    const struct arena *arena = context;
    return count <= arena->given_count + (arena->frames - arena->next);
}

static uint64_t take(void *context)
{
    return arena_take(context);
}

static void give(void *context, uint64_t frame)
{
    arena_give(context, frame);
}

struct pgt_frames bench_frames(struct bench *bench)
{
    return (struct pgt_frames){
        .reserve = reserve,
        .take = take,
        .give = give,
        .context = &bench->arena,
        .offset = (uint64_t)(uintptr_t)bench->arena.memory - ARENA_PHYS,
        .zeroed = bench->zeroed,
    };
}

/* On 2 MiB pages where the host has them, so that the host's own walks don't count. */
static void make_arena(struct arena *arena)
{
    size_t bytes = (size_t)FRAMES * PGT_PAGE;
    uint8_t *memory = mmap(NULL, bytes + HUGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        perror("bench: memory for the tables");
        exit(2);
    }
    arena->memory = memory + (-(uintptr_t)memory & (HUGE - 1));
    arena->frames = FRAMES;
    arena->given = malloc(FRAMES * sizeof(*arena->given));
    (void)!madvise(arena->memory, bytes, MADV_HUGEPAGE);
    memset(arena->memory, 0, bytes);
}

/* ---- measuring -------------------------------------------------------------- */

double bench_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

__attribute__((target("clflushopt"))) static void flush_caches(const struct arena *arena,
                                                               size_t frames)
{
    for (size_t i = 0; i < frames * PGT_PAGE; i += 64)
        _mm_clflushopt(arena->memory + i);
    _mm_mfence();
}

/* As many frames as were handed out so far start anew: rubbish, or zeros. */
void bench_reset(struct bench *bench, unsigned flags, size_t used)
{
    bench->zeroed = flags & BENCH_ZEROED;
    bench->arch = (struct pgt_arch){.levels = 4,
                                    .physical_bits = 46,
                                    .pages_1g = !(flags & BENCH_NO_1G),
                                    .no_execute = true,
                                    .pat = PGT_PAT_LIMINE};
    memset(bench->arena.memory, bench->zeroed ? 0 : 0x5a, used * PGT_PAGE);
    bench->arena.next = 0;
    bench->arena.given_count = 0;
    bench->result = 0;
}

static double run(struct bench *bench, const struct workload *workload, bool ideal, bool cold)
{
    size_t used = bench->arena.next;
    bench_reset(bench, workload->flags, used);
    workload->prepare(bench, ideal);
    /* The frames that the last run took will be taken again. */
    if (cold)
        flush_caches(&bench->arena, used > bench->arena.next ? used : bench->arena.next);
    double start = bench_now();
    (ideal ? workload->ideal : workload->ours)(bench);
    return bench_now() - start;
}

static double zero_tables(struct bench *bench, bool cold)
{
    if (cold)
        flush_caches(&bench->arena, bench->arena.next);
    double start = bench_now();
    memset(bench->arena.memory, 0, bench->arena.next * PGT_PAGE);
    return bench_now() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *value, size_t count)
{
    qsort(value, count, sizeof(*value), compare);
    return value[count / 2];
}

/* What only the library keeps: live counts and the sign of global leaves, in entries that
 * lead to tables.  Of a leaf nothing is left out here, since these bits are 0 in it. */
#define KEPT (UINT64_C(0x3ff) << 52)

/* What is counted of a workload: by its name a tool knows when to begin and when to stop, so it
 * is a function of its own, which comes back before it ends. */
__attribute__((noipa)) static void counted(struct bench *bench, const struct workload *workload)
{
    workload->ours(bench);
    __asm__ volatile("" ::: "memory");
}

static void count(struct bench *bench, const struct workload *workload)
{
    bench_reset(bench, workload->flags, bench->arena.next);
    workload->prepare(bench, false);
    counted(bench, workload);
    puts(workload->name);
}

/* Both sides have built the same, entry by entry, in the same frames. */
static void check_same(struct bench *bench, const struct workload *workload)
{
    (void)run(bench, workload, true, false);
    size_t words = bench->arena.next * (PGT_PAGE / 8);
    uint64_t result = bench->result;
    uint64_t *ideal = malloc(words * 8 + 8);
    memcpy(ideal, bench->arena.memory, words * 8);
    (void)run(bench, workload, false, false);
    const uint64_t *ours = (const uint64_t *)(const void *)bench->arena.memory;
    bool same = bench->arena.next * (PGT_PAGE / 8) == words && bench->result == result;
    for (size_t i = 0; i < words && same; i++)
        same = ((ours[i] ^ ideal[i]) & ~KEPT) == 0;
    free(ideal);
    if (!same) {
        fprintf(stderr, "bench: %s: the library and the loop built different tables\n",
                workload->name);
        exit(1);
    }
}

static void measure(struct bench *bench, const struct workload *workload, bool cold)
{
    double ours[RUNS], ideal[RUNS], ratio[RUNS], zero[RUNS];
    size_t frames = 0;
    for (unsigned i = 0; i < RUNS; i++) {
        ours[i] = run(bench, workload, false, cold) / workload->pages;
        ideal[i] = run(bench, workload, true, cold) / workload->pages;
        frames = bench->arena.next;
        zero[i] = zero_tables(bench, cold) / workload->pages;
        ratio[i] = ours[i] / ideal[i];
    }
    printf("%s%s\t%.3f\t%.3f\t%.2f\t%zu\t%.3f\n", workload->name, cold ? "-cold" : "",
           bench_median(ours, RUNS), bench_median(ideal, RUNS), bench_median(ratio, RUNS),
           frames * (size_t)PGT_PAGE, bench_median(zero, RUNS));
    fflush(stdout);
}

static uint64_t *random_pages(void)
{
    uint64_t *page = malloc(BENCH_RANDOM * sizeof(*page));
    uint64_t state = 1;
    for (size_t i = 0; i < BENCH_RANDOM; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        page[i] = (state >> 24 & ((UINT64_C(1) << 28) - 1)) * PGT_PAGE;
    }
    return page;
}

static bool chosen(const char *workload, int count, char **name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(workload, name[i]) == 0)
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    bool count_only = argc > 1 && strcmp(argv[1], "-c") == 0;
    int first = 1 + count_only;
    static struct bench bench;
    make_arena(&bench.arena);
    bench.random = random_pages();
    bench.random_count = BENCH_RANDOM;
    if (argc == 2 && strcmp(argv[1], "-g") == 0) {
        bench_growth(&bench);
        return 0;
    }
    if (!count_only)
        puts("workload\tours_ns_per_page\tideal_ns_per_page\tratio\ttable_bytes\tmemset_ns_per_"
             "page");
    for (size_t i = 0; i < bench_workload_count; i++) {
        const struct workload *workload = &bench_workloads[i];
        if (!chosen(workload->name, argc - first, argv + first))
            continue;
        if (count_only) {
            count(&bench, workload);
            continue;
        }
        check_same(&bench, workload);
        measure(&bench, workload, false);
        if (!(workload->flags & BENCH_WARM_ONLY))
            measure(&bench, workload, true);
    }
    if (!count_only && chosen("W11", argc - first, argv + first))
        bench_readers(&bench);
    return 0;
}
