/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor held when the kernel got it.
 */
#ifndef LOADER_STUB_ENTRY_H
#define LOADER_STUB_ENTRY_H

#include <stddef.h>
#include <stdint.h>

/* An operand of SGDT and SIDT. */
struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* entry.S fills it in before it changes anything; the offsets are its. */
struct entry_state {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;    /* 0 */
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15; /* 56 */
    uint64_t rsp;                                  /* 120 */
    uint64_t rflags;                               /* 128 */
    uint64_t return_address;                       /* 136 */
    uint64_t cr0, cr3, cr4, efer, pat;             /* 144 */
    uint16_t cs, ds, es, fs, gs, ss, ldtr, tr;     /* 184 */
    struct table_register gdtr;                    /* 200 */
    struct table_register idtr;                    /* 210 */
    uint8_t by_elf_header; /* 220: started at the ELF header's entry, not at the request's */
    uint64_t time_stamp;   /* 224 */
};

_Static_assert(offsetof(struct entry_state, r8) == 56, "entry.S");
_Static_assert(offsetof(struct entry_state, rsp) == 120, "entry.S");
_Static_assert(offsetof(struct entry_state, cr0) == 144, "entry.S");
_Static_assert(offsetof(struct entry_state, cs) == 184, "entry.S");
_Static_assert(offsetof(struct entry_state, gdtr) == 200, "entry.S");
_Static_assert(offsetof(struct entry_state, idtr) == 210, "entry.S");
_Static_assert(offsetof(struct entry_state, by_elf_header) == 220, "entry.S");
_Static_assert(offsetof(struct entry_state, time_stamp) == 224, "entry.S");

extern struct entry_state entry_state;

/* Where the entry point request leads, and where the ELF header does. */
void requested_entry(void);
void elf_entry(void);

#endif
