/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The database is a list by last use, the newest at one end, and a hash table with a
 * chain for each bucket, both threaded through the slots by index + 1, so that 0 ends
 * them.  A free slot has no owner and stands at the old end.
 */
#include "pagetables/pcid.h"

#include "pagetables/entry.h"

#define CR3_NO_FLUSH (UINT64_C(1) << 63)

/*@ requires pcid_memory(pcids) && LINK(pcids, link);
    assigns \result \from pcids, link;
    ensures \result == pcids->slot + (link - 1); */
static struct pgt_pcid_slot *at(const struct pgt_pcids *pcids, unsigned link)
{
    return &pcids->slot[link - 1];
}

/* Fibonacci hashing; the low bits of an address say little. */
/*@ requires pcid_memory(pcids) && pcids->count > 0;
    assigns \result \from pcids, owner;
    ensures 0 <= bucket(owner, pcids->count) < pcids->count;
    ensures \result == &pcids->slot[bucket(owner, pcids->count)].bucket; */
static uint16_t *bucket_of(const struct pgt_pcids *pcids, const void *owner)
{
    uint64_t hash = (uint64_t)(uintptr_t)owner * UINT64_C(0x9e3779b97f4a7c15);
    return &pcids->slot[hash / (UINT64_C(1) << 32) % pcids->count].bucket;
}

/*@ requires pcid_memory(pcids) && LINK(pcids, link) && by_age(pcids, 0);
    assigns *pcids, pcids->slot[0 .. pcids->count - 1];
    ensures pcid_memory(pcids);
    ensures unlinked{Pre, Post}(pcids, link) && by_age(pcids, link);
    ensures \old(free_last(pcids, link)) ==> free_last(pcids, link);
    ensures \old(pcid_now >= 0 && chained(pcids)) ==> chained(pcids); */
static void unlink_age(struct pgt_pcids *pcids, uint16_t link)
{
    struct pgt_pcid_slot *slot = at(pcids, link);
    //@ assert slot->newer != link && slot->older != link;
    *(slot->newer ? &at(pcids, slot->newer)->older : &pcids->newest) = slot->older;
    *(slot->older ? &at(pcids, slot->older)->newer : &pcids->oldest) = slot->newer;
    //@ assert unlinked{Pre, Here}(pcids, link);
    //@ assert chains_kept{Pre, Here}(pcids);
}

/*@ requires pcid_memory(pcids) && LINK(pcids, link) && by_age(pcids, link) && CLOCK_RUNS;
    assigns *pcids, pcids->slot[0 .. pcids->count - 1], pcid_now, pcid_used[link - 1];
    ensures pcid_memory(pcids);
    ensures made_newest{Pre, Post}(pcids, link) && by_age(pcids, 0);
    ensures \old(pcids->slot[link - 1].owner != \null && free_last(pcids, link)) ==>
        free_last(pcids, 0);
    ensures \old(pcid_now >= 0 && chained(pcids)) ==> chained(pcids); */
static void link_newest(struct pgt_pcids *pcids, uint16_t link)
{
    struct pgt_pcid_slot *slot = at(pcids, link);
    slot->newer = 0;
    slot->older = pcids->newest;
    *(pcids->newest ? &at(pcids, pcids->newest)->newer : &pcids->oldest) = link;
    pcids->newest = link;
    //@ ghost pcid_now++;
    //@ ghost pcid_used[link - 1] = pcid_now;
    //@ assert made_newest{Pre, Here}(pcids, link);
    //@ assert chains_kept{Pre, Here}(pcids);
}

/*@ requires pcid_memory(pcids) && LINK(pcids, link) && by_age(pcids, link) && CLOCK_RUNS;
    assigns *pcids, pcids->slot[0 .. pcids->count - 1], pcid_past, pcid_used[link - 1];
    ensures pcid_memory(pcids);
    ensures made_oldest{Pre, Post}(pcids, link) && by_age(pcids, 0);
    ensures \old(pcids->slot[link - 1].owner == \null && free_last(pcids, link)) ==>
        free_last(pcids, 0);
    ensures \old(pcid_now >= 0 && chained(pcids)) ==> chained(pcids); */
static void link_oldest(struct pgt_pcids *pcids, uint16_t link)
{
    struct pgt_pcid_slot *slot = at(pcids, link);
    slot->older = 0;
    slot->newer = pcids->oldest;
    *(pcids->oldest ? &at(pcids, pcids->oldest)->older : &pcids->newest) = link;
    pcids->oldest = link;
    //@ ghost pcid_past--;
    //@ ghost pcid_used[link - 1] = pcid_past;
    //@ assert made_oldest{Pre, Here}(pcids, link);
    //@ assert chains_kept{Pre, Here}(pcids);
}

