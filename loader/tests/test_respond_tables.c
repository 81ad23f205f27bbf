/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the answer about the page tables is right field by field, and that
 * the steps of PAGETABLES-FEATURE.md work on it: a kernel adopts the tables, seals its
 * upper half, and makes another address space on it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/pagetables_request.h"
#include "loader/tests/respond_machine.h"

/* Physical memory: the loader's tables, its answers, and frames free for the kernel. */
#define PHYS         UINT64_C(0x300000)
#define PAGES        64
#define ANSWERS_PAGE 32
#define FREE_PAGE    40

struct fixture {
    struct respond_machine machine;
    uint8_t *memory;
    uint64_t hhdm;
    struct pgt_pool pool;
};

static const struct pgt_mapping mapping_4[] = {
    {.virt = LDR_HHDM_4_LEVELS, .phys = 0, .bytes = 0x203000, .rights = PGT_READ | PGT_WRITE},
    {.virt = UINT64_C(0xffffffff80000000),
     .phys = 0x600000,
     .bytes = 0x1000,
     .rights = PGT_READ | PGT_EXECUTE},
};
static const struct pgt_mapping mapping_5[] = {
    {.virt = LDR_HHDM_5_LEVELS, .phys = 0, .bytes = 0x203000, .rights = PGT_READ | PGT_WRITE},
    {.virt = UINT64_C(0xffffffff80000000),
     .phys = 0x600000,
     .bytes = 0x1000,
     .rights = PGT_READ | PGT_EXECUTE},
};

static void make(struct fixture *fixture, unsigned levels)
{
    struct respond_machine *machine = &fixture->machine;
    const struct pgt_mapping *mapping = levels == 5 ? mapping_5 : mapping_4;
    struct pgt_flush flush = {0};
    respond_machine_make(machine);
    fixture->memory = aligned_alloc(4096, PAGES * 4096);
    fixture->hhdm = (uint64_t)(uintptr_t)fixture->memory - PHYS;
    pgt_pool_init(&fixture->pool, fixture->hhdm);
    assert_true(pgt_pool_add(&fixture->pool, PHYS, ANSWERS_PAGE));
    struct pgt_frames frames = pgt_pool_frames(&fixture->pool);

    machine->plan.arch.levels = (uint8_t)levels;
    machine->plan.hhdm = fixture->hhdm;
    struct ldr_tables *tables = &machine->tables;
    assert_int_equal(pgt_init(&tables->kernel, &machine->plan.arch, &frames), PGT_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pgt_map(&tables->kernel, &mapping[i], &flush), PGT_OK);
    assert_int_equal(pgt_seal(&tables->kernel, mapping[0].virt, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&tables->transition, &tables->kernel, &frames), PGT_OK);
}

static void unmake(struct fixture *fixture)
{
    respond_machine_free(&fixture->machine);
    free(fixture->memory);
}

/* Answers into the fixture's memory, so that one offset leads to everything. */
static const struct limine_pagetables_response *answer(struct fixture *fixture)
{
    struct respond_machine *machine = &fixture->machine;
    struct ldr_arena arena = {.memory = fixture->memory + ANSWERS_PAGE * 4096,
                              .phys = PHYS + ANSWERS_PAGE * 4096,
                              .bytes = (FREE_PAGE - ANSWERS_PAGE) * 4096};
    respond_ask(machine, LDR_PAGETABLES, true);
    ldr_respond(&machine->answers, &arena, machine->image_memory, &machine->late);
    return respond_to(machine, LDR_PAGETABLES);
}

static void assert_table_list(const struct fixture *fixture,
                              const struct limine_pagetables_response *told)
{
    const uint64_t *frame = respond_at(told->tables);
    const struct pgt_space *kernel = &fixture->machine.tables.kernel;
    assert_int_equal(told->tables % 8, 0);
    assert_int_equal(told->table_count, pgt_tables(kernel, NULL, 0));
    assert_int_equal(frame[0], kernel->root);
    for (uint64_t i = 0; i < told->table_count; i++) {
        assert_int_equal(frame[i] % 4096, 0);
        assert_true(frame[i] >= PHYS && frame[i] < PHYS + ANSWERS_PAGE * 4096);
        for (uint64_t other = 0; other < i; other++)
            assert_true(frame[i] != frame[other]);
    }
}

