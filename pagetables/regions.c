/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window as a sorted array of what is reserved.  Free ranges are not stored: gap i is what
 * lies before node i, behind the one before it.
 *
 *     first      node 0        node 1           last
 *     |  gap 0  |######|      |######|  gap 2  |
 *                       gap 1
 *
 * A region may end with the address space.  The byte behind it is then 0, and so is the start of
 * the gap that follows, which has no bytes; no gap is 2^64 bytes long.
 */
#include "pagetables/regions.h"

#include "pagetables/entry.h"

const char *pgt_region_text(enum pgt_region_status status)
{
    switch (status) {
    case PGT_REGION_OCCUPIED:
        return "something is reserved or mapped in the range already";
    case PGT_REGION_NO_ROOM:
        return "no free range of addresses is long enough";
    case PGT_REGION_NO_NODES:
        return "more regions than there are nodes for";
    case PGT_REGION_FOREIGN:
        return "the range is not within the window";
    case PGT_REGION_NOT_TAKEN:
        return "no region starts at this address";
    case PGT_REGION_NOT_MAPPED:
        return "the region is not mapped throughout";
    default:
        return pgt_status_text((enum pgt_status)status);
    }
}

/*@ requires \valid(regions) && capacity <= UINT64_MAX / sizeof(struct pgt_region);
    assigns *regions;
    ensures \result == PGT_REGION_MISALIGNED <==> first % 0x1000 != 0 || (last + 1) % 0x1000 != 0;
    ensures \result == PGT_REGION_BAD_RANGE <==>
            first % 0x1000 == 0 && (last + 1) % 0x1000 == 0 &&
            (first > last || (first == 0 && last == UINT64_MAX));
    ensures \result == PGT_REGION_OK || \result == PGT_REGION_MISALIGNED ||
            \result == PGT_REGION_BAD_RANGE;
    ensures \result == PGT_REGION_OK ==> regions_are_sound(regions) && regions->count == 0;
    ensures \result == PGT_REGION_OK ==> regions->first == first && regions->last == last; */
enum pgt_region_status pgt_regions_init(struct pgt_regions *regions, uint64_t first, uint64_t last,
                                        struct pgt_region *node, size_t capacity)
{
    if (first % PGT_PAGE || (last + 1) % PGT_PAGE)
        return PGT_REGION_MISALIGNED;
    if (first > last || first == last + 1)
        return PGT_REGION_BAD_RANGE;
    *regions = (struct pgt_regions){
        .node = node,
        .capacity = capacity,
        .first = first,
        .last = last,
    };
    return PGT_REGION_OK;
}

/* Rounds up to pages; 0 and what would wrap are refused. */
/*@ requires \valid(ret_bytes);
    assigns *ret_bytes;
    ensures 0 < bytes <= UINT64_MAX - 0xfff ==> \result == PGT_REGION_OK;
    ensures \result == PGT_REGION_OK ==> 0 < bytes <= *ret_bytes < bytes + 0x1000;
    ensures \result == PGT_REGION_OK ==> *ret_bytes % 0x1000 == 0;
    ensures \result != PGT_REGION_OK ==>
            \result == PGT_REGION_BAD_RANGE && *ret_bytes == \old(*ret_bytes); */
static enum pgt_region_status round_up(uint64_t bytes, uint64_t *ret_bytes)
{
    if (bytes == 0 || bytes > UINT64_MAX - (PGT_PAGE - 1))
        return PGT_REGION_BAD_RANGE;
    *ret_bytes = (bytes + (PGT_PAGE - 1)) / PGT_PAGE * PGT_PAGE;
    return PGT_REGION_OK;
}

/* How many regions start at or below an address. */
/*@ requires \valid_read(regions) && regions_are_sound(regions);
    assigns \nothing;
    ensures \result <= regions->count;
    ensures \forall integer i; 0 <= i < \result ==> regions->node[i].virt <= virt;
    ensures \forall integer i; \result <= i < regions->count ==> virt < regions->node[i].virt; */
