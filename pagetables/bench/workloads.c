/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The workloads: what the library does beside what a hand-written loop does.
 */
#include "pagetables/bench/ideal.h"
#include "pagetables/directory.h"

#define GIB UINT64_C(0x40000000)
#define RW  (PGT_READ | PGT_WRITE)

/* Where W1 and its like work: the second GiB, at frames far away. */
#define VIRT     GIB
#define PHYS     (64 * GIB)
#define PAGES_4K (GIB / PGT_PAGE)

/* A status that isn't PGT_OK makes every figure worthless. */
static void must(enum pgt_status status)
{
    if (status != PGT_OK)
        __builtin_trap();
}

static inline void map(struct bench *bench, uint64_t virt, uint64_t phys, uint64_t bytes)
{
    bench->flush.needed = false;
    bench->flush.count = 0;
    must(pgt_map(&bench->space,
                 &(struct pgt_mapping){.virt = virt, .phys = phys, .bytes = bytes, .rights = RW},
                 &bench->flush));
}

static struct arena *arena_of(struct bench *bench)
{
    return &bench->arena;
}

/* ---- the tables that the others start from ------------------------------- */

static void prepare_root(struct bench *bench, bool ideal)
{
    struct pgt_frames frames = bench_frames(bench);
    if (ideal)
        bench->root = ideal_new_table(arena_of(bench), false);
    else
        must(pgt_init(&bench->space, &bench->arch, &frames));
}

/* ---- W1: map 1 GiB, 4K ---------------------------------------------------- */

static void ours_map_1g(struct bench *bench)
{
    /* A frame off by one page keeps larger leaves out. */
    map(bench, VIRT, PHYS + PGT_PAGE, GIB);
}

static void ideal_map_1g(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    uint64_t *root = arena_table(arena, bench->root);
    uint64_t pdpt = ideal_new_table(arena, false);
    uint64_t pd = arena_take(arena);
    uint64_t *directory = arena_table(arena, pd);
    uint64_t leaf = (PHYS + PGT_PAGE) | IDEAL_LEAF;
    for (unsigned i = 0; i < 512; i++) {
        uint64_t pt = arena_take(arena);
        uint64_t *table = arena_table(arena, pt);
        for (unsigned k = 0; k < 512; k++, leaf += PGT_PAGE)
            table[k] = leaf;
        directory[i] = pt | IDEAL_TABLE;
    }
    arena_table(arena, pdpt)[1] = pd | IDEAL_TABLE;
    root[0] = pdpt | IDEAL_TABLE;
}

/* ---- W2: identity map 512 GiB, by 2M and by 1G ----------------------------- */

static void ours_identity(struct bench *bench)
{
    map(bench, 0, 0, 512 * GIB);
}

static void ideal_identity_2m(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    uint64_t pdpt = arena_take(arena);
    uint64_t *pointers = arena_table(arena, pdpt);
    uint64_t leaf = IDEAL_LEAF | IDEAL_LARGE;
    for (unsigned i = 0; i < 512; i++) {
        uint64_t pd = arena_take(arena);
        uint64_t *table = arena_table(arena, pd);
        for (unsigned k = 0; k < 512; k++, leaf += PGT_PAGE_2M)
            table[k] = leaf;
        pointers[i] = pd | IDEAL_TABLE;
    }
    arena_table(arena, bench->root)[0] = pdpt | IDEAL_TABLE;
}

static void ideal_identity_1g(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    uint64_t pdpt = arena_take(arena);
    uint64_t *table = arena_table(arena, pdpt);
    uint64_t leaf = IDEAL_LEAF | IDEAL_LARGE;
    for (unsigned k = 0; k < 512; k++, leaf += GIB)
        table[k] = leaf;
    arena_table(arena, bench->root)[0] = pdpt | IDEAL_TABLE;
}

/* ---- W3: random pages in 1 TiB, one call each ------------------------------ */

static void ours_random(struct bench *bench)
{
    struct pgt_mapping page = {.bytes = PGT_PAGE, .rights = RW};
    struct pgt_flush flush = {0};
    for (size_t i = 0; i < bench->random_count; i++) {
        page.virt = bench->random[i];
        page.phys = i * PGT_PAGE;
        must(pgt_map(&bench->space, &page, &flush));
    }
}

