/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of the contracts in pagetables/pcid.c.
 *
 * The database is threaded twice: by last use, and in a chain for each bucket.  That neither
 * thread is cut or runs in a circle is said by the time at which each slot was used last, and
 * lent: in ghost variables, of the one database that the proof follows.  They are 64 bits wide,
 * so the proof covers the first 2^62 calls of a database's life.
 */
#ifndef PAGETABLES_PROOF_LOGIC_PCID_H
#define PAGETABLES_PROOF_LOGIC_PCID_H

#include "pagetables/proof/words.h"

#include "pagetables/pcid.h"

/* A slot that is given back is used "before all others", in a time that runs backwards. */
/*@ ghost int64_t pcid_used[PGT_PCID_LAST]; */
/*@ ghost int64_t pcid_lent[PGT_PCID_LAST]; */
/*@ ghost int64_t pcid_now; */
/*@ ghost int64_t pcid_past; */

/* Behind which slot the last search ended, -1 for the bucket; what lost its owner last. */
/*@ ghost int pcid_before; */
/*@ ghost int pcid_lost; */

/* Slots have an index, links to them are the index + 1. */
#define SLOT(p, i)   (0 <= (i) < (p)->count)
#define LINK(p, l)   (1 <= (l) <= (p)->count)
#define LISTED(p, i) (SLOT(p, i) && (i) + 1 != out)
#define OWNED(p, i)  (SLOT(p, i) && (p)->slot[i].owner != \null)
#define BUCKET(p, i) bucket((p)->slot[i].owner, (p)->count)
#define IN(p, i, b)  (OWNED(p, i) && BUCKET(p, i) == (b))
/* A link leads to a slot.  Not as an equation: WP would put the link for the slot everywhere. */
#define LEADS(l, i)  (l <= i + 1 && i + 1 <= l)
#define AT_HEAD      bucket(owner, pcids->count)
#define CLOCK_RUNS   (pcid_now < 0x7000000000000000 && pcid_past > -0x7000000000000000)
#define IDS_LEFT     (pcid_now < 0x4000000000000000 && pcid_past > -0x4000000000000000)

