/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A made-up kernel for tests: its sections, what was mapped before it, and the space that is made
 * of them.
 */
#ifndef PAGETABLES_TESTS_KERNEL_H
#define PAGETABLES_TESTS_KERNEL_H

#include "pagetables/sections.h"
#include "pagetables/tests/arena.h"

#define KERNEL UINT64_C(0xffffffff80000000)

struct kernel {
    struct arena arena;
    struct pgt_arch arch;
    struct pgt_section section[8];
    struct pgt_carried carried[4];
    struct pgt_sections sections;
    struct pgt_sections_report report;
    struct pgt_space space;
};

/* A kernel without any sections yet, on 64 frames.  `offset` is virtual minus physical. */
void kernel_start(struct kernel *kernel, uint64_t offset);
void kernel_end(struct kernel *kernel);

void kernel_add(struct kernel *kernel, const char *name, uint64_t virt, uint64_t bytes,
                unsigned rights);
void kernel_carry(struct kernel *kernel, uint64_t virt, uint64_t phys, uint64_t bytes,
                  unsigned rights);

enum pgt_sections_status kernel_build(struct kernel *kernel);

/* Builds, with exactly the frames that the cost says, compares, and destroys. */
void kernel_expect(struct kernel *kernel, const struct pgt_leaf *leaf, size_t count);

#define EXPECT_KERNEL(kernel, ...)                                                                 \
    kernel_expect(kernel, (const struct pgt_leaf[]){__VA_ARGS__},                                  \
                  sizeof((const struct pgt_leaf[]){__VA_ARGS__}) / sizeof(struct pgt_leaf))

/* Refused, with nothing taken and nothing written; the report names these: a section, "carried",
 * or null for none. */
void kernel_refuse(struct kernel *kernel, enum pgt_sections_status status, const char *first,
                   const char *second);

#endif
