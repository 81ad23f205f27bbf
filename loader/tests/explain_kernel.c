/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/tests/explain_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/explain.h"

static unsigned add_text(struct explain_kernel *kernel, const char *text)
{
    size_t at = kernel->text_used, bytes = strlen(text) + 1;

    assert_true(bytes <= sizeof kernel->file.text - at);
    memcpy(kernel->file.text + at, text, bytes);
    kernel->text_used += bytes;
    return (unsigned)at;
}

void explain_kernel_make(struct explain_kernel *kernel)
{
    memset(kernel, 0, sizeof *kernel);
    requests_kernel_make(&kernel->base);
    add_text(kernel, "");
    kernel->file.header = (Elf64_Ehdr){.e_shoff = offsetof(struct explain_file, section),
                                       .e_shentsize = sizeof(Elf64_Shdr),
                                       .e_shnum = EXPLAIN_SECTIONS,
                                       .e_shstrndx = EXPLAIN_NAMES};
    kernel->file.section[EXPLAIN_NAMES] =
        (Elf64_Shdr){.sh_type = SHT_STRTAB,
                     .sh_offset = offsetof(struct explain_file, text),
                     .sh_size = sizeof kernel->file.text};
    kernel->file.section[EXPLAIN_SYMTAB] =
        (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                     .sh_link = EXPLAIN_NAMES,
                     .sh_offset = offsetof(struct explain_file, symbol),
                     .sh_entsize = sizeof(Elf64_Sym),
                     .sh_size = sizeof kernel->file.symbol};
    kernel->file.section[EXPLAIN_REQS] =
        (Elf64_Shdr){.sh_type = SHT_PROGBITS,
                     .sh_offset = offsetof(struct explain_file, list),
                     .sh_size = sizeof kernel->file.list};
    kernel->base.image.file = (const uint8_t *)&kernel->file;
    kernel->base.image.file_bytes = sizeof kernel->file;
    /* As in a file: the data does not lie at the start of it. */
    kernel->base.image.segment[0].file_offset = 0x1000;
    kernel->base.image.segment[1].file_offset = 0x2000;
}

void explain_kernel_free(struct explain_kernel *kernel)
{
    requests_kernel_free(&kernel->base);
}

void explain_symbol(struct explain_kernel *kernel, const char *name, uint64_t at, uint64_t bytes,
                    unsigned type)
{
    assert_true(kernel->symbols < EXPLAIN_SYMBOLS);
    kernel->file.symbol[kernel->symbols++] =
        (Elf64_Sym){.st_name = add_text(kernel, name),
                    .st_info = (unsigned char)ELF64_ST_INFO(STB_LOCAL, type),
                    .st_shndx = 1,
                    .st_value = REQUESTS_BASE + at,
                    .st_size = bytes};
}

void explain_list(struct explain_kernel *kernel)
{
    kernel->file.section[EXPLAIN_REQS].sh_name = add_text(kernel, ".limine_reqs");
}

static void keep_line(void *context, const char *text)
{
    struct explain_kernel *kernel = context;

    assert_true(kernel->lines < EXPLAIN_LINES);
    strcpy(kernel->line[kernel->lines++], text);
}

void explain(struct explain_kernel *kernel)
{
    struct ldr_log log = {keep_line, kernel};

    kernel->lines = 0;
    ldr_explain_requests(&kernel->base.image, kernel->base.memory, &log);
}

void explained(struct explain_kernel *kernel, unsigned count, const char *const line[])
{
    explain(kernel);
    for (unsigned i = 0; i < kernel->lines; i++) {
        /* A text cut off at the end of its buffer would lose what to do about it. */
        assert_true(strlen(kernel->line[i]) < LDR_REPORT_BYTES - 1);
        if (i >= count)
            fail_msg("not expected: %s", kernel->line[i]);
        assert_string_equal(kernel->line[i], line[i]);
    }
    assert_int_equal(kernel->lines, count);
}
