/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_resolve(): gopher-os's vectors of copy-on-write faults; defects 15 to 18; the whole
 * truth table of entry, access, area, owners and allocation; and leaves larger than a page.
 */
#include "pagetables/resolve.h"
#include "pagetables/tests/owned.h"

#include <string.h>

#define BASE UINT64_C(0x40000000) /* of physical memory: a multiple of 1G, for large leaves */
#define AREA UINT64_C(0x40000000) /* where the tests' area starts */
#define PAGE (AREA + 0x5000)
#define COW  OWNED_COPY_ON_WRITE

/* The processor's error codes, written out: a bit each (SDM 4.7). */
enum { P = 1, W = 2, U = 4, RSVD = 8, I = 16, PK = 32, SS = 64, HLAT = 128, SGX = 0x8000 };

struct scene {
    struct owned owned;
    struct owned_vm a;
};

static void scene_start(struct scene *scene, unsigned levels, size_t frames)
{
    struct pgt_arch arch = suite_arch(levels);
    owned_start(&scene->owned, BASE, frames, 7);
    owned_make(&scene->owned, &scene->a, &arch);
}

static void scene_end(struct scene *scene)
{
    owned_check(&scene->owned, &scene->a);
    owned_destroy(&scene->a);
    owned_end(&scene->owned);
}

static struct walk_leaf seen(struct scene *scene, uint64_t virt)
{
    return walk(&scene->owned.arena, &scene->a.space.arch, scene->a.space.root, virt);
}

/* A fault that shall have this outcome; unresolved ones shall change nothing at all. */
static struct pgt_flush resolve(struct scene *scene, uint64_t virt, uint64_t code,
                                enum pgt_outcome expected)
{
    struct pgt_flush flush = {0};
    enum pgt_outcome outcome;
    struct arena_snapshot before = arena_snapshot(&scene->owned.arena);
    size_t outstanding = scene->owned.outstanding;
    bool resolved = pgt_resolve(&scene->a.vm, virt, code, &flush, &outcome);

    if (outcome != expected)
        fail_msg("code %#lx at %#lx: %s; not: %s", (unsigned long)code, (unsigned long)virt,
                 pgt_outcome_text(outcome), pgt_outcome_text(expected));
    assert_int_equal(resolved, outcome <= PGT_MAPPED_ZERO);
    arena_assert_settled(&scene->owned.arena);
    if (resolved) {
        arena_drop_snapshot(&before);
    } else {
        /* A frame that was taken and given back again is full of rubbish, as before. */
        before.takes = scene->owned.arena.takes;
        before.gives = scene->owned.arena.gives;
        arena_assert_unchanged(&scene->owned.arena, &before);
        assert_int_equal(scene->owned.outstanding, outstanding);
        assert_false(flush.needed || flush.widened || flush.count);
    }
    owned_check(&scene->owned, &scene->a);
    return flush;
}

/* ---- gopher-os's vectors ---------------------------------------------------- */

static void gopher_faults_that_are_not_resolved(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 64);
        owned_add(&s.a, AREA, 0x10000, PGT_AREA_PLAIN, 0);
        /* {0} */
        resolve(&s, PAGE, W, PGT_FAULT_NOT_MAPPED);
        /* {present} */
        owned_map(&s.a, PAGE, 0x1000, RO, owned_frame(&s.owned, 1), 0);
        resolve(&s, PAGE, P | W, PGT_FAULT_WRITE);
        /* {present | writable | copy-on-write} */
        owned_map(&s.a, PAGE + 0x1000, 0x1000, RW, owned_frame(&s.owned, 2), COW);
        resolve(&s, PAGE + 0x1000, P | W, PGT_FAULT_ALLOWED);
        /* {present | copy-on-write}, and there is no frame for the copy.  The vector where the
         * temporary mapping of that frame fails has no equivalent: frames are reached through the
         * direct map, which is there already.  What can fail besides is a table, see
         * a_shared_large_leaf_needs_tables(). */
        uint64_t shared = owned_frame(&s.owned, 3);
        assert_true(s.owned.source.share(&s.owned, shared));
        owned_map(&s.a, PAGE + 0x2000, 0x1000, RO, shared, COW);
        s.owned.refuse_in = 1;
        resolve(&s, PAGE + 0x2000, P | W, PGT_FAULT_NO_FRAMES);
        assert_int_equal(owned_owners(&s.owned, shared), 2);
        assert_false(s.owned.source.release(&s.owned, shared));
        scene_end(&s);
    }
}