/*@ logic integer bucket(void *owner, integer count) =
        (uint64_t)((uint64_t)(uintptr_t)owner * 0x9e3779b97f4a7c15) / 0x100000000 % count;

    predicate pcid_memory(struct pgt_pcids *p) =
        \valid(p) && \valid(p->slot + (0 .. p->count - 1)) &&
        \separated(p, p->slot + (0 .. p->count - 1)) &&
        p->count <= PGT_PCID_LAST &&
        (p->count > 0 ==> 1 <= p->first && p->first + p->count - 1 <= PGT_PCID_LAST);

    // All slots but the one that `out` leads to are in one list, from the newest to the oldest.
    predicate newer_range(struct pgt_pcids *p, integer out) =
        \forall integer i; LISTED(p, i) ==>
            0 <= p->slot[i].newer <= p->count && (out == 0 || p->slot[i].newer != out);
    predicate older_range(struct pgt_pcids *p, integer out) =
        \forall integer i; LISTED(p, i) ==>
            0 <= p->slot[i].older <= p->count && (out == 0 || p->slot[i].older != out);
    predicate newer_end(struct pgt_pcids *p, integer out) =
        \forall integer i; LISTED(p, i) ==> (p->slot[i].newer == 0 <==> p->newest == i + 1);
    predicate older_end(struct pgt_pcids *p, integer out) =
        \forall integer i; LISTED(p, i) ==> (p->slot[i].older == 0 <==> p->oldest == i + 1);
    predicate newer_way(struct pgt_pcids *p, integer out) =
        \forall integer i, j; LISTED(p, i) ==> LISTED(p, j) ==> LEADS(p->slot[i].newer, j) ==>
            pcid_used[i] < pcid_used[j];
    predicate newer_back(struct pgt_pcids *p, integer out) =
        \forall integer i, j; LISTED(p, i) ==> LISTED(p, j) ==> LEADS(p->slot[i].newer, j) ==>
            p->slot[j].older == i + 1;
    predicate older_way(struct pgt_pcids *p, integer out) =
        \forall integer i, j; LISTED(p, i) ==> LISTED(p, j) ==> LEADS(p->slot[i].older, j) ==>
            p->slot[j].newer == i + 1 && pcid_used[j] < pcid_used[i];
    predicate none_between(struct pgt_pcids *p, integer out) =
        \forall integer i, j, k; LISTED(p, i) ==> LISTED(p, j) ==> LISTED(p, k) ==>
            LEADS(p->slot[i].newer, j) ==>
            pcid_used[k] <= pcid_used[i] || pcid_used[j] <= pcid_used[k];
    predicate ends_range(struct pgt_pcids *p, integer out) =
        0 <= p->newest <= p->count && 0 <= p->oldest <= p->count &&
        (p->newest == 0 <==> p->oldest == 0) &&
        (out == 0 || p->newest != out && p->oldest != out);
    predicate has_newest(struct pgt_pcids *p, integer out) =
        \forall integer i; LISTED(p, i) ==> p->newest != 0 && pcid_used[i] <= pcid_now;
    predicate has_oldest(struct pgt_pcids *p, integer out) =
        \forall integer i; LISTED(p, i) ==> p->oldest != 0 && pcid_used[i] <= pcid_now;
    predicate newest_last(struct pgt_pcids *p, integer out) =
        \forall integer i, k; LISTED(p, i) ==> LISTED(p, k) ==> LEADS(p->newest, i) ==>
            pcid_used[k] <= pcid_used[i];
    predicate oldest_first(struct pgt_pcids *p, integer out) =
        \forall integer i, k; LISTED(p, i) ==> LISTED(p, k) ==> LEADS(p->oldest, i) ==>
            pcid_used[i] <= pcid_used[k];
    predicate in_time(struct pgt_pcids *p, integer out) =
        pcid_past <= 0 <= pcid_now &&
        \forall integer i; LISTED(p, i) ==> pcid_past <= pcid_used[i] <= pcid_now;
    predicate one_at_a_time(struct pgt_pcids *p, integer out) =
        \forall integer i, k; LISTED(p, i) ==> LISTED(p, k) ==> i != k ==>
            pcid_used[i] != pcid_used[k];
    predicate by_age(struct pgt_pcids *p, integer out) =
        newer_range(p, out) && older_range(p, out) && newer_end(p, out) && older_end(p, out) &&
        newer_way(p, out) && newer_back(p, out) && older_way(p, out) && none_between(p, out) &&
        ends_range(p, out) && has_newest(p, out) && has_oldest(p, out) &&
        newest_last(p, out) && oldest_first(p, out) && in_time(p, out) && one_at_a_time(p, out);

    // Free slots stand at the old end.
    predicate free_last(struct pgt_pcids *p, integer out) =
        \forall integer i, k; LISTED(p, i) ==> LISTED(p, k) ==>
            p->slot[i].owner == \null ==> p->slot[k].owner != \null ==>
            pcid_used[i] < pcid_used[k];

    // Each bucket leads to its slots, from the one that was lent last to the first.
    predicate head_range(struct pgt_pcids *p) =
        \forall integer b; SLOT(p, b) ==> 0 <= p->slot[b].bucket <= p->count;
    predicate head_in(struct pgt_pcids *p) =
        \forall integer b, h; SLOT(p, b) ==> SLOT(p, h) ==> LEADS(p->slot[b].bucket, h) ==>
            IN(p, h, b);
    predicate has_head(struct pgt_pcids *p) =
        \forall integer b, k; SLOT(p, b) ==> IN(p, k, b) ==> p->slot[b].bucket != 0;
    predicate head_last(struct pgt_pcids *p) =
        \forall integer b, h, k; SLOT(p, b) ==> SLOT(p, h) ==> LEADS(p->slot[b].bucket, h) ==>
            IN(p, k, b) ==> pcid_lent[k] <= pcid_lent[h];
    predicate chain_range(struct pgt_pcids *p) =
        \forall integer i; OWNED(p, i) ==> 0 <= p->slot[i].chain <= p->count;
    predicate chain_in(struct pgt_pcids *p) =
        \forall integer i, j; OWNED(p, i) ==> SLOT(p, j) ==> LEADS(p->slot[i].chain, j) ==>
            IN(p, j, BUCKET(p, i));
    predicate chain_way(struct pgt_pcids *p) =
        \forall integer i, j; OWNED(p, i) ==> SLOT(p, j) ==> LEADS(p->slot[i].chain, j) ==>
            pcid_lent[j] < pcid_lent[i];
    predicate chain_end(struct pgt_pcids *p) =
        \forall integer i, k; OWNED(p, i) ==> IN(p, k, BUCKET(p, i)) ==>
            p->slot[i].chain == 0 ==> pcid_lent[i] <= pcid_lent[k];
    predicate none_left_out(struct pgt_pcids *p) =
        \forall integer i, j, k; OWNED(p, i) ==> SLOT(p, j) ==> LEADS(p->slot[i].chain, j) ==>
            IN(p, k, BUCKET(p, i)) ==>
            pcid_lent[i] <= pcid_lent[k] || pcid_lent[k] <= pcid_lent[j];
    predicate lent_in_time(struct pgt_pcids *p) =
        \forall integer i; OWNED(p, i) ==> 0 < pcid_lent[i] <= pcid_now;
    predicate lent_one_by_one(struct pgt_pcids *p) =
        \forall integer i, k; OWNED(p, i) ==> OWNED(p, k) ==> i != k ==>
            pcid_lent[i] != pcid_lent[k];
    predicate one_owner(struct pgt_pcids *p) =
        \forall integer i, k; OWNED(p, i) ==> OWNED(p, k) ==> i != k ==>
            p->slot[i].owner != p->slot[k].owner;
    predicate chained(struct pgt_pcids *p) =
        head_range(p) && head_in(p) && has_head(p) && head_last(p) && chain_range(p) &&
        chain_in(p) && chain_way(p) && chain_end(p) && none_left_out(p) && lent_in_time(p) &&
        lent_one_by_one(p) && one_owner(p);

    predicate leads_to(struct pgt_pcids *p, uint16_t *place, integer b) =
        pcid_before == -1 ? place == &p->slot[b].bucket :
        IN(p, pcid_before, b) && place == &p->slot[pcid_before].chain;

    // What holds between calls.
    predicate pcids_sane(struct pgt_pcids *p) =
        pcid_memory(p) && by_age(p, 0) && free_last(p, 0) && chained(p);

    // What a function leaves alone.
    predicate same_database{A, B}(struct pgt_pcids *p) =
        \at(p->count, A) == \at(p->count, B) && \at(p->first, A) == \at(p->first, B) &&
        \at(p->slot, A) == \at(p->slot, B);
    predicate same_owner{A, B}(struct pgt_pcids *p, integer but) =
        \forall integer i; \at(SLOT(p, i), A) ==> i != but ==>
            \at(p->slot[i].owner, B) == \at(p->slot[i].owner, A);
    predicate same_slots{A, B}(struct pgt_pcids *p) =
        \at(p->slot, A) == \at(p->slot, B) && \at(p->count, A) == \at(p->count, B) &&
        \at(p->first, A) == \at(p->first, B) &&
        (\forall integer i; \at(SLOT(p, i), A) ==>
            \at(p->slot[i].owner, B) == \at(p->slot[i].owner, A)) &&
        (\forall integer i; \at(SLOT(p, i), A) ==>
            \at(p->slot[i].bucket, B) == \at(p->slot[i].bucket, A)) &&
        (\forall integer i; \at(SLOT(p, i), A) ==>
            \at(p->slot[i].chain, B) == \at(p->slot[i].chain, A));
    predicate same_used{A, B}(struct pgt_pcids *p, integer but) =
        \forall integer i; \at(SLOT(p, i), A) ==> i + 1 != but ==>
            \at(pcid_used[i], B) == \at(pcid_used[i], A);
    predicate same_lent{A, B}(struct pgt_pcids *p, integer but) =
        \forall integer i; \at(SLOT(p, i), A) ==> i + 1 != but ==>
            \at(pcid_lent[i], B) == \at(pcid_lent[i], A);
*/

