/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PT_GNU_RELRO: data that relocations write, and nobody after them.
 *
 *     segment      |-------------- read, write --------------|
 *     RELRO            |--------------|
 *     pages        |       |       |       |       |       |
 *     becomes      |-- rw -|- r ---|-- rw ---------------------|
 *
 * Rights belong to pages, so where it ends inside of a page that page stays writable, as ld.so
 * has it.  Where it begins inside of one, the page becomes read-only only if nothing else that is
 * written lies in it; linkers let both begin at one place.
 */
#include "loader/image_parts.h"
#include "pagetables/pagetables.h"

#define PAGE_OFFSET (PGT_PAGE - 1)

/* Does a writable segment have a byte from `first` on, before `end`? */
static bool is_written(const struct ldr_image *image, uint64_t first, uint64_t end)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        if (segment->rights & PGT_WRITE && segment->virt < end &&
            segment->virt + (segment->bytes - 1) >= first)
            return true;
    }
    return false;
}

/* Makes two of segment i, the second one from `virt` on, a page's start within the first. */
static void split(struct ldr_image *image, unsigned i, uint64_t virt)
{
    for (unsigned at = image->segment_count++; at > i; at--)
        image->segment[at] = image->segment[at - 1];
    struct ldr_segment *low = &image->segment[i], *high = low + 1;
    uint64_t bytes = virt - low->virt;

    high->virt = virt;
    high->bytes -= bytes;
    low->bytes = bytes;
    if (low->file_bytes > bytes) {
        high->file_offset += bytes;
        high->file_bytes -= bytes;
        low->file_bytes = bytes;
    } else {
        high->file_offset = 0;
        high->file_bytes = 0;
    }
}

/* Cuts the writable segment that goes on across `virt`; false if there is no room for one more. */
static bool cut_at(struct ldr_image *image, uint64_t virt)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        if (!(segment->rights & PGT_WRITE) || virt <= segment->virt ||
            virt - segment->virt >= segment->bytes)
            continue;
        if (image->segment_count == LDR_SEGMENTS)
            return false;
        split(image, i, virt);
        return true;
    }
    return true;
}

enum ldr_status ldr_relro_cut(struct ldr_image *image, const Elf64_Phdr *relro, unsigned index,
                              struct ldr_report *report)
{
    uint64_t virt = relro->p_vaddr + image->slide;
    uint64_t first = virt & ~PAGE_OFFSET;

    if (relro->p_memsz == 0)
        return LDR_OK;
    if (relro->p_memsz - 1 > UINT64_MAX - virt)
        return ldr_refuse(
            report, LDR_BAD_KERNEL,
            "%s, program header %u: 0x%lx bytes of RELRO at 0x%lx wrap around the end "
            "of the address space; link the kernel again",
            image->name, index, relro->p_memsz, relro->p_vaddr);
    /* 0 at the end of the address space: then `last` is its last byte all the same. */
    uint64_t last = ((virt + relro->p_memsz) & ~PAGE_OFFSET) - 1;
    if (first != virt && is_written(image, first, virt))
        first += PGT_PAGE;
    if (first > last)
        return LDR_OK;
    if (!cut_at(image, first) || !cut_at(image, last + 1))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s, program header %u: with what RELRO covers as one of them the "
                          "segments are more than %u; merge some in the linker script",
                          image->name, index, LDR_SEGMENTS);
    for (unsigned i = 0; i < image->segment_count; i++)
        if (image->segment[i].virt >= first && image->segment[i].virt <= last)
            image->segment[i].rights &= ~(unsigned)PGT_WRITE;
    return LDR_OK;
}
