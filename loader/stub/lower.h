/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lower half of one's own: an address space on the kernel's upper half, for a test that
 * puts pages into it and enters it.
 */
#ifndef LOADER_STUB_LOWER_H
#define LOADER_STUB_LOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/stub/stub.h"

/* Canonical with 4 levels too, and above any identity map. */
#define LOWER_PAGE UINT64_C(0x0000500000000000)

struct lower {
    struct stub *stub;
    struct pgt_space space;
    uint64_t home; /* CR3 to go back to */
};

/* Makes the space.  One test, whose result it returns. */
bool lower_open(struct lower *lower, struct stub *stub, const char *what);

/* Maps a page and flushes. */
bool lower_map(struct lower *lower, const struct pgt_mapping *mapping);

void lower_enter(struct lower *lower);
void lower_leave(const struct lower *lower);

/* Destroys the space.  One test: it was sound to the end, and every frame came back. */
void lower_close(struct lower *lower);

#endif
