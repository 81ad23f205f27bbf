/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relocations of a static PIE.
 *
 * The linker left one thing to do: to store, in every place that holds an address of
 * the image, that address plus the slide (R_X86_64_RELATIVE).  It has to be done
 * where the slide is 0 too, since lld leaves zeros there.  The way to the table:
 *
 *   program header PT_DYNAMIC -> dynamic section, pairs of tag and value
 *     DT_RELA -> address of the table; DT_RELASZ its bytes; DT_RELAENT bytes of an entry
 *
 * The table is read from the file, never from the loaded image, where a relocation
 * may have changed the next one after it was checked.
 */
#include <string.h>

#include "loader/image_parts.h"

/* A dynamic section that lies in the file and ends with DT_NULL. */
struct dynamic {
    const uint8_t *at;
    uint64_t count; /* of its entries, without DT_NULL */
    unsigned index; /* of its program header */
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

/* What only a dynamic linker could do.  A table that says it has 0 bytes is none;
 * one that doesn't say its size is taken for one. */
static enum ldr_status check_unsupported(const struct ldr_image *image,
                                         const struct dynamic *dynamic, struct ldr_report *report)
{
    static const struct {
        int64_t tag, size_tag;
        const char *name, *advice;
    } table[] = {
        {DT_REL, DT_RELSZ, "REL", "x86-64 uses RELA: link with GNU ld or lld for x86-64"},
        {DT_RELR, DT_RELRSZ, "RELR", "link without -z pack-relative-relocs"},
        {DT_JMPREL, DT_PLTRELSZ, "JMPREL", "link with -static -pie, and without shared libraries"},
    };
    uint64_t value;

    if (find(dynamic, DT_NEEDED, &value))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: the dynamic section needs a shared library, "
                          "which a kernel can't have; link with -static -pie",
                          image->name, dynamic->index);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t bytes = UINT64_MAX;
        if (!find(dynamic, table[i].tag, &value))
            continue;
        if (find(dynamic, table[i].size_tag, &bytes) && bytes == 0)
            continue;
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: the dynamic section has a %s table of "
                          "relocations, which is not supported; %s",
                          image->name, dynamic->index, table[i].name, table[i].advice);
    }
    return LDR_OK;
}

/* Where the file holds the table, or null if no segment has all of it there. */
static const uint8_t *table_in_file(const struct ldr_image *image, uint64_t virt, uint64_t bytes)
{
    const struct ldr_segment *segment = ldr_image_segment(image, virt, bytes);

    if (segment == NULL)
        return NULL;
    uint64_t distance = virt - segment->virt;
    if (distance > segment->file_bytes || bytes > segment->file_bytes - distance)
        return NULL;
    return image->file + segment->file_offset + distance;
}

static Elf64_Rela relocation_at(const uint8_t *table, uint64_t i)
{
    Elf64_Rela relocation;

    memcpy(&relocation, table + i * sizeof relocation, sizeof relocation);
    return relocation;
}

/* The 8 bytes have to lie in one segment: what is between segments will not be mapped. */
static enum ldr_status check_relocation(const struct ldr_image *image, uint64_t number,
                                        const Elf64_Rela *relocation, struct ldr_report *report)
{
    uint32_t type = ELF64_R_TYPE(relocation->r_info);

    if (type == R_X86_64_NONE)
        return LDR_OK;
    if (type != R_X86_64_RELATIVE)
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, relocation %lu: type %u, where only R_X86_64_RELATIVE (%u) can be "
                          "applied; link with -static -pie, -z text and no undefined symbols",
                          image->name, number, type, R_X86_64_RELATIVE);
    if (ldr_image_segment(image, relocation->r_offset + image->slide, sizeof(uint64_t)) == NULL)
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, relocation %lu: it writes 8 bytes at 0x%lx, outside every segment; "
                          "link the kernel again",
                          image->name, number, relocation->r_offset);
    return LDR_OK;
}

/* The place and size of the RELATIVE table; no bytes if there is none. */
static enum ldr_status find_table(const struct ldr_image *image, const struct dynamic *dynamic,
                                  uint64_t *ret_virt, uint64_t *ret_bytes,
                                  struct ldr_report *report)
{
    uint64_t virt = 0;
    uint64_t bytes = 0;
    uint64_t entry = 0;

    if (find(dynamic, DT_RELA, &virt)) {
        bool sized = find(dynamic, DT_RELASZ, &bytes);
        find(dynamic, DT_RELAENT, &entry); /* or it stays 0, which is refused */
        if (!sized || entry != sizeof(Elf64_Rela) || bytes % entry != 0)
            return ldr_refuse(report, LDR_BAD_KERNEL,
                              "%s, program header %u: relocations of %lu bytes (DT_RELASZ) in "
                              "entries of %lu (DT_RELAENT), where an entry has %zu; link the "
                              "kernel again",
                              image->name, dynamic->index, bytes, entry, sizeof(Elf64_Rela));
    }
    *ret_virt = virt + image->slide;
    *ret_bytes = bytes;
    return LDR_OK;
}

enum ldr_status ldr_relocations_read(struct ldr_image *image, const Elf64_Phdr *program,
                                     unsigned index, struct ldr_report *report)
{
    struct dynamic dynamic = {0};
    uint64_t virt = 0;
    uint64_t bytes = 0;

    /* A linker script can ask for the header and then have nothing to put there. */
    if (program->p_filesz == 0)
        return LDR_OK;
    enum ldr_status status = open_dynamic(image, program, index, &dynamic, report);
    if (status == LDR_OK)
        status = check_unsupported(image, &dynamic, report);
    if (status == LDR_OK)
        status = find_table(image, &dynamic, &virt, &bytes, report);
    if (status != LDR_OK || bytes == 0)
        return status;

    const uint8_t *table = table_in_file(image, virt, bytes);
    if (table == NULL)
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: truncated in the relocations, %lu bytes at "
                          "0x%lx that no segment has in the file; copy or link the kernel again",
                          image->name, index, bytes, virt - image->slide);
    uint64_t count = bytes / sizeof(Elf64_Rela);
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Rela relocation = relocation_at(table, i);
        status = check_relocation(image, i, &relocation, report);
        if (status != LDR_OK)
            return status;
    }
    image->rela = virt;
    image->rela_count = count;
    return LDR_OK;
}

/* The table was checked; neither file nor image changed since. */
void ldr_relocations_apply(const struct ldr_image *image, void *memory)
{
    if (image->rela_count == 0)
        return;
    const uint8_t *table =
        table_in_file(image, image->rela, image->rela_count * sizeof(Elf64_Rela));

    for (uint64_t i = 0; i < image->rela_count; i++) {
        Elf64_Rela relocation = relocation_at(table, i);
        uint64_t value = (uint64_t)relocation.r_addend + image->slide;
        if (ELF64_R_TYPE(relocation.r_info) == R_X86_64_NONE)
            continue;
        uint64_t at = relocation.r_offset + image->slide - image->virt;
        memcpy((uint8_t *)memory + at, &value, sizeof value);
    }
}
