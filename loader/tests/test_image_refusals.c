/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever is wrong with the ELF header or a segment is refused with a text that says
 * where, and nothing is written then.  Every bad file is a good one with one thing
 * changed; where a limit is at stake, the last good value is accepted first.
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

/* ---- the ELF header ---------------------------------------------------------- */

static void empty(void **state)
{
    struct image_fixture *f = *state;

    f->elf.file_bytes = 0;
    image_refused(f, IMAGE_NAME, "empty");
}

static void not_elf(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_ident[EI_MAG3] = 'f';
    image_refused(f, IMAGE_NAME, "not an ELF file");
    /* Shorter than an ELF header: not a piece of one. */
    f->elf.file_bytes = 10;
    image_refused(f, IMAGE_NAME, "not an ELF file");
    f->elf.header.e_ident[EI_MAG0] = '#';
    f->elf.file_bytes = 1;
    image_refused(f, IMAGE_NAME, "not an ELF file");
}

static void wrong_class(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_ident[EI_CLASS] = ELFCLASS32;
    image_refused(f, IMAGE_NAME, "32-bit");
    f->elf.header.e_ident[EI_CLASS] = ELFCLASSNONE;
    image_refused(f, IMAGE_NAME, "not 64-bit");
}

static void big_endian(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
    image_refused(f, IMAGE_NAME, "not little-endian");
}

static void other_machine(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_machine = EM_AARCH64;
    image_refused(f, IMAGE_NAME, "e_machine is 183");
}

static void other_type(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_type = ET_REL;
    image_refused(f, IMAGE_NAME, "e_type is 1");
}

static void wrong_header_size(void **state)
{
    struct image_fixture *f = *state;
    static const uint16_t size[] = {0, 32, 55, 57, UINT16_MAX};

    for (unsigned i = 0; i < sizeof size / sizeof size[0]; i++) {
        f->elf.header.e_phentsize = size[i];
        image_refused(f, IMAGE_NAME, "e_phentsize");
    }
}

static void headers_outside_file(void **state)
{
    struct image_fixture *f = *state;
    const uint64_t bytes = 3 * sizeof(Elf64_Phdr);

    f->elf.header.e_phoff = ELF_FILE_BYTES - bytes + 1;
    image_refused(f, IMAGE_NAME, "truncated in the program headers");
    f->elf.header.e_phoff = UINT64_MAX - 1;
    image_refused(f, IMAGE_NAME, "truncated in the program headers");
    f->elf.header.e_phoff = sizeof(Elf64_Ehdr);
    f->elf.header.e_phnum = 1000;
    image_refused(f, IMAGE_NAME, "truncated in the program headers");
}

static void count_elsewhere(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_phnum = PN_XNUM;
    image_refused(f, IMAGE_NAME, "too many program headers");
}

static void no_segment(void **state)
{
    struct image_fixture *f = *state;

    f->elf.header.e_phnum = 0;
    image_refused(f, IMAGE_NAME, "no loadable segment");
    f->elf.header.e_phnum = 3;
    for (unsigned i = 0; i < 3; i++)
        f->elf.program[i].p_type = PT_NOTE;
    image_refused(f, IMAGE_NAME, "no loadable segment");
    for (unsigned i = 0; i < 3; i++)
        f->elf.program[i] = (Elf64_Phdr){.p_type = PT_LOAD};
    image_refused(f, IMAGE_NAME, "no loadable segment");
}

/* ---- segments ---------------------------------------------------------------- */

static void more_file_than_memory(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_RODATA].p_memsz = ELF_RODATA_BYTES - 1;
    image_refused(f, "program header 1", "1024 bytes in the file but only 1023 in memory");
}

static void segment_outside_file(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr *program = &f->elf.program[ELF_TEXT];

    program->p_offset = ELF_FILE_BYTES - ELF_TEXT_BYTES;
    image_accepted(f);
    program->p_offset++;
    image_refused(f, "program header 0", "truncated in this segment");
    program->p_offset = UINT64_MAX;
    image_refused(f, "program header 0", "truncated in this segment");
    program->p_offset = 0;
    program->p_filesz = program->p_memsz = UINT64_MAX;
    image_refused(f, "program header 0", "truncated in this segment");
}

