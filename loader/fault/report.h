/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole report of an exception, by the page-table library's means: what happened, why,
 * where, and how it came to that.  A function of what it is given: it reads memory
 * only through its caller, and the tables where space->frames says that they can be read.
 */
#ifndef LOADER_FAULT_REPORT_H
#define LOADER_FAULT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/fault/places.h"
#include "loader/fault/trap.h"
#include "pagetables/explain.h"

/* An exception, as it was when the handler was entered. */
struct fault_scene {
    const struct trap_frame *frame;
    const char *who;               /* whose code that is: "the kernel" */
    size_t processor;              /* its number; 0 isn't told, since it may be the only one */
    const struct pgt_space *space; /* its root is what CR3 led to; it is only read */
    uint64_t cr0, cr2, cr4, efer;
    uint32_t pkru;
    const struct pgt_symbols *symbols; /* null: none */
    const struct fault_places *places; /* null: not known */
    /* A byte of the interrupted code's memory: false rather than to fault. */
    bool (*read)(void *context, uint64_t virt, uint8_t *ret_byte);
    void *context;
};

/* Is the page mapped, so that ring 0 can read it? */
bool fault_can_read(const struct pgt_space *space, uint64_t virt);

/* Line by line, in ASCII, shorter than 120 columns.  Their beginnings are fixed, so that a screen
 * can sort them: "exception ", "place: ", "broken: ", "advice: ", "code ", "#", ... */
void fault_report(const struct fault_scene *scene, pgt_line_fn *line, void *context);

#endif
