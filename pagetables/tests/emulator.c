/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/emulator.h"
#include "pagetables/tests/suite.h"

#include <string.h>

#define PAGE_BYTES 4096u

static void interrupt(struct emulator *emulator)
{
    if (emulator->interrupt == NULL || emulator->interrupted)
        return;
    emulator->interrupted = true;
    emulator->interrupt(emulator->interrupt_context);
    emulator->interrupted = false;
}

static size_t find(const struct emulator *emulator, uint64_t virt)
{
    size_t i = 0;
    while (i < emulator->pages && emulator->page[i].virt != virt)
        i++;
    return i;
}

void emulator_know(struct emulator *emulator, uint64_t virt)
{
    uint64_t page = virt - virt % PAGE_BYTES;

    if (find(emulator, page) < emulator->pages)
        return;
    assert_true(emulator->pages < EMULATOR_PAGES);
    emulator->page[emulator->pages].cached = false;
    emulator->page[emulator->pages++].virt = page;
}

/* The processor looks a page up unasked. */
static void remember(struct emulator *emulator, size_t i)
{
    uint64_t virt = emulator->page[i].virt;
    struct walk_leaf leaf = walk(emulator->arena, &emulator->arch, emulator->root, virt);

    if (leaf.kind != WALK_LEAF)
        return;
    emulator->page[i].cached = true;
    emulator->page[i].first = leaf.virt;
    emulator->page[i].bytes = leaf.bytes;
    emulator->page[i].phys = leaf.phys;
    emulator->page[i].rights = leaf.rights;
}

/* What is translated stays so until a present entry changes: so all that could have been looked up
 * since then is looked up just before. */
static void remember_all(struct emulator *emulator)
{
    for (size_t i = 0; i < emulator->pages; i++)
        if (!emulator->page[i].cached)
            remember(emulator, i);
}

/* A walk that goes by an entry which the processor may remember as it was. */
static void check_path(const struct emulator *emulator, uint64_t virt)
{
    for (unsigned level = emulator->arch.levels; level > 1; level--) {
        const uint64_t *entry =
            walk_entry(emulator->arena, &emulator->arch, emulator->root, virt, level);
        for (size_t i = 0; i < emulator->changes; i++)
            if (entry != NULL && entry == emulator->changed[i])
                fail_msg("%#lx is reached by an entry of level %u that changed, and nothing was "
                         "invalidated since",
                         (unsigned long)virt, level);
    }
}

/* All that is remembered of an address, large translations too, shall be what the tables say. */
static void check_remembered(const struct emulator *emulator, uint64_t virt,
                             const struct walk_leaf *leaf)
{
    for (size_t i = 0; i < emulator->pages; i++) {
        uint64_t into = virt - emulator->page[i].first;
        if (!emulator->page[i].cached || into >= emulator->page[i].bytes)
            continue;
        if (emulator->page[i].phys + into != leaf->phys + (virt - leaf->virt) ||
            emulator->page[i].rights != leaf->rights)
            fail_msg("the processor remembers %#lx as %#lx; it is %#lx, and was not invalidated",
                     (unsigned long)virt, (unsigned long)(emulator->page[i].phys + into),
                     (unsigned long)(leaf->phys + (virt - leaf->virt)));
    }
}

/* Where an access goes. */
static uint64_t *translate(struct emulator *emulator, uint64_t virt, bool write)
{
    emulator_know(emulator, virt);
    size_t i = find(emulator, virt - virt % PAGE_BYTES);
    struct walk_leaf leaf = walk(emulator->arena, &emulator->arch, emulator->root, virt);
    emulator->accesses++;
    if (leaf.kind != WALK_LEAF)
        fail_msg("an access to %#lx, where nothing is mapped", (unsigned long)virt);
    if (!emulator->page[i].cached) {
        check_path(emulator, virt);
        remember(emulator, i);
    }
    check_remembered(emulator, virt, &leaf);
    if (write && !(leaf.rights & PGT_WRITE))
        fail_msg("a write to %#lx, which is read-only", (unsigned long)virt);
    if (leaf.rights & (PGT_USER | PGT_EXECUTE))
        fail_msg("%#lx is open to ring 3 or to execution", (unsigned long)virt);
    uint64_t phys = leaf.phys + (virt - leaf.virt);
    uint8_t *frame = (uint8_t *)arena_table(emulator->arena, phys - phys % PAGE_BYTES);
    if (frame == NULL)
        fail_msg("%#lx leads to %#lx, a frame that nobody took", (unsigned long)virt,
                 (unsigned long)phys);
    return (uint64_t *)(void *)(frame + phys % PAGE_BYTES);
}

