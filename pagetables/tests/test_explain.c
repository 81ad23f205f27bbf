/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_explain(): the report of a page fault, word by word.
 */
#include "pagetables/tests/report.h"

#include <stdio.h>
#include <string.h>

/* ---- the report -------------------------------------------------------------- */

static struct page explain(struct tables *t, uint64_t virt, uint64_t code, unsigned ring,
                           unsigned bits)
{
    struct page page = {.count = 0};
    struct pgt_state processor = report_state(bits);
    processor.ring = ring;
    pgt_explain(&t->suite.space, virt, code, &processor, report_line, &page);
    return page;
}

/* Sound tables down to a page table, and an entry in that. */
static void put_path(struct tables *t, uint64_t leaf)
{
    for (unsigned level = t->levels; level > 1; level--) {
        uint64_t table = *t->slot[level - 1] & UINT64_C(0xffffffffff000);
        *t->slot[level - 1] = table | 0x067;
    }
    *t->slot[0] = leaf;
}

/* The lines of the tables above the leaf, whose addresses are the arena's. */
static void expect_path(const struct tables *t, const struct page *page, unsigned first,
                        unsigned lowest)
{
    static const char *const name[] = {"PT  ", "PD  ", "PDPT", "PML4", "PML5"};
    static const unsigned index[] = {4, 3, 2, 1, 0};
    for (unsigned level = t->levels; level >= lowest; level--) {
        char want[128];
        uint64_t entry = *t->slot[level - 1];
        snprintf(want, sizeof(want), "  %s[%3u] 0x%016lx rwxu-a- table at 0x%012lx",
                 name[level - 1], index[level - 1], (unsigned long)entry,
                 (unsigned long)(entry & UINT64_C(0xffffffffff000)));
        assert_string_equal(page->line[first + t->levels - level], want);
    }
}

static void a_write_to_what_is_read_only(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        char root[128];
        report_tables(&t, levels);
        put_path(&t, UINT64_C(0x800000000002a025));
        struct page page = explain(&t, VIRT, P | W | U, 3, 1 | 2 | 4 | 32);
        snprintf(root, sizeof(root), "%u levels of tables from 0x%012lx", levels,
                 (unsigned long)t.suite.space.root);
        assert_int_equal(page.count, 6 + levels);
        assert_string_equal(page.line[0], "a write by ring 3 to 0x0000008080604400");
        assert_string_equal(page.line[1], "error code 0x7: present, write, user");
        assert_string_equal(page.line[2], "processor: WP SMEP SMAP NXE");
        assert_string_equal(page.line[3], root);
        expect_path(&t, &page, 4, 2);
        assert_string_equal(page.line[3 + levels],
                            "  PT  [  4] 0x800000000002a025 r--u-a- 4K at 0x00000002a000 WB");
        assert_string_equal(page.line[4 + levels],
                            "broken: a write to a page that is read-only because of PT[4]");
        assert_string_equal(page.line[5 + levels], "advice: a store to constants or code? or "
                                                   "copy-on-write that nobody resolved");
        report_tables_end(&t);
    }
}

/* The lines behind the walk, and the last of the walk itself. */
struct ending {
    uint64_t leaf;
    uint64_t code;
    unsigned ring;
    unsigned bits; /* of report_state() */
    const char *line[6];
};

