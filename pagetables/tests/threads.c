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
#include "pagetables/tests/stage.h"
#include "pagetables/tests/timeline.h"

#include <stdio.h>
#include <stdlib.h>

/* Pages that are changed and read most. */
#define HOT 2

#define RIGHTS (PGT_READ | PGT_WRITE | PGT_EXECUTE | PGT_USER)

/* Addresses that are mapped to one of two stretches of frames, each of which would allow the
 * largest leaves. */
struct region {
    uint64_t virt;
    uint64_t phys[2];
    uint64_t largest; /* leaf that may be split to 4K: a 1G leaf would take 513 tables */
    unsigned first;   /* units */
    unsigned count;
};

struct writer {
    struct stage *stage;
    struct pgt_space *space;
    struct timeline timeline;
    struct region region[2];
    uint64_t random;
    size_t operations;
    pthread_t thread;
};

struct reader {
    struct stage *stage;
    const struct pgt_space *space;
    const struct writer *writer[2];
    unsigned writers;
    unsigned visitor;
    uint64_t random;
    size_t reads;
    size_t beside; /* reads that an operation ran beside */
    size_t forgotten;
    pthread_t thread;
};

/* ------------------------------------------------------------------------
 * States: what a unit's first byte maps to, and how.
 */

static uint64_t state_of(uint64_t phys, unsigned rights, enum pgt_memory memory, unsigned key)
{
    return phys | rights | (uint64_t)memory << 5 | (uint64_t)key << 8;
}

static uint64_t state_rights(uint64_t state, unsigned rights)
{
    return (state & ~(uint64_t)RIGHTS) | PGT_READ | rights;
}

/* ------------------------------------------------------------------------
 * A writer
 */

/* One operation: units, and the range that they cover. */
struct target {
    const struct region *region;
    unsigned first;
    unsigned count;
    uint64_t virt;
    uint64_t bytes;
};

static const struct timeline_unit *unit_of(const struct writer *writer, unsigned unit)
{
    return &writer->timeline.unit[unit];
}

static struct target target_of(const struct writer *writer, const struct region *region,
                               unsigned first, unsigned count)
{
    struct target target = {.region = region, .first = first, .count = count};
    const struct timeline_unit *last = unit_of(writer, first + count - 1);
    target.virt = unit_of(writer, first)->virt;
    target.bytes = last->virt + last->bytes - target.virt;
    return target;
}

static struct target hot_target(struct writer *writer)
{
    return target_of(writer, &writer->region[1], writer->region[1].first,
                     1 + stage_below(&writer->random, HOT));
}

/* Often a range that larger leaves fit in, since only those are split and promoted. */
static struct target any_target(struct writer *writer)
{
    const struct region *region = &writer->region[stage_below(&writer->random, 2)];
    unsigned most = 1u << stage_below(&writer->random, 11);
    unsigned count = stage_below(&writer->random, 2) ? most : 1 + stage_below(&writer->random, 8);
    count = count < region->count ? count : region->count;
    unsigned at = stage_below(&writer->random, region->count - count + 1);
    if (count >= PGT_ENTRIES)
        at -= at % PGT_ENTRIES;
    return target_of(writer, region, region->first + at, count);
}

static void write_map(struct writer *writer, const struct target *target, struct pgt_flush *flush)
{
    const struct region *region = target->region;
    uint64_t phys = region->phys[stage_below(&writer->random, 2)] - region->virt; /* from virt */
    struct pgt_mapping mapping = {
        .virt = target->virt,
        .phys = target->virt + phys,
        .bytes = target->bytes,
        .rights = PGT_READ | (stage_below(&writer->random, 2) ? PGT_WRITE : 0),
        .memory = stage_below(&writer->random, 2) ? PGT_WRITE_BACK : PGT_WRITE_COMBINING,
        .key = stage_below(&writer->random, 2),
        .promote = stage_below(&writer->random, 2),
    };
    for (unsigned i = target->first; i < target->first + target->count; i++)
        timeline_change(
            &writer->timeline, i,
            state_of(unit_of(writer, i)->virt + phys, mapping.rights, mapping.memory, mapping.key));
    timeline_start(&writer->timeline);
    stage_expect(pgt_map(writer->space, &mapping, flush), "pgt_map");
}

