/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before and after each single store of an operation: a reader sees each page as it was before
 * or as it will be afterwards, and a mark that the processor sets just then is not lost.
 *
 * Tables that can be reached are write-protected while the operation runs.  So each store to one
 * raises a signal; its handler is the reader, and the processor that marks the very entry, lets
 * the one instruction go on, and looks again.  What no store lies between looks the same
 * to everybody: so this is all that a reader or the processor can meet, and threads.c,
 * where chance decides, adds what needs several at once.
 */
#include "pagetables/tests/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define VIRT        (4 * GIB)
#define PHYS        (8 * GIB)
#define OTHER       (16 * GIB)
#define FIRST_FRAME UINT64_C(0x100000)
#define PAGES       1024u /* that the processor marks; the operations change some of them */
#define WATCHED     10

/* The operations' range: neither end is where a larger leaf ends. */
#define FIRST 509u
#define COUNT 40u

#define FRAMES    96u
#define TRAP_FLAG 0x100

/* Bits of an entry, SDM table 4-20. */
#define BIT_P  UINT64_C(0x01)
#define BIT_W  UINT64_C(0x02)
#define BIT_A  UINT64_C(0x20)
#define BIT_D  UINT64_C(0x40)
#define BIT_PS UINT64_C(0x80)

/* Pages at edges of the range, of tables, and of the gigabyte. */
static const unsigned watched[WATCHED] = {
    0, FIRST - 1, FIRST, 511, 512, FIRST + COUNT - 1, FIRST + COUNT, 1023, 1024, 262143};

struct bench {
    uint8_t *memory; /* FRAMES of them */
    struct pgt_pool pool;
    struct pgt_space space;
    struct pgt_space copy; /* what clones go to */
    uint64_t size;         /* of the leaves that it starts with */
    struct pgt_leaf before[WATCHED];
    struct pgt_leaf after[WATCHED];
    bool guarded[FRAMES]; /* tables that can be reached, or could when the operation began */
    size_t stores;
    const char *wrong;
    bool marked[PAGES];
    bool told[PAGES];
    uint64_t table[PAGES]; /* page tables as a processor has them cached from before; or 0 */
};

/* What the handler works on: a signal takes no argument. */
static struct bench *stepped;

/* ------------------------------------------------------------------------
 * The reader
 */

static bool same(const struct pgt_leaf *a, const struct pgt_leaf *b, uint64_t virt)
{
    if (a->bytes == 0 || b->bytes == 0)
        return a->bytes == b->bytes;
    return a->phys + (virt - a->virt) == b->phys + (virt - b->virt) && a->rights == b->rights &&
           a->memory == b->memory && a->key == b->key;
}

/* Nothing of it is left where nothing is mapped. */
static struct pgt_leaf look_up(const struct pgt_space *space, uint64_t virt)
{
    struct pgt_leaf leaf;
    return pgt_lookup(space, virt, &leaf) ? leaf : (struct pgt_leaf){0};
}

static uint64_t page_at(unsigned page)
{
    return VIRT + page * PGT_PAGE;
}

static void read_all(struct bench *bench)
{
    for (unsigned i = 0; i < WATCHED; i++) {
        uint64_t virt = page_at(watched[i]);
        struct pgt_leaf now = look_up(&bench->space, virt), next;
        if (!same(&now, &bench->before[i], virt) && !same(&now, &bench->after[i], virt))
            bench->wrong = "pgt_lookup sees what was neither before nor is after";
        bool there = bench->before[i].bytes && bench->after[i].bytes;
        bool found = pgt_next(&bench->space, virt, &next);
        if (there && (!found || next.virt > virt))
            bench->wrong = "pgt_next passes over a page that is mapped before and after";
        if (there && pgt_is_empty(&bench->space, virt, PGT_PAGE))
            bench->wrong = "pgt_is_empty of a page that is mapped before and after";
    }
}

/* ------------------------------------------------------------------------
 * The processor
 */

static uint64_t *entries_at(const struct bench *bench, uint64_t table)
{
    return (uint64_t *)(uintptr_t)(table + bench->pool.offset);
}

/* The slot of the leaf, and the table that it is in. */
static uint64_t *find_leaf(const struct bench *bench, uint64_t virt, uint64_t *ret_table)
{
    uint64_t table = bench->space.root;
    for (unsigned level = 4;; level--) {
        uint64_t *slot = &entries_at(bench, table)[virt >> (3 + 9 * level) & 511];
        *ret_table = table;
        if (!(*slot & BIT_P))
            return NULL;
        if (level == 1 || (*slot & BIT_PS))
            return slot;
        table = *slot & UINT64_C(0x000ffffffffff000);
    }
}

