/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forks: what both see afterwards, that they happen whole or not at all, and random lives of
 * several spaces, which read, write, fork, unmap and end, against a model of every byte.
 *
 * In the random lives each space has a processor with a translation cache, which goes on using
 * what it holds until the library says that it is to be flushed.  So a flush that the library
 * forgot to ask for, or a frame that it released before the flush, shows as wrong bytes.
 */
#include "pagetables/resolve.h"
#include "pagetables/tests/owned.h"

#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0x40000000)
#define AREA UINT64_C(0x40000000)
#define COW  OWNED_COPY_ON_WRITE

struct scene {
    struct owned owned;
    struct owned_vm a, b;
};

static void scene_start(struct scene *scene, unsigned levels, size_t frames)
{
    struct pgt_arch arch = suite_arch(levels);
    owned_start(&scene->owned, BASE, frames, 13);
    owned_make(&scene->owned, &scene->a, &arch);
    owned_make(&scene->owned, &scene->b, &arch);
}

static void scene_end(struct scene *scene)
{
    owned_check(&scene->owned, &scene->a);
    owned_check(&scene->owned, &scene->b);
    owned_destroy(&scene->b);
    owned_destroy(&scene->a);
    owned_end(&scene->owned);
}

static struct pgt_leaf leaf_of(const struct owned_vm *vm, uint64_t virt)
{
    struct pgt_leaf leaf = {0};
    if (!pgt_lookup(&vm->space, virt, &leaf))
        fail_msg("nothing at %#lx", (unsigned long)virt);
    return leaf;
}

/* ---- one fork --------------------------------------------------------------- */

static void both_read_and_neither_writes(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        struct pgt_flush flush = {0};
        struct pgt_leaf leaf;
        scene_start(&s, levels, 64);
        owned_add(&s.a, AREA, 0x10000, PGT_AREA_PLAIN, 0);
        owned_add(&s.a, AREA + 0x10000, 0x1000, PGT_AREA_GUARD, 0);
        owned_add(&s.a, TOP_PAGE, 0x1000, PGT_AREA_DEMAND_ZERO, RW | PGT_USER);
        uint64_t written = owned_frame(&s.owned, 1), code = owned_frame(&s.owned, 2);
        uint64_t top = owned_frame(&s.owned, 3);
        owned_map(&s.a, AREA, 0x1000, RW, written, 1);
        owned_map(&s.a, AREA + 0x1000, 0x1000, RX | PGT_USER, code, 2);
        owned_map(&s.a, AREA + 0x2000, 0x1000, RO, s.owned.zero_frame, COW);
        owned_map(&s.a, TOP_PAGE, 0x1000, RW | PGT_USER, top, 0);
        assert_int_equal(pgt_vm_fork(&s.b.vm, &s.a.vm, &flush), PGT_OK);
        arena_assert_settled(&s.owned.arena);

        assert_int_equal(s.b.vm.count, 3);
        assert_memory_equal(s.b.area, s.a.area, 3 * sizeof(s.a.area[0]));
        for (const struct owned_vm *vm = &s.a; vm; vm = vm == &s.a ? &s.b : NULL) {
            leaf = leaf_of(vm, AREA);
            assert_true(leaf.phys == written && leaf.rights == RO && leaf.software == (COW | 1));
            leaf = leaf_of(vm, AREA + 0x1000); /* was never writable: nothing to copy */
            assert_true(leaf.phys == code && leaf.rights == (RX | PGT_USER) && leaf.software == 2);
            leaf = leaf_of(vm, AREA + 0x2000);
            assert_true(leaf.phys == s.owned.zero_frame && leaf.software == COW);
            leaf = leaf_of(vm, TOP_PAGE);
            assert_true(leaf.phys == top && leaf.rights == (RO | PGT_USER));
        }
        assert_int_equal(owned_owners(&s.owned, written), 2);
        assert_int_equal(owned_owners(&s.owned, code), 2);
        assert_int_equal(owned_owners(&s.owned, top), 2);
        /* What a processor may still have cached of the origin. */
        assert_true(flush.needed);
        assert_int_equal(suite_flush_first(&flush), AREA);
        assert_int_equal(suite_flush_last(&flush), UINT64_MAX);

        enum pgt_outcome outcome;
        assert_true(pgt_resolve(&s.b.vm, TOP_PAGE, 7, &flush, &outcome));
        assert_int_equal(outcome, PGT_COPIED);
        assert_true(pgt_resolve(&s.a.vm, TOP_PAGE, 7, &flush, &outcome));
        assert_int_equal(outcome, PGT_GAVE_WRITE);
        scene_end(&s);
    }
}

