/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatting of text without a C library, and the refusals and log lines made
 * with it.  The application, the stub kernel and the host all run this file.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "loader/report.h"

/* Where the text goes.  `length` counts on behind the end of the buffer, since
 * the caller is told how long the whole would have been. */
struct output {
    char *buffer;
    size_t bytes;
    size_t length;
};

/* A va_list is an array on x86-64 and can't be passed on by address once it is
 * a parameter; inside a struct it can. */
struct arguments {
    va_list list;
};

enum size { SIZE_INT, SIZE_LONG, SIZE_LONG_LONG, SIZE_SIZE };

/* What stands between "%" and the conversion. */
struct directive {
    bool zeros;  /* fill with zeros, not with blanks */
    bool sliced; /* "%.*s": the text comes with its length */
    unsigned width;
    enum size size;
};

/* Enough for 2^64 - 1 in decimal. */
#define DIGITS 20

/* One byte is kept back for the terminator. */
static void put(struct output *out, char c)
{
    if (out->bytes > 0 && out->length < out->bytes - 1)
        out->buffer[out->length] = c;
    out->length++;
}

/* Fills up to the width what will take `length` bytes. */
static void put_fill(struct output *out, char fill, size_t length, unsigned width)
{
    for (size_t i = length; i < width; i++)
        put(out, fill);
}

/* Writes the digits of `value`, lowest first, and returns their number. */
static size_t digits_of(uint64_t value, unsigned base, char digits[DIGITS])
{
    size_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    return count;
}

/* Zeros stand behind the sign, blanks before it. */
static void put_number(struct output *out, const struct directive *how, bool negative,
                       uint64_t value, unsigned base)
{
    char digits[DIGITS];
    size_t count = digits_of(value, base, digits);
    size_t length = count + (negative ? 1 : 0);

    if (!how->zeros)
        put_fill(out, ' ', length, how->width);
    if (negative)
        put(out, '-');
    if (how->zeros)
        put_fill(out, '0', length, how->width);
    while (count > 0)
        put(out, digits[--count]);
}

/* An argument has to be taken in the size in which it was passed. */
static uint64_t take_unsigned(struct arguments *arguments, enum size size)
{
    switch (size) {
    case SIZE_LONG:
        return va_arg(arguments->list, unsigned long);
    case SIZE_LONG_LONG:
        return va_arg(arguments->list, unsigned long long);
    case SIZE_SIZE:
        return va_arg(arguments->list, size_t);
    case SIZE_INT:
        break;
    }
    return va_arg(arguments->list, unsigned);
}

static int64_t take_signed(struct arguments *arguments, enum size size)
{
    switch (size) {
    case SIZE_LONG:
        return va_arg(arguments->list, long);
    case SIZE_LONG_LONG:
        return va_arg(arguments->list, long long);
    case SIZE_SIZE:
        return va_arg(arguments->list, ptrdiff_t);
    case SIZE_INT:
        break;
    }
    return va_arg(arguments->list, int);
}

static void put_signed(struct output *out, const struct directive *how, struct arguments *arguments)
{
    int64_t value = take_signed(arguments, how->size);
    bool negative = value < 0;

    /* Negated as unsigned, so that the lowest value has its magnitude too. */
    put_number(out, how, negative, negative ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

/* A slice ends at its length or at a NUL.  A negative length, which a slice of
 * 2 GiB would have after its cast to int, prints nothing: unlike in printf,
 * nothing is ever read behind a slice. */
static void put_text(struct output *out, const struct directive *how, struct arguments *arguments)
{
    size_t limit = SIZE_MAX;
    size_t length = 0;

    if (how->sliced) {
        int precision = va_arg(arguments->list, int);
        limit = precision > 0 ? (size_t)precision : 0;
    }
    const char *text = va_arg(arguments->list, const char *);
    if (text == NULL)
        text = "";

    while (length < limit && text[length] != '\0')
        length++;
    put_fill(out, ' ', length, how->width);
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
}

/* A char is passed as an int. */
static void put_character(struct output *out, const struct directive *how,
                          struct arguments *arguments)
{
    put_fill(out, ' ', 1, how->width);
    put(out, (char)va_arg(arguments->list, int));
}

/* Reads what follows a "%" up to the conversion, and returns its place. */
static const char *read_directive(const char *at, struct directive *ret_how)
{
    struct directive how = {.zeros = *at == '0'};

    for (; *at >= '0' && *at <= '9'; at++)
        how.width = how.width * 10 + (unsigned)(*at - '0');
    if (at[0] == '.' && at[1] == '*' && at[2] == 's') {
        how.sliced = true;
        at += 2;
    }
    if (at[0] == 'l' && at[1] == 'l') {
        how.size = SIZE_LONG_LONG;
        at += 2;
    } else if (at[0] == 'l' || at[0] == 'z') {
        how.size = at[0] == 'l' ? SIZE_LONG : SIZE_SIZE;
        at++;
    }
    *ret_how = how;
    return at;
}

/* False for a conversion that is not known. */
static bool convert(struct output *out, char conversion, const struct directive *how,
                    struct arguments *arguments)
{
    switch (conversion) {
    case 's':
        put_text(out, how, arguments);
        return true;
    case 'c':
        put_character(out, how, arguments);
        return true;
    case 'd':
        put_signed(out, how, arguments);
        return true;
    case 'u':
        put_number(out, how, false, take_unsigned(arguments, how->size), 10);
        return true;
    case 'x':
        put_number(out, how, false, take_unsigned(arguments, how->size), 16);
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

/* From a conversion that is not known on, the format itself is the output: what
 * the arguments behind it are can't be told any more. */
static void format_all(struct output *out, const char *format, struct arguments *arguments)
{
    struct directive how;

    while (*format != '\0') {
        if (*format != '%') {
            put(out, *format++);
            continue;
        }
        const char *conversion = read_directive(format + 1, &how);
        if (!convert(out, *conversion, &how, arguments)) {
            while (*format != '\0')
                put(out, *format++);
            return;
        }
        format = conversion + 1;
    }
}

size_t ldr_vformat(char *buffer, size_t bytes, const char *format, va_list arguments)
{
    struct output out = {.buffer = buffer, .bytes = bytes};
    struct arguments copy;

    va_copy(copy.list, arguments);
    format_all(&out, format, &copy);
    va_end(copy.list);

    if (bytes > 0)
        buffer[out.length < bytes ? out.length : bytes - 1] = '\0';
    return out.length;
}

size_t ldr_format(char *buffer, size_t bytes, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    size_t length = ldr_vformat(buffer, bytes, format, arguments);
    va_end(arguments);
    return length;
}

/* One line of ASCII, whatever names from a disk were put into it: a console
 * would obey control characters.  A line that was cut shows it. */
static void format_line(char line[LDR_REPORT_BYTES], const char *format, va_list arguments)
{
    size_t length = ldr_vformat(line, LDR_REPORT_BYTES, format, arguments);

    for (char *c = line; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    if (length >= LDR_REPORT_BYTES)
        memcpy(&line[LDR_REPORT_BYTES - sizeof "..."], "...", sizeof "...");
}

enum ldr_status ldr_refuse(struct ldr_report *report, enum ldr_status status, const char *format,
                           ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_line(report->text, format, arguments);
    va_end(arguments);
    report->status = status;
    return status;
}

void ldr_say(const struct ldr_log *log, const char *format, ...)
{
    char line[LDR_REPORT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    log->line(log->context, line);
}
