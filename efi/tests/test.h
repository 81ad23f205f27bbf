/* SPDX-License-Identifier: BSD-2-Clause */
/* cmocka, with the headers that it wants before itself. */
#ifndef EFI_TESTS_TEST_H
#define EFI_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
