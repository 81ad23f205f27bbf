/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address-space plan: which virtual address shall lead where, with which rights,
 * before any table is written.  The tables are built from it (loader/tables.h) and
 * verified against it (loader/verify.h).
 */
#ifndef LOADER_PLAN_H
#define LOADER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/image.h"
#include "loader/memmap.h"
#include "loader/report.h"
#include "pagetables/pagetables.h"

/* The first address of the higher half: where the direct map begins unless chance puts it
 * elsewhere (loader/kaslr.h), and where what all address spaces share does. */
#define LDR_HHDM_4_LEVELS UINT64_C(0xffff800000000000)
#define LDR_HHDM_5_LEVELS UINT64_C(0xff00000000000000)

static inline uint64_t ldr_plan_upper(unsigned levels)
{
    return levels == 5 ? LDR_HHDM_5_LEVELS : LDR_HHDM_4_LEVELS;
}

enum ldr_purpose { LDR_DIRECT_MAP, LDR_IDENTITY_MAP, LDR_IMAGE, LDR_HANDOFF, LDR_NET, LDR_EXTRA };

/* Most mappings that a plan has beside what the protocol wants. */
#define LDR_EXTRAS 16

/* One run of pages with one set of rights. */
struct ldr_run {
    struct pgt_mapping map;
    enum ldr_purpose purpose;
};

/* Physical memory that the loader has set aside for the kernel, all page aligned. */
struct ldr_layout {
    uint64_t hhdm;         /* offset of the direct map, a multiple of 1 GiB; 0: the usual one */
    uint64_t image_phys;   /* image->bytes long; congruent to image->virt modulo 2 MiB
                              where the image is that large */
    uint64_t handoff_phys; /* one page: the code that switches tables and jumps */
    /* The early-fault net (loader/net.h), right behind that page; 0 and 0: none. */
    uint64_t net_text_bytes; /* of its first pages, which are executed */
    uint64_t net_bytes;      /* of all its pages */
    uint64_t stack_phys;   /* lowest byte of the stack; the pages before and behind it are guards */
    uint64_t stack_bytes;
    size_t more_stacks; /* for further processors, each behind the guard of the one before it, as
                           large, and with another guard behind it */
    const struct pgt_mapping *extra; /* mapped besides, in any order; at most LDR_EXTRAS */
    size_t extra_count;
};

struct ldr_framebuffer {
    uint64_t phys;
    uint64_t bytes;
    uint64_t width, height, pitch;
    uint16_t bpp;
    uint8_t red_size, red_shift, green_size, green_shift, blue_size, blue_shift;
};

struct ldr_plan {
    struct pgt_arch arch;
    uint64_t base_revision;
    uint64_t hhdm;         /* offset of the direct map */
    uint64_t handoff_virt; /* the handoff page in the shared upper */
    uint64_t handoff_phys;
    uint64_t net_virt; /* the early-fault net's pages, behind the handoff page both ways */
    uint64_t net_text_bytes, net_bytes;
    uint64_t guard_below; /* virtual addresses of the two guard pages of the first stack */
    uint64_t guard_above;
    uint64_t stack_top; /* virtual; 16-byte aligned */
    size_t more_stacks; /* from guard_above on: a stack and a guard for each */
    uint64_t image_virt, image_phys, image_bytes;
    struct ldr_run *run; /* ascending by virtual address within a purpose; no two overlap */
    size_t count;
    size_t capacity;
};

/* The top of processor `index`'s stack: 0 is the first stack, that of the processor which runs
 * the kernel's entry.  Virtual. */
uint64_t ldr_plan_stack_top(const struct ldr_plan *plan, size_t index);

/* The virtual address of the last guard page: all stacks lie between guard_below and it. */
uint64_t ldr_plan_last_guard(const struct ldr_plan *plan);

/* Upper bound of the runs that a plan needs. */
size_t ldr_plan_capacity(const struct ldr_image *image, size_t region_count);

/* The end of the physical memory that the direct map holds. */
uint64_t ldr_plan_reach(const struct ldr_region *region, size_t region_count,
                        uint64_t base_revision);

/* Makes the plan.  `region` is resolved (ldr_regions_resolve) and already holds the
 * image, the guards and the framebuffer with their kinds.  plan->run and plan->capacity
 * are the caller's; all else is filled in.  Rights:
 * - image: each segment's own; the gaps between segments stay unmapped;
 * - direct map: read and write, never execute; read only where a frame holds kernel
 *   text, read-only data, the handoff page or the net's text; write-combining where it is framebuffer;
 *   the guards not at all;
 * - identity map (base revision 0 only): as the direct map, without page 0;
 * - handoff page: read and execute, behind or before the image in its 2 GiB;
 * - early-fault net, behind that page: its text read and execute, the rest read and write;
 * - extra mappings: as they say.  Where one executes, the direct map is read only.
 * LDR_NO_MEMORY: a physical address that the direct map or processor can't reach;
 * LDR_BAD_KERNEL: no room for the handoff page, and the net, in the image's 2 GiB;
 * LDR_BAD_CONFIG: an extra mapping that is empty, not whole pages, wraps, has no such physical
 * address, is below the end of the direct map, meets image, handoff page or another one, is
 * writable and executable, or makes a frame be both. */
enum ldr_status ldr_plan_make(struct ldr_plan *plan, const struct pgt_arch *arch,
                              uint64_t base_revision, const struct ldr_image *image,
                              const struct ldr_layout *layout, const struct ldr_region *region,
                              size_t region_count, struct ldr_report *report);

/* A block of physical memory that somebody needs. */
struct ldr_block {
    uint64_t bytes;     /* whole pages */
    uint64_t modulus;   /* a power of two, at least 4096, */
    uint64_t congruent; /* and what its address shall be modulo that */
    uint64_t lowest;    /* its first byte lies there or above, */
    uint64_t highest;   /* and its last there or below */
    const struct ldr_image *image; /* which lies at image_phys already; null: not yet */
    uint64_t image_phys;
};

/* For `highest`: no limit, and what 32 bits reach. */
#define LDR_ANYWHERE    UINT64_MAX
#define LDR_BELOW_4_GIB UINT64_C(0xffffffff)

/* Chooses a physical address for the block in usable memory, so that the direct map
 * needs as few tables as can be: in a 2 MiB stretch that has to be mapped with 4K pages
 * anyway, if there is one.  False if there is no room. */
bool ldr_place(const struct ldr_region *region, size_t region_count, uint64_t base_revision,
               const struct ldr_block *block, uint64_t *ret_phys);

/* How many bytes of the memory that a framebuffer begins are the framebuffer's to map: up to the
 * end of a 2 MiB page, so that it takes such pages alone, if nobody else can have the rest. That is
 * so where `region` (resolved) has nothing there, and the rest belongs to the same power of two of
 * addresses that the framebuffer lies in: the device decodes all of it, since what a PCI device
 * decodes is a power of two and aligned to its size (PCI Local Bus 3.0, section 6.2.5.1). */
uint64_t ldr_framebuffer_extent(uint64_t phys, uint64_t bytes, const struct ldr_region *region,
                                size_t region_count);

/* After boot services ended the memory map may have moved.  True if every page that the
 * kernel will be told is usable, reclaimable or its own is in the direct map as
 * planned; otherwise *ret_base is the first that is not. */
bool ldr_plan_covers(const struct ldr_plan *plan, const struct ldr_region *region,
                     size_t region_count, uint64_t *ret_base);

#endif