static void every_rule_in_words(void **state)
{
    static const struct ending ending[] = {
        {0,
         U,
         3,
         33,
         {"  PT  [  4] 0x0000000000000000 not present",
          "broken: nothing is mapped there: not present in PT[4]",
          "advice: never mapped, freed already, or a guard page: a stack that overflowed?"}},
        {0,
         U | I,
         3,
         33,
         {"  PT  [  4] 0x0000000000000000 not present",
          "broken: nothing is mapped there: not present in PT[4]",
          "advice: a call through a wild pointer, or a return address that was overwritten"}},
        {UINT64_C(0x400000000fe),
         U | P,
         3,
         33,
         {"  PT  [  4] 0x00000400000000fe not present",
          "broken: nothing is mapped there: not present in PT[4]",
          "but the error code tells of something else: the entries changed meanwhile",
          "advice: never mapped, freed already, or a guard page: a stack that overflowed?"}},
        {UINT64_C(0x000440000002a067),
         P | RSVD,
         0,
         33,
         {"  PT  [  4] 0x000440000002a067 reserved bits 0x0004400000000000",
          "broken: a reserved bit is set in PT[4]",
          "advice: tables that were overwritten, or built for another processor (width, NXE, "
          "1G)"}},
        {0x2a063,
         P | U,
         3,
         33,
         {"  PT  [  4] 0x000000000002a063 rwx--ad 4K at 0x00000002a000 WB",
          "broken: ring 3 in a page of the kernel because of PT[4]",
          "advice: a program that reached for the kernel; or map the page with PGT_USER"}},
        {0x2a067,
         P | I,
         0,
         35,
         {"  PT  [  4] 0x000000000002a067 rwxu-ad 4K at 0x00000002a000 WB",
          "broken: SMEP: the kernel fetched instructions from a user page",
          "advice: a function pointer of the kernel that leads into user memory"}},
        {0x2a067,
         P,
         0,
         37,
         {"  PT  [  4] 0x000000000002a067 rwxu-ad 4K at 0x00000002a000 WB",
          "broken: SMAP: the kernel touched data in a user page",
          "advice: user memory is to be touched between STAC and CLAC alone"}},
        {UINT64_C(0x8000000000000023) | 0x2a000 | 0x100,
         P | I,
         0,
         33,
         {"  PT  [  4] 0x800000000002a123 rw--ga- 4K at 0x00000002a000 WB",
          "broken: an instruction fetch from a page that is no-execute because of PT[4]",
          "advice: a jump into data or a stack; or map the page with PGT_EXECUTE"}},
        {UINT64_C(0x3000000000000007) | 0x2a000,
         P | W | U | PK,
         3,
         33 | 8,
         {"  PT  [  4] 0x300000000002a007 rwxu--- 4K at 0x00000002a000 WB key 6",
          "broken: a protection key denies writes: key 6",
          "advice: PKRU (of user pages) or IA32_PKRS (of supervisor pages) decides over keys"}},
        {UINT64_C(0x4800000000000003) | 0x2a000,
         P | PK,
         0,
         33 | 16,
         {"  PT  [  4] 0x480000000002a003 rwx---- 4K at 0x00000002a000 WB key 9",
          "broken: a protection key denies access to data: key 9",
          "advice: PKRU (of user pages) or IA32_PKRS (of supervisor pages) decides over keys"}},
        {UINT64_C(0x07f0000000000e17) | 0x2a000,
         P | U,
         3,
         33,
         {"  PT  [  4] 0x07f000000002ae17 rwxu--- 4K at 0x00000002a000 UC- software 0x3ff",
          "broken: none, the entries allow this now: a stale translation, or changed meanwhile",
          "advice: invalidate the address and try again; should it go on, a flush is missing"}},
        {0x2a265,
         P | W | U | SS,
         3,
         33,
         {"  PT  [  4] 0x000000000002a265 r-xu-ad 4K at 0x00000002a000 WB software 0x1",
          "broken: a rule of shadow stacks, HLAT or SGX, which aren't judged here",
          "advice: invalidate the address and try again; should it go on, a flush is missing"}},
        {UINT64_C(0x8000000000000021) | 0x2a000,
         P | W | U,
         3,
         33 | 8,
         {"  PT  [  4] 0x800000000002a021 r----a- 4K at 0x00000002a000 WB",
          "broken: ring 3 in a page of the kernel because of PT[4]",
          "broken: a write to a page that is read-only because of PT[4]",
          "advice: a program that reached for the kernel; or map the page with PGT_USER"}},
    };
    struct tables t;
    (void)state;

    report_tables(&t, 4);
    for (unsigned i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        struct page page = {.count = 0};
        struct pgt_state processor = report_state(ending[i].bits);
        unsigned lines = 0;
        processor.ring = ending[i].ring;
        processor.pkru = 2u << 12;
        processor.pkrs = 1u << 18;
        put_path(&t, ending[i].leaf);
        pgt_explain(&t.suite.space, VIRT, ending[i].code, &processor, report_line, &page);
        while (lines < 6 && ending[i].line[lines])
            lines++;
        assert_int_equal(page.count, 7 + lines);
        for (unsigned k = 0; k < lines; k++)
            assert_string_equal(page.line[7 + k], ending[i].line[k]);
    }
    report_tables_end(&t);
}

