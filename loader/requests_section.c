/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The section `.limine_reqs`: at base revision 0 a kernel may list the addresses of
 * its requests there, ended by a zero or by the section's end.
 */
#include "loader/requests_parts.h"
#include "loader/sections.h"

bool ldr_request_list(const struct ldr_image *image, const uint8_t *memory,
                      struct ldr_request_list *ret_list)
{
    struct ldr_sections sections;
    Elf64_Shdr section;
    if (!ldr_sections_open(&sections, image) ||
        !ldr_section_by_name(&sections, ".limine_reqs", &section))
        return false;
    uint64_t virt = section.sh_addr + image->slide;
    /* In the loaded image the relocations of a PIE have been applied already. */
    if ((section.sh_flags & SHF_ALLOC) && section.sh_size > 0 &&
        section.sh_size <= ldr_segment_left(image, virt)) {
        *ret_list =
            (struct ldr_request_list){memory + (virt - image->virt), section.sh_size / 8, 0};
        return true;
    }
    const uint8_t *word = ldr_section_bytes(image, &section);
    if (word == NULL)
        return false;
    *ret_list = (struct ldr_request_list){word, section.sh_size / 8, image->slide};
    return true;
}
