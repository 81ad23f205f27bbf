/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that each way in which a loader may pass over a kernel's request is told in its one line
 * and no other, that a kernel without such flaws gets no line, and that damaged tables of
 * sections and symbols cost no more than the names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/explain_kernel.h"

#define COMMON UINT64_C(0xc7b1dd30df4c8b88), UINT64_C(0x0a82e883a194f07b)

/* A kernel of revision 3: markers at D and D + 0xc00, and what is said lies between. */
#define D     REQUESTS_DATA
#define START D
#define TAG   (D + 0x40)
#define HHDM  (D + 0x80)
#define END   (D + 0xc00)

static int make(void **state)
{
    struct explain_kernel *kernel = malloc(sizeof *kernel);

    explain_kernel_make(kernel);
    requests_put_start(&kernel->base, START);
    requests_put_tag(&kernel->base, TAG, 3);
    requests_put_feature(&kernel->base, HHDM, LDR_HHDM, 0);
    requests_put_end(&kernel->base, END);
    *state = kernel;
    return 0;
}

static int unmake(void **state)
{
    explain_kernel_free(*state);
    free(*state);
    return 0;
}

static void wipe(struct explain_kernel *kernel, uint64_t at, size_t bytes)
{
    memset(kernel->base.memory + at, 0, bytes);
}

static void no_line_for_a_kernel_without_flaws(void **state)
{
    struct explain_kernel *kernel = *state;

    explained(kernel, 0, NULL);
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        if (i != LDR_HHDM)
            requests_put_feature(&kernel->base, D + 0x100 + 0x50 * i, (enum ldr_feature)i, 0);
    explained(kernel, 0, NULL);
    for (unsigned revision = 0; revision <= LIMINE_BASE_REVISION_LAST; revision++) {
        requests_put_tag(&kernel->base, TAG, revision);
        explained(kernel, 0, NULL);
    }
    /* No markers at all are as good as two. */
    wipe(kernel, START, 32);
    wipe(kernel, END, 16);
    explained(kernel, 0, NULL);
}

static void misaligned(void **state)
{
    struct explain_kernel *kernel = *state;

    explain_symbol(kernel, "memmap_request", D + 0x201, 48, STT_OBJECT);
    for (unsigned off = 1; off < 8; off++) {
        char line[LDR_REPORT_BYTES];
        wipe(kernel, D + 0x200, 64);
        requests_put_feature(&kernel->base, D + 0x200 + off, LDR_MEMMAP, 0);
        ldr_format(line, sizeof line,
                   "kernel.elf: warning: the memory map request at 0xffffffff8000220%u "
                   "(memmap_request%s, segment 1, file offset 0x220%u) is not 8-byte aligned, so "
                   "no loader sees it: align it",
                   off, &"\0\0\0\0\0+0x1\0+0x2\0+0x3\0+0x4\0+0x5\0+0x6"[5 * (off - 1)], off);
        EXPLAINED(kernel, line);
    }
    wipe(kernel, D + 0x200, 64);
    requests_put_end(&kernel->base, D + 0x204);
    EXPLAINED(kernel, "kernel.elf: warning: the end marker at 0xffffffff80002204 "
                      "(memmap_request+0x3, segment 1, file offset 0x2204) is not 8-byte aligned, "
                      "so no loader sees it: align it");
}

/* The first and the last byte of a segment, in which no aligned word precedes or follows. */
static void misaligned_at_the_edges(void **state)
{
    struct explain_kernel *kernel = *state;
    struct ldr_segment *text = &kernel->base.image.segment[0];

    text->virt += 3;
    text->bytes -= 3;
    text->file_bytes -= 3;
    requests_put_feature(&kernel->base, 3, LDR_RSDP, 0);
    requests_put_feature(&kernel->base, 0x1000 - 49, LDR_SMBIOS, 0);
    explain(kernel);
    assert_int_equal(kernel->lines, 2);
    assert_non_null(strstr(kernel->line[0], "the RSDP request at 0xffffffff80000003 "));
    assert_non_null(strstr(kernel->line[1], "the SMBIOS request at 0xffffffff80000fcf "));
    /* One byte earlier is not in the segment. */
    wipe(kernel, 0, 0x1000);
    requests_put_feature(&kernel->base, 2, LDR_RSDP, 0);
    explained(kernel, 0, NULL);
}

/* Two words belong to what begins there, and the second is in no segment. */
static void what_the_segment_cuts_is_nothing(void **state)
{
    struct explain_kernel *kernel = *state;

    requests_put_feature(&kernel->base, 0x1000 - 8, LDR_RSDP, 0);
    requests_put_end(&kernel->base, REQUESTS_ZERO - 4);
    kernel->base.image.segment[1].bytes = REQUESTS_ZERO + 8 - D;
    explained(kernel, 0, NULL);
}

