/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the cost grows with what is mapped: in nanoseconds a page it should stay flat, since it is
 * linear in tables.  A row a size: workload, bytes, pages, tables, nanoseconds a page and a table.
 */
#include <stdio.h>

#include "pagetables/bench/bench.h"

#define GIB  UINT64_C(0x40000000)
#define RUNS 11

struct growth {
    const char *name;
    uint64_t virt, phys;
    uint64_t first, last; /* sizes, doubled from one to the other */
    uint64_t leaf;        /* bytes */
    unsigned flags;
    double (*measure)(struct bench *bench, const struct pgt_mapping *mapping);
};

static void must(enum pgt_status status)
{
    if (status != PGT_OK)
        __builtin_trap();
}

static double timed_map(struct bench *bench, const struct pgt_mapping *mapping)
{
    struct pgt_flush flush = {0};
    double start = bench_now();
    must(pgt_map(&bench->space, mapping, &flush));
    return bench_now() - start;
}

static double timed_plan(struct bench *bench, const struct pgt_mapping *mapping)
{
    size_t frames;
    double start = bench_now();
    must(pgt_map_cost(&bench->space, mapping, &frames));
    double time = bench_now() - start;
    (void)timed_map(bench, mapping); /* for the number of tables */
    return time;
}

static double timed_unmap(struct bench *bench, const struct pgt_mapping *mapping)
{
    struct pgt_flush flush = {0};
    (void)timed_map(bench, mapping);
    double start = bench_now();
    must(pgt_unmap(&bench->space, mapping->virt, mapping->bytes, &flush));
    return bench_now() - start;
}

/* Frames off by one page keep W1 and W5 to leaves of 4 KiB. */
static const struct growth growths[] = {
    {"W1", GIB, 128 * GIB + PGT_PAGE, PGT_PAGE, 64 * GIB, PGT_PAGE, 0, timed_map},
    {"W1-plan", GIB, 128 * GIB + PGT_PAGE, PGT_PAGE, 64 * GIB, PGT_PAGE, 0, timed_plan},
    {"W5", GIB, 128 * GIB + PGT_PAGE, PGT_PAGE, 64 * GIB, PGT_PAGE, 0, timed_unmap},
    {"identity-2M", 0, 0, GIB, 65536 * GIB, PGT_PAGE_2M, BENCH_NO_1G, timed_map},
    {"identity-1G", 0, 0, GIB, 65536 * GIB, PGT_PAGE_1G, 0, timed_map},
};

static void grow(struct bench *bench, const struct growth *growth, uint64_t bytes)
{
    const struct pgt_mapping mapping = {
        .virt = growth->virt, .phys = growth->phys, .bytes = bytes, .rights = PGT_READ | PGT_WRITE};
    double time[RUNS];
    size_t tables = 0;
    for (unsigned i = 0; i < RUNS; i++) {
        bench_reset(bench, growth->flags, bench->arena.next);
        struct pgt_frames frames = bench_frames(bench);
        must(pgt_init(&bench->space, &bench->arch, &frames));
        time[i] = growth->measure(bench, &mapping);
        tables = bench->arena.next;
    }
    double middle = bench_median(time, RUNS), pages = (double)(bytes / growth->leaf);
    printf("%s\t%.0f\t%.0f\t%zu\t%.4f\t%.2f\n", growth->name, (double)bytes, pages, tables,
           middle / pages, middle / (double)tables);
    fflush(stdout);
}

void bench_growth(struct bench *bench)
{
    puts("workload\tbytes\tpages\ttables\tns_per_page\tns_per_table");
    for (size_t i = 0; i < sizeof(growths) / sizeof(growths[0]); i++)
        for (uint64_t bytes = growths[i].first; bytes <= growths[i].last; bytes *= 2)
            grow(bench, &growths[i], bytes);
}
