/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packed table of relocations (RELR), the one for procedure linkage (JMPREL), and
 * relocations that speak of symbols: applied as the System V ABI says, or refused by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/image_fixture.h"

/* Where the tests put their tables, in what the builder leaves free. */
#define RELR_AT    (ELF_RODATA_AT + 0x380)
#define RELR_MOST  16
#define JMPREL_AT  (ELF_DATA_AT + 0xc00)
#define SYMBOLS_AT (ELF_DATA_AT + 0xd00)
#define NAMES_AT   (ELF_DATA_AT + 0xf00)

static void put_word(struct image_fixture *f, uint64_t virt, uint64_t word)
{
    elf_builder_put(&f->elf, virt, &word, sizeof word);
}

/* The loaded image; to be freed. */
static uint8_t *load(struct image_fixture *f)
{
    uint8_t *memory;

    image_accepted(f);
    memory = malloc(f->image.bytes);
    memset(memory, 0x77, f->image.bytes);
    ldr_image_load(&f->image, memory);
    return memory;
}

static uint64_t word_at(const uint8_t *memory, uint64_t at)
{
    uint64_t word;

    memcpy(&word, memory + at, sizeof word);
    return word;
}

/* ---- RELR -------------------------------------------------------------------- */

static void add_relr(struct image_fixture *f, const uint64_t *entry, unsigned count)
{
    elf_builder_put(&f->elf, RELR_AT + f->elf.base, entry, count * sizeof *entry);
    elf_builder_add_dynamic(&f->elf, DT_RELR, RELR_AT + f->elf.base);
    elf_builder_add_dynamic(&f->elf, DT_RELRSZ, count * sizeof *entry);
    elf_builder_add_dynamic(&f->elf, DT_RELRENT, sizeof *entry);
}

/* The entries read the plain way, into one flag a word of data: an oracle that shares nothing
 * with the reader but the text of the ABI. */
static void expected_places(const uint64_t *entry, unsigned count, unsigned moved[512])
{
    uint64_t where = 0;

    for (unsigned i = 0; i < count; i++) {
        if (entry[i] % 2 == 0) {
            moved[(entry[i] - ELF_DATA_AT) / 8]++;
            where = entry[i] + 8;
            continue;
        }
        for (unsigned bit = 1; bit < 64; bit++)
            if (entry[i] >> bit & 1)
                moved[(where + 8 * (bit - 1) - ELF_DATA_AT) / 8]++;
        where += 8 * 63;
    }
}

/* Each word of data holds its own place, so that what was added to which is seen. */
static void check_relr(struct image_fixture *f, const uint64_t *entry, unsigned count)
{
    unsigned moved[512] = {0};

    elf_builder_pie(&f->elf, 0);
    for (uint64_t at = ELF_DATA_AT; at < ELF_DATA_AT + ELF_DATA_FILE_BYTES; at += 8)
        put_word(f, at, at);
    add_relr(f, entry, count);
    expected_places(entry, count, moved);
    uint8_t *memory = load(f);
    assert_int_equal(f->image.relocations[LDR_RELR].count, count);
    for (unsigned i = 0; i < 512; i++)
        assert_int_equal(word_at(memory, ELF_DATA_AT + 8 * i),
                         ELF_DATA_AT + 8 * i + moved[i] * LDR_IMAGE_LOWEST);
    free(memory);
}

static void relr_by_example(void **state)
{
    static const uint64_t table[][4] = {
        {ELF_DATA_AT},
        {ELF_DATA_AT, 3},                             /* the word behind, too */
        {ELF_DATA_AT, UINT64_MAX, UINT64_MAX},        /* 127 words in a row */
        {ELF_DATA_AT, 1, 1, 3},                       /* bitmaps that only go on */
        {ELF_DATA_AT, 1 | UINT64_C(1) << 63, 3},      /* the last bit, and the next word */
        {ELF_DATA_AT + 8, 5, ELF_DATA_AT + 0x800, 9}, /* two runs */
        {ELF_DATA_AT, ELF_DATA_AT},                   /* one place twice */
        {ELF_DATA_AT + ELF_DATA_FILE_BYTES - 8},      /* the last word from the file */
    };
    static const unsigned count[] = {1, 2, 3, 4, 3, 4, 2, 1};

    for (unsigned i = 0; i < sizeof count / sizeof count[0]; i++)
        check_relr(*state, table[i], count[i]);
}

