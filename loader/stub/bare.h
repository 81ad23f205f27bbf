/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address space as a kernel without a direct map has it: a recursive slot, a slot to
 * reach other roots, and a window for temporary mappings; all in its lower half.
 */
#ifndef LOADER_STUB_BARE_H
#define LOADER_STUB_BARE_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/stub/frames.h"
#include "pagetables/recursive.h"

/* The window's page is the last one below the slot's reach. */
#define BARE_SLOT         64
#define BARE_SECOND       65
#define BARE_WINDOW_SLOTS 4

struct bare {
    struct stub *stub;
    uint64_t root;
    uint64_t home; /* CR3 to go back to */
    struct pgt_window window;
    struct pgt_recursive recursive;
    uint64_t table[4]; /* the window's */
    size_t tables;
};

/* Makes the root, enters it, and gives it its window.  False: not enough frames, or refused. */
bool bare_open(struct bare *bare, struct stub *stub);

/* Goes back, and gives back root and window's tables: nothing else shall be left in it. */
bool bare_close(struct bare *bare);

/* Invalidates, and lets tables be used again. */
void bare_finish(struct bare *bare, struct pgt_flush *flush);

#endif
