/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering what has to be invalidated.  Calls go through addresses in ascending order,
 * so a new range continues, if any, the one before it; a caller may come back to the
 * same pages, or go downwards.
 */
#include "pagetables/space.h"

/* Does a range overlap another, or lie right beside it?  Nothing lies below address 0. */
/*@ assigns \nothing;
    ensures \result <==> first <= other_last + 1 && other_first <= last + 1; */
static bool ranges_touch(uint64_t first, uint64_t last, uint64_t other_first, uint64_t other_last)
{
    return first - (first > 0) <= other_last && other_first - (other_first > 0) <= last;
}

/*@ requires \valid(flush) && list_is_sound(flush) && first <= last;
    assigns flush->range[0 .. PGT_FLUSH_RANGES - 1], flush->count, flush->everything;
    ensures list_is_sound(flush);
    ensures forgets_nothing{Old, Post}(flush);
    ensures gathers{Old, Post}(flush, first, last);
    ensures gathers_only{Old, Post}(flush, first, last); */
static inline __attribute__((always_inline)) void add_range(struct pgt_flush *flush, uint64_t first,
                                                            uint64_t last)
{
    if (flush->count > 0) {
        uint64_t *before_first = &flush->range[flush->count - 1].first;
        uint64_t *before_last = &flush->range[flush->count - 1].last;
        if (ranges_touch(first, last, *before_first, *before_last)) {
            *before_first = first < *before_first ? first : *before_first;
            *before_last = last > *before_last ? last : *before_last;
            /*@ assert forgets_nothing{Pre, Here}(flush); */
            /*@ assert gathers_only{Pre, Here}(flush, first, last); */
            return;
        }
    }
    if (flush->count == PGT_FLUSH_RANGES) {
        flush->everything = true;
        return;
    }
    flush->range[flush->count].first = first;
    flush->range[flush->count].last = last;
    flush->count++;
    /*@ assert forgets_nothing{Pre, Here}(flush); */
    /*@ assert gathers_only{Pre, Here}(flush, first, last); */
}

void pgt_flush_range(struct pgt_flush *flush, uint64_t first, uint64_t last)
{
    add_range(flush, first, last);
}

void pgt_flush_add(struct pgt_flush *flush, const struct pgt_space *space, struct range part,
                   pgt_entry entry, bool widened)
{
    add_range(flush, canonical_form(&space->arch, part.first),
              canonical_form(&space->arch, part.last));
    flush->needed |= !widened;
    flush->widened |= widened;
    flush->global |= (entry.raw & ENTRY_GLOBAL) != 0;
    flush->upper |= slot_is_upper(space, level_index(part.first, space->arch.levels));
}

/*@ requires \valid(flush) && list_is_sound(flush) && \valid_read(more) && list_is_sound(more);
    requires \separated(flush, more);
    assigns *flush;
    ensures list_is_sound(flush);
    ensures forgets_nothing{Old, Post}(flush);
    ensures \forall integer at; is_listed(more, at) ==> is_listed(flush, at) || flush->everything;
    ensures \forall integer at; is_listed(flush, at) ==>
            is_listed{Old}(flush, at) || is_listed(more, at);
    ensures more->everything ==> flush->everything;
    ensures flush->needed <==> \old(flush->needed) || more->needed;
    ensures flush->widened <==> \old(flush->widened) || more->widened;
    ensures flush->global <==> \old(flush->global) || more->global;
    ensures flush->upper <==> \old(flush->upper) || more->upper; */
void pgt_flush_join(struct pgt_flush *flush, const struct pgt_flush *more)
{
    /*@ loop invariant i <= more->count && list_is_sound(flush);
        loop invariant forgets_nothing{Pre, Here}(flush);
        loop invariant \forall integer at, k; 0 <= k < i ==>
                       more->range[k].first <= at <= more->range[k].last ==>
                       is_listed(flush, at) || flush->everything;
        loop invariant \forall integer at; is_listed(flush, at) ==>
                       is_listed{Pre}(flush, at) || is_listed(more, at);
        loop assigns i, flush->range[0 .. PGT_FLUSH_RANGES - 1], flush->count, flush->everything;
        loop variant more->count - i; */
    for (unsigned i = 0; i < more->count; i++)
        add_range(flush, more->range[i].first, more->range[i].last);
    flush->needed |= more->needed;
    flush->widened |= more->widened;
    flush->everything |= more->everything;
    flush->global |= more->global;
    flush->upper |= more->upper;
}
