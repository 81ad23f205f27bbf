/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making the address-space plan.
 *
 * The direct map is painted in two coats: stretches of physical memory by what
 * the base revision wants mapped, and over them the frames whose rights are
 * narrower because another mapping executes them or the kernel declared them
 * read-only.
 */
#include "loader/plan.h"

#include "loader/plan_extra.h"

#define FOUR_GIB (UINT64_C(4) << 30)

/* Frames that are read-only in the direct map. */
struct shade {
    uint64_t first; /* physical */
    uint64_t end;
};

struct painter {
    struct ldr_plan *plan;
    struct shade shade[LDR_SEGMENTS + 2 + LDR_EXTRAS];
    size_t shades;
    enum ldr_purpose purpose;
    uint64_t offset; /* virtual = physical + offset */
};

static uint64_t page_down(uint64_t address)
{
    return address & ~(PGT_PAGE - 1);
}

/* The byte behind the last page that holds `last`; 0 behind the address space. */
static uint64_t page_end(uint64_t last)
{
    return page_down(last) + PGT_PAGE;
}

/* Adds a run, or lengthens the one before it. */
static void add_run(struct ldr_plan *plan, enum ldr_purpose purpose, struct pgt_mapping map)
{
    struct ldr_run *before = plan->count ? &plan->run[plan->count - 1] : NULL;
    if (before && before->purpose == purpose && before->map.rights == map.rights &&
        before->map.memory == map.memory && before->map.virt + before->map.bytes == map.virt &&
        before->map.phys + before->map.bytes == map.phys) {
        before->map.bytes += map.bytes;
        return;
    }
    if (plan->count == plan->capacity)
        __builtin_trap(); /* the caller gave less than ldr_plan_capacity() */
    plan->run[plan->count++] = (struct ldr_run){map, purpose};
}

uint64_t ldr_plan_stack_top(const struct ldr_plan *plan, size_t index)
{
    return plan->stack_top + index * (plan->guard_above - plan->guard_below);
}

uint64_t ldr_plan_last_guard(const struct ldr_plan *plan)
{
    return plan->guard_above + plan->more_stacks * (plan->guard_above - plan->guard_below);
}

size_t ldr_plan_capacity(const struct ldr_image *image, size_t region_count)
{
    /* A stretch for each region and each hole below 4 GiB; each shade cuts one in
     * three; all that twice with an identity map; then the image, the handoff page, the net's
     * two parts and the extra mappings, of which each may be executable and so a shade. */
    size_t shades = image->segment_count + 2 + LDR_EXTRAS;
    return 2 * (2 * region_count + 2 + 2 * shades) + image->segment_count + 3 + LDR_EXTRAS;
}

static void add_shade(struct painter *painter, uint64_t first, uint64_t bytes)
{
    size_t at = painter->shades++;
    for (; at > 0 && painter->shade[at - 1].first > first; at--)
        painter->shade[at] = painter->shade[at - 1];
    painter->shade[at] = (struct shade){first, first + bytes};
}

/* Read-only data and text of the image, the handoff page, the net's text, and what an extra
 * mapping executes. */
static void collect_shades(struct painter *painter, const struct ldr_image *image,
                           const struct ldr_layout *layout)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        if (segment->rights & PGT_WRITE)
            continue;
        uint64_t first = page_down(segment->virt);
        uint64_t end = page_end(segment->virt + (segment->bytes - 1));
        add_shade(painter, layout->image_phys + (first - image->virt), end - first);
    }
    add_shade(painter, layout->handoff_phys, PGT_PAGE);
    if (layout->net_bytes)
        add_shade(painter, layout->handoff_phys + PGT_PAGE, layout->net_text_bytes);
    for (size_t i = 0; i < layout->extra_count; i++)
        if (layout->extra[i].rights & PGT_EXECUTE)
            add_shade(painter, layout->extra[i].phys, layout->extra[i].bytes);
}

static void paint_piece(struct painter *painter, uint64_t first, uint64_t end, unsigned rights,
                        enum pgt_memory memory)
{
    if (first < end)
        add_run(painter->plan, painter->purpose,
                (struct pgt_mapping){.virt = first + painter->offset,
                                     .phys = first,
                                     .bytes = end - first,
                                     .rights = rights,
                                     .memory = memory});
}

/* One stretch of physical memory, cut where it is shaded. */
static void paint(struct painter *painter, uint64_t first, uint64_t end, enum pgt_memory memory)
{
    for (size_t i = 0; i < painter->shades && first < end; i++) {
        const struct shade *shade = &painter->shade[i];
        if (shade->end <= first || shade->first >= end)
            continue;
        uint64_t from = shade->first > first ? shade->first : first;
        uint64_t to = shade->end < end ? shade->end : end;
        paint_piece(painter, first, from, PGT_READ | PGT_WRITE, memory);
        paint_piece(painter, from, to, PGT_READ, memory);
        first = to;
    }
    paint_piece(painter, first, end, PGT_READ | PGT_WRITE, memory);
}

