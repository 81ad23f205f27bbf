/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A good kernel file is read as it was built and loaded byte for byte.
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
#include "pagetables/pagetables.h"

static void exec(void **state)
{
    struct image_fixture *f = *state;

    image_accepted(f);
    image_check_three_segments(f, 0);
    assert_string_equal(f->image.name, IMAGE_NAME);
    assert_ptr_equal(f->image.file, f->copy + 1);
    assert_int_equal(f->image.file_bytes, f->elf.file_bytes);
    assert_int_equal(f->image.relocations[LDR_RELA].count, 0);
    image_check_loaded(f);
}

/* What a test puts into the builder is what a kernel finds. */
static void builder_puts(void **state)
{
    struct image_fixture *f = *state;
    uint8_t *memory;

    elf_builder_put(&f->elf, f->elf.base + ELF_DATA_AT + ELF_DATA_FILE_BYTES - 4, "last", 4);
    image_accepted(f);
    memory = malloc(f->image.bytes);
    ldr_image_load(&f->image, memory);
    assert_memory_equal(memory + ELF_DATA_AT + ELF_DATA_FILE_BYTES - 4, "last", 4);
    free(memory);
}

/* GNU ld 2.40 emits this. */
static void empty_segments_are_passed_over(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr *added = elf_builder_add_program(&f->elf, PT_LOAD);

    image_accepted(f);
    image_check_three_segments(f, 0);

    *added = (Elf64_Phdr){.p_type = PT_LOAD,
                          .p_flags = PF_R | PF_W | PF_X,
                          .p_vaddr = UINT64_MAX,
                          .p_offset = UINT64_MAX,
                          .p_filesz = UINT64_MAX,
                          .p_align = 3};
    image_accepted(f);
    image_check_three_segments(f, 0);
}

static void other_program_headers_are_passed_over(void **state)
{
    struct image_fixture *f = *state;

    for (uint32_t type = PT_NOTE; type <= PT_TLS; type++)
        elf_builder_add_program(&f->elf, type)->p_offset = UINT64_MAX;
    elf_builder_add_program(&f->elf, PT_GNU_STACK)->p_flags = PF_R | PF_W | PF_X;
    elf_builder_add_program(&f->elf, PT_INTERP)->p_filesz = 28; /* as ld -pie leaves it */
    image_accepted(f);
    image_check_three_segments(f, 0);
}

static void unsorted(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr text = f->elf.program[0];
    Elf64_Phdr rodata = f->elf.program[1];

    f->elf.program[0] = f->elf.program[2];
    f->elf.program[1] = text;
    f->elf.program[2] = rodata;
    image_accepted(f);
    image_check_segment(&f->image.segment[0], &text, 0, 1, PGT_READ | PGT_EXECUTE);
    image_check_segment(&f->image.segment[1], &rodata, 0, 2, PGT_READ);
    image_check_segment(&f->image.segment[2], &f->elf.program[0], 0, 0, PGT_READ | PGT_WRITE);
    image_check_loaded(f);
}

/* A kernel whose linker script begins behind the headers. */
static void start_inside_page(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_TEXT].p_vaddr += 0x120;
    f->elf.header.e_entry += 0x120;
    image_accepted(f);
    assert_int_equal(f->image.virt, LDR_IMAGE_LOWEST);
    assert_int_equal(f->image.bytes, 0x4000);
    assert_int_equal(f->image.segment[0].virt, LDR_IMAGE_LOWEST + 0x120);
    image_check_loaded(f);
}

/* The loader hands out memory in pages: what is behind the last segment's end belongs
 * to the image, and is zero. */
static void end_inside_page(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_DATA].p_memsz = ELF_DATA_FILE_BYTES + 1;
    image_accepted(f);
    assert_int_equal(f->image.bytes, 0x4000);
    image_check_loaded(f);
    f->elf.program[ELF_DATA].p_memsz = ELF_DATA_FILE_BYTES;
    image_accepted(f);
    assert_int_equal(f->image.bytes, 0x3000);
    image_check_loaded(f);
}

static void same_rights_share_page(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr *added = elf_builder_add_program(&f->elf, PT_LOAD);

    *added = f->elf.program[ELF_RODATA];
    added->p_vaddr += ELF_RODATA_BYTES;
    added->p_filesz = 1;
    added->p_memsz = 0x10;
    image_accepted(f);
    assert_int_equal(f->image.segment_count, 4);
    assert_int_equal(f->image.segment[2].index, 3);
    image_check_loaded(f);
}