static inline void random_pages(struct bench *bench, bool zeroed)
{
    struct arena *arena = &bench->arena;
    uint64_t *root = arena_table(arena, bench->root);
    for (size_t i = 0; i < bench->random_count; i++) {
        uint64_t virt = bench->random[i];
        uint64_t pdpt = ideal_below(arena, root, ideal_index(virt, 39), zeroed);
        uint64_t pd = ideal_below(arena, arena_table(arena, pdpt), ideal_index(virt, 30), zeroed);
        uint64_t pt = ideal_below(arena, arena_table(arena, pd), ideal_index(virt, 21), zeroed);
        arena_table(arena, pt)[ideal_index(virt, 12)] = i * PGT_PAGE | IDEAL_LEAF;
    }
}

static void ideal_random(struct bench *bench)
{
    random_pages(bench, false);
}

static void ideal_random_zeroed(struct bench *bench)
{
    random_pages(bench, true);
}

/* ---- W4: a million lookups over W3 ------------------------------------------ */

#define LOOKUPS 1000000

void bench_map_random(struct bench *bench)
{
    prepare_root(bench, false);
    ours_random(bench);
}

static void prepare_random(struct bench *bench, bool ideal)
{
    prepare_root(bench, ideal);
    if (ideal)
        ideal_random(bench);
    else
        ours_random(bench);
}

/* The order of the lookups has nothing to do with that of mapping. */
static size_t scatter(const struct bench *bench, size_t i)
{
    return i * 7919 % bench->random_count;
}

static void ours_translate(struct bench *bench)
{
    uint64_t sum = 0, phys;
    for (size_t i = 0; i < LOOKUPS; i++)
        if (pgt_translate(&bench->space, bench->random[scatter(bench, i)], &phys))
            sum += phys;
    bench->result = sum;
}

/* The entry of the leaf, 0 if there is none. */
static inline uint64_t ideal_walk(const struct bench *bench, uint64_t virt, unsigned *ret_shift)
{
    uint64_t entry = bench->root;
    unsigned shift = 48;
    do {
        shift -= 9;
        entry = arena_table(&bench->arena, entry & IDEAL_FRAME)[ideal_index(virt, shift)];
    } while (shift > 12 && (entry & 1) && !(entry & IDEAL_LARGE));
    *ret_shift = shift;
    return entry & 1 ? entry : 0;
}

static void ideal_translate(struct bench *bench)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LOOKUPS; i++) {
        unsigned shift;
        uint64_t entry = ideal_walk(bench, bench->random[scatter(bench, i)], &shift);
        if (entry)
            sum += entry & IDEAL_FRAME & ~((UINT64_C(1) << shift) - 1);
    }
    bench->result = sum;
}

/* All that is known of the leaf, mixed, so that none of it can be left out. */
static void ours_lookup(struct bench *bench)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LOOKUPS; i++) {
        struct pgt_leaf leaf;
        if (pgt_lookup(&bench->space, bench->random[scatter(bench, i)], &leaf))
            sum += leaf.virt + leaf.phys + leaf.bytes + leaf.rights + leaf.memory + leaf.key +
                   leaf.software + leaf.accessed + leaf.dirty;
    }
    bench->result = sum;
}

static void ideal_lookup(struct bench *bench)
{
    static const uint8_t type[8] = {2, 3, 2, 2, 4, 5, 0, 1}; /* by what the PAT says */
    uint64_t sum = 0;
    for (size_t i = 0; i < LOOKUPS; i++) {
        uint64_t virt = bench->random[scatter(bench, i)];
        unsigned shift;
        uint64_t entry = ideal_walk(bench, virt, &shift);
        if (!entry)
            continue;
        uint64_t inside = (UINT64_C(1) << shift) - 1;
        unsigned pat = entry >> (shift == 12 ? 7 : 12) & 1;
        unsigned selector = (unsigned)(pat << 2 | (entry >> 3 & 3));
        sum += (virt & ~inside) + (entry & IDEAL_FRAME & ~inside) + inside + 1;
        sum += 1 | (entry & 2) | (~entry >> 63) << 2 | (entry & 4) << 1 | (entry >> 4 & 16);
        sum += type[bench->arch.pat >> (8 * selector) & 7] + (entry >> 59 & 15);
        sum += (entry >> 9 & 7) | (entry >> 52 & 127) << 3;
        sum += (entry >> 5 & 1) + (entry >> 6 & 1);
    }
    bench->result = sum;
}

/* ---- W5: unmap the 1 GiB of W1, dropped whole -------------------------------- */

static void prepare_mapped(struct bench *bench, bool ideal)
{
    prepare_root(bench, ideal);
    if (ideal)
        ideal_map_1g(bench);
    else
        ours_map_1g(bench);
}

static void ours_unmap(struct bench *bench)
{
    struct pgt_flush flush = {0};
    must(pgt_unmap(&bench->space, VIRT, GIB, &flush));
}

