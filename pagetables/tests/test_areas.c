/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Areas: kept sorted and apart, found, cut; and what is mapped in them, with the shares of its
 * frames: mapped, unmapped, destroyed.
 */
#include "pagetables/resolve.h"
#include "pagetables/tests/owned.h"

#include <string.h>

#define BASE UINT64_C(0x40000000)
#define AREA UINT64_C(0x40000000)
#define COW  OWNED_COPY_ON_WRITE

struct scene {
    struct owned owned;
    struct owned_vm a;
};

static void scene_start(struct scene *scene, unsigned levels, size_t frames)
{
    struct pgt_arch arch = suite_arch(levels);
    owned_start(&scene->owned, BASE, frames, 11);
    owned_make(&scene->owned, &scene->a, &arch);
}

static void scene_end(struct scene *scene)
{
    owned_check(&scene->owned, &scene->a);
    owned_destroy(&scene->a);
    owned_end(&scene->owned);
}

static enum pgt_status add(struct scene *s, uint64_t virt, uint64_t bytes, enum pgt_area_kind kind,
                           unsigned rights)
{
    const struct pgt_area area = {virt, bytes, kind, rights};
    return pgt_vm_add(&s->a.vm, &area);
}

static struct pgt_flush unmap(struct scene *s, uint64_t virt, uint64_t bytes)
{
    struct pgt_flush flush = {0};
    assert_int_equal(pgt_vm_unmap(&s->a.vm, virt, bytes, &flush), PGT_OK);
    arena_assert_settled(&s->owned.arena);
    owned_check(&s->owned, &s->a);
    return flush;
}

/* A call that shall leave every byte, every owner and every area as it was. */
#define REFUSE(scene, call, status)                                                                \
    do {                                                                                           \
        struct arena_snapshot before_ = arena_snapshot(&(scene)->owned.arena);                     \
        struct pgt_area areas_[OWNED_AREAS];                                                       \
        unsigned count_ = (scene)->a.vm.count;                                                     \
        size_t outstanding_ = (scene)->owned.outstanding;                                          \
        memcpy(areas_, (scene)->a.area, sizeof(areas_));                                           \
        assert_int_equal((call), (status));                                                        \
        arena_assert_unchanged(&(scene)->owned.arena, &before_);                                   \
        assert_int_equal((scene)->owned.outstanding, outstanding_);                                \
        assert_int_equal((scene)->a.vm.count, count_);                                             \
        assert_memory_equal((scene)->a.area, areas_, sizeof(areas_));                              \
        owned_check(&(scene)->owned, &(scene)->a);                                                 \
    } while (0)

/* ---- the list --------------------------------------------------------------- */

static void areas_that_are_none(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 16);
        REFUSE(&s, add(&s, AREA, 0, PGT_AREA_PLAIN, 0), PGT_BAD_RANGE);
        REFUSE(&s, add(&s, AREA, 0x1001, PGT_AREA_PLAIN, 0), PGT_MISALIGNED);
        REFUSE(&s, add(&s, AREA + 8, 0x1000, PGT_AREA_PLAIN, 0), PGT_MISALIGNED);
        REFUSE(&s, add(&s, TOP_PAGE, 0x2000, PGT_AREA_PLAIN, 0), PGT_BAD_RANGE);
        REFUSE(&s, add(&s, levels == 4 ? LOWER_LAST_4 : LOWER_LAST_5, 0x2000, PGT_AREA_GUARD, 0),
               PGT_BAD_RANGE);
        REFUSE(&s, add(&s, AREA, 0x1000, (enum pgt_area_kind)3, RO), PGT_BAD_RIGHTS);
        REFUSE(&s, add(&s, AREA, 0x1000, PGT_AREA_DEMAND_ZERO, 0), PGT_BAD_RIGHTS);
        REFUSE(&s, add(&s, AREA, 0x1000, PGT_AREA_DEMAND_ZERO, PGT_USER), PGT_BAD_RIGHTS);
        REFUSE(&s, add(&s, AREA, 0x1000, PGT_AREA_DEMAND_ZERO, RW | PGT_GLOBAL), PGT_BAD_RIGHTS);
        REFUSE(&s, add(&s, AREA, 0x1000, PGT_AREA_DEMAND_ZERO, RW | 64), PGT_BAD_RIGHTS);
        s.a.space.arch.no_execute = false; /* then all that is mapped can be executed */
        REFUSE(&s, add(&s, AREA, 0x1000, PGT_AREA_DEMAND_ZERO, RW), PGT_BAD_RIGHTS);
        assert_int_equal(add(&s, AREA, 0x1000, PGT_AREA_DEMAND_ZERO, RWX), PGT_OK);
        s.a.space.arch.no_execute = true;
        scene_end(&s);
    }
}

