/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults on purpose before the kernel has an interrupt table of its own: what a loader does
 * about them.
 */
#ifndef LOADER_STUB_EARLY_H
#define LOADER_STUB_EARLY_H

/* Does what the command line asks for by the word "early=NAME", and doesn't come back then:
 *   null    calls a null pointer
 *   text    writes to its own text
 *   stack   recurses without an end
 *   ud2     executes an invalid instruction
 *   divide  divides by 0
 *   wild    reads from an address that is not canonical
 *   hole    reads from the direct map where nothing is mapped
 *   data    executes data
 *   others  lets all other processors execute an invalid instruction at once
 *   astray  reads where a table entry leads to no memory: a report that reads the tables
 *           through the direct map faults, too */
void early_fault(void);

#endif
