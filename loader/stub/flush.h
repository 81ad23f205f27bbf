/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other half of a change: making the processor forget.
 */
#ifndef LOADER_STUB_FLUSH_H
#define LOADER_STUB_FLUSH_H

#include "pagetables/pagetables.h"

/* Does what `flush` asks for on this, the only, processor. */
void flush_do(const struct pgt_flush *flush);

#endif
