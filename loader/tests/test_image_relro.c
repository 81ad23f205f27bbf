/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole pages that PT_GNU_RELRO covers are a read-only segment; all other bytes keep
 * their rights, and every byte its content.
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

/* The data segment of these tests: pages enough to be cut anywhere, half of them from the file. */
#define DATA_PAGES 8
#define DATA_BYTES (DATA_PAGES * PGT_PAGE)
#define FILE_BYTES UINT64_C(0x1000)

static Elf64_Phdr *add_relro(struct image_fixture *f, uint64_t virt, uint64_t bytes)
{
    Elf64_Phdr *relro = elf_builder_add_program(&f->elf, PT_GNU_RELRO);

    relro->p_vaddr = f->elf.base + virt;
    relro->p_memsz = bytes;
    f->elf.program[ELF_DATA].p_memsz = DATA_BYTES;
    return relro;
}

/* May the byte be written?  Linear, over all segments. */
static bool is_writable(const struct ldr_image *image, uint64_t virt)
{
    for (unsigned i = 0; i < image->segment_count; i++)
        if (virt >= image->segment[i].virt &&
            virt - image->segment[i].virt < image->segment[i].bytes)
            return image->segment[i].rights & PGT_WRITE;
    fail_msg("0x%lx is in no segment", virt);
    return false;
}

/* The pages from `first` to before `end` of the data are read-only, and nothing else changed. */
static void check_pages(const struct image_fixture *f, unsigned first, unsigned end)
{
    const struct ldr_image *image = &f->image;
    uint64_t start = f->elf.program[ELF_DATA].p_vaddr + image->slide, last = 0;

    for (uint64_t at = 0; at < f->elf.program[ELF_DATA].p_memsz; at += 0x10) {
        uint64_t page =
            (start + at) / PGT_PAGE - (ELF_DATA_AT + f->elf.base + image->slide) / PGT_PAGE;
        assert_int_equal(is_writable(image, start + at), !(page >= first && page < end));
    }
    for (unsigned i = 0; i < image->segment_count; i++) {
        assert_true(i == 0 || image->segment[i].virt > last);
        assert_true(image->segment[i].bytes > 0);
        assert_true(image->segment[i].file_bytes <= image->segment[i].bytes);
        last = image->segment[i].virt + (image->segment[i].bytes - 1);
    }
    assert_int_equal(image->segment[0].rights, PGT_READ | PGT_EXECUTE);
    assert_int_equal(image->segment[1].rights, PGT_READ);
    image_check_loaded(f);
}

/* As linkers have it: RELRO begins where the segment does, and ends with a page. */
static void start_of_the_segment(void **state)
{
    struct image_fixture *f = *state;

    add_relro(f, ELF_DATA_AT, 0x3000);
    image_accepted(f);
    assert_int_equal(f->image.segment_count, 4);
    image_check_segment(&f->image.segment[2],
                        &(Elf64_Phdr){.p_vaddr = ELF_DATA_AT,
                                      .p_memsz = 0x3000,
                                      .p_filesz = FILE_BYTES,
                                      .p_offset = ELF_FILE_OFFSET(ELF_DATA_AT)},
                        LDR_IMAGE_LOWEST, ELF_DATA, PGT_READ);
    image_check_segment(
        &f->image.segment[3],
        &(Elf64_Phdr){.p_vaddr = ELF_DATA_AT + 0x3000, .p_memsz = DATA_BYTES - 0x3000},
        LDR_IMAGE_LOWEST, ELF_DATA, PGT_READ | PGT_WRITE);
    check_pages(f, 0, 3);
}

/* Every first and last page, in the file and behind it. */
static void every_pair_of_pages(void **state)
{
    struct image_fixture *f = *state;

    for (unsigned first = 0; first < DATA_PAGES; first++)
        for (unsigned end = first; end <= DATA_PAGES; end++) {
            elf_builder_pie(&f->elf, 0);
            add_relro(f, ELF_DATA_AT + first * PGT_PAGE, (end - first) * PGT_PAGE);
            image_accepted(f);
            unsigned pieces = first == end ? 1 : 1 + (first > 0) + (end < DATA_PAGES);
            assert_int_equal(f->image.segment_count, 2 + pieces);
            check_pages(f, first, end);
        }
}

/* A page that RELRO covers in part stays writable, at either end. */
static void parts_of_pages(void **state)
{
    struct image_fixture *f = *state;
    static const struct {
        uint64_t virt, bytes;
        unsigned first, end;
    } sample[] = {
        {0, 1, 0, 0},         {0, 0xfff, 0, 0}, {0, 0x1001, 0, 1},      {0x10, 0xff0, 1, 1},
        {0x10, 0x1ff0, 1, 2}, {0xfff, 1, 1, 1}, {0x1800, 0x3000, 2, 4}, {0, UINT64_C(0x7fff), 0, 7},
    };

    for (unsigned i = 0; i < sizeof sample / sizeof sample[0]; i++) {
        elf_builder_pie(&f->elf, 0);
        add_relro(f, ELF_DATA_AT + sample[i].virt, sample[i].bytes);
        image_accepted(f);
        check_pages(f, sample[i].first, sample[i].end);
    }
}

/* Where segment and RELRO both begin inside of a page nothing is before them in it. */
static void both_begin_inside_a_page(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Phdr *data = &f->elf.program[ELF_DATA];

    add_relro(f, ELF_DATA_AT + 0xc00, 0x1400);
    data->p_vaddr += 0xc00;
    data->p_offset += 0xc00;
    data->p_filesz -= 0xc00;
    image_accepted(f);
    check_pages(f, 0, 2);
}