/* Large leaves stay large in both; mappings outside of areas stay behind. */
static void leaves_keep_their_size(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    struct pgt_leaf leaf;
    (void)state;

    scene_start(&s, 4, 1600);
    owned_add(&s.a, AREA, 2 * MIB, PGT_AREA_PLAIN, 0);
    uint64_t run = owned_run(&s.owned, 512, 0);
    owned_map(&s.a, AREA, 2 * MIB, RW, run, 0);
    struct pgt_mapping outside = {.virt = AREA + 4 * MIB, .phys = 0, .bytes = GIB, .rights = RW};
    assert_int_equal(pgt_map(&s.a.space, &outside, &flush), PGT_OK);
    assert_int_equal(pgt_vm_fork(&s.b.vm, &s.a.vm, &flush), PGT_OK);
    assert_int_equal(leaf_of(&s.a, AREA).bytes, 2 * MIB);
    assert_int_equal(leaf_of(&s.b, AREA).bytes, 2 * MIB);
    assert_false(pgt_lookup(&s.b.space, AREA + 4 * MIB, &leaf));
    assert_int_equal(leaf_of(&s.a, AREA + 4 * MIB).rights, RW);
    for (uint64_t i = 0; i < 512; i++)
        assert_int_equal(owned_owners(&s.owned, run + i * 0x1000), 2);
    scene_end(&s);
}

/* ---- all or nothing --------------------------------------------------------- */

/* Several areas, of which some share tables, one is large, and some frames are nobody's. */
static void prepare(struct scene *s)
{
    scene_start(s, 4, 1600);
    uint64_t run = owned_run(&s->owned, 512, 0); /* before all that lie anywhere */
    owned_add(&s->a, AREA, 0x4000, PGT_AREA_PLAIN, 0);
    owned_add(&s->a, AREA + 0x4000, 0x4000, PGT_AREA_DEMAND_ZERO, RW);
    owned_add(&s->a, AREA + 0x8000, 0x1000, PGT_AREA_GUARD, 0);
    owned_add(&s->a, AREA + 2 * MIB, 2 * MIB, PGT_AREA_PLAIN, 0);
    owned_add(&s->a, AREA + 8 * GIB, 0x4000, PGT_AREA_PLAIN, 0);
    owned_add(&s->a, UPPER_4, 0x4000, PGT_AREA_PLAIN, 0);
    owned_map(&s->a, AREA, 0x1000, RW, owned_frame(&s->owned, 1), 0);
    owned_map(&s->a, AREA + 0x3000, 0x1000, RO, owned_frame(&s->owned, 2), 0);
    owned_map(&s->a, AREA + 0x4000, 0x1000, RO, s->owned.zero_frame, COW);
    owned_map(&s->a, AREA + 0x5000, 0x1000, RW, owned_frame(&s->owned, 3), 0);
    owned_map(&s->a, AREA + 2 * MIB, 2 * MIB, RW, run, 0);
    owned_map(&s->a, AREA + 8 * GIB, 0x1000, RW, 4 * GIB, 0); /* a device */
    owned_map(&s->a, UPPER_4 + 0x3000, 0x1000, RW, owned_frame(&s->owned, 4), 0);
}

