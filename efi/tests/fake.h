/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware of our own, for tests: boot services over 4 MiB of memory, which are
 * all that it calls memory.  What is free there can't be touched: a stray access faults.
 */
#ifndef EFI_TESTS_FAKE_H
#define EFI_TESTS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "efi/memory.h"
#include "efi/uefi.h"

#define FAKE_PAGES 1024

/* Larger than gnu-efi's structure, as real firmware's are; what a firmware starts with. */
#define FAKE_DESCRIPTOR_BYTES 48

struct fake {
    EFI_SYSTEM_TABLE system;
    EFI_BOOT_SERVICES services;
    EFI_RUNTIME_SERVICES runtime;
    uint64_t ram;                      /* address of the first page */
    uint8_t type[FAKE_PAGES];          /* EFI_MEMORY_TYPE of each */
    size_t pool_blocks;                /* that are not freed */
    size_t allocations_left;           /* then they fail */
    size_t extra_descriptors;          /* of reserved memory, told besides */
    size_t extra_at_each_asking;       /* by which these grow: an unquiet firmware */
    const EFI_MEMORY_DESCRIPTOR *more; /* told besides, before all others */
    size_t more_count;
    size_t descriptor_bytes; /* from one descriptor to the next */
    UINTN key;               /* of the memory map, as it is */
    /* ExitBootServices: how often it fails, and what was called once it had. */
    size_t exit_failures;
    size_t exits;
    size_t forbidden_calls;
    /* Takes the page that AllocateAddress wants, just before, so many times. */
    size_t thefts;
    /* What HandleProtocol() and LocateProtocol() find; null for nothing. */
    void *protocol;
    EFI_TIME time;
};

/* A firmware as new.  There is one at a time, since boot services get no context. */
struct fake *fake_start(void);

/* The same with memory below 4 GiB; otherwise all of it is above. */
struct fake *fake_start_low(void);

/* Pages that are not free, and blocks of the pool. */
size_t fake_in_use(const struct fake *fake);

struct memory fake_memory(struct fake *fake);

#endif
