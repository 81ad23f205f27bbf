/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The direct map is used here for what such a kernel's loader would do: the root, with its slot,
 * and empty tables for the window.
 */
#include "loader/stub/bare.h"

#include "loader/stub/cpu.h"
#include "loader/stub/mem.h"
#include "pagetables/directory.h"
#include "pagetables/live.h"

/* Zeros, the kernel's upper half, and itself. */
static void fill_root(struct bare *bare)
{
    const struct pgt_space *kernel = &bare->stub->space;
    const uint64_t *from = stub_direct(bare->stub, kernel->root);
    uint64_t *to = stub_direct(bare->stub, bare->root);

    memset(to, 0, PGT_PAGE);
    for (unsigned i = kernel->upper_slot; i < PGT_ENTRIES; i++)
        to[i] = from[i];
    to[BARE_SLOT] = pgt_recursive_link(&kernel->arch, bare->root);
}

static bool open_recursive(struct bare *bare)
{
    const struct pgt_arch *arch = &bare->stub->space.arch;
    struct frames *ram = bare->stub->frames;
    struct pgt_frames frames = pgt_ram_frames(&ram->ram, 0);
    struct pgt_needed kernel = {.first = bare->stub->tables->upper_start, .last = UINT64_MAX};
    struct pgt_window_place place = {
        .last = pgt_window_page(arch, BARE_SLOT),
        .slots = BARE_WINDOW_SLOTS,
        .has_zero_frame = true,
        .zero_frame = ram->zero,
    };
    struct pgt_recursive_slots slots = {
        .slot = BARE_SLOT,
        .second = BARE_SECOND,
        .upper = bare->stub->space.upper_slot,
        .needed = &kernel,
        .needed_count = 1,
    };

    place.entry = pgt_recursive_entry(arch, BARE_SLOT, place.last, 1);
    return pgt_window_init(&bare->window, arch, &pgt_mmu_live, &place) == PGT_OK &&
           pgt_recursive_init(&bare->recursive, &frames, &bare->window, &slots) == PGT_OK;
}

static bool take_tables(struct bare *bare)
{
    unsigned wanted = bare->stub->space.arch.levels - 1u;

    for (; bare->tables < wanted; bare->tables++) {
        uint64_t *frame = &bare->table[bare->tables];

        if (pgt_ram_take(&bare->stub->frames->ram, frame) != PGT_RAM_OK)
            return false;
        memset(stub_direct(bare->stub, *frame), 0, PGT_PAGE);
    }
    return true;
}

bool bare_open(struct bare *bare, struct stub *stub)
{
    size_t used = 0;

    *bare = (struct bare){.stub = stub, .home = cr3_read()};
    if (pgt_ram_take(&stub->frames->ram, &bare->root) != PGT_RAM_OK)
        return false;
    fill_root(bare);
    if (!take_tables(bare) || !open_recursive(bare)) {
        (void)bare_close(bare);
        return false;
    }
    pgt_activate_root(bare->root);
    if (pgt_recursive_plant(&bare->recursive, bare->window.place.last, bare->table, bare->tables,
                            &used) == PGT_OK &&
        used == bare->tables)
        return true;
    (void)bare_close(bare);
    return false;
}

bool bare_close(struct bare *bare)
{
    struct pgt_ram *ram = &bare->stub->frames->ram;
    bool freed = true;

    cr3_write(bare->home);
    for (size_t i = 0; i < bare->tables; i++)
        freed = pgt_ram_free(ram, bare->table[i], 1) == PGT_RAM_OK && freed;
    freed = pgt_ram_free(ram, bare->root, 1) == PGT_RAM_OK && freed;
    pgt_ram_recycle(ram);
    return freed;
}

void bare_finish(struct bare *bare, struct pgt_flush *flush)
{
    pgt_finish(flush, 0, 0);
    pgt_ram_recycle(&bare->stub->frames->ram);
}
