/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that break off, at every length, and files with any one byte spoilt.
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

/* ---- every length ------------------------------------------------------------ */

/* Where a file of this length ends, from the layout that the builder promises. */
static const char *expected_reason(uint64_t length, unsigned programs)
{
    if (length == 0)
        return "empty";
    if (length < sizeof(Elf64_Ehdr))
        return "truncated in the ELF header";
    if (length < sizeof(Elf64_Ehdr) + programs * sizeof(Elf64_Phdr))
        return "truncated in the program headers";
    if (length < ELF_FILE_OFFSET(ELF_TEXT_AT) + ELF_TEXT_BYTES)
        return "program header 0: truncated in this segment";
    if (length < ELF_FILE_OFFSET(ELF_RODATA_AT) + ELF_RODATA_BYTES)
        return "program header 1: truncated in this segment";
    if (length < ELF_FILE_OFFSET(ELF_DATA_AT) + ELF_DATA_FILE_BYTES)
        return "program header 2: truncated in this segment";
    return NULL;
}

/* Only the bytes behind the last segment, a linker's section headers, may be missing. */
static void every_truncation(void **state)
{
    struct image_fixture *f = *state;
    unsigned accepted_count = 0;

    for (uint64_t length = 0; length < ELF_FILE_BYTES; length++) {
        const char *why = expected_reason(length, f->elf.header.e_phnum);
        f->elf.file_bytes = length;
        if (why != NULL) {
            image_refused(f, IMAGE_NAME, why);
        } else {
            image_accepted(f);
            accepted_count++;
        }
    }
    assert_int_equal(accepted_count, ELF_TRAILING);
}

/* A file whose dynamic section and relocations lie behind its segments: each ends the
 * file once. */
static void every_truncation_of_the_dynamic_section(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr *program = &f->elf.program[ELF_DYNAMIC];
    const uint64_t start = ELF_FILE_BYTES - ELF_TRAILING;

    program->p_offset = start;
    program->p_filesz = 2 * sizeof(Elf64_Dyn);
    memcpy(f->elf.file + start, (Elf64_Dyn[2]){{.d_tag = DT_FLAGS}}, 2 * sizeof(Elf64_Dyn));
    for (uint64_t length = start; length < start + program->p_filesz; length++) {
        f->elf.file_bytes = length;
        image_refused(f, "program header 3", "truncated in the dynamic section");
    }
    f->elf.file_bytes = start + program->p_filesz;
    image_accepted(f);
}

/* ---- every byte -------------------------------------------------------------- */

/* Whatever one byte of the headers, the dynamic section or the relocations says, the
 * file is refused with a reason, or loads without a byte outside of its memory
 * (the sanitizers watch).  Images of many pages are not loaded, for time. */
static void every_byte_spoilt(void **state)
{
    struct image_fixture *f = *state;
    static const uint8_t value[] = {0x00, 0x01, 0x07, 0x7f, 0x80, 0xff};
    uint8_t good[ELF_FILE_BYTES];
    uint8_t *file = malloc(ELF_FILE_BYTES);

    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT, 0x10);
    memcpy(good, elf_builder_file(&f->elf), ELF_FILE_BYTES);
    for (unsigned at = 0; at < ELF_FILE_OFFSET(ELF_RELOCATIONS_AT) + 24; at++) {
        if (at == sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr))
            at = (unsigned)ELF_FILE_OFFSET(ELF_DYNAMIC_AT);
        for (unsigned v = 0; v < sizeof value; v++) {
            memcpy(file, good, ELF_FILE_BYTES);
            file[at] = value[v];
            if (ldr_image_read(&f->image, IMAGE_NAME, file, ELF_FILE_BYTES, &f->report) != LDR_OK) {
                image_check_text(f->report.text, IMAGE_NAME, ";");
            } else if (f->image.bytes <= 0x20000) {
                void *memory = malloc(f->image.bytes);
                ldr_image_load(&f->image, memory);
                free(memory);
            }
        }
    }
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_EXEC(every_truncation),
        IMAGE_PIE(every_truncation),
        IMAGE_PIE(every_truncation_of_the_dynamic_section),
        IMAGE_PIE(every_byte_spoilt),
    };

    return cmocka_run_group_tests_name("image damaged", tests, NULL, NULL);
}