/* Of the pages that the leaf maps the first one stands for all. */
static void mark(struct bench *bench, uint64_t *slot, unsigned page)
{
    if (!slot || (*slot & (BIT_P | BIT_W | BIT_D)) != (BIT_P | BIT_W))
        return;
    *slot |= BIT_A | BIT_D;
    bench->marked[page] = true;
}

/* Writes to the page whose leaf is about to be stored to; and to another one each time, through
 * the page table that was cached when the operation began, if one was. */
static void write_pages(struct bench *bench, const uint64_t *stored)
{
    unsigned other = (unsigned)(bench->stores * 7) % PAGES;
    uint64_t table;
    for (unsigned i = 0; i < PAGES; i++) {
        uint64_t *slot = find_leaf(bench, page_at(i), &table);
        if (slot && slot == stored)
            mark(bench, slot, i);
    }
    uint64_t *slot = find_leaf(bench, page_at(other), &table);
    if (bench->table[other])
        slot = &entries_at(bench, bench->table[other])[other % 512];
    mark(bench, slot, other);
}

static void cache_tables(struct bench *bench)
{
    for (unsigned i = 0; i < PAGES; i++) {
        uint64_t table;
        uint64_t *slot = find_leaf(bench, page_at(i), &table);
        bench->table[i] = slot && bench->size == PGT_PAGE ? table : 0;
    }
}

/* ------------------------------------------------------------------------
 * Stores, one at a time
 */

static void protect_memory(const struct bench *bench, unsigned frame, unsigned count, int rights)
{
    if (mprotect(bench->memory + frame * 4096u, count * 4096u, rights) != 0)
        abort();
}

static void open_tables(const struct bench *bench)
{
    protect_memory(bench, 0, FRAMES, PROT_READ | PROT_WRITE);
}

/* Those that were guarded stay so: given back, but perhaps still walked. */
static void guard_tables(struct bench *bench)
{
    uint64_t table[FRAMES];
    size_t count = pgt_tables(&bench->space, table, FRAMES);
    for (size_t i = 0; i < count; i++)
        bench->guarded[(table[i] - FIRST_FRAME) / PGT_PAGE] = true;
    for (unsigned i = 0; i < FRAMES; i++)
        if (bench->guarded[i])
            protect_memory(bench, i, 1, PROT_READ);
}

