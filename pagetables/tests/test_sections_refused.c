/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels whose sections contradict each other, or that can't be mapped, are refused; the report
 * names both sides, and everything is as it was.
 */
#include "pagetables/tests/kernel.h"
#include "pagetables/tests/suite.h"

/* Defect 21: a section that was writable and executable was accepted. */
static void a_writable_and_executable_section_was_accepted(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, KERNEL);
    kernel_add(&kernel, ".data", KERNEL + 0x1000, 1, RW);
    kernel_add(&kernel, ".text", KERNEL + 0x2345, 1, RWX);
    kernel_refuse(&kernel, PGT_SECTIONS_WRITABLE_CODE, ".text", NULL);
    assert_int_equal(kernel.report.page, KERNEL + 0x2000);
    kernel.section[1].rights = PGT_WRITE | PGT_EXECUTE;
    kernel_refuse(&kernel, PGT_SECTIONS_WRITABLE_CODE, ".text", NULL);
    kernel.section[1].rights = RX;
    kernel_carry(&kernel, UPPER_4, 0x100000, 0x1000, RWX);
    kernel_refuse(&kernel, PGT_SECTIONS_WRITABLE_CODE, "carried", NULL);
    kernel_end(&kernel);
}

/* Defect 21: of two sections with different rights on one page the last one won, silently. */
static void the_last_of_two_sections_on_a_page_won(void **state)
{
    static const unsigned rights[] = {RO, RW, RX, RO | PGT_USER, RO | PGT_GLOBAL};
    (void)state;

    for (unsigned a = 0; a < 5; a++) {
        for (unsigned b = 0; b < 5; b++) {
            struct kernel kernel;
            kernel_start(&kernel, KERNEL - 0x100000);
            kernel_add(&kernel, ".a", KERNEL + 0x1000, 0x1001, rights[a]);
            kernel_add(&kernel, ".b", KERNEL + 0x2001, 0x100, rights[b]);
            if (a == b) {
                EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, rights[a], 0x101000),
                              LEAF(KERNEL + 0x2000, 0x1000, rights[a], 0x102000));
            } else {
                kernel_refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".a", ".b");
                assert_int_equal(kernel.report.page, KERNEL + 0x2000);
            }
            /* In the other order of the array, and just not on one page. */
            struct pgt_section section = kernel.section[0];
            kernel.section[0] = kernel.section[1];
            kernel.section[1] = section;
            if (a != b) {
                kernel_refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".b", ".a");
                assert_int_equal(kernel.report.page, KERNEL + 0x2000);
            }
            kernel.section[0].virt = KERNEL + 0x3000;
            EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, rights[a], 0x101000),
                          LEAF(KERNEL + 0x2000, 0x1000, rights[a], 0x102000),
                          LEAF(KERNEL + 0x3000, 0x1000, rights[b], 0x103000));
            kernel_end(&kernel);
        }
    }
}

static void sections_that_claim_the_same_byte(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, KERNEL);
    kernel_add(&kernel, ".text", KERNEL + 0x1000, 0x1000, RO);
    kernel_add(&kernel, ".skipped", KERNEL + 0x1000, 0, RW);
    kernel_add(&kernel, ".rodata", KERNEL + 0x1fff, 0x1000, RO);
    kernel_refuse(&kernel, PGT_SECTIONS_OVERLAP, ".text", ".rodata");
    assert_int_equal(kernel.report.page, KERNEL + 0x1000);
    struct pgt_section swap = kernel.section[0];
    kernel.section[0] = kernel.section[2];
    kernel.section[2] = swap;
    kernel_refuse(&kernel, PGT_SECTIONS_OVERLAP, ".rodata", ".text");
    kernel.section[2] = kernel.section[0];
    kernel.section[0] = swap;
    kernel.section[2].virt++;
    EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, RO, 0x1000),
                  LEAF(KERNEL + 0x2000, 0x1000, RO, 0x2000));
    kernel_carry(&kernel, KERNEL + 0x2000, 0x2000, 0x1000, RO);
    kernel_refuse(&kernel, PGT_SECTIONS_OVERLAP, ".rodata", "carried");
    kernel.section[2].bytes = 0x800;
    kernel.carried[0].virt += 0x800;
    kernel.carried[0].phys += 0x1800; /* another frame for the same page */
    kernel.carried[0].bytes = 0x800;
    kernel_refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".rodata", "carried");
    kernel.carried[0].phys -= 0x1000;
    EXPECT_KERNEL(&kernel, LEAF(KERNEL + 0x1000, 0x1000, RO, 0x1000),
                  LEAF(KERNEL + 0x2000, 0x1000, RO, 0x2000));
    kernel.carried[0].memory = PGT_UNCACHEABLE;
    kernel_refuse(&kernel, PGT_SECTIONS_SHARED_PAGE, ".rodata", "carried");
    kernel_end(&kernel);
}

