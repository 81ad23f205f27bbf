/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/threads.h"

static uint64_t state_rights(uint64_t state, unsigned rights)
{
    return (state & ~(uint64_t)RIGHTS) | PGT_READ | rights;
}

/* One operation: units, and the range that they cover. */
struct target {
    const struct region *region;
    unsigned first;
    unsigned count;
    uint64_t virt;
    uint64_t bytes;
};

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
void writer_step(struct writer *writer)
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
    if (kind >= 248)
        write_nothing(writer, &flush);
    else
        write_any(writer, &target, &flush);
    timeline_complete(&writer->timeline);
    writer->operations++;
    stage_tidy(writer->stage);
}

void writer_init(struct writer *writer, struct stage *stage, struct pgt_space *space, uint64_t virt,
                 uint64_t seed)
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

void writer_judge(const struct writer *writer)
{
    for (unsigned i = 0; i < writer->timeline.count; i++) {
        const struct timeline_unit *unit = unit_of(writer, i);
        struct pgt_leaf leaf;
        uint64_t state = TIMELINE_ABSENT;
        if (pgt_lookup(writer->space, unit->virt + unit->bytes - 1, &leaf))
            state =
                state_of(leaf.phys + (unit->virt - leaf.virt), leaf.rights, leaf.memory, leaf.key);
        if (state != timeline_state(&writer->timeline, i))
            stage_fail("at the end %#lx is %#lx, not %#lx", (unsigned long)unit->virt,
                       (unsigned long)state, (unsigned long)timeline_state(&writer->timeline, i));
    }
}