static enum pgt_memory memory_of_kind(enum ldr_memory kind)
{
    return kind == LDR_FRAMEBUFFER_MEMORY ? PGT_WRITE_COMBINING : PGT_WRITE_BACK;
}

/* Paints what the base revision wants of physical memory from `start` on.  Up to
 * revision 2 the first 4 GiB are mapped whatever they hold, holes included. */
static void paint_all(struct painter *painter, const struct ldr_region *region, size_t count,
                      uint64_t start)
{
    uint64_t revision = painter->plan->base_revision;
    uint64_t always = revision <= 2 ? FOUR_GIB : 0;
    uint64_t done = start;
    for (size_t i = 0; i < count; i++) {
        uint64_t first = region[i].base > start ? region[i].base : start;
        uint64_t end = region[i].base + region[i].bytes;
        enum pgt_memory memory = memory_of_kind(region[i].kind);
        if (end <= first)
            continue;
        paint(painter, done, first < always ? first : always, PGT_WRITE_BACK);
        uint64_t below = end < always ? end : always;
        uint64_t above = first > always ? first : always;
        if (region[i].kind != LDR_GUARD)
            paint(painter, first, below, memory);
        if (ldr_kind_in_direct_map(region[i].kind, revision))
            paint(painter, above, end, memory);
        done = end;
    }
    paint(painter, done, always, PGT_WRITE_BACK);
}

static void add_image(struct ldr_plan *plan, const struct ldr_image *image,
                      const struct ldr_layout *layout)
{
    uint64_t done = image->virt;
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        uint64_t first = page_down(segment->virt);
        uint64_t end = page_end(segment->virt + (segment->bytes - 1));
        /* Two segments of the same rights may meet on one page. */
        if (i > 0 && first < done)
            first = done;
        if (first != end)
            add_run(plan, LDR_IMAGE,
                    (struct pgt_mapping){.virt = first,
                                         .phys = layout->image_phys + (first - image->virt),
                                         .bytes = end - first,
                                         .rights = segment->rights});
        done = end;
    }
}

/* A page for the handoff, and those of the net, in the image's 2 GiB, one page away from it, and
 * where they need no page table of their own if there is such a place. */
static bool place_handoff(struct ldr_plan *plan, const struct ldr_image *image,
                          const struct ldr_layout *layout)
{
    uint64_t bytes = PGT_PAGE + layout->net_bytes;
    uint64_t room_behind = UINT64_MAX - (image->virt + (image->bytes - 1));
    uint64_t room_before = image->virt - LDR_IMAGE_LOWEST;
    bool fits_behind = room_behind >= PGT_PAGE + bytes;
    bool fits_before = room_before >= PGT_PAGE + bytes;
    uint64_t behind = image->virt + image->bytes + PGT_PAGE;
    uint64_t before = image->virt - PGT_PAGE - bytes;
    uint64_t last = image->virt + (image->bytes - 1);
    if (!fits_behind && !fits_before)
        return false;
    bool new_table_behind = ((behind + (bytes - 1)) ^ last) / PGT_PAGE_2M != 0;
    bool new_table_before = (before ^ image->virt) / PGT_PAGE_2M != 0;
    bool choose_before = !fits_behind || (fits_before && new_table_behind && !new_table_before);
    plan->handoff_virt = choose_before ? before : behind;
    return true;
}

static void add_handoff(struct ldr_plan *plan)
{
    add_run(plan, LDR_HANDOFF,
            (struct pgt_mapping){.virt = plan->handoff_virt,
                                 .phys = plan->handoff_phys,
                                 .bytes = PGT_PAGE,
                                 .rights = PGT_READ | PGT_EXECUTE});
    if (!plan->net_bytes)
        return;
    add_run(plan, LDR_NET,
            (struct pgt_mapping){.virt = plan->net_virt,
                                 .phys = plan->handoff_phys + PGT_PAGE,
                                 .bytes = plan->net_text_bytes,
                                 .rights = PGT_READ | PGT_EXECUTE});
    add_run(plan, LDR_NET,
            (struct pgt_mapping){.virt = plan->net_virt + plan->net_text_bytes,
                                 .phys = plan->handoff_phys + PGT_PAGE + plan->net_text_bytes,
                                 .bytes = plan->net_bytes - plan->net_text_bytes,
                                 .rights = PGT_READ | PGT_WRITE});
}