static void refuse(struct scene *s, enum pgt_status status)
{
    struct pgt_flush flush = {0};
    struct arena_snapshot before = arena_snapshot(&s->owned.arena);
    size_t count = s->owned.arena.count;
    unsigned *owners = malloc(count * sizeof(*owners));
    size_t tables = pgt_tables(&s->a.space, NULL, 0);

    assert_non_null(owners);
    memcpy(owners, s->owned.owners, count * sizeof(*owners));
    assert_int_equal(pgt_vm_fork(&s->b.vm, &s->a.vm, &flush), status);
    assert_memory_equal(owners, s->owned.owners, count * sizeof(*owners));
    free(owners);
    assert_false(flush.needed || flush.widened || flush.count);
    assert_int_equal(s->b.vm.count, 0);
    assert_int_equal(pgt_tables(&s->a.space, NULL, 0), tables);
    /* Tables that were made for the clone are free again, and only they were written. */
    before.takes = s->owned.arena.takes;
    before.gives = s->owned.arena.gives;
    arena_assert_unchanged(&s->owned.arena, &before);
    owned_check(&s->owned, &s->a);
    owned_check(&s->owned, &s->b);
}

/* Each share that the fork needs is refused in turn: by the source, and by a count at its
 * limit. */
static void a_fork_whose_shares_ran_out(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    (void)state;

    prepare(&s);
    for (size_t share = 1; share <= 516; share += share < 6 || share > 508 ? 1 : 37) {
        s.owned.refuse_share_in = share;
        refuse(&s, PGT_NO_FRAMES);
        assert_int_equal(s.owned.refuse_share_in, 0);
    }
    s.owned.limit = 1;
    refuse(&s, PGT_NO_FRAMES);
    s.owned.limit = 2;
    s.owned.refuse_share_in = 517; /* that is all there are */
    assert_int_equal(pgt_vm_fork(&s.b.vm, &s.a.vm, &flush), PGT_OK);
    assert_int_equal(s.owned.refuse_share_in, 1);
    scene_end(&s);
}

static void a_fork_whose_tables_ran_out(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    size_t tables = 0;
    (void)state;

    prepare(&s);
    for (;; tables++) {
        s.owned.arena.limit = s.owned.arena.outstanding + tables;
        if (tables == pgt_tables(&s.a.space, NULL, 0) - 1)
            break;
        refuse(&s, PGT_NO_FRAMES);
    }
    assert_int_equal(pgt_vm_fork(&s.b.vm, &s.a.vm, &flush), PGT_OK);
    assert_int_equal(pgt_tables(&s.b.space, NULL, 0), pgt_tables(&s.a.space, NULL, 0));
    s.owned.arena.limit = s.owned.arena.count;
    scene_end(&s);
}

static void forks_that_are_refused(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    (void)state;

    prepare(&s);
    s.b.vm.capacity = 5;
    refuse(&s, PGT_NO_FRAMES);
    s.b.vm.capacity = OWNED_AREAS;
    /* In the last area, so that all others are cloned before, and taken back. */
    struct pgt_mapping mapping = {
        .virt = UPPER_4 + 0x2000, .phys = 5 * GIB, .bytes = 0x1000, .rights = RO};
    assert_int_equal(pgt_map(&s.b.space, &mapping, &flush), PGT_OK);
    refuse(&s, PGT_OCCUPIED);
    assert_int_equal(leaf_of(&s.b, UPPER_4 + 0x2000).phys, 5 * GIB);
    assert_int_equal(pgt_unmap(&s.b.space, UPPER_4 + 0x2000, 0x1000, &flush), PGT_OK);
    /* Leaves that reach out of an area, at either end. */
    struct pgt_mapping large = {.virt = AREA + 16 * GIB, .phys = 0, .bytes = 2 * MIB, .rights = RO};
    assert_int_equal(pgt_map(&s.a.space, &large, &flush), PGT_OK);
    for (uint64_t at = 0; at <= MIB; at += MIB) {
        owned_add(&s.a, large.virt + at, MIB, PGT_AREA_PLAIN, 0);
        flush = (struct pgt_flush){0};
        refuse(&s, PGT_MALFORMED);
        struct pgt_flush cut = {0};
        s.a.vm.count--; /* the last but UPPER_4's */
        s.a.area[s.a.vm.count - 1] = s.a.area[s.a.vm.count];
        (void)cut;
    }
    assert_int_equal(pgt_vm_fork(&s.b.vm, &s.a.vm, &flush), PGT_OK);
    scene_end(&s);
}

