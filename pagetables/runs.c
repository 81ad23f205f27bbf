/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merged runs of leaves, and the dump that prints them.
 */
#include "pagetables/text.h"
#include "pagetables/walk.h"

static struct pgt_run run_of(const struct pgt_leaf *leaf)
{
    return (struct pgt_run){
        .virt = leaf->virt,
        .phys = leaf->phys,
        .bytes = leaf->bytes,
        .rights = leaf->rights,
        .memory = leaf->memory,
        .key = leaf->key,
        .software = leaf->software,
    };
}

static void count_leaves(struct pgt_run *run, unsigned level, size_t leaves)
{
    run->leaves_4k += level == LEVEL_4K ? leaves : 0;
    run->leaves_2m += level == LEVEL_2M ? leaves : 0;
    run->leaves_1g += level == LEVEL_1G ? leaves : 0;
}

static bool run_continues(const struct pgt_run *run, const struct pgt_leaf *leaf)
{
    return run->virt + run->bytes == leaf->virt && run->phys + run->bytes == leaf->phys &&
           run->rights == leaf->rights && run->memory == leaf->memory && run->key == leaf->key &&
           run->software == leaf->software;
}

struct run_job {
    const struct pgt_space *space;
    struct pgt_run run; /* bytes is 0 before the first leaf */
};

static enum walk_next run_entry(struct walk *walk, void *context)
{
    struct run_job *job = context;
    pgt_entry entry = entry_load(walk_slot(walk));
    if (!entry_present(entry))
        return WALK_ON;
    if (!entry_is_leaf(entry, walk->level))
        return walk_into(walk, job->space, entry);
    struct pgt_leaf leaf = pgt_describe(job->space, entry, walk->level,
                                        canonical_form(&job->space->arch, walk->part.first));
    if (job->run.bytes == 0)
        job->run = run_of(&leaf);
    else if (run_continues(&job->run, &leaf))
        job->run.bytes += leaf.bytes;
    else
        return WALK_STOP;
    /* More of the same in this table, without a look at what each means. */
    uint64_t step = level_mask(walk->level) + 1;
    unsigned more = count_alike(walk_slot(walk) + 1, PGT_ENTRIES - 1 - walk_index(walk),
                                (pgt_entry){entry.raw + step}, step);
    job->run.bytes += more * step;
    count_leaves(&job->run, walk->level, more + 1);
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
    if (job.run.bytes)
        *ret_run = job.run;
    return job.run.bytes != 0;
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
