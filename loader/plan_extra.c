/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/plan_extra.h"

typedef unsigned long long ull;

/* Have two ranges, neither of which wraps, a byte in common? */
static bool meets(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    return a < b ? b - a < a_bytes : a - b < b_bytes;
}

/* What is wrong with a mapping whatever else is mapped, or null. */
static const char *bad_shape(const struct pgt_mapping *map, const struct ldr_plan *plan)
{
    uint64_t limit = UINT64_C(1) << plan->arch.physical_bits;

    if (!map->bytes || (map->virt | map->phys | map->bytes) % PGT_PAGE)
        return "it is empty or not whole pages";
    if (map->bytes - 1 > UINT64_MAX - map->virt)
        return "it wraps around the end of the address space";
    if (map->phys >= limit || map->bytes > limit - map->phys)
        return "this processor has no such physical address";
    if ((map->rights & PGT_WRITE) && (map->rights & PGT_EXECUTE))
        return "it is both writable and executable";
    if (map->virt < plan->hhdm)
        return "it is not in the upper half, above the direct map";
    return NULL;
}

/* The same address, or the direct map's: what is mapped there follows from the memory map. */
static const char *bad_address(const struct pgt_mapping *map, const struct ldr_plan *plan,
                               const struct ldr_run *run)
{
    uint64_t first = run->purpose == LDR_DIRECT_MAP ? plan->hhdm : run->map.virt;

    if (!meets(map->virt, map->bytes, first, run->map.virt - first + run->map.bytes))
        return NULL;
    switch (run->purpose) {
    case LDR_DIRECT_MAP:
        return "it meets the direct map";
    case LDR_HANDOFF:
        return "it meets the handoff page beside the kernel";
    case LDR_NET:
        return "it meets the early-fault net beside the kernel";
    default:
        return "it meets another extra mapping";
    }
}

/* A frame is writable through one mapping or executable through another, never both. */
static const char *bad_frames(const struct pgt_mapping *map, const struct ldr_run *run)
{
    unsigned rights = map->rights | run->map.rights;

    if (!(rights & PGT_WRITE) || !(rights & PGT_EXECUTE) ||
        !meets(map->phys, map->bytes, run->map.phys, run->map.bytes))
        return NULL;
    return map->rights & PGT_WRITE ? "it makes memory writable that is executed elsewhere"
                                   : "it makes memory executable that is writable elsewhere";
}

/* The gaps between the kernel's segments belong to it, too: they stay unmapped. */
static const char *bad_mapping(const struct pgt_mapping *map, const struct ldr_plan *plan)
{
    const char *reason = bad_shape(map, plan);

    if (!reason && meets(map->virt, map->bytes, plan->image_virt, plan->image_bytes))
        reason = "it meets the kernel";
    for (size_t i = 0; i < plan->count && !reason; i++) {
        if (plan->run[i].purpose != LDR_IMAGE && plan->run[i].purpose != LDR_IDENTITY_MAP)
            reason = bad_address(map, plan, &plan->run[i]);
        if (!reason)
            reason = bad_frames(map, &plan->run[i]);
    }
    return reason;
}

/* Runs ascend by virtual address, so those above move up. */
static void insert(struct ldr_plan *plan, const struct pgt_mapping *map)
{
    size_t at = plan->count++;

    for (; at > 0 && plan->run[at - 1].map.virt > map->virt; at--)
        plan->run[at] = plan->run[at - 1];
    plan->run[at] = (struct ldr_run){*map, LDR_EXTRA};
}

enum ldr_status ldr_plan_add_extra(struct ldr_plan *plan, const struct ldr_layout *layout,
                                   struct ldr_report *report)
{
    for (size_t i = 0; i < layout->extra_count; i++) {
        const struct pgt_mapping *map = &layout->extra[i];
        const char *reason = bad_mapping(map, plan);

        if (reason)
            return ldr_refuse(report, LDR_BAD_CONFIG,
                              "extra mapping %zu, %llu bytes from 0x%llx on physical 0x%llx: %s; "
                              "the application that asks for it has to place it elsewhere",
                              i, (ull)map->bytes, (ull)map->virt, (ull)map->phys, reason);
        if (plan->count == plan->capacity)
            __builtin_trap(); /* the caller gave less than ldr_plan_capacity() */
        insert(plan, map);
    }
    return LDR_OK;
}