/* ---- random lives ----------------------------------------------------------- */

#define SPACES 6
#define PAGES  80 /* that the model knows, in a small area each and two of 2M */
#define WORDS  3  /* of a page, at odd places */
#define NOBODY UINT64_MAX

/* Where page n of the model is. */
static uint64_t page_virt(unsigned page)
{
    if (page < 24) /* plain */
        return AREA + page * PGT_PAGE;
    if (page < 56) /* demand-zero, next to it */
        return AREA + 24 * PGT_PAGE + (page - 24) * PGT_PAGE;
    if (page < 72) /* among the pages of a leaf of 2M */
        return AREA + 2 * MIB + (page - 56) * 29 * PGT_PAGE;
    return UINT64_C(0) - (80 - page) * PGT_PAGE; /* up to the end of the address space */
}

static unsigned word_index(unsigned word)
{
    static const unsigned index[WORDS] = {0, 301, 511};
    return index[word];
}

struct page {
    bool mapped; /* or will be, when touched */
    bool lazy;   /* in a demand-zero area */
    uint64_t word[WORDS];
};

/* A cached translation. */
struct cached {
    bool valid;
    bool writable;
    uint64_t frame;
};

struct life {
    bool alive;
    struct owned_vm vm;
    struct page page[PAGES];
    struct cached cached[PAGES];
};

struct lives {
    struct owned owned;
    struct pgt_arch arch;
    struct life life[SPACES];
    struct life *current; /* which makes the call at the moment */
    uint64_t random;
    unsigned long reads, writes, copies, reuses, zeroed, forks, ends, refused, unmaps;
};

static uint64_t dice(struct lives *l, uint64_t sides)
{
    return arena_random(&l->random) % sides;
}

static void flush_cache(struct life *life, const struct pgt_flush *flush)
{
    if (!flush->needed && !flush->widened)
        return;
    for (unsigned page = 0; page < PAGES; page++) {
        uint64_t virt = page_virt(page);
        if (flush->everything)
            life->cached[page].valid = false;
        for (unsigned i = 0; i < flush->count; i++)
            if (flush->range[i].first <= virt && virt <= flush->range[i].last)
                life->cached[page].valid = false;
    }
}

static void life_forget(void *context, struct pgt_flush *flush)
{
    flush_cache(context, flush);
}

/* Nobody lets go of a frame that its processor still has a translation to. */
static void life_released(void *context, uint64_t frame)
{
    struct lives *l = context;
    for (unsigned page = 0; l->current && page < PAGES; page++)
        if (l->current->cached[page].valid && l->current->cached[page].frame == frame &&
            l->current->vm.vm.forget)
            fail_msg("frame %#lx is released while page %u is cached", (unsigned long)frame, page);
}

