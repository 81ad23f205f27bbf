/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loaded kernel made by hand, for the tests of what is read from its image.
 *
 *     ffffffff80000000  text  0x1000 bytes, read and execute
 *     ffffffff80001000  nothing
 *     ffffffff80002000  data  0x1000 bytes from the file and 0x800 zeros
 *
 * The memory is allocated at exactly the image's size, so that AddressSanitizer
 * sees whoever reads behind it.
 */
#ifndef LOADER_TESTS_REQUESTS_KERNEL_H
#define LOADER_TESTS_REQUESTS_KERNEL_H

#include "loader/requests.h"

#define REQUESTS_BASE  UINT64_C(0xffffffff80000000)
#define REQUESTS_TEXT  0
#define REQUESTS_DATA  0x2000
#define REQUESTS_ZERO  0x3000 /* where the file-backed part of the data ends */
#define REQUESTS_END   0x3800 /* where the data segment ends */
#define REQUESTS_BYTES 0x4000

struct requests_kernel {
    struct ldr_image image;
    uint8_t *memory;
    unsigned lines; /* written to the log */
    char line[400]; /* the last one */
    struct ldr_report report;
    struct ldr_requests requests;
};

void requests_kernel_make(struct requests_kernel *kernel);
void requests_kernel_free(struct requests_kernel *kernel);

/* cmocka's set-up and tear-down: *state is such a kernel. */
int requests_kernel_begin(void **state);
int requests_kernel_end(void **state);
#define WITH_KERNEL(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, requests_kernel_begin, requests_kernel_end)

/* Writes words at an offset of the image. */
void requests_put(struct requests_kernel *kernel, uint64_t at, const uint64_t *word, size_t count);
#define REQUESTS_PUT(kernel, at, ...)                                                              \
    requests_put(kernel, at, (const uint64_t[]){__VA_ARGS__},                                      \
                 sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

/* Writes a request of a feature: its id, `revision`, and a response of 0. */
void requests_put_feature(struct requests_kernel *kernel, uint64_t at, enum ldr_feature feature,
                          uint64_t revision);
void requests_put_tag(struct requests_kernel *kernel, uint64_t at, uint64_t revision);
void requests_put_start(struct requests_kernel *kernel, uint64_t at);
void requests_put_end(struct requests_kernel *kernel, uint64_t at);

/* Searches; the first expects success, the second a refusal whose text names the
 * file and holds `part`, and that leaves the result alone. */
void requests_found(struct requests_kernel *kernel);
void requests_refused(struct requests_kernel *kernel, const char *part);

#endif
