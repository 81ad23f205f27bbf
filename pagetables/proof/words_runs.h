/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that the contracts of mapping, unmapping and protecting use besides words.h. */
#ifndef PAGETABLES_PROOF_WORDS_RUNS_H
#define PAGETABLES_PROOF_WORDS_RUNS_H

#include "pagetables/proof/logic_ranges.h"
#include "pagetables/proof/logic_runs.h"

/* ---- mapping ---------------------------------------------------------------------------- */

/* Of a present entry. */
#define IS_LEAF(raw, level) ((level) == LEVEL_4K || HAS(raw, ENTRY_LARGE))

/* Tables hold no leaf above the levels that have them. */
#define IS_SOUND(raw, level) \
    (is_level(level) && (IS_PRESENT(raw) && IS_LEAF(raw, level) ==> is_leaf_level(level)))

/* A part of what one entry covers; all of it. */
#define IS_PART(part, level) \
    ((part).first <= (part).last && \
     (part).first / reach_of(level) == (part).last / reach_of(level))
#define IS_WHOLE(part, level) ((part).last - (part).first + 1 == reach_of(level))

/* Does the leaf map an address to what the job wants there? */
#define MAPS(job, raw, level, virt) leads_to(raw, level, virt, (job)->phys_from_linear)

/* A leaf over all that the entry covers could map what the job wants there. */
#define FITS(job, part, level) \
    (IS_WHOLE(part, level) && (level) <= (job)->largest_level && \
     U64((part).first + (job)->phys_from_linear) % reach_of(level) == 0)

/* A leaf maps a part as the job wants it. */
#define SAME_BUT_MARKS(a, b) ((U64((a) ^ (b)) & U64(~ENTRY_MARKS)) == 0)
#define AGREES(job, raw, level, part) \
    (MAPS(job, raw, level, (part).first) && \
     SAME_BUT_MARKS(attributes_of_leaf(raw, level), (job)->attributes))

/* ---- protecting ------------------------------------------------------------------------- */

/* What the processor looks at in a leaf, besides its address and what it writes itself. */
#define ENTRY_SEEN (ENTRY_RIGHTS | ENTRY_MEMORY | ENTRY_KEY)

/* By the attribute bits that a leaf loses and gains. */
#define NARROWS(lost, gained) \
    ((((lost) | (gained)) & (ENTRY_MEMORY | ENTRY_KEY)) != 0 || \
     ((lost) & (ENTRY_WRITE | ENTRY_USER | ENTRY_GLOBAL)) != 0 || ((gained) & ENTRY_XD) != 0)
#define WIDENS(lost, gained) \
    (((gained) & (ENTRY_WRITE | ENTRY_USER | ENTRY_GLOBAL)) != 0 || ((lost) & ENTRY_XD) != 0)

/* Of `run` entries, the first `done` were like `like` in what is cared for, and are flipped. */
#define FLIPPED(slot, done, like, care, flip, run) \
    ((\forall integer n; 0 <= n < (done) ==> \
      ((\at((slot)[n].raw, Pre) ^ (like)) & (care)) == 0 && \
      (slot)[n].raw == (\at((slot)[n].raw, Pre) ^ (flip))) && \
     (\forall integer n; (done) <= n < (run) ==> (slot)[n].raw == \at((slot)[n].raw, Pre)))

#endif
