/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles with protocols on them, for tests of code that tells one device from another.
 */
#ifndef EFI_TESTS_FAKE_HANDLES_H
#define EFI_TESTS_FAKE_HANDLES_H

#include "efi/tests/fake.h"

/* From now on the fake finds what is added, and nothing else. */
void fake_handles_start(struct fake *fake);

/* Puts a protocol on a handle, which is any pointer but null. */
void fake_handles_add(EFI_HANDLE handle, EFI_GUID guid, void *protocol);

/* What is added from now on is found only once ConnectController() was called for all handles
 * that were there before. */
void fake_handles_unconnected(void);

/* Calls of ConnectController() so far. */
size_t fake_handles_connections(void);

#endif
