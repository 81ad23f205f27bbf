/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flaws on purpose, by which the machine runner proves that it notices them.
 */
#ifndef LOADER_STUB_FLAW_H
#define LOADER_STUB_FLAW_H

#include "loader/stub/stub.h"

/* The function behind a name: none, hang, reset, fail or crash. */
#define FLAW_JOIN(name) flaw_##name
#define FLAW(name)      FLAW_JOIN(name)

void flaw_none(struct tap *tap);
void flaw_hang(struct tap *tap);  /* stops for ever */
void flaw_reset(struct tap *tap); /* a triple fault */
void flaw_fail(struct tap *tap);  /* one test that fails */
void flaw_crash(struct tap *tap); /* an exception that nobody expects: after all tests */

/* After the tests: where the flaw is a crash, it is now. */
void flaw_last(const struct stub *stub);

#endif
