/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that are relative to another file.
 */
#ifndef LOADER_BESIDE_H
#define LOADER_BESIDE_H

#include <stddef.h>

/* How many bytes ldr_beside() writes at most. */
size_t ldr_beside_room(const char *file, const char *path);

/* Writes the path from the volume's root that `path` means in the folder of `file`: with a leading
 * slash, terminated, "." and ".." resolved; above the root there is the root.  A path
 * that begins with a slash begins at the root. */
void ldr_beside(char *to, const char *file, const char *path);

#endif
