/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader keeps for a kernel in physical memory, beside its files: two blocks, in this
 * order, since the second goes where the first made 4K pages necessary.
 *
 *     ldr_image_block()      the image; placed before its base revision is known
 *     ldr_layout_stacks()    when the kernel's requests are read: what the other one holds
 *     ldr_stacks_block()     handoff page, early-fault net, guard, stack, guard, and stack and
 *                            guard for each further processor
 *     ldr_layout_place()     when that has its place,
 *     ldr_layout_region()    what the memory map shall say of it
 *
 * What needs rights of its own lies together, so that as little as can be of the direct map is cut
 * into 4K pages.  Whoever has memory to give finds a place by ldr_place() (loader/plan.h).
 */
#ifndef LOADER_LAYOUT_H
#define LOADER_LAYOUT_H

#include "loader/config.h"
#include "loader/plan.h"

/* The base revision that the image is placed by: the newest, since its neighbours matter most
 * where least is mapped. */
#define LDR_PLACING_REVISION LIMINE_BASE_REVISION_LAST

/* A large image is placed like its addresses, so that it can be mapped by large pages. */
struct ldr_block ldr_image_block(const struct ldr_image *image);

/* Shall there be an early-fault net?  As wished, or else as the base revision has it.  Says so
 * where the answer isn't the usual one. */
bool ldr_net_choose(enum ldr_option wish, uint64_t base_revision, const struct ldr_log *log);

/* Fills in the sizes: a stack for each of `processors` (at least 1), whole pages, and the net's. */
void ldr_layout_stacks(struct ldr_layout *layout, size_t processors, uint64_t stack_bytes,
                       bool net);

/* The block for these sizes.  layout->image_phys is filled in.  Below 4 GiB if the levels of paging
 * change: the handoff page then switches paging off, which takes 32-bit code. */
struct ldr_block ldr_stacks_block(const struct ldr_layout *layout, const struct ldr_image *image,
                                  bool changes_levels);

/* Fills in the addresses of handoff page and stacks, the block being at `phys`. */
void ldr_layout_place(struct ldr_layout *layout, uint64_t phys);

/* Region `index` of those of the block that aren't the kernel's to reclaim; false behind the
 * last.  Handoff page and the net's text can't be written through the direct map, so they aren't
 * told as memory that a kernel may simply take; the others are the guards. */
bool ldr_layout_region(const struct ldr_layout *layout, size_t index,
                       struct ldr_region *ret_region);

#endif
