/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responses in words, and other words that text, JSON and picture share.
 */
#include <stdio.h>

#include "loader/inspect/inspection.h"

typedef unsigned long long ull;

const char *rights_text(unsigned rights)
{
    if (rights & PGT_EXECUTE)
        return rights & PGT_WRITE ? "rwx" : "r-x";
    return rights & PGT_WRITE ? "rw-" : "r--";
}

const char *place_text(const struct ldr_image *image, uint64_t virt, char text[LDR_WHERE_BYTES])
{
    ldr_where(image, virt, text);
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return text;
}

const char *size_text(uint64_t bytes, char text[SIZE_BYTES])
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    unsigned i = 0;

    while (i < 5 && bytes >> (10 * (i + 1)))
        i++;
    uint64_t whole = bytes >> (10 * i);
    if (whole << (10 * i) == bytes)
        snprintf(text, SIZE_BYTES, "%llu %s", (ull)whole, unit[i]);
    else
        snprintf(text, SIZE_BYTES, "%.1f %s", (double)bytes / (double)(UINT64_C(1) << (10 * i)),
                 unit[i]);
    return text;
}

/* Bytes of memory that the map gives the kernel at once. */
static uint64_t usable_bytes(const struct space *space)
{
    uint64_t bytes = 0;

    for (uint64_t i = 0; i < space->late.memmap->entry_count; i++)
        if (space->late.entry[i].type == LIMINE_MEMMAP_USABLE)
            bytes += space->late.entry[i].length;
    return bytes;
}

static void screen_text(const struct space *space, char text[ANSWER_BYTES])
{
    const struct ldr_framebuffer *fb = &space->framebuffer;

    snprintf(text, ANSWER_BYTES, "%llux%llu, %u bits a pixel, at 0x%llx", (ull)fb->width,
             (ull)fb->height, fb->bpp, (ull)(space->plan.hhdm + fb->phys));
}

const char *answer_text(const struct space *space, const struct ldr_requests *requests,
                        enum ldr_feature feature, char text[ANSWER_BYTES])
{
    const void *response = space_response(space, requests, feature);

    snprintf(text, ANSWER_BYTES, response ? "yes" : "none");
    if (response == NULL)
        return text;
    switch (feature) {
    case LDR_STACK_SIZE:
        snprintf(text, ANSWER_BYTES, "%s, top at 0x%llx", SIZE_TEXT(space->layout.stack_bytes),
                 (ull)space->plan.stack_top);
        break;
    case LDR_HHDM:
        snprintf(text, ANSWER_BYTES, "0x%llx",
                 (ull)((const struct limine_hhdm_response *)response)->offset);
        break;
    case LDR_FRAMEBUFFER:
        screen_text(space, text);
        break;
    case LDR_MEMMAP:
        snprintf(text, ANSWER_BYTES, "%llu entries, %s usable",
                 (ull)((const struct limine_memmap_response *)response)->entry_count,
                 SIZE_TEXT(usable_bytes(space)));
        break;
    case LDR_ENTRY_POINT:
        snprintf(text, ANSWER_BYTES, "0x%llx", (ull)requests->entry);
        break;
    case LDR_EXECUTABLE_ADDRESS:
        snprintf(text, ANSWER_BYTES, "physical 0x%llx, virtual 0x%llx", (ull)space->plan.image_phys,
                 (ull)space->plan.image_virt);
        break;
    case LDR_MODULE:
        snprintf(text, ANSWER_BYTES, "%llu",
                 (ull)((const struct limine_module_response *)response)->module_count);
        break;
    case LDR_PAGING_MODE:
        snprintf(text, ANSWER_BYTES, "%u levels", space->plan.arch.levels);
        break;
    case LDR_PAGETABLES:
        snprintf(text, ANSWER_BYTES, "%llu tables, root 0x%llx", (ull)space->verdict.kernel_tables,
                 (ull)space->tables.kernel.root);
        break;
    default:
        break;
    }
    return text;
}