/* One access as a processor makes it; false where it would fault, with the error code. */
static bool translate(struct lives *l, struct life *life, unsigned page, bool write,
                      uint64_t *ret_frame, uint64_t *ret_code)
{
    struct cached *cached = &life->cached[page];
    if (cached->valid && (cached->writable || !write)) {
        *ret_frame = cached->frame;
        return true;
    }
    uint64_t virt = page_virt(page);
    struct walk_leaf leaf = walk(&l->owned.arena, &l->arch, life->vm.space.root, virt);
    assert_true(leaf.kind == WALK_LEAF || leaf.kind == WALK_ABSENT);
    bool present = leaf.kind == WALK_LEAF;
    *ret_code = (present ? PGT_ERROR_PRESENT : 0) | (write ? PGT_ERROR_WRITE : 0);
    if (!present || (write && !(leaf.rights & PGT_WRITE))) {
        cached->valid = false; /* a fault drops it (SDM 4.10.4.1) */
        return false;
    }
    *cached = (struct cached){true, leaf.rights & PGT_WRITE, leaf.phys + (virt - leaf.virt)};
    *ret_frame = cached->frame;
    return true;
}

/* Faults until it works, or the fault is not resolved: NOBODY then. */
static uint64_t access_page(struct lives *l, struct life *life, unsigned page, bool write)
{
    uint64_t frame, code;
    for (unsigned tries = 0; tries < 3; tries++) {
        if (translate(l, life, page, write, &frame, &code))
            return frame;
        struct pgt_flush flush = {0};
        enum pgt_outcome outcome;
        l->current = life;
        bool resolved =
            pgt_resolve(&life->vm.vm, page_virt(page) + dice(l, 4096), code, &flush, &outcome);
        l->current = NULL;
        flush_cache(life, &flush);
        l->copies += outcome == PGT_COPIED;
        l->reuses += outcome == PGT_GAVE_WRITE;
        l->zeroed += outcome == PGT_ZEROED;
        if (!resolved) {
            bool mapped = life->page[page].mapped;
            assert_int_equal(outcome, mapped ? PGT_FAULT_NO_FRAMES : PGT_FAULT_NOT_MAPPED);
            l->refused += mapped;
            return NOBODY;
        }
        /* A read of a page that was never touched gets the zero frame, and so on. */
        assert_true(life->page[page].mapped);
    }
    fail_msg("page %u goes on faulting", page);
    return NOBODY;
}

static void check_words(const struct lives *l, const struct page *model, uint64_t frame)
{
    const uint64_t *words = owned_words(&l->owned, frame);
    for (unsigned i = 0; i < WORDS; i++)
        if (words[word_index(i)] != model->word[i])
            fail_msg("word %u of frame %#lx is %#lx, not %#lx", word_index(i), (unsigned long)frame,
                     (unsigned long)words[word_index(i)], (unsigned long)model->word[i]);
}

static void do_read(struct lives *l, struct life *life, unsigned page)
{
    uint64_t frame = access_page(l, life, page, false);
    if (frame == NOBODY)
        return;
    check_words(l, &life->page[page], frame);
    l->reads++;
}

static void do_write(struct lives *l, struct life *life, unsigned page)
{
    uint64_t frame = access_page(l, life, page, true);
    unsigned word = (unsigned)dice(l, WORDS);
    if (frame == NOBODY)
        return;
    assert_int_not_equal(frame, l->owned.zero_frame);
    check_words(l, &life->page[page], frame);
    life->page[page].word[word] = arena_random(&l->random);
    owned_words(&l->owned, frame)[word_index(word)] = life->page[page].word[word];
    l->writes++;
}

static void start_life(struct lives *l, struct life *life)
{
    size_t limit = l->owned.arena.limit;
    l->owned.arena.limit = l->owned.arena.count; /* a shortage is not for the root */
    owned_make(&l->owned, &life->vm, &l->arch);
    l->owned.arena.limit = limit;
    life->alive = true;
    memset(life->page, 0, sizeof(life->page));
    memset(life->cached, 0, sizeof(life->cached));
    if (dice(l, 4) != 0) {
        life->vm.vm.forget = life_forget;
        life->vm.vm.forget_context = life;
    }
}

