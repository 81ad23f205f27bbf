/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relocations of a static PIE.
 *
 * The linker left to do what depends on the slide.  Mostly that is to store, in a place that
 * holds an address of the image, that address plus the slide: R_X86_64_RELATIVE, or an entry of a
 * RELR table, which tells places alone since the addresses are in them already.  It has to be
 * done where the slide is 0 too, since lld leaves zeros there.  Where the image was linked so
 * that a symbol might have been another's, the value is a symbol's.
 *
 * The tables are read from the file, never from the loaded image, where a relocation may have
 * changed the next one after it was checked.
 *
 * Source: x86-64 supplement of the System V ABI, section 4.4.
 */
#include <string.h>

#include "loader/image_parts.h"
#include "loader/relr.h"
#include "pagetables/pagetables.h"

#define WORD sizeof(uint64_t)

/* For messages, in the order of enum ldr_relocation_table. */
static const char *const table_name[] = {"RELR entry", "relocation", "JMPREL relocation"};

/* What one entry is about. */
struct place {
    const struct ldr_image *image;
    const char *table;
    uint64_t number; /* in its table, from 0 */
    struct ldr_report *report;
};

static Elf64_Rela relocation_at(const uint8_t *table, uint64_t i)
{
    Elf64_Rela relocation;

    memcpy(&relocation, table + i * sizeof relocation, sizeof relocation);
    return relocation;
}

static uint64_t word_at(const uint8_t *table, uint64_t i)
{
    uint64_t word;

    memcpy(&word, table + i * WORD, WORD);
    return word;
}

/* The table's first entry; it was found to lie in the file. */
static const uint8_t *table_of(const struct ldr_image *image, enum ldr_relocation_table which)
{
    return image->file + image->relocations[which].offset;
}

/* The 8 bytes have to lie in one segment: what is between segments will not be mapped. */
static enum ldr_status check_place(const struct place *place, uint64_t virt)
{
    if (ldr_image_segment(place->image, virt, WORD) != NULL)
        return LDR_OK;
    return ldr_refuse(place->report, LDR_BAD_KERNEL,
                      "%s, %s %lu: it writes 8 bytes at 0x%lx, outside every segment; link the "
                      "kernel again",
                      place->image->name, place->table, place->number, virt - place->image->slide);
}

/* ---- symbols ----------------------------------------------------------------- */

/* False if the file doesn't have it. */
static bool read_symbol(const struct ldr_image *image, uint32_t index, Elf64_Sym *ret_symbol)
{
    if (index >= image->symbols.count)
        return false;
    memcpy(ret_symbol, image->file + image->symbols.offset + index * sizeof *ret_symbol,
           sizeof *ret_symbol);
    return true;
}

/* For messages; `length` is cut where the table of names ends. */
static const char *name_of(const struct ldr_image *image, const Elf64_Sym *symbol, int *ret_length)
{
    static const char nameless[] = "(nameless)";
    const struct ldr_file_table *names = &image->names;
    const char *name = nameless;
    uint64_t room = sizeof nameless;

    if (symbol->st_name != 0 && symbol->st_name < names->count) {
        room = names->count - symbol->st_name;
        name = (const char *)image->file + names->offset + symbol->st_name;
    }
    *ret_length = 0;
    while ((uint64_t)*ret_length < room && *ret_length < 128 && name[*ret_length] > ' ')
        ++*ret_length;
    return name;
}

/* Can the symbol's value be known?  Number 0 stands for no symbol, and a weak one that nobody
 * defined for address 0. */
static enum ldr_status check_symbol(const struct place *place, uint32_t index)
{
    const struct ldr_image *image = place->image;
    Elf64_Sym symbol;
    int length;

    if (index == STN_UNDEF)
        return LDR_OK;
    if (!read_symbol(image, index, &symbol))
        return ldr_refuse(place->report, LDR_BAD_KERNEL,
                          "%s, %s %lu: dynamic symbol %u, which it is about, is not in the file; "
                          "copy or link the kernel again",
                          image->name, place->table, place->number, index);
    const char *name = name_of(image, &symbol, &length);
    if (symbol.st_shndx == SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_WEAK)
        return ldr_refuse(place->report, LDR_BAD_KERNEL,
                          "%s, %s %lu: the symbol %.*s is undefined; define it, or link with "
                          "-z defs and see where it is used",
                          image->name, place->table, place->number, length, name);
    if (ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC || ELF64_ST_TYPE(symbol.st_info) == STT_TLS)
        return ldr_refuse(place->report, LDR_BAD_KERNEL,
                          "%s, %s %lu: the symbol %.*s is %s, which has no address before the "
                          "kernel runs; make it an ordinary one",
                          image->name, place->table, place->number, length, name,
                          ELF64_ST_TYPE(symbol.st_info) == STT_TLS ? "thread-local" : "an ifunc");
    return LDR_OK;
}

