/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_expect_at(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: doesn't hold: %s\n", file, line, what);
    abort();
}

void fuzz_expect_line(const char *text)
{
    fuzz_expect(text[0] != '\0' && strlen(text) < LDR_REPORT_BYTES);
    for (const char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~') {
            fprintf(stderr, "not printable: %s\n", text);
            abort();
        }
}

uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size);

    fuzz_expect(size == 0 || copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

static void line(void *context, const char *text)
{
    (void)context;
    fuzz_expect_line(text);
}

struct ldr_log fuzz_log(void)
{
    return (struct ldr_log){.line = line};
}

uint64_t fuzz_take(struct fuzz_input *input, unsigned bytes)
{
    uint64_t value = 0;
    size_t taken = input->size < bytes ? input->size : bytes;

    if (taken > 0)
        memcpy(&value, input->data, taken);
    input->data += taken;
    input->size -= taken;
    return value;
}
