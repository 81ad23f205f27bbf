/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A static PIE is slid up to where kernels live and its relocations are applied; what
 * can't be applied, or would write elsewhere, is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/image_fixture.h"

static void pie_is_slid_up(void **state)
{
    struct image_fixture *f = *state;

    image_accepted(f);
    image_check_three_segments(f, LDR_IMAGE_LOWEST);
    assert_int_equal(f->image.relocations[LDR_RELA].count, 0);
    image_check_loaded(f);
}

static void pie_linked_elsewhere(void **state)
{
    struct image_fixture *f = *state;
    static const struct {
        uint64_t base, slide;
    } sample[] = {
        {0x1000, LDR_IMAGE_LOWEST - 0x1000},
        {0x200000, LDR_IMAGE_LOWEST - 0x200000},
        {LDR_IMAGE_LOWEST - 0x1000, 0x1000},
        {UINT64_C(0xffff800000000000), LDR_IMAGE_LOWEST - UINT64_C(0xffff800000000000)},
        {LDR_IMAGE_LOWEST, 0},
        {LDR_IMAGE_LOWEST + 0x123000, 0},
        {UINT64_MAX - 0x3fff, 0},
    };

    for (unsigned i = 0; i < sizeof sample / sizeof sample[0]; i++) {
        elf_builder_pie(&f->elf, sample[i].base);
        elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, sample[i].base + ELF_DATA_AT,
                                   (int64_t)(sample[i].base + ELF_TEXT_AT));
        image_accepted(f);
        image_check_three_segments(f, sample[i].slide);
        assert_int_equal(f->image.relocations[LDR_RELA].offset,
                         ELF_FILE_OFFSET(ELF_RELOCATIONS_AT));
        image_check_loaded(f);
    }
}

/* Code relies on the alignment that its segments have, so the slide keeps it. */
static void pie_keeps_its_alignment(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_pie(&f->elf, 0x201000);
    f->elf.program[ELF_DATA].p_align = 0x200000;
    image_accepted(f);
    assert_int_equal(f->image.slide, LDR_IMAGE_LOWEST - 0x200000);
    assert_int_equal(f->image.virt, LDR_IMAGE_LOWEST + 0x1000);
    image_check_loaded(f);

    f->elf.program[ELF_DATA].p_align = 0x3000;
    image_refused(f, IMAGE_NAME, "segment alignment 0x3000");
    f->elf.program[ELF_DATA].p_align = UINT64_C(0x100000000);
    image_refused(f, IMAGE_NAME, "segment alignment 0x100000000");

    /* What is not moved may ask for any. */
    elf_builder_pie(&f->elf, LDR_IMAGE_LOWEST);
    f->elf.program[ELF_DATA].p_align = 0x3000;
    image_accepted(f);
}

/* A start inside of a page stays there. */
static void pie_starts_inside_page(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_TEXT].p_vaddr += 0x120;
    f->elf.header.e_entry += 0x120;
    image_accepted(f);
    assert_int_equal(f->image.slide, LDR_IMAGE_LOWEST);
    assert_int_equal(f->image.virt, LDR_IMAGE_LOWEST);
    assert_int_equal(f->image.segment[0].virt, LDR_IMAGE_LOWEST + 0x120);
    image_check_loaded(f);
}

static void pie_too_large(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_DATA].p_memsz = UINT64_C(0x80000000) - ELF_DATA_AT;
    image_accepted(f);
    assert_int_equal(f->image.bytes, UINT64_C(0x80000000));
    f->elf.program[ELF_DATA].p_memsz++;
    image_refused(f, IMAGE_NAME, "more than fits");
}

static void pie_without_dynamic_section(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_DYNAMIC].p_filesz = 0;
    f->elf.program[ELF_DYNAMIC].p_offset = UINT64_MAX;
    image_accepted(f);
    image_check_three_segments(f, LDR_IMAGE_LOWEST);
    f->elf.header.e_phnum = 3;
    image_accepted(f);
    image_check_three_segments(f, LDR_IMAGE_LOWEST);
}

