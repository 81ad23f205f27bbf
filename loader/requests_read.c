/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What some requests say beyond their heads: how large a stack, which entry point, how much
 * entropy.  The paging mode is in requests_paging.c, the modules of the kernel's own choice
 * are in requests_modules.c.
 */
#include "loader/limine.h"
#include "loader/requests_parts.h"
#include "pagetables/pagetables.h"

#define STACK_LEAST UINT64_C(65536)
/* Far beyond any kernel's need, and small enough for a machine to have: what is larger is a
 * mistake, which is better named here than as memory that isn't there. */
#define STACK_MOST (UINT64_C(1) << 30)

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

/* Bits that the protocol doesn't define yet are passed over: they ask for nothing known. */
static void read_mp(struct ldr_search *search)
{
    search->found.x2apic =
        search->found.present[LDR_MP] &&
        ldr_request_word(search, LDR_MP, offsetof(struct limine_mp_request, flags)) &
            LIMINE_MP_X2APIC;
}

/* How many are given in the end is the answer's business. */
static void read_entropy(struct ldr_search *search)
{
    if (search->found.present[LDR_ENTROPY])
        search->found.entropy_values = ldr_request_word(
            search, LDR_ENTROPY, offsetof(struct limine_entropy_request, value_count));
}

/* Everything here is only checked and noted, so the order doesn't matter. */
enum ldr_status ldr_requests_read(struct ldr_search *search)
{
    enum ldr_status status = read_stack_size(search);
    read_mp(search);
    read_entropy(search);
    if (status == LDR_OK)
        status = read_entry_point(search);
    if (status == LDR_OK)
        status = ldr_request_modules(search);
    if (status == LDR_OK)
        status = ldr_request_paging_mode(search);
    return status;
}