/* lld of Debian 12 rounds the size up beyond the segment's end. */
static void beyond_the_end(void **state)
{
    struct image_fixture *f = *state;

    add_relro(f, ELF_DATA_AT, DATA_BYTES);
    f->elf.program[ELF_DATA].p_memsz = DATA_BYTES - 0x123;
    image_accepted(f);
    assert_int_equal(f->image.segment_count, 3);
    check_pages(f, 0, DATA_PAGES);
}

/* Text and read-only data lose nothing, and gain nothing. */
static void over_other_segments(void **state)
{
    struct image_fixture *f = *state;

    add_relro(f, 0, ELF_DATA_AT + 0x1000);
    image_accepted(f);
    check_pages(f, 0, 1);
    elf_builder_pie(&f->elf, 0);
    add_relro(f, ELF_DATA_AT + DATA_BYTES, 0x10000);
    image_accepted(f);
    image_check_segment(&f->image.segment[2], &f->elf.program[ELF_DATA], LDR_IMAGE_LOWEST, ELF_DATA,
                        PGT_READ | PGT_WRITE);
}

/* A kernel at the very end of the address space: its last page has no page behind it. */
static void at_the_top(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_pie(&f->elf, UINT64_MAX - (ELF_DATA_AT + DATA_BYTES - 1));
    Elf64_Phdr *relro = add_relro(f, ELF_DATA_AT + 0x1000, DATA_BYTES - 0x1000);
    image_accepted(f);
    check_pages(f, 1, DATA_PAGES);
    relro->p_memsz++;
    image_refused(f, "program header 4", "of RELRO at");
    relro->p_memsz = UINT64_MAX;
    image_refused(f, "program header 4", "wrap around the end");
}

/* Relocations may lie in it, across its ends, and their table too. */
static void relocations_and_relro(void **state)
{
    struct image_fixture *f = *state;
    const uint64_t table = ELF_DATA_AT + 0xfe8;

    add_relro(f, ELF_DATA_AT + 0x1000, 0x1000);
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT + 0x1ffc, 0x1234);
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT + 0x1100, 0x5678);
    image_accepted(f);
    check_pages(f, 1, 2);

    /* Half of the table in the page before RELRO, half in RELRO. */
    const Elf64_Rela entry[2] = {{ELF_DATA_AT + 0x10, R_X86_64_RELATIVE, 0x77},
                                 {ELF_DATA_AT + 0x18, R_X86_64_RELATIVE, 0x88}};
    uint8_t *file;

    elf_builder_pie(&f->elf, 0);
    add_relro(f, ELF_DATA_AT + 0x1000, 0x1000);
    f->elf.dynamic[ELF_DT_RELA].d_un.d_val = table;
    f->elf.dynamic[ELF_DT_RELASZ].d_un.d_val = sizeof entry;
    f->elf.program[ELF_DATA].p_filesz = 0x1020;
    file = malloc(ELF_FILE_BYTES);
    memcpy(file, elf_builder_file(&f->elf), ELF_FILE_BYTES);
    memcpy(file + ELF_FILE_OFFSET(table), entry, sizeof entry);
    assert_int_equal(ldr_image_read(&f->image, IMAGE_NAME, file, ELF_FILE_BYTES, &f->report),
                     LDR_OK);
    uint8_t *memory = malloc(f->image.bytes);
    uint64_t word[2];
    ldr_image_load(&f->image, memory);
    memcpy(word, memory + ELF_DATA_AT + 0x10, sizeof word);
    assert_int_equal(word[0], LDR_IMAGE_LOWEST + 0x77);
    assert_int_equal(word[1], LDR_IMAGE_LOWEST + 0x88);
    /* What the file has behind the cut is behind the cut in memory. */
    assert_memory_equal(memory + ELF_DATA_AT + 0xfe8, file + ELF_FILE_OFFSET(ELF_DATA_AT) + 0xfe8,
                        0x1020 - 0xfe8);
    free(memory);
    free(file);
}

/* A piece more than there is room for. */
static void too_many_pieces(void **state)
{
    struct image_fixture *f = *state;

    add_relro(f, ELF_DATA_AT + 0x1000, 0x1000);
    for (unsigned i = 3; i < LDR_SEGMENTS - 2; i++) {
        Elf64_Phdr *more = elf_builder_add_program(&f->elf, PT_LOAD);
        more->p_flags = PF_R;
        more->p_vaddr = 0x100000 + i * PGT_PAGE;
        more->p_memsz = 8;
    }
    image_accepted(f);
    assert_int_equal(f->image.segment_count, LDR_SEGMENTS);
    check_pages(f, 1, 2);
    Elf64_Phdr *more = elf_builder_add_program(&f->elf, PT_LOAD);
    more->p_flags = PF_R;
    more->p_vaddr = 0x200000;
    more->p_memsz = 8;
    image_refused(f, "program header 4", "merge some in the linker script");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_PIE(start_of_the_segment), IMAGE_PIE(every_pair_of_pages),
        IMAGE_PIE(parts_of_pages),       IMAGE_PIE(both_begin_inside_a_page),
        IMAGE_PIE(beyond_the_end),       IMAGE_PIE(over_other_segments),
        IMAGE_PIE(at_the_top),           IMAGE_PIE(relocations_and_relro),
        IMAGE_PIE(too_many_pieces),
    };

    return cmocka_run_group_tests_name("image relro", tests, NULL, NULL);
}