/* The link that leads to the owner's slot, or to the end of its chain. */
/*@ requires pcid_memory(pcids) && chained(pcids) && pcids->count > 0 && pcid_now >= 0;
    assigns pcid_before \from pcids, owner;
    assigns \result \from pcids, owner;
    ensures leads_to(pcids, \result, bucket(owner, pcids->count));
    ensures *\result == 0 ==> \forall integer i; OWNED(pcids, i) ==> pcids->slot[i].owner != owner;
    ensures *\result != 0 ==> LINK(pcids, *\result) && OWNED(pcids, *\result - 1) &&
        pcids->slot[*\result - 1].owner == owner; */
static uint16_t *find(const struct pgt_pcids *pcids, const void *owner)
{
    uint16_t *link = bucket_of(pcids, owner);
    //@ ghost pcid_before = -1;
    /*@ loop invariant leads_to(pcids, link, bucket(owner, pcids->count));
        loop invariant \forall integer i; OWNED(pcids, i) ==> pcids->slot[i].owner == owner ==>
            pcid_before != -1 ==> pcid_lent[i] < pcid_lent[pcid_before];
        loop assigns link, pcid_before;
        loop variant pcid_before == -1 ? pcid_now + 1 : pcid_lent[pcid_before]; */
    while (*link && at(pcids, *link)->owner != owner) {
        //@ ghost pcid_before = *link - 1;
        link = &at(pcids, *link)->chain;
    }
    return link;
}

/*@ requires pcid_memory(pcids) && chained(pcids) && pcids->count > 0 && pcid_now >= 0;
    requires \exists integer i; OWNED(pcids, i) && pcids->slot[i].owner == owner;
    assigns *pcids, pcids->slot[0 .. pcids->count - 1], pcid_before, pcid_lost;
    ensures pcid_memory(pcids) && SLOT(pcids, pcid_lost);
    ensures \forall integer i; \old(OWNED(pcids, i) && pcids->slot[i].owner == owner) ==>
        i == pcid_lost;
    ensures orphaned{Pre, Post}(pcids, pcid_lost);
    ensures pcid_before == -1 ==>
        bucket_leads_on{Pre, Post}(pcids, pcid_lost, AT_HEAD);
    ensures pcid_before != -1 ==> slot_leads_on{Pre, Post}(pcids, pcid_lost, pcid_before);
    ensures chained(pcids);
    ensures \old(by_age(pcids, 0)) ==> by_age(pcids, 0);
    ensures \let l = pcid_lost + 1; \old(free_last(pcids, l)) ==> free_last(pcids, l); */
static void forget(struct pgt_pcids *pcids, const void *owner)
{
    uint16_t *link = find(pcids, owner);
    struct pgt_pcid_slot *slot = at(pcids, *link);
    //@ ghost pcid_lost = *link - 1;
    //@ assert SLOT(pcids, AT_HEAD) && AT_HEAD == BUCKET(pcids, pcid_lost);
    //@ assert pcid_before == -1 ==> pcids->slot[AT_HEAD].bucket == pcid_lost + 1;
    //@ assert pcid_before != -1 ==> pcids->slot[pcid_before].chain == pcid_lost + 1;
    *link = slot->chain;
    slot->owner = NULL;
    //@ assert pcid_memory(pcids) && SLOT(pcids, pcid_lost);
    //@ assert same_database{Pre, Here}(pcids);
    //@ assert ages_kept{Pre, Here}(pcids, pcid_lost + 1);
    //@ assert same_lent{Pre, Here}(pcids, 0);
    //@ assert same_owner{Pre, Here}(pcids, pcid_lost);
    //@ assert same_bucket{Pre, Here}(pcids, pcid_before == -1 ? AT_HEAD : -1);
    //@ assert same_chain{Pre, Here}(pcids, pcid_before);
    //@ assert orphaned{Pre, Here}(pcids, pcid_lost);
    //@ assert pcid_before == -1 ==> bucket_leads_on{Pre, Here}(pcids, pcid_lost, AT_HEAD);
    //@ assert pcid_before != -1 ==> slot_leads_on{Pre, Here}(pcids, pcid_lost, pcid_before);
}