/* Kernel text stays unwritable, whatever else maps its frames. */
static void no_frame_is_writable_here_and_executable_there(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, KERNEL - 0x200000);
    kernel_add(&kernel, ".text", KERNEL + 0x1000, 0x1800, RX);
    kernel_carry(&kernel, UPPER_4 + 0x202000, 0x202000, 0x4000, RW);
    kernel_refuse(&kernel, PGT_SECTIONS_ALIAS, ".text", "carried");
    assert_int_equal(kernel.report.page, KERNEL + 0x2000);
    kernel.carried[0].rights = RX; /* both may execute */
    assert_int_equal(kernel_build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel.section[0].rights = RW;
    kernel_refuse(&kernel, PGT_SECTIONS_ALIAS, ".text", "carried");
    kernel.carried[0] = (struct pgt_carried){
        .virt = UPPER_4 + 0x203000, .phys = 0x203000, .bytes = 1, .rights = RX};
    assert_int_equal(kernel_build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel.carried[0].phys = 0x200000;
    assert_int_equal(kernel_build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel.carried[0].phys = 0x201000;
    kernel_refuse(&kernel, PGT_SECTIONS_ALIAS, ".text", "carried");
    assert_int_equal(kernel.report.page, KERNEL + 0x1000);
    kernel_end(&kernel);
}

static void refuse_part(struct kernel *kernel, const char *name, enum pgt_status cause)
{
    kernel_refuse(kernel, PGT_SECTIONS_BAD_PART, name, NULL);
    assert_int_equal(kernel->report.cause, cause);
}

/* What pgt_map() would refuse is refused before the first frame is taken. */
static void parts_that_cannot_be_mapped(void **state)
{
    struct kernel kernel;
    (void)state;

    kernel_start(&kernel, KERNEL - 0x1000);
    kernel_add(&kernel, ".good", KERNEL + 0x10000, 1, RO);
    kernel_add(&kernel, ".bad", KERNEL, UINT64_MAX, RO);
    refuse_part(&kernel, ".bad", PGT_BAD_RANGE);
    kernel.section[1].virt += 0x800; /* it would end in the page where it began */
    refuse_part(&kernel, ".bad", PGT_BAD_RANGE);
    kernel.section[1].virt -= 0x800;
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
    kernel_carry(&kernel, UPPER_4, 0, 0, RW);
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
    assert_int_equal(kernel_build(&kernel), PGT_SECTIONS_OK);
    assert_int_equal(pgt_destroy(&kernel.space), PGT_OK);
    kernel_end(&kernel);
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
        cmocka_unit_test(a_writable_and_executable_section_was_accepted),
        cmocka_unit_test(the_last_of_two_sections_on_a_page_won),
        cmocka_unit_test(sections_that_claim_the_same_byte),
        cmocka_unit_test(no_frame_is_writable_here_and_executable_there),
        cmocka_unit_test(parts_that_cannot_be_mapped),
        cmocka_unit_test(each_status_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
