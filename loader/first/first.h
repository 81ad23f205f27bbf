/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest kernel on Pagelift's parts: README.md beside this header goes through it.
 */
#ifndef LOADER_FIRST_FIRST_H
#define LOADER_FIRST_FIRST_H

/* Segments, in the order that SYSCALL and SYSRET want, for the day when they are used. */
#define SELECTOR_CODE      0x08
#define SELECTOR_DATA      0x10
#define SELECTOR_USER_DATA 0x1b
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TASK      0x28

#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT   14

#define TRAP_ENTRY_BYTES 16 /* from one vector's entry to the next */
#define TSS_RSP0         4  /* where a TSS names the stack on which ring 3 arrives */

#ifndef __ASSEMBLER__
#include "loader/limine.h"
#include "loader/pagetables_request.h"
#include "pagetables/ram.h"
#include "pagetables/resolve.h"

/* console.c: a serial line, and the verdict. */
void console_put(char byte);
void console_line(void *context, const char *text); /* as the library's reports want it */
void console_point(bool well, const char *what);
_Noreturn void console_end(void);
void require(bool well, const char *otherwise); /* returns only if all is well */

/* memory.c: frames, and the tables that the loader built. */
struct memory {
    uint64_t offset;         /* of the direct map */
    struct pgt_ram ram;      /* every usable frame */
    struct pgt_pool pool;    /* tables of the kernel's own half */
    struct pgt_space kernel; /* adopted and sealed */
    uint64_t zero_frame;
};

void memory_init(struct memory *memory, const struct limine_memmap_response *map,
                 const struct limine_pagetables_response *told);

/* process.c: a program, its address space and its faults. */
struct process {
    struct memory *memory;
    struct pgt_space space;
    struct pgt_vm vm;
    struct pgt_area area[3];
    unsigned resolved; /* faults */
    enum pgt_outcome outcome;
    bool exited; /* by itself, with the status; else it was stopped */
    uint64_t status;
};

bool process_open(struct process *process, struct memory *memory);
void process_run(struct process *process, void (*entry)(void)); /* until it has ended */
bool process_close(struct process *process);

/* processor.c: descriptors, CR3, and what can be told about an exception. */
struct frame { /* trap.S leaves it on the stack */
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

void processor_init(void);
void processor_use(const struct pgt_space *space);
void processor_report(const struct frame *frame, uint64_t address);

/* trap.S. */
void ring3_enter(uint64_t rip, uint64_t rsp); /* a call, which ring3_leave() lets return */
_Noreturn void ring3_leave(void);

#endif
#endif
