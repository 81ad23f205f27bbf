/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's own tables: exactly the rights of each section, what was mapped before, and nothing
 * else; or a refusal that names both sides and leaves everything as it was.
 */
#include "pagetables/sections.h"
#include "pagetables/tests/suite.h"

#include <string.h>

#define KERNEL UINT64_C(0xffffffff80000000)

struct kernel {
    struct arena arena;
    struct pgt_arch arch;
    struct pgt_section section[8];
    struct pgt_carried carried[4];
    struct pgt_sections sections;
    struct pgt_sections_report report;
    struct pgt_space space;
};

static void start(struct kernel *kernel, uint64_t offset)
{
    *kernel = (struct kernel){.arch = suite_arch(4)};
    arena_init(&kernel->arena, 0x100000, 64, 1);
    kernel->sections = (struct pgt_sections){
        .section = kernel->section, .offset = offset, .carried = kernel->carried};
}

static void end(struct kernel *kernel)
{
    arena_free(&kernel->arena);
}

static void add(struct kernel *kernel, const char *name, uint64_t virt, uint64_t bytes,
                unsigned rights)
{
    kernel->section[kernel->sections.section_count++] =
        (struct pgt_section){name, virt, bytes, rights};
}

static void carry(struct kernel *kernel, uint64_t virt, uint64_t phys, uint64_t bytes,
                  unsigned rights)
{
    kernel->carried[kernel->sections.carried_count++] =
        (struct pgt_carried){.virt = virt, .phys = phys, .bytes = bytes, .rights = rights};
}

static enum pgt_sections_status build(struct kernel *kernel)
{
    return pgt_sections_build(&kernel->space, &kernel->sections, &kernel->arch,
                              &kernel->arena.frames, &kernel->report);
}

/* Builds, with exactly the frames that the cost says, compares, and destroys. */
static void expect(struct kernel *kernel, const struct pgt_leaf *leaf, size_t count)
{
    size_t cost;
    assert_int_equal(pgt_sections_cost(&kernel->sections, &kernel->arch, &cost, &kernel->report),
                     PGT_SECTIONS_OK);
    assert_int_equal(kernel->arena.outstanding, 0);
    kernel->arena.limit = cost;
    assert_int_equal(build(kernel), PGT_SECTIONS_OK);
    assert_int_equal(kernel->report.first.index, SIZE_MAX);
    assert_int_equal(kernel->report.second.index, SIZE_MAX);
    arena_assert_settled(&kernel->arena);
    assert_int_equal(kernel->arena.outstanding, cost);
    assert_int_equal(kernel->space.tables, cost);
    assert_memory_equal(&kernel->space.frames, &kernel->arena.frames, sizeof(struct pgt_frames));
    suite_check(&kernel->space);
    suite_expect(&kernel->arena, &kernel->space, leaf, count);
    assert_int_equal(pgt_destroy(&kernel->space), PGT_OK);
    kernel->arena.limit = kernel->arena.count;
}

#define EXPECT_KERNEL(kernel, ...)                                                                 \
    expect(kernel, (const struct pgt_leaf[]){__VA_ARGS__},                                         \
           sizeof((const struct pgt_leaf[]){__VA_ARGS__}) / sizeof(struct pgt_leaf))

/* Refused, with nothing taken and nothing written; the report names these. */
static void refuse(struct kernel *kernel, enum pgt_sections_status status, const char *first,
                   const char *second)
{
    struct arena_snapshot snapshot = arena_snapshot(&kernel->arena);
    size_t cost = 0x5a5a;
    memset(&kernel->space, 0x5a, sizeof(kernel->space));
    struct pgt_space before = kernel->space;
    assert_int_equal(build(kernel), status);
    assert_memory_equal(&kernel->space, &before, sizeof(before));
    arena_assert_unchanged(&kernel->arena, &snapshot);
    if (status == PGT_SECTIONS_NO_FRAMES)
        return;
    assert_int_equal(pgt_sections_cost(&kernel->sections, &kernel->arch, &cost, &kernel->report),
                     status);
    assert_int_equal(cost, 0x5a5a);
    const struct pgt_sections_part part[] = {kernel->report.first, kernel->report.second};
    const char *name[] = {first, second};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(part[i].index == SIZE_MAX, name[i] == NULL);
        if (!name[i])
            continue;
        bool carried = strcmp(name[i], "carried") == 0;
        assert_int_equal(part[i].carried, carried);
        if (carried)
            assert_null(part[i].name);
        else
            assert_string_equal(part[i].name, name[i]);
        assert_true(part[i].index <
                    (carried ? kernel->sections.carried_count : kernel->sections.section_count));
        if (!carried)
            assert_ptr_equal(part[i].name, kernel->section[part[i].index].name);
    }
}

