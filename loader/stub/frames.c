/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map, as ranges for the allocator.
 */
#include "loader/stub/frames.h"

#include "loader/stub/mem.h"
#include "loader/stub/memory.h"

static bool add_range(struct frames *frames, size_t *count, const struct limine_memmap_entry *entry)
{
    if (entry->type != LIMINE_MEMMAP_USABLE)
        return true;
    if (*count == FRAMES_RANGES)
        return false;
    frames->usable[(*count)++] =
        (struct pgt_ram_range){.base = entry->base, .bytes = entry->length};
    return true;
}

bool frames_boot(struct frames *frames, const struct stub *stub)
{
    size_t count = 0;

    for (uint64_t i = 0; i < stub->memmap->entry_count; i++) {
        if (!add_range(frames, &count, memory_entry(stub->memmap, i)))
            return false;
    }
    frames->reserved = (struct pgt_ram_range){.base = stub->frame, .bytes = stub->frame_bytes};
    return pgt_ram_boot_init(&frames->boot, frames->usable, count, &frames->reserved, 1) ==
           PGT_RAM_OK;
}

bool frames_take_zero(struct frames *frames, const struct stub *stub)
{
    if (pgt_ram_take(&frames->ram, &frames->zero) != PGT_RAM_OK)
        return false;
    memset(stub_direct(stub, frames->zero), 0, PGT_PAGE);
    return true;
}