static void the_array_can_be_full(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    (void)state;

    scene_start(&s, 4, 16);
    for (uint64_t i = 0; i < OWNED_AREAS; i++)
        assert_int_equal(add(&s, AREA + i * 0x4000, 0x3000, PGT_AREA_PLAIN, 0), PGT_OK);
    REFUSE(&s, add(&s, AREA + GIB, 0x1000, PGT_AREA_PLAIN, 0), PGT_NO_FRAMES);
    REFUSE(&s, pgt_vm_remove(&s.a.vm, AREA + 0x1000, 0x1000, &flush), PGT_NO_FRAMES);
    /* A cut at an end, or across several, needs no room. */
    assert_int_equal(pgt_vm_remove(&s.a.vm, AREA, 0x1000, &flush), PGT_OK);
    assert_int_equal(pgt_vm_remove(&s.a.vm, AREA + 0x2000, 0x3000, &flush), PGT_OK);
    assert_int_equal(s.a.vm.count, OWNED_AREAS);
    assert_int_equal(pgt_vm_remove(&s.a.vm, AREA + 0x8000, 0x3000, &flush), PGT_OK);
    assert_int_equal(s.a.vm.count, OWNED_AREAS - 1);
    assert_int_equal(pgt_vm_remove(&s.a.vm, AREA + 0xd000, 0x1000, &flush), PGT_OK);
    assert_int_equal(s.a.vm.count, OWNED_AREAS);
    scene_end(&s);
}

/* Against one byte a page; the last page of the address space is among them. */
#define PAGES      64
#define FIRST_PAGE (UINT64_C(0) - PAGES * PGT_PAGE)

static void assert_list(const struct scene *s, const uint8_t model[PAGES])
{
    unsigned at = 0;
    for (unsigned page = 0; page < PAGES; page++) {
        uint64_t virt = FIRST_PAGE + page * PGT_PAGE;
        const struct pgt_area *area = pgt_vm_area(&s->a.vm, virt + 0x123);
        assert_int_equal(area != NULL, model[page] != 0);
        if (area == NULL)
            continue;
        assert_int_equal(area->rights, RO | (model[page] & 1 ? PGT_WRITE : 0) |
                                           (model[page] & 2 ? PGT_EXECUTE : 0));
        assert_true(virt >= area->virt && virt - area->virt < area->bytes);
    }
    for (at = 1; at < s->a.vm.count; at++) {
        const struct pgt_area *before = &s->a.area[at - 1];
        assert_true(before->virt + (before->bytes - 1) < s->a.area[at].virt);
        assert_true(s->a.area[at].bytes > 0);
    }
    assert_null(pgt_vm_area(&s->a.vm, FIRST_PAGE - 1));
    assert_null(pgt_vm_area(&s->a.vm, 0));
}