/* Which entry withholds the right: the highest that does. */
static void an_entry_higher_up_is_named(void **state)
{
    struct tables t;
    (void)state;

    report_tables(&t, 5);
    put_path(&t, 0x2a065);
    *t.slot[2] &= ~UINT64_C(2);
    *t.slot[3] &= ~UINT64_C(4);
    *t.slot[4] |= UINT64_C(1) << 63;
    struct page page = explain(&t, VIRT, P | W | U, 3, 33);
    assert_memory_equal(page.line[4] + 31, "rw-u-a- table at ", 17);
    assert_string_equal(page.line[9], "broken: ring 3 in a page of the kernel because of PML4[1]");
    assert_string_equal(page.line[10],
                        "broken: a write to a page that is read-only because of PDPT[2]");
    page = explain(&t, VIRT, P | I | U, 3, 33);
    assert_string_equal(page.line[10], "broken: an instruction fetch from a page that is "
                                       "no-execute because of PML5[0]");
    /* The walk stops where it ends. */
    *t.slot[3] = 0;
    page = explain(&t, VIRT, U, 3, 33);
    assert_int_equal(page.count, 8);
    assert_string_equal(page.line[5], "  PML4[  1] 0x0000000000000000 not present");
    assert_string_equal(page.line[6], "broken: nothing is mapped there: not present in PML4[1]");
    report_tables_end(&t);
}

static void larger_pages(void **state)
{
    struct tables t;
    (void)state;

    report_tables(&t, 4);
    put_path(&t, 0x2a065);
    *t.slot[1] = UINT64_C(0x80000000004010e5) | UINT64_C(15) << 59;
    struct page page = explain(&t, VIRT, P | W | U, 3, 33);
    assert_string_equal(page.line[6],
                        "  PD  [  3] 0xf8000000004010e5 r--u-ad 2M at 0x000000400000 WP key 15");
    /* In an entry that leads to a table bit 8 says nothing of the page. */
    *t.slot[2] |= 0x100;
    page = explain(&t, VIRT, P | W | U, 3, 33);
    assert_memory_equal(page.line[5] + 31, "rwxu-a- table at ", 17);
    *t.slot[2] = UINT64_C(0x0000000080000183);
    page = explain(&t, VIRT, P | U, 3, 33);
    assert_string_equal(page.line[5],
                        "  PDPT[  2] 0x0000000080000183 rwx-g-- 1G at 0x000080000000 WB");
    report_tables_end(&t);
}

static void who_did_what_to_where(void **state)
{
    static const struct {
        uint64_t code;
        unsigned ring;
        const char *first, *second;
    } row[] = {
        {0, 0, "a read by ring 0 of 0x0000000000000010",
         "error code 0x0: not present, read, supervisor"},
        {W, 1, "a write by ring 1 to 0x0000000000000010",
         "error code 0x2: not present, write, supervisor"},
        {I, 2, "an instruction fetch by ring 2 from 0x0000000000000010",
         "error code 0x10: not present, fetch, supervisor"},
        {W, 3, "a write by the processor itself to 0x0000000000000010",
         "error code 0x2: not present, write, supervisor"},
        /* defect 17: these were unknown. */
        {5, 3, "a read by ring 3 of 0x0000000000000010", "error code 0x5: present, read, user"},
        {6, 3, "a write by ring 3 to 0x0000000000000010",
         "error code 0x6: not present, write, user"},
        {7, 3, "a write by ring 3 to 0x0000000000000010", "error code 0x7: present, write, user"},
        {9, 0, "a read by ring 0 of 0x0000000000000010",
         "error code 0x9: present, read, supervisor, reserved"},
        {17, 0, "an instruction fetch by ring 0 from 0x0000000000000010",
         "error code 0x11: present, fetch, supervisor"},
        {20, 3, "an instruction fetch by ring 3 from 0x0000000000000010",
         "error code 0x14: not present, fetch, user"},
        {21, 3, "an instruction fetch by ring 3 from 0x0000000000000010",
         "error code 0x15: present, fetch, user"},
        {P | W | U | PK | SS | HLAT | SGX, 3, "a write by ring 3 to 0x0000000000000010",
         "error code 0x80e7: present, write, user, key, SS, HLAT, SGX"},
    };
    struct tables t;
    (void)state;

    report_tables(&t, 4);
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct page page = explain(&t, 0x10, row[i].code, row[i].ring, 33);
        assert_string_equal(page.line[0], row[i].first);
        assert_string_equal(page.line[1], row[i].second);
        assert_string_equal(page.line[page.count - 1],
                            "advice: a null pointer, or a member or an element of one");
    }
    struct page page = explain(&t, UINT64_C(0) - 8, 0, 0, 33);
    assert_string_equal(page.line[page.count - 1],
                        "advice: a small negative number taken for a pointer, or an index below "
                        "a null pointer");
    const uint64_t border[] = {UINT64_C(0xffff), UINT64_C(0x10000), -UINT64_C(0x10000),
                               -UINT64_C(0xffff)};
    static const char *const advice[] = {"advice: a null", "advice: never ", "advice: never ",
                                         "advice: a small"};
    for (unsigned i = 0; i < 4; i++) {
        page = explain(&t, border[i], 0, 0, 33);
        assert_memory_equal(page.line[page.count - 1], advice[i], strlen(advice[i]));
    }
    page = explain(&t, 0x10, UINT64_C(0x100010000), 0, 33);
    assert_string_equal(page.line[1], "error code 0x100010000: not present, read, supervisor");
    assert_string_equal(page.line[2], "error code: nobody knows bits 0x100010000");
    report_tables_end(&t);
}