/* Bss alone: where it would lie in the file doesn't matter, and nothing is read. */
static void segment_without_file_bytes(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_DATA].p_filesz = 0;
    f->elf.program[ELF_DATA].p_offset = UINT64_MAX;
    image_accepted(f);
    assert_int_equal(f->image.segment[2].file_bytes, 0);
    assert_int_equal(f->image.segment[2].file_offset, 0);
    assert_int_equal(f->image.segment[2].bytes, ELF_DATA_MEMORY_BYTES);
    f->elf.program[ELF_DATA].p_offset = 0;
    image_check_loaded(f);
}

/* The last byte of the address space is a byte like any other. */
static void segment_at_the_top(void **state)
{
    struct image_fixture *f = *state;
    uint64_t base = UINT64_MAX - 0x3fff;

    for (unsigned i = 0; i < 3; i++)
        f->elf.program[i].p_vaddr += base - f->elf.base;
    f->elf.header.e_entry += base - f->elf.base;
    f->elf.base = base;
    image_accepted(f);
    image_check_three_segments(f, 0);
    assert_int_equal(f->image.virt + (f->image.bytes - 1), UINT64_MAX);
    image_check_loaded(f);
}

static void entry_at_the_edges_of_text(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_entry = f->elf.base;
    image_accepted(f);
    f->elf.header.e_entry = f->elf.base + ELF_TEXT_BYTES - 1;
    image_accepted(f);
}

static Elf64_Phdr small_segment(const struct image_fixture *f, unsigned number)
{
    Elf64_Phdr program = f->elf.program[ELF_RODATA];

    program.p_vaddr = f->elf.base + 0x10000 + number * UINT64_C(0x1000);
    program.p_memsz = 0x1000;
    return program;
}

static void as_many_segments_as_fit(void **state)
{
    struct image_fixture *f = *state;

    for (unsigned i = 3; i < LDR_SEGMENTS; i++)
        *elf_builder_add_program(&f->elf, PT_LOAD) = small_segment(f, i);
    image_accepted(f);
    assert_int_equal(f->image.segment_count, LDR_SEGMENTS);

    *elf_builder_add_program(&f->elf, PT_LOAD) = small_segment(f, LDR_SEGMENTS);
    image_refused(f, "program header 32", "more than 32 loadable segments");
}

/* A linker script may name a dynamic section that then is empty, or lists nothing
 * to do. */
static void exec_with_dynamic_section(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_add_program(&f->elf, PT_DYNAMIC);
    image_accepted(f);
    image_check_three_segments(f, 0);

    elf_builder_pie(&f->elf, LDR_IMAGE_LOWEST);
    f->elf.header.e_type = ET_EXEC;
    image_accepted(f);
    image_check_three_segments(f, 0);
    image_check_loaded(f);
}

/* What GNU ld 2.40 makes of -pie and a linker script that begins in the higher half:
 * an ET_EXEC with relocations. */
static void exec_with_relocations(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_pie(&f->elf, LDR_IMAGE_LOWEST);
    f->elf.header.e_type = ET_EXEC;
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, LDR_IMAGE_LOWEST + ELF_DATA_AT,
                               (int64_t)(LDR_IMAGE_LOWEST + ELF_ENTRY_AT));
    image_accepted(f);
    image_check_three_segments(f, 0);
    assert_int_equal(f->image.relocations[LDR_RELA].count, 1);
    image_check_loaded(f);

    f->elf.relocation[0].r_info = R_X86_64_PC32;
    image_refused(f, "relocation 0", "type 2 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_EXEC(exec),
        IMAGE_EXEC(builder_puts),
        IMAGE_EXEC(empty_segments_are_passed_over),
        IMAGE_EXEC(other_program_headers_are_passed_over),
        IMAGE_EXEC(unsorted),
        IMAGE_EXEC(start_inside_page),
        IMAGE_EXEC(end_inside_page),
        IMAGE_EXEC(same_rights_share_page),
        IMAGE_EXEC(segment_without_file_bytes),
        IMAGE_EXEC(segment_at_the_top),
        IMAGE_EXEC(entry_at_the_edges_of_text),
        IMAGE_EXEC(as_many_segments_as_fit),
        IMAGE_EXEC(exec_with_dynamic_section),
        IMAGE_EXEC(exec_with_relocations),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
