/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: in order, and nothing that firmware left us is missing.
 */
#include "loader/stub/checks.h"
#include "loader/stub/efi_map.h"
#include "loader/stub/memory.h"
#include "loader/stub/requests.h"
#include "loader/stub/stacks.h"
#include "loader/stub/variant.h"

static bool reclaimable_or_usable(uint64_t type)
{
    return type == LIMINE_MEMMAP_USABLE || type == LIMINE_MEMMAP_BOOTLOADER_RECLAIMABLE;
}

static void check_entries(struct stub *stub)
{
    uint64_t unsorted = 0, odd = 0, unknown = 0;
    uint64_t previous = 0;

    for (uint64_t i = 0; i < stub->memmap->entry_count; i++) {
        const struct limine_memmap_entry *entry = memory_entry(stub->memmap, i);

        unsorted += entry->base < previous;
        previous = entry->base;
        odd += entry->length == 0 || entry->length - 1 > UINT64_MAX - entry->base;
        unknown += entry->type >= LIMINE_MEMMAP_TYPES;
        unknown += entry->type == LIMINE_MEMMAP_RESERVED_MAPPED && variant_base_revision < 4;
    }
    tap_ok(&stub->tap, stub->memmap->entry_count > 0, "the memory map has entries");
    tap_equal(&stub->tap, unsorted, 0, "its entries ascend");
    tap_equal(&stub->tap, odd, 0, "none is empty or wraps");
    tap_equal(&stub->tap, unknown, 0, "each has a type of this base revision");
}

/* Do the two have a byte in common? */
static bool overlap(const struct limine_memmap_entry *a, const struct limine_memmap_entry *b)
{
    return a->base < b->base ? b->base - a->base < a->length : a->base - b->base < b->length;
}

static void check_clean(struct stub *stub)
{
    uint64_t misaligned = 0, overlapping = 0;

    for (uint64_t i = 0; i < stub->memmap->entry_count; i++) {
        const struct limine_memmap_entry *entry = memory_entry(stub->memmap, i);

        if (!reclaimable_or_usable(entry->type))
            continue;
        misaligned += ((entry->base | entry->length) & MEMORY_PAGE_MASK) != 0;
        for (uint64_t other = 0; other < stub->memmap->entry_count; other++) {
            if (other != i)
                overlapping += overlap(entry, memory_entry(stub->memmap, other));
        }
    }
    tap_equal(&stub->tap, misaligned, 0, "usable and reclaimable entries are page aligned");
    tap_equal(&stub->tap, overlapping, 0, "they overlap no other entry");
}

/* Pages that firmware gave away and that the kernel is rightly told nothing of: the
 * frames beside stacks, which stand for unmapped guard pages, and page 0 in old revisions. */
static bool may_be_missing(const struct stub *stub, uint64_t phys)
{
    return (phys == 0 && variant_base_revision <= 2) || stacks_have_guard(stub, phys);
}

/* The first page from `phys` on, `pages` of them, that is not in the map as RAM. */
static bool find_hidden(const struct stub *stub, uint64_t phys, uint64_t pages, uint64_t *ret_phys)
{
    uint64_t end = phys + pages * PGT_PAGE;

    while (phys < end) {
        const struct limine_memmap_entry *entry = memory_find(stub->memmap, phys);

        if (entry != 0 && memory_is_ram(entry->type)) {
            phys = entry->base + entry->length;
        } else if (may_be_missing(stub, phys)) {
            phys += PGT_PAGE;
        } else {
            *ret_phys = phys;
            return true;
        }
    }
    return false;
}

static bool is_free_now(uint32_t type)
{
    return type == EFI_MAP_CONVENTIONAL || type == EFI_MAP_LOADER_CODE ||
           type == EFI_MAP_LOADER_DATA || type == EFI_MAP_BOOT_CODE || type == EFI_MAP_BOOT_DATA;
}

static void check_hidden(struct stub *stub, const struct limine_efi_memmap_response *efi)
{
    uint64_t hidden = 0, free_pages = 0, phys;

    for (uint64_t i = 0; i < efi_map_count(efi); i++) {
        const struct efi_map_descriptor *d = efi_map_at(efi, i);

        if (!is_free_now(d->type))
            continue;
        free_pages += d->pages;
        if (find_hidden(stub, d->phys, d->pages, &phys)) {
            hidden++;
            tap_note("EFI type %u, %016lx, %lu pages: page %016lx is missing", d->type, d->phys,
                     d->pages, phys);
        }
    }
    tap_ok(&stub->tap, free_pages > 0, "firmware left memory to the kernel");
    tap_equal(&stub->tap, hidden, 0, "the memory map hides none of it");
    tap_note("%lu KiB are the kernel's", free_pages * (PGT_PAGE / 1024));
}

static void check_efi_map(struct stub *stub)
{
    const struct limine_efi_memmap_response *efi = request_answer(&requests.efi_memmap);
    uint64_t odd = 0;

    if (!tap_ok(&stub->tap, efi != 0, "the EFI memory map is handed on"))
        return;
    if (!tap_ok(&stub->tap,
                efi->desc_size >= sizeof(struct efi_map_descriptor) && efi->memmap_size > 0 &&
                    efi->memmap_size % efi->desc_size == 0 && efi->desc_version == 1,
                "it is a whole number of descriptors"))
        return;
    for (uint64_t i = 0; i < efi_map_count(efi); i++) {
        const struct efi_map_descriptor *d = efi_map_at(efi, i);

        odd += (d->phys & MEMORY_PAGE_MASK) != 0 || d->pages == 0 ||
               d->pages - 1 > (UINT64_MAX - d->phys) / PGT_PAGE;
    }
    tap_equal(&stub->tap, odd, 0, "all of them are whole pages");
    check_hidden(stub, efi);
}

/* What the kernel stands on is told as what it is. */
static void check_own(struct stub *stub)
{
    const struct limine_memmap_entry *image = memory_find(stub->memmap, stub->image_phys);
    const struct limine_memmap_entry *answers =
        memory_find(stub->memmap, (uint64_t)stub->memmap - stub->hhdm);

    tap_ok(&stub->tap, image != 0 && image->type == LIMINE_MEMMAP_EXECUTABLE_AND_MODULES,
           "the kernel's image is told as such");
    tap_ok(&stub->tap, answers != 0 && answers->type == LIMINE_MEMMAP_BOOTLOADER_RECLAIMABLE,
           "the responses lie in reclaimable memory");
}

void check_memmap(struct stub *stub)
{
    check_entries(stub);
    check_clean(stub);
    check_own(stub);
    check_efi_map(stub);
}
