/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random kernels against an oracle that goes page by page: a kernel is refused exactly if two of
 * its parts contradict each other on some byte, page or frame, and otherwise a processor finds
 * exactly the pages that the parts ask for, in tables for which exactly the reserved frames
 * were taken.
 */
#include "pagetables/sections.h"

#include <string.h>

#include "pagetables/tests/replay.h"
#include "pagetables/tests/suite.h"

#define PARTS 6

/* What a part asks for, in bytes; read from the arrays by the test's own means. */
struct wish {
    uint64_t first, last; /* bytes */
    uint64_t frame;       /* of the first page */
    unsigned rights;
    enum pgt_memory memory;
};

struct kernel {
    struct pgt_arch arch;
    struct pgt_section section[PARTS];
    struct pgt_carried carried[PARTS];
    struct pgt_sections sections;
    struct wish wish[2 * PARTS];
    size_t count; /* of wishes */
};

/* Few places, so that parts meet: around borders of 4K, 2M, 1G and a root slot, and at the top. */
static uint64_t draw_address(struct replay *replay, const struct pgt_arch *arch)
{
    uint64_t upper = arch->levels == 5 ? UPPER_5 : UPPER_4;
    uint64_t slot = UINT64_C(1) << (12 + 9 * (arch->levels - 1));
    const uint64_t base[] = {upper, upper + slot - 2 * MIB, upper + slot - GIB, -2 * GIB, -4 * MIB};
    uint64_t address = base[replay_draw(replay, 5)];
    address += replay_draw(replay, 3) ? 0 : replay_draw(replay, 2) * GIB;
    address += replay_draw(replay, 4) * 2 * MIB;
    return address + (replay_draw(replay, 2) ? replay_draw(replay, 6) * 4096 : 0);
}

static uint64_t draw_bytes(struct replay *replay)
{
    static const uint64_t unit[] = {0x800, 0x1000, 2 * MIB, GIB};
    unsigned kind = (unsigned)replay_draw(replay, 12);
    uint64_t bytes = unit[kind < 6 ? kind % 2 : kind < 11 ? 2 : 3] * (1 + replay_draw(replay, 3));
    return bytes + (replay_draw(replay, 4) ? 0 : replay_draw(replay, 3) - 1);
}

static unsigned draw_rights(struct replay *replay)
{
    static const unsigned rights[] = {RO, RW, RW, RX, RO | PGT_GLOBAL, RWX};
    return rights[replay_draw(replay, replay_draw(replay, 20) ? 5 : 6)];
}

static bool wraps(uint64_t virt, uint64_t bytes)
{
    return bytes - 1 > UINT64_MAX - virt;
}

static void draw_section(struct kernel *kernel, struct replay *replay)
{
    struct pgt_section section = {"part", draw_address(replay, &kernel->arch), draw_bytes(replay),
                                  draw_rights(replay)};
    section.virt += replay_draw(replay, 4) ? 0 : replay_draw(replay, 4096);
    if (wraps(section.virt, section.bytes))
        return;
    kernel->section[kernel->sections.section_count++] = section;
    if (section.virt == 0) /* not loaded: some addresses wrap to it */
        return;
    uint64_t page = section.virt / 4096 * 4096;
    kernel->wish[kernel->count++] =
        (struct wish){section.virt, section.virt + section.bytes - 1,
                      page - kernel->sections.offset, section.rights, PGT_WRITE_BACK};
}

static void draw_carried(struct kernel *kernel, struct replay *replay)
{
    struct pgt_carried carried = {
        .virt = draw_address(replay, &kernel->arch),
        .bytes = draw_bytes(replay),
        .rights = draw_rights(replay),
        .memory = replay_draw(replay, 3) ? PGT_WRITE_BACK : PGT_UNCACHEABLE,
    };
    if (wraps(carried.virt, carried.bytes))
        return;
    carried.phys = carried.virt - kernel->sections.offset; /* goes on where sections end */
    if (replay_draw(replay, 2))
        carried.phys = 64 * GIB * (1 + replay_draw(replay, 2)) + replay_draw(replay, 3) * 4096 +
                       carried.virt % GIB;
    kernel->carried[kernel->sections.carried_count++] = carried;
    kernel->wish[kernel->count++] =
        (struct wish){carried.virt, carried.virt + carried.bytes - 1, carried.phys / 4096 * 4096,
                      carried.rights, carried.memory};
}

static void draw_kernel(struct kernel *kernel, struct replay *replay)
{
    *kernel = (struct kernel){.arch = suite_arch(4 + (unsigned)replay_draw(replay, 2))};
    kernel->arch.pages_1g = replay_draw(replay, 2);
    kernel->arch.physical_bits = 52;
    kernel->sections = (struct pgt_sections){
        .section = kernel->section,
        .carried = kernel->carried,
        /* Frames from 2^50 on, aligned like the addresses or not. */
        .offset = (kernel->arch.levels == 5 ? UPPER_5 : UPPER_4) - (UINT64_C(1) << 50) -
                  (replay_draw(replay, 2) ? 0 : replay_draw(replay, 3) * 0x100000),
    };
    if (kernel->arch.levels == 5) /* 2^56 bytes of addresses don't fit into 2^52 of frames */
        kernel->sections.offset = -UINT64_C(0x4000000000) - (UINT64_C(1) << 50);
    for (size_t i = replay_draw(replay, PARTS + 1); i > 0; i--)
        draw_section(kernel, replay);
    for (size_t i = replay_draw(replay, PARTS + 1); i > 0; i--)
        draw_carried(kernel, replay);
}

