/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory, by frames: a boot allocator over the loader's map, then one that
 * counts owners.
 */
#include "loader/stub/checks.h"
#include "loader/stub/frames.h"
#include "loader/stub/memory.h"

#define FRAMES_2M (PGT_PAGE_2M / PGT_PAGE)

static uint64_t usable_frames(const struct stub *stub)
{
    uint64_t bytes = 0;

    for (uint64_t i = 0; i < stub->memmap->entry_count; i++) {
        const struct limine_memmap_entry *entry = memory_entry(stub->memmap, i);

        bytes += entry->type == LIMINE_MEMMAP_USABLE ? entry->length : 0;
    }
    return bytes / PGT_PAGE;
}

static bool usable(const struct stub *stub, uint64_t phys)
{
    const struct limine_memmap_entry *entry = memory_find(stub->memmap, phys);

    return entry != 0 && entry->type == LIMINE_MEMMAP_USABLE;
}

static bool check_boot(struct stub *stub, struct frames *frames)
{
    struct tap *tap = &stub->tap;
    uint64_t first, second;

    if (!tap_ok(tap, frames_boot(frames, stub), "a boot allocator over the memory map"))
        return false;
    tap_equal(tap, frames->boot.frames, usable_frames(stub) - stub->frame_bytes / PGT_PAGE,
              "it has every usable frame but those in use");
    tap_ok(tap,
           pgt_ram_boot_take(&frames->boot, 1, PGT_PAGE, &first) == PGT_RAM_OK &&
               pgt_ram_boot_take(&frames->boot, 1, PGT_PAGE, &second) == PGT_RAM_OK &&
               first < second && usable(stub, first) && usable(stub, second),
           "it hands out two of them, in order");
    return tap_ok(tap, pgt_ram_init_own(&frames->ram, &frames->boot, stub->hhdm) == PGT_RAM_OK,
                  "an allocator that counts owners takes over") &&
           tap_ok(tap,
                  pgt_ram_free(&frames->ram, first, 1) == PGT_RAM_OK &&
                      pgt_ram_free(&frames->ram, second, 1) == PGT_RAM_OK,
                  "and takes back what the first one handed out");
}

static void check_owners(struct tap *tap, struct pgt_ram *ram)
{
    bool freed = true;
    uint64_t frame;

    if (!tap_ok(tap, pgt_ram_take(ram, &frame) == PGT_RAM_OK, "takes a frame"))
        return;
    tap_ok(tap,
           pgt_ram_share(ram, frame) == PGT_RAM_OK && pgt_ram_owners(ram, frame) == 2 &&
               pgt_ram_free(ram, frame, 1) == PGT_RAM_SHARED,
           "with two owners it can't be freed");
    tap_ok(tap, pgt_ram_release(ram, frame, &freed) == PGT_RAM_OK && !freed,
           "the first owner's release leaves it to the second");
    tap_ok(tap, pgt_ram_release(ram, frame, &freed) == PGT_RAM_OK && freed,
           "whose release frees it");
    tap_ok(tap, pgt_ram_free(ram, frame, 1) == PGT_RAM_NOT_TAKEN, "freed again, it is refused");
}

static void check_runs(struct stub *stub, struct pgt_ram *ram)
{
    struct tap *tap = &stub->tap;
    uint64_t frame;

    tap_ok(tap, pgt_ram_free(ram, stub->frame, 1) == PGT_RAM_FOREIGN,
           "a frame of somebody else is refused");
    if (pgt_ram_take_run(ram, FRAMES_2M, PGT_PAGE_2M, &frame) != PGT_RAM_OK) {
        tap_skip(tap, "no 2 MiB of usable memory in one piece", "a run for a large page");
        return;
    }
    tap_ok(tap,
           frame % PGT_PAGE_2M == 0 && usable(stub, frame) && usable(stub, frame + PGT_PAGE_2M - 1),
           "takes a run for a large page");
    tap_ok(tap, pgt_ram_free(ram, frame, FRAMES_2M) == PGT_RAM_OK, "and frees it");
}

void check_frames(struct stub *stub)
{
    /* Too large for a stack, and all that follows lives on it. */
    static struct frames frames;
    size_t before;

    if (!stub->adopted) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "frames of usable memory");
        return;
    }
    if (!check_boot(stub, &frames))
        return;
    before = frames.ram.free_count;
    check_owners(&stub->tap, &frames.ram);
    check_runs(stub, &frames.ram);
    tap_equal(&stub->tap, frames.ram.free_count, before, "as many frames are free as before");
    if (tap_ok(&stub->tap, frames_take_zero(&frames, stub), "one of them is the frame of zeros"))
        stub->frames = &frames;
}
