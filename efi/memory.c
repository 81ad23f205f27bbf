/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/memory.h"

struct memory_block {
    struct memory_block *older;
    uint64_t phys;
    UINTN pages;
};

/* At least one page; the sum can't wrap since `bytes` is rounded by division. */
static UINTN pages_for(uint64_t bytes)
{
    UINTN pages = bytes / EFI_PAGE_SIZE + (bytes % EFI_PAGE_SIZE != 0);

    return pages ? pages : 1;
}

/* The pages come first and their ledger entry second, since the entry's own
 * memory could otherwise take the very page that was asked for. */
static EFI_STATUS allocate(struct memory *memory, EFI_ALLOCATE_TYPE where, EFI_MEMORY_TYPE type,
                           UINTN pages, uint64_t *phys)
{
    void *entry;
    EFI_STATUS status = memory->services->AllocatePages(where, type, pages, phys);

    if (status != EFI_SUCCESS)
        return status;
    status = memory->services->AllocatePool(EfiLoaderData, sizeof(struct memory_block), &entry);
    if (status != EFI_SUCCESS) {
        memory->services->FreePages(*phys, pages);
        return status;
    }
    *(struct memory_block *)entry =
        (struct memory_block){.older = memory->newest, .phys = *phys, .pages = pages};
    memory->newest = entry;
    return EFI_SUCCESS;
}

static enum ldr_status allocate_for(struct memory *memory, bool low, uint64_t bytes,
                                    const char *what, uint64_t *ret_phys, struct ldr_report *report)
{
    EFI_PHYSICAL_ADDRESS phys = UINT32_MAX; /* in: the last address that will do, if low */
    EFI_STATUS status = allocate(memory, low ? AllocateMaxAddress : AllocateAnyPages, EfiLoaderData,
                                 pages_for(bytes), &phys);

    if (status != EFI_SUCCESS)
        return ldr_refuse(report, LDR_NO_MEMORY,
                          "no memory for %s: firmware can't give %llu KiB in one piece%s (%s); "
                          "give the machine more memory",
                          what, (unsigned long long)pages_for(bytes) * 4, low ? " below 4 GiB" : "",
                          uefi_status_text(status));
    *ret_phys = phys;
    return LDR_OK;
}

enum ldr_status memory_allocate(struct memory *memory, uint64_t bytes, const char *what,
                                uint64_t *ret_phys, struct ldr_report *report)
{
    return allocate_for(memory, false, bytes, what, ret_phys, report);
}

enum ldr_status memory_allocate_low(struct memory *memory, uint64_t bytes, const char *what,
                                    uint64_t *ret_phys, struct ldr_report *report)
{
    return allocate_for(memory, true, bytes, what, ret_phys, report);
}

bool memory_allocate_at(struct memory *memory, uint64_t phys, uint64_t bytes, EFI_MEMORY_TYPE type)
{
    EFI_PHYSICAL_ADDRESS at = phys;

    return allocate(memory, AllocateAddress, type, pages_for(bytes), &at) == EFI_SUCCESS;
}

/* The link that leads to the block which holds the page at phys, or null. */
static struct memory_block **find(struct memory *memory, uint64_t phys)
{
    for (struct memory_block **link = &memory->newest; *link; link = &(*link)->older)
        if (phys >= (*link)->phys && (phys - (*link)->phys) / EFI_PAGE_SIZE < (*link)->pages)
            return link;
    return NULL;
}

/* Cuts a block in two: `pages` stay in it, the rest gets an entry of its own. */
static bool split(struct memory *memory, struct memory_block *block, UINTN pages)
{
    struct memory_block *rest;
    void *entry;

    if (memory->services->AllocatePool(EfiLoaderData, sizeof *rest, &entry) != EFI_SUCCESS)
        return false;
    rest = entry;
    rest->phys = block->phys + pages * EFI_PAGE_SIZE;
    rest->pages = block->pages - pages;
    rest->older = block->older;
    block->pages = pages;
    block->older = rest;
    return true;
}

static void drop(struct memory *memory, struct memory_block **link)
{
    struct memory_block *block = *link;

    *link = block->older;
    memory->services->FreePages(block->phys, block->pages);
    memory->services->FreePool(block);
}

void memory_free(struct memory *memory, uint64_t phys, uint64_t bytes)
{
    struct memory_block **link = find(memory, phys);
    UINTN pages = pages_for(bytes);

    if (!link)
        return;
    if (phys != (*link)->phys) {
        if (!split(memory, *link, (phys - (*link)->phys) / EFI_PAGE_SIZE))
            return;
        link = &(*link)->older;
    }
    if ((*link)->pages > pages && !split(memory, *link, pages))
        return;
    drop(memory, link);
}

void memory_free_since(struct memory *memory, const struct memory_block *mark)
{
    while (memory->newest != mark)
        drop(memory, &memory->newest);
}

void memory_free_all(struct memory *memory)
{
    memory_free_since(memory, NULL);
}