static void outside_the_markers(void **state)
{
    struct explain_kernel *kernel = *state;

    requests_put_feature(&kernel->base, 0x100, LDR_MEMMAP, 0);
    explain_symbol(kernel, "in_the_text", 0x100, 0, STT_NOTYPE);
    requests_put_feature(&kernel->base, END + 0x20, LDR_RSDP, 0);
    explain_symbol(kernel, "behind", END, 0x100, STT_OBJECT);
    const char *before = "kernel.elf: warning: the memory map request at 0xffffffff80000100 "
                         "(in_the_text, segment 0, file offset 0x1100) lies outside the markers, "
                         "where loaders don't look: move it between them";
    const char *behind = "kernel.elf: warning: the RSDP request at 0xffffffff80002c20 "
                         "(behind+0x20, segment 1, file offset 0x2c20) lies outside the markers, "
                         "where loaders don't look: move it between them";
    EXPLAINED(kernel, before, behind);
    wipe(kernel, 0x100, 48);
    EXPLAINED(kernel, behind);
}

static void a_tag_outside_the_markers(void **state)
{
    struct explain_kernel *kernel = *state;

    wipe(kernel, TAG, 24);
    requests_put_tag(&kernel->base, END + 0x40, 3);
    EXPLAINED(kernel, "kernel.elf: warning: the base revision tag at 0xffffffff80002c40 (segment "
                      "1, file offset 0x2c40) lies outside the markers, where loaders don't look: "
                      "move it between them");
}

static void markers_alone(void **state)
{
    struct explain_kernel *kernel = *state;

    wipe(kernel, END, 16);
    EXPLAINED(kernel, "kernel.elf: warning: the start marker at 0xffffffff80002000 (segment 1, "
                      "file offset 0x2000) stands alone: link a start and an end marker, 8-byte "
                      "aligned");
    requests_put_end(&kernel->base, END);
    wipe(kernel, START, 32);
    EXPLAINED(kernel, "kernel.elf: warning: the end marker at 0xffffffff80002c00 (segment 1, "
                      "file offset 0x2c00) stands alone: link a start and an end marker, 8-byte "
                      "aligned");
}

static void markers_several_times(void **state)
{
    struct explain_kernel *kernel = *state;

    requests_put_start(&kernel->base, START + 0x20);
    EXPLAINED(kernel, "kernel.elf: warning: the start marker at 0xffffffff80002020 (segment 1, "
                      "file offset 0x2020) is the one that counts of several: keep one");
    wipe(kernel, START + 0x20, 32);
    requests_put_end(&kernel->base, END + 0x20);
    EXPLAINED(kernel, "kernel.elf: warning: the end marker at 0xffffffff80002c00 (segment 1, "
                      "file offset 0x2c00) is the one that counts of several: keep one");
}

static void a_response_before_there_is_one(void **state)
{
    struct explain_kernel *kernel = *state;

    REQUESTS_PUT(&kernel->base, HHDM + 40, 1);
    EXPLAINED(kernel, "kernel.elf: warning: the HHDM request at 0xffffffff80002080 (segment 1, "
                      "file offset 0x2080) has a response before a loader gave any: set it to 0");
}

/* Of a feature that nobody knows, no revision is judged. */
static void revisions(void **state)
{
    struct explain_kernel *kernel = *state;

    requests_put_feature(&kernel->base, D + 0x100, LDR_FRAMEBUFFER, 1);
    requests_put_feature(&kernel->base, D + 0x200, LDR_MODULE, 1);
    requests_put_feature(&kernel->base, D + 0x300, LDR_PAGING_MODE, 1);
    REQUESTS_PUT(&kernel->base, D + 0x400, COMMON, 1, 2, UINT64_MAX, 0);
    explained(kernel, 0, NULL);
    requests_put_feature(&kernel->base, HHDM, LDR_HHDM, 3);
    EXPLAINED(kernel, "kernel.elf: warning: the HHDM request at 0xffffffff80002080 (segment 1, "
                      "file offset 0x2080) has revision 3, of which nothing is known: it is "
                      "answered as revision 0, so give it that");
    requests_put_feature(&kernel->base, HHDM, LDR_HHDM, 0);
    requests_put_feature(&kernel->base, D + 0x200, LDR_MODULE, 2);
    EXPLAINED(kernel, "kernel.elf: warning: the module request at 0xffffffff80002200 (segment 1, "
                      "file offset 0x2200) has revision 2, of which nothing is known: it is "
                      "answered as revision 1, so give it that");
}

static const char list_line[] =
    "kernel.elf: warning: section .limine_reqs is read at base revision 0 alone, and not by every "
    "loader: drop it, and name a newer revision in a tag";