static void the_list_against_a_map_of_pages(void **state)
{
    uint64_t random = 20251120;
    uint8_t model[PAGES] = {0};
    unsigned long added = 0, removed = 0;
    struct scene s;
    (void)state;

    scene_start(&s, 4, 16);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned first = (unsigned)(arena_random(&random) % PAGES);
        unsigned pages = 1 + (unsigned)(arena_random(&random) % 9);
        uint64_t virt = FIRST_PAGE + first * PGT_PAGE;
        if (first + pages > PAGES)
            pages = PAGES - first;
        if (arena_random(&random) & 1) {
            uint8_t tag = 4 | (arena_random(&random) & 3);
            bool empty = true;
            for (unsigned i = first; i < first + pages; i++)
                empty = empty && model[i] == 0;
            unsigned rights = RO | (tag & 1 ? PGT_WRITE : 0) | (tag & 2 ? PGT_EXECUTE : 0);
            enum pgt_status expected = !empty                        ? PGT_OCCUPIED
                                       : s.a.vm.count == OWNED_AREAS ? PGT_NO_FRAMES
                                                                     : PGT_OK;
            assert_int_equal(add(&s, virt, pages * PGT_PAGE, PGT_AREA_DEMAND_ZERO, rights),
                             expected);
            if (expected == PGT_OK)
                memset(&model[first], tag, pages);
            added += expected == PGT_OK;
        } else {
            struct pgt_flush flush = {0};
            unsigned count = s.a.vm.count;
            enum pgt_status status = pgt_vm_remove(&s.a.vm, virt, pages * PGT_PAGE, &flush);
            if (status == PGT_OK)
                memset(&model[first], 0, pages);
            else
                assert_true(status == PGT_NO_FRAMES && count == OWNED_AREAS);
            removed += status == PGT_OK;
        }
        assert_list(&s, model);
    }
    assert_true(added > 1000 && removed > 1000);
    scene_end(&s);
}

/* ---- mapping ---------------------------------------------------------------- */

static enum pgt_status map(struct scene *s, uint64_t virt, uint64_t bytes, unsigned rights,
                           uint64_t phys)
{
    const struct pgt_mapping mapping = {
        .virt = virt, .phys = phys, .bytes = bytes, .rights = rights};
    return pgt_vm_map(&s->a.vm, &mapping);
}

static void mappings_stay_in_one_area(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 32);
    assert_int_equal(add(&s, AREA, 0x4000, PGT_AREA_PLAIN, 0), PGT_OK);
    assert_int_equal(add(&s, AREA + 0x4000, 0x4000, PGT_AREA_DEMAND_ZERO, RW), PGT_OK);
    assert_int_equal(add(&s, AREA + 0x8000, 0x4000, PGT_AREA_GUARD, 0), PGT_OK);
    uint64_t run = owned_run(&s.owned, 2, 1);
    REFUSE(&s, map(&s, AREA + 0x3000, 0x2000, RW, run), PGT_BAD_RANGE);
    REFUSE(&s, map(&s, AREA - 0x1000, 0x2000, RW, run), PGT_BAD_RANGE);
    REFUSE(&s, map(&s, AREA + 0x8000, 0x1000, RW, run), PGT_BAD_RANGE);
    REFUSE(&s, map(&s, AREA + 0xc000, 0x1000, RW, run), PGT_BAD_RANGE);
    REFUSE(&s, map(&s, AREA + 1, 0x1000, RW, run), PGT_MISALIGNED);
    REFUSE(&s, map(&s, AREA, 0x1000, RW | PGT_GLOBAL, run), PGT_BAD_RIGHTS);
    REFUSE(&s, map(&s, AREA, 0x1000, 0, run), PGT_BAD_RIGHTS);
    struct pgt_mapping promoted = {
        .virt = AREA, .phys = run, .bytes = 0x1000, .rights = RW, .promote = true};
    REFUSE(&s, pgt_vm_map(&s.a.vm, &promoted), PGT_BAD_RIGHTS);
    s.owned.arena.limit = s.owned.arena.outstanding + 2;
    REFUSE(&s, map(&s, AREA, 0x2000, RW, run), PGT_NO_FRAMES);
    s.owned.arena.limit = s.owned.arena.count;
    assert_int_equal(map(&s, AREA + 0x2000, 0x2000, RW, run), PGT_OK);
    REFUSE(&s, map(&s, AREA + 0x1000, 0x2000, RW, run), PGT_OCCUPIED);
    uint64_t more = owned_run(&s.owned, 4, 1);
    assert_int_equal(map(&s, AREA + 0x4000, 0x4000, RW, more), PGT_OK); /* a whole area */
    scene_end(&s);
}

/* gopher-os: mapping the reserved zero frame writable is refused; here also where it is
 * only among what is mapped. */
