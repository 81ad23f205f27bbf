/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/inspect/space.h"

#include <stdlib.h>
#include <string.h>

#include "loader/explain.h"
#include "loader/layout.h"

#define FOUR_GIB UINT64_C(0x100000000)

/* ---- the memory map -------------------------------------------------------------- */

/* What the loader lays over firmware's map wins by its kind. */
static void overlay(struct space *space, uint64_t base, uint64_t bytes, enum ldr_memory kind)
{
    space->given[space->given_count++] =
        (struct ldr_region){.base = base, .bytes = bytes, .kind = kind};
}

static void resolve(struct space *space)
{
    memcpy(space->region, space->given, space->given_count * sizeof *space->given);
    space->region_count = ldr_regions_resolve(space->region, space->given_count, space->scratch);
}

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PGT_PAGE - 1) & ~(PGT_PAGE - 1);
}

static enum ldr_status no_memory(struct space *space, const char *what, uint64_t bytes)
{
    return ldr_refuse(&space->report, LDR_NO_MEMORY,
                      "no memory for %s: a machine of %lu MiB has no %lu KiB in one piece; give it "
                      "more",
                      what, space->machine.ram >> 20, bytes >> 10);
}

/* As firmware's AllocatePages() does it: the highest free place below 4 GiB, and where there is
 * none, above. */
static enum ldr_status take_top(struct space *space, uint64_t bytes, enum ldr_memory kind,
                                const char *what, uint64_t *ret_phys)
{
    uint64_t pages = bytes ? whole_pages(bytes) : PGT_PAGE;
    const struct ldr_region *best = NULL;

    resolve(space);
    for (size_t i = 0; i < space->region_count; i++) {
        const struct ldr_region *region = &space->region[i];
        if (region->kind != LDR_USABLE || region->bytes < pages)
            continue;
        if (best == NULL || region->base < FOUR_GIB || best->base >= FOUR_GIB)
            best = region;
    }
    if (best == NULL)
        return no_memory(space, what, pages);
    *ret_phys = best->base + best->bytes - pages;
    overlay(space, *ret_phys, pages, kind);
    return LDR_OK;
}

/* Somewhere that suits it.  Page 0 is nobody's. */
static enum ldr_status place(struct space *space, struct ldr_block block, uint64_t base_revision,
                             const char *what, uint64_t *ret_phys)
{
    block.lowest = PGT_PAGE;
    resolve(space);
    if (!ldr_place(space->region, space->region_count, base_revision, &block, ret_phys))
        return no_memory(space, what, block.bytes);
    return LDR_OK;
}

/* What the application itself has taken when it reads the kernel: configuration, lists, the
 * memory map's buffers.  As recorded, in round numbers. */
#define WORKING_MEMORY (UINT64_C(336) << 10)

/* ---- what the loader puts there -------------------------------------------------- */

static enum ldr_status take_files(struct space *space, const struct subject *subject,
                                  const struct content *module)
{
    uint64_t phys;
    enum ldr_status status = take_top(space, WORKING_MEMORY, LDR_RECLAIMABLE, "the loader", &phys);

    for (size_t i = 0; i < space->module_count + 1 && status == LDR_OK; i++) {
        const struct content *content = i ? &module[i - 1] : &subject->file;
        space->file[i] = (struct ldr_file){.path = content->path, .cmdline = ""};
        space->file[i].bytes = content->bytes;
        status =
            take_top(space, content->bytes, LDR_EXECUTABLE, content->path, &space->file[i].phys);
    }
    return status;
}

static enum ldr_status place_image(struct space *space, const struct ldr_image *image)
{
    enum ldr_status status = place(space, ldr_image_block(image), LDR_PLACING_REVISION,
                                   "the kernel", &space->layout.image_phys);

    if (status == LDR_OK)
        overlay(space, space->layout.image_phys, image->bytes, LDR_EXECUTABLE);
    return status;
}

static enum ldr_status place_stacks(struct space *space, const struct subject *subject,
                                    bool changes_levels)
{
    const struct ldr_requests *requests = &subject->requests;
    struct ldr_log log = lines_log(&space->said);
    bool net = ldr_net_choose(LDR_UNSET, requests->base_revision, &log);
    struct ldr_layout *layout = &space->layout;
    struct ldr_region region;
    uint64_t phys;

    ldr_layout_stacks(layout, requests->present[LDR_MP] ? space->machine.processors : 1,
                      requests->stack_bytes, net);
    struct ldr_block block = ldr_stacks_block(layout, &subject->image, changes_levels);
    enum ldr_status status =
        place(space, block, requests->base_revision, "the kernel's stacks", &phys);
    if (status != LDR_OK)
        return status;
    ldr_layout_place(layout, phys);
    overlay(space, phys, block.bytes, LDR_RECLAIMABLE);
    for (size_t i = 0; ldr_layout_region(layout, i, &region); i++)
        overlay(space, region.base, region.bytes, region.kind);
    return LDR_OK;
}

