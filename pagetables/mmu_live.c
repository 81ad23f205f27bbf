/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/live.h"
#include "pagetables/mmu.h"

/* Any address may be one of a table, 0 too, so the compiler is told nothing of what it is. */
static uint64_t *word_at(uint64_t virt)
{
    __asm__("" : "+r"(virt));
    return (uint64_t *)(uintptr_t)virt;
}

static uint64_t live_load(void *context, uint64_t virt)
{
    (void)context;
    return __atomic_load_n(word_at(virt), __ATOMIC_ACQUIRE);
}

static void live_store(void *context, uint64_t virt, uint64_t value)
{
    (void)context;
    __atomic_store_n(word_at(virt), value, __ATOMIC_RELEASE);
}

static uint64_t live_exchange(void *context, uint64_t virt, uint64_t expected, uint64_t value)
{
    (void)context;
    __atomic_compare_exchange_n(word_at(virt), &expected, value, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    return expected;
}

static void live_zero(void *context, uint64_t virt)
{
    uint64_t words = PGT_PAGE / sizeof(uint64_t);
    (void)context;
    __asm__ volatile("rep stosq" : "+D"(virt), "+c"(words) : "a"(UINT64_C(0)) : "memory");
}

static void live_copy(void *context, uint64_t to, uint64_t from)
{
    uint64_t words = PGT_PAGE / sizeof(uint64_t);
    (void)context;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

static void live_invalidate(void *context, uint64_t virt)
{
    uint64_t page = virt & ~(PGT_PAGE - 1);
    (void)context;
    pgt_flush_local(&(struct pgt_flush){
        .needed = true, .count = 1, .range = {{.first = page, .last = page + (PGT_PAGE - 1)}}});
}

static void live_forget(void *context)
{
    (void)context;
    pgt_flush_local(&(struct pgt_flush){.needed = true, .everything = true, .global = true});
}

const struct pgt_mmu pgt_mmu_live = {
    .load = live_load,
    .store = live_store,
    .exchange = live_exchange,
    .zero = live_zero,
    .copy = live_copy,
    .invalidate = live_invalidate,
    .forget = live_forget,
};
