/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What some requests say beyond their heads: how large a stack, which entry
 * point, which modules of the kernel's own choice.  The paging mode is in
 * requests_paging.c.
 */
#include "loader/limine.h"
#include "loader/requests_parts.h"
#include "pagetables/pagetables.h"

#define STACK_LEAST UINT64_C(65536)
/* Far beyond any kernel's need, and small enough for a machine to have: what is larger is a
 * mistake, which is better named here than as memory that isn't there. */
#define STACK_MOST (UINT64_C(1) << 30)

#define INTERNAL_MODULE_REQUIRED UINT64_C(1)

uint64_t ldr_request_word(const struct ldr_search *search, enum ldr_feature feature, size_t offset)
{
    return ldr_word(search->memory + search->found.request[feature] + offset);
}

/* The protocol's least is given whatever is asked for. */
static enum ldr_status read_stack_size(struct ldr_search *search)
{
    uint64_t bytes = 0;
    if (search->found.present[LDR_STACK_SIZE])
        bytes = ldr_request_word(search, LDR_STACK_SIZE,
                                 offsetof(struct limine_stack_size_request, stack_size));
    if (bytes > STACK_MOST)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the stack size request asks for %lu bytes: ask for 1 GiB at most",
                          search->image->name, bytes);
    if (bytes < STACK_LEAST)
        bytes = STACK_LEAST;
    search->found.stack_bytes = (bytes + PGT_PAGE - 1) & ~(PGT_PAGE - 1);
    return LDR_OK;
}

/* Is the byte at virt one that the kernel's own rights let it execute? */
static bool executable(const struct ldr_image *image, uint64_t virt)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        if ((segment->rights & PGT_EXECUTE) && virt >= segment->virt &&
            virt - segment->virt < segment->bytes)
            return true;
    }
    return false;
}

/* In a PIE the address in the request was relocated with the image, so no slide is added. */
static enum ldr_status read_entry_point(struct ldr_search *search)
{
    search->found.entry = search->image->entry;
    if (!search->found.present[LDR_ENTRY_POINT])
        return LDR_OK;
    uint64_t entry = ldr_request_word(search, LDR_ENTRY_POINT,
                                      offsetof(struct limine_entry_point_request, entry));
    if (!executable(search->image, entry))
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the entry point request gives 0x%lx, which lies in no executable "
                          "segment: give the address of a function in the kernel's text",
                          search->image->name, entry);
    search->found.entry = entry;
    return LDR_OK;
}

/* Internal module `index`, of the array at offset `array` of the image. */
static enum ldr_status check_internal_module(struct ldr_search *search, uint64_t array,
                                             uint64_t index)
{
    uint64_t virt = ldr_word(search->memory + array + 8 * index);
    if (ldr_segment_left(search->image, virt) < sizeof(struct limine_internal_module))
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: internal module %lu of the module request is at 0x%lx, outside the "
                          "image: correct its address",
                          search->image->name, index, virt);
    uint64_t flags = ldr_word(search->memory + (virt - search->image->virt) +
                              offsetof(struct limine_internal_module, flags));
    if (flags & INTERNAL_MODULE_REQUIRED)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: internal module %lu of the module request is required, but this "
                          "loader loads only modules that its configuration names: clear the "
                          "flag and give it a module_path line",
                          search->image->name, index);
    return LDR_OK;
}

/* Modules that the kernel itself names are not loaded.  One that it can't do
 * without is a reason to refuse; the response's revision 0 tells it about the others. */
static enum ldr_status check_internal_modules(struct ldr_search *search)
{
    if (!search->found.present[LDR_MODULE] ||
        ldr_request_word(search, LDR_MODULE, offsetof(struct limine_request, revision)) == 0)
        return LDR_OK;
    uint64_t count = ldr_request_word(
        search, LDR_MODULE, offsetof(struct limine_module_request, internal_module_count));
    uint64_t virt = ldr_request_word(search, LDR_MODULE,
                                     offsetof(struct limine_module_request, internal_modules));
    if (count == 0)
        return LDR_OK;
    /* By division: 8 * count could wrap. */
    if (count > ldr_segment_left(search->image, virt) / 8)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the module request's list of %lu internal modules at 0x%lx reaches "
                          "outside the image: correct its address and count",
                          search->image->name, count, virt);
    for (uint64_t i = 0; i < count; i++) {
        enum ldr_status status = check_internal_module(search, virt - search->image->virt, i);
        if (status != LDR_OK)
            return status;
    }
    ldr_say(search->log, "%s: the module request names %lu internal modules, which are not loaded",
            search->image->name, count);
    return LDR_OK;
}

/* Everything here is only checked and noted, so the order doesn't matter. */
enum ldr_status ldr_requests_read(struct ldr_search *search)
{
    enum ldr_status status = read_stack_size(search);
    if (status == LDR_OK)
        status = read_entry_point(search);
    if (status == LDR_OK)
        status = check_internal_modules(search);
    if (status == LDR_OK)
        status = ldr_request_paging_mode(search);
    return status;
}
