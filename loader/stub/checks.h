/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests, by subject.  Each is a function that makes some tests.
 */
#ifndef LOADER_STUB_CHECKS_H
#define LOADER_STUB_CHECKS_H

#include "loader/stub/stub.h"

/* check_entry.c: the processor's state at the first instruction. */
void check_start(struct stub *stub); /* exactly three tests */
void check_entry_state(struct stub *stub);
void check_place(struct stub *stub);

/* check_answers.c: responses that stand for themselves. */
void check_answers(struct stub *stub);

/* check_files.c: the executable's file, its command line, modules. */
void check_files(struct stub *stub);

/* check_firmware.c: ACPI, SMBIOS, EFI. */
void check_firmware(struct stub *stub);

/* check_memmap.c: the memory map. */
void check_memmap(struct stub *stub);

/* check_direct.c: the direct map. */
void check_direct(struct stub *stub);

/* check_stack.c: the stack. */
void check_stack(struct stub *stub);

/* check_tables.c: the tables as the loader left them; adopts them. */
void check_tables(struct stub *stub);

/* check_faults.c: what must not be possible. */
void check_faults(struct stub *stub);

/* check_live.c: changes to the adopted tables while they are in use. */
void check_live(struct stub *stub);

/* check_spaces.c: a second address space on the same upper. */
void check_spaces(struct stub *stub);

#endif
