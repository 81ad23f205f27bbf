/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between any two instructions of an operation: a reader sees each page as it was before
 * or as it is afterwards, and a mark that the processor sets is not lost.
 *
 * The operation runs under the processor's trap flag, so that a signal arrives after each
 * instruction; its handler is the reader, and the processor.  Threads (threads.c) meet only
 * those places that chance finds; here it is all of them.
 */
#include "pagetables/tests/suite.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>

#define VIRT       (4 * GIB)
#define PHYS       (8 * GIB)
#define OTHER      (16 * GIB)
#define PAGES      1024u /* that the processor marks; the operations change some of them */
#define WATCHED    10

/* The operations' range: neither end is where a larger leaf ends. */
#define FIRST 509u
#define COUNT 40u

#define TRAP_FLAG 0x100

/* Bits of an entry, SDM table 4-20. */
#define BIT_P UINT64_C(0x01)
#define BIT_W UINT64_C(0x02)
#define BIT_A UINT64_C(0x20)
#define BIT_D UINT64_C(0x40)
#define BIT_PS UINT64_C(0x80)

/* Pages at edges of the range, of tables, and of the gigabyte. */
static const unsigned watched[WATCHED] = {
    0, FIRST - 1, FIRST, 511, 512, FIRST + COUNT - 1, FIRST + COUNT, 1023, 1024, 262143};

struct bench {
    uint8_t memory[96 * 4096] __attribute__((aligned(4096)));
    struct pgt_pool pool;
    struct pgt_space space;
    struct pgt_space copy; /* what clones go to */
    uint64_t size;         /* of the leaves that it starts with */
    struct pgt_leaf before[WATCHED];
    struct pgt_leaf after[WATCHED];
    size_t traps;
    bool stop;
    const char *wrong;
    bool marked[PAGES];
    bool told[PAGES];
    uint64_t table[PAGES]; /* of the lowest level, as a processor has it cached from before */
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

static bool mark(uint64_t *slot)
{
    if (!slot || (*slot & (BIT_P | BIT_W | BIT_D)) != (BIT_P | BIT_W))
        return false;
    *slot |= BIT_A | BIT_D; /* a handler is as good as a locked update: nothing comes between */
    return true;
}

/* A write to one page, each time another one; every other time through the page table that it
 * had cached when the operation began. */
static void write_page(struct bench *bench)
{
    unsigned page = (unsigned)(bench->traps * 7) % PAGES;
    uint64_t table;
    uint64_t *slot = find_leaf(bench, page_at(page), &table);
    if (bench->traps % 2 && bench->table[page])
        slot = &entries_at(bench, bench->table[page])[page % 512];
    if (mark(slot))
        bench->marked[page] = true;
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
 * Single steps
 */

static void trap(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    (void)signal;
    (void)info;
    struct bench *bench = stepped;
    bench->traps++;
    /* Reading changes nothing; so of many alike instructions not each is read after. */
    if (bench->traps < 20000 || bench->traps % 16 == 0)
        read_all(bench);
    write_page(bench);
    if (bench->stop)
        at->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    else
        at->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void step_through(struct bench *bench, void (*operation)(struct bench *))
{
    struct sigaction action = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO}, old;
    stepped = bench;
    assert_int_equal(sigaction(SIGTRAP, &action, &old), 0);
    raise(SIGTRAP);
    operation(bench);
    bench->stop = true;
    raise(SIGTRAP); /* in case that no instruction followed */
    assert_int_equal(sigaction(SIGTRAP, &old, NULL), 0);
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

static void unmap_all(struct bench *bench)
{
    assert_int_equal(pgt_unmap(&bench->space, VIRT, PGT_PAGE_1G, &flush), PGT_OK);
}

/* ------------------------------------------------------------------------
 * Tests
 */

static void start(struct bench *bench, uint64_t size)
{
    struct pgt_arch arch = suite_arch(4);
    struct pgt_harvest sum;
    uint64_t bytes = size == PGT_PAGE_1G ? PGT_PAGE_1G : PAGES * PGT_PAGE;
    struct pgt_mapping mapping = {.virt = VIRT, .phys = PHYS, .bytes = bytes, .rights = RW};
    pgt_pool_init_arena(&bench->pool, bench->memory, sizeof(bench->memory), 0x100000);
    struct pgt_frames frames = pgt_pool_frames(&bench->pool);
    assert_int_equal(pgt_init(&bench->space, &arch, &frames), PGT_OK);
    assert_int_equal(pgt_init(&bench->copy, &arch, &frames), PGT_OK);
    assert_int_equal(pgt_map(&bench->space, &mapping, &flush), PGT_OK);
    if (size == PGT_PAGE)
        assert_int_equal(pgt_split(&bench->space, VIRT, bytes, PGT_PAGE), PGT_OK);
    assert_int_equal(pgt_harvest(&bench->space, VIRT, bytes, PGT_ACCESSED | PGT_DIRTY, NULL, NULL,
                                 &sum, &flush),
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
}

static void note(const struct bench *bench, struct pgt_leaf *ret_leaf)
{
    for (unsigned i = 0; i < WATCHED; i++)
        ret_leaf[i] = look_up(&bench->space, page_at(watched[i]));
}

/* A page whose frame stays keeps its mark, unless a harvest told of it. */
static void expect_marks(const struct bench *bench)
{
    size_t marks = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        struct pgt_leaf leaf = look_up(&bench->space, page_at(i));
        bool stays = leaf.bytes && leaf.phys + (page_at(i) - leaf.virt) == PHYS + i * PGT_PAGE;
        marks += bench->marked[i];
        if (bench->marked[i] && stays && !leaf.dirty && !bench->told[i])
            fail_msg("the mark of page %u was lost", i);
    }
    assert_true(marks > 0);
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
    assert_true(bench.traps > 100);
    expect_marks(&bench);
    expect_cached(&bench);
    end(&bench);
}

static void run_on_all_sizes(void (*operation)(struct bench *))
{
    run(operation, PGT_PAGE);
    run(operation, PGT_PAGE_2M);
    run(operation, PGT_PAGE_1G);
}

static void steps_of_split(void **state)
{
    (void)state;
    run(split, PGT_PAGE_2M);
    run(split, PGT_PAGE_1G);
}

static void steps_of_protect(void **state)
{
    (void)state;
    run_on_all_sizes(protect);
}

static void steps_of_promote(void **state)
{
    (void)state;
    run(promote, PGT_PAGE);
}

static void steps_of_clone(void **state)
{
    (void)state;
    run_on_all_sizes(clone_for_fork);
}

static void steps_of_harvest(void **state)
{
    (void)state;
    run(harvest, PGT_PAGE);
    run(harvest, PGT_PAGE_2M);
}

static void steps_of_map(void **state)
{
    (void)state;
    run_on_all_sizes(map_some);
    run_on_all_sizes(map_all);
    run_on_all_sizes(map_small);
}

static void steps_of_unmap(void **state)
{
    (void)state;
    run_on_all_sizes(unmap_some);
    run_on_all_sizes(unmap_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_split),   cmocka_unit_test(steps_of_protect),
        cmocka_unit_test(steps_of_promote), cmocka_unit_test(steps_of_clone),
        cmocka_unit_test(steps_of_harvest), cmocka_unit_test(steps_of_map),
        cmocka_unit_test(steps_of_unmap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
