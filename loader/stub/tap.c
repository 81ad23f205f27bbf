/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the Test Anything Protocol.
 */
#include "loader/stub/tap.h"

#include <stdarg.h>

#include "loader/report.h"
#include "loader/fault/serial.h"

#define LINE_BYTES 512

static void say(const char *before, const char *format, va_list arguments, const char *after)
{
    char line[LINE_BYTES];

    ldr_vformat(line, sizeof(line), format, arguments);
    serial_write(before);
    serial_write(line);
    serial_write(after);
}

/* "ok 7 - " or "not ok 7 - " and the description. */
static void say_test(struct tap *tap, bool passed, const char *format, va_list arguments,
                     const char *after)
{
    char head[32];

    tap->count++;
    tap->failed += !passed;
    ldr_format(head, sizeof(head), "%sok %u - ", passed ? "" : "not ", tap->count);
    say(head, format, arguments, after);
}

void tap_begin(void)
{
    serial_write("TAP version 14\n");
}

bool tap_ok(struct tap *tap, bool passed, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_test(tap, passed, format, arguments, "\n");
    va_end(arguments);
    return passed;
}

bool tap_equal(struct tap *tap, uint64_t got, uint64_t wanted, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_test(tap, got == wanted, format, arguments, "\n");
    va_end(arguments);
    if (got != wanted)
        tap_note("got 0x%lx, wanted 0x%lx", got, wanted);
    return got == wanted;
}

void tap_skip(struct tap *tap, const char *reason, const char *format, ...)
{
    va_list arguments;

    tap->skipped++;
    va_start(arguments, format);
    say_test(tap, true, format, arguments, " # SKIP ");
    va_end(arguments);
    serial_write(reason);
    serial_write("\n");
}

void tap_note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("# ", format, arguments, "\n");
    va_end(arguments);
}

void tap_bail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("Bail out! ", format, arguments, "\n");
    va_end(arguments);
}

bool tap_end(const struct tap *tap)
{
    char plan[32];

    ldr_format(plan, sizeof(plan), "1..%u\n", tap->count);
    serial_write(plan);
    if (tap->skipped > 0)
        tap_note("%u tests were skipped", tap->skipped);
    if (tap->failed > 0)
        tap_note("verdict: %u of %u tests failed", tap->failed, tap->count);
    else
        tap_note("verdict: all %u tests passed", tap->count);
    return tap->failed == 0;
}