static void the_list_of_revision_0(void **state)
{
    struct explain_kernel *kernel = *state;

    explain_list(kernel);
    requests_put_feature(&kernel->base, END + 0x80, LDR_RSDP, 0);
    requests_put_feature(&kernel->base, D + 0x200, LDR_MEMMAP, 0);
    kernel->file.list[0] = REQUESTS_BASE + HHDM;
    kernel->file.list[1] = REQUESTS_BASE + END + 0x80; /* markers don't bound a list */
    kernel->file.list[3] = REQUESTS_BASE + D + 0x200;  /* behind its end */
    requests_put_tag(&kernel->base, TAG, 0);
    const char *unlisted = "kernel.elf: warning: the memory map request at 0xffffffff80002200 "
                           "(segment 1, file offset 0x2200) is not listed in section "
                           ".limine_reqs: list it";
    EXPLAINED(kernel, list_line, unlisted);
    wipe(kernel, TAG, 24);
    EXPLAINED(kernel, list_line, unlisted);
    kernel->file.list[2] = REQUESTS_BASE + D + 0x200;
    EXPLAINED(kernel, list_line);
    /* Later it is ignored, and the markers count. */
    requests_put_tag(&kernel->base, TAG, 1);
    EXPLAINED(kernel, list_line,
              "kernel.elf: warning: the RSDP request at 0xffffffff80002c80 (segment 1, file offset "
              "0x2c80) lies outside the markers, where loaders don't look: move it between them");
}

static void without_an_id(void **state)
{
    struct explain_kernel *kernel = *state;

    explain_symbol(kernel, "rsdp_request", REQUESTS_ZERO + 0x20, 48, STT_OBJECT);
    explain_symbol(kernel, "MEMMAP_REQUEST", UINT64_C(-0x1000), 48, STT_OBJECT);
    explain_symbol(kernel, "hhdm_request", HHDM, 48, STT_OBJECT);
    EXPLAINED(kernel,
              "kernel.elf: warning: the variable at 0xffffffff80003020 (rsdp_request, segment 1, "
              "zero-filled) has no id, so it is no request: initialise it",
              "kernel.elf: warning: the variable at 0xffffffff7ffff000 (MEMMAP_REQUEST, not in the "
              "image) has no id, so it is no request: initialise it");
}

static void other_variables_are_none_of_ours(void **state)
{
    struct explain_kernel *kernel = *state;

    explain_symbol(kernel, "disk_request", REQUESTS_ZERO, 48, STT_OBJECT);
    explain_symbol(kernel, "rsdp_request", REQUESTS_ZERO, 40, STT_OBJECT);
    explain_symbol(kernel, "rsdp_request", REQUESTS_ZERO, 88, STT_OBJECT);
    explain_symbol(kernel, "rsdp_request", REQUESTS_ZERO, 52, STT_OBJECT);
    explain_symbol(kernel, "rsdp_request", REQUESTS_ZERO, 48, STT_FUNC);
    explain_symbol(kernel, "rsdp_table", REQUESTS_ZERO, 48, STT_OBJECT);
    explained(kernel, 0, NULL);
}

static void no_request_at_all(void **state)
{
    struct explain_kernel *kernel = *state;

    wipe(kernel, HHDM, 48);
    EXPLAINED(kernel, "kernel.elf: warning: there is no request in the file: declare them used, "
                      "and KEEP() their section in the linker script");
}

/* Each request has the flaw that it has, and those of others don't hide it. */
static void all_at_once(void **state)
{
    struct explain_kernel *kernel = *state;

    requests_put_start(&kernel->base, START + 0x20);
    requests_put_feature(&kernel->base, 0x100, LDR_MEMMAP, 0);
    requests_put_feature(&kernel->base, D + 0x101, LDR_RSDP, 0);
    requests_put_feature(&kernel->base, D + 0x200, LDR_SMBIOS, 9);
    REQUESTS_PUT(&kernel->base, D + 0x228, 9);
    explain(kernel);
    assert_int_equal(kernel->lines, 5);
    static const char *const part[] = {"of several", "outside the markers", "not 8-byte aligned",
                                       "before a loader", "revision 9"};
    for (unsigned i = 0; i < 5; i++)
        assert_non_null(strstr(kernel->line[i], part[i]));
}

/* A file that is made of flaws takes no longer than others: 64 lines, and a last one. */
static void no_end_of_flaws(void **state)
{
    struct explain_kernel *kernel = *state;

    wipe(kernel, D, 0x1000);
    for (uint64_t at = D + 1; at < D + 0x1000 - 56; at += 56)
        requests_put_feature(&kernel->base, at, LDR_HHDM, 0);
    explain(kernel);
    assert_int_equal(kernel->lines, 65);
    assert_non_null(strstr(kernel->line[63], "not 8-byte aligned"));
    assert_string_equal(kernel->line[64], "kernel.elf: warning: there is more of this kind: "
                                          "correct what is told first");
}

