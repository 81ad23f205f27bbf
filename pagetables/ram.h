/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory of a kernel: first an allocator that needs no memory of its own, then one that
 * knows every frame.
 *
 *     static struct pgt_ram_boot boot;                       a memory map is all there is
 *     status = pgt_ram_boot_init(&boot, usable, n, reserved, m);
 *     status = pgt_ram_boot_take(&boot, 1, PGT_PAGE, &frame);
 *     status = pgt_ram_init_own(&ram, &boot, direct_map_offset);   the boot allocator retires
 *     struct pgt_frames frames = pgt_ram_frames(&ram, direct_map_offset);   for page tables
 *
 * Conventions are those of pagetables/pagetables.h: a frame is named by its physical address,
 * alignments are in bytes, counts of frames are counts; what is refused changes nothing, but that
 * struct pgt_ram counts refusals.  Neither allocator reads or writes the frames that it
 * manages.  Not for two processors at a time.
 */
#ifndef PAGETABLES_RAM_H
#define PAGETABLES_RAM_H

#include "pagetables/bits.h"
#include "pagetables/pagetables.h"

enum pgt_ram_status {
    PGT_RAM_OK = 0,
    PGT_RAM_NONE_LEFT,  /* no free frame, or no free run that is long enough and aligned so */
    PGT_RAM_MISALIGNED, /* a frame is not page aligned; an alignment is no power of two, or is less
                           than a page */
    PGT_RAM_BAD_RANGE,  /* a range wraps or ends beyond 2^52; a run is empty */
    PGT_RAM_FOREIGN,    /* not among the frames that are managed, or not all of the run */
    PGT_RAM_NOT_TAKEN,  /* free already, or in quarantine: a double free */
    PGT_RAM_SHARED,     /* has other owners: it can be released, not freed */
    PGT_RAM_LIMIT,      /* has as many owners as can be counted */
};
#define PGT_RAM_STATUSES 8

/* A short English phrase for a status, for messages.  Never null. */
const char *pgt_ram_text(enum pgt_ram_status status);

/* The number of the frame that holds a physical address. */
static inline uint64_t pgt_ram_frame_number(uint64_t phys)
{
    return phys / PGT_PAGE;
}

/* Bytes of physical memory as a memory map has them: aligned to nothing, in no
 * order; ranges of no bytes are passed over, and those that overlap count once. */
struct pgt_ram_range {
    uint64_t base;
    uint64_t bytes;
};

/* ------------------------------------------------------------------------
 * The boot allocator
 */

/* Frames not handed out yet, by number; the end doesn't belong. */
struct pgt_ram_open {
    uint64_t first;
    uint64_t end;
};

/* Hands out frames in ascending order, and takes none back.  What it passes over to align
 * a run it remembers, and hands out later: up to PGT_RAM_OPEN - 1 such gaps at a time; those
 * that are too many are lost.  Fields are for reading only. */
#define PGT_RAM_OPEN 8
struct pgt_ram_boot {
    const struct pgt_ram_range *usable;
    const struct pgt_ram_range *reserved;
    size_t usable_count;
    size_t reserved_count;
    size_t frames; /* usable and not reserved, whether handed out or not */
    size_t taken;
    size_t lost;                            /* passed over, and not remembered */
    struct pgt_ram_open open[PGT_RAM_OPEN]; /* ascending; what lies between is taken */
    unsigned open_count;                    /* 0 once a struct pgt_ram has taken over */
};

/* An allocator of the whole frames in the usable ranges of which no byte is reserved (the
 * kernel's image, what the loader left there).  The arrays stay in use.  PGT_RAM_BAD_RANGE. */
enum pgt_ram_status pgt_ram_boot_init(struct pgt_ram_boot *boot, const struct pgt_ram_range *usable,
                                      size_t usable_count, const struct pgt_ram_range *reserved,
                                      size_t reserved_count) PGT_MUST_USE;

/* Takes the lowest run of `frames` frames whose address is a multiple of `alignment`.
 * Costs a few passes over the memory map for each run of usable frames in it.
 * PGT_RAM_NONE_LEFT, PGT_RAM_MISALIGNED, PGT_RAM_BAD_RANGE. */
enum pgt_ram_status pgt_ram_boot_take(struct pgt_ram_boot *boot, size_t frames, uint64_t alignment,
                                      uint64_t *ret_frame) PGT_MUST_USE;

/* ------------------------------------------------------------------------
 * The allocator
 */

/* Frames that follow each other.  For the library's use. */
struct pgt_ram_extent {
    uint64_t first; /* by number */
    size_t count;
    size_t index; /* of the first one, among all that are managed */
};

/* Every frame that the boot allocator had is free, or has owners, or waits in quarantine.
 * The memory is in proportion to the frames there are, not to the highest: holes cost nothing.
 * A single frame is found in a few steps, the lowest first, which leaves long runs alone.
 * Fields are for reading only. */