/* It was checked. */
static uint64_t symbol_value(const struct ldr_image *image, uint32_t index)
{
    Elf64_Sym symbol;

    if (index == STN_UNDEF || !read_symbol(image, index, &symbol) || symbol.st_shndx == SHN_UNDEF)
        return 0;
    return symbol.st_value + (symbol.st_shndx == SHN_ABS ? 0 : image->slide);
}

/* ---- RELA and JMPREL --------------------------------------------------------- */

static enum ldr_status check_relocation(const struct place *place, const Elf64_Rela *relocation)
{
    uint32_t type = ELF64_R_TYPE(relocation->r_info);
    enum ldr_status status = LDR_OK;

    switch (type) {
    case R_X86_64_NONE:
        return LDR_OK;
    case R_X86_64_RELATIVE:
        break;
    case R_X86_64_64:
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT:
        status = check_symbol(place, ELF64_R_SYM(relocation->r_info));
        break;
    case R_X86_64_IRELATIVE:
        return ldr_refuse(place->report, LDR_BAD_KERNEL,
                          "%s, %s %lu: type %u (IRELATIVE) would have a function of the kernel "
                          "called before it starts; build it without ifunc and target_clones",
                          place->image->name, place->table, place->number, type);
    default:
        return ldr_refuse(place->report, LDR_BAD_KERNEL,
                          "%s, %s %lu: type %u can't be applied; link with -static -pie, -z text "
                          "and no undefined or thread-local symbols",
                          place->image->name, place->table, place->number, type);
    }
    return status == LDR_OK ? check_place(place, relocation->r_offset + place->image->slide)
                            : status;
}

static enum ldr_status check_rela(struct place *place, enum ldr_relocation_table which)
{
    const uint8_t *table = table_of(place->image, which);
    enum ldr_status status = LDR_OK;

    place->table = table_name[which];
    for (uint64_t i = 0; i < place->image->relocations[which].count && status == LDR_OK; i++) {
        Elf64_Rela relocation = relocation_at(table, i);
        place->number = i;
        status = check_relocation(place, &relocation);
    }
    return status;
}

static void apply_rela(const struct ldr_image *image, enum ldr_relocation_table which,
                       uint8_t *memory)
{
    const uint8_t *table = table_of(image, which);

    for (uint64_t i = 0; i < image->relocations[which].count; i++) {
        Elf64_Rela relocation = relocation_at(table, i);
        uint32_t type = ELF64_R_TYPE(relocation.r_info);
        uint64_t value = image->slide;
        if (type == R_X86_64_NONE)
            continue;
        if (type != R_X86_64_RELATIVE)
            value = symbol_value(image, ELF64_R_SYM(relocation.r_info));
        /* The other two have an addend of 0, and linkers leave something else in its field. */
        if (type == R_X86_64_RELATIVE || type == R_X86_64_64)
            value += (uint64_t)relocation.r_addend;
        memcpy(memory + (relocation.r_offset + image->slide - image->virt), &value, WORD);
    }
}

/* ---- RELR -------------------------------------------------------------------- */

static struct ldr_relr relr_open(const struct ldr_image *image)
{
    return (struct ldr_relr){.table = table_of(image, LDR_RELR),
                             .count = image->relocations[LDR_RELR].count};
}

static enum ldr_status check_relr(struct place *place)
{
    struct ldr_relr reader = relr_open(place->image);
    uint64_t virt;

    place->table = table_name[LDR_RELR];
    if (reader.count != 0 && word_at(reader.table, 0) & 1)
        return ldr_refuse(place->report, LDR_BAD_KERNEL,
                          "%s, %s 0: a bitmap with no place before it; link the kernel again",
                          place->image->name, place->table);
    while (ldr_relr_next(&reader, &virt)) {
        place->number = reader.next - 1;
        enum ldr_status status = check_place(place, virt + place->image->slide);
        if (status != LDR_OK)
            return status;
    }
    return LDR_OK;
}

static void apply_relr(const struct ldr_image *image, uint8_t *memory)
{
    struct ldr_relr reader = relr_open(image);
    uint64_t virt;

    while (ldr_relr_next(&reader, &virt)) {
        uint8_t *at = memory + (virt + image->slide - image->virt);
        uint64_t value = word_at(at, 0) + image->slide;
        memcpy(at, &value, WORD);
    }
}

/* ---- all --------------------------------------------------------------------- */

enum ldr_status ldr_relocations_check(const struct ldr_image *image, struct ldr_report *report)
{
    struct place place = {.image = image, .report = report};
    enum ldr_status status = check_relr(&place);

    if (status == LDR_OK)
        status = check_rela(&place, LDR_RELA);
    if (status == LDR_OK)
        status = check_rela(&place, LDR_JMPREL);
    return status;
}

/* The tables were checked; neither file nor image changed since. */
void ldr_relocations_apply(const struct ldr_image *image, void *memory)
{
    apply_relr(image, memory);
    apply_rela(image, LDR_RELA, memory);
    apply_rela(image, LDR_JMPREL, memory);
}