static void relr_at_random(void **state)
{
    uint64_t random = 0x9e3779b97f4a7c15;

    for (unsigned round = 0; round < 2000; round++) {
        uint64_t entry[RELR_MOST];
        unsigned count = 0;
        /* Runs ascend and stay in the data, whatever their bitmaps say. */
        for (uint64_t word = 0; word + 128 < 512 && count + 2 < RELR_MOST; word += 128) {
            random = random * 6364136223846793005 + 1442695040888963407;
            entry[count++] = ELF_DATA_AT + 8 * (word + (random >> 62));
            entry[count++] = random | 1;
            if (random >> 40 & 1)
                entry[count++] = (random << 7 & ~(UINT64_C(7) << 61)) | 1;
        }
        check_relr(*state, entry, count);
    }
}

/* In bss the word was zero, and in text it may lie across words. */
static void relr_elsewhere(void **state)
{
    struct image_fixture *f = *state;
    static const uint64_t entry[] = {ELF_TEXT_AT + 2, ELF_DATA_AT + ELF_DATA_FILE_BYTES};

    add_relr(f, entry, 2);
    uint8_t *memory = load(f);
    assert_int_equal(word_at(memory, ELF_TEXT_AT + 2),
                     UINT64_C(0xcccccccccccccccc) + LDR_IMAGE_LOWEST);
    assert_int_equal(word_at(memory, ELF_DATA_AT + ELF_DATA_FILE_BYTES), LDR_IMAGE_LOWEST);
    free(memory);
}

static void relr_outside_the_image(void **state)
{
    struct image_fixture *f = *state;
    static const uint64_t bad[][2] = {
        {ELF_TEXT_AT + ELF_TEXT_BYTES - 6, 0},
        {ELF_DATA_AT + ELF_DATA_MEMORY_BYTES, 0},
        {ELF_DATA_AT + ELF_DATA_MEMORY_BYTES - 8, 3},
        {ELF_TEXT_AT + ELF_TEXT_BYTES - 8, 3},
        {UINT64_MAX - 1, 0},
        {UINT64_C(1) << 63, 0},
    };

    add_relr(f, bad[0], 2);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        elf_builder_put(&f->elf, RELR_AT, bad[i], sizeof bad[i]);
        f->elf.dynamic[f->elf.dynamic_count - 3].d_un.d_val = bad[i][1] ? 16 : 8;
        image_refused(f, bad[i][1] ? "RELR entry 1" : "RELR entry 0", "outside every segment");
    }
}

static void relr_begins_with_a_bitmap(void **state)
{
    struct image_fixture *f = *state;

    add_relr(f, (const uint64_t[]){3, ELF_DATA_AT}, 2);
    image_refused(f, "RELR entry 0", "a bitmap with no place before it");
}

/* ---- tables that are not what they say --------------------------------------- */

/* Tag, size and, where there is one, entry size stand in the dynamic section's free places. */
static void check_damaged_table(struct image_fixture *f, const char *name, int64_t tag,
                                int64_t bytes_tag, int64_t entry_tag, uint64_t entry)
{
    Elf64_Dyn *added = &f->elf.dynamic[ELF_DT_FIRST_FREE];
    const char *where = "program header 3";
    char text[64];

    elf_builder_pie(&f->elf, 0);
    elf_builder_add_dynamic(&f->elf, tag, ELF_DATA_AT);
    snprintf(text, sizeof text, "a %s table of 0 bytes", name);
    image_refused(f, where, text);
    elf_builder_add_dynamic(&f->elf, bytes_tag, 0);
    if (entry_tag != DT_NULL) {
        snprintf(text, sizeof text, "in entries of 0, where an entry has %u", (unsigned)entry);
        image_refused(f, where, text);
        elf_builder_add_dynamic(&f->elf, entry_tag, entry);
    }
    image_accepted(f); /* the tags of a table that came out empty */
    added[1].d_un.d_val = entry + 1;
    image_refused(f, where, "bytes in entries of");
    added[1].d_un.d_val = UINT64_MAX / entry * entry;
    snprintf(text, sizeof text, "truncated in the %s table", name);
    image_refused(f, where, text);
    added[1].d_un.d_val = ELF_DATA_FILE_BYTES / entry * entry + entry;
    image_refused(f, where, text);
    added[1].d_un.d_val = entry;
    added[0].d_un.d_val = ELF_DATA_AT + ELF_DATA_FILE_BYTES - entry + 1; /* half in bss */
    image_refused(f, where, text);
    added[0].d_un.d_val = ELF_DATA_AT + ELF_DATA_FILE_BYTES;
    image_refused(f, where, text);
    added[0].d_un.d_val = UINT64_MAX - 7;
    image_refused(f, where, text);
    added[0].d_un.d_val = ELF_TEXT_BYTES; /* in no segment */
    image_refused(f, where, text);
}