static void every_field(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct fixture fixture;
        make(&fixture, levels);
        const struct limine_pagetables_response *told = answer(&fixture);
        assert_int_equal(told->revision, 0);
        assert_int_equal(told->root, fixture.machine.tables.kernel.root);
        assert_int_equal(told->levels, levels);
        assert_int_equal(told->hhdm_offset, fixture.hhdm);
        assert_int_equal(told->upper_start,
                         levels == 4 ? UINT64_C(0xffff800000000000) : UINT64_C(0xff00000000000000));
        assert_int_equal(told->largest_leaf, 0x40000000);
        assert_int_equal(told->physical_bits, 40);
        assert_int_equal(told->pat, UINT64_C(0x0007010500070406));
        assert_int_equal(told->stack_base, UINT64_C(0xffff800000101000));
        assert_int_equal(told->stack_size, 0x11000);
        assert_int_equal(told->handoff_base, UINT64_C(0xffffffff80200000));
        assert_int_equal(told->transition_root, fixture.machine.tables.transition.root);
        assert_int_equal(told->leaves_4k, 11);
        assert_int_equal(told->leaves_2m, 12);
        assert_int_equal(told->leaves_1g, 13);
        assert_int_equal(told->writable_executable_bytes, 0);
        /* Levels below the root that two regions far apart need, three of them shared by none. */
        assert_int_equal(told->table_count, 1 + 2 * (levels - 1));
        assert_table_list(&fixture, told);

        fixture.machine.plan.arch.pages_1g = false;
        told = answer(&fixture);
        assert_int_equal(told->largest_leaf, 0x200000);
        unmake(&fixture);
    }
}

/* A space sealed elsewhere, in either half. */
static void where_the_upper_starts(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture, 4);
    struct pgt_space *kernel = &fixture.machine.tables.kernel;
    kernel->upper_slot = 511;
    assert_int_equal(answer(&fixture)->upper_start, UINT64_C(0xffffff8000000000));
    kernel->upper_slot = 1;
    assert_int_equal(answer(&fixture)->upper_start, UINT64_C(0x0000008000000000));
    unmake(&fixture);
}

/* The code of the document, section "Adopting them". */
static enum pgt_status adopt(const struct limine_pagetables_response *told, uint64_t frame,
                             size_t pages, struct pgt_pool *pool, struct pgt_space *kernel)
{
    struct pgt_arch arch = {.levels = (uint8_t)told->levels,
                            .physical_bits = (uint8_t)told->physical_bits,
                            .pages_1g = told->largest_leaf == PGT_PAGE_1G,
                            .no_execute = true,
                            .pat = told->pat};
    pgt_pool_init(pool, told->hhdm_offset);
    const uint64_t *table = respond_at(told->tables);
    bool ready = pgt_pool_add(pool, frame, pages);
    for (uint64_t i = 0; i < told->table_count; i++)
        ready = ready && pgt_pool_claim(pool, table[i], 1);
    if (!ready)
        return PGT_NO_FRAMES;
    struct pgt_frames frames = pgt_pool_frames(pool);
    enum pgt_status status = pgt_adopt(kernel, &arch, &frames, told->root);
    return status == PGT_OK ? pgt_seal(kernel, told->upper_start, 0) : status;
}

static void a_kernel_adopts_them(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct fixture fixture;
        struct pgt_pool pool;
        struct pgt_space kernel, process;
        struct pgt_flush flush = {0};
        struct pgt_fault fault;
        struct pgt_leaf leaf;
        make(&fixture, levels);
        const struct limine_pagetables_response *told = answer(&fixture);
        pgt_disown(&fixture.machine.tables.transition);
        pgt_disown(&fixture.machine.tables.kernel);

        assert_int_equal(adopt(told, PHYS + FREE_PAGE * 4096, PAGES - FREE_PAGE, &pool, &kernel),
                         PGT_OK);
        assert_int_equal(pgt_tables(&kernel, NULL, 0), told->table_count);
        assert_int_equal(pgt_check(&kernel, &fault), PGT_OK);

        /* Section "More address spaces". */
        struct pgt_frames frames = pgt_pool_frames(&pool);
        assert_int_equal(pgt_init_on(&process, &kernel, &frames), PGT_OK);
        assert_int_equal(pgt_map(&process,
                                 &(struct pgt_mapping){.virt = 0x400000,
                                                       .phys = 0x2a000,
                                                       .bytes = PGT_PAGE,
                                                       .rights = PGT_READ | PGT_USER},
                                 &flush),
                         PGT_OK);
        assert_true(pgt_lookup(&process, 0x400000, &leaf));
        assert_int_equal(leaf.phys, 0x2a000);
        assert_true(pgt_lookup(&process, UINT64_C(0xffffffff80000000), &leaf));
        assert_int_equal(leaf.phys, 0x600000);
        assert_false(pgt_lookup(&kernel, 0x400000, &leaf));
        assert_int_equal(pgt_destroy(&process), PGT_OK);
        assert_int_equal(pgt_check(&kernel, &fault), PGT_OK);
        unmake(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(where_the_upper_starts),
        cmocka_unit_test(a_kernel_adopts_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
