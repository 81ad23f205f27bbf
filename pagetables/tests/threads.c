/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers without locks, under ThreadSanitizer: what pagetables.h promises under "Concurrency".
 *
 * Writers map, unmap, protect, split, promote and clone at random, in regions of 4K pages and
 * in one that takes a 1G leaf; readers look up and iterate beside them, and each thing that they
 * find is judged by a timeline: it is what the page was before or after an
 * operation that ran meanwhile, and a page that no operation touched is found always.
 * Given-back tables are recycled after a grace period.
 *
 *   1. one writer, three readers
 *   2. two writers on disjoint root slots of one space, two readers
 *   3. a writer in a sealed upper, and two threads that make spaces on it, read through
 *      them, map below the split and destroy them
 *
 *     threads [SECONDS [SEED]]
 */
#include "pagetables/tests/threads.h"

#include <stdio.h>
#include <stdlib.h>

static void *write_on(void *context)
{
    struct writer *writer = context;
    while (stage_runs(writer->stage))
        writer_step(writer);
    return NULL;
}

static void *read_on(void *context)
{
    struct reader *reader = context;
    while (stage_runs(reader->stage))
        reader_look(reader);
    return NULL;
}

/* Makes a space on the sealed upper, reads through it, maps below the split, and destroys it. */
static void *fork_on(void *context)
{
    struct reader *reader = context;
    struct stage *stage = reader->stage;
    struct pgt_space *upper = reader->writer[0]->space;
    while (stage_runs(stage)) {
        struct pgt_space space;
        struct pgt_flush flush = {0};
        struct pgt_mapping mapping = {.virt = PGT_PAGE_2M - PGT_PAGE,
                                      .phys = PGT_PAGE_2M - PGT_PAGE,
                                      .bytes = 2 * PGT_PAGE,
                                      .rights = RIGHTS};
        stage_expect(pgt_init_on(&space, upper, &stage->frames), "pgt_init_on");
        stage_expect(pgt_map(&space, &mapping, &flush), "pgt_map in a dependent");
        reader->space = &space;
        for (unsigned i = 0; i < 16; i++)
            reader_look(reader);
        stage_expect(pgt_destroy(&space), "pgt_destroy of a dependent");
    }
    return NULL;
}

/* Lets all run, and sees to it that the run was worth something. */
static void play(const char *name, double seconds, struct stage *stage, struct writer *writer,
                 unsigned writers, struct reader *reader, unsigned readers,
                 void *(*read_body)(void *))
{
    size_t operations = 0, reads = 0, beside = 0, forgotten = 0;
    for (unsigned i = 0; i < writers; i++)
        stage_start(&writer[i].thread, write_on, &writer[i]);
    for (unsigned i = 0; i < readers; i++)
        stage_start(&reader[i].thread, read_body, &reader[i]);
    stage_run(stage, seconds);
    for (unsigned i = 0; i < writers; i++) {
        pthread_join(writer[i].thread, NULL);
        operations += writer[i].operations;
    }
    for (unsigned i = 0; i < readers; i++) {
        pthread_join(reader[i].thread, NULL);
        reads += reader[i].reads;
        beside += reader[i].beside;
        forgotten += reader[i].forgotten;
    }
    for (unsigned i = 0; i < writers; i++) {
        writer_judge(&writer[i]);
        timeline_free(&writer[i].timeline);
    }
    stage_check(writer->space);
    stage_expect(pgt_destroy(writer->space), "pgt_destroy");
    stage_free(stage);
    printf("threads: %s: %zu operations, %zu reads, %zu of them beside an operation\n", name,
           operations, reads, beside);
    if (operations < 100 || beside < 100 || forgotten > reads / 100)
        stage_fail("%s shows little: %zu judgements forgotten", name, forgotten);
}

/* The writers' root slots are the last ones, the top of the address space included. */
static void scene(const char *name, unsigned writers, unsigned readers, double seconds,
                  uint64_t seed)
{
    struct stage stage;
    struct pgt_space space;
    struct writer writer[2];
    struct reader reader[STAGE_VISITORS];
    stage_init(&stage, 4, 2048);
    stage_expect(pgt_init(&space, &stage.arch, &stage.frames), "pgt_init");
    for (unsigned i = 0; i < writers; i++)
        writer_init(&writer[i], &stage, &space, -((i + 1) * (UINT64_C(1) << 39)), seed + i);
    for (unsigned i = 0; i < readers; i++)
        reader_init(&reader[i], &stage, writer, writers, i, seed);
    play(name, seconds, &stage, writer, writers, reader, readers, read_on);
}

static void scene_of_dependents(double seconds, uint64_t seed)
{
    struct stage stage;
    struct pgt_space space;
    struct writer writer;
    struct reader reader[2];
    const uint64_t upper = -(UINT64_C(1) << 56);
    stage_init(&stage, 5, 2048);
    stage_expect(pgt_init(&space, &stage.arch, &stage.frames), "pgt_init");
    stage_expect(pgt_seal(&space, upper, 1), "pgt_seal");
    writer_init(&writer, &stage, &space, upper + (UINT64_C(7) << 39), seed);
    for (unsigned i = 0; i < 2; i++)
        reader_init(&reader[i], &stage, &writer, 1, i, seed);
    play("dependents of a sealed upper", seconds, &stage, &writer, 1, reader, 2, fork_on);
}

int main(int count, char **argument)
{
    double seconds = count > 1 ? atof(argument[1]) : 6;
    uint64_t seed = count > 2 ? strtoull(argument[2], NULL, 0) : 1;
    scene("one writer", 1, 3, seconds / 3, seed);
    scene("two writers on disjoint root slots", 2, 2, seconds / 3, seed);
    scene_of_dependents(seconds / 3, seed);
    return 0;
}