static void gopher_copy_on_write_is_resolved(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 64);
        owned_add(&s.a, AREA, 0x10000, PGT_AREA_PLAIN, 0);
        uint64_t original = owned_frame(&s.owned, 0);
        for (uint64_t i = 0; i < 512; i++)
            owned_words(&s.owned, original)[i] = i * UINT64_C(0x0101010101010101);
        assert_true(s.owned.source.share(&s.owned, original));
        owned_map(&s.a, PAGE, 0x1000, RO, original, COW);
        struct pgt_flush flush = resolve(&s, PAGE + 0x123, P | W, PGT_COPIED);
        struct walk_leaf leaf = seen(&s, PAGE);
        assert_int_not_equal(leaf.phys, original);
        assert_int_equal(leaf.rights, RW);
        assert_memory_equal(owned_words(&s.owned, leaf.phys), owned_words(&s.owned, original),
                            4096);
        assert_true(flush.needed);
        assert_int_equal(suite_flush_first(&flush), PAGE);
        assert_int_equal(suite_flush_last(&flush), PAGE + 0xfff);
        assert_true(s.owned.source.release(&s.owned, original));
        scene_end(&s);
    }
}

/* ---- defects ---------------------------------------------------------------- */

/* Symptom: ring 3 faulted for ever on a page that was just resolved for it, since the entries
 * above it lacked the user bit. */
static void defect_15_ring_3_never_reached_a_user_page(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 64);
        owned_add(&s.a, AREA, 0x10000, PGT_AREA_DEMAND_ZERO, RW | PGT_USER);
        resolve(&s, PAGE, U, PGT_MAPPED_ZERO);
        assert_int_equal(seen(&s, PAGE).rights, RO | PGT_USER);
        resolve(&s, PAGE, P | U | W, PGT_ZEROED);
        assert_int_equal(seen(&s, PAGE).rights, RW | PGT_USER);
        resolve(&s, PAGE + 0x1000, U | W, PGT_ZEROED);
        assert_int_equal(seen(&s, PAGE + 0x1000).rights, RW | PGT_USER);
        scene_end(&s);
    }
}

/* Symptom: what was copied for a fault in a large page was another page, as translating through
 * it gave a wrong address. */
static void defect_16_a_large_page_gave_a_wrong_address(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 1600);
        owned_add(&s.a, AREA, 2 * MIB, PGT_AREA_PLAIN, 0);
        uint64_t run = owned_run(&s.owned, 512, 0x1000);
        for (uint64_t i = 0; i < 512; i++)
            assert_true(s.owned.source.share(&s.owned, run + i * 0x1000));
        owned_map(&s.a, AREA, 2 * MIB, RO, run, COW);
        for (uint64_t i = 511; i > 0; i -= 73) {
            resolve(&s, AREA + i * 0x1000 + 0xabc, P | W, PGT_COPIED);
            struct walk_leaf leaf = seen(&s, AREA + i * 0x1000);
            assert_int_equal(leaf.bytes, 0x1000);
            assert_int_equal(owned_words(&s.owned, leaf.phys)[511], 0x1000 + i);
        }
        for (uint64_t i = 0; i < 512; i++)
            s.owned.source.release(&s.owned, run + i * 0x1000);
        scene_end(&s);
    }
}

/* Symptom: codes 5, 6, 7, 9, 17, 20 and 21 were "unknown", since reasons were looked up among
 * whole codes, not bits. */
