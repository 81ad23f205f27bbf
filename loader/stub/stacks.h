/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the processors' stacks lie.
 */
#ifndef LOADER_STUB_STACKS_H
#define LOADER_STUB_STACKS_H

#include "loader/stub/stub.h"

/* May the frame be reserved for a guard page: below this processor's stack, above it, or above
 * one of the others', which follow it?  A loader that doesn't say where the stack is gave as
 * much as was asked for. */
bool stacks_have_guard(const struct stub *stub, uint64_t phys);

#endif