struct pgt_ram {
    struct pgt_ram_extent *extent; /* ascending, with holes between them */
    size_t extent_count;
    struct pgt_bits free;    /* by index */
    struct pgt_bits waiting; /* in quarantine */
    uint16_t *owners;        /* none of a frame that is free or waits */
    size_t frames;
    size_t free_count;
    size_t waiting_count;
    size_t refused[PGT_RAM_STATUSES]; /* how often each status was answered, or would have been
                                         where pgt_frames.give() can't answer */
};

/* How many owners a frame can have. */
#define PGT_RAM_OWNERS_MOST UINT16_MAX

/* Bytes of memory that pgt_ram_init() wants; the same whatever the boot allocator hands out. */
size_t pgt_ram_bytes(const struct pgt_ram_boot *boot);

/* Takes over from the boot allocator, which has nothing to hand out any more.  What it handed out
 * (or lost) is taken and has one owner each, so it may be freed here; the rest is free.
 * `memory` is pgt_ram_bytes() of memory, 8-byte aligned, and is the allocator's from then on. */
void pgt_ram_init(struct pgt_ram *ram, struct pgt_ram_boot *boot, void *memory);

/* The same, with memory from the boot allocator itself, reachable at physical + offset.
 * PGT_RAM_NONE_LEFT. */
enum pgt_ram_status pgt_ram_init_own(struct pgt_ram *ram, struct pgt_ram_boot *boot,
                                     uint64_t offset) PGT_MUST_USE;

/* Takes one frame, which has one owner then.  PGT_RAM_NONE_LEFT. */
enum pgt_ram_status pgt_ram_take(struct pgt_ram *ram, uint64_t *ret_frame) PGT_MUST_USE;

/* Takes the lowest run of `frames` frames whose address is a multiple of `alignment`:
 * 512 and PGT_PAGE_2M for a large page.  They are frames like others, and may be
 * given back one by one.  The search skips what is taken 64 frames at a time; in the worst case
 * it is linear in memory.  PGT_RAM_NONE_LEFT, PGT_RAM_MISALIGNED, PGT_RAM_BAD_RANGE. */
enum pgt_ram_status pgt_ram_take_run(struct pgt_ram *ram, size_t frames, uint64_t alignment,
                                     uint64_t *ret_frame) PGT_MUST_USE;

/* Frees a run of frames, each with its one owner, for use at once: no
 * processor has a translation to them.  All or none.  PGT_RAM_MISALIGNED, PGT_RAM_BAD_RANGE,
 * PGT_RAM_FOREIGN, PGT_RAM_NOT_TAKEN, PGT_RAM_SHARED. */
enum pgt_ram_status pgt_ram_free(struct pgt_ram *ram, uint64_t frame, size_t frames) PGT_MUST_USE;

/* One owner more.  PGT_RAM_MISALIGNED, PGT_RAM_FOREIGN, PGT_RAM_NOT_TAKEN, PGT_RAM_LIMIT. */
enum pgt_ram_status pgt_ram_share(struct pgt_ram *ram, uint64_t frame) PGT_MUST_USE;

/* One owner less.  With the last one the frame is free for use at once; *ret_freed tells.
 * PGT_RAM_MISALIGNED, PGT_RAM_FOREIGN, PGT_RAM_NOT_TAKEN. */
enum pgt_ram_status pgt_ram_release(struct pgt_ram *ram, uint64_t frame,
                                    bool *ret_freed) PGT_MUST_USE;

/* As pgt_ram_release(), but a frame without owners waits in quarantine until pgt_ram_recycle():
 * for what was mapped until now, or was a table, as long as a processor may hold a
 * translation.  It is left as it is. */
enum pgt_ram_status pgt_ram_retire(struct pgt_ram *ram, uint64_t frame,
                                   bool *ret_retired) PGT_MUST_USE;

/* The frames in quarantine are free: after every processor has flushed.  (pgt_finish() with a null
 * pool, then this.) */
void pgt_ram_recycle(struct pgt_ram *ram);

/* How many owners a frame has: 0 if it is free, waits, or is not managed. */
unsigned pgt_ram_owners(const struct pgt_ram *ram, uint64_t frame);

/* As an allocator for spaces, whose tables are reachable at physical + offset.  Tables that
 * are given back wait in quarantine.  The struct shall outlive the spaces. */
struct pgt_frames pgt_ram_frames(struct pgt_ram *ram, uint64_t offset);

/* As a source of frames with owners, for struct pgt_vm (pagetables/areas.h, to be included by the
 * caller). */
struct pgt_counted;
struct pgt_counted pgt_ram_counted(struct pgt_ram *ram);

#endif
