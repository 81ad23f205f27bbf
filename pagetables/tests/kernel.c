/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/kernel.h"

#include <string.h>

#include "pagetables/tests/suite.h"

void kernel_start(struct kernel *kernel, uint64_t offset)
{
    *kernel = (struct kernel){.arch = suite_arch(4)};
    arena_init(&kernel->arena, 0x100000, 64, 1);
    kernel->sections = (struct pgt_sections){
        .section = kernel->section, .offset = offset, .carried = kernel->carried};
}

void kernel_end(struct kernel *kernel)
{
    arena_free(&kernel->arena);
}

void kernel_add(struct kernel *kernel, const char *name, uint64_t virt, uint64_t bytes,
                unsigned rights)
{
    kernel->section[kernel->sections.section_count++] =
        (struct pgt_section){name, virt, bytes, rights};
}

void kernel_carry(struct kernel *kernel, uint64_t virt, uint64_t phys, uint64_t bytes,
                  unsigned rights)
{
    kernel->carried[kernel->sections.carried_count++] =
        (struct pgt_carried){.virt = virt, .phys = phys, .bytes = bytes, .rights = rights};
}

enum pgt_sections_status kernel_build(struct kernel *kernel)
{
    return pgt_sections_build(&kernel->space, &kernel->sections, &kernel->arch,
                              &kernel->arena.frames, &kernel->report);
}

void kernel_expect(struct kernel *kernel, const struct pgt_leaf *leaf, size_t count)
{
    size_t cost;
    assert_int_equal(pgt_sections_cost(&kernel->sections, &kernel->arch, &cost, &kernel->report),
                     PGT_SECTIONS_OK);
    assert_int_equal(kernel->arena.outstanding, 0);
    kernel->arena.limit = cost;
    assert_int_equal(kernel_build(kernel), PGT_SECTIONS_OK);
    assert_int_equal(kernel->report.first.index, SIZE_MAX);
    assert_int_equal(kernel->report.second.index, SIZE_MAX);
    arena_assert_settled(&kernel->arena);
    assert_int_equal(kernel->arena.outstanding, cost);
    assert_int_equal(pgt_tables(&kernel->space, NULL, 0), cost);
    assert_memory_equal(&kernel->space.frames, &kernel->arena.frames, sizeof(struct pgt_frames));
    suite_check(&kernel->space);
    suite_expect(&kernel->arena, &kernel->space, leaf, count);
    assert_int_equal(pgt_destroy(&kernel->space), PGT_OK);
    kernel->arena.limit = kernel->arena.count;
}

/* Is this the part that the report names? */
static void expect_part(const struct kernel *kernel, const struct pgt_sections_part *part,
                        const char *name)
{
    assert_int_equal(part->index == SIZE_MAX, name == NULL);
    if (!name) {
        assert_null(part->name);
        assert_false(part->carried);
        return;
    }
    assert_int_equal(part->carried, strcmp(name, "carried") == 0);
    if (part->carried) {
        assert_null(part->name);
        assert_true(part->index < kernel->sections.carried_count);
    } else {
        assert_true(part->index < kernel->sections.section_count);
        assert_ptr_equal(part->name, kernel->section[part->index].name);
        assert_string_equal(part->name, name);
    }
}

void kernel_refuse(struct kernel *kernel, enum pgt_sections_status status, const char *first,
                   const char *second)
{
    struct arena_snapshot snapshot = arena_snapshot(&kernel->arena);
    size_t cost = 0x5a5a;
    memset(&kernel->space, 0x5a, sizeof(kernel->space));
    struct pgt_space before = kernel->space;
    assert_int_equal(kernel_build(kernel), status);
    assert_memory_equal(&kernel->space, &before, sizeof(before));
    arena_assert_unchanged(&kernel->arena, &snapshot);
    if (status == PGT_SECTIONS_NO_FRAMES)
        return;
    assert_int_equal(pgt_sections_cost(&kernel->sections, &kernel->arch, &cost, &kernel->report),
                     status);
    assert_int_equal(cost, 0x5a5a);
    expect_part(kernel, &kernel->report.first, first);
    expect_part(kernel, &kernel->report.second, second);
}
