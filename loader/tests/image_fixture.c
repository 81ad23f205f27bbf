/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/tests/image_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pagetables/pagetables.h"

int image_start_exec(void **state)
{
    struct image_fixture *f = calloc(1, sizeof *f);

    elf_builder_exec(&f->elf);
    *state = f;
    return 0;
}

int image_start_pie(void **state)
{
    struct image_fixture *f = calloc(1, sizeof *f);

    elf_builder_pie(&f->elf, 0);
    *state = f;
    return 0;
}

int image_stop(void **state)
{
    struct image_fixture *f = *state;

    free(f->copy);
    free(f);
    return 0;
}

/* At an odd address, since nothing promises an even one. */
enum ldr_status image_read(struct image_fixture *f)
{
    const void *file = elf_builder_file(&f->elf);

    free(f->copy);
    f->copy = malloc(f->elf.file_bytes + 1);
    memcpy(f->copy + 1, file, f->elf.file_bytes);
    return ldr_image_read(&f->image, IMAGE_NAME, f->copy + 1, f->elf.file_bytes, &f->report);
}

void image_accepted(struct image_fixture *f)
{
    if (image_read(f) != LDR_OK)
        fail_msg("refused: %s", f->report.text);
}

void image_check_text(const char *text, const char *where, const char *why)
{
    if (strncmp(text, IMAGE_NAME, strlen(IMAGE_NAME)) != 0 || strstr(text, where) == NULL ||
        strstr(text, why) == NULL)
        fail_msg("expected \"%s\" and \"%s\" in \"%s\"", where, why, text);
    /* With room left, or it was cut; and with a word of advice. */
    assert_true(strlen(text) < LDR_REPORT_BYTES - 1);
    assert_non_null(strstr(text, "; "));
    for (const char *c = text; *c != '\0'; c++)
        assert_in_range(*c, ' ', '~');
}

void image_refused(struct image_fixture *f, const char *where, const char *why)
{
    struct ldr_image before;

    memset(&f->image, 0xa5, sizeof f->image);
    before = f->image;
    f->report.status = LDR_OK;
    assert_int_equal(image_read(f), LDR_BAD_KERNEL);
    assert_int_equal(f->report.status, LDR_BAD_KERNEL);
    image_check_text(f->report.text, where, why);
    assert_memory_equal(&f->image, &before, sizeof before);
}

void image_check_segment(const struct ldr_segment *segment, const Elf64_Phdr *program,
                         uint64_t slide, unsigned index, unsigned rights)
{
    assert_int_equal(segment->virt, program->p_vaddr + slide);
    assert_int_equal(segment->bytes, program->p_memsz);
    assert_int_equal(segment->file_offset, program->p_offset);
    assert_int_equal(segment->file_bytes, program->p_filesz);
    assert_int_equal(segment->rights, rights);
    assert_int_equal(segment->index, index);
}

void image_check_three_segments(const struct image_fixture *f, uint64_t slide)
{
    const struct ldr_image *image = &f->image;
    const Elf64_Phdr *program = f->elf.program;

    assert_int_equal(image->segment_count, 3);
    image_check_segment(&image->segment[0], &program[ELF_TEXT], slide, ELF_TEXT,
                        PGT_READ | PGT_EXECUTE);
    image_check_segment(&image->segment[1], &program[ELF_RODATA], slide, ELF_RODATA, PGT_READ);
    image_check_segment(&image->segment[2], &program[ELF_DATA], slide, ELF_DATA,
                        PGT_READ | PGT_WRITE);
    assert_int_equal(image->slide, slide);
    assert_int_equal(image->virt, f->elf.base + slide);
    assert_int_equal(image->bytes, 0x4000);
    assert_int_equal(image->entry, f->elf.base + slide + ELF_ENTRY_AT);
}

/* What memory holds after loading, written down from the program headers alone. */
static uint8_t *expected_memory(const struct image_fixture *f)
{
    const struct elf_builder *elf = &f->elf;
    uint8_t *memory = calloc(1, f->image.bytes);

    for (unsigned i = 0; i < elf->header.e_phnum; i++) {
        const Elf64_Phdr *program = &elf->program[i];
        for (uint64_t b = 0; program->p_type == PT_LOAD && b < program->p_filesz; b++)
            memory[program->p_vaddr + b + f->image.slide - f->image.virt] =
                elf->file[program->p_offset + b];
    }
    for (unsigned i = 0; i < elf->relocation_count; i++) {
        const Elf64_Rela *relocation = &elf->relocation[i];
        uint64_t value = (uint64_t)relocation->r_addend + f->image.slide;
        for (unsigned b = 0; relocation->r_info == R_X86_64_RELATIVE && b < 8; b++)
            memory[relocation->r_offset + b + f->image.slide - f->image.virt] =
                (uint8_t)(value >> 8 * b);
    }
    return memory;
}

void image_check_loaded(const struct image_fixture *f)
{
    uint8_t *expected = expected_memory(f);
    uint8_t *memory = malloc(f->image.bytes);

    memset(memory, 0x77, f->image.bytes);
    ldr_image_load(&f->image, memory);
    assert_memory_equal(memory, expected, f->image.bytes);
    free(memory);
    free(expected);
}
