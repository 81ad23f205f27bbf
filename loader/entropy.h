/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where random bytes come from.  The loader knows no firmware and touches no processor for it:
 * whoever loads a kernel brings a source along, or none.
 */
#ifndef LOADER_ENTROPY_H
#define LOADER_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>

struct ldr_entropy {
    /* Fills `bytes` with `count` random bytes, fit for seeding a generator.  False where there
     * are none to be had; the content of `bytes` is then of no use. */
    bool (*fill)(void *context, void *bytes, size_t count);
    void *context;
};

/* A source may be null, or lead nowhere: then there is no entropy. */
static inline bool ldr_entropy_fill(const struct ldr_entropy *entropy, void *bytes, size_t count)
{
    return entropy != NULL && entropy->fill != NULL &&
           entropy->fill(entropy->context, bytes, count);
}

#endif
