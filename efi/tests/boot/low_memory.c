/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <sys/mman.h>

#include "efi/tests/boot/parts.h"

/* Far enough up that Linux gives it to any process (vm.mmap_min_addr is 64 KiB). */
#define FIRST UINT64_C(0x80000)
#define PAGES 8

static EFI_MEMORY_DESCRIPTOR map[PAGES]; /* one a page, for simplicity */
static bool there;

size_t low_memory_start(const EFI_MEMORY_DESCRIPTOR **ret_map)
{
    if (!there) {
        void *at = mmap((void *)FIRST, PAGES * EFI_PAGE_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

        assert(at == (void *)FIRST);
        there = true;
    }
    for (size_t i = 0; i < PAGES; i++)
        map[i] = (EFI_MEMORY_DESCRIPTOR){.Type = EfiConventionalMemory,
                                         .PhysicalStart = FIRST + i * EFI_PAGE_SIZE,
                                         .NumberOfPages = 1,
                                         .Attribute = EFI_MEMORY_WB};
    *ret_map = map;
    return PAGES;
}

bool low_memory_has(uint64_t phys)
{
    return there && phys >= FIRST && phys < FIRST + PAGES * EFI_PAGE_SIZE;
}

static EFI_STATUS retype(uint64_t phys, UINTN pages, EFI_MEMORY_TYPE before, EFI_MEMORY_TYPE after)
{
    size_t first = (phys - FIRST) / EFI_PAGE_SIZE;

    for (size_t i = first; i < first + pages; i++)
        if (i >= PAGES || map[i].Type != (UINT32)before)
            return EFI_NOT_FOUND;
    for (size_t i = first; i < first + pages; i++)
        map[i].Type = after;
    the_firmware.fake->key++;
    return EFI_SUCCESS;
}

EFI_STATUS low_memory_allocate(uint64_t phys, EFI_MEMORY_TYPE type, UINTN pages)
{
    return retype(phys, pages, EfiConventionalMemory, type);
}

void low_memory_free(uint64_t phys, UINTN pages)
{
    EFI_STATUS status =
        retype(phys, pages, map[(phys - FIRST) / EFI_PAGE_SIZE].Type, EfiConventionalMemory);

    assert(status == EFI_SUCCESS);
}

size_t low_memory_in_use(void)
{
    size_t pages = 0;

    for (size_t i = 0; i < PAGES && the_firmware.machine.full; i++)
        pages += map[i].Type != EfiConventionalMemory;
    return pages;
}
