/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ready allocator: two lists threaded through the frames themselves.
 *
 * A free frame's first word holds the address of the next one.  A frame in
 * quarantine is different: until the caller has flushed, a processor may still
 * walk it, and where a larger leaf took the table's place it is right to do so.
 * So its entries have to go on meaning what they mean, and the link to the next
 * frame is spread over bits 52 to 58 of its first six entries, which the
 * processor ignores in entries of every kind (SDM tables 4-15 to 4-20).
 */
#include "pagetables/entry.h"

/* Ends a list; not a frame, since it is not page aligned. */
#define LIST_END UINT64_MAX

#define LINK_SHIFT   52
#define LINK_BITS    7
#define LINK_ENTRIES 6 /* 42 bits: a frame number has 40 */
#define LINK_MASK    ((UINT64_C(1) << LINK_BITS) - 1)

static uint64_t *words_of(const struct pgt_pool *pool, uint64_t frame)
{
    return (uint64_t *)(uintptr_t)(frame + pool->offset);
}

static void quarantine_link(uint64_t *entry, uint64_t next)
{
    uint64_t number = next / PGT_PAGE;
    for (unsigned i = 0; i < LINK_ENTRIES; i++) {
        uint64_t part = number >> (i * LINK_BITS) & LINK_MASK;
        entry_store((pgt_entry *)&entry[i],
                    (pgt_entry){(entry[i] & ~(LINK_MASK << LINK_SHIFT)) | part << LINK_SHIFT});
    }
}

static uint64_t quarantine_next(const uint64_t *entry)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < LINK_ENTRIES; i++)
        number |= (entry[i] >> LINK_SHIFT & LINK_MASK) << (i * LINK_BITS);
    return number * PGT_PAGE;
}

void pgt_pool_init(struct pgt_pool *pool, uint64_t offset)
{
    *pool = (struct pgt_pool){.offset = offset, .free_head = LIST_END};
}

void pgt_pool_add(struct pgt_pool *pool, uint64_t frame, size_t pages)
{
    /* From the last to the first, so that they are taken in ascending order. */
    for (size_t i = pages; i > 0; i--) {
        uint64_t address = frame + (i - 1) * PGT_PAGE;
        *words_of(pool, address) = pool->free_head;
        pool->free_head = address;
    }
    pool->free_count += pages;
}

void pgt_pool_recycle(struct pgt_pool *pool)
{
    for (; pool->quarantine_count > 0; pool->quarantine_count--) {
        uint64_t frame = pool->quarantine_head;
        pool->quarantine_head = quarantine_next(words_of(pool, frame));
        pgt_pool_add(pool, frame, 1);
    }
}

static bool pool_reserve(void *context, size_t count)
{
    const struct pgt_pool *pool = context;
    return count <= pool->free_count;
}

static uint64_t pool_take(void *context)
{
    struct pgt_pool *pool = context;
    uint64_t frame = pool->free_head;
    pool->free_head = *words_of(pool, frame);
    pool->free_count--;
    return frame;
}

static void pool_give(void *context, uint64_t frame)
{
    struct pgt_pool *pool = context;
    quarantine_link(words_of(pool, frame), pool->quarantine_head);
    pool->quarantine_head = frame;
    pool->quarantine_count++;
}

struct pgt_frames pgt_pool_frames(struct pgt_pool *pool)
{
    return (struct pgt_frames){
        .reserve = pool_reserve,
        .take = pool_take,
        .give = pool_give,
        .context = pool,
        .offset = pool->offset,
    };
}