static void defect_17_error_codes_were_compared_as_a_whole(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 64);
    owned_add(&s.a, AREA, 0x10000, PGT_AREA_PLAIN, 0);
    owned_map(&s.a, PAGE, 0x1000, RO, owned_frame(&s.owned, 1), 0);
    owned_map(&s.a, PAGE + 0x1000, 0x1000, RO | PGT_USER, owned_frame(&s.owned, 1), 0);
    resolve(&s, PAGE, 5, PGT_FAULT_USER);
    resolve(&s, AREA, 6, PGT_FAULT_NOT_MAPPED);
    resolve(&s, PAGE, 7, PGT_FAULT_USER);
    resolve(&s, PAGE + 0x1000, 7, PGT_FAULT_WRITE);
    resolve(&s, PAGE, 9, PGT_FAULT_RESERVED);
    resolve(&s, PAGE, 17, PGT_FAULT_EXECUTE);
    resolve(&s, AREA, 20, PGT_FAULT_NOT_MAPPED);
    resolve(&s, PAGE, 21, PGT_FAULT_USER);
    resolve(&s, PAGE + 0x1000, 21, PGT_FAULT_EXECUTE);
    scene_end(&s);
}

/* Symptom: reads and instruction fetches were copied as well, also by the only owner, and
 * originals were never freed. */
static void defect_18_copied_what_need_not_be(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 64);
    owned_add(&s.a, AREA, 0x10000, PGT_AREA_PLAIN, 0);
    uint64_t frame = owned_frame(&s.owned, 9);
    assert_true(s.owned.source.share(&s.owned, frame));
    owned_map(&s.a, PAGE, 0x1000, RX, frame, COW);
    resolve(&s, PAGE, P, PGT_FAULT_ALLOWED);
    resolve(&s, PAGE, P | I, PGT_FAULT_ALLOWED);
    resolve(&s, PAGE, P | W | I, PGT_FAULT_ALLOWED); /* no such thing, and no write anyway */
    assert_int_equal(owned_owners(&s.owned, frame), 2);
    resolve(&s, PAGE, P | W, PGT_COPIED);
    assert_int_equal(owned_owners(&s.owned, frame), 1); /* released, and the other is alone now */
    uint64_t copy = seen(&s, PAGE).phys;
    assert_int_equal(owned_owners(&s.owned, copy), 1);

    owned_map(&s.a, PAGE + 0x1000, 0x1000, RO, frame, COW);
    size_t takes = s.owned.arena.takes;
    struct pgt_flush flush = resolve(&s, PAGE + 0x1000, P | W, PGT_GAVE_WRITE);
    assert_true(flush.widened);
    assert_false(flush.needed);
    assert_int_equal(seen(&s, PAGE + 0x1000).phys, frame);
    assert_int_equal(seen(&s, PAGE + 0x1000).rights, RW);
    assert_int_equal(s.owned.arena.takes, takes);
    scene_end(&s);
}

/* ---- the truth table -------------------------------------------------------- */

enum entry { ABSENT, READ, WRITABLE, BOTH, MARKED, ZERO, ZERO_MARKED, ENTRIES };
enum place { NO_AREA, GUARD, PLAIN, DEMAND };
enum allocation { ALL_FINE, NO_DATA, NO_TABLE, ALLOCATIONS };

struct row {
    enum entry entry;
    unsigned entry_rights; /* PGT_USER, PGT_EXECUTE */
    enum place place;
    unsigned area_rights;
    unsigned owners; /* 0: a frame that isn't counted */
    enum allocation allocation;
};

static enum pgt_outcome after_write(const struct row *row)
{
    bool ours = row->place == PLAIN || row->place == DEMAND;
    switch (row->entry) {
    case MARKED:
        if (!ours)
            return PGT_FAULT_WRITE;
        if (row->owners == 1)
            return PGT_GAVE_WRITE;
        return row->allocation == NO_DATA ? PGT_FAULT_NO_FRAMES : PGT_COPIED;
    case ZERO_MARKED:
        if (!ours)
            return PGT_FAULT_WRITE;
        return row->allocation == NO_DATA ? PGT_FAULT_NO_FRAMES : PGT_ZEROED;
    default:
        return PGT_FAULT_WRITE;
    }
}

