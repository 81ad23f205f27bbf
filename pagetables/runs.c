/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merged runs of leaves, and the dump that prints them.
 */
#include "pagetables/text.h"
#include "pagetables/walk.h"

/* The run so far, in the terms of entries: cheaper to compare, a leaf at a time. */
struct run_job {
    const struct pgt_space *space;
    uint64_t virt;       /* canonical: the halves don't continue each other */
    uint64_t phys;       /* of the first leaf */
    uint64_t bytes;      /* 0 before that */
    uint64_t attributes; /* its own */
    size_t leaves[LEVEL_1G];
};

/* Two memory types that the PAT has twice are the same in spite of their bits. */
static bool alike(const struct pgt_arch *arch, uint64_t a, uint64_t b)
{
    uint64_t differ = (a ^ b) & ~ENTRY_MARKS;
    return !(differ & ~ENTRY_MEMORY) &&
           (!differ || memory_of_attributes(arch, a) == memory_of_attributes(arch, b));
}

static enum walk_next run_entry(struct walk *walk, void *context)
{
    struct run_job *job = context;
    unsigned level = walk->level;
    pgt_entry entry = walk_load(walk);
    if (!entry_present(entry))
        return WALK_ON;
    if (!entry_is_leaf(entry, level))
        return walk_into(walk, job->space, entry);
    uint64_t virt = canonical_form(&job->space->arch, walk->part.first & ~level_mask(level));
    uint64_t attributes = leaf_attributes(entry, level);
    if (job->bytes == 0) {
        job->virt = virt;
        job->phys = leaf_phys(entry, level);
        job->attributes = attributes;
    } else if (job->virt + job->bytes != virt ||
               job->phys + job->bytes != leaf_phys(entry, level) ||
               !alike(&job->space->arch, attributes, job->attributes)) {
        return WALK_STOP;
    }
    /* More of the same in this table, without a look at what each means. */
    uint64_t step = level_mask(level) + 1;
    unsigned more = count_alike(walk_slot(walk) + 1, PGT_ENTRIES - 1 - walk_index(walk),
                                (pgt_entry){entry.raw + step}, step);
    job->bytes += (more + 1) * step;
    job->leaves[level - 1] += more + 1;
    return walk_past(walk, more + 1);
}

bool pgt_next_run(const struct pgt_space *space, uint64_t virt, struct pgt_run *ret_run)
{
    struct run_job job = {.space = space};
    struct range range = linear_all(&space->arch);
    struct walk walk;
    range.first = is_canonical(&space->arch, virt) ? virt & range.last : range.last / 2 + 1;
    walk_start(&walk, space, range);
    walk_range(&walk, &job, run_entry, walk_leave);
    if (job.bytes == 0)
        return false;
    *ret_run = (struct pgt_run){
        .virt = job.virt,
        .phys = job.phys,
        .bytes = job.bytes,
        .rights = rights_of_attributes(job.attributes),
        .memory = memory_of_attributes(&space->arch, job.attributes),
        .key = key_of_attributes(job.attributes),
        .software = software_of_attributes(job.attributes),
        .leaves_4k = job.leaves[LEVEL_4K - 1],
        .leaves_2m = job.leaves[LEVEL_2M - 1],
        .leaves_1g = job.leaves[LEVEL_1G - 1],
    };
    return true;
}

static void put_leaves(struct pgt_line *line, const char *size, size_t count)
{
    if (count == 0)
        return;
    pgt_put(line, " ");
    pgt_put(line, size);
    pgt_put(line, "*");
    pgt_put_number(line, count, 10, 1);
}

/* Apart from the rest, so that the text and a walk are never on the stack together. */
static __attribute__((noinline)) void
print_run(const struct pgt_run *run, void (*line)(void *context, const char *text), void *context)
{
    struct pgt_line text = {.length = 0};
    pgt_put_hex(&text, run->virt, 16);
    pgt_put(&text, "-");
    pgt_put_hex(&text, run->virt + (run->bytes - 1), 16);
    pgt_put(&text, "  ");
    pgt_put_hex(&text, run->phys, 12);
    pgt_put(&text, "  ");
    pgt_put_size(&text, run->bytes);
    pgt_put(&text, "  ");
    pgt_put_rights(&text, run->rights);
    pgt_put(&text, " ");
    pgt_put_memory(&text, run->memory);
    pgt_put(&text, " ");
    put_leaves(&text, "4K", run->leaves_4k);
    put_leaves(&text, "2M", run->leaves_2m);
    put_leaves(&text, "1G", run->leaves_1g);
    if (run->key) {
        pgt_put(&text, "  key ");
        pgt_put_number(&text, run->key, 10, 1);
    }
    if (run->software) {
        pgt_put(&text, "  software ");
        pgt_put_hex(&text, run->software, 1);
    }
    line(context, text.text);
}

void pgt_dump(const struct pgt_space *space, void (*line)(void *context, const char *text),
              void *context)
{
    struct pgt_run run;
    uint64_t at = 0;
    while (pgt_next_run(space, at, &run)) {
        print_run(&run, line, context);
        at = run.virt + run.bytes;
        if (at == 0)
            return;
    }
}