static void ideal_unmap(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    uint64_t *root = arena_table(arena, bench->root);
    uint64_t pdpt = root[0] & IDEAL_FRAME;
    uint64_t pd = arena_table(arena, pdpt)[1] & IDEAL_FRAME;
    const uint64_t *directory = arena_table(arena, pd);
    arena_table(arena, pdpt)[1] = 0;
    root[0] = 0;
    for (unsigned i = 0; i < 512; i++)
        arena_give(arena, directory[i] & IDEAL_FRAME);
    arena_give(arena, pd);
    arena_give(arena, pdpt);
}

/* ---- W5-harvest: the same, with accessed, dirty and the frames ----------------- */

/* Who gets the frames: both sides hand them out in runs, by a call. */
static __attribute__((noinline)) void hand_out(uint64_t *sum, uint64_t phys, uint64_t bytes)
{
    *sum += phys ^ bytes;
    __asm__ volatile("" ::: "memory");
}

static void gone(void *context, const struct pgt_gone *run)
{
    hand_out(context, run->phys, run->bytes);
}

static void ours_harvest(struct bench *bench)
{
    struct pgt_flush flush = {0};
    struct pgt_harvest sum;
    uint64_t handed = 0;
    must(pgt_unmap_harvest(&bench->space, VIRT, GIB, gone, &handed, &sum, &flush));
    bench->result = handed + sum.accessed + 3 * sum.dirty;
}

struct ideal_harvest {
    uint64_t accessed, dirty; /* pages */
    uint64_t first, next;     /* frames of the run that is not handed out yet */
    uint64_t handed;
};

/* Reads each entry of a table, sums, hands out and clears. */
static void ideal_harvest_table(uint64_t *table, struct ideal_harvest *all)
{
    uint64_t accessed = 0, dirty = 0, next = all->next;
    for (unsigned k = 0; k < 512; k++, next += PGT_PAGE) {
        uint64_t raw = table[k], frame = raw & IDEAL_FRAME;
        accessed += raw >> 5 & 1;
        dirty += raw >> 6 & 1;
        if (frame != next) {
            if (next != all->first)
                hand_out(&all->handed, all->first, next - all->first);
            all->first = next = frame;
        }
        table[k] = 0;
    }
    all->accessed += accessed;
    all->dirty += dirty;
    all->next = next;
}

static void ideal_harvest(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    struct ideal_harvest all = {0};
    uint64_t *root = arena_table(arena, bench->root);
    uint64_t pdpt = root[0] & IDEAL_FRAME;
    uint64_t pd = arena_table(arena, pdpt)[1] & IDEAL_FRAME;
    uint64_t *directory = arena_table(arena, pd);
    for (unsigned i = 0; i < 512; i++) {
        uint64_t table = directory[i] & IDEAL_FRAME;
        ideal_harvest_table(arena_table(arena, table), &all);
        directory[i] = 0;
        arena_give(arena, table);
    }
    hand_out(&all.handed, all.first, all.next - all.first);
    arena_table(arena, pdpt)[1] = 0;
    root[0] = 0;
    arena_give(arena, pd);
    arena_give(arena, pdpt);
    bench->result = all.handed + (all.accessed + 3 * all.dirty) * PGT_PAGE;
}

/* ---- W6: change the rights of that 1 GiB ------------------------------------- */

static void ours_protect(struct bench *bench)
{
    struct pgt_flush flush = {0};
    must(pgt_protect(&bench->space, VIRT, GIB,
                     &(struct pgt_protection){.change = PGT_CHANGE_RIGHTS, .rights = PGT_READ},
                     &flush));
}

static void ideal_protect(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    uint64_t pdpt = arena_table(arena, bench->root)[0] & IDEAL_FRAME;
    uint64_t pd = arena_table(arena, pdpt)[1] & IDEAL_FRAME;
    const uint64_t *directory = arena_table(arena, pd);
    for (unsigned i = 0; i < 512; i++) {
        uint64_t *table = arena_table(arena, directory[i] & IDEAL_FRAME);
        for (unsigned k = 0; k < 512; k++)
            table[k] &= ~UINT64_C(2);
    }
}

/* ---- W7: is it empty; and go over it ------------------------------------------ */

static void ours_iterate(struct bench *bench)
{
    struct pgt_run run;
    uint64_t bytes = 0;
    bench->result = pgt_is_empty(&bench->space, VIRT, GIB);
    for (uint64_t virt = 0; pgt_next_run(&bench->space, virt, &run); virt = run.virt + run.bytes)
        bytes += run.bytes;
    bench->result += bytes;
}

