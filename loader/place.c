/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing physical addresses so that the direct map stays coarse: what has to
 * be mapped in 4K pages goes where 4K pages are needed anyway.
 */
#include "loader/plan.h"

#define FOUR_GIB (UINT64_C(4) << 30)

/* Leave the first MiB alone as long as there is other memory: processors start there. */
#define LOW_MEMORY UINT64_C(0x100000)

struct placing {
    const struct ldr_region *region;
    size_t count;
    uint64_t base_revision;
    const struct ldr_block *block;
};

/* Are rights in the direct map cut within the 2 MiB from `first` on, since the image has
 * read-only segments there? */
static bool is_cut_by_image(const struct ldr_block *block, uint64_t first)
{
    uint64_t last = first + (PGT_PAGE_2M - 1);
    for (unsigned i = 0; block->image && i < block->image->segment_count; i++) {
        const struct ldr_segment *segment = &block->image->segment[i];
        uint64_t from = block->image_phys + (segment->virt - block->image->virt);
        uint64_t to = from + (segment->bytes - 1);
        bool inside = from <= last && to >= first;
        if (!(segment->rights & PGT_WRITE) && inside && (from > first || to < last))
            return true;
    }
    return false;
}

static bool is_mapped(const struct placing *placing, const struct ldr_region *region)
{
    if (region->kind == LDR_GUARD)
        return false;
    return ldr_kind_in_direct_map(region->kind, placing->base_revision) ||
           (placing->base_revision <= 2 && region->base < FOUR_GIB);
}

/* Will the 2 MiB around `address` be mapped in 4K pages whatever we do?  Yes, if a part of
 * it is not mapped, is a framebuffer, or holds what the image has for reading only.  Files that
 * were loaded are written like any memory, and cut nothing. */
static bool is_split(const struct placing *placing, uint64_t address)
{
    uint64_t first = address & ~(PGT_PAGE_2M - 1);
    uint64_t end = first + PGT_PAGE_2M;
    uint64_t covered = 0;
    if (is_cut_by_image(placing->block, first))
        return true;
    for (size_t i = 0; i < placing->count; i++) {
        const struct ldr_region *region = &placing->region[i];
        uint64_t from = region->base > first ? region->base : first;
        uint64_t to = region->base + region->bytes < end ? region->base + region->bytes : end;
        if (from >= to)
            continue;
        if (!is_mapped(placing, region) || region->kind == LDR_FRAMEBUFFER_MEMORY)
            return true;
        covered += to - from;
    }
    /* Up to revision 2 holes below 4 GiB are mapped as well. */
    return covered < PGT_PAGE_2M && !(placing->base_revision <= 2 && end <= FOUR_GIB);
}

/* How many 2 MiB stretches the block would split that were whole. */
static uint64_t cost_of(const struct placing *placing, uint64_t phys, uint64_t bytes)
{
    uint64_t first = phys / PGT_PAGE_2M;
    uint64_t last = (phys + (bytes - 1)) / PGT_PAGE_2M;
    uint64_t cost = !is_split(placing, phys);
    if (last > first)
        cost += !is_split(placing, phys + (bytes - 1)) + (last - first - 1);
    return cost;
}

/* The lowest and the highest place in the region that are as asked. */
static bool places_in(const struct ldr_region *region, const struct ldr_block *block,
                      uint64_t *ret_low, uint64_t *ret_high)
{
    uint64_t first = region->base > block->lowest ? region->base : block->lowest;
    uint64_t end = region->base + region->bytes;
    uint64_t low = first + ((block->congruent - first) & (block->modulus - 1));
    if (block->highest < end) /* so it is not the last address of all */
        end = block->highest + 1;
    if (low < first || low > end || end - low < block->bytes)
        return false;
    *ret_low = low;
    *ret_high = low + ((end - low - block->bytes) & ~(block->modulus - 1));
    return true;
}

bool ldr_place(const struct ldr_region *region, size_t region_count, uint64_t base_revision,
               const struct ldr_block *block, uint64_t *ret_phys)
{
    struct placing placing = {region, region_count, base_revision, block};
    uint64_t best_cost = UINT64_MAX;
    for (size_t i = 0; i < region_count; i++) {
        uint64_t place[2];
        if (region[i].kind != LDR_USABLE || !places_in(&region[i], block, &place[0], &place[1]))
            continue;
        for (unsigned k = 0; k < 2; k++) {
            uint64_t cost = cost_of(&placing, place[k], block->bytes);
            if (place[k] < LOW_MEMORY)
                cost += UINT32_MAX;
            /* Of equals the highest, which keeps memory that old devices reach free. */
            if (cost <= best_cost) {
                best_cost = cost;
                *ret_phys = place[k];
            }
        }
    }
    return best_cost != UINT64_MAX;
}

uint64_t ldr_framebuffer_extent(uint64_t phys, uint64_t bytes, const struct ldr_region *region,
                                size_t region_count)
{
    uint64_t last = phys + (bytes - 1), end = last | (PGT_PAGE_2M - 1), differ = phys ^ last;
    /* All bits below the highest in which first and last byte differ: what is decoded ends there
     * or later. */
    for (unsigned shift = 1; shift < 64; shift *= 2)
        differ |= differ >> shift;
    if (end > (last | differ))
        end = last | differ;
    for (size_t i = 0; i < region_count; i++)
        if (region[i].base <= end && region[i].base + (region[i].bytes - 1) > last)
            return bytes;
    return end - phys + 1;
}
