/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merged runs of leaves, and the dump that prints them.
 */
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
    /* The dump's: where finished runs go.  Null: stop at the first. */
    void (*line)(void *context, const char *text);
    void *line_context;
};

static void print_run(const struct run_job *job);

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
    if (job->run.bytes && run_continues(&job->run, &leaf)) {
        job->run.bytes += leaf.bytes;
    } else {
        if (job->run.bytes && !job->line)
            return WALK_STOP;
        if (job->run.bytes)
            print_run(job);
        job->run = run_of(&leaf);
    }
    count_leaf(&job->run, walk->level);
    return WALK_ON;
}

static void walk_runs(struct run_job *job, uint64_t virt)
{
    struct range range = linear_all(&job->space->arch);
    struct walk walk;
    range.first = is_canonical(&job->space->arch, virt) ? virt & range.last : range.last / 2 + 1;
    walk_start(&walk, job->space, range);
    walk_range(&walk, job, run_entry, walk_leave);
}

bool pgt_next_run(const struct pgt_space *space, uint64_t virt, struct pgt_run *ret_run)
{
    struct run_job job = {.space = space};
    walk_runs(&job, virt);
    if (job.run.bytes)
        *ret_run = job.run;
    return job.run.bytes != 0;
}

/* ---- text: no formatted output in a freestanding library ---------------- */

#define LINE_BYTES 128

struct line {
    char text[LINE_BYTES];
    unsigned length;
};

static void put(struct line *line, const char *text)
{
    while (*text && line->length < LINE_BYTES - 1)
        line->text[line->length++] = *text++;
    line->text[line->length] = 0;
}

/* At least `digits` digits. */
static void put_number(struct line *line, uint64_t number, unsigned base, unsigned digits)
{
    char text[21];
    unsigned at = sizeof(text) - 1;
    text[at] = 0;
    while (at > 0 && (number || digits)) {
        text[--at] = "0123456789abcdef"[number % base];
        number /= base;
        digits -= digits > 0;
    }
    put(line, &text[at]);
}

static void put_size(struct line *line, uint64_t bytes)
{
    static const char unit[][2] = {"K", "M", "G", "T", "P"};
    unsigned i = 0;
    for (bytes /= 1024; bytes % 1024 == 0 && i < 4; bytes /= 1024)
        i++;
    put_number(line, bytes, 10, 1);
    put(line, unit[i]);
}

static void put_leaves(struct line *line, const char *size, size_t count)
{
    if (count == 0)
        return;
    put(line, " ");
    put(line, size);
    put(line, "*");
    put_number(line, count, 10, 1);
}

static void put_rights(struct line *line, unsigned rights)
{
    static const char name[] = "rwxug";
    char text[6] = "-----";
    for (unsigned i = 0; i < 5; i++)
        if (rights & (1u << i))
            text[i] = name[i];
    put(line, text);
}

static __attribute__((noinline)) void print_run(const struct run_job *job)
{
    static const char memory[PGT_MEMORY_TYPES][4] = {"WB", "WT", "UC-", "UC", "WP", "WC"};
    const struct pgt_run *run = &job->run;
    struct line line = {.length = 0};
    put(&line, "0x");
    put_number(&line, run->virt, 16, 16);
    put(&line, "-0x");
    put_number(&line, run->virt + (run->bytes - 1), 16, 16);
    put(&line, "  0x");
    put_number(&line, run->phys, 16, 12);
    put(&line, "  ");
    put_size(&line, run->bytes);
    put(&line, "  ");
    put_rights(&line, run->rights);
    put(&line, " ");
    put(&line, memory[run->memory]);
    put(&line, " ");
    put_leaves(&line, "4K", run->leaves_4k);
    put_leaves(&line, "2M", run->leaves_2m);
    put_leaves(&line, "1G", run->leaves_1g);
    if (run->key) {
        put(&line, "  key ");
        put_number(&line, run->key, 10, 1);
    }
    if (run->software) {
        put(&line, "  software 0x");
        put_number(&line, run->software, 16, 1);
    }
    job->line(job->line_context, line.text);
}

void pgt_dump(const struct pgt_space *space, void (*line)(void *context, const char *text),
              void *context)
{
    struct run_job job = {.space = space, .line = line, .line_context = context};
    walk_runs(&job, 0);
    if (job.run.bytes)
        print_run(&job);
}