static size_t count_to(const struct pgt_regions *regions, uint64_t virt)
{
    size_t low = 0, high = regions->count;
    /*@ loop invariant low <= high <= regions->count;
        loop invariant \forall integer i; 0 <= i < low ==> regions->node[i].virt <= virt;
        loop invariant \forall integer i; high <= i < regions->count ==>
                       virt < regions->node[i].virt;
        loop assigns low, high;
        loop variant high - low; */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (regions->node[middle].virt <= virt)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Gap i, 0 to count; it may have no bytes. */
/*@ requires \valid_read(regions) && regions_are_sound(regions) && i <= regions->count;
    assigns \nothing;
    ensures \result.bytes == gap_end(regions, i) - gap_start(regions, i);
    ensures \result.virt == gap_start(regions, i) ||
            (gap_start(regions, i) == 0x10000000000000000 && \result.virt == 0); */
static struct pgt_region gap_before(const struct pgt_regions *regions, size_t i)
{
    uint64_t start = regions->first, rest = regions->last - start + 1;
    if (i > 0) {
        const struct pgt_region *before = &regions->node[i - 1];
        start = before->virt + before->bytes;
        rest = regions->last - before->virt - (before->bytes - 1);
    }
    uint64_t bytes = i < regions->count ? regions->node[i].virt - start : rest;
    return (struct pgt_region){start, bytes};
}

/* Does an aligned range of so many bytes fit into the gap, and where does it start? */
static bool fit(struct pgt_region gap, uint64_t bytes, const struct pgt_region_place *place,
                uint64_t *ret_virt)
{
    uint64_t mask = place->alignment ? place->alignment - 1 : 0;
    if (bytes > gap.bytes)
        return false;
    uint64_t slack = gap.bytes - bytes;
    if (place->side == PGT_REGION_LOW) {
        uint64_t up = -gap.virt & mask;
        *ret_virt = gap.virt + up;
        return up <= slack;
    }
    uint64_t down = (gap.virt + slack) & mask;
    *ret_virt = gap.virt + (slack - down);
    return down <= slack;
}

/* Finds a place: the number of the gap, and the address. */
static enum pgt_region_status choose(const struct pgt_regions *regions, uint64_t bytes,
                                     const struct pgt_region_place *place, size_t *ret_gap,
                                     uint64_t *ret_virt)
{
    if ((place->alignment & (place->alignment - 1)) || (place->alignment & (PGT_PAGE - 1)))
        return PGT_REGION_MISALIGNED;
    for (size_t i = 0; i <= regions->count; i++) {
        size_t gap = place->side == PGT_REGION_LOW ? i : regions->count - i;
        if (!fit(gap_before(regions, gap), bytes, place, ret_virt))
            continue;
        *ret_gap = gap;
        return regions->count < regions->capacity ? PGT_REGION_OK : PGT_REGION_NO_NODES;
    }
    return PGT_REGION_NO_ROOM;
}

/* The gap that holds all of a range. */
/*@ requires \valid_read(regions) && regions_are_sound(regions);
    requires \valid(ret_gap) && \separated(ret_gap, regions, regions->node + (0 .. regions->count));
    requires 0 < bytes && bytes % 0x1000 == 0;
    assigns *ret_gap;
    ensures virt % 0x1000 != 0 ==> \result == PGT_REGION_MISALIGNED;
    ensures virt % 0x1000 == 0 && !in_window(regions, virt, bytes) ==>
            \result == PGT_REGION_FOREIGN;
    ensures virt % 0x1000 == 0 && in_window(regions, virt, bytes) &&
            !is_free(regions, virt, bytes) ==> \result == PGT_REGION_OCCUPIED;
    ensures virt % 0x1000 == 0 && in_window(regions, virt, bytes) &&
            is_free(regions, virt, bytes) ==>
            \result == PGT_REGION_OK || \result == PGT_REGION_NO_NODES;
    ensures \result == PGT_REGION_OK ==>
            *ret_gap <= regions->count < regions->capacity &&
            gap_start(regions, *ret_gap) <= virt &&
            virt + bytes <= gap_end(regions, *ret_gap); */
static enum pgt_region_status choose_at(const struct pgt_regions *regions, uint64_t virt,
                                        uint64_t bytes, size_t *ret_gap)
{
    if (virt % PGT_PAGE)
        return PGT_REGION_MISALIGNED;
    if (virt < regions->first || virt > regions->last || bytes - 1 > regions->last - virt)
        return PGT_REGION_FOREIGN;
    size_t i = count_to(regions, virt);
    struct pgt_region gap = gap_before(regions, i);
    if (virt < gap.virt || virt - gap.virt >= gap.bytes ||
        bytes > gap.bytes - (virt - gap.virt))
        return PGT_REGION_OCCUPIED;
    /*@ assert gap_start(regions, i) <= virt && virt + bytes <= gap_end(regions, i); */
    /*@ assert is_free(regions, virt, bytes); */
    if (regions->count == regions->capacity)
        return PGT_REGION_NO_NODES;
    *ret_gap = i;
    return PGT_REGION_OK;
}

/* The range in gap i is a region now. */
static void insert(struct pgt_regions *regions, size_t i, uint64_t virt, uint64_t bytes)
{
    for (size_t k = regions->count; k > i; k--)
        regions->node[k] = regions->node[k - 1];
    regions->node[i] = (struct pgt_region){virt, bytes};
    regions->count++;
    regions->reserved += bytes;
}

static void remove_node(struct pgt_regions *regions, size_t i)
{
    regions->reserved -= regions->node[i].bytes;
    regions->count--;
    for (size_t k = i; k < regions->count; k++)
        regions->node[k] = regions->node[k + 1];
}

enum pgt_region_status pgt_region_reserve(struct pgt_regions *regions, uint64_t bytes,
                                          const struct pgt_region_place *place,
                                          struct pgt_region *ret_region)
{
    size_t gap;
    uint64_t virt;
    enum pgt_region_status status = round_up(bytes, &bytes);
    if (!status)
        status = choose(regions, bytes, place, &gap, &virt);
    if (status)
        return status;
    insert(regions, gap, virt, bytes);
    *ret_region = (struct pgt_region){virt, bytes};
    return PGT_REGION_OK;
}

enum pgt_region_status pgt_region_reserve_at(struct pgt_regions *regions, uint64_t virt,
                                             uint64_t bytes, struct pgt_region *ret_region)
{
    size_t gap;
    enum pgt_region_status status = round_up(bytes, &bytes);
    if (!status)
        status = choose_at(regions, virt, bytes, &gap);
    if (status)
        return status;
    insert(regions, gap, virt, bytes);
    *ret_region = (struct pgt_region){virt, bytes};
    return PGT_REGION_OK;
}

/* The number of the region that starts at virt. */
/*@ requires \valid_read(regions) && regions_are_sound(regions);
    requires \valid(ret_node) &&
             \separated(ret_node, regions, regions->node + (0 .. regions->count));
    assigns *ret_node;
    ensures !(regions->first <= virt <= regions->last) <==> \result == PGT_REGION_FOREIGN;
    ensures \result == PGT_REGION_OK ==>
            *ret_node < regions->count && regions->node[*ret_node].virt == virt;
    ensures \result == PGT_REGION_NOT_TAKEN ==>
            \forall integer i; 0 <= i < regions->count ==> regions->node[i].virt != virt;
    ensures \result == PGT_REGION_OK || \result == PGT_REGION_FOREIGN ||
            \result == PGT_REGION_NOT_TAKEN; */
static enum pgt_region_status find_start(const struct pgt_regions *regions, uint64_t virt,
                                         size_t *ret_node)
{
    if (virt < regions->first || virt > regions->last)
        return PGT_REGION_FOREIGN;
    size_t count = count_to(regions, virt);
    if (count == 0 || regions->node[count - 1].virt != virt)
        return PGT_REGION_NOT_TAKEN;
    *ret_node = count - 1;
    return PGT_REGION_OK;
}

enum pgt_region_status pgt_region_free(struct pgt_regions *regions, uint64_t virt)
{
    size_t node;
    enum pgt_region_status status = find_start(regions, virt, &node);
    if (!status)
        remove_node(regions, node);
    return status;
}

/*@ requires \valid_read(regions) && regions_are_sound(regions);
    requires \valid(ret_region) &&
             \separated(ret_region, regions, regions->node + (0 .. regions->count));
    assigns *ret_region;
    ensures \result ==> ret_region->virt <= virt < ret_region->virt + ret_region->bytes;
    ensures !\result ==> \forall integer i; 0 <= i < regions->count ==>
            !(regions->node[i].virt <= virt < regions->node[i].virt + regions->node[i].bytes); */
bool pgt_region_find(const struct pgt_regions *regions, uint64_t virt,
                     struct pgt_region *ret_region)
{
    size_t count = count_to(regions, virt);
    if (count == 0 || virt - regions->node[count - 1].virt >= regions->node[count - 1].bytes)
        return false;
    *ret_region = regions->node[count - 1];
    return true;
}

/* Everything that can be refused for a mapping, but frames; nothing may be mapped there yet. */
static __attribute__((noinline)) enum pgt_region_status
judge_mapping(const struct pgt_space *space, const struct pgt_mapping *mapping)
{
    size_t frames;
    enum pgt_status status = pgt_map_cost(space, mapping, &frames);
    if (status)
        return (enum pgt_region_status)status;
    return pgt_is_empty(space, mapping->virt, mapping->bytes) ? PGT_REGION_OK : PGT_REGION_OCCUPIED;
}

/* Decides where, in the mapping itself. */
static __attribute__((noinline)) enum pgt_region_status
place_mapping(const struct pgt_regions *regions, const struct pgt_region_place *place,
              struct pgt_mapping *mapping)
{
    size_t gap;
    enum pgt_region_status status = round_up(mapping->bytes, &mapping->bytes);
    if (status)
        return status;
    if (place)
        return choose(regions, mapping->bytes, place, &gap, &mapping->virt);
    mapping->virt = mapping->phys;
    return choose_at(regions, mapping->virt, mapping->bytes, &gap);
}

/* At a place, or, if that is null, at the frames' own addresses.  pgt_map() is whole or nothing,
 * and recording the region can't fail: so the mapping struct is all that has to be undone.  It
 * isn't copied, for the stack that pgt_map() leaves is small. */
static enum pgt_region_status map(struct pgt_regions *regions, struct pgt_space *space,
                                  const struct pgt_region_place *place, struct pgt_mapping *mapping,
                                  struct pgt_flush *flush)
{
    uint64_t virt = mapping->virt;
    uint64_t bytes = mapping->bytes;
    enum pgt_region_status status = place_mapping(regions, place, mapping);
    if (!status)
        status = judge_mapping(space, mapping);
    if (!status)
        status = (enum pgt_region_status)pgt_map(space, mapping, flush);
    if (!status) {
        insert(regions, count_to(regions, mapping->virt), mapping->virt, mapping->bytes);
    } else {
        mapping->virt = virt;
        mapping->bytes = bytes;
    }
    return status;
}

enum pgt_region_status pgt_region_map(struct pgt_regions *regions, struct pgt_space *space,
                                      const struct pgt_region_place *place,
                                      struct pgt_mapping *mapping, struct pgt_flush *flush)
{
    pgt_assert(place);
    return map(regions, space, place, mapping, flush);
}

enum pgt_region_status pgt_region_map_identity(struct pgt_regions *regions, struct pgt_space *space,
                                               struct pgt_mapping *mapping, struct pgt_flush *flush)
{
    return map(regions, space, NULL, mapping, flush);
}

static __attribute__((noinline)) bool is_mapped(const struct pgt_space *space,
                                                struct pgt_region region)
{
    struct pgt_leaf leaf;
    uint64_t done = 0;
    while (done < region.bytes) {
        if (!pgt_lookup(space, region.virt + done, &leaf))
            return false;
        done = leaf.virt + leaf.bytes - region.virt;
    }
    return true;
}

enum pgt_region_status pgt_region_unmap(struct pgt_regions *regions, struct pgt_space *space,
                                        uint64_t virt, struct pgt_flush *flush)
{
    size_t node;
    enum pgt_region_status status = find_start(regions, virt, &node);
    if (status)
        return status;
    if (!is_mapped(space, regions->node[node]))
        return PGT_REGION_NOT_MAPPED;
    status = (enum pgt_region_status)pgt_unmap(space, virt, regions->node[node].bytes, flush);
    if (!status)
        remove_node(regions, node);
    return status;
}
