/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What PCIDs are for: a processor that keeps translations by id, switched between address spaces
 * as a scheduler would, keeps those of every space that still has its id, and never uses one that
 * is out of date or another space's.
 *
 * The processor is a model, written from SDM 4.10.2.4 and 4.10.4.1 alone.  It never forgets by
 * itself; so what it keeps can be counted, which on a real one would be luck, and an
 * invalidation that is lacking always shows.
 */
#include "pagetables/pcid.h"
#include "pagetables/tests/suite.h"

#define SPACES 6
#define PAGES  5 /* in the lower half of each space */
#define SHARED 2 /* in the upper, which all share */
#define CACHED 4096

#define NO_FLUSH (UINT64_C(1) << 63)

static const uint64_t page_at[PAGES + SHARED] = {
    0x1000, 0x2000, 0x200000, 0x40000000, LOWER_LAST_4, UPPER_4, UPPER_4 + 0x1000,
};

struct translation {
    unsigned pcid;
    uint64_t virt, phys;
    bool global;
};

struct processor {
    const struct arena *arena;
    struct pgt_arch arch;
    uint64_t cr3;
    struct translation cached[CACHED];
    size_t count;
    size_t walks;
};

static unsigned pcid_of(const struct processor *processor)
{
    return (unsigned)(processor->cr3 & 0xfff);
}

/* Forgets what `matches` says; a null one matches all. */
static void forget(struct processor *processor, uint64_t key,
                   bool (*matches)(const struct processor *, const struct translation *, uint64_t))
{
    size_t kept = 0;

    for (size_t i = 0; i < processor->count; i++)
        if (matches != NULL && !matches(processor, &processor->cached[i], key))
            processor->cached[kept++] = processor->cached[i];
    processor->count = kept;
}

static bool is_of_current(const struct processor *processor, const struct translation *it,
                          uint64_t key)
{
    (void)key;
    return !it->global && it->pcid == pcid_of(processor);
}

static bool is_page(const struct processor *processor, const struct translation *it, uint64_t virt)
{
    return it->virt == virt && (it->global || it->pcid == pcid_of(processor));
}

/* MOV to CR3 with CR4.PCIDE = 1. */
static void load_cr3(struct processor *processor, uint64_t value)
{
    processor->cr3 = value & ~NO_FLUSH;
    if (!(value & NO_FLUSH))
        forget(processor, 0, is_of_current);
}

/* What pgt_flush_local() is documented to do. */
static void flush(struct processor *processor, const struct pgt_flush *gather)
{
    if (gather->upper) {
        forget(processor, 0, NULL);
        return;
    }
    if (gather->everything) {
        load_cr3(processor, processor->cr3);
        return;
    }
    for (unsigned i = 0; i < gather->count; i++)
        for (size_t page = 0; page < PAGES + SHARED; page++)
            if (page_at[page] >= gather->range[i].first && page_at[page] <= gather->range[i].last)
                forget(processor, page_at[page], is_page);
}

/* Where an access goes by what is cached, else by the tables; ~0 where nothing is mapped. */
static uint64_t access_page(struct processor *processor, uint64_t virt)
{
    for (size_t i = 0; i < processor->count; i++)
        if (is_page(processor, &processor->cached[i], virt))
            return processor->cached[i].phys;
    processor->walks++;
    struct walk_leaf leaf =
        walk(processor->arena, &processor->arch, processor->cr3 & ~0xfffull, virt);
    if (leaf.kind != WALK_LEAF)
        return ~UINT64_C(0);
    uint64_t *entry =
        walk_entry(processor->arena, &processor->arch, processor->cr3 & ~0xfffull, virt, 1);
    assert_true(processor->count < CACHED);
    processor->cached[processor->count++] = (struct translation){
        .pcid = pcid_of(processor), .virt = virt, .phys = leaf.phys, .global = *entry >> 8 & 1};
    return leaf.phys;
}

/* ---- a kernel with a scheduler -------------------------------------------- */

