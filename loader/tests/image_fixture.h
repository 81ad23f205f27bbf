/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of reading a kernel image share: a builder with a good file, and
 * the questions that each of them asks.
 */
#ifndef LOADER_TESTS_IMAGE_FIXTURE_H
#define LOADER_TESTS_IMAGE_FIXTURE_H

#include "loader/image.h"
#include "loader/tests/elf_builder.h"

#define IMAGE_NAME "kernel.elf"

/* What one test works with. */
struct image_fixture {
    struct elf_builder elf;
    struct ldr_image image;
    struct ldr_report report;
    uint8_t *copy; /* of the file, exactly as long, so that reading behind it is caught */
};

/* One test, from an ET_EXEC or from a PIE linked at 0. */
#define IMAGE_EXEC(test) cmocka_unit_test_setup_teardown(test, image_start_exec, image_stop)
#define IMAGE_PIE(test)  cmocka_unit_test_setup_teardown(test, image_start_pie, image_stop)
int image_start_exec(void **state);
int image_start_pie(void **state);
int image_stop(void **state);

/* Reads what the builder makes. */
enum ldr_status image_read(struct image_fixture *f);

/* The file is accepted. */
void image_accepted(struct image_fixture *f);

/* It is refused as a bad kernel, in a text that names the file, `where` and `why`, and
 * the caller's image stays as it was. */
void image_refused(struct image_fixture *f, const char *where, const char *why);
void image_check_text(const char *text, const char *where, const char *why);

/* A segment is what its program header says. */
void image_check_segment(const struct ldr_segment *segment, const Elf64_Phdr *program,
                         uint64_t slide, unsigned index, unsigned rights);

/* The image is the builder's own three segments, moved by `slide`. */
void image_check_three_segments(const struct image_fixture *f, uint64_t slide);

/* Loaded into memory that was not clean, and is exactly as large as was asked for, the
 * image is as the builder's file says. */
void image_check_loaded(const struct image_fixture *f);

#endif