/* A first space, with all that there is: the others are its descendants. */
static void first_life(struct lives *l, struct life *life)
{
    uint64_t run = owned_run(&l->owned, 512, 0);
    start_life(l, life);
    owned_add(&life->vm, AREA, 24 * PGT_PAGE, PGT_AREA_PLAIN, 0);
    owned_add(&life->vm, AREA + 24 * PGT_PAGE, 32 * PGT_PAGE, PGT_AREA_DEMAND_ZERO, RW);
    owned_add(&life->vm, AREA + 56 * PGT_PAGE, 8 * PGT_PAGE, PGT_AREA_GUARD, 0);
    owned_add(&life->vm, AREA + 2 * MIB, 2 * MIB, PGT_AREA_PLAIN, 0);
    owned_add(&life->vm, UINT64_C(0) - 8 * PGT_PAGE, 8 * PGT_PAGE, PGT_AREA_DEMAND_ZERO, RWX);
    owned_map(&life->vm, AREA + 2 * MIB, 2 * MIB, RW, run, 1);
    for (unsigned page = 0; page < PAGES; page++) {
        struct page *model = &life->page[page];
        uint64_t number = (page_virt(page) - AREA - 2 * MIB) / PGT_PAGE;
        model->lazy = (page >= 24 && page < 56) || page >= 72;
        model->mapped = page % 5 != 4 || model->lazy || page >= 56;
        for (unsigned i = 0; i < WORDS; i++)
            model->word[i] = model->lazy ? 0 : page < 56 ? page : number;
        if (page < 24 && model->mapped)
            owned_map(&life->vm, page_virt(page), PGT_PAGE, RW, owned_frame(&l->owned, page), 2);
    }
}

static void do_fork(struct lives *l, struct life *from)
{
    struct pgt_flush flush = {0};
    struct life *to = NULL;
    for (unsigned i = 0; i < SPACES; i++)
        if (!l->life[i].alive)
            to = &l->life[i];
    if (!to)
        return;
    start_life(l, to);
    enum pgt_status status = pgt_vm_fork(&to->vm.vm, &from->vm.vm, &flush);
    arena_assert_settled(&l->owned.arena);
    if (status) {
        assert_int_equal(status, PGT_NO_FRAMES);
        assert_false(flush.needed || flush.count);
        owned_destroy(&to->vm);
        to->alive = false;
        l->refused++;
        return;
    }
    flush_cache(from, &flush);
    memcpy(to->page, from->page, sizeof(to->page));
    l->forks++;
}

static void do_unmap(struct lives *l, struct life *life)
{
    struct pgt_flush flush = {0};
    unsigned first = (unsigned)dice(l, PAGES), last = first + (unsigned)dice(l, 4);
    if (last >= PAGES || (page_virt(first) ^ page_virt(last)) >> 63) /* no range crosses the hole */
        last = first;
    uint64_t bytes = page_virt(last) - page_virt(first) + PGT_PAGE;
    l->current = life;
    enum pgt_status status = pgt_vm_unmap(&life->vm.vm, page_virt(first), bytes, &flush);
    l->current = NULL;
    if (status) {
        assert_int_equal(status, PGT_NO_FRAMES);
        l->refused++;
        return;
    }
    flush_cache(life, &flush);
    for (unsigned page = first; page <= last; page++) {
        life->page[page].mapped = life->page[page].lazy;
        memset(life->page[page].word, 0, sizeof(life->page[page].word));
    }
    l->unmaps++;
}

static void do_map(struct lives *l, struct life *life)
{
    unsigned page = (unsigned)dice(l, 24);
    struct page *model = &life->page[page];
    if (model->mapped)
        return;
    uint64_t word = arena_random(&l->random);
    uint64_t frame = owned_frame(&l->owned, word);
    const struct pgt_mapping mapping = {
        .virt = page_virt(page), .phys = frame, .bytes = PGT_PAGE, .rights = RW};
    if (pgt_vm_map(&life->vm.vm, &mapping) != PGT_OK) {
        l->owned.source.release(&l->owned, frame);
        return;
    }
    model->mapped = true;
    for (unsigned i = 0; i < WORDS; i++)
        model->word[i] = word;
}

