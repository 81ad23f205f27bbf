/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops over entries of one table.  Everything else in the library costs per table;
 * these cost per page, and are as short as they can be.
 */
#ifndef PAGETABLES_FILL_H
#define PAGETABLES_FILL_H

#include "pagetables/entry.h"

/* One store, never torn; for entries of a table that others may be reading. */
/*@ requires \valid(slot);
    assigns slot->raw;
    ensures slot->raw == raw; */
static inline void entry_put(pgt_entry *slot, uint64_t raw)
{
    __atomic_store_n(&slot->raw, raw, __ATOMIC_RELAXED);
}

/* Leaves that continue each other: the first, and each `step` behind the one before. */
/*@ requires \valid(slot + (0 .. count - 1));
    assigns slot[0 .. count - 1].raw;
    ensures \forall integer k; 0 <= k < count ==> slot[k].raw == stepped(first.raw, step, k);
    ensures IS_PRESENT(first.raw) && step % 2 == 0 ==> present(slot, 0, count) == count; */
static inline void fill_leaves(pgt_entry *slot, unsigned count, pgt_entry first, uint64_t step)
{
    uint64_t raw = first.raw;
    /*@ loop invariant 0 <= i <= count && raw == stepped(first.raw, step, i);
        loop invariant \forall integer k; 0 <= k < i ==> slot[k].raw == stepped(first.raw, step, k);
        loop assigns i, raw, slot[0 .. count - 1].raw;
        loop variant count - i; */
    for (unsigned i = 0; i < count; i++, raw += step)
        entry_put(&slot[i], raw);
}

/* In a table that nobody can see yet: one of the four functions that every part brings
 * along is the fastest there is for its processor. */
static inline void clear_unseen(pgt_entry *slot, unsigned count)
{
    __builtin_memset(slot, 0, count * sizeof(*slot));
}

/*@ requires \valid(slot + (0 .. count - 1));
    assigns slot[0 .. count - 1].raw;
    ensures \forall integer k; 0 <= k < count ==> slot[k].raw == 0;
    ensures present(slot, 0, count) == 0; */
static inline void fill_zero(pgt_entry *slot, unsigned count)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer k; 0 <= k < i ==> slot[k].raw == 0;
        loop assigns i, slot[0 .. count - 1].raw;
        loop variant count - i; */
    for (unsigned i = 0; i < count; i++)
        entry_put(&slot[i], 0);
}

/* What a run of entries has in common. */
struct summary {
    uint64_t all; /* bits that are set in every entry */
    uint64_t any; /* bits that are set in one at least */
};

/*@ requires \valid_read(slot + (0 .. count - 1));
    assigns \nothing;
    ensures \forall integer k, b; 0 <= k < count ==> 0 <= b < 64 ==>
            bit(\result.all, b) ==> bit(slot[k].raw, b);
    ensures \forall integer k, b; 0 <= k < count ==> 0 <= b < 64 ==>
            bit(slot[k].raw, b) ==> bit(\result.any, b); */
static inline struct summary summarize(const pgt_entry *slot, unsigned count)
{
    struct summary summary = {UINT64_MAX, 0};
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer k, b; 0 <= k < i ==> 0 <= b < 64 ==>
                       bit(summary.all, b) ==> bit(slot[k].raw, b);
        loop invariant \forall integer k, b; 0 <= k < i ==> 0 <= b < 64 ==>
                       bit(slot[k].raw, b) ==> bit(summary.any, b);
        loop assigns i, summary;
        loop variant count - i; */
    for (unsigned i = 0; i < count; i++) {
        uint64_t raw = __atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED);
        summary.all &= raw;
        summary.any |= raw;
    }
    return summary;
}

/* How many of them, from the first on, are `first` and each `step` more, but for
 * accessed and dirty. */
/*@ requires \valid_read(slot + (0 .. count - 1));
    assigns \nothing;
    ensures \result <= count;
    ensures \forall integer k; 0 <= k < \result ==>
            ((slot[k].raw ^ stepped(first.raw, step, k)) & U64(~ENTRY_MARKS)) == 0;
    ensures \result < count ==>
            ((slot[\result].raw ^ stepped(first.raw, step, \result)) & U64(~ENTRY_MARKS)) != 0; */
static inline unsigned count_alike(const pgt_entry *slot, unsigned count, pgt_entry first,
                                   uint64_t step)
{
    uint64_t expected = first.raw;
    unsigned i = 0;
    /*@ loop invariant 0 <= i <= count && expected == stepped(first.raw, step, i);
        loop invariant \forall integer k; 0 <= k < i ==>
                       ((slot[k].raw ^ stepped(first.raw, step, k)) & U64(~ENTRY_MARKS)) == 0;
        loop assigns i, expected;
        loop variant count - i; */
    for (; i < count; i++, expected += step)
        if ((__atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED) ^ expected) & ~ENTRY_MARKS)
            break;
    return i;
}

/* How many of them, from the first on, are like it in the bits of `care`. */
/*@ requires \valid_read(slot + (0 .. count - 1));
    assigns \nothing;
    ensures \result <= count;
    ensures \forall integer k; 0 <= k < \result ==> ((slot[k].raw ^ first.raw) & care) == 0;
    ensures \result < count ==> ((slot[\result].raw ^ first.raw) & care) != 0; */
static inline unsigned count_like(const pgt_entry *slot, unsigned count, pgt_entry first,
                                  uint64_t care)
{
    unsigned i = 0;
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer k; 0 <= k < i ==> ((slot[k].raw ^ first.raw) & care) == 0;
        loop assigns i;
        loop variant count - i; */
    while (i < count && !((__atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED) ^ first.raw) & care))
        i++;
    return i;
}

#endif
