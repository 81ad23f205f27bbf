/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the section `.limine_reqs` is honoured at base revision 0 alone, in
 * a fixed image and in a PIE, inside a segment and outside; and that a broken
 * section table means "no such section" instead of a wild read or a refusal.
 *
 * The file is allocated at exactly its size, for AddressSanitizer.
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/requests_kernel.h"

/* The file: ELF header, three section headers, their names, the list. */
struct file {
    Elf64_Ehdr header;
    Elf64_Shdr section[3];
    char names[24];
    uint64_t list[8];
};

#define NAMES "\0.limine_reqs\0.names\0" /* at 1 and at 14 */
enum { NULL_SECTION, LIST, NAMES_SECTION };

struct fixture {
    struct requests_kernel kernel;
    struct file *file;
};

#define LIST_IN_IMAGE (REQUESTS_DATA + 0x800)
#define HHDM_AT       (REQUESTS_DATA + 0x100)
#define RSDP_AT       (REQUESTS_DATA + 0x200)

/* HHDM and RSDP are in the image; the list, outside all segments, names only HHDM. */
static int make(void **state)
{
    struct fixture *fixture = malloc(sizeof *fixture);
    struct file *file = calloc(1, sizeof *file);
    requests_kernel_make(&fixture->kernel);
    requests_put_feature(&fixture->kernel, HHDM_AT, LDR_HHDM, 0);
    requests_put_feature(&fixture->kernel, RSDP_AT, LDR_RSDP, 0);
    file->header.e_shoff = offsetof(struct file, section);
    file->header.e_shentsize = sizeof(Elf64_Shdr);
    file->header.e_shnum = 3;
    file->header.e_shstrndx = NAMES_SECTION;
    file->section[LIST] = (Elf64_Shdr){.sh_name = 1,
                                       .sh_type = SHT_PROGBITS,
                                       .sh_offset = offsetof(struct file, list),
                                       .sh_size = sizeof file->list};
    file->section[NAMES_SECTION] = (Elf64_Shdr){.sh_name = 14,
                                                .sh_type = SHT_STRTAB,
                                                .sh_offset = offsetof(struct file, names),
                                                .sh_size = sizeof NAMES};
    memcpy(file->names, NAMES, sizeof NAMES);
    file->list[0] = REQUESTS_BASE + HHDM_AT;
    fixture->file = file;
    fixture->kernel.image.file = (const uint8_t *)file;
    fixture->kernel.image.file_bytes = sizeof *file;
    *state = fixture;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *fixture = *state;
    requests_kernel_free(&fixture->kernel);
    free(fixture->file);
    free(fixture);
    return 0;
}

/* Where the list counts HHDM alone is found, where it doesn't both are. */
static void assert_list_counts(struct fixture *fixture, bool counts)
{
    requests_found(&fixture->kernel);
    assert_true(fixture->kernel.requests.present[LDR_HHDM]);
    assert_int_equal(fixture->kernel.requests.request[LDR_HHDM], HHDM_AT);
    assert_int_equal(fixture->kernel.requests.present[LDR_RSDP], !counts);
}

static void only_base_revision_0_has_the_list(void **state)
{
    struct fixture *fixture = *state;
    assert_list_counts(fixture, true);
    for (uint64_t revision = 0; revision <= 6; revision++) {
        requests_put_tag(&fixture->kernel, REQUESTS_DATA + 0x400, revision);
        assert_list_counts(fixture, revision == 0);
    }
}

static void the_list_ends_with_a_zero_or_with_the_section(void **state)
{
    struct fixture *fixture = *state;
    fixture->file->list[2] = REQUESTS_BASE + RSDP_AT; /* behind the zero */
    assert_list_counts(fixture, true);
    fixture->file->list[1] = REQUESTS_BASE + RSDP_AT;
    fixture->file->section[LIST].sh_size = 12; /* one word and a half */
    assert_list_counts(fixture, true);
    fixture->file->section[LIST].sh_size = 16;
    assert_list_counts(fixture, false);
    fixture->file->section[LIST].sh_size = 0;
    requests_found(&fixture->kernel);
    assert_false(fixture->kernel.requests.present[LDR_HHDM]);
}

/* Markers are hints for a search, and with a list there is no search. */
static void the_list_beats_markers(void **state)
{
    struct fixture *fixture = *state;
    requests_put_start(&fixture->kernel, REQUESTS_DATA + 0x180);
    requests_put_end(&fixture->kernel, REQUESTS_DATA + 0x300);
    assert_list_counts(fixture, true);
}

static void in_a_pie_the_file_has_addresses_as_linked(void **state)
{
    struct fixture *fixture = *state;
    fixture->kernel.image.slide = REQUESTS_BASE - 0x10000;
    fixture->file->list[0] = 0x10000 + HHDM_AT;
    assert_list_counts(fixture, true);
}

/* Inside a segment the loaded words count, which relocation has slid already. */
static void in_a_segment_the_loaded_list_counts(void **state)
{
    struct fixture *fixture = *state;
    fixture->kernel.image.slide = REQUESTS_BASE - 0x10000;
    fixture->file->section[LIST].sh_flags = SHF_ALLOC;
    fixture->file->section[LIST].sh_addr = 0x10000 + LIST_IN_IMAGE;
    fixture->file->list[0] = 3; /* would be refused */
    REQUESTS_PUT(&fixture->kernel, LIST_IN_IMAGE, REQUESTS_BASE + HHDM_AT, 0);
    assert_list_counts(fixture, true);

    /* Not loaded, or not wholly in a segment: then it is the file's words that count. */
    fixture->file->list[0] = 0x10000 + HHDM_AT;
    REQUESTS_PUT(&fixture->kernel, LIST_IN_IMAGE, 3);
    fixture->file->section[LIST].sh_flags = 0;
    assert_list_counts(fixture, true);
    fixture->file->section[LIST].sh_flags = SHF_ALLOC;
    fixture->file->section[LIST].sh_addr = 0x10000 + REQUESTS_END - 8;
    assert_list_counts(fixture, true);
}