static void write_unmap(struct writer *writer, const struct target *target, struct pgt_flush *flush)
{
    for (unsigned i = target->first; i < target->first + target->count; i++)
        timeline_change(&writer->timeline, i, TIMELINE_ABSENT);
    timeline_start(&writer->timeline);
    stage_expect(pgt_unmap(writer->space, target->virt, target->bytes, flush), "pgt_unmap");
}

static void write_protect(struct writer *writer, const struct target *target,
                          struct pgt_flush *flush)
{
    struct pgt_protection protection = {
        .change = PGT_CHANGE_RIGHTS | PGT_CHANGE_SOFTWARE,
        .rights = PGT_READ | ((unsigned)stage_random(&writer->random) & RIGHTS),
        .software = stage_below(&writer->random, PGT_SOFTWARE_ALL + 1),
    };
    for (unsigned i = target->first; i < target->first + target->count; i++) {
        uint64_t old = timeline_state(&writer->timeline, i);
        if (old != TIMELINE_ABSENT)
            timeline_change(&writer->timeline, i, state_rights(old, protection.rights));
    }
    timeline_start(&writer->timeline);
    stage_expect(pgt_protect(writer->space, target->virt, target->bytes, &protection, flush),
                 "pgt_protect");
}

static void write_split(struct writer *writer, const struct target *target)
{
    timeline_start(&writer->timeline);
    stage_expect(pgt_split(writer->space, target->virt, target->bytes,
                           target->region->largest > PGT_PAGE_2M ? PGT_PAGE_2M : PGT_PAGE),
                 "pgt_split");
}

static void write_promote(struct writer *writer, const struct target *target,
                          struct pgt_flush *flush)
{
    timeline_start(&writer->timeline);
    stage_expect(pgt_promote(writer->space, target->virt, target->bytes, flush), "pgt_promote");
}

/* Into a space of its own, which is destroyed right away. */
static void write_clone(struct writer *writer, const struct target *target, struct pgt_flush *flush)
{
    struct stage *stage = writer->stage;
    struct pgt_space copy;
    enum pgt_clone how = (enum pgt_clone)stage_below(&writer->random, 3);
    for (unsigned i = target->first; i < target->first + target->count; i++) {
        uint64_t old = timeline_state(&writer->timeline, i);
        if (how == PGT_CLONE_COPY_ON_WRITE)
            timeline_change(&writer->timeline, i, old & ~(uint64_t)PGT_WRITE);
    }
    stage_expect(pgt_init(&copy, &stage->arch, &stage->frames), "pgt_init");
    timeline_start(&writer->timeline);
    stage_expect(pgt_clone(&copy, writer->space, target->virt, target->bytes, how, 1, flush),
                 "pgt_clone");
    stage_expect(pgt_destroy(&copy), "pgt_destroy");
}

/* All that the writer has, so that its root slot is empty now and then. */
static void write_nothing(struct writer *writer, struct pgt_flush *flush)
{
    struct target target = target_of(writer, NULL, 0, writer->timeline.count);
    write_unmap(writer, &target, flush);
}

/* No state changes, but every entry is written. */
static void write_harvest(struct writer *writer, const struct target *target,
                          struct pgt_flush *flush)
{
    struct pgt_harvest sum;
    timeline_start(&writer->timeline);
    stage_expect(pgt_harvest(writer->space, target->virt, target->bytes, PGT_ACCESSED | PGT_DIRTY,
                             NULL, NULL, &sum, flush),
                 "pgt_harvest");
}

static void write_any(struct writer *writer, const struct target *target, struct pgt_flush *flush)
{
    switch (stage_below(&writer->random, 10)) {
    case 0:
    case 1:
    case 2:
        write_map(writer, target, flush);
        break;
    case 3:
    case 4:
        write_unmap(writer, target, flush);
        break;
    case 5:
        write_protect(writer, target, flush);
        break;
    case 6:
        write_split(writer, target);
        break;
    case 7:
        write_promote(writer, target, flush);
        break;
    case 8:
        write_harvest(writer, target, flush);
        break;
    default:
        write_clone(writer, target, flush);
    }
}

/* Most often it is the pages that readers look at most: since each store is soon over, there shall
 * be many, some of them right after all became one leaf, which then has to be split. */
