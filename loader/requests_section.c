/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The section `.limine_reqs`: at base revision 0 a kernel may list the addresses of
 * its requests there, ended by a zero or by the section's end.
 *
 * This is the one place that reads ELF section headers.  Whatever is wrong with
 * them, the kernel can run all the same, so the answer is that there is no such
 * section.  Source: System V ABI, chapter 4, "Sections".
 */
#include <elf.h>

#include "loader/requests_parts.h"

static const char section_name[] = ".limine_reqs";

/* The bytes of the file from offset on, or null where it doesn't have that many. */
static const uint8_t *file_part(const struct ldr_image *image, uint64_t offset, uint64_t bytes)
{
    if (offset > image->file_bytes || bytes > image->file_bytes - offset)
        return NULL;
    return image->file + offset;
}

struct section_table {
    uint64_t offset;
    uint64_t count;
    uint64_t names; /* index of the section that holds the names */
};

/* index < table->count. */
static bool read_section(const struct ldr_image *image, const struct section_table *table,
                         uint64_t index, Elf64_Shdr *ret_section)
{
    const uint8_t *at =
        file_part(image, table->offset + index * sizeof *ret_section, sizeof *ret_section);
    if (at == NULL)
        return false;
    memcpy(ret_section, at, sizeof *ret_section);
    return true;
}

/* Numbers that don't fit in the ELF header stand in section header 0. */
static bool read_table(const struct ldr_image *image, struct section_table *ret_table)
{
    const uint8_t *at = file_part(image, 0, sizeof(Elf64_Ehdr));
    Elf64_Ehdr header;
    Elf64_Shdr first;
    if (at == NULL)
        return false;
    memcpy(&header, at, sizeof header);
    struct section_table table = {
        .offset = header.e_shoff, .count = header.e_shnum, .names = header.e_shstrndx};
    if (table.offset == 0 || header.e_shentsize != sizeof first ||
        !read_section(image, &table, 0, &first))
        return false;
    if (table.count == 0)
        table.count = first.sh_size;
    if (table.names == SHN_XINDEX)
        table.names = first.sh_link;
    if (table.count > (image->file_bytes - table.offset) / sizeof first ||
        table.names >= table.count)
        return false;
    *ret_table = table;
    return true;
}

/* Is this the section, by its name in the string table `names`? */
static bool has_the_name(const struct ldr_image *image, const Elf64_Shdr *names,
                         const Elf64_Shdr *section)
{
    const uint8_t *text = file_part(image, names->sh_offset, names->sh_size);
    if (text == NULL || section->sh_name > names->sh_size ||
        names->sh_size - section->sh_name < sizeof section_name)
        return false;
    return memcmp(text + section->sh_name, section_name, sizeof section_name) == 0;
}

static bool find_section(const struct ldr_image *image, Elf64_Shdr *ret_section)
{
    struct section_table table;
    Elf64_Shdr names, section;
    if (!read_table(image, &table) || !read_section(image, &table, table.names, &names) ||
        names.sh_type != SHT_STRTAB)
        return false;
    for (uint64_t i = 1; i < table.count; i++) {
        if (read_section(image, &table, i, &section) && has_the_name(image, &names, &section)) {
            *ret_section = section;
            return true;
        }
    }
    return false;
}

bool ldr_request_list(const struct ldr_image *image, const uint8_t *memory,
                      struct ldr_request_list *ret_list)
{
    Elf64_Shdr section;
    if (!find_section(image, &section))
        return false;
    uint64_t virt = section.sh_addr + image->slide;
    /* In the loaded image the relocations of a PIE have been applied already. */
    if ((section.sh_flags & SHF_ALLOC) && section.sh_size > 0 &&
        section.sh_size <= ldr_segment_left(image, virt)) {
        *ret_list =
            (struct ldr_request_list){memory + (virt - image->virt), section.sh_size / 8, 0};
        return true;
    }
    const uint8_t *word = file_part(image, section.sh_offset, section.sh_size);
    if (section.sh_type == SHT_NOBITS || word == NULL)
        return false;
    *ret_list = (struct ldr_request_list){word, section.sh_size / 8, image->slide};
    return true;
}