/* First and last place of the image, one that is not aligned, one in bss, one in
 * text; addends of all kinds. */
static void relocations_are_applied(void **state)
{
    struct image_fixture *f = *state;
    static const struct {
        uint64_t at;
        int64_t addend;
    } sample[] = {
        {0, 0},
        {ELF_TEXT_AT + 0x101, 0x1234},
        {ELF_DATA_AT + 3, -1},
        {ELF_DATA_AT + ELF_DATA_FILE_BYTES - 4, INT64_MIN},
        {ELF_DATA_AT + ELF_DATA_MEMORY_BYTES - 8, INT64_MAX},
    };

    for (unsigned i = 0; i < sizeof sample / sizeof sample[0]; i++)
        elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, sample[i].at, sample[i].addend);
    elf_builder_add_relocation(&f->elf, R_X86_64_NONE, UINT64_MAX, 7);
    image_accepted(f);
    assert_int_equal(f->image.relocations[LDR_RELA].count, 6);
    assert_int_equal(f->image.relocations[LDR_RELA].offset, ELF_FILE_OFFSET(ELF_RELOCATIONS_AT));
    image_check_loaded(f);
}

/* The first relocation overwrites the second one's offset in memory.  Had the
 * loader believed memory, it would have written outside of the image. */
static void relocation_of_a_relocation(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_RELOCATIONS_AT + sizeof(Elf64_Rela),
                               INT64_MAX);
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT, 0x10);
    image_accepted(f);
    image_check_loaded(f);
}

static void relocation_outside_image(void **state)
{
    struct image_fixture *f = *state;
    static const uint64_t bad[] = {
        UINT64_MAX,
        UINT64_MAX - 7,
        ELF_DATA_AT + ELF_DATA_MEMORY_BYTES - 7,
        ELF_DATA_AT + ELF_DATA_MEMORY_BYTES,
        UINT64_C(1) << 63,
        ELF_TEXT_AT + ELF_TEXT_BYTES - 7, /* half in the gap that stays unmapped */
    };

    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT, 0);
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, 0, 0);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f->elf.relocation[1].r_offset = bad[i];
        image_refused(f, "relocation 1", "outside every segment");
    }
}

static void relocation_types(void **state)
{
    struct image_fixture *f = *state;
    static const struct {
        uint32_t type;
        const char *text;
    } bad[] = {
        {R_X86_64_PC32, "type 2 can't be applied"},
        {R_X86_64_COPY, "type 5 can't be applied"},
        {R_X86_64_32, "type 10 can't be applied"},
        {R_X86_64_TPOFF64, "type 18 can't be applied"},
        {R_X86_64_IRELATIVE, "type 37 (IRELATIVE) would have a function"},
        {UINT32_MAX, "type 4294967295 can't be applied"},
    };

    elf_builder_add_relocation(&f->elf, R_X86_64_NONE, 0, 0);
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT, 0);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f->elf.relocation[1].r_info = bad[i].type;
        image_refused(f, "relocation 1", bad[i].text);
    }
}

/* x86-64 has none. */
static void rel_table(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_add_dynamic(&f->elf, DT_REL, ELF_RELOCATIONS_AT);
    image_refused(f, "program header 3", "of the kind REL");
    elf_builder_add_dynamic(&f->elf, DT_RELSZ, 24);
    image_refused(f, "program header 3", "of the kind REL");
    /* A linker may leave the tags of a table that came out empty. */
    f->elf.dynamic[f->elf.dynamic_count - 2].d_un.d_val = 0;
    image_accepted(f);
}

static void needed_library(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_add_dynamic(&f->elf, DT_NEEDED, 1);
    image_refused(f, "program header 3", "needs a shared library");
}

static void dynamic_section_outside_file(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr *program = &f->elf.program[ELF_DYNAMIC];

    program->p_offset = ELF_FILE_BYTES - program->p_filesz + 1;
    image_refused(f, "program header 3", "truncated in the dynamic section");
    program->p_offset = UINT64_MAX;
    image_refused(f, "program header 3", "truncated in the dynamic section");
}

