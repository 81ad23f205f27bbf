/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's address space: planned, built and verified while boot services run.
 */
#ifndef EFI_ADDRESS_SPACE_H
#define EFI_ADDRESS_SPACE_H

#include "efi/kernel.h"
#include "efi/memory_map.h"
#include "loader/plan.h"
#include "loader/tables.h"
#include "loader/verify.h"

/* Shall stay where it is: the tables' allocator is the pool in it. */
struct address_space {
    struct memory *memory;
    struct ldr_plan plan;
    struct ldr_tables tables;
    struct ldr_verdict verdict;
    struct pgt_pool pool;
    uint64_t runs_bytes; /* of plan.run's pages */
};

/* From the memory map as it is now. */
enum ldr_status address_space_make(struct address_space *space, const struct kernel *kernel,
                                   struct memory_map *map, const struct ldr_log *log,
                                   struct ldr_report *report);

/* Gives all of it back. */
void address_space_discard(struct address_space *space);

#endif
