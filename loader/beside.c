/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/beside.h"

#include <stdbool.h>
#include <string.h>

size_t ldr_beside_room(const char *file, const char *path)
{
    return strlen(file) + strlen(path) + 3; /* two slashes and the end */
}

/* Adds one name to the path of `length` bytes at `to`, or takes one off; returns the new length. */
static size_t step(char *to, size_t length, const char *name, size_t bytes)
{
    if (bytes == 0 || (bytes == 1 && name[0] == '.'))
        return length;
    if (bytes == 2 && name[0] == '.' && name[1] == '.') {
        while (length > 0 && to[length - 1] != '/')
            length--;
        return length > 0 ? length - 1 : 0;
    }
    to[length] = '/';
    memcpy(to + length + 1, name, bytes);
    return length + 1 + bytes;
}

/* All names of a path, or all but the last. */
static size_t walk(char *to, size_t length, const char *path, bool last_too)
{
    for (size_t bytes;; path += bytes + 1) {
        bytes = 0;
        while (path[bytes] != 0 && path[bytes] != '/')
            bytes++;
        if (path[bytes] == 0)
            return last_too ? step(to, length, path, bytes) : length;
        length = step(to, length, path, bytes);
    }
}

void ldr_beside(char *to, const char *file, const char *path)
{
    size_t length = path[0] == '/' ? 0 : walk(to, 0, file, false);
    length = walk(to, length, path, true);
    if (length == 0)
        to[length++] = '/';
    to[length] = 0;
}