struct kernel {
    struct suite suite; /* the owner of the upper */
    struct pgt_space space[SPACES];
    uint64_t shows[SPACES][PAGES]; /* physical, 0 for nothing */
    uint64_t shows_shared[SHARED];
    struct pgt_pcid_slot slot[SPACES];
    struct pgt_pcids pcids;
    struct processor processor;
    unsigned running;
    uint64_t next_phys;
    uint64_t random;
    size_t kept, switches; /* switches that needed no flush, and all */
    bool drops;            /* as the contract wants it: an idle space that changed loses its id */
};

static unsigned below(struct kernel *kernel, unsigned limit)
{
    return (unsigned)(arena_random(&kernel->random) >> 33) % limit;
}

static void make_space(struct kernel *kernel, unsigned i)
{
    assert_int_equal(
        pgt_init_on(&kernel->space[i], &kernel->suite.space, &kernel->suite.arena.frames), PGT_OK);
    for (unsigned page = 0; page < PAGES; page++)
        kernel->shows[i][page] = 0;
}

static void switch_to(struct kernel *kernel, unsigned i)
{
    bool wants_flush;
    unsigned id = pgt_pcids_assign(&kernel->pcids, &kernel->space[i], &wants_flush);

    load_cr3(&kernel->processor, pgt_cr3(kernel->space[i].root, id, !wants_flush));
    kernel->running = i;
    kernel->switches++;
    kernel->kept += !wants_flush;
}

/* The first of the shared pages is global, as a kernel's mostly are. */
static unsigned shared_rights(unsigned page)
{
    return page == 0 ? RO | PGT_GLOBAL : RO;
}

static void start(struct kernel *kernel, unsigned ids, uint64_t seed)
{
    struct pgt_arch arch = suite_arch(4);

    *kernel = (struct kernel){.random = seed, .next_phys = 0x10000000, .drops = true};
    suite_start(&kernel->suite, &arch);
    for (unsigned page = 0; page < SHARED; page++) {
        kernel->shows_shared[page] = kernel->next_phys += 0x1000;
        suite_map(&kernel->suite, page_at[PAGES + page], 0x1000, shared_rights(page),
                  kernel->shows_shared[page]);
    }
    assert_int_equal(pgt_seal(&kernel->suite.space, UPPER_4, 0), PGT_OK);
    assert_int_equal(pgt_pcids_init(&kernel->pcids, kernel->slot, 1, ids), PGT_OK);
    kernel->processor = (struct processor){.arena = &kernel->suite.arena, .arch = arch};
    for (unsigned i = 0; i < SPACES; i++)
        make_space(kernel, i);
    switch_to(kernel, 0);
}

static void end(struct kernel *kernel)
{
    for (unsigned i = 0; i < SPACES; i++)
        assert_int_equal(pgt_destroy(&kernel->space[i]), PGT_OK);
    suite_end(&kernel->suite);
}

/* Another frame at a page of a space, or, without rights, none. */
static struct pgt_flush change(struct kernel *kernel, struct pgt_space *space, uint64_t virt,
                               uint64_t *shown, unsigned rights)
{
    struct pgt_flush gather = {0};
    struct pgt_mapping mapping = {.virt = virt, .bytes = 0x1000, .rights = rights};

    if (*shown != 0)
        assert_int_equal(pgt_unmap(space, virt, 0x1000, &gather), PGT_OK);
    *shown = 0;
    if (rights != 0) {
        mapping.phys = *shown = kernel->next_phys += 0x1000;
        assert_int_equal(pgt_map(space, &mapping, &gather), PGT_OK);
    }
    return gather;
}

static void change_own(struct kernel *kernel, unsigned i, unsigned page)
{
    struct pgt_flush gather = change(kernel, &kernel->space[i], page_at[page],
                                     &kernel->shows[i][page], below(kernel, 4) > 0 ? RO : 0);

    if (i == kernel->running)
        flush(&kernel->processor, &gather);
    else if (kernel->drops)
        pgt_pcids_drop(&kernel->pcids, &kernel->space[i]);
}

static void change_shared(struct kernel *kernel, unsigned page)
{
    struct pgt_flush gather = change(kernel, &kernel->suite.space, page_at[PAGES + page],
                                     &kernel->shows_shared[page], shared_rights(page));

    flush(&kernel->processor, &gather);
}

