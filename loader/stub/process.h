/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program in an address space of its own: its pages, its registers, and how its faults are
 * resolved.
 */
#ifndef LOADER_STUB_PROCESS_H
#define LOADER_STUB_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/stub/frames.h"
#include "loader/stub/programs.h"
#include "loader/stub/stub.h"
#include "loader/stub/user.h"
#include "pagetables/resolve.h"

/* The addresses of every program.  Text, read-only data and data are a page each. */
#define PROCESS_TEXT   UINT64_C(0x0000000000400000)
#define PROCESS_RODATA (PROCESS_TEXT + PGT_PAGE)
#define PROCESS_DATA   (PROCESS_TEXT + 2 * PGT_PAGE)

/* Demand-zero. */
#define PROCESS_HEAP       UINT64_C(0x0000100000000000)
#define PROCESS_HEAP_PAGES 64

/* Demand-zero above a guard; the lower half's last page stays empty (user.c). */
#define PROCESS_STACK_END   UINT64_C(0x00007ffffffff000)
#define PROCESS_STACK_PAGES 4
#define PROCESS_STACK       (PROCESS_STACK_END - PROCESS_STACK_PAGES * PGT_PAGE)
#define PROCESS_GUARD       (PROCESS_STACK - PGT_PAGE)

/* Text and data, heap, guard, stack; and what unmapping cuts them into. */
#define PROCESS_AREAS 16

struct process {
    struct stub *stub;
    struct pgt_space space;
    struct pgt_vm vm;
    struct pgt_area area[PROCESS_AREAS];
    struct user user;
    uint64_t resolved;        /* faults put right */
    enum pgt_outcome outcome; /* of the last fault */
    char said[64];            /* its last words */
};

/* A fresh program.  False, with a note of the reason, and nothing left behind. */
bool process_open(struct process *process, struct stub *stub);

/* A copy of `parent`, registers included, whose pages both share until one writes. */
bool process_fork(struct process *child, struct process *parent);

/* Gives back all that it has. */
bool process_close(struct process *process);

/* Where an entry of programs.S is in its address space. */
uint64_t process_address(const char *entry);

/* Starts over at an entry, with arguments, on an empty stack. */
void process_begin(struct process *process, const char *entry, uint64_t first, uint64_t second,
                   uint64_t third);

/* Runs it in its address space until it exits, forks, or is killed by an exception. */
enum process_end { PROCESS_EXITED, PROCESS_FORKED, PROCESS_KILLED };
enum process_end process_run(struct process *process);

/* What it exited with. */
uint64_t process_result(const struct process *process);

/* As if the program touched its memory: enters its address space, reads or writes a word on its
 * behalf, and comes back.  False if that faulted and could not be resolved. */
bool process_peek(struct process *process, uint64_t virt, uint64_t *ret_word);
bool process_poke(struct process *process, uint64_t virt, uint64_t word);

/* As if the kernel read the program's memory by mistake.  True if that faulted, and the fault was
 * not put right. */
bool process_stray_read(struct process *process, uint64_t virt);

/* Unmaps pages, whose frames go; in a demand-zero area they read as zeros again. */
bool process_unmap(struct process *process, uint64_t virt, uint64_t bytes);

#endif