static void damaged_tables(void **state)
{
    check_damaged_table(*state, "RELR", DT_RELR, DT_RELRSZ, DT_RELRENT, 8);
    check_damaged_table(*state, "JMPREL", DT_JMPREL, DT_PLTRELSZ, DT_NULL, 24);
}

static void jmprel_of_another_kind(void **state)
{
    struct image_fixture *f = *state;

    elf_builder_add_dynamic(&f->elf, DT_JMPREL, JMPREL_AT);
    elf_builder_add_dynamic(&f->elf, DT_PLTRELSZ, 0);
    elf_builder_add_dynamic(&f->elf, DT_PLTREL, DT_RELA);
    image_accepted(f);
    f->elf.dynamic[ELF_DT_FIRST_FREE + 2].d_un.d_val = DT_REL;
    image_refused(f, "program header 3", "of the kind REL");
}

/* ---- symbols ----------------------------------------------------------------- */

/* Symbol numbers; 0 is none. */
enum { DEFINED = 1, WEAK, STRONG, ABSOLUTE, IFUNC, THREAD, NAMELESS, BAD_NAME, SYMBOLS };

#define SYMBOL(name, bind, type, section, value)                                                   \
    {                                                                                              \
        name, ELF64_ST_INFO(bind, type), 0, section, value, 0                                      \
    }

static void add_symbols(struct image_fixture *f)
{
    static const char names[] = "\0defined\0weak_one\0missing_one\0absolute\0chooses\0threads";
    static const Elf64_Sym symbol[SYMBOLS] = {
        [DEFINED] = SYMBOL(1, STB_GLOBAL, STT_OBJECT, 1, ELF_DATA_AT + 0x40),
        [WEAK] = SYMBOL(9, STB_WEAK, STT_NOTYPE, SHN_UNDEF, 0x1234),
        [STRONG] = SYMBOL(18, STB_GLOBAL, STT_FUNC, SHN_UNDEF, 0),
        [ABSOLUTE] = SYMBOL(30, STB_GLOBAL, STT_NOTYPE, SHN_ABS, 0x5555),
        [IFUNC] = SYMBOL(39, STB_GLOBAL, STT_GNU_IFUNC, 1, ELF_ENTRY_AT),
        [THREAD] = SYMBOL(47, STB_GLOBAL, STT_TLS, 1, 8),
        [NAMELESS] = SYMBOL(0, STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0),
        [BAD_NAME] = SYMBOL(10000, STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0),
    };

    elf_builder_put(&f->elf, SYMBOLS_AT, symbol, sizeof symbol);
    elf_builder_put(&f->elf, NAMES_AT, names, sizeof names);
    elf_builder_add_dynamic(&f->elf, DT_SYMTAB, SYMBOLS_AT);
    elf_builder_add_dynamic(&f->elf, DT_SYMENT, sizeof symbol[0]);
    elf_builder_add_dynamic(&f->elf, DT_STRTAB, NAMES_AT);
    elf_builder_add_dynamic(&f->elf, DT_STRSZ, sizeof names);
}

static void add_against(struct image_fixture *f, uint64_t symbol, uint32_t type, uint64_t at,
                        int64_t addend)
{
    elf_builder_add_relocation(&f->elf, type, at, addend);
    f->elf.relocation[f->elf.relocation_count - 1].r_info = ELF64_R_INFO(symbol, type);
}

