/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The database is a list by last use, the newest at one end, and a hash table with a
 * chain for each bucket, both threaded through the slots by index + 1, so that 0 ends
 * them.  A free slot has no owner and stands at the old end.
 */
#include "pagetables/pcid.h"

#include "pagetables/entry.h"

#define CR3_NO_FLUSH (UINT64_C(1) << 63)

static struct pgt_pcid_slot *at(const struct pgt_pcids *pcids, unsigned link)
{
    return &pcids->slot[link - 1];
}

/* Fibonacci hashing; the low bits of an address say little. */
static uint16_t *bucket_of(const struct pgt_pcids *pcids, const void *owner)
{
    uint64_t hash = (uint64_t)(uintptr_t)owner * UINT64_C(0x9e3779b97f4a7c15);
    return &pcids->slot[(hash >> 32) % pcids->count].bucket;
}

static void unlink_age(struct pgt_pcids *pcids, uint16_t link)
{
    struct pgt_pcid_slot *slot = at(pcids, link);
    *(slot->newer ? &at(pcids, slot->newer)->older : &pcids->newest) = slot->older;
    *(slot->older ? &at(pcids, slot->older)->newer : &pcids->oldest) = slot->newer;
}

static void link_newest(struct pgt_pcids *pcids, uint16_t link)
{
    struct pgt_pcid_slot *slot = at(pcids, link);
    slot->newer = 0;
    slot->older = pcids->newest;
    *(pcids->newest ? &at(pcids, pcids->newest)->newer : &pcids->oldest) = link;
    pcids->newest = link;
}

static void link_oldest(struct pgt_pcids *pcids, uint16_t link)
{
    struct pgt_pcid_slot *slot = at(pcids, link);
    slot->older = 0;
    slot->newer = pcids->oldest;
    *(pcids->oldest ? &at(pcids, pcids->oldest)->older : &pcids->newest) = link;
    pcids->oldest = link;
}

/* The link that leads to the owner's slot, or to the end of its chain. */
static uint16_t *find(const struct pgt_pcids *pcids, const void *owner)
{
    uint16_t *link = bucket_of(pcids, owner);
    while (*link && at(pcids, *link)->owner != owner)
        link = &at(pcids, *link)->chain;
    return link;
}

static void forget(struct pgt_pcids *pcids, const void *owner)
{
    uint16_t *link = find(pcids, owner);
    struct pgt_pcid_slot *slot = at(pcids, *link);
    *link = slot->chain;
    slot->owner = NULL;
}

enum pgt_status pgt_pcids_init(struct pgt_pcids *pcids, struct pgt_pcid_slot *slot, unsigned first,
                               unsigned count)
{
    if (count > 0 && (first == 0 || first > PGT_PCID_LAST || count - 1 > PGT_PCID_LAST - first))
        return PGT_BAD_RANGE;
    *pcids = (struct pgt_pcids){.slot = slot, .first = (uint16_t)first, .count = (uint16_t)count};
    for (unsigned i = 0; i < count; i++)
        slot[i] = (struct pgt_pcid_slot){0};
    for (unsigned i = 1; i <= count; i++)
        link_newest(pcids, (uint16_t)i); /* so the first id is the oldest, and lent first */
    return PGT_OK;
}

unsigned pgt_pcids_assign(struct pgt_pcids *pcids, const void *owner, bool *ret_flush)
{
    pgt_assert(owner);
    *ret_flush = true;
    if (pcids->count == 0)
        return 0;
    uint16_t link = *find(pcids, owner);
    if (link) {
        *ret_flush = false;
    } else {
        link = pcids->oldest;
        struct pgt_pcid_slot *slot = at(pcids, link);
        if (slot->owner)
            forget(pcids, slot->owner);
        uint16_t *bucket = bucket_of(pcids, owner);
        slot->owner = owner;
        slot->chain = *bucket;
        *bucket = link;
    }
    unlink_age(pcids, link);
    link_newest(pcids, link);
    return pcids->first + link - 1u;
}

void pgt_pcids_drop(struct pgt_pcids *pcids, const void *owner)
{
    if (pcids->count == 0)
        return;
    uint16_t link = *find(pcids, owner);
    if (!link)
        return;
    forget(pcids, owner);
    unlink_age(pcids, link);
    link_oldest(pcids, link);
}

uint64_t pgt_cr3(uint64_t root, unsigned pcid, bool no_flush)
{
    pgt_assert(!(root & ~ENTRY_ADDRESS) && pcid <= PGT_PCID_LAST);
    return root | pcid | (no_flush && pcid ? CR3_NO_FLUSH : 0);
}
