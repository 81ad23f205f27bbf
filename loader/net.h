/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The early-fault net: until a kernel loads an interrupt table of its own, an exception prints a
 * report on serial and screen instead of resetting the machine.  EARLY-FAULTS.md says what
 * the user sees.
 *
 * The net outlives the loader, in the kernel's address space.  So it is a program of its own
 * (loader/net), which the loader carries as bytes and copies to pages that are mapped behind the
 * handoff page: text read and execute, its data and its stack read and write.  A second
 * copy of the application would bring ten times as much along, firmware's calls among it, and
 * would be another one in each application that links the loader.
 */
#ifndef LOADER_NET_H
#define LOADER_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/plan.h"

/* How many bytes of the net's pages are executed, and how many it has in all for so many
 * processors (at least 1): whole pages, text first, for struct ldr_layout. */
void ldr_net_measure(size_t processors, uint64_t *ret_text_bytes, uint64_t *ret_bytes);

/* Is it on where nobody says anything?  Up to base revision 4 the protocol leaves the
 * interrupt table undefined; from 5 on it shall be empty. */
bool ldr_net_by_default(uint64_t base_revision);

/* Writes the net behind the handoff page `page`: plan->net_bytes bytes (not 0), writable, which the
 * kernel will see at plan->net_virt.  framebuffer may be null.  The image's file shall stay in the
 * direct map as it is, since the report names functions from it. */
void ldr_net_write(void *page, const struct ldr_plan *plan, const struct ldr_image *image,
                   const struct ldr_framebuffer *framebuffer);

/* Makes the handoff load the net's interrupt table, and for each processor a task-state segment
 * that leads to a stack of its own.  `page` and `gdt` are what ldr_handoff_prepare() and
 * ldr_handoff_add_processors() have written, for as many processors. */
void ldr_net_arm(void *page, void *gdt, const struct ldr_plan *plan, size_t processors);

#endif
