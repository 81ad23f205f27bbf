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

static void count_leaf(struct pgt_run *run, unsigned level)
{
    run->leaves_4k += level == LEVEL_4K;
    run->leaves_2m += level == LEVEL_2M;
    run->leaves_1g += level == LEVEL_1G;
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
    count_leaf(&job->run, walk->level);
    return WALK_ON;
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
static __attribute__((noinline)) void print_run(const struct pgt_run *run,
                                                void (*line_done)(void *context, const char *text),
                                                void *context)
{
    struct pgt_line line = {.length = 0};
    pgt_put_hex(&line, run->virt, 16);
    pgt_put(&line, "-");
    pgt_put_hex(&line, run->virt + (run->bytes - 1), 16);
    pgt_put(&line, "  ");
    pgt_put_hex(&line, run->phys, 12);
    pgt_put(&line, "  ");
    pgt_put_size(&line, run->bytes);
    pgt_put(&line, "  ");
    pgt_put_rights(&line, run->rights);
    pgt_put(&line, " ");
    pgt_put_memory(&line, run->memory);
    pgt_put(&line, " ");
    put_leaves(&line, "4K", run->leaves_4k);
    put_leaves(&line, "2M", run->leaves_2m);
    put_leaves(&line, "1G", run->leaves_1g);
    if (run->key) {
        pgt_put(&line, "  key ");
        pgt_put_number(&line, run->key, 10, 1);
    }
    if (run->software) {
        pgt_put(&line, "  software ");
        pgt_put_hex(&line, run->software, 1);
    }
    line_done(context, line.text);
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
