/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables without a direct map: one root slot leads to the root itself, so that every table
 * has a virtual address, and entries can be read and written there.
 *
 * The entry of a level (1 is a page table's) that translates an address with the indices
 * a,b,c,d, with 4 levels, through slot r, is at the address with these indices:
 *
 *     level 4    r,r,r,r   entry a         level 2    r,r,a,b   entry c
 *     level 3    r,r,r,a   entry b         level 1    r,a,b,c   entry d
 *
 * Another root is edited through a second slot s of the active one, which leads there for a
 * while: the last r becomes s.  So that needs nothing of the other root.
 *
 * What the conventions of pagetables/pagetables.h say holds here too, but for this:
 * - Pages of 4K are made, no larger ones.  Larger ones that are met are read, changed or
 *   removed whole, or split where a range ends in them.
 * - Reading and writing goes through struct pgt_mmu, and frames.offset is not used: an
 *   allocator that writes into free frames, such as struct pgt_pool, needs a direct map itself.
 * - What the recursive addresses mean changes when a table comes, goes or takes a large
 *   page's place.  This processor is made to forget such an address at once, since the next step
 *   needs it; struct pgt_flush gathers it besides, for the others.
 * - Entries that lead to tables hold nothing in ignored bits, since the processor
 *   takes those entries for leaves at recursive addresses, where the bits mean something: global,
 *   protection key.  So a table that was edited is looked through to see whether it
 *   is empty.  Tables of a struct pgt_space can be used after pgt_disown().
 * - The recursive slot withholds ring 3 and execution from all that is reached
 *   through it.  All other entries above leaves grant all rights.
 * - One struct for each processor, as its window is.  One writer at a time for all address spaces
 *   that share tables, and for an active root, as its second slot is one.  Not from an
 *   interrupt handler that interrupted a writer.
 * - The window's pages are not edited, by duty.
 *
 * Statuses, with their meaning here
 *     PGT_MISALIGNED, PGT_BAD_RANGE, PGT_BAD_PHYSICAL, PGT_NO_FRAMES   as everywhere
 *     PGT_BAD_RANGE    unmap, protect: a page of the range is not mapped
 *     PGT_BAD_RIGHTS   as everywhere; and if the zero frame would become writable
 *     PGT_SEALED       the range meets the recursive or the second slot, or needs a new root
 *                      entry in the shared upper
 *     PGT_BUSY         no slot of the window is free
 *     PGT_MALFORMED    an entry above a leaf withholds a right that is asked for, or is read-only,
 *                      so that what it leads to can't be changed; or the tables have a leaf that
 *                      the processor doesn't have
 */
#ifndef PAGETABLES_RECURSIVE_H
#define PAGETABLES_RECURSIVE_H

#include "pagetables/window.h"

/* ------------------------------------------------------------------------
 * Addresses
 */

/* The virtual address of the entry of a level (1 to arch->levels) that translates virt, in the
 * active root, through a slot (0 to 511). */
uint64_t pgt_recursive_entry(const struct pgt_arch *arch, unsigned slot, uint64_t virt,
                             unsigned level);

/* The virtual address of the table that holds this entry. */
uint64_t pgt_recursive_table(const struct pgt_arch *arch, unsigned slot, uint64_t virt,
                             unsigned level);

/* The raw entry for the slot that makes a root recursive: present and writable, not for
 * ring 3, and no-execute where arch has that. */
uint64_t pgt_recursive_link(const struct pgt_arch *arch, uint64_t root);

/* ------------------------------------------------------------------------
 * The slots
 */

/* Addresses that must not lie in a slot's reach: both ends belong. */
struct pgt_needed {
    uint64_t first;
    uint64_t last;
};

struct pgt_recursive_slots {
    unsigned slot;   /* leads to the root itself, in every root */
    unsigned second; /* to edit inactive roots, and empty otherwise; equal to slot for none */
    unsigned upper;  /* root slots from here on are shared by all roots (but for these
                        two), and never change; 0 for none */
    const struct pgt_needed *needed; /* what the caller needs; not used after the call */
    size_t needed_count;
};

/* Fields are for reading only. */
struct pgt_recursive {
    struct pgt_space space; /* arch, frames and upper_slot alone; not for pgt_map() and the like,
                               which would reach for a direct map */
    struct pgt_window *window;
    unsigned slot;
    unsigned second;
    unsigned via; /* the slot that leads to the root that is edited */
};

/* For editing the active root, whichever that is when a call is made: its slot shall lead
 * to itself.  frames is copied; arch, processor and zero frame are the window's, which shall
 * outlive this.  Touches no table.
 *
 * PGT_OCCUPIED: the reach of a slot meets what is needed, or the window (a kernel at -2 GiB
 * needs slot 511).  PGT_BAD_RANGE: not a slot, or a span that ends before it starts. */
enum pgt_status pgt_recursive_init(struct pgt_recursive *recursive, const struct pgt_frames *frames,
                                   struct pgt_window *window,
                                   const struct pgt_recursive_slots *slots) PGT_MUST_USE;

/* Links in tables for the page at virt, on all levels where there are none: frames that are all
 * zeros already, since there may be no window yet through which to clear them.  This is
 * how the window itself gets its tables, in the shared upper too, before other roots are made.
 * Uses as many of frame[count] as are missing, from the first on; *ret_used tells.
 *
 * PGT_NO_FRAMES: more are missing (a level each at most).  PGT_OCCUPIED: a large page maps virt. */
enum pgt_status pgt_recursive_plant(const struct pgt_recursive *recursive, uint64_t virt,
                                    const uint64_t *frame, size_t count,
                                    size_t *ret_used) PGT_MUST_USE;

/* ------------------------------------------------------------------------
 * Editing
 */

/* As pgt_map(), with pages of 4K; `promote` is not read.  New tables are cleared through the
 * window before an entry leads to them. */
enum pgt_status pgt_recursive_map(const struct pgt_recursive *recursive,
                                  const struct pgt_mapping *mapping,
                                  struct pgt_flush *flush) PGT_MUST_USE;

/* As pgt_unmap(), but every page of the range shall be mapped: PGT_BAD_RANGE, and nothing
 * is unmapped.  Tables that become empty are given back, except those right below the shared
 * upper's root slots and those that lead to the window. */
enum pgt_status pgt_recursive_unmap(const struct pgt_recursive *recursive, uint64_t virt,
                                    uint64_t bytes, struct pgt_flush *flush) PGT_MUST_USE;

/* As pgt_protect() with PGT_CHANGE_RIGHTS, but every page of the range shall be mapped. */
enum pgt_status pgt_recursive_protect(const struct pgt_recursive *recursive, uint64_t virt,
                                      uint64_t bytes, unsigned rights,
                                      struct pgt_flush *flush) PGT_MUST_USE;

/* As pgt_lookup().  The rights are those that all levels leave, so that an address of the recursive
 * slot is told as what it is. */
bool pgt_recursive_lookup(const struct pgt_recursive *recursive, uint64_t virt,
                          struct pgt_leaf *ret_leaf) PGT_MUST_USE;

/* As pgt_translate() of pagetables/directory.h. */
bool pgt_recursive_translate(const struct pgt_recursive *recursive, uint64_t virt,
                             uint64_t *ret_phys) PGT_MUST_USE;

/* ------------------------------------------------------------------------
 * Inactive roots
 */

/* Makes a root of which all entries are 0 but the recursive one, which leads to itself, and those
 * of the shared upper, which are as in the active root.  Takes one frame.
 *
 * PGT_BUSY: no slot of the window is free.  PGT_NO_FRAMES. */
enum pgt_status pgt_recursive_create(const struct pgt_recursive *active,
                                     uint64_t *ret_root) PGT_MUST_USE;

/* For editing another root, which no processor has to use, with the calls above, until
 * pgt_recursive_close(); `active` shall not be used meanwhile.  Points the active root's second
 * slot there and forgets all translations: the processor may remember, without having been asked,
 * any address below the slot from when it led elsewhere, on another processor or this one.  Opening
 * the active root is allowed and does neither.  What the edits gather is to be flushed where this
 * root is in use, and where the active one is.
 *
 * PGT_MISALIGNED, PGT_BAD_PHYSICAL: not a root.  PGT_BUSY: the second slot is in use.
 * PGT_BAD_RANGE: there is none. */
enum pgt_status pgt_recursive_open(struct pgt_recursive *other, const struct pgt_recursive *active,
                                   uint64_t root) PGT_MUST_USE;

/* Empties the second slot, and forgets all translations again.  The active root shall be the same
 * as when it was opened. */
void pgt_recursive_close(struct pgt_recursive *other);

/* Gives back all tables of an inactive root but those of the shared upper, then the root.  It shall
 * be in use by no processor, and hold what these calls made of it.  As pgt_recursive_open();
 * PGT_BUSY if it is the active root. */
enum pgt_status pgt_recursive_destroy(struct pgt_recursive *active, uint64_t root) PGT_MUST_USE;

#endif
