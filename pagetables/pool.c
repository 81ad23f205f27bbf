/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ready allocator: two lists threaded through the frames themselves.
 *
 * A free frame is the pool's to write: its first word holds the address of the next
 * one, two more say that it is free.  A frame in quarantine is different: until the
 * caller has flushed, a processor may still walk it, and where a larger leaf took the
 * table's place it is right to do so.  So its entries have to go on meaning what they
 * mean.  The link to the next frame, and the sign that the frame is in quarantine, are
 * spread over bits 52 to 58 of its first entries, which the processor ignores in
 * entries of every kind (SDM tables 4-15 to 4-20).
 */
#include "pagetables/entry.h"

/* Ends a list; not a frame, since it is not page aligned. */
#define LIST_END UINT64_MAX

#define SPREAD_SHIFT 52
#define SPREAD_BITS  7
#define SPREAD_MASK  ((UINT64_C(1) << SPREAD_BITS) - 1)
#define LINK_ENTRIES 6 /* 42 bits: a frame number has 40 */
#define SIGN_ENTRIES 9 /* 63 bits */

static uint64_t *words_of(const struct pgt_pool *pool, uint64_t frame)
{
    return (uint64_t *)(uintptr_t)(frame + pool->offset);
}

/* Word `i` of a frame that is free: the free list's only ways to memory. */
/*@ requires IS_FRAME(frame) && 0 <= i < 512;
    assigns \result \from pool_memory[frame + i];
    ensures \result == pool_memory[frame + i]; */
static uint64_t word_read(const struct pgt_pool *pool, uint64_t frame, unsigned i)
{
    return words_of(pool, frame)[i];
}

/*@ requires IS_FRAME(frame) && 0 <= i < 512;
    assigns pool_memory[frame + i] \from value;
    ensures pool_memory[frame + i] == value; */
static void word_write(const struct pgt_pool *pool, uint64_t frame, unsigned i, uint64_t value)
{
    words_of(pool, frame)[i] = value;
}

/* What a frame's contents would have to hold by chance to be taken for free: another for each
 * frame and pool (SplitMix64's finalizer), and nothing that a zeroed frame holds. */
/*@ assigns \result \from pool, frame; */
static uint64_t sign_of(const struct pgt_pool *pool, uint64_t frame)
{
    uint64_t x = frame ^ ((uint64_t)(uintptr_t)pool << 20);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) | UINT64_C(1) << 63;
}

static void spread(uint64_t *word, unsigned entries, uint64_t value)
{
    for (unsigned i = 0; i < entries; i++) {
        uint64_t part = value >> (i * SPREAD_BITS) & SPREAD_MASK;
        uint64_t old = __atomic_load_n(&word[i], __ATOMIC_RELAXED);
        __atomic_store_n(&word[i], (old & ~(SPREAD_MASK << SPREAD_SHIFT)) | part << SPREAD_SHIFT,
                         __ATOMIC_RELAXED);
    }
}

static uint64_t gather(const uint64_t *word, unsigned entries)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < entries; i++)
        value |= (__atomic_load_n(&word[i], __ATOMIC_RELAXED) >> SPREAD_SHIFT & SPREAD_MASK)
                 << (i * SPREAD_BITS);
    return value;
}

/* Asked of a frame that may still be in use: so, as in gather(), loads that others'
 * stores don't tear. */
static bool is_free(const struct pgt_pool *pool, uint64_t frame)
{
    const uint64_t *word = words_of(pool, frame);
    uint64_t sign = sign_of(pool, frame);
    return __atomic_load_n(&word[1], __ATOMIC_RELAXED) == sign &&
           __atomic_load_n(&word[2], __ATOMIC_RELAXED) == ~sign;
}

static bool is_quarantined(const struct pgt_pool *pool, uint64_t frame)
{
    const uint64_t *word = words_of(pool, frame);
    return gather(word + LINK_ENTRIES, SIGN_ENTRIES) == sign_of(pool, frame) >> 1;
}

static bool is_foreign(const struct pgt_pool *pool, uint64_t frame)
{
    for (unsigned i = 0; i < pool->range_count; i++)
        if (frame >= pool->range[i].first && frame <= pool->range[i].last)
            return frame & (PGT_PAGE - 1);
    return true;
}

/*@ requires free_list(pool) && pool->free_count < POOL_FRAMES && IS_FRAME(frame);
    requires \forall integer k; LISTED(k) ==> pool_free[k] != frame;
    assigns pool->free_head, pool->free_count, pool_memory[frame .. frame + 2],
        pool_free[pool->free_count];
    ensures free_list(pool) && pool->free_count == \old(pool->free_count) + 1;
    ensures pool_free[pool->free_count - 1] == frame; */
static void push_free(struct pgt_pool *pool, uint64_t frame)
{
    uint64_t sign = sign_of(pool, frame);
    word_write(pool, frame, 0, pool->free_head);
    word_write(pool, frame, 1, sign);
    word_write(pool, frame, 2, ~sign);
    //@ ghost pool_free[pool->free_count] = frame;
    pool->free_head = frame;
    pool->free_count++;
}