static bool is_scratch(const struct emulator *emulator, uint64_t virt)
{
    return virt >= emulator->scratch_first && virt <= emulator->scratch_last;
}

/* Before an entry changes. */
static void before_change(struct emulator *emulator, uint64_t virt, const uint64_t *entry,
                          uint64_t value)
{
    if (!(*entry & 1) || *entry == value || is_scratch(emulator, virt))
        return;
    remember_all(emulator);
    assert_true(emulator->changes < EMULATOR_ENTRIES);
    emulator->changed[emulator->changes++] = entry;
}

static uint64_t *aligned(struct emulator *emulator, uint64_t virt, uint64_t bytes, bool write)
{
    assert_int_equal(virt % bytes, 0);
    return translate(emulator, virt, write);
}

static uint64_t load(void *context, uint64_t virt)
{
    uint64_t value = *aligned(context, virt, sizeof(value), false);
    interrupt(context);
    return value;
}

static void store(void *context, uint64_t virt, uint64_t value)
{
    interrupt(context);
    uint64_t *entry = aligned(context, virt, sizeof(value), true);
    before_change(context, virt, entry, value);
    *entry = value;
    interrupt(context);
}

static uint64_t exchange(void *context, uint64_t virt, uint64_t expected, uint64_t value)
{
    struct emulator *emulator = context;
    uint64_t *entry = aligned(emulator, virt, sizeof(value), true);
    uint64_t found;

    *entry |= *entry & 1 ? emulator->marks : 0;
    emulator->marks = 0;
    found = *entry;
    if (found == expected) {
        before_change(emulator, virt, entry, value);
        *entry = value;
    }
    interrupt(emulator);
    return found;
}

static void zero(void *context, uint64_t virt)
{
    memset(aligned(context, virt, PAGE_BYTES, true), 0, PAGE_BYTES);
    interrupt(context);
}

static void copy(void *context, uint64_t to, uint64_t from)
{
    const uint64_t *source = aligned(context, from, PAGE_BYTES, false);
    memmove(aligned(context, to, PAGE_BYTES, true), source, PAGE_BYTES);
    interrupt(context);
}

static void invalidate(void *context, uint64_t virt)
{
    struct emulator *emulator = context;

    interrupt(emulator);
    for (size_t i = 0; i < emulator->pages; i++)
        if (virt - emulator->page[i].first < emulator->page[i].bytes)
            emulator->page[i].cached = false;
    emulator->changes = 0;
    emulator->invalidations++;
    emulator->last_invalidated = virt;
    emulator_know(emulator, virt);
}

static void forget_all(struct emulator *emulator)
{
    for (size_t i = 0; i < emulator->pages; i++)
        emulator->page[i].cached = false;
    emulator->changes = 0;
}

static void forget(void *context)
{
    struct emulator *emulator = context;

    interrupt(emulator);
    forget_all(emulator);
    emulator->forgets++;
}

void emulator_init(struct emulator *emulator, const struct arena *arena,
                   const struct pgt_arch *arch, uint64_t root)
{
    *emulator = (struct emulator){.arena = arena, .arch = *arch, .root = root};
    emulator->scratch_first = 1; /* none */
    emulator->mmu = (struct pgt_mmu){
        .load = load,
        .store = store,
        .exchange = exchange,
        .zero = zero,
        .copy = copy,
        .invalidate = invalidate,
        .forget = forget,
        .context = emulator,
    };
}

uint64_t emulator_load(struct emulator *emulator, uint64_t virt)
{
    return *translate(emulator, virt, false);
}

void emulator_switch(struct emulator *emulator, uint64_t root)
{
    forget_all(emulator);
    emulator->root = root;
}
