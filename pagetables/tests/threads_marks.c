/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No mark that the processor sets is lost: accessed and dirty beside a writer, under
 * ThreadSanitizer.
 *
 * A thread plays the processor: it walks the tables as the manual says (SDM 4.5, 4.8), and marks
 * the leaf that it finds accessed and, for a write, dirty, by a locked compare-and-exchange.  The
 * writer splits, promotes, protects, clones and harvests; after each operation every page that was
 * marked before must still tell so, until a harvest took the mark and told of it.
 *
 * The processor's walks are its translations here, so a grace period is what a flush is there.
 *
 *     threads_marks [SECONDS [SEED]]
 */
#include "pagetables/tests/stage.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define LEVELS 5
#define VIRT   UINT64_C(0x40000000)
#define PAGES  512u
#define BYTES  (PAGES * PGT_PAGE)

/* Bits of an entry, SDM table 4-20. */
#define BIT_P  UINT64_C(0x01)
#define BIT_W  UINT64_C(0x02)
#define BIT_A  UINT64_C(0x20)
#define BIT_D  UINT64_C(0x40)
#define BIT_PS UINT64_C(0x80)

struct act {
    struct stage stage;
    struct pgt_space space;
    /* Counts up when a harvest starts and when it ends, so it is odd meanwhile; starts at 2. */
    uint64_t harvests;
    uint64_t marked[PAGES]; /* `harvests` before the processor last made the page dirty */
    size_t marks;
    size_t taken;   /* dirty pages that harvests told of */
    unsigned ahead; /* while a harvest runs: the page that it comes to next */
    bool asleep;    /* the processor waits, so that an operation starts with clean leaves */
    uint64_t random;
    size_t steps;
};

static uint64_t page_at(unsigned page)
{
    return VIRT + page * PGT_PAGE;
}

/* ------------------------------------------------------------------------
 * The processor
 */

/* The entry that maps an address, or null.  Now and then it takes its time, since a table that was
 * given back has to keep its translations for as long. */
static uint64_t *find_leaf(const struct act *act, uint64_t virt, bool slow)
{
    uint64_t table = act->space.root;
    for (unsigned level = LEVELS;; level--) {
        uint64_t *entries = (uint64_t *)(uintptr_t)(table + act->stage.frames.offset);
        uint64_t *slot = &entries[virt >> (3 + 9 * level) & 511];
        uint64_t entry = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
        if (!(entry & BIT_P))
            return NULL;
        if (level == 1 || (entry & BIT_PS))
            return slot;
        table = entry & UINT64_C(0x000ffffffffff000);
        if (slow)
            sched_yield();
    }
}

/* An access.  Of a write that made the leaf dirty it is noted when that was. */
static void access_page(struct act *act, unsigned page, bool write, bool slow)
{
    uint64_t harvests = __atomic_load_n(&act->harvests, __ATOMIC_ACQUIRE);
    uint64_t *slot = find_leaf(act, page_at(page), slow);
    if (!slot)
        stage_fail("the processor found nothing at %#lx", (unsigned long)page_at(page));
    uint64_t entry = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    uint64_t marks = write ? BIT_A | BIT_D : BIT_A;
    if (!(entry & BIT_P) || (write && !(entry & BIT_W)) || (entry & marks) == marks)
        return;
    /* What was a leaf may lead to a table now: the compare notices. */
    if (!__atomic_compare_exchange_n(slot, &entry, entry | marks, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE) ||
        !write)
        return;
    __atomic_store_n(&act->marked[page], harvests, __ATOMIC_RELEASE);
    act->marks++;
}

/* Any page; or one that something is about to happen to: the next one of a harvest, or one of
 * the first, since the pool writes into the first entries of tables that wait. */
static unsigned choose_page(const struct act *act, uint64_t *random)
{
    bool harvested = __atomic_load_n(&act->harvests, __ATOMIC_RELAXED) % 2;
    if (harvested && stage_below(random, 2))
        return (__atomic_load_n(&act->ahead, __ATOMIC_RELAXED) + stage_below(random, 4)) % PAGES;
    return stage_below(random, stage_below(random, 4) ? PAGES : 16);
}