uint64_t ldr_plan_reach(const struct ldr_region *region, size_t region_count,
                        uint64_t base_revision)
{
    uint64_t reach = base_revision <= 2 ? FOUR_GIB : 0;
    for (size_t i = 0; i < region_count; i++)
        if (ldr_kind_in_direct_map(region[i].kind, base_revision) &&
            region[i].base + region[i].bytes > reach)
            reach = region[i].base + region[i].bytes;
    return reach;
}

/* Everything mapped has to be within the processor's width, and below the image
 * when the direct map's offset is added. */
static enum ldr_status check_reach(const struct ldr_plan *plan, const struct ldr_region *region,
                                   size_t count, struct ldr_report *report)
{
    uint64_t limit = UINT64_C(1) << plan->arch.physical_bits;
    uint64_t room = LDR_IMAGE_LOWEST - plan->hhdm;
    if (limit > room)
        limit = room;
    for (size_t i = 0; i < count; i++) {
        uint64_t last = region[i].base + (region[i].bytes - 1);
        if (ldr_kind_in_direct_map(region[i].kind, plan->base_revision) && last >= limit)
            return ldr_refuse(report, LDR_NO_MEMORY,
                              "memory map: the region 0x%llx to 0x%llx lies beyond 0x%llx, the last "
                              "address that the direct map can reach on this processor; update the "
                              "firmware, or remove the device or memory that lies there",
                              (unsigned long long)region[i].base, (unsigned long long)last,
                              (unsigned long long)(limit - 1));
    }
    return LDR_OK;
}

static void fill_addresses(struct ldr_plan *plan, const struct ldr_image *image,
                           const struct ldr_layout *layout)
{
    plan->handoff_phys = layout->handoff_phys;
    plan->net_virt = plan->handoff_virt + PGT_PAGE;
    plan->net_text_bytes = layout->net_text_bytes;
    plan->net_bytes = layout->net_bytes;
    plan->guard_below = plan->hhdm + layout->stack_phys - PGT_PAGE;
    plan->guard_above = plan->hhdm + layout->stack_phys + layout->stack_bytes;
    plan->stack_top = plan->guard_above;
    plan->more_stacks = layout->more_stacks;
    plan->image_virt = image->virt;
    plan->image_phys = layout->image_phys;
    plan->image_bytes = image->bytes;
}

enum ldr_status ldr_plan_make(struct ldr_plan *plan, const struct pgt_arch *arch,
                              uint64_t base_revision, const struct ldr_image *image,
                              const struct ldr_layout *layout, const struct ldr_region *region,
                              size_t region_count, struct ldr_report *report)
{
    plan->arch = *arch;
    plan->base_revision = base_revision;
    plan->hhdm = layout->hhdm ? layout->hhdm : ldr_plan_upper(arch->levels);
    plan->count = 0;
    enum ldr_status status = check_reach(plan, region, region_count, report);
    if (status)
        return status;
    if (!place_handoff(plan, image, layout))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s: the image fills the last 2 GiB of the address space, and no page is "
                          "left there for the loader's last instructions; link it smaller",
                          image->name);
    fill_addresses(plan, image, layout);

    struct painter painter = {.plan = plan};
    collect_shades(&painter, image, layout);
    if (base_revision == 0) {
        painter.purpose = LDR_IDENTITY_MAP;
        paint_all(&painter, region, region_count, PGT_PAGE);
    }
    painter.purpose = LDR_DIRECT_MAP;
    painter.offset = plan->hhdm;
    paint_all(&painter, region, region_count, 0);
    if (plan->handoff_virt < image->virt)
        add_handoff(plan);
    add_image(plan, image, layout);
    if (plan->handoff_virt > image->virt)
        add_handoff(plan);
    return ldr_plan_add_extra(plan, layout, report);
}

bool ldr_plan_covers(const struct ldr_plan *plan, const struct ldr_region *region,
                     size_t region_count, uint64_t *ret_base)
{
    size_t at = 0;
    for (size_t i = 0; i < region_count; i++) {
        if (region[i].kind != LDR_USABLE && region[i].kind != LDR_RECLAIMABLE &&
            region[i].kind != LDR_EXECUTABLE)
            continue;
        uint64_t first = region[i].base;
        uint64_t end = region[i].base + region[i].bytes;
        /* Both lists ascend, and what one run leaves the next may continue. */
        for (; first < end && at < plan->count; at++) {
            const struct ldr_run *run = &plan->run[at];
            uint64_t run_end = run->map.phys + run->map.bytes;
            if (run->purpose != LDR_DIRECT_MAP || run_end <= first)
                continue;
            if (run->map.phys > first)
                break;
            first = run_end;
            if (first >= end)
                break;
        }
        if (first < end) {
            *ret_base = first;
            return false;
        }
    }
    return true;
}