static void show_screen(struct space *space)
{
    struct ldr_framebuffer *fb = &space->framebuffer;

    *fb = machine_framebuffer();
    space->facts = machine_facts(&space->machine, fb);
    if (space->facts.framebuffer == NULL)
        return;
    resolve(space);
    space->framebuffer_extent =
        ldr_framebuffer_extent(fb->phys, fb->bytes, space->region, space->region_count);
    overlay(space, fb->phys, space->framebuffer_extent, LDR_FRAMEBUFFER_MEMORY);
}

/* ---- tables ---------------------------------------------------------------------- */

static enum ldr_status make_plan(struct space *space, const struct subject *subject,
                                 unsigned levels)
{
    struct ldr_plan *plan = &space->plan;
    struct pgt_arch arch = machine_arch(&space->machine, levels);

    resolve(space);
    plan->capacity = ldr_plan_capacity(&subject->image, space->region_count);
    plan->run = take(plan->capacity, sizeof *plan->run);
    return ldr_plan_make(plan, &arch, subject->requests.base_revision, &subject->image,
                         &space->layout, space->region, space->region_count, &space->report);
}

static enum ldr_status build(struct space *space)
{
    size_t bytes = ldr_tables_bound(&space->plan) * PGT_PAGE;
    enum ldr_status status =
        take_top(space, bytes, LDR_RECLAIMABLE, "page tables", &space->frames_phys);

    if (status != LDR_OK)
        return status;
    space->frames = aligned_alloc(PGT_PAGE, bytes);
    if (space->frames == NULL)
        return no_memory(space, "page tables on this host", bytes);
    pgt_pool_init_arena(&space->pool, space->frames, bytes, space->frames_phys);
    struct pgt_frames frames = pgt_pool_frames(&space->pool);
    status = ldr_tables_build(&space->tables, &space->plan, &frames, &space->report);
    if (status != LDR_OK)
        return status;
    space->built = true;
    return ldr_verify(&space->verdict, &space->plan, space->tables.kernel.root,
                      space->tables.transition.root, (uint64_t)space->frames - space->frames_phys,
                      &space->report);
}

/* ---- figures --------------------------------------------------------------------- */

/* Leaves come in ascending order, so a table's leaves are neighbours: a table is counted when
 * the first of them comes. */
static void count_tables(struct figures *figures, const struct pgt_leaf *leaf, unsigned levels,
                         uint64_t last[5])
{
    unsigned lowest = leaf->bytes == PGT_PAGE ? 0 : leaf->bytes == PGT_PAGE_2M ? 1 : 2;

    for (unsigned level = lowest; level < levels; level++) {
        /* The root serves all, whatever the address. */
        uint64_t table = level == levels - 1 ? 0 : leaf->virt >> (21 + 9 * level);
        if (table + 1 != last[level])
            figures->frames[level]++;
        last[level] = table + 1;
    }
    figures->leaves[lowest]++;
}

