/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows come from a sweep: every address at which a run of the plan or something with a name
 * begins or ends is a place to cut, and pieces of one name and one class are joined again.
 */
#include "loader/inspect/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Something with a name; later ones win. */
struct named {
    uint64_t first, bytes; /* virtual */
    char name[40];
    bool guard;
};

struct sweep {
    const struct space *space;
    bool image; /* of the image's 2 GiB, else of the direct map */
    struct named *named;
    size_t named_count;
    uint64_t *cut;
    size_t cuts;
    struct rows rows;
};

static void __attribute__((format(printf, 5, 6)))
name(struct sweep *sweep, uint64_t first, uint64_t bytes, bool guard, const char *format, ...)
{
    struct named *named = &sweep->named[sweep->named_count++];
    va_list arguments;

    *named = (struct named){.first = first, .bytes = bytes, .guard = guard};
    va_start(arguments, format);
    vsnprintf(named->name, sizeof named->name, format, arguments);
    va_end(arguments);
}

/* The last part of a path. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static const char *segment_name(unsigned rights)
{
    if (rights & PGT_EXECUTE)
        return "text";
    return rights & PGT_WRITE ? "data" : "read-only";
}

/* The image's segments, `offset` from where they run. */
static void name_image(struct sweep *sweep, const struct ldr_image *image, uint64_t offset)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *s = &image->segment[i];
        uint64_t first = s->virt & ~(PGT_PAGE - 1),
                 last = (s->virt + s->bytes - 1) | (PGT_PAGE - 1);
        name(sweep, first + offset, last - first + 1, false, "%s (segment %u)",
             segment_name(s->rights), s->index);
    }
}

/* The handoff page lies at `handoff`, and what belongs to it behind it. */
static void name_handoff(struct sweep *sweep, uint64_t handoff)
{
    const struct ldr_layout *layout = &sweep->space->layout;

    name(sweep, handoff, PGT_PAGE, false, "handoff page");
    if (layout->net_bytes)
        name(sweep, handoff + PGT_PAGE, layout->net_bytes, false, "early-fault net");
}

static void name_stacks(struct sweep *sweep)
{
    const struct ldr_layout *layout = &sweep->space->layout;
    uint64_t first = sweep->space->plan.hhdm + layout->stack_phys;
    uint64_t each = layout->stack_bytes + PGT_PAGE;

    name(sweep, first - PGT_PAGE, PGT_PAGE, true, "guard page");
    for (size_t i = 0; i <= layout->more_stacks; i++) {
        if (i == 0)
            name(sweep, first, layout->stack_bytes, false, "stack");
        else
            name(sweep, first + i * each, layout->stack_bytes, false, "stack of processor %zu", i);
        name(sweep, first + i * each + layout->stack_bytes, PGT_PAGE, true, "guard page");
    }
}

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PGT_PAGE - 1) & ~(PGT_PAGE - 1);
}

static void name_direct_map(struct sweep *sweep)
{
    const struct space *space = sweep->space;
    uint64_t hhdm = space->plan.hhdm;

    for (size_t i = 0; i <= space->module_count; i++)
        name(sweep, hhdm + space->file[i].phys, whole_pages(space->file[i].bytes), false, "file %s",
             base_name(space->file[i].path));
    name(sweep, hhdm + space->frames_phys, ldr_tables_bound(&space->plan) * PGT_PAGE, false,
         "page tables");
    name(sweep, hhdm + space->arena.phys, whole_pages(space->arena.bytes), false, "responses");
    name_handoff(sweep, hhdm + space->layout.handoff_phys);
    if (space->facts.framebuffer != NULL)
        name(sweep, hhdm + space->framebuffer.phys, space->framebuffer_extent, false,
             "framebuffer");
    name_stacks(sweep);
}

static bool wanted(const struct sweep *sweep, const struct ldr_run *run)
{
    bool direct = run->purpose == LDR_DIRECT_MAP;

    return run->purpose != LDR_IDENTITY_MAP && direct != sweep->image;
}

static const struct ldr_run *run_at(const struct sweep *sweep, uint64_t virt)
{
    const struct ldr_plan *plan = &sweep->space->plan;

    for (size_t i = 0; i < plan->count; i++)
        if (wanted(sweep, &plan->run[i]) && virt - plan->run[i].map.virt < plan->run[i].map.bytes)
            return &plan->run[i];
    return NULL;
}