/* ---- what the three steps do to the list by age, and why it stays one ------------------------ */
#define WAS(place)  \at(place, A)
#define IS(place)   \at(place, B)
#define TURNED(place, condition, value) (IS(place) == (WAS(condition) ? (value) : WAS(place)))
#define STEP(name, requirement, relation, result) \
    lemma name{A, B}: \forall struct pgt_pcids *p, integer link; \
        WAS(pcid_memory(p) && LINK(p, link) && requirement) ==> relation{A, B}(p, link) ==> result
#define VARIABLES(...) __VA_ARGS__
#define CHAIN(name, variables, requirement, relation, result) \
    lemma name{A, B}: \forall VARIABLES variables; \
        WAS(pcid_memory(p) && chained(p) && pcid_now >= 0 && (requirement)) ==> relation ==> result
#define CHAINS(name, variables, requirement, relation) \
    CHAIN(name##_lent_in_time, variables, requirement, relation, lent_in_time{B}(p)); \
    CHAIN(name##_head_range, variables, requirement, relation, head_range{B}(p)); \
    CHAIN(name##_head_in, variables, requirement, relation, head_in{B}(p)); \
    CHAIN(name##_has_head, variables, requirement, relation, has_head{B}(p)); \
    CHAIN(name##_head_last, variables, requirement, relation, head_last{B}(p)); \
    CHAIN(name##_chain_range, variables, requirement, relation, chain_range{B}(p)); \
    CHAIN(name##_chain_in, variables, requirement, relation, chain_in{B}(p)); \
    CHAIN(name##_chain_way, variables, requirement, relation, chain_way{B}(p)); \
    CHAIN(name##_chain_end, variables, requirement, relation, chain_end{B}(p)); \
    CHAIN(name##_none_left_out, variables, requirement, relation, none_left_out{B}(p)); \
    CHAIN(name##_lent_one_by_one, variables, requirement, relation, lent_one_by_one{B}(p)); \
    CHAIN(name##_one_owner, variables, requirement, relation, one_owner{B}(p)); \
    CHAIN(name##_chained, variables, requirement, relation, chained{B}(p));
#define STEPS(name, before, relation, after) \
    STEP(name##_in_time, by_age(p, before), relation, in_time{B}(p, after)); \
    STEP(name##_newer_range, by_age(p, before), relation, newer_range{B}(p, after)); \
    STEP(name##_older_range, by_age(p, before), relation, older_range{B}(p, after)); \
    STEP(name##_newer_end, by_age(p, before), relation, newer_end{B}(p, after)); \
    STEP(name##_older_end, by_age(p, before), relation, older_end{B}(p, after)); \
    STEP(name##_newer_way, by_age(p, before), relation, newer_way{B}(p, after)); \
    STEP(name##_newer_back, by_age(p, before), relation, newer_back{B}(p, after)); \
    STEP(name##_older_way, by_age(p, before), relation, older_way{B}(p, after)); \
    STEP(name##_none_between, by_age(p, before), relation, none_between{B}(p, after)); \
    STEP(name##_ends_range, by_age(p, before), relation, ends_range{B}(p, after)); \
    STEP(name##_has_newest, by_age(p, before), relation, has_newest{B}(p, after)); \
    STEP(name##_has_oldest, by_age(p, before), relation, has_oldest{B}(p, after)); \
    STEP(name##_newest_last, by_age(p, before), relation, newest_last{B}(p, after)); \
    STEP(name##_oldest_first, by_age(p, before), relation, oldest_first{B}(p, after)); \
    STEP(name##_one_at_a_time, by_age(p, before), relation, one_at_a_time{B}(p, after)); \
    STEP(name##_by_age, by_age(p, before), relation, by_age{B}(p, after));

/*@ predicate unlinked{A, B}(struct pgt_pcids *p, integer link) =
        same_slots{A, B}(p) && same_used{A, B}(p, 0) && same_lent{A, B}(p, 0) &&
        (\forall integer i; WAS(SLOT(p, i)) ==>
            TURNED(p->slot[i].newer, i + 1 == p->slot[link - 1].older,
                   WAS(p->slot[link - 1].newer))) &&
        (\forall integer i; WAS(SLOT(p, i)) ==>
            TURNED(p->slot[i].older, i + 1 == p->slot[link - 1].newer,
                   WAS(p->slot[link - 1].older))) &&
        TURNED(p->newest, p->slot[link - 1].newer == 0, WAS(p->slot[link - 1].older)) &&
        TURNED(p->oldest, p->slot[link - 1].older == 0, WAS(p->slot[link - 1].newer)) &&
        IS(pcid_used[link - 1]) == WAS(pcid_used[link - 1]) &&
        IS(pcid_now) == WAS(pcid_now) && IS(pcid_past) == WAS(pcid_past);

    predicate made_newest{A, B}(struct pgt_pcids *p, integer link) =
        same_slots{A, B}(p) && same_used{A, B}(p, link) && same_lent{A, B}(p, 0) &&
        (\forall integer i; WAS(SLOT(p, i)) ==> i + 1 != link ==>
            TURNED(p->slot[i].newer, i + 1 == p->newest, link)) &&
        (\forall integer i; WAS(SLOT(p, i)) ==> i + 1 != link ==>
            IS(p->slot[i].older) == WAS(p->slot[i].older)) &&
        IS(p->slot[link - 1].newer) == 0 && IS(p->slot[link - 1].older) == WAS(p->newest) &&
        IS(p->newest) == link && TURNED(p->oldest, p->newest == 0, link) &&
        IS(pcid_now) == WAS(pcid_now) + 1 == IS(pcid_used[link - 1]) &&
        IS(pcid_past) == WAS(pcid_past);

    predicate made_oldest{A, B}(struct pgt_pcids *p, integer link) =
        same_slots{A, B}(p) && same_used{A, B}(p, link) && same_lent{A, B}(p, 0) &&
        (\forall integer i; WAS(SLOT(p, i)) ==> i + 1 != link ==>
            TURNED(p->slot[i].older, i + 1 == p->oldest, link)) &&
        (\forall integer i; WAS(SLOT(p, i)) ==> i + 1 != link ==>
            IS(p->slot[i].newer) == WAS(p->slot[i].newer)) &&
        IS(p->slot[link - 1].older) == 0 && IS(p->slot[link - 1].newer) == WAS(p->oldest) &&
        IS(p->oldest) == link && TURNED(p->newest, p->oldest == 0, link) &&
        IS(pcid_past) == WAS(pcid_past) - 1 == IS(pcid_used[link - 1]) &&
        IS(pcid_now) == WAS(pcid_now);

    STEPS(unlinked, 0, unlinked, link)
    STEPS(newest, link, made_newest, 0)
    STEPS(oldest, link, made_oldest, 0)
    STEP(unlinked_free_last, by_age(p, 0) && free_last(p, link), unlinked, free_last{B}(p, link));
    STEP(newest_free_last, by_age(p, link) && free_last(p, link) &&
         p->slot[link - 1].owner != \null, made_newest, free_last{B}(p, 0));
    STEP(oldest_free_last, by_age(p, link) && free_last(p, link) &&
         p->slot[link - 1].owner == \null, made_oldest, free_last{B}(p, 0));
*/

/* ---- what the steps do to the chains --------------------------------------------------------- */
/*@ // The chains are not touched; the ages are not.
    predicate chains_kept{A, B}(struct pgt_pcids *p) =
        same_slots{A, B}(p) && same_lent{A, B}(p, 0) && WAS(pcid_now) <= IS(pcid_now);
    predicate ages_kept{A, B}(struct pgt_pcids *p, integer link) =
        WAS(LINK(p, link)) && same_database{A, B}(p) &&
        WAS(p->slot) == IS(p->slot) && WAS(p->count) == IS(p->count) &&
        WAS(p->newest) == IS(p->newest) && WAS(p->oldest) == IS(p->oldest) &&
        WAS(pcid_now) <= IS(pcid_now) && WAS(pcid_past) == IS(pcid_past) &&
        same_used{A, B}(p, 0) &&
        (\forall integer i; WAS(SLOT(p, i)) ==> IS(p->slot[i].newer) == WAS(p->slot[i].newer)) &&
        (\forall integer i; WAS(SLOT(p, i)) ==> IS(p->slot[i].older) == WAS(p->slot[i].older));

    // Slot l has no owner any more: what led to it, a bucket or the chain of slot k, leads on.
    predicate orphaned{A, B}(struct pgt_pcids *p, integer l) =
        ages_kept{A, B}(p, l + 1) && same_lent{A, B}(p, 0) && same_owner{A, B}(p, l) &&
        IS(p->slot[l].owner) == \null;
    predicate same_bucket{A, B}(struct pgt_pcids *p, integer but) =
        \forall integer i; WAS(SLOT(p, i)) ==> i != but ==>
            IS(p->slot[i].bucket) == WAS(p->slot[i].bucket);
    predicate same_chain{A, B}(struct pgt_pcids *p, integer but) =
        \forall integer i; WAS(SLOT(p, i)) ==> i != but ==>
            IS(p->slot[i].chain) == WAS(p->slot[i].chain);
    predicate bucket_leads_on{A, B}(struct pgt_pcids *p, integer l, integer h) =
        orphaned{A, B}(p, l) && same_bucket{A, B}(p, h) && same_chain{A, B}(p, -1) &&
        IS(p->slot[h].bucket) == WAS(p->slot[l].chain);
    predicate slot_leads_on{A, B}(struct pgt_pcids *p, integer l, integer k) =
        orphaned{A, B}(p, l) && same_bucket{A, B}(p, -1) && same_chain{A, B}(p, k) &&
        IS(p->slot[k].chain) == WAS(p->slot[l].chain);

    // Slot l, without owner until now, has one, and leads the chain of bucket h.
    predicate given{A, B}(struct pgt_pcids *p, integer l, integer h) =
        ages_kept{A, B}(p, l + 1) && same_lent{A, B}(p, l + 1) &&
        IS(p->slot[l].owner) != \null && IS(BUCKET(p, l)) == h &&
        IS(pcid_lent[l]) == IS(pcid_now) == WAS(pcid_now) + 1 &&
        (\forall integer i; WAS(OWNED(p, i)) ==> IS(p->slot[l].owner) != WAS(p->slot[i].owner)) &&
        same_owner{A, B}(p, l) &&
        same_bucket{A, B}(p, h) && IS(p->slot[h].bucket) == l + 1 &&
        same_chain{A, B}(p, l) && IS(p->slot[l].chain) == WAS(p->slot[h].bucket);

    STEPS(kept, 0, ages_kept, 0)
    lemma kept_free_last{A, B}: \forall struct pgt_pcids *p, integer link;
        WAS(free_last(p, link)) ==> ages_kept{A, B}(p, link) ==> same_owner{A, B}(p, link - 1) ==>
        free_last{B}(p, link);
    lemma free_last_but: \forall struct pgt_pcids *p, integer link;
        free_last(p, 0) ==> LINK(p, link) ==> free_last(p, link);
    CHAINS(kept, (struct pgt_pcids *p), \true, (chains_kept{A, B}(p)))
    CHAINS(from_head, (struct pgt_pcids *p, integer l, integer h),
           OWNED(p, l) && h == BUCKET(p, l) && SLOT(p, h) && p->slot[h].bucket == l + 1,
           (bucket_leads_on{A, B}(p, l, h)))
    CHAINS(from_chain, (struct pgt_pcids *p, integer l, integer k),
           OWNED(p, l) && IN(p, k, BUCKET(p, l)) && p->slot[k].chain == l + 1,
           (slot_leads_on{A, B}(p, l, k)))
    CHAINS(given, (struct pgt_pcids *p, integer l, integer h),
           SLOT(p, l) && p->slot[l].owner == \null && SLOT(p, h), (given{A, B}(p, l, h)))
*/

#endif
