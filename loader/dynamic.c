/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dynamic section of a kernel: where its relocations are, and the symbols that they
 * speak of.
 *
 *   program header PT_DYNAMIC -> dynamic section, pairs of tag and value
 *     DT_RELA, DT_RELASZ, DT_RELAENT   address, bytes and bytes of an entry of a table;
 *     DT_RELR, DT_JMPREL               likewise
 *     DT_SYMTAB, DT_SYMENT             the dynamic symbols; how many, it doesn't say
 *     DT_STRTAB, DT_STRSZ              their names
 */
#include <string.h>

#include "loader/image_parts.h"

/* A dynamic section that lies in the file and ends with DT_NULL. */
struct dynamic {
    const uint8_t *at;
    uint64_t count; /* of its entries, without DT_NULL */
    unsigned index; /* of its program header */
};

/* How the section speaks of a table. */
struct table {
    int64_t tag, bytes_tag, entry_tag; /* DT_NULL: nobody says how large an entry is */
    uint64_t entry_bytes;
    const char *name;
};

/* Copied out, since the file may put it at any address. */
static Elf64_Dyn entry_at(const struct dynamic *dynamic, uint64_t i)
{
    Elf64_Dyn entry;

    memcpy(&entry, dynamic->at + i * sizeof entry, sizeof entry);
    return entry;
}

/* The value of the first entry with this tag; false if there is none. */
static bool find(const struct dynamic *dynamic, int64_t tag, uint64_t *ret_value)
{
    for (uint64_t i = 0; i < dynamic->count; i++) {
        Elf64_Dyn entry = entry_at(dynamic, i);
        if (entry.d_tag == tag) {
            *ret_value = entry.d_un.d_val;
            return true;
        }
    }
    return false;
}

/* Finds the end of the section; a section without DT_NULL was cut off somewhere. */
static enum ldr_status open_dynamic(const struct ldr_image *image, const Elf64_Phdr *program,
                                    unsigned index, struct dynamic *ret_dynamic,
                                    struct ldr_report *report)
{
    if (!ldr_image_holds(image, program->p_offset, program->p_filesz))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: truncated in the dynamic section, %lu bytes at "
                          "offset %lu of a file of %lu; copy the file again",
                          image->name, index, program->p_filesz, program->p_offset,
                          image->file_bytes);

    uint64_t capacity = program->p_filesz / sizeof(Elf64_Dyn);
    struct dynamic dynamic = {.at = image->file + program->p_offset, .index = index};
    while (dynamic.count < capacity && entry_at(&dynamic, dynamic.count).d_tag != DT_NULL)
        dynamic.count++;
    if (dynamic.count == capacity)
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: the dynamic section doesn't end with DT_NULL "
                          "within its %lu bytes; link the kernel again",
                          image->name, index, program->p_filesz);
    *ret_dynamic = dynamic;
    return LDR_OK;
}

/* What only a dynamic linker could do, and what x86-64 doesn't have.  A REL table that says it
 * has 0 bytes is none; one that doesn't say its size is taken for one. */
static enum ldr_status check_unsupported(const struct ldr_image *image,
                                         const struct dynamic *dynamic, struct ldr_report *report)
{
    uint64_t value, bytes = UINT64_MAX;

    if (find(dynamic, DT_NEEDED, &value))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: the dynamic section needs a shared library, "
                          "which a kernel can't have; link with -static -pie",
                          image->name, dynamic->index);
    bool rel = find(dynamic, DT_REL, &value) && !(find(dynamic, DT_RELSZ, &bytes) && bytes == 0);
    if (rel || (find(dynamic, DT_PLTREL, &value) && value != DT_RELA))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: relocations of the kind REL, where x86-64 has "
                          "RELA; link with GNU ld or lld for x86-64",
                          image->name, dynamic->index);
    return LDR_OK;
}

/* How many bytes the file holds of the segment around `virt` from there on, and where. */
static uint64_t bytes_in_file(const struct ldr_image *image, uint64_t virt, uint64_t *ret_offset)
{
    const struct ldr_segment *segment = ldr_image_segment(image, virt, 1);

    if (segment == NULL || virt - segment->virt >= segment->file_bytes)
        return 0;
    *ret_offset = segment->file_offset + (virt - segment->virt);
    return segment->file_bytes - (virt - segment->virt);
}

