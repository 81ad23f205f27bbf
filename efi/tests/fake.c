/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/fake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct fake the;

static bool allowed(void)
{
    the.forbidden_calls += the.exits > 0;
    if (the.allocations_left == 0)
        return false;
    the.allocations_left--;
    return true;
}

static void *page_at(size_t page)
{
    return (void *)(the.ram + page * EFI_PAGE_SIZE);
}

static void set_type(size_t first, size_t pages, EFI_MEMORY_TYPE type)
{
    int rights = type == EfiConventionalMemory ? PROT_NONE : PROT_READ | PROT_WRITE;

    memset(&the.type[first], (int)type, pages);
    assert(mprotect(page_at(first), pages * EFI_PAGE_SIZE, rights) == 0);
    the.key++;
}

static bool is_free(size_t first, size_t pages)
{
    for (size_t i = first; i < first + pages; i++)
        if (i >= FAKE_PAGES || the.type[i] != EfiConventionalMemory)
            return false;
    return true;
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE where, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *memory)
{
    size_t first = FAKE_PAGES, end = FAKE_PAGES;

    if (!allowed() || pages == 0 || pages > FAKE_PAGES)
        return EFI_OUT_OF_RESOURCES;
    if (where == AllocateAddress) {
        first = (*memory - the.ram) / EFI_PAGE_SIZE;
        if (the.thefts && is_free(first, 1)) {
            the.thefts--;
            set_type(first, 1, EfiBootServicesData);
        }
    } else {
        while (where == AllocateMaxAddress && end > 0 && (uint64_t)page_at(end) - 1 > *memory)
            end--;
        if (end < pages)
            return EFI_OUT_OF_RESOURCES;
        first = end - pages;
        while (first > 0 && !is_free(first, pages))
            first--;
    }
    if (!is_free(first, pages))
        return where == AllocateAddress ? EFI_NOT_FOUND : EFI_OUT_OF_RESOURCES;
    set_type(first, pages, type);
    memset(page_at(first), 0xa5, pages * EFI_PAGE_SIZE);
    *memory = (EFI_PHYSICAL_ADDRESS)page_at(first);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS memory, UINTN pages)
{
    size_t first = (memory - the.ram) / EFI_PAGE_SIZE;

    the.forbidden_calls += the.exits > 0;
    assert(memory % EFI_PAGE_SIZE == 0 && first + pages <= FAKE_PAGES);
    for (size_t i = first; i < first + pages; i++)
        assert(the.type[i] != EfiConventionalMemory);
    set_type(first, pages, EfiConventionalMemory);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void **buffer)
{
    (void)type;
    if (!allowed())
        return EFI_OUT_OF_RESOURCES;
    *buffer = malloc(bytes);
    the.pool_blocks++;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pool(void *buffer)
{
    the.forbidden_calls += the.exits > 0;
    assert(the.pool_blocks > 0);
    the.pool_blocks--;
    free(buffer);
    return EFI_SUCCESS;
}

/* The next descriptor, or only its place where there is no room. */
static void tell(uint8_t *map, UINTN room, UINTN *used, EFI_MEMORY_DESCRIPTOR descriptor)
{
    if (*used + the.descriptor_bytes <= room)
        memcpy(map + *used, &descriptor, sizeof descriptor);
    *used += the.descriptor_bytes;
}

static EFI_STATUS EFIAPI get_memory_map(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
                                        UINTN *descriptor_bytes, UINT32 *version)
{
    UINTN used = 0, room = *bytes;

    the.extra_descriptors += the.extra_at_each_asking;
    for (size_t i = 0; i < the.more_count; i++)
        tell((uint8_t *)map, room, &used, the.more[i]);
    for (size_t i = 0, pages; i < FAKE_PAGES; i += pages) {
        for (pages = 1; i + pages < FAKE_PAGES && the.type[i + pages] == the.type[i];)
            pages++;
        tell((uint8_t *)map, room, &used,
             (EFI_MEMORY_DESCRIPTOR){.Type = the.type[i],
                                     .PhysicalStart = (uint64_t)page_at(i),
                                     .NumberOfPages = pages,
                                     .Attribute = EFI_MEMORY_WB});
    }
    for (size_t i = 0; i < the.extra_descriptors; i++)
        tell((uint8_t *)map, room, &used,
             (EFI_MEMORY_DESCRIPTOR){.Type = EfiReservedMemoryType,
                                     .PhysicalStart = 2 * i * EFI_PAGE_SIZE,
                                     .NumberOfPages = 1});
    *bytes = used;
    *descriptor_bytes = the.descriptor_bytes;
    *version = EFI_MEMORY_DESCRIPTOR_VERSION;
    if (used > room)
        return EFI_BUFFER_TOO_SMALL;
    *key = the.key;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    (void)image;
    the.exits++;
    /* A failure signals its events first, and these change the map. */
    if (the.exit_failures) {
        the.exit_failures--;
        the.key++;
        return EFI_INVALID_PARAMETER;
    }
    return key == the.key ? EFI_SUCCESS : EFI_INVALID_PARAMETER;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **interface)
{
    (void)handle, (void)guid;
    *interface = the.protocol;
    return the.protocol ? EFI_SUCCESS : EFI_UNSUPPORTED;
}

static EFI_STATUS EFIAPI locate_protocol(EFI_GUID *guid, void *registration, void **interface)
{
    (void)registration;
    return handle_protocol(NULL, guid, interface) == EFI_SUCCESS ? EFI_SUCCESS : EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI get_time(EFI_TIME *time, EFI_TIME_CAPABILITIES *capabilities)
{
    (void)capabilities;
    *time = the.time;
    return EFI_SUCCESS;
}

static struct fake *start(int where)
{
    size_t bytes = FAKE_PAGES * EFI_PAGE_SIZE;

    if (the.ram)
        munmap((void *)the.ram, bytes);
    the = (struct fake){.allocations_left = SIZE_MAX, .descriptor_bytes = FAKE_DESCRIPTOR_BYTES};
    the.ram = (uint64_t)mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | where, -1, 0);
    assert(the.ram != (uint64_t)MAP_FAILED);
    set_type(0, FAKE_PAGES, EfiConventionalMemory);
    the.services.AllocatePages = allocate_pages;
    the.services.FreePages = free_pages;
    the.services.AllocatePool = allocate_pool;
    the.services.FreePool = free_pool;
    the.services.GetMemoryMap = get_memory_map;
    the.services.ExitBootServices = exit_boot_services;
    the.services.HandleProtocol = handle_protocol;
    the.services.LocateProtocol = locate_protocol;
    the.runtime.GetTime = get_time;
    the.system.BootServices = &the.services;
    the.system.RuntimeServices = &the.runtime;
    return &the;
}

struct fake *fake_start(void)
{
    return start(0);
}

struct fake *fake_start_low(void)
{
    return start(MAP_32BIT);
}

size_t fake_in_use(const struct fake *fake)
{
    size_t used = fake->pool_blocks;

    for (size_t i = 0; i < FAKE_PAGES; i++)
        used += fake->type[i] != EfiConventionalMemory;
    return used;
}

struct memory fake_memory(struct fake *fake)
{
    return (struct memory){.services = &fake->services};
}