/* What the header promises. */
static enum pgt_outcome expected(const struct row *row, uint64_t code)
{
    bool present = row->entry != ABSENT;
    bool writable = row->entry == WRITABLE || row->entry == BOTH;
    unsigned rights = present ? row->entry_rights | (writable ? PGT_WRITE : 0) : row->area_rights;
    if (code & RSVD)
        return PGT_FAULT_RESERVED;
    if (code & PK)
        return PGT_FAULT_KEY;
    if (code & ~UINT64_C(0x3f))
        return PGT_FAULT_OTHER;
    if (row->place == GUARD)
        return PGT_FAULT_GUARD;
    if (!present && row->place != DEMAND)
        return PGT_FAULT_NOT_MAPPED;
    if ((code & U) && !(rights & PGT_USER))
        return PGT_FAULT_USER;
    if ((code & I) && !(rights & PGT_EXECUTE))
        return PGT_FAULT_EXECUTE;
    bool write = (code & (W | I)) == W;
    if (write && !(rights & PGT_WRITE))
        return after_write(row);
    if (present)
        return !(code & U) && (rights & PGT_USER) ? PGT_FAULT_SUPERVISOR : PGT_FAULT_ALLOWED;
    if (row->allocation == NO_TABLE || (write && row->allocation == NO_DATA))
        return PGT_FAULT_NO_FRAMES;
    return write ? PGT_ZEROED : PGT_MAPPED_ZERO;
}

static uint64_t row_frame(struct scene *s, const struct row *row)
{
    if (row->entry == ZERO || row->entry == ZERO_MARKED)
        return s->owned.zero_frame;
    if (row->owners == 0)
        return arena_take_zeroed(&s->owned.arena);
    uint64_t frame = owned_frame(&s->owned, 77);
    for (unsigned i = 1; i < row->owners; i++)
        assert_true(s->owned.source.share(&s->owned, frame));
    return frame;
}

static uint64_t row_start(struct scene *s, const struct row *row)
{
    static const enum pgt_area_kind kind[] = {0, PGT_AREA_GUARD, PGT_AREA_PLAIN,
                                              PGT_AREA_DEMAND_ZERO};
    struct pgt_flush flush = {0};
    uint64_t frame = 0;

    scene_start(s, 4, 14);
    if (row->place != NO_AREA)
        owned_add(&s->a, AREA, 0x10000, kind[row->place], row->area_rights);
    if (row->entry != ABSENT) {
        bool writable = row->entry == WRITABLE || row->entry == BOTH;
        bool marked = row->entry == BOTH || row->entry == MARKED || row->entry == ZERO_MARKED;
        frame = row_frame(s, row);
        struct pgt_mapping mapping = {
            .virt = PAGE,
            .phys = frame,
            .bytes = 0x1000,
            .rights = RO | row->entry_rights | (writable ? PGT_WRITE : 0),
            .memory = PGT_WRITE_THROUGH,
            .key = 5,
            .software = 1 | (marked ? COW : 0),
        };
        /* Not pgt_vm_map(): it refuses half of these. */
        assert_int_equal(pgt_map(&s->a.space, &mapping, &flush), PGT_OK);
    }
    if (row->allocation == NO_TABLE)
        s->owned.arena.limit = 0;
    return frame;
}

static void row_end(struct scene *s, const struct row *row, uint64_t frame)
{
    struct pgt_leaf leaf;
    bool counted = frame != 0 && frame != s->owned.zero_frame && row->owners > 0;
    s->owned.arena.limit = s->owned.arena.count;
    /* What the vm doesn't release: the frame in no area or a guard, and the test's own shares. */
    bool held = pgt_lookup(&s->a.space, PAGE, &leaf) && leaf.phys == frame &&
                (row->place == PLAIN || row->place == DEMAND);
    while (counted && owned_owners(&s->owned, frame) > (held ? 1u : 0u))
        s->owned.source.release(&s->owned, frame);
    owned_destroy(&s->a);
    if (frame != 0 && row->owners == 0 && frame != s->owned.zero_frame)
        s->owned.arena.frames.give(&s->owned.arena, frame);
    owned_end(&s->owned);
}

/* What a resolved fault left behind. */
static void assert_effect(struct scene *s, const struct row *row, uint64_t frame,
                          enum pgt_outcome outcome)
{
    struct pgt_leaf leaf;
    struct walk_leaf page = seen(s, PAGE);
    bool fresh = outcome == PGT_COPIED || outcome == PGT_ZEROED;
    bool present = row->entry != ABSENT;
    unsigned base = present ? RO | row->entry_rights : (row->area_rights & ~PGT_WRITE) | PGT_READ;