static const struct named *named_at(const struct sweep *sweep, uint64_t virt)
{
    for (size_t i = sweep->named_count; i-- > 0;)
        if (virt - sweep->named[i].first < sweep->named[i].bytes)
            return &sweep->named[i];
    return NULL;
}

static const char *class_of(const struct ldr_run *run)
{
    if (run->map.rights & PGT_EXECUTE)
        return "rx";
    if (!(run->map.rights & PGT_WRITE))
        return "r";
    return run->map.memory == PGT_WRITE_COMBINING ? "wc" : "rw";
}

static void add_row(struct sweep *sweep, uint64_t first, uint64_t bytes)
{
    const struct ldr_run *run = run_at(sweep, first);
    const struct named *named = named_at(sweep, first);
    bool guard = run == NULL && named != NULL && named->guard;
    struct row row = {.first = first, .bytes = bytes};

    row.class = run ? class_of(run) : guard ? "guard" : "none";
    snprintf(row.name, sizeof row.name, "%s",
             run == NULL && !guard ? "not mapped"
             : named               ? named->name
                                   : "memory");
    struct row *before = sweep->rows.count ? &sweep->rows.row[sweep->rows.count - 1] : NULL;
    if (before && strcmp(before->class, row.class) == 0 && strcmp(before->name, row.name) == 0)
        before->bytes += bytes;
    else
        sweep->rows.row[sweep->rows.count++] = row;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* From the first run to the last; what has a name lies between, or is not mapped. */
static void find_cuts(struct sweep *sweep)
{
    const struct ldr_plan *plan = &sweep->space->plan;
    uint64_t low = UINT64_MAX, high = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct pgt_mapping *map = &plan->run[i].map;
        if (!wanted(sweep, &plan->run[i]))
            continue;
        uint64_t last = map->virt + (map->bytes - 1);
        sweep->cut[sweep->cuts++] = map->virt;
        sweep->cut[sweep->cuts++] = last + 1;
        low = map->virt < low ? map->virt : low;
        high = last > high ? last : high;
    }
    for (size_t i = 0; i < sweep->named_count; i++) {
        uint64_t first = sweep->named[i].first, end = first + sweep->named[i].bytes;
        if (first < low || end - 1 > high || first == end)
            continue;
        sweep->cut[sweep->cuts++] = first;
        sweep->cut[sweep->cuts++] = end;
    }
    /* The end of the address space has no number. */
    for (size_t i = 0; i < sweep->cuts; i++)
        sweep->cut[i]--;
    qsort(sweep->cut, sweep->cuts, sizeof *sweep->cut, ascending);
}

static struct rows run_sweep(struct sweep *sweep)
{
    find_cuts(sweep);
    sweep->rows.row = take(sweep->cuts, sizeof *sweep->rows.row);
    for (size_t i = 1; i < sweep->cuts; i++)
        if (sweep->cut[i] != sweep->cut[i - 1])
            add_row(sweep, sweep->cut[i - 1] + 1, sweep->cut[i] - sweep->cut[i - 1]);
    free(sweep->named);
    free(sweep->cut);
    return sweep->rows;
}

static struct sweep begin(const struct space *space, bool image)
{
    size_t most = LDR_SEGMENTS + space->module_count + 2 * space->layout.more_stacks + 16;

    return (struct sweep){
        .space = space,
        .image = image,
        .named = take(most, sizeof(struct named)),
        .cut = take(2 * (most + space->plan.count), sizeof(uint64_t)),
    };
}

struct rows rows_of_direct_map(const struct space *space, const struct ldr_image *image)
{
    struct sweep sweep = begin(space, false);

    name_image(&sweep, image, space->plan.hhdm + space->plan.image_phys - image->virt);
    name_direct_map(&sweep);
    return run_sweep(&sweep);
}

struct rows rows_of_image(const struct space *space, const struct ldr_image *image)
{
    struct sweep sweep = begin(space, true);

    name_image(&sweep, image, 0);
    name_handoff(&sweep, space->plan.handoff_virt);
    return run_sweep(&sweep);
}
