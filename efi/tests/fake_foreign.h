/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On the host a library runs as it is; what is counted is that each begin has its end.
 */
#ifndef EFI_TESTS_FAKE_FOREIGN_H
#define EFI_TESTS_FAKE_FOREIGN_H

/* Calls of foreign_begin() so far; asserts that none is open. */
unsigned fake_foreign_calls(void);

#endif
