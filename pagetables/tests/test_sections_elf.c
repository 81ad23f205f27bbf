/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Section headers are read as <elf.h> lays them out: those of a made-up kernel, with each thing
 * that can be wrong, and those of this program, which a linker wrote.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/sections.h"
#include "pagetables/tests/suite.h"

static const char names[] = "\0.text\0.data\0.tbss\0.tdata\0.comment\0.odd";
#define TEXT    1
#define DATA    7
#define TBSS    13
#define TDATA   19
#define COMMENT 26
#define ODD     35

static const Elf64_Shdr made_up[] = {
    {.sh_type = SHT_NULL},
    {.sh_name = TEXT,
     .sh_type = SHT_PROGBITS,
     .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
     .sh_addr = UINT64_C(0xffffffff80001234),
     .sh_size = 0x5678,
     .sh_offset = 0x1234},
    {.sh_name = DATA,
     .sh_type = SHT_NOBITS,
     .sh_flags = SHF_ALLOC | SHF_WRITE,
     .sh_addr = UINT64_C(0xffffffff80102000),
     .sh_size = UINT64_C(0x123456789)},
    {.sh_name = TBSS,
     .sh_type = SHT_NOBITS,
     .sh_flags = SHF_ALLOC | SHF_WRITE | SHF_TLS,
     .sh_addr = 0x3000,
     .sh_size = 8},
    {.sh_name = TDATA,
     .sh_type = SHT_PROGBITS,
     .sh_flags = SHF_ALLOC | SHF_WRITE | SHF_TLS,
     .sh_addr = 0x3000,
     .sh_size = 8},
    {.sh_name = COMMENT,
     .sh_type = SHT_PROGBITS,
     .sh_flags = SHF_MERGE | SHF_STRINGS,
     .sh_size = 20},
    {.sh_name = ODD,
     .sh_type = SHT_PROGBITS,
     .sh_flags = SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR,
     .sh_addr = 0x8000,
     .sh_size = 1},
};
#define HEADERS (sizeof(made_up) / sizeof(made_up[0]))

static struct pgt_elf_sections elf_of(const void *headers, size_t entry_bytes)
{
    return (struct pgt_elf_sections){.headers = headers,
                                     .bytes = HEADERS * entry_bytes,
                                     .entry_bytes = entry_bytes,
                                     .names = names,
                                     .names_bytes = sizeof(names)};
}

static void expect(const struct pgt_section *section, const char *name, uint64_t virt,
                   uint64_t bytes, unsigned rights)
{
    assert_string_equal(section->name, name);
    assert_int_equal(section->virt, virt);
    assert_int_equal(section->bytes, bytes);
    assert_int_equal(section->rights, rights);
}

static void expect_made_up(const struct pgt_elf_sections *elf)
{
    struct pgt_section section[4];
    struct pgt_sections_report report;
    size_t count;
    assert_int_equal(pgt_sections_from_elf(elf, section, 4, &count, &report), PGT_SECTIONS_OK);
    assert_int_equal(count, 4);
    expect(&section[0], ".text", UINT64_C(0xffffffff80001234), 0x5678, RX);
    expect(&section[1], ".data", UINT64_C(0xffffffff80102000), UINT64_C(0x123456789), RW);
    expect(&section[2], ".tdata", 0x3000, 8, RW);
    expect(&section[3], ".odd", 0x8000, 1, RWX);
}

static void what_is_not_in_memory_is_left_out(void **state)
{
    struct pgt_elf_sections elf = elf_of(made_up, sizeof(Elf64_Shdr));
    (void)state;
    expect_made_up(&elf);
    /* Handed over without the empty header that a file has first. */
    elf.headers = made_up + 1;
    elf.bytes -= sizeof(made_up[0]);
    expect_made_up(&elf);
}

/* Headers that are longer than ours, and lie at an odd address. */
static void headers_may_be_longer_and_lie_anywhere(void **state)
{
    uint8_t memory[1 + HEADERS * 77];
    (void)state;

    memset(memory, 0xa5, sizeof(memory));
    for (size_t i = 0; i < HEADERS; i++)
        memcpy(memory + 1 + i * 77, &made_up[i], sizeof(Elf64_Shdr));
    struct pgt_elf_sections elf = elf_of(memory + 1, 77);
    expect_made_up(&elf);
    elf.bytes += 76; /* a part of one more */
    expect_made_up(&elf);
}

static void refuse(const struct pgt_elf_sections *elf, size_t capacity,
                   enum pgt_sections_status status, size_t header)
{
    struct pgt_section section[4];
    struct pgt_sections_report report;
    size_t count = 0x5a5a;
    memset(&report, 0x5a, sizeof(report));
    assert_int_equal(pgt_sections_from_elf(elf, section, capacity, &count, &report), status);
    assert_int_equal(count, 0x5a5a);
    assert_int_equal(report.first.index, header);
    assert_null(report.first.name);
    assert_false(report.first.carried);
    assert_int_equal(report.second.index, SIZE_MAX);
}