static void count_bytes(struct figures *figures, const struct pgt_leaf *leaf)
{
    figures->mapped += leaf->bytes;
    if (leaf->rights & PGT_EXECUTE)
        figures->executable += leaf->bytes;
    else if (leaf->rights & PGT_WRITE)
        figures->read_write += leaf->bytes;
    else
        figures->read_only += leaf->bytes;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The largest pages first: so much a TLB can hold at best. */
static uint64_t reach(const uint64_t leaves[3])
{
    uint64_t of_2m = least(leaves[1], TLB_ENTRIES);

    return least(leaves[2], TLB_ENTRIES_1G) * PGT_PAGE_1G + of_2m * PGT_PAGE_2M +
           least(leaves[0], TLB_ENTRIES - of_2m) * PGT_PAGE;
}

static void measure(struct space *space)
{
    uint64_t last[5] = {0}, virt = 0;
    struct pgt_leaf leaf;

    do {
        if (!pgt_next(&space->tables.kernel, virt, &leaf))
            break;
        count_tables(&space->figures, &leaf, space->plan.arch.levels, last);
        count_bytes(&space->figures, &leaf);
        virt = leaf.virt + leaf.bytes;
    } while (virt != 0);
    space->figures.reach = reach(space->figures.leaves);
}

/* ---- answers --------------------------------------------------------------------- */

static void list_processors(struct space *space)
{
    unsigned count = space->machine.processors;

    space->processor = take(count, sizeof *space->processor);
    for (unsigned i = 0; i < count; i++)
        space->processor[i] = (struct ldr_processor){.uid = i, .apic_id = i};
    space->processors = (struct ldr_processors){.list = space->processor, .count = count};
}

/* Answers as the kernel will find them, but for what only the last moment tells. */
static enum ldr_status answer(struct space *space, const struct subject *subject)
{
    struct ldr_log log = lines_log(&space->said);
    struct ldr_arena *arena = &space->arena;

    list_processors(space);
    resolve(space);
    struct ldr_answers answers = {
        .image = &subject->image,
        .requests = &subject->requests,
        .plan = &space->plan,
        .tables = &space->tables,
        .verdict = &space->verdict,
        .machine = &space->facts,
        .kernel = space->file,
        .module = space->file + 1,
        .module_count = space->module_count,
        .processors = &space->processors,
        .memmap_capacity = 2 * space->given_count + 2,
    };
    ldr_respond(&answers, arena, NULL, &space->late);
    arena->bytes = arena->used;
    enum ldr_status status =
        take_top(space, arena->bytes, LDR_RECLAIMABLE, "the answers", &arena->phys);
    if (status != LDR_OK)
        return status;
    resolve(space);
    arena->memory = take(arena->bytes, 1);
    space->answered = take(subject->image.bytes, 1);
    memcpy(space->answered, subject->memory, subject->image.bytes);
    ldr_respond(&answers, arena, space->answered, &space->late);
    ldr_respond_memory(&answers, &space->late, space->region, space->region_count, "", 0, 48, 1);
    ldr_explain_answers(&answers, space->answered, &log);
    return LDR_OK;
}

const void *space_at(const struct space *space, uint64_t virt)
{
    uint64_t at = virt - space->plan.hhdm - space->arena.phys;

    return at < space->arena.bytes ? space->arena.memory + at : NULL;
}

const void *space_response(const struct space *space, const struct ldr_requests *requests,
                           enum ldr_feature feature)
{
    uint64_t virt;

    if (!requests->present[feature] || space->answered == NULL)
        return NULL;
    memcpy(&virt,
           space->answered + requests->request[feature] + offsetof(struct limine_request, response),
           sizeof virt);
    return space_at(space, virt);
}

/* ---- all of it ------------------------------------------------------------------- */

/* In the application's order: each step takes memory that the next one sees taken. */
static enum ldr_status make(struct space *space, const struct subject *subject,
                            const struct content *module)
{
    static const struct ldr_level_limits no_limits;
    unsigned levels = 0;
    enum ldr_status status;

    show_screen(space);
    status = take_files(space, subject, module);
    if (status == LDR_OK)
        status = place_image(space, &subject->image);
    if (status == LDR_OK)
        status = ldr_levels_choose(&levels, &subject->requests, &no_limits,
                                   space->machine.levels == 5, subject->file.path, &space->report);
    if (status == LDR_OK)
        status = place_stacks(space, subject, levels != MACHINE_LEVELS);
    if (status != LDR_OK)
        return status;
    status = make_plan(space, subject, levels);
    if (status == LDR_OK)
        status = build(space);
    if (status != LDR_OK)
        return status;
    measure(space);
    return answer(space, subject);
}

void space_make(struct space *space, const struct subject *subject, const struct machine *machine,
                const struct content *module, size_t module_count)
{
    /* Firmware's regions, the files, handoff, stacks and their guards, and a few more. */
    size_t capacity = MACHINE_REGIONS + module_count + 2 * machine->processors + 16;

    *space = (struct space){.machine = *machine, .module_count = module_count};
    space->given = take(capacity, sizeof *space->given);
    space->region = take(2 * capacity, sizeof *space->region);
    space->scratch = take(2 * capacity, sizeof *space->scratch);
    space->file = take(module_count + 1, sizeof *space->file);
    space->given_count = machine_regions(machine, space->given);
    space->report.status = make(space, subject, module);
}

/* The spaces need no destroying: their tables are the pool's memory. */
void space_free(struct space *space)
{
    free(space->given);
    free(space->region);
    free(space->scratch);
    free(space->file);
    free(space->plan.run);
    free(space->frames);
    free(space->processor);
    free(space->arena.memory);
    free(space->answered);
    lines_free(&space->said);
}
