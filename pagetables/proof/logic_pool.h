/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of the contracts in pagetables/pool.c.
 *
 * Frames are addresses, and WP knows no pointers made of integers.  So the memory in frames is
 * a ghost array here: word i of a page-aligned frame is found at frame + i.
 */
#ifndef PAGETABLES_PROOF_LOGIC_POOL_H
#define PAGETABLES_PROOF_LOGIC_POOL_H

#include "pagetables/proof/words.h"

#define POOL_BYTES  0x10000000000000 /* physical addresses have 52 bits at most */
#define POOL_FRAMES 0x10000000000
#define POOL_END    0xffffffffffffffff

/*@ ghost uint64_t pool_memory[POOL_BYTES]; */
/* The free list as a stack: the frame that is taken next is pool_free[free_count - 1]. */
/*@ ghost uint64_t pool_free[POOL_FRAMES]; */

#define IS_FRAME(f) (0 <= (f) < POOL_BYTES && (f) % 0x1000 == 0)
#define LISTED(k)   (0 <= (k) < pool->free_count)

/*@ predicate pool_apart(struct pgt_pool *pool) =
        \valid(pool) && \separated(pool, pool_memory + (0 .. POOL_BYTES - 1)) &&
        \separated(pool, pool_free + (0 .. POOL_FRAMES - 1));

    predicate all_frames(struct pgt_pool *pool) =
        \forall integer k; LISTED(k) ==> IS_FRAME(pool_free[k]);
    predicate all_distinct(struct pgt_pool *pool) =
        \forall integer j, k; LISTED(j) ==> LISTED(k) ==> j < k ==> pool_free[j] != pool_free[k];
    predicate all_linked(struct pgt_pool *pool) =
        \forall integer k; LISTED(k) ==> k > 0 ==> pool_memory[pool_free[k]] == pool_free[k - 1];
    predicate free_list(struct pgt_pool *pool) =
        pool_apart(pool) && pool->free_count <= POOL_FRAMES &&
        all_frames(pool) && all_distinct(pool) && all_linked(pool) &&
        (pool->free_count == 0 ==> pool->free_head == POOL_END) &&
        (pool->free_count > 0 ==> pool->free_head == pool_free[pool->free_count - 1] &&
            pool_memory[pool_free[0]] == POOL_END);
*/

#endif