/* A space ends, and another one begins at the same address in memory. */
static void replace(struct kernel *kernel, unsigned i)
{
    if (i == kernel->running)
        return;
    pgt_pcids_drop(&kernel->pcids, &kernel->space[i]);
    assert_int_equal(pgt_destroy(&kernel->space[i]), PGT_OK);
    make_space(kernel, i);
}

static bool sees_the_truth(struct kernel *kernel, unsigned page)
{
    uint64_t shown =
        page < PAGES ? kernel->shows[kernel->running][page] : kernel->shows_shared[page - PAGES];
    uint64_t seen = access_page(&kernel->processor, page_at[page]);

    return seen == (shown ? shown : ~UINT64_C(0));
}

static void step(struct kernel *kernel)
{
    unsigned what = below(kernel, 16);

    if (what < 5)
        switch_to(kernel, below(kernel, SPACES));
    else if (what < 8)
        change_own(kernel, below(kernel, SPACES), below(kernel, PAGES));
    else if (what == 8)
        change_shared(kernel, below(kernel, SHARED));
    else if (what == 9)
        replace(kernel, below(kernel, SPACES));
}

/* Runs until something wrong is seen; how many steps that took, or `steps`. */
static unsigned run(struct kernel *kernel, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        step(kernel);
        if (!sees_the_truth(kernel, below(kernel, PAGES + SHARED)))
            return i;
    }
    return steps;
}

/* ---- the tests -------------------------------------------------------------- */

static void a_switch_keeps_what_was_cached(void **state)
{
    static struct kernel kernel;
    (void)state;

    start(&kernel, SPACES, 1);
    for (unsigned i = 0; i < SPACES; i++) {
        switch_to(&kernel, i);
        for (unsigned page = 0; page < PAGES; page++) {
            struct pgt_flush gather =
                change(&kernel, &kernel.space[i], page_at[page], &kernel.shows[i][page], RO);
            flush(&kernel.processor, &gather);
            assert_true(sees_the_truth(&kernel, page));
        }
    }
    size_t walks = kernel.processor.walks, kept = kernel.kept;
    for (unsigned round = 0; round < 10; round++)
        for (unsigned i = 0; i < SPACES; i++) {
            switch_to(&kernel, i);
            for (unsigned page = 0; page < PAGES; page++)
                assert_true(sees_the_truth(&kernel, page));
        }
    assert_int_equal(kernel.processor.walks, walks);
    assert_int_equal(kernel.kept, kept + 10 * SPACES);
    end(&kernel);
}

/* With one id for all, each switch to another space flushes, and walks all anew. */
static void too_few_ids_keep_nothing(void **state)
{
    static struct kernel kernel;
    (void)state;

    start(&kernel, 1, 1);
    for (unsigned i = 0; i < 20; i++)
        switch_to(&kernel, (i + 1) % SPACES);
    assert_int_equal(kernel.kept, 0);
    end(&kernel);
}

static void nothing_stale_is_ever_used(void **state)
{
    (void)state;

    for (unsigned ids = 1; ids <= SPACES; ids++)
        for (uint64_t seed = 1; seed <= 8; seed++) {
            static struct kernel kernel;

            start(&kernel, ids, seed);
            unsigned steps = run(&kernel, 5000);
            if (steps != 5000)
                fail_msg("%u ids, seed %lu: a stale translation at step %u", ids,
                         (unsigned long)seed, steps);
            assert_true(ids == 1 || kernel.kept > kernel.switches / 20);
            end(&kernel);
        }
}

/* What a kernel that forgets the drop would get: the model does notice. */
static void a_lacking_drop_shows(void **state)
{
    static struct kernel kernel;
    (void)state;

    start(&kernel, SPACES, 1);
    kernel.drops = false;
    assert_true(run(&kernel, 5000) < 5000);
    end(&kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_switch_keeps_what_was_cached),
        cmocka_unit_test(too_few_ids_keep_nothing),
        cmocka_unit_test(nothing_stale_is_ever_used),
        cmocka_unit_test(a_lacking_drop_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
