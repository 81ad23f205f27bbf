/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that the contracts of mapping, unmapping and protecting use besides words.h. */
#ifndef PAGETABLES_PROOF_WORDS_RUNS_H
#define PAGETABLES_PROOF_WORDS_RUNS_H

#include "pagetables/proof/logic_runs.h"

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