/* The vector "Kernel sections".  Exact flags, not a superset. */
static void sections_get_exactly_their_rights(void **state)
{
    struct kernel kernel;
    (void)state;

    start(&kernel, 0);
    add(&kernel, ".debug", 0, 4096, RO);
    add(&kernel, ".text", 0x10032, 4096, RX);
    add(&kernel, ".data", 0x2000, 4096, RW);
    add(&kernel, ".rodata", 0x3000, 8192, RO);
    EXPECT_KERNEL(&kernel, LEAF(0x2000, 0x1000, RW, 0x2000), LEAF(0x3000, 0x1000, RO, 0x3000),
                  LEAF(0x4000, 0x1000, RO, 0x4000), LEAF(0x10000, 0x1000, RX, 0x10000),
                  LEAF(0x11000, 0x1000, RX, 0x11000));
    /* The raw entries: accessed is preset, and dirty where writable. */
    assert_int_equal(build(&kernel), PGT_SECTIONS_OK);
    static const struct {
        uint64_t virt, entry;
    } raw[] = {{0x10000, 0x10021},
               {0x11000, 0x11021},
               {0x2000, UINT64_C(0x8000000000002063)},
               {0x3000, UINT64_C(0x8000000000003021)},
               {0x4000, UINT64_C(0x8000000000004021)}};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(
            *walk_entry(&kernel.arena, &kernel.arch, kernel.space.root, raw[i].virt, 1),
            raw[i].entry);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    end(&kernel);
}

