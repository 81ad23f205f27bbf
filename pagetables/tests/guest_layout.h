/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the guest that probes addresses has its own things: physical addresses, and the same
 * above GUEST_VIRT.  For C and assembly.
 */
#ifndef PAGETABLES_TESTS_GUEST_LAYOUT_H
#define PAGETABLES_TESTS_GUEST_LAYOUT_H

#define GUEST_VIRT 0xffff960000000000

#define GUEST_GDT        0x1000
#define GUEST_TSS        0x1800
#define GUEST_IDT        0x2000
#define GUEST_CODE       0x3000
#define GUEST_USER_CODE  0x4000
#define GUEST_STACK      0x5000
#define GUEST_USER_STACK 0x6000
#define GUEST_RECORDS    0x8000
#define GUEST_OWN_END    0x100000

#define GUEST_CS      0x08
#define GUEST_DS      0x10
#define GUEST_USER_DS 0x1b
#define GUEST_USER_CS 0x23
#define GUEST_TR      0x28

/* How far apart the entries of the 32 exceptions are. */
#define GUEST_ENTRY_BYTES 16
/* The exception, INT3, by which a probe that met no fault comes back from ring 3. */
#define GUEST_CALL 3

/* struct guest_probe */
#define PROBE_ADDRESS 0
#define PROBE_KIND    8
#define PROBE_VECTOR  12
#define PROBE_ERROR   16
#define PROBE_CR2     24
#define PROBE_VALUE   32
#define PROBE_BYTES   40

/* Kinds of access; and what may be added. */
#define PROBE_READ  0
#define PROBE_WRITE 1
#define PROBE_FETCH 2
#define PROBE_USER  4 /* in ring 3 */
#define PROBE_AC    8 /* with RFLAGS.AC set */

#define PROBE_NO_FAULT 0x100

#endif
