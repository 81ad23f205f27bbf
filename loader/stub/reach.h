/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Getting at physical memory that the loader did not map.
 */
#ifndef LOADER_STUB_REACH_H
#define LOADER_STUB_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/stub/stub.h"

/* How base revision and feature hand an address on. */
enum reach_kind {
    REACH_VIRTUAL, /* in the direct map already */
    REACH_PHYSICAL /* not mapped, or not by promise */
};

/* Makes `bytes` bytes readable and returns where; null if they are not mapped and can't
 * be.  A virtual address that isn't mapped is not helped: it should have been. */
const void *reach(struct stub *stub, uint64_t address, size_t bytes, enum reach_kind kind);

#endif
