/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/sections.h"

#include <string.h>

#include "loader/image_parts.h"

const uint8_t *ldr_section_bytes(const struct ldr_image *image, const Elf64_Shdr *section)
{
    if (section->sh_type == SHT_NOBITS ||
        !ldr_image_holds(image, section->sh_offset, section->sh_size))
        return NULL;
    return image->file + section->sh_offset;
}

void ldr_section_read(const struct ldr_sections *sections, uint64_t index, Elf64_Shdr *ret_section)
{
    memcpy(ret_section, sections->image->file + sections->offset + index * sizeof *ret_section,
           sizeof *ret_section);
}

/* Numbers that don't fit in the ELF header stand in section header 0. */
bool ldr_sections_open(struct ldr_sections *ret_sections, const struct ldr_image *image)
{
    Elf64_Ehdr header;
    Elf64_Shdr first;

    if (!ldr_image_holds(image, 0, sizeof header))
        return false;
    memcpy(&header, image->file, sizeof header);
    struct ldr_sections sections = {.image = image,
                                    .offset = header.e_shoff,
                                    .count = header.e_shnum,
                                    .names = header.e_shstrndx};
    if (sections.offset == 0 || header.e_shentsize != sizeof first ||
        !ldr_image_holds(image, sections.offset, sizeof first))
        return false;
    ldr_section_read(&sections, 0, &first);
    if (sections.count == 0)
        sections.count = first.sh_size;
    if (sections.names == SHN_XINDEX)
        sections.names = first.sh_link;
    if (sections.count > (image->file_bytes - sections.offset) / sizeof first ||
        sections.names >= sections.count)
        return false;
    *ret_sections = sections;
    return true;
}

/* Does the string table `names` hold this name for the section? */
static bool is_named(const struct ldr_image *image, const Elf64_Shdr *names,
                     const Elf64_Shdr *section, const char *name)
{
    const uint8_t *text = ldr_section_bytes(image, names);
    size_t bytes = strlen(name) + 1;

    return text != NULL && section->sh_name <= names->sh_size &&
           names->sh_size - section->sh_name >= bytes &&
           memcmp(text + section->sh_name, name, bytes) == 0;
}

bool ldr_section_by_name(const struct ldr_sections *sections, const char *name,
                         Elf64_Shdr *ret_section)
{
    Elf64_Shdr names, section;

    ldr_section_read(sections, sections->names, &names);
    for (uint64_t i = 1; i < sections->count && names.sh_type == SHT_STRTAB; i++) {
        ldr_section_read(sections, i, &section);
        if (is_named(sections->image, &names, &section, name)) {
            *ret_section = section;
            return true;
        }
    }
    return false;
}

bool ldr_section_by_type(const struct ldr_sections *sections, uint32_t type,
                         Elf64_Shdr *ret_section)
{
    Elf64_Shdr section;

    for (uint64_t i = 1; i < sections->count; i++) {
        ldr_section_read(sections, i, &section);
        if (section.sh_type == type) {
            *ret_section = section;
            return true;
        }
    }
    return false;
}