/* Every leaf is looked at: does it continue the one before? */
static void ideal_iterate(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    uint64_t pdpt = arena_table(arena, bench->root)[0] & IDEAL_FRAME;
    uint64_t pd = arena_table(arena, pdpt)[1] & IDEAL_FRAME;
    const uint64_t *directory = arena_table(arena, pd);
    uint64_t expected = arena_table(arena, directory[0] & IDEAL_FRAME)[0];
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 512; i++) {
        const uint64_t *table = arena_table(arena, directory[i] & IDEAL_FRAME);
        for (unsigned k = 0; k < 512; k++, expected += PGT_PAGE)
            bytes += ((table[k] ^ expected) & ~UINT64_C(0x60)) ? 0 : PGT_PAGE;
    }
    bench->result = bytes;
}

/* ---- W8: split a 1G leaf for one page, and promote it back --------------------- */

static void prepare_1g(struct bench *bench, bool ideal)
{
    prepare_root(bench, ideal);
    if (!ideal) {
        map(bench, VIRT, PHYS, GIB);
        return;
    }
    uint64_t pdpt = ideal_new_table(&bench->arena, false);
    arena_table(&bench->arena, pdpt)[1] = PHYS | IDEAL_LEAF | IDEAL_LARGE;
    arena_table(&bench->arena, bench->root)[0] = pdpt | IDEAL_TABLE;
}

#define HOLE (VIRT + GIB / 2)

static void ours_split(struct bench *bench)
{
    struct pgt_flush flush = {0};
    must(pgt_unmap(&bench->space, HOLE, PGT_PAGE, &flush));
    map(bench, HOLE, PHYS + GIB / 2, PGT_PAGE);
    must(pgt_promote(&bench->space, HOLE, PGT_PAGE, &flush));
}

static bool ideal_uniform(const uint64_t *table, uint64_t step)
{
    uint64_t differs = 0;
    for (unsigned i = 1; i < 512; i++)
        differs |= (table[i] ^ (table[0] + i * step)) & ~UINT64_C(0x60);
    return !differs;
}

static void ideal_split(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    uint64_t *slot = &arena_table(arena, arena_table(arena, bench->root)[0] & IDEAL_FRAME)[1];
    uint64_t pd = arena_take(arena), pt = arena_take(arena);
    uint64_t *directory = arena_table(arena, pd), *table = arena_table(arena, pt);
    for (unsigned i = 0; i < 512; i++)
        directory[i] = *slot + i * PGT_PAGE_2M;
    for (unsigned i = 0; i < 512; i++)
        table[i] = (directory[256] & ~IDEAL_LARGE) + i * PGT_PAGE;
    table[0] = 0;
    directory[256] = pt | IDEAL_TABLE;
    *slot = pd | IDEAL_TABLE;
    table[0] = table[1] - PGT_PAGE;
    if (ideal_uniform(table, PGT_PAGE)) {
        directory[256] = table[0] | IDEAL_LARGE;
        arena_give(arena, pt);
    }
    if (ideal_uniform(directory, PGT_PAGE_2M)) {
        *slot = directory[0];
        arena_give(arena, pd);
    }
}

/* ---- W9: the page-fault path ----------------------------------------------------- */

#define FAULTS 100000

/* One page, with the tables that it takes. */
static void ideal_map_page(struct bench *bench, uint64_t virt, uint64_t phys)
{
    struct arena *arena = &bench->arena;
    uint64_t *table = arena_table(arena, bench->root);
    for (unsigned shift = 39; shift > 12; shift -= 9)
        table = arena_table(arena, ideal_below(arena, table, ideal_index(virt, shift), false));
    table[ideal_index(virt, 12)] = phys | IDEAL_LEAF;
}

static void prepare_one(struct bench *bench, bool ideal)
{
    prepare_root(bench, ideal);
    if (ideal)
        ideal_map_page(bench, VIRT + PGT_PAGE, PHYS);
    else
        map(bench, VIRT + PGT_PAGE, PHYS, PGT_PAGE);
}

static void ours_fault(struct bench *bench)
{
    for (unsigned i = 0; i < FAULTS; i++) {
        map(bench, VIRT + 0x7000, PHYS + PGT_PAGE, PGT_PAGE);
        must(pgt_unmap(&bench->space, VIRT + 0x7000, PGT_PAGE, &bench->flush));
    }
}

#define IDEAL_ONE (UINT64_C(1) << 52) /* present entries of a table, counted in the one above */

/* What each half has to find out: that all tables are there.  Stores the page's entry, and the
 * count with it. */