static void damaged_headers_are_refused(void **state)
{
    struct pgt_elf_sections elf = elf_of(made_up, sizeof(Elf64_Shdr));
    (void)state;

    elf.entry_bytes = 63;
    refuse(&elf, 4, PGT_SECTIONS_BAD_HEADER, 0);
    elf.entry_bytes = 0;
    refuse(&elf, 4, PGT_SECTIONS_BAD_HEADER, 0);
    elf = elf_of(made_up, sizeof(Elf64_Shdr));
    refuse(&elf, 3, PGT_SECTIONS_TOO_MANY, 6);
    refuse(&elf, 0, PGT_SECTIONS_TOO_MANY, 1);
    /* Names that begin, or end, behind the table. */
    elf.names_bytes = ODD;
    refuse(&elf, 4, PGT_SECTIONS_BAD_HEADER, 6);
    elf.names_bytes = sizeof(names) - 1;
    refuse(&elf, 4, PGT_SECTIONS_BAD_HEADER, 6);
    elf.names_bytes = 0;
    refuse(&elf, 4, PGT_SECTIONS_BAD_HEADER, 1);
    for (unsigned shift = 8; shift < 32; shift += 8) { /* all four bytes tell where it begins */
        Elf64_Shdr far[HEADERS];
        memcpy(far, made_up, sizeof(far));
        far[1].sh_name |= UINT32_C(1) << shift;
        elf = elf_of(far, sizeof(far[0]));
        refuse(&elf, 4, PGT_SECTIONS_BAD_HEADER, 1);
    }
}

static void without_a_table_of_names(void **state)
{
    struct pgt_elf_sections elf = elf_of(made_up, sizeof(Elf64_Shdr));
    struct pgt_section section[4];
    struct pgt_sections_report report;
    size_t count;
    (void)state;

    elf.names = NULL;
    assert_int_equal(pgt_sections_from_elf(&elf, section, 4, &count, &report), PGT_SECTIONS_OK);
    assert_int_equal(count, 4);
    expect(&section[2], "(no name)", 0x3000, 8, RW);
    elf.bytes = 0;
    assert_int_equal(pgt_sections_from_elf(&elf, section, 0, &count, &report), PGT_SECTIONS_OK);
    assert_int_equal(count, 0);
}

/* All of a file, in memory. */
static uint8_t *read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long bytes = ftell(file);
    assert_true(bytes > 0);
    rewind(file);
    uint8_t *memory = malloc((size_t)bytes);
    assert_non_null(memory);
    assert_int_equal(fread(memory, 1, (size_t)bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
    return memory;
}

static void compare_with_headers(const Elf64_Shdr *header, size_t headers, const char *table,
                                 const struct pgt_section *section, size_t count)
{
    size_t next = 0;
    for (size_t i = 0; i < headers; i++) {
        const Elf64_Shdr *h = &header[i];
        if (!(h->sh_flags & SHF_ALLOC) || ((h->sh_flags & SHF_TLS) && h->sh_type == SHT_NOBITS))
            continue;
        assert_true(next < count);
        expect(&section[next++], table + h->sh_name, h->sh_addr, h->sh_size,
               RO | (h->sh_flags & SHF_WRITE ? PGT_WRITE : 0) |
                   (h->sh_flags & SHF_EXECINSTR ? PGT_EXECUTE : 0));
    }
    assert_int_equal(next, count);
}

/* This program: read, then mapped as if it were a kernel.  A linker lets no sections overlap,
 * and starts other rights on other pages. */
static void sections_of_this_program(void **state)
{
    uint8_t *file = read_file("/proc/self/exe");
    const Elf64_Ehdr *elf_header = (const void *)file;
    const Elf64_Shdr *header = (const void *)(file + elf_header->e_shoff);
    const Elf64_Shdr *strings = &header[elf_header->e_shstrndx];
    const struct pgt_elf_sections elf = {
        .headers = header,
        .bytes = (size_t)elf_header->e_shnum * elf_header->e_shentsize,
        .entry_bytes = elf_header->e_shentsize,
        .names = (const char *)file + strings->sh_offset,
        .names_bytes = strings->sh_size,
    };
    struct pgt_section section[64];
    struct pgt_sections_report report;
    size_t count;
    (void)state;

    assert_int_equal(pgt_sections_from_elf(&elf, section, 64, &count, &report), PGT_SECTIONS_OK);
    assert_true(count > 10);
    compare_with_headers(header, elf_header->e_shnum, elf.names, section, count);

    struct arena arena;
    struct pgt_space space;
    struct pgt_leaf leaf;
    struct pgt_arch arch = suite_arch(4);
    const struct pgt_sections sections = {.section = section, .section_count = count};
    arena_init(&arena, 0x100000, 256, 1);
    assert_int_equal(pgt_sections_build(&space, &sections, &arch, &arena.frames, &report),
                     PGT_SECTIONS_OK);
    suite_check(&space);
    for (size_t i = 0; i < count; i++) {
        if (section[i].bytes == 0)
            continue;
        assert_true(pgt_lookup(&space, section[i].virt, &leaf));
        assert_int_equal(leaf.rights, section[i].rights);
        assert_true(pgt_lookup(&space, section[i].virt + section[i].bytes - 1, &leaf));
        assert_int_equal(leaf.rights, section[i].rights);
    }
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    arena_free(&arena);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_in_memory_is_left_out),
        cmocka_unit_test(headers_may_be_longer_and_lie_anywhere),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(without_a_table_of_names),
        cmocka_unit_test(sections_of_this_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
