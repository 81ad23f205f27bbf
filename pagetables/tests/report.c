/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/report.h"

#include <string.h>

void report_line(void *context, const char *text)
{
    struct page *page = context;
    assert_true(page->count < REPORT_LINES);
    if (strlen(text) >= 100)
        fail_msg("%zu columns: %s", strlen(text), text);
    for (const char *at = text; *at; at++)
        assert_true(*at >= ' ' && *at < 127);
    assert_true(text[0] != 0 && text[strlen(text) - 1] != ' ');
    strcpy(page->line[page->count++], text);
}

void report_expect(const struct page *page, const char *const *expected, unsigned count)
{
    for (unsigned i = 0; i < count && i < page->count; i++)
        assert_string_equal(page->line[i], expected[i]);
    if (page->count > count)
        fail_msg("one line more: %s", page->line[count]);
    assert_int_equal(page->count, count);
}

void report_tables(struct tables *t, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(&t->suite, &arch);
    suite_map(&t->suite, VIRT & ~UINT64_C(0xfff), 0x1000, RWX | PGT_USER, 0x2a000);
    t->levels = levels;
    for (unsigned level = 1; level <= levels; level++)
        t->slot[level - 1] = walk_entry(&t->suite.arena, &arch, t->suite.space.root, VIRT, level);
}

void report_tables_end(struct tables *t)
{
    arena_free(&t->suite.arena);
}

struct pgt_state report_state(unsigned bits)
{
    return (struct pgt_state){
        .cr0 = bits & 1 ? UINT64_C(1) << 16 : 0,
        .cr4 = (bits & 2 ? UINT64_C(1) << 20 : 0) | (bits & 4 ? UINT64_C(1) << 21 : 0) |
               (bits & 8 ? UINT64_C(1) << 22 : 0) | (bits & 16 ? UINT64_C(1) << 24 : 0),
        .efer = bits & 32 ? UINT64_C(1) << 11 : 0,
        .rflags = bits & 64 ? UINT64_C(1) << 18 : 0,
    };
}

uint64_t report_entry(unsigned bits, uint64_t address)
{
    return address | (bits & 1) | (bits & 2) | (bits & 4) | (bits & 8 ? UINT64_C(1) << 63 : 0) |
           (bits & 16 ? UINT64_C(1) << 46 : 0);
}
