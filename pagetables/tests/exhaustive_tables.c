/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/exhaustive_tables.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_WORDS 512

/* Far from what is mapped, so that one is never taken for the other. */
#define FIRST_FRAME UINT64_C(0x40000000)

/* Present, with reserved bits set: reading it is noticed. */
#define RUBBISH UINT64_C(0xa5a5a5a5a5a5a5a5)

enum {
    BIT_P = 0,
    BIT_RW = 1,
    BIT_US = 2,
    BIT_PWT = 3,
    BIT_PCD = 4,
    BIT_A = 5,
    BIT_D = 6,
    BIT_PS = 7,
    BIT_PTE_PAT = 7,
    BIT_G = 8,
    BIT_LARGE_PAT = 12,
    BIT_XD = 63,
};

static bool bit(uint64_t entry, int number)
{
    return (entry >> number) & 1;
}

static uint64_t address_of(uint64_t entry)
{
    return entry & UINT64_C(0xffffffffff000);
}

/* ---- the allocator ------------------------------------------------------ */

static void fail(struct tables *tables, const char *fault)
{
    if (tables->fault == NULL)
        tables->fault = fault;
}

static uint64_t *frame_at(const struct tables *tables, uint64_t phys)
{
    uint64_t index = (phys - FIRST_FRAME) / PGT_PAGE;
    if (phys < FIRST_FRAME || index >= TABLES_MOST || !tables->taken[index])
        return NULL;
    return &tables->memory[index * FRAME_WORDS];
}

static void fill_rubbish(struct tables *tables, size_t index)
{
    for (unsigned i = 0; i < PGT_ENTRIES; i++)
        tables->memory[index * FRAME_WORDS + i] = RUBBISH;
}

static bool reserve(void *context, size_t count)
{
    struct tables *tables = context;

    if (count == 0 || tables->granted != 0)
        fail(tables, "a reservation of nothing, or before the last one was used");
    if (count > tables->limit - tables->outstanding)
        return false;
    tables->granted = count;
    return true;
}

static uint64_t take(void *context)
{
    struct tables *tables = context;
    size_t index = 0;

    if (tables->granted == 0) {
        /* It has to get something: the spare frame that no limit reaches. */
        fail(tables, "a frame was taken that was not reserved");
        tables->granted = 1;
    }
    while (index < TABLES_MOST - 1 && tables->taken[index])
        index++;
    tables->taken[index] = true;
    tables->granted--;
    tables->outstanding++;
    tables->takes++;
    fill_rubbish(tables, index);
    return FIRST_FRAME + index * PGT_PAGE;
}

static void give(void *context, uint64_t frame)
{
    struct tables *tables = context;

    if (frame_at(tables, frame) == NULL || frame % PGT_PAGE != 0) {
        fail(tables, "a frame was given back that was not taken");
        return;
    }
    size_t index = (frame - FIRST_FRAME) / PGT_PAGE;
    tables->taken[index] = false;
    tables->outstanding--;
    fill_rubbish(tables, index);
}

void tables_init(struct tables *tables)
{
    *tables = (struct tables){.memory = aligned_alloc(PGT_PAGE, TABLES_MOST * PGT_PAGE)};
    if (tables->memory == NULL)
        abort();
    memset(tables->memory, 0, TABLES_MOST * PGT_PAGE);
    tables->frames = (struct pgt_frames){
        .reserve = reserve,
        .take = take,
        .give = give,
        .context = tables,
        .offset = (uint64_t)(uintptr_t)tables->memory - FIRST_FRAME,
    };
}

void tables_free(struct tables *tables)
{
    free(tables->memory);
}

void tables_clear(struct tables *tables)
{
    for (size_t i = 0; i < TABLES_MOST; i++)
        tables->taken[i] = false;
    tables->outstanding = 0;
    tables->granted = 0;
    tables->takes = 0;
}

/* ---- states ------------------------------------------------------------- */

/* An entry in 32 bits: bits 0 to 19 and 52 to 63.  The others can't be set: frames that
 * are mapped have small numbers, and where a table lies doesn't matter. */
static uint32_t pack(uint64_t entry)
{
    return (uint32_t)(entry & 0xfffff) | (uint32_t)(entry >> 52) << 20;
}

static uint64_t unpack(uint32_t word)
{
    return (word & 0xfffff) | (uint64_t)(word >> 20) << 52;
}

static bool leads_on(uint64_t entry, unsigned level)
{
    return bit(entry, BIT_P) && level > 1 && !bit(entry, BIT_PS);
}

/* A table, then those below it, in order. */
static bool save_table(const struct tables *tables, uint64_t phys, unsigned level, unsigned slots,
                       struct state *state)
{
    const uint64_t *table = frame_at(tables, phys);

    if (table == NULL || state->count + PGT_ENTRIES > STATE_WORDS)
        return false;
    for (unsigned i = 0; i < slots; i++) {
        uint64_t entry = table[i];
        if (leads_on(entry, level))
            entry &= ~address_of(entry);
        if (entry >> 20 & UINT32_MAX)
            return false;
        state->word[state->count++] = pack(entry);
    }
    for (unsigned i = 0; i < slots; i++)
        if (leads_on(table[i], level) &&
            !save_table(tables, address_of(table[i]), level - 1, PGT_ENTRIES, state))
            return false;
    return true;
}