static void the_zero_frame_is_never_mapped_writable(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 32);
    assert_int_equal(add(&s, AREA, 0x10000, PGT_AREA_PLAIN, 0), PGT_OK);
    uint64_t zero = s.owned.zero_frame;
    REFUSE(&s, map(&s, AREA, 0x1000, RW, zero), PGT_BAD_RIGHTS);
    REFUSE(&s, map(&s, AREA, 0x2000, RW, zero), PGT_BAD_RIGHTS);
    REFUSE(&s, map(&s, AREA, 0x2000, RW, zero - 0x1000), PGT_BAD_RIGHTS);
    REFUSE(&s, map(&s, AREA, 0x3000, RWX, zero - 0x1000), PGT_BAD_RIGHTS);
    assert_int_equal(map(&s, AREA, 0x1000, RO, zero), PGT_OK);
    /* Its neighbours may be. */
    uint64_t run = owned_run(&s.owned, 1, 0);
    assert_int_equal(map(&s, AREA + 0x1000, 0x1000, RW, run), PGT_OK);
    scene_end(&s);
}

/* ---- unmapping -------------------------------------------------------------- */

static void unmapping_releases(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 64);
        assert_int_equal(add(&s, AREA, 0x10000, PGT_AREA_PLAIN, 0), PGT_OK);
        assert_int_equal(add(&s, AREA + 0x10000, 0x10000, PGT_AREA_DEMAND_ZERO, RW), PGT_OK);
        uint64_t shared = owned_frame(&s.owned, 3);
        assert_true(s.owned.source.share(&s.owned, shared));
        assert_int_equal(map(&s, AREA + 0x1000, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
        assert_int_equal(map(&s, AREA + 0xf000, 0x1000, RW, shared), PGT_OK);
        struct pgt_flush flush = {0};
        enum pgt_outcome outcome;
        assert_true(pgt_resolve(&s.a.vm, AREA + 0x10000, PGT_ERROR_WRITE, &flush, &outcome));
        assert_true(pgt_resolve(&s.a.vm, AREA + 0x11000, 0, &flush, &outcome));
        assert_int_equal(s.owned.outstanding, 1 + 3);
        /* Nothing there. */
        flush = unmap(&s, AREA + 0x2000, 0xd000);
        assert_false(flush.needed);
        flush = unmap(&s, AREA, 0x11000);
        assert_true(flush.needed);
        assert_int_equal(suite_flush_first(&flush), AREA + 0x1000);
        assert_int_equal(suite_flush_last(&flush), AREA + 0x10fff);
        assert_int_equal(s.owned.outstanding, 1 + 1);
        assert_int_equal(owned_owners(&s.owned, shared), 1);
        /* The area stays, and reads as zeros again. */
        assert_true(pgt_resolve(&s.a.vm, AREA + 0x10000, 0, &flush, &outcome));
        assert_int_equal(outcome, PGT_MAPPED_ZERO);
        assert_true(s.owned.source.release(&s.owned, shared));
        scene_end(&s);
    }
}

/* What lies outside of areas, or in a guard, is not the vm's; nor are frames without owners. */
static void unmapping_leaves_others_alone(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    (void)state;

    scene_start(&s, 4, 64);
    assert_int_equal(add(&s, AREA, 0x1000, PGT_AREA_GUARD, 0), PGT_OK);
    assert_int_equal(add(&s, AREA + 0x1000, 0x1000, PGT_AREA_PLAIN, 0), PGT_OK);
    uint64_t device = arena_take_zeroed(&s.owned.arena);
    uint64_t frame = owned_frame(&s.owned, 1);
    for (uint64_t virt = AREA; virt < AREA + 0x3000; virt += 0x1000) {
        struct pgt_mapping mapping = {.virt = virt,
                                      .phys = virt == AREA + 0x1000 ? device : frame,
                                      .bytes = 0x1000,
                                      .rights = RW};
        assert_int_equal(pgt_map(&s.a.space, &mapping, &flush), PGT_OK);
    }
    unmap(&s, AREA - 0x1000, 0x10000);
    assert_int_equal(owned_owners(&s.owned, frame), 1);
    struct pgt_leaf leaf;
    assert_true(pgt_lookup(&s.a.space, AREA, &leaf));
    assert_false(pgt_lookup(&s.a.space, AREA + 0x1000, &leaf));
    assert_true(pgt_lookup(&s.a.space, AREA + 0x2000, &leaf));
    owned_destroy(&s.a);
    assert_int_equal(owned_owners(&s.owned, frame), 1);
    assert_true(s.owned.source.release(&s.owned, frame));
    s.owned.arena.frames.give(&s.owned.arena, device);
    owned_end(&s.owned);
}