static void step(struct writer *writer)
{
    struct pgt_flush flush = {0};
    unsigned kind = stage_below(&writer->random, 256);
    struct target target = kind < 192 ? hot_target(writer) : any_target(writer);
    if (kind >= 160 && kind < 192) {
        struct target gigabyte =
            target_of(writer, &writer->region[1], writer->region[1].first, HOT + 1);
        write_map(writer, &gigabyte, &flush);
        timeline_complete(&writer->timeline);
    }
    if (kind == 255)
        write_nothing(writer, &flush);
    else
        write_any(writer, &target, &flush);
    timeline_complete(&writer->timeline);
    writer->operations++;
    stage_tidy(writer->stage);
}

static void *write_on(void *context)
{
    struct writer *writer = context;
    while (stage_runs(writer->stage))
        step(writer);
    return NULL;
}

/* 1024 pages of 4K, and a gigabyte that is one unit but for its first two pages. */
static void writer_init(struct writer *writer, struct stage *stage, struct pgt_space *space,
                        uint64_t virt, uint64_t seed)
{
    const uint64_t frames = UINT64_C(0x100000000);
    *writer = (struct writer){.stage = stage, .space = space, .random = seed * 2 + 1};
    timeline_init(&writer->timeline, 1024 + HOT + 1);
    writer->region[0] = (struct region){virt, {frames, 2 * frames}, PGT_PAGE_2M, 0, 1024};
    for (unsigned i = 0; i < 1024; i++)
        timeline_add(&writer->timeline, virt + i * PGT_PAGE, PGT_PAGE);
    virt += PGT_PAGE_1G;
    writer->region[1] = (struct region){virt, {3 * frames, 4 * frames}, PGT_PAGE_1G, 1024, HOT + 1};
    for (unsigned i = 0; i < HOT; i++)
        timeline_add(&writer->timeline, virt + i * PGT_PAGE, PGT_PAGE);
    timeline_add(&writer->timeline, virt + HOT * PGT_PAGE, PGT_PAGE_1G - HOT * PGT_PAGE);
}

/* ------------------------------------------------------------------------
 * A reader
 */

/* What was found, in the form of a run; no bytes if nothing. */
struct found {
    uint64_t virt;
    uint64_t bytes;
    uint64_t state; /* of its first byte */
};

static struct found found_leaf(const struct pgt_leaf *leaf)
{
    return (struct found){leaf->virt, leaf->bytes,
                          state_of(leaf->phys, leaf->rights, leaf->memory, leaf->key)};
}

static struct found found_run(const struct pgt_run *run)
{
    return (struct found){run->virt, run->bytes,
                          state_of(run->phys, run->rights, run->memory, run->key)};
}

static void judge(struct reader *reader, const struct writer *writer, unsigned unit,
                  struct timeline_window window, uint64_t state, const char *call)
{
    switch (timeline_judge(&writer->timeline, unit, window, state)) {
    case TIMELINE_LEGAL:
        break;
    case TIMELINE_FORGOTTEN:
        reader->forgotten++;
        break;
    case TIMELINE_ILLEGAL:
        stage_fail("%s of %#lx saw %#lx, which it wasn't before, during or after operations "
                   "%lu to %lu",
                   call, (unsigned long)unit_of(writer, unit)->virt, (unsigned long)state,
                   (unsigned long)window.first, (unsigned long)window.last);
    }
}

/* A walk from the first byte of a unit found this: then what it passed was absent, and what it
 * found is there. */
static void judge_walk(struct reader *reader, const struct writer *writer, unsigned unit,
                       struct timeline_window window, const struct found *found, const char *call)
{
    for (; unit < writer->timeline.count; unit++) {
        const struct timeline_unit *at = unit_of(writer, unit);
        bool any = found->bytes != 0;
        if (!any || at->virt < found->virt)
            judge(reader, writer, unit, window, TIMELINE_ABSENT, call);
        if (!any || at->virt + at->bytes - 1 < found->virt)
            continue;
        if (at->virt > found->virt + (found->bytes - 1))
            return;
        judge(reader, writer, unit, window, found->state + (at->virt - found->virt), call);
    }
}

static void read_lookup(struct reader *reader, const struct writer *writer, unsigned unit,
                        struct timeline_window *window)
{
    const struct timeline_unit *at = unit_of(writer, unit);
    struct pgt_leaf leaf;
    uint64_t state = TIMELINE_ABSENT;
    timeline_open(&writer->timeline, window);
    if (pgt_lookup(reader->space, at->virt + stage_random(&reader->random) % at->bytes, &leaf))
        state = found_leaf(&leaf).state + (at->virt - leaf.virt);
    timeline_close(&writer->timeline, window);
    judge(reader, writer, unit, *window, state, "pgt_lookup");
}

