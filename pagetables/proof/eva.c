/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Eva follows through the library: each call on spaces of 4 and of 5 levels, with and
 * without 1G pages, at the bottom and at the very top of the address space, an allocator that
 * runs out; with any rights, keys, memory types and software bits, any addresses where a call
 * only judges them, and any gather.  `make eva` fails at one alarm: a pointer or an index that
 * could be out of bounds, a word read before it was written, an overflow, a shift too far.
 *
 * Tables are small here, of four entries, as in the exhaustive tests.
 */
#include "pagetables/space.h"

#define FRAMES 64

/* Physical memory from address 0 on, so that Eva sees where a physical address points to. */
static uint64_t memory[FRAMES][PGT_PAGE / sizeof(uint64_t)];

struct stock {
    unsigned left;
    unsigned free;
    unsigned next[FRAMES];
};

static struct stock stock;

/* Division by zero unless it holds: an alarm. */
static void expect(bool holds)
{
    (void)(1 / (int)holds);
}

/* Whatever it may be: that is what a volatile object holds for Eva. */
static volatile uint64_t anything;

static unsigned any(unsigned last)
{
    return (unsigned)(anything % ((uint64_t)last + 1));
}

static bool reserve(void *context, size_t count)
{
    return count <= ((struct stock *)context)->left;
}

static uint64_t take(void *context)
{
    struct stock *from = context;
    unsigned frame = from->free;
    from->free = from->next[frame];
    from->left--;
    return frame * PGT_PAGE;
}

static void give(void *context, uint64_t phys)
{
    struct stock *to = context;
    unsigned frame = (unsigned)(phys / PGT_PAGE);
    to->next[frame] = to->free;
    to->free = frame;
    to->left++;
}

static struct pgt_frames frames_of(unsigned count)
{
    stock = (struct stock){.left = count};
    for (unsigned i = 0; i < FRAMES; i++)
        stock.next[i] = i + 1;
    return (struct pgt_frames){reserve, take, give, &stock, (uint64_t)memory, false};
}

static void ignore_leaf(void *context, const struct pgt_leaf *leaf)
{
    (void)context;
    (void)leaf;
}

static void ignore_line(void *context, const char *text)
{
    (void)context;
    (void)text;
}

/* ---- one space --------------------------------------------------------------------------- */

static uint64_t reach(unsigned level)
{
    return level_mask(level) + 1;
}

static void read_all(const struct pgt_space *space)
{
    struct pgt_leaf leaf;
    struct pgt_run run;
    struct pgt_fault fault;
    uint64_t virt = 0, frame[4];

    while (pgt_next(space, virt, &leaf)) {
        expect(pgt_lookup(space, leaf.virt, &leaf));
        virt = leaf.virt + leaf.bytes;
        if (virt == 0)
            break;
    }
    virt = 0;
    while (pgt_next_run(space, virt, &run)) {
        virt = run.virt + run.bytes;
        if (virt == 0)
            break;
    }
    (void)pgt_tables(space, frame, 4);
    pgt_dump(space, ignore_line, NULL);
    expect(pgt_check(space, &fault) == PGT_OK);
}

/* The last quarter of a range of `bytes` from `virt` on is what single pages are tried in. */
static void change(struct pgt_space *space, uint64_t virt, uint64_t bytes, uint64_t phys)
{
    struct pgt_flush flush = {0};
    struct pgt_harvest sum;
    uint64_t last_page = virt + (bytes - PGT_PAGE);
    size_t cost;
    struct pgt_mapping mapping = {
        .virt = virt, .phys = phys, .bytes = bytes, .rights = PGT_READ | PGT_WRITE};
    struct pgt_mapping page = {
        .virt = last_page, .phys = phys, .bytes = PGT_PAGE, .rights = PGT_READ, .promote = true};
    struct pgt_protection protection = {.change = PGT_CHANGE_RIGHTS, .rights = PGT_READ};

    expect(pgt_map_cost(space, &mapping, &cost) == PGT_OK);
    expect(pgt_map(space, &mapping, &flush) == PGT_OK);
    expect(pgt_map(space, &mapping, &flush) == PGT_OK);
    expect(!pgt_is_empty(space, virt, bytes));
    expect(pgt_protect(space, last_page, PGT_PAGE, &protection, &flush) == PGT_OK);
    read_all(space);
    protection.rights = PGT_READ | PGT_WRITE;
    expect(pgt_protect(space, virt, bytes, &protection, &flush) == PGT_OK);
    expect(pgt_promote(space, virt, bytes, &flush) == PGT_OK);
    expect(pgt_split(space, virt, bytes, PGT_PAGE) == PGT_OK || PGT_INDEX_BITS != 9);
    expect(pgt_harvest(space, virt, bytes, PGT_ACCESSED | PGT_DIRTY, ignore_leaf, NULL, &sum,
                       &flush) == PGT_OK);
    expect(pgt_map(space, &page, &flush) == PGT_OK);
    read_all(space);
    expect(pgt_unmap_cost(space, last_page, PGT_PAGE, &cost) == PGT_OK);
    expect(pgt_unmap(space, last_page, PGT_PAGE, &flush) == PGT_OK);
    expect(pgt_map(space, &page, &flush) == PGT_OK);
    expect(pgt_unmap(space, virt, bytes, &flush) == PGT_OK);
    expect(pgt_is_empty(space, virt, bytes));
}

