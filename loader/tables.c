/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/tables.h"

/* What a table of each level serves: 2 MiB a page table, 1 GiB a directory, ... */
static unsigned table_shift(unsigned level)
{
    return 12 + 9 * level;
}

/* Can a run use leaves that replace tables of this level everywhere but at its ends? */
static bool coarse_inside(const struct ldr_plan *plan, const struct pgt_mapping *map,
                          unsigned level)
{
    uint64_t mask = (UINT64_C(1) << table_shift(level)) - 1;
    unsigned largest = plan->arch.pages_1g ? 2 : 1;
    return level <= largest && ((map->virt ^ map->phys) & mask) == 0;
}

/* Tables of one level for all runs; neighbours that share a table count it once. */
static size_t bound_of_level(const struct ldr_plan *plan, unsigned level)
{
    uint64_t mask = (UINT64_C(1) << table_shift(level)) - 1;
    size_t bound = 0;
    uint64_t counted = UINT64_MAX; /* index of the last table counted: never a real one */
    for (size_t i = 0; i < plan->count; i++) {
        const struct pgt_mapping *map = &plan->run[i].map;
        uint64_t end = map->virt + map->bytes;
        uint64_t first = map->virt >> table_shift(level);
        uint64_t last = (end - 1) >> table_shift(level);
        bool coarse = coarse_inside(plan, map, level);
        bool head = !coarse || (map->virt & mask) || (first == last && (end & mask));
        bool tail = last > first && (!coarse || (end & mask));
        bound += (head && first != counted) + tail;
        if (!coarse && last > first)
            bound += last - first - 1;
        counted = last;
    }
    return bound;
}

size_t ldr_tables_bound(const struct ldr_plan *plan)
{
    size_t bound = 1 + plan->arch.levels; /* the kernel's root; all of the transition's */
    for (unsigned level = 1; level < plan->arch.levels; level++)
        bound += bound_of_level(plan, level);
    return bound;
}

static enum ldr_status refuse_tables(struct ldr_report *report, enum pgt_status status,
                                     const struct pgt_mapping *map)
{
    return ldr_refuse(report, status == PGT_NO_FRAMES ? LDR_NO_MEMORY : LDR_BAD_TABLES,
                      "page tables: mapping 0x%llx to 0x%llx at 0x%llx: %s",
                      (unsigned long long)map->virt,
                      (unsigned long long)(map->virt + (map->bytes - 1)),
                      (unsigned long long)map->phys, pgt_status_text(status));
}

static enum ldr_status map_one(struct pgt_space *space, const struct pgt_mapping *map,
                               struct ldr_report *report)
{
    struct pgt_flush flush = {0}; /* nothing has walked these tables yet */
    enum pgt_status status = pgt_map(space, map, &flush);
    return status ? refuse_tables(report, status, map) : LDR_OK;
}

static enum ldr_status build_kernel(struct pgt_space *kernel, const struct ldr_plan *plan,
                                    struct ldr_report *report)
{
    for (size_t i = 0; i < plan->count; i++) {
        enum ldr_status status = map_one(kernel, &plan->run[i].map, report);
        if (status)
            return status;
    }
    uint64_t upper = ldr_plan_upper(plan->arch.levels);
    enum pgt_status sealed = pgt_seal(kernel, upper, 0);
    if (sealed)
        return ldr_refuse(report, LDR_BAD_TABLES, "page tables: sealing the upper half at 0x%llx: %s",
                          (unsigned long long)upper, pgt_status_text(sealed));
    return LDR_OK;
}

/* Tables that nobody uses, on the way out of a failure: nothing depends on them. */
static void discard(struct pgt_space *space)
{
    if (pgt_destroy(space) != PGT_OK)
        __builtin_trap();
}

static enum ldr_status build_transition(struct ldr_tables *tables, const struct ldr_plan *plan,
                                        const struct pgt_frames *frames,
                                        struct ldr_report *report)
{
    struct pgt_mapping identity = {
        .virt = plan->handoff_phys,
        .phys = plan->handoff_phys,
        .bytes = PGT_PAGE,
        .rights = PGT_READ | PGT_EXECUTE,
    };
    enum pgt_status made = pgt_init_on(&tables->transition, &tables->kernel, frames);
    if (made)
        return refuse_tables(report, made, &identity);
    enum ldr_status status = map_one(&tables->transition, &identity, report);
    if (status)
        discard(&tables->transition);
    return status;
}

enum ldr_status ldr_tables_build(struct ldr_tables *ret_tables, const struct ldr_plan *plan,
                                 const struct pgt_frames *frames, struct ldr_report *report)
{
    enum pgt_status made = pgt_init(&ret_tables->kernel, &plan->arch, frames);
    if (made)
        return ldr_refuse(report, LDR_NO_MEMORY, "page tables: the kernel root: %s",
                          pgt_status_text(made));
    enum ldr_status status = build_kernel(&ret_tables->kernel, plan, report);
    if (!status)
        status = build_transition(ret_tables, plan, frames, report);
    if (status)
        discard(&ret_tables->kernel);
    return status;
}