static void *access_on(void *context)
{
    struct act *act = context;
    uint64_t random = 77;
    while (stage_runs(&act->stage)) {
        if (__atomic_load_n(&act->asleep, __ATOMIC_ACQUIRE))
            continue;
        bool slow = stage_below(&random, 16) == 0;
        stage_enter(&act->stage, 0);
        for (unsigned i = 0; i < 8; i++)
            access_page(act, choose_page(act, &random), stage_below(&random, 2), slow);
        stage_leave(&act->stage, 0);
    }
    return NULL;
}

/* ------------------------------------------------------------------------
 * The writer
 */

/* Pages that were marked since the last harvest started or ended. */
static void note_marks(const struct act *act, bool *ret_marked)
{
    for (unsigned i = 0; i < PAGES; i++)
        ret_marked[i] = __atomic_load_n(&act->marked[i], __ATOMIC_ACQUIRE) == act->harvests;
}

static void expect_marks(const struct act *act, const bool *marked, const char *call)
{
    for (unsigned i = 0; i < PAGES; i++) {
        struct pgt_leaf leaf;
        if (!pgt_lookup(&act->space, page_at(i), &leaf))
            stage_fail("%s lost the page %#lx", call, (unsigned long)page_at(i));
        if (marked[i] && !(leaf.dirty && leaf.accessed))
            stage_fail("%s lost the mark of %#lx", call, (unsigned long)page_at(i));
    }
}

/* What a harvest told. */
struct told {
    struct act *act;
    bool dirty[PAGES];
};

static void hear(void *context, const struct pgt_leaf *leaf)
{
    struct told *told = context;
    unsigned first = (unsigned)((leaf->virt - VIRT) / PGT_PAGE);
    unsigned end = first + (unsigned)(leaf->bytes / PGT_PAGE);
    for (unsigned i = first; i < end; i++)
        told->dirty[i] = leaf->dirty;
    __atomic_store_n(&told->act->ahead, end, __ATOMIC_RELAXED);
}

/* Of everything: what was marked before is told, and what is marked meanwhile is told or stays. */
static void harvest(struct act *act, struct pgt_flush *flush)
{
    bool before[PAGES], meanwhile[PAGES];
    struct told told = {.act = act};
    struct pgt_harvest sum;
    note_marks(act, before);
    __atomic_add_fetch(&act->harvests, 1, __ATOMIC_ACQ_REL);
    stage_expect(
        pgt_harvest(&act->space, VIRT, BYTES, PGT_ACCESSED | PGT_DIRTY, hear, &told, &sum, flush),
        "pgt_harvest");
    stage_recycle(&act->stage);
    note_marks(act, meanwhile);
    for (unsigned i = 0; i < PAGES; i++) {
        struct pgt_leaf leaf;
        bool stays = pgt_lookup(&act->space, page_at(i), &leaf) && leaf.dirty;
        act->taken += told.dirty[i];
        if ((before[i] && !told.dirty[i]) || (meanwhile[i] && !told.dirty[i] && !stays))
            stage_fail("pgt_harvest lost the mark of %#lx", (unsigned long)page_at(i));
    }
    __atomic_add_fetch(&act->harvests, 1, __ATOMIC_ACQ_REL);
}

static void clone_range(struct act *act, uint64_t virt, uint64_t bytes, struct pgt_flush *flush)
{
    struct pgt_space copy;
    stage_expect(pgt_init(&copy, &act->stage.arch, &act->stage.frames), "pgt_init");
    stage_expect(pgt_clone(&copy, &act->space, virt, bytes, PGT_CLONE_COPY_ON_WRITE, 1, flush),
                 "pgt_clone");
    stage_expect(pgt_destroy(&copy), "pgt_destroy");
}

enum kind { SPLIT, CLONE, PROTECT, PROMOTE, HARVEST, KINDS };

