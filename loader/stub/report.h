/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole report of an exception, by the library's means: what happened, why, where, and how it
 * came to that.
 */
#ifndef LOADER_STUB_REPORT_H
#define LOADER_STUB_REPORT_H

#include <stdint.h>

#include "loader/stub/process.h"
#include "loader/stub/stub.h"
#include "loader/fault/trap.h"
#include "pagetables/explain.h"

/* What was reported, by the kind of its lines. */
struct report_count {
    unsigned lines;
    unsigned frames;  /* of the backtrace */
    unsigned symbols; /* those with a name */
    bool broken;      /* the rule that was broken is named */
};

/* An exception, as it was when the kernel was entered.  The address is CR2, the root what CR3
 * led to.  `slide` is where the code runs less where it is linked: 0 for the kernel's own. */
struct report {
    const struct stub *stub;
    const struct trap_frame *frame;
    uint64_t address;
    uint64_t root;
    uint64_t slide;
};

/* The report, line by line.  Needs adopted tables. */
void report_lines(const struct report *report, pgt_line_fn *line, void *context);

/* The same on serial, as notes between the tests. */
struct report_count report_notes(const struct report *report);

/* Of a program that was killed. */
struct report_count report_program(const struct process *process);

/* For the kernel's own exceptions, in the address space that is current. */
struct report report_of_kernel(const struct stub *stub, const struct trap_frame *frame,
                               uint64_t address);

#endif