static unsigned own_slots(const struct pgt_space *space)
{
    return space->upper ? space->upper_slot : (unsigned)PGT_ENTRIES;
}

bool tables_save(const struct tables *tables, const struct pgt_space *space, struct state *state)
{
    return save_table(tables, space->root, space->arch.levels, own_slots(space), state);
}

static uint64_t load_table(struct tables *tables, struct pgt_space *space, const uint32_t *word,
                           unsigned level, unsigned slots, unsigned *used)
{
    size_t index = tables->outstanding++;
    uint64_t *table = &tables->memory[index * FRAME_WORDS];
    const uint32_t *own = word + *used;

    tables->taken[index] = true;
    *used += slots;
    for (unsigned i = 0; i < slots; i++) {
        table[i] = unpack(own[i]);
        if (level == space->arch.levels)
            space->root_live += bit(table[i], BIT_P);
        if (leads_on(table[i], level))
            table[i] |= load_table(tables, space, word, level - 1, PGT_ENTRIES, used);
    }
    return FIRST_FRAME + index * PGT_PAGE;
}

unsigned tables_load(struct tables *tables, struct pgt_space *space, const uint32_t *word)
{
    unsigned used = 0, slots = own_slots(space);

    space->root_live = 0;
    space->root = load_table(tables, space, word, space->arch.levels, slots, &used);
    for (unsigned i = slots; i < PGT_ENTRIES; i++)
        frame_at(tables, space->root)[i] = frame_at(tables, space->upper->root)[i];
    return used;
}

/* ---- reading ------------------------------------------------------------ */

/* By index into IA32_PAT, which is PGT_PAT_LIMINE here. */
static uint8_t memory_of(uint64_t entry, unsigned level)
{
    static const uint8_t memory[8] = {
        PGT_WRITE_BACK,      PGT_WRITE_THROUGH,   PGT_UNCACHED_MINUS, PGT_UNCACHEABLE,
        PGT_WRITE_PROTECTED, PGT_WRITE_COMBINING, PGT_UNCACHED_MINUS, PGT_UNCACHEABLE,
    };
    int pat = level == 1 ? BIT_PTE_PAT : BIT_LARGE_PAT;
    return memory[bit(entry, pat) * 4 + bit(entry, BIT_PCD) * 2 + bit(entry, BIT_PWT)];
}

static struct page read_leaf(uint64_t entry, unsigned level)
{
    return (struct page){
        .level = (uint8_t)level,
        .rights =
            (uint8_t)(PGT_READ | (bit(entry, BIT_RW) ? PGT_WRITE : 0) |
                      (bit(entry, BIT_XD) ? 0 : PGT_EXECUTE) | (bit(entry, BIT_US) ? PGT_USER : 0) |
                      (bit(entry, BIT_G) ? PGT_GLOBAL : 0)),
        .memory = memory_of(entry, level),
        .software = (uint8_t)((entry >> 9 & 7) | (entry >> 52 & 0x1f) << 3),
        .marks =
            (uint8_t)((bit(entry, BIT_A) ? PGT_ACCESSED : 0) | (bit(entry, BIT_D) ? PGT_DIRTY : 0)),
    };
}

/* Address bits between the PAT bit and the leaf's own size are reserved. */
static bool is_aligned(uint64_t address, unsigned level)
{
    return (address >> 12) % pages_of(level) == 0;
}

static bool read_table(const struct tables *tables, const struct extent *extent, uint64_t phys,
                       unsigned level, unsigned first, struct pages *pages)
{
    const uint64_t *table = frame_at(tables, phys);

    if (table == NULL)
        return false;
    for (unsigned i = 0; i < PGT_ENTRIES; i++) {
        unsigned at = first + i * pages_of(level);
        uint64_t entry = table[i];
        if (!bit(entry, BIT_P))
            continue;
        if (leads_on(entry, level)) {
            if (!bit(entry, BIT_RW) || !bit(entry, BIT_US) || bit(entry, BIT_XD) ||
                !read_table(tables, extent, address_of(entry), level - 1, at, pages))
                return false;
            continue;
        }
        uint64_t address = address_of(entry);
        if (level > 1)
            address &= ~(UINT64_C(1) << BIT_LARGE_PAT);
        if (level > extent->largest || !is_aligned(address, level))
            return false;
        for (unsigned page = 0; page < pages_of(level); page++) {
            pages->page[at + page] = read_leaf(entry, level);
            pages->page[at + page].frame = (uint8_t)((address >> 12) + page);
        }
    }
    return true;
}

bool tables_read(const struct tables *tables, const struct pgt_space *space,
                 const struct extent *extent, struct pages *ret_pages)
{
    memset(ret_pages, 0, sizeof(*ret_pages));
    return read_table(tables, extent, space->root, extent->levels, 0, ret_pages);
}

void tables_mark(const struct tables *tables, const struct pgt_space *space, unsigned page,
                 bool write)
{
    uint64_t phys = space->root;

    for (unsigned level = space->arch.levels;; level--) {
        uint64_t *entry = &frame_at(tables, phys)[page / pages_of(level) % PGT_ENTRIES];
        if (!leads_on(*entry, level)) {
            *entry |= UINT64_C(1) << BIT_A | (uint64_t)write << BIT_D;
            return;
        }
        phys = address_of(*entry);
    }
}