/* A leaf in a guard isn't split, nor tables reserved for that. */
static void unmapping_passes_over_a_guard(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    struct pgt_leaf leaf;
    (void)state;

    scene_start(&s, 4, 64);
    assert_int_equal(add(&s, AREA, 2 * MIB, PGT_AREA_GUARD, 0), PGT_OK);
    assert_int_equal(add(&s, AREA + 2 * MIB, 2 * MIB, PGT_AREA_PLAIN, 0), PGT_OK);
    struct pgt_mapping mapping = {.virt = AREA, .phys = 0, .bytes = 2 * MIB, .rights = RO};
    assert_int_equal(pgt_map(&s.a.space, &mapping, &flush), PGT_OK);
    assert_int_equal(map(&s, AREA + 2 * MIB, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
    unmap(&s, AREA + 0x1000, 3 * MIB);
    assert_true(pgt_lookup(&s.a.space, AREA + 0x1000, &leaf));
    assert_int_equal(leaf.bytes, 2 * MIB);
    assert_false(pgt_lookup(&s.a.space, AREA + 2 * MIB, &leaf));
    scene_end(&s);
}

/* A leaf that the range cuts is split, and only the frames inside are released. */
static void unmapping_part_of_a_large_leaf(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 1600);
    assert_int_equal(add(&s, AREA, 4 * MIB, PGT_AREA_PLAIN, 0), PGT_OK);
    uint64_t run = owned_run(&s.owned, 512, 0);
    assert_int_equal(map(&s, AREA + 2 * MIB, 2 * MIB, RW, run), PGT_OK);
    unmap(&s, AREA, 2 * MIB + 0x3000);
    for (uint64_t i = 0; i < 512; i++)
        assert_int_equal(owned_owners(&s.owned, run + i * 0x1000), i < 3 ? 0 : 1);
    unmap(&s, AREA + 2 * MIB + 0x5000, 0x1000);
    assert_int_equal(owned_owners(&s.owned, run + 0x5000), 0);
    assert_int_equal(s.owned.outstanding, 1 + 512 - 4);
    scene_end(&s);
}

/* A leaf of 1G that the range cuts at both ends takes three tables, or four: with fewer nothing
 * at all is unmapped, though it is done in steps. */
static void unmapping_is_all_or_nothing(void **state)
{
    static const struct {
        uint64_t first, last;
        size_t tables;
    } cut[] = {
        {0x1000, GIB - 0x1000, 3}, {2 * MIB, GIB - 2 * MIB, 1},   {0x1000, 2 * MIB, 2},
        {0x1000, 0x2000, 2},       {0x1000, 2 * GIB - 0x1000, 4}, {2 * MIB, GIB, 1},
        {0, 2 * GIB, 0},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        struct scene s;
        struct pgt_flush flush = {0};
        scene_start(&s, 4, 64);
        /* Two areas, so that the range crosses from one to the other. */
        assert_int_equal(add(&s, AREA, GIB, PGT_AREA_PLAIN, 0), PGT_OK);
        assert_int_equal(add(&s, AREA + GIB, GIB, PGT_AREA_PLAIN, 0), PGT_OK);
        assert_int_equal(map(&s, AREA, GIB, RW, 8 * GIB), PGT_OK); /* frames of a device */
        assert_int_equal(map(&s, AREA + GIB, GIB, RW, 9 * GIB), PGT_OK);
        for (size_t tables = 0; tables < cut[i].tables; tables++) {
            s.owned.arena.limit = s.owned.arena.outstanding + tables;
            REFUSE(&s,
                   pgt_vm_unmap(&s.a.vm, AREA + cut[i].first, cut[i].last - cut[i].first, &flush),
                   PGT_NO_FRAMES);
            REFUSE(&s,
                   pgt_vm_remove(&s.a.vm, AREA + cut[i].first, cut[i].last - cut[i].first, &flush),
                   PGT_NO_FRAMES);
            assert_false(flush.needed || flush.count);
        }
        s.owned.arena.limit = s.owned.arena.outstanding + cut[i].tables;
        flush = unmap(&s, AREA + cut[i].first, cut[i].last - cut[i].first);
        assert_true(flush.needed);
        struct pgt_leaf leaf;
        assert_int_equal(pgt_lookup(&s.a.space, AREA + cut[i].first - 1, &leaf), cut[i].first > 0);
        assert_false(pgt_lookup(&s.a.space, AREA + cut[i].first, &leaf));
        assert_false(pgt_lookup(&s.a.space, AREA + cut[i].last - 1, &leaf));
        assert_int_equal(pgt_lookup(&s.a.space, AREA + cut[i].last, &leaf), cut[i].last < 2 * GIB);
        /* The allocator is asked again from now on. */
        s.owned.arena.limit = 0;
        if (cut[i].last < GIB)
            REFUSE(&s, pgt_vm_unmap(&s.a.vm, AREA + GIB + 0x1000, 0x1000, &flush), PGT_NO_FRAMES);
        s.owned.arena.limit = s.owned.arena.count;
        scene_end(&s);
    }
}

static void unmapping_what_is_no_range(void **state)
{
    struct scene s;
    struct pgt_flush flush = {0};
    (void)state;

    scene_start(&s, 4, 64);
    assert_int_equal(add(&s, AREA, 0x10000, PGT_AREA_PLAIN, 0), PGT_OK);
    assert_int_equal(map(&s, AREA, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
    REFUSE(&s, pgt_vm_unmap(&s.a.vm, AREA + 1, 0x1000, &flush), PGT_MISALIGNED);
    REFUSE(&s, pgt_vm_unmap(&s.a.vm, AREA, 0, &flush), PGT_BAD_RANGE);
    REFUSE(&s, pgt_vm_unmap(&s.a.vm, AREA, -AREA + 0x2000, &flush), PGT_BAD_RANGE);
    REFUSE(&s, pgt_vm_remove(&s.a.vm, AREA, 0x800, &flush), PGT_MISALIGNED);
    REFUSE(&s, pgt_vm_remove(&s.a.vm, LOWER_LAST_4, 0x2000, &flush), PGT_BAD_RANGE);
    scene_end(&s);
}

/* At the end of the address space, where the next address is 0. */
static void the_last_page_of_the_address_space(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        struct pgt_flush flush = {0};
        scene_start(&s, levels, 64);
        assert_int_equal(add(&s, 0, 0x1000, PGT_AREA_PLAIN, 0), PGT_OK);
        assert_int_equal(add(&s, TOP_PAGE, 0x1000, PGT_AREA_PLAIN, 0), PGT_OK);
        assert_int_equal(map(&s, 0, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
        assert_int_equal(map(&s, TOP_PAGE, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
        flush = unmap(&s, TOP_PAGE - 0x1000, 0x2000);
        assert_int_equal(suite_flush_first(&flush), TOP_PAGE);
        assert_int_equal(s.owned.outstanding, 1 + 1);
        assert_int_equal(map(&s, TOP_PAGE, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
        assert_int_equal(pgt_vm_remove(&s.a.vm, TOP_PAGE, 0x1000, &flush), PGT_OK);
        assert_null(pgt_vm_area(&s.a.vm, TOP_PAGE));
        assert_non_null(pgt_vm_area(&s.a.vm, 0));
        assert_int_equal(add(&s, TOP_PAGE - 0x1000, 0x2000, PGT_AREA_PLAIN, 0), PGT_OK);
        assert_int_equal(map(&s, TOP_PAGE, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
        scene_end(&s);
    }
}

/* ---- order ------------------------------------------------------------------ */

struct watch {
    struct scene *scene;
    unsigned flushes;
    uint64_t flushed_first, flushed_last; /* by the last flush */
    unsigned releases;
    uint64_t virt_of[64]; /* by frame of the arena */
};

static void watch_forget(void *context, struct pgt_flush *flush)
{
    struct watch *watch = context;
    assert_true(flush->needed);
    watch->flushes++;
    watch->flushed_first = suite_flush_first(flush);
    watch->flushed_last = suite_flush_last(flush);
}

static void watch_released(void *context, uint64_t frame)
{
    struct watch *watch = context;
    uint64_t virt = watch->virt_of[(frame - BASE) / PGT_PAGE];
    struct pgt_leaf leaf;
    assert_true(watch->flushes > 0);
    if (virt < watch->flushed_first || virt > watch->flushed_last)
        fail_msg("%#lx is released and was not flushed", (unsigned long)virt);
    assert_false(pgt_lookup(&watch->scene->a.space, virt, &leaf));
    watch->releases++;
}

/* More runs than can wait at a time: each is flushed before it is released. */
static void frames_are_released_after_the_flush(void **state)
{
    struct scene s;
    struct watch watch = {.scene = &s};
    (void)state;

    scene_start(&s, 4, 64);
    s.a.vm.forget = watch_forget;
    s.a.vm.forget_context = &watch;
    s.owned.released = watch_released;
    s.owned.released_context = &watch;
    assert_int_equal(add(&s, AREA, 0x100000, PGT_AREA_PLAIN, 0), PGT_OK);
    for (uint64_t i = 0; i < 40; i++) {
        uint64_t frame = owned_frame(&s.owned, i);
        watch.virt_of[(frame - BASE) / PGT_PAGE] = AREA + i * 0x2000;
        assert_int_equal(map(&s, AREA + i * 0x2000, 0x1000, RW, frame), PGT_OK);
    }
    struct pgt_flush flush = unmap(&s, AREA, 0x100000);
    assert_int_equal(watch.releases, 40);
    assert_true(watch.flushes >= 2);
    assert_false(flush.needed || flush.count); /* nothing is left for the caller */
    /* And nothing is flushed where nothing was mapped. */
    watch.flushes = 0;
    unmap(&s, AREA, 0x100000);
    assert_int_equal(watch.flushes, 0);
    s.a.vm.forget = NULL;
    s.owned.released = NULL;
    scene_end(&s);
}

/* ---- the end ---------------------------------------------------------------- */

static void a_space_with_dependents_stays(void **state)
{
    struct scene s;
    struct owned_vm b;
    (void)state;

    scene_start(&s, 4, 64);
    assert_int_equal(pgt_seal(&s.a.space, UPPER_4, 1), PGT_OK);
    owned_make(&s.owned, &b, &s.a.space.arch);
    assert_int_equal(pgt_destroy(&b.space), PGT_OK);
    assert_int_equal(pgt_init_on(&b.space, &s.a.space, &s.owned.arena.frames), PGT_OK);
    assert_int_equal(add(&s, UPPER_4, 0x1000, PGT_AREA_PLAIN, 0), PGT_OK);
    assert_int_equal(map(&s, UPPER_4, 0x1000, RW, owned_frame(&s.owned, 1)), PGT_OK);
    REFUSE(&s, pgt_vm_destroy(&s.a.vm), PGT_BUSY);
    struct pgt_flush flush = {0};
    assert_int_equal(pgt_vm_unmap(&b.vm, UPPER_4, 0x1000, &flush), PGT_SEALED);
    assert_int_equal(pgt_vm_remove(&b.vm, UPPER_4, 0x1000, &flush), PGT_SEALED);
    owned_destroy(&b);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_that_are_none),
        cmocka_unit_test(the_array_can_be_full),
        cmocka_unit_test(the_list_against_a_map_of_pages),
        cmocka_unit_test(mappings_stay_in_one_area),
        cmocka_unit_test(the_zero_frame_is_never_mapped_writable),
        cmocka_unit_test(unmapping_releases),
        cmocka_unit_test(unmapping_leaves_others_alone),
        cmocka_unit_test(unmapping_passes_over_a_guard),
        cmocka_unit_test(unmapping_part_of_a_large_leaf),
        cmocka_unit_test(unmapping_is_all_or_nothing),
        cmocka_unit_test(unmapping_what_is_no_range),
        cmocka_unit_test(the_last_page_of_the_address_space),
        cmocka_unit_test(frames_are_released_after_the_flush),
        cmocka_unit_test(a_space_with_dependents_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