/* The slot that is next to be lent; if it has an owner, that one loses it. */
/*@ requires pcid_memory(pcids) && chained(pcids) && by_age(pcids, 0) && free_last(pcids, 0);
    requires pcids->count > 0;
    assigns *pcids, pcids->slot[0 .. pcids->count - 1], pcid_before, pcid_lost;
    ensures pcid_memory(pcids) && chained(pcids) && by_age(pcids, 0);
    ensures LINK(pcids, \result) && \result == \old(pcids->oldest);
    ensures free_last(pcids, \result) && same_database{Pre, Post}(pcids);
    ensures pcids->slot[\result - 1].owner == \null;
    ensures same_owner{Pre, Post}(pcids, \result - 1);
    ensures \let l = \result - 1; \old(pcids->slot[l].owner) != \null ==>
        \forall integer i; \old(SLOT(pcids, i)) ==> \old(pcids->slot[i].owner) != \null; */
static uint16_t vacate_oldest(struct pgt_pcids *pcids)
{
    uint16_t link = pcids->oldest;
    struct pgt_pcid_slot *slot = at(pcids, link);
    //@ assert free_last(pcids, link) && oldest_first(pcids, 0);
    /*@ assert slot->owner != \null ==>
        \forall integer i; SLOT(pcids, i) ==> pcid_used[link - 1] <= pcid_used[i]; */
    /*@ assert slot->owner != \null ==>
        \forall integer i; SLOT(pcids, i) ==> pcids->slot[i].owner != \null; */
    if (slot->owner) {
        forget(pcids, slot->owner);
        //@ assert pcid_lost == link - 1;
    }
    return link;
}

/* Gives a slot without owner to one that has none. */
/*@ requires pcid_memory(pcids) && chained(pcids) && LINK(pcids, link);
    requires pcid_now >= 0 && CLOCK_RUNS;
    requires pcids->slot[link - 1].owner == \null && owner != \null;
    requires \forall integer i; OWNED(pcids, i) ==> pcids->slot[i].owner != owner;
    assigns *pcids, pcids->slot[0 .. pcids->count - 1], pcid_now, pcid_lent[link - 1];
    ensures pcid_memory(pcids);
    ensures given{Pre, Post}(pcids, link - 1, AT_HEAD);
    ensures pcids->slot[link - 1].owner == owner;
    ensures chained(pcids);
    ensures \old(by_age(pcids, 0)) ==> by_age(pcids, 0);
    ensures \old(free_last(pcids, link)) ==> free_last(pcids, link); */
static void lend(struct pgt_pcids *pcids, uint16_t link, const void *owner)
{
    uint16_t *bucket = bucket_of(pcids, owner);
    struct pgt_pcid_slot *slot = at(pcids, link);
    slot->owner = owner;
    slot->chain = *bucket;
    *bucket = link;
    //@ ghost pcid_now++;
    //@ ghost pcid_lent[link - 1] = pcid_now;
    //@ assert pcid_memory(pcids);
    //@ assert same_database{Pre, Here}(pcids);
    //@ assert ages_kept{Pre, Here}(pcids, link);
    //@ assert same_lent{Pre, Here}(pcids, link);
    //@ assert same_owner{Pre, Here}(pcids, link - 1);
    //@ assert same_bucket{Pre, Here}(pcids, AT_HEAD);
    //@ assert same_chain{Pre, Here}(pcids, link - 1);
    //@ assert given{Pre, Here}(pcids, link - 1, AT_HEAD);
}

/*@ requires pcid_memory(pcids) && chained(pcids) && by_age(pcids, 0) && free_last(pcids, link);
    requires LINK(pcids, link) && pcids->slot[link - 1].owner != \null && CLOCK_RUNS;
    assigns *pcids, pcids->slot[0 .. pcids->count - 1], pcid_now, pcid_used[link - 1];
    ensures pcid_memory(pcids) && chained(pcids) && by_age(pcids, 0) && free_last(pcids, 0);
    ensures same_database{Pre, Post}(pcids) && same_owner{Pre, Post}(pcids, -1); */