    assert_int_equal(page.kind, WALK_LEAF);
    assert_int_equal(page.rights, outcome == PGT_MAPPED_ZERO ? base : base | PGT_WRITE);
    assert_true(pgt_lookup(&s->a.space, PAGE, &leaf));
    assert_int_equal(leaf.key, present ? 5 : 0);
    assert_int_equal(leaf.memory, present ? PGT_WRITE_THROUGH : PGT_WRITE_BACK);
    bool marked = outcome == PGT_MAPPED_ZERO && (row->area_rights & PGT_WRITE);
    assert_int_equal(leaf.software, (present ? 1u : 0u) | (marked ? COW : 0));
    if (outcome == PGT_MAPPED_ZERO)
        assert_int_equal(page.phys, s->owned.zero_frame);
    if (outcome == PGT_GAVE_WRITE)
        assert_int_equal(page.phys, frame);
    if (!fresh)
        return;
    assert_int_not_equal(page.phys, frame);
    assert_int_equal(owned_owners(&s->owned, page.phys), 1);
    if (outcome == PGT_COPIED && row->owners > 0)
        assert_int_equal(owned_owners(&s->owned, frame), row->owners - 1);
    uint64_t word = outcome == PGT_COPIED && row->owners > 0 ? 77 : 0;
    for (unsigned i = 0; i < 512; i++)
        assert_int_equal(owned_words(&s->owned, page.phys)[i], word);
}

static size_t judge_row(const struct row *row)
{
    struct scene s;
    size_t cases = 0;
    uint64_t frame = row_start(&s, row);
    struct arena_snapshot before = arena_snapshot(&s.owned.arena);

    for (uint64_t i = 0; i < 68; i++) {
        static const uint64_t more[] = {SS, HLAT, SGX, UINT64_C(1) << 32};
        uint64_t code = i < 64 ? i : P | W | more[i - 64];
        enum pgt_outcome want = expected(row, code), outcome;
        struct pgt_flush flush = {0};
        s.owned.refuse_in = row->allocation == NO_DATA;
        bool resolved = pgt_resolve(&s.a.vm, PAGE + 0x321, code, &flush, &outcome);
        if (outcome != want)
            fail_msg("entry %d rights %#x, area %d rights %#x, owners %u, allocation %d, code "
                     "%#lx: %s; not: %s",
                     row->entry, row->entry_rights, row->place, row->area_rights, row->owners,
                     row->allocation, (unsigned long)code, pgt_outcome_text(outcome),
                     pgt_outcome_text(want));
        assert_int_equal(resolved, want < PGT_FAULT_ALLOWED);
        cases++;
        if (!resolved) {
            assert_false(flush.needed || flush.widened || flush.count);
            assert_memory_equal(s.owned.arena.memory, before.memory, s.owned.arena.count * 4096);
            continue;
        }
        assert_effect(&s, row, frame, outcome);
        owned_check(&s.owned, &s.a);
        /* Anew, for the next code. */
        arena_drop_snapshot(&before);
        row_end(&s, row, frame);
        frame = row_start(&s, row);
        before = arena_snapshot(&s.owned.arena);
    }
    arena_drop_snapshot(&before);
    row_end(&s, row, frame);
    return cases;
}

static void every_row_of_the_truth_table(void **state)
{
    static const unsigned area_rights[] = {RO, RW, RX, RWX, PGT_EXECUTE};
    size_t cases = 0;
    struct row row;
    (void)state;

    for (row.entry = ABSENT; row.entry < ENTRIES; row.entry++)
        for (unsigned r = 0; r < (row.entry == ABSENT ? 1 : 4); r++)
            for (unsigned place = 0; place < 3 + 10; place++)
                for (row.owners = 0; row.owners < 3; row.owners++)
                    for (row.allocation = ALL_FINE; row.allocation < ALLOCATIONS;
                         row.allocation++) {
                        unsigned wide = place < 3 ? 0 : place - 3;
                        row.entry_rights = (r & 1 ? PGT_USER : 0) | (r & 2 ? PGT_EXECUTE : 0);
                        row.place = place < 3 ? (enum place)place : DEMAND;
                        row.area_rights =
                            place < 3 ? 0 : area_rights[wide % 5] | (wide >= 5 ? PGT_USER : 0);
                        cases += judge_row(&row);
                    }
    print_message("%zu cases\n", cases);
}

