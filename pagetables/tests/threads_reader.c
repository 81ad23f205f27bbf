/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/threads.h"

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

void reader_look(struct reader *reader)
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

void reader_init(struct reader *reader, struct stage *stage, const struct writer *writer,
                 unsigned writers, unsigned visitor, uint64_t seed)
{
    *reader = (struct reader){.stage = stage,
                              .space = writer[0].space,
                              .writer = {&writer[0], &writer[writers - 1]},
                              .writers = writers,
                              .visitor = visitor,
                              .random = (seed + visitor) * 2 + 1};
}