static void before_store(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    struct bench *bench = stepped;
    uint8_t *address = info->si_addr;
    (void)signal;
    if (address < bench->memory || address >= bench->memory + FRAMES * 4096u)
        abort(); /* a fault of another kind */
    bench->stores++;
    read_all(bench);
    open_tables(bench);
    write_pages(bench, (uint64_t *)(void *)(address - (uintptr_t)address % 8));
    at->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void after_store(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    (void)signal;
    (void)info;
    read_all(stepped);
    guard_tables(stepped);
    at->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static void step_through(struct bench *bench, void (*operation)(struct bench *))
{
    struct sigaction before = {.sa_sigaction = before_store, .sa_flags = SA_SIGINFO};
    struct sigaction after = {.sa_sigaction = after_store, .sa_flags = SA_SIGINFO};
    struct sigaction old_before, old_after;
    stepped = bench;
    assert_int_equal(sigaction(SIGSEGV, &before, &old_before), 0);
    assert_int_equal(sigaction(SIGTRAP, &after, &old_after), 0);
    guard_tables(bench);
    operation(bench);
    open_tables(bench);
    assert_int_equal(sigaction(SIGSEGV, &old_before, NULL), 0);
    assert_int_equal(sigaction(SIGTRAP, &old_after, NULL), 0);
}

/* ------------------------------------------------------------------------
 * Operations
 */

static struct pgt_flush flush;

static void split(struct bench *bench)
{
    uint64_t largest = bench->size == PGT_PAGE_1G ? PGT_PAGE_2M : PGT_PAGE;
    assert_int_equal(pgt_split(&bench->space, VIRT, bench->size, largest), PGT_OK);
}

static void protect(struct bench *bench)
{
    struct pgt_protection protection = {
        .change = PGT_CHANGE_RIGHTS | PGT_CHANGE_KEY, .rights = RX, .key = 5};
    assert_int_equal(
        pgt_protect(&bench->space, page_at(FIRST), COUNT * PGT_PAGE, &protection, &flush), PGT_OK);
}

static void promote(struct bench *bench)
{
    assert_int_equal(pgt_promote(&bench->space, VIRT, PAGES * PGT_PAGE, &flush), PGT_OK);
}

static void clone_for_fork(struct bench *bench)
{
    assert_int_equal(pgt_clone(&bench->copy, &bench->space, page_at(FIRST), COUNT * PGT_PAGE,
                               PGT_CLONE_COPY_ON_WRITE, 1, &flush),
                     PGT_OK);
}

static void hear(void *context, const struct pgt_leaf *leaf)
{
    struct bench *bench = context;
    for (uint64_t virt = leaf->virt; virt < leaf->virt + leaf->bytes; virt += PGT_PAGE)
        if (virt - VIRT < PAGES * PGT_PAGE)
            bench->told[(virt - VIRT) / PGT_PAGE] = leaf->dirty;
}

static void harvest(struct bench *bench)
{
    struct pgt_harvest sum;
    assert_int_equal(pgt_harvest(&bench->space, VIRT, PAGES * PGT_PAGE, PGT_ACCESSED | PGT_DIRTY,
                                 hear, bench, &sum, &flush),
                     PGT_OK);
}

static void map_range(struct bench *bench, uint64_t virt, uint64_t bytes, uint64_t phys)
{
    struct pgt_mapping mapping = {
        .virt = virt, .phys = phys, .bytes = bytes, .rights = RX, .key = 9};
    assert_int_equal(pgt_map(&bench->space, &mapping, &flush), PGT_OK);
}

static void map_some(struct bench *bench)
{
    map_range(bench, page_at(FIRST), COUNT * PGT_PAGE, OTHER);
}

static void map_one(struct bench *bench)
{
    map_range(bench, page_at(FIRST), PGT_PAGE, OTHER);
}

/* Larger leaves take the place of tables. */
static void map_all(struct bench *bench)
{
    map_range(bench, VIRT, PGT_PAGE_1G, OTHER);
}

/* Tables take the place of larger leaves, or of tables. */
static void map_small(struct bench *bench)
{
    map_range(bench, VIRT, PAGES * PGT_PAGE, OTHER + PGT_PAGE);
}

static void unmap_some(struct bench *bench)
{
    assert_int_equal(pgt_unmap(&bench->space, page_at(FIRST), COUNT * PGT_PAGE, &flush), PGT_OK);
}

static void unmap_one(struct bench *bench)
{
    assert_int_equal(pgt_unmap(&bench->space, page_at(FIRST), PGT_PAGE, &flush), PGT_OK);
}

static void unmap_all(struct bench *bench)
{
    assert_int_equal(pgt_unmap(&bench->space, VIRT, PGT_PAGE_1G, &flush), PGT_OK);
}

/* ------------------------------------------------------------------------
 * Tests
 */

/* Leaves that were read, and not written to yet. */
static void start(struct bench *bench, uint64_t size)
{
    struct pgt_arch arch = suite_arch(4);
    struct pgt_harvest sum;
    uint64_t bytes = size == PGT_PAGE_1G ? PGT_PAGE_1G : PAGES * PGT_PAGE;
    struct pgt_mapping mapping = {.virt = VIRT, .phys = PHYS, .bytes = bytes, .rights = RW};
    bench->memory =
        mmap(NULL, FRAMES * 4096u, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(bench->memory, MAP_FAILED);
    pgt_pool_init_arena(&bench->pool, bench->memory, FRAMES * 4096u, FIRST_FRAME);
    struct pgt_frames frames = pgt_pool_frames(&bench->pool);
    assert_int_equal(pgt_init(&bench->space, &arch, &frames), PGT_OK);
    assert_int_equal(pgt_init(&bench->copy, &arch, &frames), PGT_OK);
    assert_int_equal(pgt_map(&bench->space, &mapping, &flush), PGT_OK);
    if (size == PGT_PAGE)
        assert_int_equal(pgt_split(&bench->space, VIRT, bytes, PGT_PAGE), PGT_OK);
    assert_int_equal(pgt_harvest(&bench->space, VIRT, bytes, PGT_DIRTY, NULL, NULL, &sum, &flush),
                     PGT_OK);
    pgt_pool_recycle(&bench->pool);
    bench->size = size;
}

static void end(struct bench *bench)
{
    suite_check(&bench->space);
    suite_check(&bench->copy);
    assert_int_equal(pgt_destroy(&bench->space), PGT_OK);
    assert_int_equal(pgt_destroy(&bench->copy), PGT_OK);
    assert_int_equal(bench->pool.double_gives + bench->pool.foreign_gives, 0);
    assert_int_equal(munmap(bench->memory, FRAMES * 4096u), 0);
}

static void note(const struct bench *bench, struct pgt_leaf *ret_leaf)
{
    for (unsigned i = 0; i < WATCHED; i++)
        ret_leaf[i] = look_up(&bench->space, page_at(watched[i]));
}

/* A page whose frame stays keeps its mark, unless a harvest told of it. */
static void expect_marks(const struct bench *bench)
{
    for (unsigned i = 0; i < PAGES; i++) {
        struct pgt_leaf leaf = look_up(&bench->space, page_at(i));
        bool stays = leaf.bytes && leaf.phys + (page_at(i) - leaf.virt) == PHYS + i * PGT_PAGE;
        if (bench->marked[i] && stays && !leaf.dirty && !bench->told[i])
            fail_msg("the mark of page %u was lost", i);
    }
}

/* What maps nothing was not marked either: such an entry is 0 as a whole. */
static void expect_no_more_marks(const struct bench *bench)
{
    static uint64_t frame[FRAMES];
    size_t count = pgt_tables(&bench->space, frame, FRAMES);
    for (size_t i = 0; i < count; i++) {
        const uint64_t *entry = entries_at(bench, frame[i]);
        for (unsigned k = 0; k < 512; k++)
            if (!(entry[k] & BIT_P) && entry[k] != 0)
                fail_msg("an entry that isn't present is %#lx", (unsigned long)entry[k]);
    }
}

/* What a processor finds that still walks the page tables which it had cached: of each page the
 * frame from before, the new one, or nothing. */
static void expect_cached(const struct bench *bench)
{
    for (unsigned i = 0; i < WATCHED; i++) {
        unsigned page = watched[i];
        if (page >= PAGES || !bench->table[page])
            continue;
        uint64_t entry = entries_at(bench, bench->table[page])[page % 512];
        uint64_t frame = entry & UINT64_C(0x000ffffffffff000);
        uint64_t new = bench->after[i].phys + (page_at(page) - bench->after[i].virt);
        if (!(entry & BIT_P))
            assert_int_equal(bench->after[i].bytes, 0);
        else
            assert_true(frame == PHYS + page * PGT_PAGE || frame == new);
    }
}

static void run(void (*operation)(struct bench *), uint64_t size)
{
    static struct bench bench;
    struct pgt_leaf after[WATCHED];
    bench = (struct bench){0};
    start(&bench, size);
    operation(&bench);
    note(&bench, after);
    end(&bench);

    bench = (struct bench){0};
    start(&bench, size);
    note(&bench, bench.before);
    memcpy(bench.after, after, sizeof(after));
    cache_tables(&bench);
    step_through(&bench, operation);
    if (bench.wrong)
        fail_msg("%s", bench.wrong);
    assert_true(bench.stores > 0);
    expect_marks(&bench);
    expect_no_more_marks(&bench);
    expect_cached(&bench);
    end(&bench);
}

static void run_on_all_sizes(void (*operation)(struct bench *))
{
    run(operation, PGT_PAGE);
    run(operation, PGT_PAGE_2M);
    run(operation, PGT_PAGE_1G);
}

static void stores_of_split(void **state)
{
    (void)state;
    run(split, PGT_PAGE_2M);
    run(split, PGT_PAGE_1G);
}

static void stores_of_protect(void **state)
{
    (void)state;
    run_on_all_sizes(protect);
}

static void stores_of_promote(void **state)
{
    (void)state;
    run(promote, PGT_PAGE);
}

static void stores_of_clone(void **state)
{
    (void)state;
    run_on_all_sizes(clone_for_fork);
}

static void stores_of_harvest(void **state)
{
    (void)state;
    run(harvest, PGT_PAGE);
    run(harvest, PGT_PAGE_2M);
}

static void stores_of_map(void **state)
{
    (void)state;
    run_on_all_sizes(map_one);
    run_on_all_sizes(map_some);
    run_on_all_sizes(map_all);
    run_on_all_sizes(map_small);
}

static void stores_of_unmap(void **state)
{
    (void)state;
    run_on_all_sizes(unmap_one);
    run_on_all_sizes(unmap_some);
    run_on_all_sizes(unmap_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_of_split),   cmocka_unit_test(stores_of_protect),
        cmocka_unit_test(stores_of_promote), cmocka_unit_test(stores_of_clone),
        cmocka_unit_test(stores_of_harvest), cmocka_unit_test(stores_of_map),
        cmocka_unit_test(stores_of_unmap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