/* Early reservations: a device, memory by its direct map, a stack. */
static void what_was_mapped_before_is_carried_over(void **state)
{
    struct kernel kernel;
    struct pgt_leaf leaf;
    (void)state;

    start(&kernel, KERNEL - 0x1000000);
    add(&kernel, ".text", KERNEL, 0x1234, RX);
    add(&kernel, ".data", KERNEL + 0x2000, 0x10, RW);
    carry(&kernel, UPPER_4, 0, 16 * MIB, RW);
    carry(&kernel, UPPER_4 + GIB, GIB, GIB, RW);
    carry(&kernel, UPPER_4 + 0xfee00000, 0xfee00000, 4097, RW);
    kernel.carried[2].memory = PGT_UNCACHEABLE;
    carry(&kernel, TOP_PAGE, 0x7000, 0x1000, RO);
    size_t cost;
    assert_int_equal(pgt_sections_cost(&kernel.sections, &kernel.arch, &cost, &kernel.report),
                     PGT_SECTIONS_OK);
    assert_int_equal(build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(kernel.space.tables, cost);
    suite_check(&kernel.space);
    assert_true(pgt_lookup(&kernel.space, UPPER_4 + 15 * MIB, &leaf));
    assert_int_equal(leaf.bytes, 2 * MIB);
    assert_true(pgt_lookup(&kernel.space, UPPER_4 + GIB, &leaf));
    assert_int_equal(leaf.bytes, GIB);
    assert_true(pgt_lookup(&kernel.space, UPPER_4 + 0xfee01000, &leaf));
    assert_int_equal(leaf.memory, PGT_UNCACHEABLE);
    assert_int_equal(leaf.phys, 0xfee01000);
    assert_false(pgt_lookup(&kernel.space, UPPER_4 + 0xfee02000, &leaf));
    assert_true(pgt_lookup(&kernel.space, KERNEL + 0x1000, &leaf));
    assert_int_equal(leaf.phys, 0x1001000);
    assert_int_equal(leaf.rights, RX);
    assert_true(pgt_lookup(&kernel.space, UINT64_MAX, &leaf));
    assert_int_equal(leaf.phys, 0x7000);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    assert_int_equal(kernel.arena.outstanding, 0);
    end(&kernel);
}

/* Defect 21: a section that was writable and executable was accepted. */
static void a_writable_and_executable_section_was_accepted(void **state)
{
    struct kernel kernel;
    (void)state;

    start(&kernel, KERNEL);
    add(&kernel, ".data", KERNEL + 0x1000, 1, RW);
    add(&kernel, ".text", KERNEL + 0x2345, 1, RWX);
    refuse(&kernel, PGT_SECTIONS_WRITABLE_CODE, ".text", NULL);
    assert_int_equal(kernel.report.page, KERNEL + 0x2000);
    kernel.section[1].rights = PGT_WRITE | PGT_EXECUTE;
    refuse(&kernel, PGT_SECTIONS_WRITABLE_CODE, ".text", NULL);
    kernel.section[1].rights = RX;
    carry(&kernel, UPPER_4, 0x100000, 0x1000, RWX);
    refuse(&kernel, PGT_SECTIONS_WRITABLE_CODE, "carried", NULL);
    end(&kernel);
}

/* Defect 21: of two sections with different rights on one page the last one won, silently. */
static void the_last_of_two_sections_on_a_page_won(void **state)
{
    static const unsigned rights[] = {RO, RW, RX, RO | PGT_USER, RO | PGT_GLOBAL};
    (void)state;

    for (unsigned a = 0; a < 5; a++) {
        for (unsigned b = 0; b < 5; b++) {
            struct kernel kernel;
            start(&kernel, KERNEL - 0x100000);
            add(&kernel, ".a", KERNEL + 0x1000, 0x1001, rights[a]);
            add(&kernel, ".b", KERNEL + 0x2001, 0x100, rights[b]);
            if (a == b) {
                EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, rights[a], 0x101000),
                              LEAF(KERNEL + 0x2000, 0x1000, rights[a], 0x102000));
            } else {
                refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".a", ".b");
                assert_int_equal(kernel.report.page, KERNEL + 0x2000);
            }
            /* In the other order of the array, and just not on one page. */
            struct pgt_section section = kernel.section[0];
            kernel.section[0] = kernel.section[1];
            kernel.section[1] = section;
            if (a != b) {
                refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".b", ".a");
                assert_int_equal(kernel.report.page, KERNEL + 0x2000);
            }
            kernel.section[0].virt = KERNEL + 0x3000;
            EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, rights[a], 0x101000),
                          LEAF(KERNEL + 0x2000, 0x1000, rights[a], 0x102000),
                          LEAF(KERNEL + 0x3000, 0x1000, rights[b], 0x103000));
            end(&kernel);
        }
    }
}

static void sections_that_claim_the_same_byte(void **state)
{
    struct kernel kernel;
    (void)state;

    start(&kernel, KERNEL);
    add(&kernel, ".text", KERNEL + 0x1000, 0x1000, RO);
    add(&kernel, ".skipped", KERNEL + 0x1000, 0, RW);
    add(&kernel, ".rodata", KERNEL + 0x1fff, 0x1000, RO);
    refuse(&kernel, PGT_SECTIONS_OVERLAP, ".text", ".rodata");
    assert_int_equal(kernel.report.page, KERNEL + 0x1000);
    kernel.section[2].virt++;
    EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, RO, 0x1000),
                  LEAF(KERNEL + 0x2000, 0x1000, RO, 0x2000));
    carry(&kernel, KERNEL + 0x2000, 0x2000, 0x1000, RO);
    refuse(&kernel, PGT_SECTIONS_OVERLAP, ".rodata", "carried");
    kernel.section[2].bytes = 0x800;
    kernel.carried[0].virt += 0x800;
    kernel.carried[0].phys += 0x1800; /* another frame for the same page */
    kernel.carried[0].bytes = 0x800;
    refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".rodata", "carried");
    kernel.carried[0].phys -= 0x1000;
    EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, RO, 0x1000),
                  LEAF(KERNEL + 0x2000, 0x1000, RO, 0x2000));
    kernel.carried[0].memory = PGT_UNCACHEABLE;
    refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".rodata", "carried");
    end(&kernel);
}