/* ---- larger leaves ---------------------------------------------------------- */

/* All of 2M without another owner: it stays one leaf, and gets the right back at once. */
static void a_large_leaf_of_the_last_owner_stays_whole(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 1600);
        owned_add(&s.a, AREA, 2 * MIB, PGT_AREA_PLAIN, 0);
        uint64_t run = owned_run(&s.owned, 512, 0);
        owned_map(&s.a, AREA, 2 * MIB, RO, run, COW);
        /* One frame that has another owner is enough to split it; then parts get it back. */
        assert_true(s.owned.source.share(&s.owned, run + 511 * 0x1000));
        size_t tables = pgt_tables(&s.a.space, NULL, 0);
        resolve(&s, PAGE, P | W, PGT_GAVE_WRITE);
        assert_int_equal(pgt_tables(&s.a.space, NULL, 0), tables + 1);
        assert_int_equal(seen(&s, PAGE).bytes, 0x1000);
        assert_int_equal(seen(&s, PAGE).rights, RW);
        assert_int_equal(seen(&s, PAGE + 0x1000).rights, RO);
        assert_false(s.owned.source.release(&s.owned, run + 511 * 0x1000));

        struct pgt_flush flush = {0};
        assert_int_equal(pgt_vm_unmap(&s.a.vm, AREA, 2 * MIB, &flush), PGT_OK);
        run = owned_run(&s.owned, 512, 0);
        owned_map(&s.a, AREA, 2 * MIB, RO, run, COW);
        flush = resolve(&s, PAGE, P | W, PGT_GAVE_WRITE);
        assert_true(flush.widened && !flush.needed);
        assert_int_equal(seen(&s, PAGE).bytes, 2 * MIB);
        assert_int_equal(seen(&s, PAGE).rights, RW);
        scene_end(&s);
    }
}

/* Of a leaf that others own too the touched page is copied, and nothing else changes. */
static void a_shared_large_leaf_is_copied_by_the_page(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 1600);
    owned_add(&s.a, AREA, 2 * MIB, PGT_AREA_PLAIN, 0);
    uint64_t run = owned_run(&s.owned, 512, 0);
    for (uint64_t i = 0; i < 512; i++)
        assert_true(s.owned.source.share(&s.owned, run + i * 0x1000));
    owned_map(&s.a, AREA, 2 * MIB, RO | PGT_USER, run, COW | 1);
    resolve(&s, PAGE, P | W | U, PGT_COPIED);
    for (uint64_t i = 0; i < 512; i++) {
        struct pgt_leaf leaf;
        bool touched = AREA + i * 0x1000 == PAGE;
        assert_true(pgt_lookup(&s.a.space, AREA + i * 0x1000, &leaf));
        assert_int_equal(leaf.bytes, 0x1000);
        assert_int_equal(leaf.phys == run + i * 0x1000, !touched);
        assert_int_equal(leaf.rights, (touched ? RW : RO) | PGT_USER);
        assert_int_equal(leaf.software, touched ? 1 : COW | 1);
        assert_int_equal(owned_owners(&s.owned, run + i * 0x1000), touched ? 1 : 2);
        s.owned.source.release(&s.owned, run + i * 0x1000);
    }
    scene_end(&s);
}

static void a_shared_large_leaf_needs_tables(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 1600);
    owned_add(&s.a, AREA, 2 * MIB, PGT_AREA_PLAIN, 0);
    uint64_t run = owned_run(&s.owned, 512, 0);
    assert_true(s.owned.source.share(&s.owned, run + 0x5000));
    owned_map(&s.a, AREA, 2 * MIB, RO, run, COW);
    s.owned.arena.limit = 0;
    resolve(&s, PAGE, P | W, PGT_FAULT_NO_FRAMES);          /* to copy */
    resolve(&s, PAGE + 0x1000, P | W, PGT_FAULT_NO_FRAMES); /* to give the right back */
    assert_int_equal(owned_owners(&s.owned, run + 0x5000), 2);
    s.owned.arena.limit = s.owned.arena.count;
    resolve(&s, PAGE, P | W, PGT_COPIED);
    s.owned.source.release(&s.owned, run + 0x5000);
    scene_end(&s);
}