static void clone_and_destroy(struct pgt_space *origin, uint64_t virt, uint64_t bytes)
{
    struct pgt_space clone;
    struct pgt_flush flush = {0};
    struct pgt_mapping mapping = {
        .virt = virt, .phys = 0, .bytes = bytes, .rights = PGT_READ | PGT_WRITE};

    expect(pgt_map(origin, &mapping, &flush) == PGT_OK);
    expect(pgt_init_on(&clone, origin, &origin->frames) == PGT_OK);
    expect(pgt_clone(&clone, origin, virt, bytes, PGT_CLONE_COPY_ON_WRITE, 1, &flush) == PGT_OK);
    expect(pgt_clone(&clone, origin, virt, bytes, PGT_CLONE_SAME, 0, &flush) == PGT_OCCUPIED);
    read_all(&clone);
    expect(pgt_destroy(origin) == PGT_BUSY);
    expect(pgt_destroy(&clone) == PGT_OK);
}

static void whole_life(unsigned levels, bool pages_1g)
{
    struct pgt_arch arch = {(uint8_t)levels, 46, pages_1g, true, PGT_PAT_LIMINE};
    struct pgt_frames frames = frames_of(FRAMES);
    struct pgt_space space;
    uint64_t root = reach(levels), upper = -(root * PGT_ENTRIES / 2);

    expect(pgt_init(&space, &arch, &frames) == PGT_OK);
    change(&space, 0, reach(3) + PGT_PAGE, 0);
    change(&space, reach(2) - PGT_PAGE, reach(2), PGT_PAGE);
    change(&space, -(reach(3) + PGT_PAGE), reach(3) + PGT_PAGE, reach(3) - PGT_PAGE);
    expect(pgt_seal(&space, upper, 2) == PGT_OK);
    change(&space, upper, reach(2) + PGT_PAGE, 0);
    clone_and_destroy(&space, PGT_PAGE, reach(3));
    pgt_disown(&space);
    expect(pgt_adopt(&space, &arch, &frames, space.root) == PGT_OK);
    read_all(&space);
    expect(pgt_destroy(&space) == PGT_OK);
    expect(stock.left == FRAMES);
}

/* With too few frames for it every call is refused or carried out. */
static void run_out(unsigned count)
{
    struct pgt_arch arch = {4, 46, true, true, PGT_PAT_LIMINE};
    struct pgt_frames frames = frames_of(count);
    struct pgt_flush flush = {0};
    struct pgt_space space;
    struct pgt_mapping mapping = {
        .virt = PGT_PAGE, .phys = 0, .bytes = reach(3), .rights = PGT_READ};

    if (pgt_init(&space, &arch, &frames))
        return;
    if (!pgt_map(&space, &mapping, &flush) &&
        !pgt_split(&space, mapping.virt, mapping.bytes, PGT_PAGE))
        expect(pgt_unmap(&space, mapping.virt, mapping.bytes, &flush) == PGT_OK);
    expect(pgt_destroy(&space) == PGT_OK);
    expect(stock.left == count);
}

/* ---- whatever the arguments are ------------------------------------------------------------- */

static void any_attributes(void)
{
    struct pgt_arch arch = {4, 46, true, true, PGT_PAT_LIMINE};
    struct pgt_frames frames = frames_of(FRAMES);
    struct pgt_flush flush = {0};
    struct pgt_space space;
    struct pgt_leaf leaf;
    struct pgt_mapping mapping = {
        .virt = PGT_PAGE,
        .phys = 0,
        .bytes = PGT_PAGE,
        .rights = any(UINT32_MAX),
        .memory = (enum pgt_memory)any(UINT32_MAX),
        .key = any(UINT32_MAX),
        .software = any(UINT32_MAX),
    };

    expect(pgt_init(&space, &arch, &frames) == PGT_OK);
    if (!pgt_map(&space, &mapping, &flush))
        (void)pgt_lookup(&space, PGT_PAGE, &leaf);
}

static void any_place(unsigned levels)
{
    struct pgt_arch arch = {(uint8_t)levels, (uint8_t)(32 + any(20)), any(1), any(1), anything};
    uint64_t virt = anything, bytes = anything;
    struct pgt_flush flush = {0};
    struct range range;

    (void)is_canonical(&arch, virt);
    if (!pgt_range(&arch, virt, bytes, &range))
        (void)linear_range(&arch, range);
    for (unsigned i = 0; i < 2 * PGT_FLUSH_RANGES; i++)
        pgt_flush_range(&flush, anything, anything);
}

void eva_main(void)
{
    for (unsigned levels = 4; levels <= 5; levels++) {
        whole_life(levels, false);
        whole_life(levels, true);
        any_place(levels);
    }
    for (unsigned count = 0; count < 12; count++)
        run_out(count);
    any_attributes();
}
