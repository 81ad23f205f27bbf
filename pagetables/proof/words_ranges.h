/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of addresses, of ranges, and of what a flush gathers. */
#ifndef PAGETABLES_PROOF_WORDS_RANGES_H
#define PAGETABLES_PROOF_WORDS_RANGES_H

#include "pagetables/proof/words.h"

/*@ predicate is_depth(integer levels) = 3 <= levels <= 5;

    // Bytes that n entries cover: n * reach_of(level), level by level and so linear for provers.
    logic integer entries_reach(integer level, integer n) =
        level == 1 ? n * 0x1000 : level == 2 ? n * 0x200000 : level == 3 ? n * 0x40000000 :
        level == 4 ? n * 0x8000000000 : level == 5 ? n * 0x1000000000000 : n * 0x200000000000000;

    // Bytes that tables of so many levels translate.
    logic integer space_bytes(integer levels) = reach_of(levels + 1);

    predicate canonical(integer levels, integer virt) =
        0 <= virt < space_bytes(levels) / 2 ||
        0x10000000000000000 - space_bytes(levels) / 2 <= virt < 0x10000000000000000;

    // The canonical address of a linear one.
    logic integer canonical_of(integer levels, integer linear) =
        linear < space_bytes(levels) / 2
            ? linear : linear + (0x10000000000000000 - space_bytes(levels));

    // All from the first byte to the last is canonical.
    predicate in_one_half(integer levels, integer first, integer last) =
        0 <= first <= last < space_bytes(levels) / 2 ||
        0x10000000000000000 - space_bytes(levels) / 2 <= first <= last < 0x10000000000000000;

    predicate whole_pages(integer virt, integer bytes) =
        virt % 0x1000 == 0 && bytes % 0x1000 == 0;

    // What can be mapped, aligned or not.
    predicate is_range(integer levels, integer virt, integer bytes) =
        bytes > 0 && in_one_half(levels, virt, virt + bytes - 1);

    // Does a linear address lie in an upper that the space only shares?
    predicate is_foreign(struct pgt_space *space, integer linear) =
        space->upper != \null &&
        linear / reach_of(space->arch.levels) % PGT_ENTRIES >= space->upper_slot;

    logic integer lower(integer x, integer y) = x < y ? x : y;
    logic integer higher(integer x, integer y) = x > y ? x : y;
*/

/*@ // A gather's list: ranges that are none of them empty; and what is in it.
    predicate list_is_sound(struct pgt_flush *flush) =
        flush->count <= PGT_FLUSH_RANGES &&
        \forall integer i; 0 <= i < flush->count ==>
            flush->range[i].first <= flush->range[i].last;
    predicate is_listed(struct pgt_flush *flush, integer at) =
        \exists integer i; 0 <= i < flush->count &&
            flush->range[i].first <= at <= flush->range[i].last;

    // What a range adds to it: nothing is forgotten, the range is listed unless the list is full,
    // and nothing else is listed.
    predicate forgets_nothing{From, To}(struct pgt_flush *flush) =
        (\at(flush->everything, From) ==> \at(flush->everything, To)) &&
        \forall integer at; is_listed{From}(flush, at) ==> is_listed{To}(flush, at);
    predicate gathers{From, To}(struct pgt_flush *flush, integer first, integer last) =
        (\forall integer at; first <= at <= last ==> is_listed{To}(flush, at)) ||
        (\at(flush->everything, To) && \at(flush->count, From) == PGT_FLUSH_RANGES);
    predicate gathers_only{From, To}(struct pgt_flush *flush, integer first, integer last) =
        \forall integer at; is_listed{To}(flush, at) ==>
            is_listed{From}(flush, at) || first <= at <= last;
*/

#endif