/* S + A for R_X86_64_64; S for the other two, whatever their addend's field holds. */
static void symbols_are_applied(void **state)
{
    struct image_fixture *f = *state;
    static const struct {
        uint64_t symbol;
        uint32_t type;
        int64_t addend;
        uint64_t value;
    } sample[] = {
        {DEFINED, R_X86_64_64, 0, LDR_IMAGE_LOWEST + ELF_DATA_AT + 0x40},
        {DEFINED, R_X86_64_64, -0x40, LDR_IMAGE_LOWEST + ELF_DATA_AT},
        {DEFINED, R_X86_64_GLOB_DAT, 7, LDR_IMAGE_LOWEST + ELF_DATA_AT + 0x40},
        {DEFINED, R_X86_64_JUMP_SLOT, 7, LDR_IMAGE_LOWEST + ELF_DATA_AT + 0x40},
        {WEAK, R_X86_64_64, 0, 0},
        {WEAK, R_X86_64_64, 5, 5},
        {WEAK, R_X86_64_GLOB_DAT, 5, 0},
        {WEAK, R_X86_64_JUMP_SLOT, 0, 0},
        {ABSOLUTE, R_X86_64_64, 1, 0x5556},
        {ABSOLUTE, R_X86_64_GLOB_DAT, 0, 0x5555},
        {STN_UNDEF, R_X86_64_64, 0x99, 0x99},
    };
    const unsigned count = sizeof sample / sizeof sample[0];

    add_symbols(f);
    for (unsigned i = 0; i < count; i++)
        add_against(f, sample[i].symbol, sample[i].type, ELF_DATA_AT + 8 * i, sample[i].addend);
    uint8_t *memory = load(f);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(word_at(memory, ELF_DATA_AT + 8 * i), sample[i].value);
    assert_int_equal(word_at(memory, ELF_DATA_AT + 8 * count), UINT64_C(0xdadadadadadadada));
    free(memory);
}

static void symbols_that_have_no_address(void **state)
{
    struct image_fixture *f = *state;
    static const struct {
        uint64_t symbol;
        const char *text;
    } bad[] = {
        {STRONG, "the symbol missing_one is undefined"},
        {IFUNC, "the symbol chooses is an ifunc"},
        {THREAD, "the symbol threads is thread-local"},
        {NAMELESS, "the symbol (nameless) is undefined"},
        {BAD_NAME, "the symbol (nameless) is undefined"},
        {UINT32_MAX, "dynamic symbol 4294967295"},
        {(ELF_DATA_AT + ELF_DATA_FILE_BYTES - SYMBOLS_AT) / 24, "is not in the file"},
    };
    static const uint32_t type[] = {R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT};

    add_symbols(f);
    add_against(f, DEFINED, R_X86_64_64, ELF_DATA_AT, 0);
    add_against(f, STN_UNDEF, R_X86_64_NONE, ELF_DATA_AT, 0);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (unsigned k = 0; k < 3; k++) {
            f->elf.relocation[1].r_info = ELF64_R_INFO(bad[i].symbol, type[k]);
            image_refused(f, "relocation 1", bad[i].text);
        }
}

static void symbols_write_into_the_image_only(void **state)
{
    struct image_fixture *f = *state;

    add_symbols(f);
    add_against(f, DEFINED, R_X86_64_64, ELF_DATA_AT + ELF_DATA_MEMORY_BYTES - 7, 0);
    image_refused(f, "relocation 0", "outside every segment");
}

static void symbols_without_a_table(void **state)
{
    struct image_fixture *f = *state;

    add_against(f, DEFINED, R_X86_64_64, ELF_DATA_AT, 0);
    image_refused(f, "relocation 0", "dynamic symbol 1");
    elf_builder_add_dynamic(&f->elf, DT_SYMTAB, ELF_DATA_AT + ELF_DATA_FILE_BYTES);
    image_refused(f, "relocation 0", "dynamic symbol 1");
    elf_builder_add_dynamic(&f->elf, DT_SYMENT, 16);
    image_refused(f, "program header 3", "DT_SYMENT");
}

/* A name that never ends within its table is cut there. */
static void names_are_cut(void **state)
{
    struct image_fixture *f = *state;

    add_symbols(f);
    f->elf.dynamic[f->elf.dynamic_count - 2].d_un.d_val = 18 + 7;
    add_against(f, STRONG, R_X86_64_64, ELF_DATA_AT, 0);
    image_refused(f, "relocation 0", "the symbol missing is undefined");
    f->elf.dynamic[f->elf.dynamic_count - 2].d_un.d_val = UINT64_MAX;
    image_refused(f, "relocation 0", "the symbol missing_one is undefined");
}

/* ---- JMPREL, and all three tables at once ------------------------------------ */

static void add_jmprel(struct image_fixture *f, const Elf64_Rela *entry, unsigned count)
{
    elf_builder_put(&f->elf, JMPREL_AT, entry, count * sizeof *entry);
    elf_builder_add_dynamic(&f->elf, DT_JMPREL, JMPREL_AT);
    elf_builder_add_dynamic(&f->elf, DT_PLTRELSZ, count * sizeof *entry);
    elf_builder_add_dynamic(&f->elf, DT_PLTREL, DT_RELA);
}