static void renew(struct pgt_pcids *pcids, uint16_t link)
{
    unlink_age(pcids, link);
    link_newest(pcids, link);
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

/*@ requires pcids_sane(pcids) && owner != \null && IDS_LEFT;
    requires \valid(ret_flush);
    requires \separated(ret_flush, pcids, pcids->slot + (0 .. pcids->count - 1));
    assigns *ret_flush, *pcids, pcids->slot[0 .. pcids->count - 1];
    assigns pcid_used[0 .. PGT_PCID_LAST - 1], pcid_lent[0 .. PGT_PCID_LAST - 1], pcid_now,
        pcid_before, pcid_lost;
    ensures pcids_sane(pcids);
    ensures pcids->count == \old(pcids->count) && pcids->first == \old(pcids->first);
    ensures pcids->count == 0 ==> \result == 0 && *ret_flush;
    ensures pcids->count != 0 ==> pcids->first <= \result < pcids->first + pcids->count;
    ensures pcids->count != 0 ==> pcids->slot[\result - pcids->first].owner == owner;
    ensures pcids->count != 0 ==> \let l = \result - pcids->first;
        (*ret_flush <==> \old(pcids->slot[l].owner) != owner);
    ensures pcids->count != 0 ==> \let l = \result - pcids->first;
        \forall integer i; SLOT(pcids, i) && i != l ==>
            pcids->slot[i].owner == \old(pcids->slot[i].owner);
    ensures pcids->count != 0 ==> \let l = \result - pcids->first;
        *ret_flush ==> \forall integer i; SLOT(pcids, i) ==>
            \old(pcid_used[l]) <= \old(pcid_used[i]);
    ensures pcids->count != 0 ==> \let l = \result - pcids->first;
        *ret_flush && \old(pcids->slot[l].owner) != \null ==>
            \forall integer i; SLOT(pcids, i) ==> \old(pcids->slot[i].owner) != \null; */
unsigned pgt_pcids_assign(struct pgt_pcids *pcids, const void *owner, bool *ret_flush)
{
    pgt_assert(owner);
    if (pcids->count == 0) {
        *ret_flush = true;
        return 0;
    }
    uint16_t link = *find(pcids, owner);
    *ret_flush = !link;
    //@ assert pcid_memory(pcids);
    //@ assert ages_kept{Pre, Here}(pcids, 1);
    //@ assert same_slots{Pre, Here}(pcids);
    //@ assert chains_kept{Pre, Here}(pcids);
    //@ assert by_age(pcids, 0) && chained(pcids);
    //@ assert free_last(pcids, 0);
    if (!link) {
        link = vacate_oldest(pcids);
        //@ assert 1 <= link <= PGT_PCID_LAST;
        lend(pcids, link, owner);
    }
    //@ assert free_last(pcids, link);
    //@ assert same_owner{Pre, Here}(pcids, link - 1);
    //@ assert 1 <= link <= PGT_PCID_LAST && pcids->slot[link - 1].owner == owner;
    renew(pcids, link);
    //@ assert same_database{Pre, Here}(pcids);
    //@ assert same_owner{Pre, Here}(pcids, link - 1);
    //@ assert pcids->slot[link - 1].owner == owner;
    //@ assert LINK(pcids, link) && pcids->first + link - 1 <= PGT_PCID_LAST;
    return pcids->first + link - 1u;
}

/*@ requires pcids_sane(pcids) && owner != \null && IDS_LEFT;
    assigns *pcids, pcids->slot[0 .. pcids->count - 1];
    assigns pcid_used[0 .. PGT_PCID_LAST - 1], pcid_past, pcid_before, pcid_lost;
    ensures pcids_sane(pcids);
    ensures pcids->count == \old(pcids->count) && pcids->first == \old(pcids->first);
    ensures \forall integer i; SLOT(pcids, i) ==> \old(pcids->slot[i].owner) == owner ==>
        pcids->slot[i].owner == \null;
    ensures \forall integer i; SLOT(pcids, i) ==> \old(pcids->slot[i].owner) != owner ==>
        pcids->slot[i].owner == \old(pcids->slot[i].owner); */
void pgt_pcids_drop(struct pgt_pcids *pcids, const void *owner)
{
    if (pcids->count == 0)
        return;
    uint16_t link = *find(pcids, owner);
    if (!link)
        return;
    //@ assert free_last(pcids, link);
    forget(pcids, owner);
    //@ assert pcid_lost == link - 1 && same_database{Pre, Here}(pcids);
    //@ assert same_owner{Pre, Here}(pcids, link - 1);
    unlink_age(pcids, link);
    //@ assert same_database{Pre, Here}(pcids);
    //@ assert same_owner{Pre, Here}(pcids, link - 1);
    //@ assert 1 <= link <= PGT_PCID_LAST && free_last(pcids, link);
    link_oldest(pcids, link);
    //@ assert same_database{Pre, Here}(pcids);
    //@ assert same_owner{Pre, Here}(pcids, link - 1);
    //@ assert pcids->slot[link - 1].owner == \null;
}

uint64_t pgt_cr3(uint64_t root, unsigned pcid, bool no_flush)
{
    pgt_assert(!(root & ~ENTRY_ADDRESS) && pcid <= PGT_PCID_LAST);
    return root | pcid | (no_flush && pcid ? CR3_NO_FLUSH : 0);
}