static void segment_wraps(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_DATA].p_memsz = 0 - f->elf.program[ELF_DATA].p_vaddr;
    image_accepted(f);
    f->elf.program[ELF_DATA].p_memsz++;
    image_refused(f, "program header 2", "wrap");
    f->elf.program[ELF_DATA].p_memsz = UINT64_MAX;
    image_refused(f, "program header 2", "wrap");
}

static void segments_overlap(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_TEXT].p_memsz = ELF_RODATA_AT - ELF_TEXT_AT;
    image_accepted(f);
    f->elf.program[ELF_TEXT].p_memsz++;
    image_refused(f, "program headers 0 and 1", "overlap at 0xffffffff80001000");
    f->elf.program[ELF_TEXT].p_memsz = 0x10000;
    image_refused(f, "program headers 0 and 1", "overlap");
    f->elf.program[ELF_TEXT] = f->elf.program[ELF_DATA];
    f->elf.header.e_entry = f->elf.base + ELF_DATA_AT;
    image_refused(f, "program headers 0 and 2", "overlap");
}

static void writable_and_executable(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_DATA].p_flags |= PF_X;
    image_refused(f, "program header 2", "both writable and executable");
    assert_non_null(strstr(f->report.text, "-z separate-code"));
    f->elf.program[ELF_DATA].p_flags = PF_W | PF_X;
    image_refused(f, "program header 2", "both writable and executable");
}

/* Also where the file lists the higher of the two first. */
static void different_rights_on_a_page(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_RODATA].p_vaddr = f->elf.base + ELF_DATA_AT - ELF_RODATA_BYTES;
    image_accepted(f);
    f->elf.program[ELF_DATA].p_vaddr += 0x800;
    image_accepted(f);
    f->elf.program[ELF_RODATA].p_vaddr += 1;
    image_refused(f, "program headers 1 and 2", "share the page at 0xffffffff80002000");

    Elf64_Phdr rodata = f->elf.program[ELF_RODATA];
    f->elf.program[ELF_RODATA] = f->elf.program[ELF_DATA];
    f->elf.program[ELF_DATA] = rodata;
    image_refused(f, "program headers 2 and 1", "share the page at 0xffffffff80002000");
}

static void below_the_higher_half(void **state)
{
    struct image_fixture *f = *state;

    f->elf.program[ELF_RODATA].p_vaddr = 0x400000;
    image_refused(f, "program header 1", "0x400000 is below 0xffffffff80000000");
    f->elf.program[ELF_RODATA].p_vaddr = LDR_IMAGE_LOWEST - 1;
    image_refused(f, "program header 1", "below");
}

static void entry_outside_text(void **state)
{
    struct image_fixture *f = *state;
    const uint64_t bad[] = {0,
                            f->elf.base - 1,
                            f->elf.base + ELF_TEXT_BYTES,
                            f->elf.base + ELF_RODATA_AT,
                            f->elf.base + ELF_DATA_AT,
                            UINT64_MAX};

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f->elf.header.e_entry = bad[i];
        image_refused(f, IMAGE_NAME, "not in an executable segment");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_EXEC(empty),
        IMAGE_EXEC(not_elf),
        IMAGE_EXEC(wrong_class),
        IMAGE_EXEC(big_endian),
        IMAGE_EXEC(other_machine),
        IMAGE_EXEC(other_type),
        IMAGE_EXEC(wrong_header_size),
        IMAGE_EXEC(headers_outside_file),
        IMAGE_EXEC(count_elsewhere),
        IMAGE_EXEC(no_segment),
        IMAGE_EXEC(more_file_than_memory),
        IMAGE_EXEC(segment_outside_file),
        IMAGE_EXEC(segment_wraps),
        IMAGE_EXEC(segments_overlap),
        IMAGE_EXEC(writable_and_executable),
        IMAGE_EXEC(different_rights_on_a_page),
        IMAGE_EXEC(below_the_higher_half),
        IMAGE_EXEC(entry_outside_text),
    };

    return cmocka_run_group_tests_name("image refusals", tests, NULL, NULL);
}