static void the_processor_in_words(void **state)
{
    struct tables t;
    (void)state;

    report_tables(&t, 4);
    struct page page = explain(&t, 0, 0, 0, 0);
    assert_string_equal(page.line[2], "processor: none of WP, SMEP, SMAP, PKE, PKS, NXE");
    page = explain(&t, 0, 0, 0, 127);
    assert_string_equal(page.line[2], "processor: WP SMEP SMAP PKE PKS NXE AC PKRU 0x00000000 "
                                      "PKRS 0x00000000");
    page = explain(&t, 0, 0, 0, 64);
    assert_string_equal(page.line[2], "processor: AC");
    report_tables_end(&t);
}

static void not_canonical_in_words(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct tables t;
        report_tables(&t, levels);
        struct page page = explain(&t, UINT64_C(0x4141414141414141), 0, 3, 33);
        EXPECT_PAGE(&page, "an access to 0x4141414141414141",
                    levels == 4 ? "broken: not canonical, bits 63 to 47 differ: general "
                                  "protection, not a page fault"
                                : "broken: not canonical, bits 63 to 56 differ: general "
                                  "protection, not a page fault",
                    "advice: a pointer that was overwritten, or never was one");
        report_tables_end(&t);
    }
}

/* Whatever is in the entries and the registers, lines keep their width, and nothing but the
 * tables is read. */
static void rubbish_keeps_its_width(void **state)
{
    uint64_t random = 20251121;
    struct tables t;
    uint64_t sound[3];
    (void)state;

    report_tables(&t, 4);
    for (unsigned level = 0; level < 3; level++)
        sound[level] = *t.slot[level];
    for (unsigned i = 0; i < 30000; i++) {
        struct page page = {.count = 0};
        unsigned level = (unsigned)(arena_random(&random) % 3);
        for (unsigned k = 0; k < 3; k++)
            *t.slot[k] = sound[k];
        /* Never a table anywhere else. */
        *t.slot[level] = arena_random(&random) | (level > 0 ? 0x80 : 0);
        uint64_t mask = arena_random(&random) % 3 ? UINT64_C(0xffff) : UINT64_MAX;
        struct pgt_state processor = {arena_random(&random),
                                      arena_random(&random),
                                      arena_random(&random),
                                      arena_random(&random),
                                      (uint32_t)arena_random(&random),
                                      (uint32_t)arena_random(&random),
                                      (unsigned)(arena_random(&random) & 3)};
        pgt_explain(&t.suite.space, VIRT, arena_random(&random) & mask, &processor, report_line,
                    &page);
        assert_true(page.count >= 8);
    }
    report_tables_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_to_what_is_read_only), cmocka_unit_test(every_rule_in_words),
        cmocka_unit_test(an_entry_higher_up_is_named),  cmocka_unit_test(larger_pages),
        cmocka_unit_test(who_did_what_to_where),        cmocka_unit_test(the_processor_in_words),
        cmocka_unit_test(not_canonical_in_words),       cmocka_unit_test(rubbish_keeps_its_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