static void read_next(struct reader *reader, const struct writer *writer, unsigned unit,
                      struct timeline_window *window)
{
    struct found found = {0};
    struct pgt_leaf leaf;
    timeline_open(&writer->timeline, window);
    if (pgt_next(reader->space, unit_of(writer, unit)->virt, &leaf))
        found = found_leaf(&leaf);
    timeline_close(&writer->timeline, window);
    judge_walk(reader, writer, unit, *window, &found, "pgt_next");
}

static void read_run(struct reader *reader, const struct writer *writer, unsigned unit,
                     struct timeline_window *window)
{
    struct found found = {0};
    struct pgt_run run;
    timeline_open(&writer->timeline, window);
    if (pgt_next_run(reader->space, unit_of(writer, unit)->virt, &run))
        found = found_run(&run);
    timeline_close(&writer->timeline, window);
    judge_walk(reader, writer, unit, *window, &found, "pgt_next_run");
}

static void read_empty(struct reader *reader, const struct writer *writer, unsigned unit,
                       struct timeline_window *window)
{
    const struct timeline *timeline = &writer->timeline;
    unsigned last = unit + stage_below(&reader->random, 16);
    last = last < timeline->count ? last : timeline->count - 1;
    uint64_t virt = timeline->unit[unit].virt;
    timeline_open(timeline, window);
    bool empty = pgt_is_empty(reader->space, virt,
                              timeline->unit[last].virt + timeline->unit[last].bytes - virt);
    timeline_close(timeline, window);
    bool any = false;
    for (unsigned i = unit; i <= last; i++) {
        if (empty)
            judge(reader, writer, i, *window, TIMELINE_ABSENT, "pgt_is_empty");
        else
            any |= timeline_judge(timeline, i, *window, TIMELINE_PRESENT) != TIMELINE_ILLEGAL;
    }
    if (!empty && !any)
        stage_fail("pgt_is_empty of %#lx said no, and nothing was there", (unsigned long)virt);
}

static void look(struct reader *reader)
{
    const struct writer *writer = reader->writer[stage_below(&reader->random, reader->writers)];
    unsigned unit = stage_below(&reader->random, writer->timeline.count);
    struct timeline_window window;
    if (stage_below(&reader->random, 4))
        unit = 1024 + stage_below(&reader->random, HOT + 1);
    stage_enter(reader->stage, reader->visitor);
    switch (stage_below(&reader->random, 8)) {
    case 0:
        read_next(reader, writer, unit, &window);
        break;
    case 1:
        read_run(reader, writer, unit, &window);
        break;
    case 2:
        read_empty(reader, writer, unit, &window);
        break;
    default:
        read_lookup(reader, writer, unit, &window);
    }
    stage_leave(reader->stage, reader->visitor);
    reader->reads++;
    reader->beside += window.last > window.first;
}

static void *read_on(void *context)
{
    struct reader *reader = context;
    while (stage_runs(reader->stage))
        look(reader);
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
            look(reader);
        stage_expect(pgt_destroy(&space), "pgt_destroy of a dependent");
    }
    return NULL;
}

/* ------------------------------------------------------------------------
 * Scenes
 */

/* When all is over the tables hold exactly what the timelines say. */
static void judge_end(const struct writer *writer)
{
    for (unsigned i = 0; i < writer->timeline.count; i++) {
        const struct timeline_unit *unit = unit_of(writer, i);
        struct pgt_leaf leaf;
        uint64_t state = TIMELINE_ABSENT;
        if (pgt_lookup(writer->space, unit->virt + unit->bytes - 1, &leaf))
            state = found_leaf(&leaf).state + (unit->virt - leaf.virt);
        if (state != timeline_state(&writer->timeline, i))
            stage_fail("at the end %#lx is %#lx, not %#lx", (unsigned long)unit->virt,
                       (unsigned long)state, (unsigned long)timeline_state(&writer->timeline, i));
    }
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
        judge_end(&writer[i]);
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

static void reader_init(struct reader *reader, struct stage *stage, const struct writer *writer,
                        unsigned writers, unsigned visitor, uint64_t seed)
{
    *reader = (struct reader){.stage = stage,
                              .space = writer[0].space,
                              .writer = {&writer[0], &writer[writers - 1]},
                              .writers = writers,
                              .visitor = visitor,
                              .random = (seed + visitor) * 2 + 1};
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
