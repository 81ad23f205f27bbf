/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deliberate access to the memory of the program whose address space is current.
 */
#ifndef LOADER_STUB_USER_MEMORY_H
#define LOADER_STUB_USER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies bytes out of a program's memory, or into it; faults on the way are resolved like its own.
 * False if the range reaches out of the lower half, whoever's memory it is, or if a fault could
 * not be resolved: then some bytes may be copied. */
bool user_memory_read(void *to, uint64_t from, size_t bytes);
bool user_memory_write(uint64_t to, const void *from, size_t bytes);

#endif