/* Long names are cut, and what to do is still said. */
static void a_long_name(void **state)
{
    struct explain_kernel *kernel = *state;
    char name[301];

    memset(name, 'n', 300);
    name[300] = '\0';
    explain_symbol(kernel, name, HHDM, 48, STT_OBJECT);
    requests_put_feature(&kernel->base, HHDM, LDR_HHDM, UINT64_MAX);
    explain(kernel);
    assert_int_equal(kernel->lines, 1);
    assert_non_null(
        strstr(kernel->line[0], "(nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, segment 1"));
    assert_non_null(strstr(kernel->line[0], ", so give it that"));
}

/* Lines go to consoles, which obey control characters. */
static void a_name_that_is_no_text(void **state)
{
    struct explain_kernel *kernel = *state;

    explain_symbol(kernel, "a\033[2J\n\x80\x7f~ ", HHDM, 48, STT_OBJECT);
    REQUESTS_PUT(&kernel->base, HHDM + 40, 1);
    explain(kernel);
    assert_non_null(strstr(kernel->line[0], "(a?[2J???~ , segment 1"));
}

/* The place goes by its address, whatever is wrong with the tables. */
static void place_has_no_name(struct explain_kernel *kernel)
{
    EXPLAINED(kernel, "kernel.elf: warning: the HHDM request at 0xffffffff80002080 (segment 1, "
                      "file offset 0x2080) has a response before a loader gave any: set it to 0");
}

static void damaged_tables(void **state)
{
    struct explain_kernel *kernel = *state;
    struct explain_file *file = &kernel->file;
    Elf64_Shdr *symtab = &file->section[EXPLAIN_SYMTAB], *names = &file->section[EXPLAIN_NAMES];
    const struct {
        void *at;
        size_t bytes;
        uint64_t value;
    } damage[] = {
        {&file->header.e_shoff, 8, 0},
        {&file->header.e_shoff, 8, UINT64_MAX},
        {&file->header.e_shoff, 8, sizeof *file - 1},
        {&file->header.e_shentsize, 2, 63},
        {&file->header.e_shnum, 2, 0xffff},
        {&file->header.e_shstrndx, 2, EXPLAIN_SECTIONS},
        {&symtab->sh_type, 4, SHT_NOBITS},
        {&symtab->sh_link, 4, EXPLAIN_SECTIONS},
        {&symtab->sh_link, 4, UINT32_MAX},
        {&symtab->sh_offset, 8, UINT64_MAX},
        {&symtab->sh_size, 8, UINT64_MAX},
        {&symtab->sh_entsize, 8, 16},
        {&names->sh_offset, 8, UINT64_MAX - 1},
        {&names->sh_size, 8, UINT64_MAX},
        {&names->sh_size, 8, 0},
        {&names->sh_size, 8, 3}, /* ends within a name */
        {&file->symbol[0].st_name, 4, UINT32_MAX},
        {&file->symbol[0].st_name, 4, 0},
        {&file->symbol[0].st_shndx, 2, SHN_ABS},
        {&file->symbol[0].st_shndx, 2, SHN_UNDEF},
        {&file->symbol[0].st_info, 1, STT_FILE},
        {&file->symbol[0].st_value, 8, REQUESTS_BASE + HHDM + 1},
    };

    REQUESTS_PUT(&kernel->base, HHDM + 40, 1);
    explain_symbol(kernel, "hhdm_request", HHDM, 48, STT_OBJECT);
    explain(kernel);
    assert_non_null(strstr(kernel->line[0], "(hhdm_request, segment 1"));
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct explain_file good = *file;
        memcpy(damage[i].at, &damage[i].value, damage[i].bytes);
        place_has_no_name(kernel);
        *file = good;
    }
    kernel->base.image.file_bytes = 0;
    place_has_no_name(kernel);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, make, unmake)
    const struct CMUnitTest tests[] = {
        ONE(no_line_for_a_kernel_without_flaws),
        ONE(misaligned),
        ONE(misaligned_at_the_edges),
        ONE(what_the_segment_cuts_is_nothing),
        ONE(outside_the_markers),
        ONE(a_tag_outside_the_markers),
        ONE(markers_alone),
        ONE(markers_several_times),
        ONE(a_response_before_there_is_one),
        ONE(revisions),
        ONE(the_list_of_revision_0),
        ONE(without_an_id),
        ONE(other_variables_are_none_of_ours),
        ONE(no_request_at_all),
        ONE(all_at_once),
        ONE(no_end_of_flaws),
        ONE(a_long_name),
        ONE(a_name_that_is_no_text),
        ONE(damaged_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
