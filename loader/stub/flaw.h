/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flaws on purpose, by which the machine runner proves that it notices them.
 */
#ifndef LOADER_STUB_FLAW_H
#define LOADER_STUB_FLAW_H

#include "loader/stub/tap.h"

/* The function behind a name: none, hang, reset or fail. */
#define FLAW_JOIN(name) flaw_##name
#define FLAW(name)      FLAW_JOIN(name)

void flaw_none(struct tap *tap);
void flaw_hang(struct tap *tap);  /* stops for ever */
void flaw_reset(struct tap *tap); /* a triple fault */
void flaw_fail(struct tap *tap);  /* one test that fails */

#endif
