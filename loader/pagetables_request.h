/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The "page tables" feature: a request by which a kernel adopts the page tables
 * that its loader built, instead of writing its own.  An extension of the Limine
 * boot protocol; PAGETABLES-FEATURE.md beside this header specifies it.
 */
#ifndef LOADER_PAGETABLES_REQUEST_H
#define LOADER_PAGETABLES_REQUEST_H

#include "loader/limine.h"

#define LIMINE_PAGETABLES LIMINE_ID(0x9d1f0a6be2c74835, 0x5e8c31f7a04b92d6)

struct limine_pagetables_request {
    struct limine_request head;
};

struct limine_pagetables_response {
    uint64_t revision;       /* 0 */
    uint64_t root;           /* physical address of the kernel root, = CR3 */
    uint64_t levels;         /* 4 or 5 */
    uint64_t hhdm_offset;    /* every table is at its physical address plus this */
    uint64_t upper_start;    /* first virtual address of the upper that spaces share */
    uint64_t largest_leaf;   /* bytes: 2 MiB or 1 GiB */
    uint64_t physical_bits;  /* width of physical addresses */
    uint64_t pat;            /* IA32_PAT */
    uint64_t table_count;    /* frames that are tables of the kernel root */
    uint64_t tables;         /* array of their physical addresses, root first */
    uint64_t stack_base;     /* virtual address of the stack's lowest byte */
    uint64_t stack_size;     /* bytes; unmapped guard pages lie below and above */
    uint64_t handoff_base;   /* virtual address of the loader's one executable page in the upper */
    uint64_t transition_root;/* physical; table of a root that the kernel no longer needs */
    /* What the loader's verifier counted in the kernel root. */
    uint64_t leaves_4k;
    uint64_t leaves_2m;
    uint64_t leaves_1g;
    uint64_t writable_executable_bytes; /* always 0: a loader refuses otherwise */
};

_Static_assert(sizeof(struct limine_pagetables_response) == 18 * 8, "page tables response");

#endif