/* Kernel text stays unwritable, whatever else maps its frames. */
static void no_frame_is_writable_here_and_executable_there(void **state)
{
    struct kernel kernel;
    (void)state;

    start(&kernel, KERNEL - 0x200000);
    add(&kernel, ".text", KERNEL + 0x1000, 0x1800, RX);
    carry(&kernel, UPPER_4 + 0x202000, 0x202000, 0x4000, RW);
    refuse(&kernel, PGT_SECTIONS_ALIAS, ".text", "carried");
    assert_int_equal(kernel.report.page, KERNEL + 0x2000);
    kernel.carried[0].rights = RX; /* both may execute */
    assert_int_equal(build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel.section[0].rights = RW;
    refuse(&kernel, PGT_SECTIONS_ALIAS, ".text", "carried");
    kernel.carried[0] = (struct pgt_carried){
        .virt = UPPER_4 + 0x203000, .phys = 0x203000, .bytes = 1, .rights = RX};
    assert_int_equal(build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel.carried[0].phys = 0x200000;
    assert_int_equal(build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel.carried[0].phys = 0x201000;
    refuse(&kernel, PGT_SECTIONS_ALIAS, ".text", "carried");
    assert_int_equal(kernel.report.page, KERNEL + 0x1000);
    end(&kernel);
}

static void refuse_part(struct kernel *kernel, const char *name, enum pgt_status cause)
{
    refuse(kernel, PGT_SECTIONS_BAD_PART, name, NULL);
    assert_int_equal(kernel->report.cause, cause);
}

/* What pgt_map() would refuse is refused before the first frame is taken. */
static void parts_that_cannot_be_mapped(void **state)
{
    struct kernel kernel;
    (void)state;

    start(&kernel, KERNEL - 0x1000);
    add(&kernel, ".good", KERNEL + 0x10000, 1, RO);
    add(&kernel, ".bad", KERNEL, UINT64_MAX, RO);
    refuse_part(&kernel, ".bad", PGT_BAD_RANGE);
    kernel.section[1].bytes = -KERNEL + 1;
    refuse_part(&kernel, ".bad", PGT_BAD_RANGE);
    kernel.section[1] = (struct pgt_section){".bad", UPPER_4 - 1, 1, RO};
    refuse_part(&kernel, ".bad", PGT_BAD_RANGE);
    kernel.section[1] = (struct pgt_section){".bad", LOWER_LAST_4, 0x1001, RO};
    refuse_part(&kernel, ".bad", PGT_BAD_RANGE);
    kernel.section[1] = (struct pgt_section){".bad", KERNEL - 0x1001, 0x1001, RO};
    refuse_part(&kernel, ".bad", PGT_BAD_PHYSICAL); /* below physical address 0 */
    kernel.section[1] = (struct pgt_section){".bad", KERNEL, 1, 0};
    refuse_part(&kernel, ".bad", PGT_BAD_RIGHTS);
    kernel.section[1].rights = 64 | RO;
    refuse_part(&kernel, ".bad", PGT_BAD_RIGHTS);
    kernel.section[1].rights = RX;
    kernel.arch.no_execute = false;
    refuse_part(&kernel, ".good", PGT_BAD_RIGHTS);
    kernel.arch.no_execute = true;
    carry(&kernel, UPPER_4, 0, 0, RW);
    refuse_part(&kernel, "carried", PGT_BAD_RANGE);
    kernel.carried[0] = (struct pgt_carried){.virt = UPPER_4, .phys = 1, .bytes = 1, .rights = RW};
    refuse_part(&kernel, "carried", PGT_MISALIGNED);
    kernel.carried[0].phys = UINT64_C(1) << 46;
    refuse_part(&kernel, "carried", PGT_BAD_PHYSICAL);
    kernel.carried[0].phys -= 0x1000;
    kernel.carried[0].bytes = 0x1001;
    refuse_part(&kernel, "carried", PGT_BAD_PHYSICAL);
    kernel.carried[0].bytes = 0x1000;
    kernel.carried[0].memory = (enum pgt_memory)PGT_MEMORY_TYPES;
    refuse_part(&kernel, "carried", PGT_BAD_RIGHTS);
    kernel.carried[0].memory = PGT_WRITE_COMBINING;
    assert_int_equal(build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    end(&kernel);
}

/* Each frame in turn is the one that isn't there. */
static void a_kernel_that_ran_out_of_frames_was_half_mapped(void **state)
{
    struct kernel kernel;
    size_t cost;
    (void)state;

    start(&kernel, KERNEL - 0x100000);
    add(&kernel, ".text", KERNEL, 0x3000, RX);
    add(&kernel, ".data", KERNEL + GIB - 0x1000, 0x2000, RW);
    carry(&kernel, UPPER_4, 8 * GIB, 4 * GIB + 0x1000, RW);
    assert_int_equal(pgt_sections_cost(&kernel.sections, &kernel.arch, &cost, &kernel.report),
                     PGT_SECTIONS_OK);
    assert_int_equal(cost, 1 + (1 + 2 + 3) + (1 + 1 + 1));
    for (size_t frames = 0; frames < cost; frames++) {
        kernel.arena.limit = frames;
        refuse(&kernel, PGT_SECTIONS_NO_FRAMES, NULL, NULL);
    }
    kernel.arena.limit = cost;
    assert_int_equal(build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(kernel.space.tables, cost);
    /* Afterwards the space is on the caller's own allocator. */
    struct pgt_flush flush = {0};
    struct pgt_mapping more = {.virt = 0x1000, .phys = 0, .bytes = 0x1000, .rights = RW};
    assert_int_equal(pgt_map(&kernel.space, &more, &flush), PGT_NO_FRAMES);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    assert_int_equal(kernel.arena.outstanding, 0);
    end(&kernel);
}

/* Neighbours with the same rights share large pages, in whichever order they are told. */
static void neighbours_are_mapped_as_one(void **state)
{
    struct kernel kernel;
    (void)state;

    start(&kernel, KERNEL);
    add(&kernel, ".bss", KERNEL + 0x180000, 0x80000, RW);
    add(&kernel, ".more", KERNEL + 0x200000, 0x200000, RW);
    add(&kernel, ".data", KERNEL, 0x17ffff, RW);
    carry(&kernel, KERNEL + 0x400000, 0x400000, 0x1000, RW | PGT_GLOBAL);
    EXPECT_KERNEL(&kernel, LEAF(KERNEL, 2 * MIB, RW, 0),
                  LEAF(KERNEL + 2 * MIB, 2 * MIB, RW, 2 * MIB),
                  LEAF(KERNEL + 4 * MIB, 0x1000, RW | PGT_GLOBAL, 4 * MIB));
    end(&kernel);
}

static void a_kernel_without_sections(void **state)
{
    struct kernel kernel;
    (void)state;

    start(&kernel, 0);
    expect(&kernel, NULL, 0);
    add(&kernel, ".empty", KERNEL, 0, RWX); /* not even judged */
    add(&kernel, ".debug", 0, 4096, RWX);
    expect(&kernel, NULL, 0);
    end(&kernel);
}

static void each_status_has_its_text(void **state)
{
    (void)state;
    for (int status = 0; status <= PGT_SECTIONS_TOO_MANY + 1; status++)
        for (int other = 0; other < status; other++)
            assert_string_not_equal(pgt_sections_text((enum pgt_sections_status)status),
                                    pgt_sections_text((enum pgt_sections_status)other));
    assert_string_equal(pgt_sections_text((enum pgt_sections_status)99), "an unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_get_exactly_their_rights),
        cmocka_unit_test(what_was_mapped_before_is_carried_over),
        cmocka_unit_test(a_writable_and_executable_section_was_accepted),
        cmocka_unit_test(the_last_of_two_sections_on_a_page_won),
        cmocka_unit_test(sections_that_claim_the_same_byte),
        cmocka_unit_test(no_frame_is_writable_here_and_executable_there),
        cmocka_unit_test(parts_that_cannot_be_mapped),
        cmocka_unit_test(a_kernel_that_ran_out_of_frames_was_half_mapped),
        cmocka_unit_test(neighbours_are_mapped_as_one),
        cmocka_unit_test(a_kernel_without_sections),
        cmocka_unit_test(each_status_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