static void jmprel(void **state)
{
    struct image_fixture *f = *state;
    Elf64_Rela entry[2] = {
        {ELF_DATA_AT + 8, ELF64_R_INFO(DEFINED, R_X86_64_JUMP_SLOT), 0},
        {ELF_DATA_AT + 16, ELF64_R_INFO(STRONG, R_X86_64_JUMP_SLOT), 0},
    };

    add_symbols(f);
    add_jmprel(f, entry, 2);
    image_refused(f, "JMPREL relocation 1", "the symbol missing_one is undefined");
    entry[1].r_info = ELF64_R_INFO(0, R_X86_64_IRELATIVE);
    elf_builder_put(&f->elf, JMPREL_AT, entry, sizeof entry);
    image_refused(f, "JMPREL relocation 1", "IRELATIVE");
    entry[1].r_info = ELF64_R_INFO(WEAK, R_X86_64_JUMP_SLOT);
    elf_builder_put(&f->elf, JMPREL_AT, entry, sizeof entry);
    uint8_t *memory = load(f);
    assert_int_equal(word_at(memory, ELF_DATA_AT + 8), LDR_IMAGE_LOWEST + ELF_DATA_AT + 0x40);
    assert_int_equal(word_at(memory, ELF_DATA_AT + 16), 0);
    free(memory);
}

/* One place in all of them: RELR adds, then RELA replaces, then JMPREL. */
static void order_of_tables(void **state)
{
    struct image_fixture *f = *state;
    const Elf64_Rela entry = {ELF_DATA_AT + 8, ELF64_R_INFO(DEFINED, R_X86_64_JUMP_SLOT), 0};

    put_word(f, ELF_DATA_AT, 0x10);
    add_relr(f, (const uint64_t[]){ELF_DATA_AT, 3}, 2);
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT, 0x20);
    elf_builder_add_relocation(&f->elf, R_X86_64_RELATIVE, ELF_DATA_AT + 8, 0x30);
    add_symbols(f);
    add_jmprel(f, &entry, 1);
    uint8_t *memory = load(f);
    assert_int_equal(word_at(memory, ELF_DATA_AT), LDR_IMAGE_LOWEST + 0x20);
    assert_int_equal(word_at(memory, ELF_DATA_AT + 8), LDR_IMAGE_LOWEST + ELF_DATA_AT + 0x40);
    free(memory);
}

/* Tables and symbols are read from the file, so what relocations do to them in memory is of no
 * consequence. */
static void tables_that_are_relocated(void **state)
{
    struct image_fixture *f = *state;
    const Elf64_Rela entry = {ELF_DATA_AT + 8, ELF64_R_INFO(DEFINED, R_X86_64_JUMP_SLOT), 0};

    add_relr(f, (const uint64_t[]){RELR_AT + 8, SYMBOLS_AT + 24 + 8, JMPREL_AT}, 3);
    add_symbols(f);
    add_jmprel(f, &entry, 1);
    uint8_t *memory = load(f);
    assert_int_equal(word_at(memory, ELF_DATA_AT + 8), LDR_IMAGE_LOWEST + ELF_DATA_AT + 0x40);
    assert_int_equal(word_at(memory, JMPREL_AT), LDR_IMAGE_LOWEST + ELF_DATA_AT + 8);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_PIE(relr_by_example),
        IMAGE_PIE(relr_at_random),
        IMAGE_PIE(relr_elsewhere),
        IMAGE_PIE(relr_outside_the_image),
        IMAGE_PIE(relr_begins_with_a_bitmap),
        IMAGE_PIE(damaged_tables),
        IMAGE_PIE(jmprel_of_another_kind),
        IMAGE_PIE(symbols_are_applied),
        IMAGE_PIE(symbols_that_have_no_address),
        IMAGE_PIE(symbols_write_into_the_image_only),
        IMAGE_PIE(symbols_without_a_table),
        IMAGE_PIE(names_are_cut),
        IMAGE_PIE(jmprel),
        IMAGE_PIE(order_of_tables),
        IMAGE_PIE(tables_that_are_relocated),
    };

    return cmocka_run_group_tests_name("image tables", tests, NULL, NULL);
}