/* A leaf of 1G over memory of which the test counts but some: 2M of it that the vm owns alone
 * become writable as a whole, the rest is copied by the page. */
static void a_leaf_of_1g_is_judged_by_2m(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct scene s;
        scene_start(&s, levels, 2048);
        owned_add(&s.a, AREA, GIB, PGT_AREA_PLAIN, 0);
        uint64_t run = owned_run(&s.owned, 512, 5);
        uint64_t other = owned_frame(&s.owned, 6);
        owned_map(&s.a, AREA, GIB, RO, BASE, COW);
        uint64_t at = AREA + (run - BASE);
        resolve(&s, at + 0x7008, P | W, PGT_GAVE_WRITE);
        assert_int_equal(seen(&s, at).bytes, 2 * MIB);
        assert_int_equal(seen(&s, at).rights, RW);
        assert_int_equal(seen(&s, at ^ (2 * MIB)).rights, RO);
        assert_true(s.owned.source.share(&s.owned, other));
        resolve(&s, AREA + (other - BASE), P | W, PGT_COPIED);
        struct walk_leaf leaf = seen(&s, AREA + (other - BASE));
        assert_int_equal(leaf.rights, RW);
        assert_int_equal(owned_words(&s.owned, leaf.phys)[17], 6);
        /* Nobody counts these; they are copied from, and stay. */
        assert_int_equal(owned_owners(&s.owned, s.a.space.root), 0);
        resolve(&s, AREA + (s.a.space.root - BASE), P | W, PGT_COPIED);
        s.owned.source.release(&s.owned, other);
        /* The zero frame lies below this leaf as well, and isn't given away. */
        resolve(&s, AREA + (s.owned.zero_frame - BASE), P | W, PGT_ZEROED);
        scene_end(&s);
    }
}

/* ---- order ------------------------------------------------------------------ */

struct order {
    char text[8];
    unsigned length;
    uint64_t first, last;
};

static void order_forget(void *context, struct pgt_flush *flush)
{
    struct order *order = context;
    assert_true(flush->needed);
    order->first = suite_flush_first(flush);
    order->last = suite_flush_last(flush);
    order->text[order->length++] = 'F';
    *flush = (struct pgt_flush){0}; /* as pgt_finish() does */
}

static void order_released(void *context, uint64_t frame)
{
    struct order *order = context;
    (void)frame;
    order->text[order->length++] = 'R';
}

/* Another processor may still read the original through a stale translation: so nobody is let
 * go before that is gone; else the next owner's bytes would show. */
static void the_original_is_released_after_the_flush(void **state)
{
    struct scene s;
    struct order order = {{0}, 0, 0, 0};
    (void)state;

    scene_start(&s, 4, 64);
    s.a.vm.forget = order_forget;
    s.a.vm.forget_context = &order;
    s.owned.released = order_released;
    s.owned.released_context = &order;
    owned_add(&s.a, AREA, 0x10000, PGT_AREA_PLAIN, 0);
    uint64_t frame = owned_frame(&s.owned, 9);
    assert_true(s.owned.source.share(&s.owned, frame));
    owned_map(&s.a, PAGE, 0x1000, RO, frame, COW);
    struct pgt_flush flush = resolve(&s, PAGE, P | W, PGT_COPIED);
    assert_string_equal(order.text, "FR");
    assert_int_equal(order.first, PAGE);
    assert_int_equal(order.last, PAGE + 0xfff);
    assert_false(flush.needed || flush.count); /* nothing is left */
    /* Where nobody is let go the caller flushes. */
    owned_map(&s.a, PAGE + 0x1000, 0x1000, RO, frame, COW);
    flush = resolve(&s, PAGE + 0x1000, P | W, PGT_GAVE_WRITE);
    assert_true(flush.widened);
    owned_map(&s.a, PAGE + 0x2000, 0x1000, RO, s.owned.zero_frame, COW);
    flush = resolve(&s, PAGE + 0x2000, P | W, PGT_ZEROED);
    assert_true(flush.needed);
    assert_string_equal(order.text, "FR");
    s.owned.released = NULL;
    s.a.vm.forget = NULL;
    scene_end(&s);
}

