/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's ordinary use of adopted tables: map what it needs, where the
 * direct map would have it.
 */
#include "loader/stub/reach.h"

#include "loader/stub/cpu.h"
#include "loader/stub/fault.h"
#include "loader/stub/memory.h"

static bool readable(uint64_t virt, size_t bytes)
{
    struct fault fault;

    return !fault_probe(fault_read, virt, &fault) &&
           !fault_probe(fault_read, virt + bytes - 1, &fault);
}

/* Pages that are there already, with rights and a memory type of their own, stay. */
static bool map_missing(struct stub *stub, uint64_t virt)
{
    struct pgt_mapping mapping = {
        .virt = virt, .phys = virt - stub->hhdm, .bytes = PGT_PAGE, .rights = PGT_READ};
    struct pgt_flush flush = {0};

    if (stub_mapped(stub, virt))
        return true;
    if (pgt_map(&stub->space, &mapping, &flush) != PGT_OK)
        return false;
    if (flush.needed)
        page_invalidate(virt);
    return true;
}

const void *reach(struct stub *stub, uint64_t address, size_t bytes, enum reach_kind kind)
{
    uint64_t virt = address;

    if (kind == REACH_PHYSICAL) {
        virt += stub->hhdm;
        if (!stub->adopted)
            return 0;
        for (uint64_t at = virt & ~MEMORY_PAGE_MASK; at <= virt + bytes - 1; at += PGT_PAGE) {
            if (!map_missing(stub, at))
                return 0;
        }
    }
    return readable(virt, bytes) ? (const void *)virt : 0;
}
