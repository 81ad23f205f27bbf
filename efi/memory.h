/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory from boot services, and the ledger of it: whatever is refused later,
 * one call gives all of it back.
 */
#ifndef EFI_MEMORY_H
#define EFI_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/uefi.h"
#include "loader/report.h"

struct memory_block;

struct memory {
    EFI_BOOT_SERVICES *services;
    struct memory_block *newest; /* a list, newest first */
};

/* Pages for `bytes` bytes (at least one page), wherever there is room; addresses
 * are physical and identity mapped.  `what` names the use in the refusal. */
enum ldr_status memory_allocate(struct memory *memory, uint64_t bytes, const char *what,
                                uint64_t *ret_phys, struct ldr_report *report);

/* The same below 4 GiB, for what 32-bit code has to reach. */
enum ldr_status memory_allocate_low(struct memory *memory, uint64_t bytes, const char *what,
                                    uint64_t *ret_phys, struct ldr_report *report);

/* The same at one address, of one type.  False if firmware doesn't give it. */
bool memory_allocate_at(struct memory *memory, uint64_t phys, uint64_t bytes, EFI_MEMORY_TYPE type);

/* Gives back an allocation, or pages at the start, at the end or in the middle of one.
 * Pages in the middle stay until memory_free_all() if the ledger can't grow. */
void memory_free(struct memory *memory, uint64_t phys, uint64_t bytes);

/* Gives back what was taken since .newest was `mark`, newest first.  What is older than the
 * mark shall not have been given back meanwhile. */
void memory_free_since(struct memory *memory, const struct memory_block *mark);

/* Gives back everything, newest first. */
void memory_free_all(struct memory *memory);

#endif