static void dynamic_section_without_end(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr *program = &f->elf.program[ELF_DYNAMIC];

    program->p_filesz = 4 * sizeof(Elf64_Dyn);
    image_accepted(f);
    program->p_filesz--;
    image_refused(f, "program header 3", "doesn't end with DT_NULL");
    program->p_filesz = 1;
    image_refused(f, "program header 3", "doesn't end with DT_NULL");
}

/* The table has to lie in what one segment has in the file. */
static void relocation_table_outside_file(void **state)
{
    struct image_fixture *f = *state;
    const uint64_t bad[] = {
        ELF_TEXT_BYTES, /* in no segment */
        ELF_RODATA_AT + ELF_RODATA_BYTES - sizeof(Elf64_Rela) + 1,
        ELF_DATA_AT + ELF_DATA_FILE_BYTES - sizeof(Elf64_Rela) + 1, /* half in bss */
        ELF_DATA_AT + ELF_DATA_FILE_BYTES,                          /* in bss */
        ELF_DATA_AT + ELF_DATA_FILE_BYTES + 8,
        UINT64_MAX,
    };

    elf_builder_add_relocation(&f->elf, R_X86_64_NONE, 0, 0);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f->elf.dynamic[ELF_DT_RELA].d_un.d_val = bad[i];
        image_refused(f, "program header 3", "truncated in the RELA table");
    }
    f->elf.dynamic[ELF_DT_RELA].d_un.d_val = ELF_RELOCATIONS_AT;
    f->elf.dynamic[ELF_DT_RELASZ].d_un.d_val = ELF_RODATA_BYTES / 24 * 24;
    image_refused(f, "program header 3", "truncated in the RELA table");
    f->elf.dynamic[ELF_DT_RELASZ].d_un.d_val = UINT64_MAX / 24 * 24;
    image_refused(f, "program header 3", "truncated in the RELA table");
}

static void relocation_table_of_odd_size(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_add_relocation(&f->elf, R_X86_64_NONE, 0, 0);
    f->elf.dynamic[ELF_DT_RELASZ].d_un.d_val++;
    image_refused(f, "program header 3", "a RELA table of 25 bytes in entries of 24");
    f->elf.dynamic[ELF_DT_RELASZ].d_un.d_val--;
    f->elf.dynamic[ELF_DT_RELAENT].d_un.d_val = 0;
    image_refused(f, "program header 3", "in entries of 0, where an entry has 24");
    f->elf.dynamic[ELF_DT_RELAENT].d_un.d_val = 12;
    image_refused(f, "program header 3", "in entries of 12, where");
    f->elf.dynamic[ELF_DT_RELAENT].d_un.d_val = 24;
    f->elf.dynamic[ELF_DT_RELASZ].d_tag = DT_DEBUG;
    image_refused(f, "program header 3", "a RELA table of 0 bytes");
    f->elf.dynamic[ELF_DT_RELASZ].d_tag = DT_RELASZ;
    f->elf.dynamic[ELF_DT_RELAENT].d_tag = DT_DEBUG;
    image_refused(f, "program header 3", "in entries of 0,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_PIE(pie_is_slid_up),
        IMAGE_PIE(pie_linked_elsewhere),
        IMAGE_PIE(pie_keeps_its_alignment),
        IMAGE_PIE(pie_starts_inside_page),
        IMAGE_PIE(pie_too_large),
        IMAGE_PIE(pie_without_dynamic_section),
        IMAGE_PIE(relocations_are_applied),
        IMAGE_PIE(relocation_of_a_relocation),
        IMAGE_PIE(relocation_outside_image),
        IMAGE_PIE(relocation_types),
        IMAGE_PIE(rel_table),
        IMAGE_PIE(needed_library),
        IMAGE_PIE(dynamic_section_outside_file),
        IMAGE_PIE(dynamic_section_without_end),
        IMAGE_PIE(relocation_table_outside_file),
        IMAGE_PIE(relocation_table_of_odd_size),
    };

    return cmocka_run_group_tests_name("image pie", tests, NULL, NULL);
}