/*@ requires free_list(pool) && pool->free_count > 0;
    assigns pool->free_head, pool->free_count, pool_memory[pool->free_head + 1];
    ensures free_list(pool) && pool->free_count == \old(pool->free_count) - 1;
    ensures \result == pool_free[pool->free_count] && IS_FRAME(\result);
    ensures \forall integer k; LISTED(k) ==> pool_free[k] != \result; */
static uint64_t pop_free(struct pgt_pool *pool)
{
    uint64_t frame = pool->free_head;
    pool->free_head = word_read(pool, frame, 0);
    pool->free_count--;
    word_write(pool, frame, 1, 0); /* no longer free, whatever the taker writes first */
    return frame;
}

void pgt_pool_init(struct pgt_pool *pool, uint64_t offset)
{
    *pool = (struct pgt_pool){.offset = offset, .free_head = LIST_END, .quarantine_head = LIST_END};
}

/* Takes out the ranges that touch this one, at most two, and widens it by them. */
static void absorb_neighbours(struct pgt_pool *pool, uint64_t *first, uint64_t *last)
{
    for (unsigned i = pool->range_count; i > 0; i--) {
        uint64_t other_first = pool->range[i - 1].first, other_last = pool->range[i - 1].last;
        bool below = *first != 0 && *first - 1 == other_last;
        bool above = *last != UINT64_MAX && *last + 1 == other_first;
        if (!below && !above)
            continue;
        *first = below ? other_first : *first;
        *last = above ? other_last : *last;
        pool->range[i - 1] = pool->range[--pool->range_count];
    }
}

bool pgt_pool_claim(struct pgt_pool *pool, uint64_t frame, size_t pages)
{
    if (pages == 0 || (frame & (PGT_PAGE - 1)) || pages - 1 > (UINT64_MAX - frame) / PGT_PAGE)
        return false;
    uint64_t last = frame + (pages - 1) * PGT_PAGE + (PGT_PAGE - 1);
    for (unsigned i = 0; i < pool->range_count; i++)
        if (frame <= pool->range[i].last && last >= pool->range[i].first)
            return false;
    absorb_neighbours(pool, &frame, &last);
    if (pool->range_count == PGT_POOL_RANGES)
        return false;
    pool->range[pool->range_count].first = frame;
    pool->range[pool->range_count].last = last;
    pool->range_count++;
    return true;
}

bool pgt_pool_add(struct pgt_pool *pool, uint64_t frame, size_t pages)
{
    if (!pgt_pool_claim(pool, frame, pages))
        return false;
    /* From the last to the first, so that they are taken in ascending order. */
    for (size_t i = pages; i > 0; i--)
        push_free(pool, frame + (i - 1) * PGT_PAGE);
    return true;
}

void pgt_pool_init_arena(struct pgt_pool *pool, void *memory, size_t bytes, uint64_t phys)
{
    uint64_t start = (uint64_t)(uintptr_t)memory;
    uint64_t first = (start + (PGT_PAGE - 1)) & ~(PGT_PAGE - 1);
    pgt_assert(!(phys & (PGT_PAGE - 1)));
    pgt_pool_init(pool, first - phys);
    /* Fails only for an arena of no page at all, and then the pool is empty. */
    if (bytes > first - start)
        (void)!pgt_pool_add(pool, phys, (bytes - (first - start)) / PGT_PAGE);
}

void pgt_pool_recycle(struct pgt_pool *pool)
{
    for (; pool->quarantine_count > 0; pool->quarantine_count--) {
        uint64_t frame = pool->quarantine_head;
        uint64_t *word = words_of(pool, frame);
        pool->quarantine_head = gather(word, LINK_ENTRIES) * PGT_PAGE;
        /* Whoever takes it need not write into it, and may give it back as it is. */
        spread(word + LINK_ENTRIES, SIGN_ENTRIES, ~sign_of(pool, frame) >> 1);
        push_free(pool, frame);
    }
}

bool pgt_pool_drain(struct pgt_pool *pool, void (*give)(void *context, uint64_t frame),
                    void *context)
{
    if (pool->quarantine_count)
        return false;
    while (pool->free_count > 0)
        give(context, pop_free(pool));
    pool->range_count = 0;
    return true;
}

/*@ requires \valid_read(pool);
    assigns \result \from pool->free_count, count;
    ensures \result <==> count <= pool->free_count; */
static bool has_free(const struct pgt_pool *pool, size_t count)
{
    return count <= pool->free_count;
}

static bool pool_reserve(void *context, size_t count)
{
    return has_free(context, count);
}

static uint64_t pool_take(void *context)
{
    return pop_free(context);
}

static void pool_give(void *context, uint64_t frame)
{
    struct pgt_pool *pool = context;
    if (is_foreign(pool, frame)) {
        pool->foreign_gives++;
        return;
    }
    if (is_free(pool, frame) || is_quarantined(pool, frame)) {
        pool->double_gives++;
        return;
    }
    uint64_t *word = words_of(pool, frame);
    spread(word, LINK_ENTRIES, pool->quarantine_head / PGT_PAGE);
    spread(word + LINK_ENTRIES, SIGN_ENTRIES, sign_of(pool, frame) >> 1);
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
