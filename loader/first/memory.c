/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory: the loader's map becomes an allocator, and the loader's tables the kernel's.
 */
#include "loader/first/first.h"
#include "pagetables/live.h"

#define RANGES      256 /* of the memory map; what is more is left alone */
#define POOL_FRAMES 64  /* for tables of the kernel's half */

/* Every usable frame.  What is bootloader-reclaimable stays as it is: the tables, the stack and
 * the responses lie there. */
static void take_frames(struct memory *memory, const struct limine_memmap_response *map)
{
    static struct pgt_ram_range usable[RANGES];
    static struct pgt_ram_boot boot;
    const uint64_t *entries = (const uint64_t *)map->entries;
    size_t count = 0;

    for (uint64_t i = 0; i < map->entry_count && count < RANGES; i++) {
        const struct limine_memmap_entry *entry = (const void *)entries[i];

        if (entry->type == LIMINE_MEMMAP_USABLE)
            usable[count++] = (struct pgt_ram_range){.base = entry->base, .bytes = entry->length};
    }
    require(pgt_ram_boot_init(&boot, usable, count, 0, 0) == PGT_RAM_OK &&
                pgt_ram_init_own(&memory->ram, &boot, memory->offset) == PGT_RAM_OK,
            "the memory map holds no memory");
}

/* The pool gives tables to the kernel's half, and takes back the loader's as they empty. */
static void fill_pool(struct memory *memory, const struct limine_pagetables_response *told)
{
    const uint64_t *table = (const uint64_t *)told->tables;
    uint64_t frame;

    pgt_pool_init(&memory->pool, memory->offset);
    require(pgt_ram_take_run(&memory->ram, POOL_FRAMES, PGT_PAGE, &frame) == PGT_RAM_OK &&
                pgt_pool_add(&memory->pool, frame, POOL_FRAMES),
            "there are no frames for tables");
    for (uint64_t i = 0; i < told->table_count; i++)
        require(pgt_pool_claim(&memory->pool, table[i], 1), "a table is in use twice");
}

/* The processor goes on using them all the while.  Sealed, others can share the upper half. */
static void adopt(struct memory *memory, const struct limine_pagetables_response *told)
{
    struct pgt_frames frames = pgt_pool_frames(&memory->pool);
    struct pgt_arch arch;

    pgt_detect(&arch);
    require(pgt_adopt(&memory->kernel, &arch, &frames, told->root) == PGT_OK,
            "the loader's tables are malformed");
    require(pgt_seal(&memory->kernel, told->upper_start, 0) == PGT_OK,
            "the upper half can't be sealed");
}

void memory_init(struct memory *memory, const struct limine_memmap_response *map,
                 const struct limine_pagetables_response *told)
{
    memory->offset = told->hhdm_offset;
    take_frames(memory, map);
    fill_pool(memory, told);
    adopt(memory, told);
    require(pgt_ram_take(&memory->ram, &memory->zero_frame) == PGT_RAM_OK, "no frame of zeros");
    __builtin_memset((void *)(memory->zero_frame + memory->offset), 0, PGT_PAGE);
}