static void do_end(struct lives *l, struct life *life)
{
    unsigned alive = 0;
    for (unsigned i = 0; i < SPACES; i++)
        alive += l->life[i].alive;
    if (alive == 1)
        return;
    owned_destroy(&life->vm);
    life->alive = false;
    l->ends++;
}

/* Sometimes frames, tables or shares run out. */
static void set_shortage(struct lives *l)
{
    struct arena *arena = &l->owned.arena;
    l->owned.refuse_in = dice(l, 6) == 0 ? 1 + dice(l, 2) : 0;
    l->owned.refuse_share_in = dice(l, 6) == 0 ? 1 + dice(l, 560) : 0;
    arena->limit = dice(l, 6) == 0 ? arena->outstanding + dice(l, 5) : arena->count;
}

static void no_shortage(struct lives *l)
{
    l->owned.refuse_in = 0;
    l->owned.refuse_share_in = 0;
    l->owned.arena.limit = l->owned.arena.count;
}

static void step(struct lives *l)
{
    struct life *life = &l->life[dice(l, SPACES)];
    uint64_t what = dice(l, 1000);
    unsigned page = (unsigned)dice(l, PAGES);
    if (!life->alive)
        return;
    if (what < 990)
        set_shortage(l);
    if (what < 400)
        do_read(l, life, page);
    else if (what < 850)
        do_write(l, life, page);
    else if (what < 900)
        do_unmap(l, life);
    else if (what < 960)
        do_fork(l, life);
    no_shortage(l);
    if (what >= 960 && what < 980)
        do_map(l, life);
    else if (what >= 980)
        do_end(l, life);
}

/* Every page of every space, as its processor would read it. */
static void check_all(struct lives *l)
{
    for (unsigned i = 0; i < SPACES; i++) {
        struct life *life = &l->life[i];
        for (unsigned page = 0; life->alive && page < PAGES; page++)
            do_read(l, life, page);
        if (life->alive)
            owned_check(&l->owned, &life->vm);
    }
}

static void live(unsigned levels, uint64_t seed, unsigned steps)
{
    struct lives *l = calloc(1, sizeof(*l));
    assert_non_null(l);
    l->random = (seed << 4 | levels) * 2 + 1;
    l->arch = suite_arch(levels);
    owned_start(&l->owned, BASE, 4096, seed);
    l->owned.released = life_released;
    l->owned.released_context = l;
    first_life(l, &l->life[0]);
    for (unsigned i = 0; i < steps; i++) {
        step(l);
        if (i % 512 == 0)
            check_all(l);
    }
    check_all(l);
    print_message("seed %lu, %u levels: %lu reads, %lu writes, %lu copies, %lu reuses, %lu zeroed, "
                  "%lu forks, %lu unmaps, %lu ends, %lu refused\n",
                  (unsigned long)seed, levels, l->reads, l->writes, l->copies, l->reuses, l->zeroed,
                  l->forks, l->unmaps, l->ends, l->refused);
    assert_true(l->copies > 100 && l->reuses > 20 && l->zeroed > 100 && l->forks > 50 &&
                l->unmaps > 100 && l->ends > 50 && l->refused > 50);
    for (unsigned i = 0; i < SPACES; i++)
        if (l->life[i].alive)
            owned_destroy(&l->life[i].vm);
    owned_end(&l->owned);
    free(l);
}

/* SEED=n replays one. */
static void random_lives(void **state)
{
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20251120;
    (void)state;
    for (unsigned i = 0; i < (given ? 1 : 4); i++)
        for (unsigned levels = 4; levels <= 5; levels++)
            live(levels, seed + i, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_read_and_neither_writes),
        cmocka_unit_test(leaves_keep_their_size),
        cmocka_unit_test(a_fork_whose_shares_ran_out),
        cmocka_unit_test(a_fork_whose_tables_ran_out),
        cmocka_unit_test(forks_that_are_refused),
        cmocka_unit_test(random_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