static inline void ideal_set(struct bench *bench, uint64_t virt, uint64_t leaf, uint64_t counted)
{
    struct arena *arena = &bench->arena;
    uint64_t *table = arena_table(arena, bench->root), *slot = NULL, entry = 0;
#pragma GCC unroll 3
    for (unsigned shift = 39; shift > 12; shift -= 9) {
        slot = &table[ideal_index(virt, shift)];
        entry = *slot;
        if (!(entry & 1) || (entry & IDEAL_LARGE))
            return;
        table = arena_table(arena, entry & IDEAL_FRAME);
    }
    *(volatile uint64_t *)&table[ideal_index(virt, 12)] = leaf;
    *(volatile uint64_t *)slot = entry + counted;
}

/* The tables that the library builds have live counts in them, so that a table goes with its last
 * page; and so have these. */
static void ideal_fault(struct bench *bench)
{
    for (unsigned i = 0; i < FAULTS; i++) {
        volatile uint64_t virt = VIRT + 0x7000; /* not known at compile time */
        ideal_set(bench, virt, (PHYS + PGT_PAGE) | IDEAL_LEAF, IDEAL_ONE);
        ideal_set(bench, virt, 0, -IDEAL_ONE);
    }
}

/* ---- W10: a new address space on a shared upper, and destroy ------------------------ */

#define SPACES 10000
#define UPPER  UINT64_C(0xffff800000000000)

static void prepare_upper(struct bench *bench, bool ideal)
{
    prepare_root(bench, ideal);
    if (ideal) {
        ideal_map_page(bench, UPPER, PHYS);
        return;
    }
    map(bench, UPPER, PHYS, PGT_PAGE);
    must(pgt_seal(&bench->space, UPPER, 0));
}

static void ours_spaces(struct bench *bench)
{
    struct pgt_frames frames = bench_frames(bench);
    for (unsigned i = 0; i < SPACES; i++) {
        struct pgt_space space;
        must(pgt_init_on(&space, &bench->space, &frames));
        must(pgt_destroy(&space));
    }
}

static void ideal_spaces(struct bench *bench)
{
    struct arena *arena = &bench->arena;
    const uint64_t *upper = arena_table(arena, bench->root);
    for (unsigned i = 0; i < SPACES; i++) {
        uint64_t root = arena_take(arena);
        uint64_t *table = arena_table(arena, root);
        memset(table, 0, PGT_PAGE / 2);
        memcpy(table + 256, upper + 256, PGT_PAGE / 2);
        (void)*(volatile uint64_t *)&table[255]; /* destroying looks for tables of its own */
        arena_give(arena, root);
    }
}

const struct workload bench_workloads[] = {
    {"W1", "map 1 GiB, 4K", PAGES_4K, 0, prepare_root, ours_map_1g, ideal_map_1g},
    {"W2-2M", "identity map 512 GiB, 2M", 512 * 512, BENCH_NO_1G, prepare_root, ours_identity,
     ideal_identity_2m},
    {"W2-1G", "identity map 512 GiB, 1G", 512, 0, prepare_root, ours_identity, ideal_identity_1g},
    {"W3", "100,000 random pages", BENCH_RANDOM, 0, prepare_root, ours_random, ideal_random},
    {"W3-zero", "the same, frames known to be zero", BENCH_RANDOM, BENCH_ZEROED, prepare_root,
     ours_random, ideal_random_zeroed},
    {"W4", "1,000,000 random lookups", LOOKUPS, 0, prepare_random, ours_translate, ideal_translate},
    {"W4-leaf", "the same, and all about each leaf", LOOKUPS, 0, prepare_random, ours_lookup,
     ideal_lookup},
    {"W5", "unmap 1 GiB, 4K", PAGES_4K, 0, prepare_mapped, ours_unmap, ideal_unmap},
    {"W5-harvest", "the same, with accessed, dirty and frames", PAGES_4K, 0, prepare_mapped,
     ours_harvest, ideal_harvest},
    {"W6", "change rights of 1 GiB, 4K", PAGES_4K, 0, prepare_mapped, ours_protect, ideal_protect},
    {"W7", "is-empty, and iterate over 1 GiB, 4K", PAGES_4K, 0, prepare_mapped, ours_iterate,
     ideal_iterate},
    {"W8", "split a 1G leaf for a page, promote it back", 1, 0, prepare_1g, ours_split,
     ideal_split},
    {"W9", "map a page and unmap it, hot", FAULTS, BENCH_WARM_ONLY, prepare_one, ours_fault,
     ideal_fault},
    {"W10", "a space on a shared upper, made and destroyed", SPACES, BENCH_WARM_ONLY, prepare_upper,
     ours_spaces, ideal_spaces},
};
const size_t bench_workload_count = sizeof(bench_workloads) / sizeof(bench_workloads[0]);