/* Place and size of one table; no entries if there is none.  A linker may leave the tags of a
 * table that came out empty, but a table without its size can't be read. */
static enum ldr_status find_table(const struct ldr_image *image, const struct dynamic *dynamic,
                                  const struct table *table, struct ldr_file_table *ret_table,
                                  struct ldr_report *report)
{
    uint64_t virt, bytes = 0, entry = 0; /* 0 is refused, below */

    *ret_table = (struct ldr_file_table){0};
    if (!find(dynamic, table->tag, &virt))
        return LDR_OK;
    bool sized = find(dynamic, table->bytes_tag, &bytes);
    if (table->entry_tag == DT_NULL)
        entry = table->entry_bytes;
    else
        find(dynamic, table->entry_tag, &entry);
    if (!sized || entry != table->entry_bytes || bytes % entry != 0)
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: a %s table of %lu bytes in entries of %lu, where "
                          "an entry has %lu; link the kernel again",
                          image->name, dynamic->index, table->name, bytes, entry,
                          table->entry_bytes);
    if (bytes > bytes_in_file(image, virt + image->slide, &ret_table->offset))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: truncated in the %s table, %lu bytes at 0x%lx "
                          "that no segment has in the file; copy or link the kernel again",
                          image->name, dynamic->index, table->name, bytes, virt);
    ret_table->count = bytes / entry;
    return LDR_OK;
}

/* In the order of enum ldr_relocation_table. */
static enum ldr_status find_tables(struct ldr_image *image, const struct dynamic *dynamic,
                                   struct ldr_report *report)
{
    static const struct table table[] = {
        {DT_RELR, DT_RELRSZ, DT_RELRENT, sizeof(Elf64_Relr), "RELR"},
        {DT_RELA, DT_RELASZ, DT_RELAENT, sizeof(Elf64_Rela), "RELA"},
        {DT_JMPREL, DT_PLTRELSZ, DT_NULL, sizeof(Elf64_Rela), "JMPREL"},
    };

    for (unsigned i = 0; i < LDR_RELOCATION_TABLES; i++) {
        enum ldr_status status =
            find_table(image, dynamic, &table[i], &image->relocations[i], report);
        if (status != LDR_OK)
            return status;
    }
    return LDR_OK;
}

/* As much as the file has: names are for messages, and a symbol that is not there is refused
 * by the relocation that wants it. */
static void find_symbols(struct ldr_image *image, const struct dynamic *dynamic)
{
    struct ldr_file_table *symbols = &image->symbols, *names = &image->names;
    uint64_t virt, bytes = 0;

    if (find(dynamic, DT_SYMTAB, &virt))
        symbols->count =
            bytes_in_file(image, virt + image->slide, &symbols->offset) / sizeof(Elf64_Sym);
    if (find(dynamic, DT_STRTAB, &virt) && find(dynamic, DT_STRSZ, &bytes))
        names->count = bytes_in_file(image, virt + image->slide, &names->offset);
    if (names->count > bytes)
        names->count = bytes;
}

enum ldr_status ldr_dynamic_read(struct ldr_image *image, const Elf64_Phdr *program, unsigned index,
                                 struct ldr_report *report)
{
    struct dynamic dynamic = {0};
    uint64_t bytes;

    /* A linker script can ask for the header and then have nothing to put there. */
    if (program->p_filesz == 0)
        return LDR_OK;
    enum ldr_status status = open_dynamic(image, program, index, &dynamic, report);
    if (status == LDR_OK)
        status = check_unsupported(image, &dynamic, report);
    if (status == LDR_OK)
        status = find_tables(image, &dynamic, report);
    if (status != LDR_OK)
        return status;
    if (find(&dynamic, DT_SYMENT, &bytes) && bytes != sizeof(Elf64_Sym))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: dynamic symbols of %lu bytes (DT_SYMENT), where "
                          "one has %zu; link the kernel again",
                          image->name, index, bytes, sizeof(Elf64_Sym));
    find_symbols(image, &dynamic);
    return LDR_OK;
}
