/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Temporary mappings: a few pages of address space through which a processor reaches any frame
 * for a moment, where there is no direct map.
 *
 *     status = pgt_window_map(&window, frame, &virt);
 *     ...                                              frame is readable and writable at virt
 *     pgt_window_release(&window, virt);
 *
 * A window belongs to one processor, since only that one invalidates.  Its slots are
 * taken and returned in one atomic step each, in any order: an interrupt handler or another thread
 * on the same processor may take slots while others are held, and none waits.  Who holds a slot
 * shall not use it on another processor or in another address space.
 *
 * The window needs nothing but its page table and an address to reach that at: the one that
 * recursive mapping gives it (pgt_recursive_entry()), or any other that the caller knows.
 */
#ifndef PAGETABLES_WINDOW_H
#define PAGETABLES_WINDOW_H

#include "pagetables/mmu.h"

#define PGT_WINDOW_SLOTS 64

/* Where a window lies.  The pages of several processors are neighbours: the second's `last` is
 * the page below the first's lowest one. */
struct pgt_window_place {
    uint64_t last;       /* its highest page; slots go down from there */
    uint64_t entry;      /* virtual address of the entry that maps `last`, in a page table */
    unsigned slots;      /* 1 to PGT_WINDOW_SLOTS, all in that page table */
    bool has_zero_frame; /* is there a frame that is all zeros and shall stay so? */
    uint64_t zero_frame;
};

/* Fields are for reading only. */
struct pgt_window {
    struct pgt_arch arch;
    const struct pgt_mmu *mmu;
    struct pgt_window_place place;
    uint64_t taken; /* a bit a slot */
};

/* The highest page below the reach of a recursive slot: ffffff7ffffff000, where kernels have
 * this page for slot 511 of 4 levels.  For slot 0 it is the highest page of all. */
uint64_t pgt_window_page(const struct pgt_arch *arch, unsigned recursive_slot);

/* Makes a window; touches no table.  The tables that lead to its page table shall exist when it
 * is used, here and in all address spaces where it is (pgt_recursive_plant()).  arch is
 * copied; mmu shall outlive the window.
 *
 * PGT_MISALIGNED: `last` is not a page, or `entry` is not where an entry for it can lie.
 * PGT_BAD_RANGE: not canonical, or a number of slots that is 0, too high, or more than the
 * page table has from there down. */
enum pgt_status pgt_window_init(struct pgt_window *window, const struct pgt_arch *arch,
                                const struct pgt_mmu *mmu,
                                const struct pgt_window_place *place) PGT_MUST_USE;

/* Maps a frame readable and writable, not executable, and invalidates the one page.  PGT_BUSY: all
 * slots are taken.  PGT_MISALIGNED, PGT_BAD_PHYSICAL.  PGT_BAD_RIGHTS: it is the zero frame, which
 * nothing may write. */
enum pgt_status pgt_window_map(struct pgt_window *window, uint64_t frame,
                               uint64_t *ret_virt) PGT_MUST_USE;

/* Gives the slot back and clears its entry.  The processor may remember the translation until
 * the slot is mapped again, so the address shall not be used any more. */
void pgt_window_release(struct pgt_window *window, uint64_t virt);

/* The same in two steps, for who must not be refused later: a slot, and then frames in it, one
 * after the other.  The statuses are as above: PGT_BUSY of the first, the rest of the second. */
enum pgt_status pgt_window_take(struct pgt_window *window, uint64_t *ret_virt) PGT_MUST_USE;
enum pgt_status pgt_window_point(struct pgt_window *window, uint64_t virt,
                                 uint64_t frame) PGT_MUST_USE;

/* Fills a frame with zeros.  As pgt_window_map(). */
enum pgt_status pgt_window_zero(struct pgt_window *window, uint64_t frame) PGT_MUST_USE;

/* Copies a frame.  `from` is mapped read-only and may be the zero frame; takes two slots.
 * As pgt_window_map(). */
enum pgt_status pgt_window_copy(struct pgt_window *window, uint64_t to, uint64_t from) PGT_MUST_USE;

#endif