static void change(struct act *act, enum kind kind, struct pgt_flush *flush)
{
    unsigned first = stage_below(&act->random, PAGES);
    uint64_t bytes = (1 + stage_below(&act->random, PAGES - first)) * PGT_PAGE;
    struct pgt_protection protection = {.change = PGT_CHANGE_RIGHTS};
    protection.rights = stage_below(&act->random, 2) ? PGT_READ : PGT_READ | PGT_WRITE;
    switch (kind) {
    case SPLIT:
        stage_expect(pgt_split(&act->space, VIRT, BYTES, PGT_PAGE), "pgt_split");
        break;
    case PROTECT:
        stage_expect(pgt_protect(&act->space, page_at(first), bytes, &protection, flush),
                     "pgt_protect");
        break;
    case CLONE:
        clone_range(act, page_at(first), bytes, flush);
        break;
    case PROMOTE:
        stage_expect(pgt_promote(&act->space, VIRT, BYTES, flush), "pgt_promote");
        break;
    default:
        harvest(act, flush);
    }
}

/* Leaves that can be written, without a mark: one large, or small ones. */
static void start_clean(struct act *act, bool small, struct pgt_flush *flush)
{
    struct pgt_protection protection = {.change = PGT_CHANGE_RIGHTS | PGT_CHANGE_SOFTWARE,
                                        .rights = PGT_READ | PGT_WRITE};
    stage_expect(pgt_protect(&act->space, VIRT, BYTES, &protection, flush), "pgt_protect");
    stage_expect(pgt_promote(&act->space, VIRT, BYTES, flush), "pgt_promote");
    if (small)
        stage_expect(pgt_split(&act->space, VIRT, BYTES, PGT_PAGE), "pgt_split");
    stage_recycle(&act->stage);
    harvest(act, flush);
}

static void step(struct act *act)
{
    static const char *const name[KINDS] = {"pgt_split", "pgt_clone", "pgt_protect", "pgt_promote",
                                            "pgt_harvest"};
    struct pgt_flush flush = {0};
    enum kind kind = (enum kind)stage_below(&act->random, KINDS);
    bool marked[PAGES];
    /* Then the processor marks leaves while they are changed, and not before. */
    if (stage_below(&act->random, 4)) {
        __atomic_store_n(&act->asleep, true, __ATOMIC_RELEASE);
        stage_recycle(&act->stage);
        start_clean(act, kind > CLONE, &flush);
    }
    note_marks(act, marked);
    __atomic_store_n(&act->asleep, false, __ATOMIC_RELEASE);
    change(act, kind, &flush);
    if (kind == HARVEST)
        note_marks(act, marked);
    expect_marks(act, marked, name[kind]);
    stage_recycle(&act->stage);
    act->steps++;
}

static void *write_on(void *context)
{
    struct act *act = context;
    while (stage_runs(&act->stage))
        step(act);
    return NULL;
}

int main(int count, char **argument)
{
    double seconds = count > 1 ? atof(argument[1]) : 3;
    static struct act act;
    const struct pgt_mapping mapping = {
        .virt = VIRT, .phys = PGT_PAGE_1G, .bytes = BYTES, .rights = PGT_READ | PGT_WRITE};
    struct pgt_flush flush = {0};
    pthread_t processor, writer;
    act.random = (count > 2 ? strtoull(argument[2], NULL, 0) : 1) * 2 + 1;
    act.harvests = 2;
    stage_init(&act.stage, LEVELS, 64);
    stage_expect(pgt_init(&act.space, &act.stage.arch, &act.stage.frames), "pgt_init");
    stage_expect(pgt_map(&act.space, &mapping, &flush), "pgt_map");
    stage_start(&processor, access_on, &act);
    stage_start(&writer, write_on, &act);
    stage_run(&act.stage, seconds);
    pthread_join(processor, NULL);
    pthread_join(writer, NULL);
    stage_check(&act.space);
    stage_expect(pgt_destroy(&act.space), "pgt_destroy");
    stage_free(&act.stage);
    printf("threads: marks: %zu operations beside %zu marks; harvests told of %zu dirty pages\n",
           act.steps, act.marks, act.taken);
    if (act.steps < 100 || act.marks < 100)
        stage_fail("that shows little");
    return 0;
}