/* Whatever CR2 holds. */
static void addresses_that_are_none(void **state)
{
    struct scene s;
    (void)state;

    scene_start(&s, 4, 64);
    owned_add(&s.a, 0, 0x1000, PGT_AREA_DEMAND_ZERO, RW);
    owned_add(&s.a, TOP_PAGE, 0x1000, PGT_AREA_DEMAND_ZERO, RW);
    resolve(&s, UPPER_4 - 1, W, PGT_FAULT_NOT_MAPPED);
    resolve(&s, UINT64_C(1) << 47, W, PGT_FAULT_NOT_MAPPED);
    resolve(&s, TOP_PAGE - 1, W, PGT_FAULT_NOT_MAPPED);
    resolve(&s, 0x1000, W, PGT_FAULT_NOT_MAPPED);
    resolve(&s, UINT64_MAX, W, PGT_ZEROED);
    resolve(&s, 0, 0, PGT_MAPPED_ZERO);
    resolve(&s, 0xfff, P | W, PGT_ZEROED);
    scene_end(&s);
}

/* An area of what belongs to the shared upper can't be added; if it is there before, a fault
 * is not resolved, and no frame lost. */
static void a_shared_upper_is_not_changed(void **state)
{
    struct scene s;
    struct owned_vm b;
    struct pgt_area area = {UPPER_4, 0x1000, PGT_AREA_DEMAND_ZERO, RW};
    struct pgt_flush flush = {0};
    enum pgt_outcome outcome;
    (void)state;

    scene_start(&s, 4, 64);
    assert_int_equal(pgt_seal(&s.a.space, UPPER_4, 1), PGT_OK);
    owned_make(&s.owned, &b, &s.a.space.arch);
    assert_int_equal(pgt_destroy(&b.space), PGT_OK);
    assert_int_equal(pgt_init_on(&b.space, &s.a.space, &s.owned.arena.frames), PGT_OK);
    assert_int_equal(pgt_vm_add(&b.vm, &area), PGT_SEALED);
    b.area[0] = area;
    b.vm.count = 1;
    assert_false(pgt_resolve(&b.vm, UPPER_4, W, &flush, &outcome));
    assert_int_equal(outcome, PGT_FAULT_OTHER);
    b.vm.count = 0;
    owned_destroy(&b);
    /* The upper's own vm may. */
    owned_add(&s.a, UPPER_4, 0x1000, PGT_AREA_DEMAND_ZERO, RW);
    flush = resolve(&s, UPPER_4, W, PGT_ZEROED);
    scene_end(&s);
}

static void every_outcome_has_a_text(void **state)
{
    (void)state;
    for (int i = PGT_GAVE_WRITE; i <= PGT_FAULT_OTHER; i++) {
        assert_non_null(pgt_outcome_text((enum pgt_outcome)i));
        for (int k = PGT_GAVE_WRITE; k < i; k++)
            assert_string_not_equal(pgt_outcome_text((enum pgt_outcome)i),
                                    pgt_outcome_text((enum pgt_outcome)k));
    }
    assert_string_equal(pgt_outcome_text((enum pgt_outcome)99), "an unknown outcome");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gopher_faults_that_are_not_resolved),
        cmocka_unit_test(gopher_copy_on_write_is_resolved),
        cmocka_unit_test(defect_15_ring_3_never_reached_a_user_page),
        cmocka_unit_test(defect_16_a_large_page_gave_a_wrong_address),
        cmocka_unit_test(defect_17_error_codes_were_compared_as_a_whole),
        cmocka_unit_test(defect_18_copied_what_need_not_be),
        cmocka_unit_test(every_row_of_the_truth_table),
        cmocka_unit_test(a_large_leaf_of_the_last_owner_stays_whole),
        cmocka_unit_test(a_shared_large_leaf_is_copied_by_the_page),
        cmocka_unit_test(a_shared_large_leaf_needs_tables),
        cmocka_unit_test(a_leaf_of_1g_is_judged_by_2m),
        cmocka_unit_test(the_original_is_released_after_the_flush),
        cmocka_unit_test(addresses_that_are_none),
        cmocka_unit_test(a_shared_upper_is_not_changed),
        cmocka_unit_test(every_outcome_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