static uint64_t page_first(const struct wish *wish)
{
    return wish->first / 4096 * 4096;
}

static uint64_t page_last(const struct wish *wish)
{
    return wish->last / 4096 * 4096;
}

static uint64_t frame_of(const struct wish *wish, uint64_t page)
{
    return wish->frame + (page - page_first(wish));
}

/* Does a wish break a rule by itself? */
static bool is_bad(const struct wish *wish)
{
    uint64_t frame = frame_of(wish, page_last(wish));
    return wish->frame >> 52 || frame >> 52 ||
           (wish->rights & (PGT_WRITE | PGT_EXECUTE)) == (PGT_WRITE | PGT_EXECUTE);
}

static bool contradict(const struct wish *a, const struct wish *b)
{
    if (a->first <= b->last && b->first <= a->last)
        return true;
    bool share = page_first(a) <= page_last(b) && page_first(b) <= page_last(a);
    uint64_t page = page_first(a) > page_first(b) ? page_first(a) : page_first(b);
    if (share && (a->rights != b->rights || a->memory != b->memory ||
                  frame_of(a, page) != frame_of(b, page)))
        return true;
    bool alias = a->frame <= frame_of(b, page_last(b)) && b->frame <= frame_of(a, page_last(a));
    unsigned both = a->rights | b->rights;
    return alias && (both & PGT_WRITE) && (both & PGT_EXECUTE);
}

static bool is_sound(const struct kernel *kernel)
{
    for (size_t i = 0; i < kernel->count; i++) {
        if (is_bad(&kernel->wish[i]))
            return false;
        for (size_t k = 0; k < i; k++)
            if (contradict(&kernel->wish[i], &kernel->wish[k]))
                return false;
    }
    return true;
}

/* Each leaf is what some wish asks for at its first and last page; as leaves together have
 * as many bytes as the wishes have pages, there are no others. */
static void compare(const struct kernel *kernel, const struct walk_list *list)
{
    uint64_t asked = 0, found = 0;
    for (size_t i = 0; i < kernel->count; i++) {
        const struct wish *wish = &kernel->wish[i];
        uint64_t page = page_first(wish);
        asked += page_last(wish) - page + 4096;
        for (size_t k = 0; k < i; k++) /* a page that two share counts once */
            if (page_last(&kernel->wish[k]) == page ||
                page_first(&kernel->wish[k]) == page_last(wish))
                asked -= 4096;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct walk_leaf *leaf = &list->leaf[i];
        const uint64_t page[] = {leaf->virt, leaf->virt + leaf->bytes - 4096};
        found += leaf->bytes;
        for (unsigned end = 0; end < 2; end++) {
            size_t k = 0;
            while (k < kernel->count && (page[end] < page_first(&kernel->wish[k]) ||
                                         page[end] > page_last(&kernel->wish[k])))
                k++;
            assert_true(k < kernel->count);
            assert_int_equal(leaf->phys + (page[end] - leaf->virt),
                             frame_of(&kernel->wish[k], page[end]));
            assert_int_equal(leaf->rights, kernel->wish[k].rights);
            assert_int_equal(leaf->memory, kernel->wish[k].memory);
        }
    }
    assert_int_equal(found, asked);
}

static void random_kernels(void **state)
{
    struct replay replay = replay_start(5, 3000);
    struct arena arena;
    uint64_t sound = 0;
    (void)state;

    arena_init(&arena, 0x100000, 4096, 1);
    for (uint64_t i = 0; i < replay.operations; i++) {
        struct kernel kernel;
        struct pgt_sections_report report;
        struct pgt_space space;
        struct walk_list list = {0};
        size_t cost;
        draw_kernel(&kernel, &replay);
        enum pgt_sections_status status =
            pgt_sections_build(&space, &kernel.sections, &kernel.arch, &arena.frames, &report);
        arena_assert_settled(&arena);
        assert_int_equal(status == PGT_SECTIONS_OK, is_sound(&kernel));
        if (status) {
            assert_int_equal(arena.outstanding, 0);
            continue;
        }
        sound++;
        suite_check(&space);
        walk_all(&list, &arena, &kernel.arch, space.root);
        assert_int_equal(list.bad, 0);
        assert_int_equal(list.tables, arena.outstanding);
        compare(&kernel, &list);
        walk_list_free(&list);
        assert_int_equal(pgt_sections_cost(&kernel.sections, &kernel.arch, &cost, &report),
                         PGT_SECTIONS_OK);
        assert_int_equal(cost, pgt_tables(&space, NULL, 0));
        assert_int_equal(pgt_destroy(&space), PGT_OK);
        assert_int_equal(arena.outstanding, 0);
    }
    print_message("%lu of %lu kernels were sound\n", (unsigned long)sound,
                  (unsigned long)replay.operations);
    assert_true(replay.operations < 1000 || sound > replay.operations / 10);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
