/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Test Anything Protocol, version 14, on the serial port.
 */
#ifndef LOADER_STUB_TAP_H
#define LOADER_STUB_TAP_H

#include <stdbool.h>
#include <stdint.h>

#define TAP_FORMAT(text, first) __attribute__((format(printf, text, first)))

/* Zero it, then begin. */
struct tap {
    unsigned count;
    unsigned failed;
    unsigned skipped;
};

void tap_begin(void);

/* One test.  Returns `passed`, so that a caller can explain a failure with tap_note(). */
bool tap_ok(struct tap *tap, bool passed, const char *format, ...) TAP_FORMAT(3, 4);

/* One test that passes if both numbers are equal, and otherwise says what they are. */
bool tap_equal(struct tap *tap, uint64_t got, uint64_t wanted, const char *format, ...)
    TAP_FORMAT(4, 5);

/* One test that can't be made here. */
void tap_skip(struct tap *tap, const char *reason, const char *format, ...) TAP_FORMAT(3, 4);

/* A line for people. */
void tap_note(const char *format, ...) TAP_FORMAT(1, 2);

/* Nothing that follows would mean anything. */
void tap_bail(const char *format, ...) TAP_FORMAT(1, 2);

/* The plan and the verdict.  True if no test failed. */
bool tap_end(const struct tap *tap);

#endif
