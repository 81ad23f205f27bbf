/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the loader says no, and how it says what it does.
 */
#ifndef LOADER_REPORT_H
#define LOADER_REPORT_H

#include <stdarg.h>
#include <stddef.h>

/* Why a boot can't go on.  The status says which kind of thing is at fault, so
 * that a caller can choose what to return to its firmware; the text says what
 * exactly, where, and what to do. */
enum ldr_status {
    LDR_OK = 0,
    LDR_BAD_CONFIG,    /* the configuration */
    LDR_BAD_KERNEL,    /* the kernel file */
    LDR_BAD_REQUEST,   /* what the kernel asks for */
    LDR_BAD_MACHINE,   /* what firmware says or processor lacks */
    LDR_NO_MEMORY,     /* memory that is not there */
    LDR_NOT_FOUND,     /* a file or a volume */
    LDR_BAD_TABLES,    /* the verifier found a violation in the finished tables */
};

#define LDR_REPORT_BYTES 512

struct ldr_report {
    enum ldr_status status;
    char text[LDR_REPORT_BYTES]; /* one line of ASCII, no newline, terminated */
};

/* Fills in the report and returns the status, so that a refusal is one statement:
 *     return ldr_refuse(report, LDR_BAD_KERNEL, "%s: ...", name);
 */
enum ldr_status ldr_refuse(struct ldr_report *report, enum ldr_status status, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));

/* Formats into at most `bytes` bytes, terminated whenever bytes > 0; returns the
 * length that the whole would have had.  Knows %s %.*s %c %u %d %x %%, with l, ll and z,
 * field widths and leading zeros; nothing else. */
size_t ldr_format(char *buffer, size_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t ldr_vformat(char *buffer, size_t bytes, const char *format, va_list arguments);

/* Where progress and warnings go: one line a call, without a newline. */
struct ldr_log {
    void (*line)(void *context, const char *text);
    void *context;
};
void ldr_say(const struct ldr_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
