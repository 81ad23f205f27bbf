/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator as a source of frames with owners.  There is no quarantine here: who lets a frame
 * go has flushed before, as pagetables/areas.h says.
 */
#include "pagetables/areas.h"
#include "pagetables/ram.h"

static bool counted_allocate(void *context, uint64_t *ret_frame)
{
    return pgt_ram_take(context, ret_frame) == PGT_RAM_OK;
}

static bool counted_share(void *context, uint64_t frame)
{
    return pgt_ram_share(context, frame) == PGT_RAM_OK;
}

static bool counted_release(void *context, uint64_t frame)
{
    bool freed = false;
    return pgt_ram_release(context, frame, &freed) == PGT_RAM_OK && freed;
}

static unsigned counted_owners(void *context, uint64_t frame)
{
    return pgt_ram_owners(context, frame);
}

struct pgt_counted pgt_ram_counted(struct pgt_ram *ram)
{
    return (struct pgt_counted){
        .allocate = counted_allocate,
        .share = counted_share,
        .release = counted_release,
        .owners = counted_owners,
        .context = ram,
    };
}