static void addresses_where_no_request_can_be(void **state)
{
    struct fixture *fixture = *state;
    const uint64_t bad[] = {HHDM_AT + 4, 0x1000, REQUESTS_END - 40, REQUESTS_BYTES,
                            (uint64_t)0 - REQUESTS_BASE + 8};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture->file->list[1] = REQUESTS_BASE + bad[i];
        requests_refused(&fixture->kernel, "section .limine_reqs lists address 0x");
    }
    fixture->file->list[1] = REQUESTS_BASE + HHDM_AT;
    requests_refused(&fixture->kernel, "is the second one for the feature HHDM");
    /* A request too long for its place; its head alone would fit. */
    requests_put_feature(&fixture->kernel, REQUESTS_END - 48, LDR_STACK_SIZE, 0);
    fixture->file->list[1] = REQUESTS_BASE + REQUESTS_END - 48;
    requests_refused(&fixture->kernel, "for stack size is cut off after 48 bytes");
    /* Something that is no request is named, and harms nobody. */
    fixture->file->list[1] = REQUESTS_BASE + 0x100;
    assert_list_counts(fixture, true);
    assert_non_null(
        strstr(fixture->kernel.line,
               "0xffffffff80000100 (segment 0, file offset 0x100), but no request is there"));
}

static void no_list_in(struct fixture *fixture, Elf64_Off *field, uint64_t value)
{
    Elf64_Off good = *field;
    *field = value;
    assert_list_counts(fixture, false);
    *field = good;
    assert_list_counts(fixture, true);
}

static void broken_section_tables(void **state)
{
    struct fixture *fixture = *state;
    struct file *file = fixture->file;
    const uint64_t bytes = sizeof *file;
    no_list_in(fixture, &file->header.e_shoff, 0);
    no_list_in(fixture, &file->header.e_shoff, bytes - 63);
    no_list_in(fixture, &file->header.e_shoff, bytes - 64);
    no_list_in(fixture, &file->header.e_shoff, UINT64_MAX - 63);
    no_list_in(fixture, &file->header.e_shoff, UINT64_MAX);
    for (unsigned i = LIST; i <= NAMES_SECTION; i++) {
        Elf64_Shdr *section = &file->section[i];
        no_list_in(fixture, &section->sh_offset, bytes + 1);
        no_list_in(fixture, &section->sh_offset, UINT64_MAX);
        no_list_in(fixture, &section->sh_size, bytes);
        no_list_in(fixture, &section->sh_size, UINT64_MAX);
        Elf64_Word good = section->sh_type;
        section->sh_type = SHT_NOBITS;
        assert_list_counts(fixture, false);
        section->sh_type = good;
    }
    no_list_in(fixture, &file->section[NAMES_SECTION].sh_size, 13); /* the name lacks its zero */
    file->section[LIST].sh_name = UINT32_MAX;
    assert_list_counts(fixture, false);
    file->section[LIST].sh_name = 2;
    assert_list_counts(fixture, false);
    file->section[LIST].sh_name = 1;
    file->header.e_shentsize = 63;
    assert_list_counts(fixture, false);
    file->header.e_shentsize = 64;
    file->header.e_shstrndx = 3;
    assert_list_counts(fixture, false);
    file->header.e_shstrndx = NAMES_SECTION;
    file->header.e_shnum = 2; /* the names are no longer one of them */
    assert_list_counts(fixture, false);
    file->header.e_shnum = 3;
    file->header.e_shstrndx = SHN_XINDEX; /* then section 0 says it, here 0 */
    assert_list_counts(fixture, false);
}

/* Counts that the ELF header has no room for stand in section header 0. */
static void numbers_in_section_header_0(void **state)
{
    struct fixture *fixture = *state;
    struct file *file = fixture->file;
    file->header.e_shnum = 0;
    file->header.e_shstrndx = SHN_XINDEX;
    file->section[NULL_SECTION].sh_link = NAMES_SECTION;
    assert_list_counts(fixture, false);
    file->section[NULL_SECTION].sh_size = 3;
    assert_list_counts(fixture, true);
    file->section[NULL_SECTION].sh_size = UINT64_MAX;
    assert_list_counts(fixture, false);
}

/* Every length that a cut-off file can have; the buffer is as long as the file. */
static void every_cut_of_the_file(void **state)
{
    struct fixture *fixture = *state;
    uint64_t whole = fixture->kernel.image.file_bytes;
    for (uint64_t bytes = 0; bytes < whole; bytes++) {
        uint8_t *cut = malloc(bytes ? bytes : 1);
        memcpy(cut, fixture->file, bytes);
        fixture->kernel.image.file = cut;
        fixture->kernel.image.file_bytes = bytes;
        assert_list_counts(fixture, false); /* the list comes last in it */
        free(cut);
    }
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(only_base_revision_0_has_the_list),
        WITH_FILE(the_list_ends_with_a_zero_or_with_the_section),
        WITH_FILE(the_list_beats_markers),
        WITH_FILE(in_a_pie_the_file_has_addresses_as_linked),
        WITH_FILE(in_a_segment_the_loaded_list_counts),
        WITH_FILE(addresses_where_no_request_can_be),
        WITH_FILE(broken_section_tables),
        WITH_FILE(numbers_in_section_header_0),
        WITH_FILE(every_cut_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
