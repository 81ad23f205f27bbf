/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that want a fault.
 */
#ifndef LOADER_STUB_EXPECT_H
#define LOADER_STUB_EXPECT_H

#include <stdint.h>

#include "loader/stub/tap.h"

/* One test: access(address), one of fault.h's accesses, raises a page fault with exactly this error
 * code, at this address, out of the kernel's text (of a fetch: out of the address). */
void expect_fault(struct tap *tap, const char *what, void (*access)(uint64_t), uint64_t address,
                  uint64_t error);

#endif
