/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine and a kernel that asks, for the tests of the answers.
 *
 * The direct map's offset is chosen so that an address in it *is* a host address
 * where it leads into the answers.  So a test follows pointers as a kernel does, and
 * AddressSanitizer sees a pointer that leads elsewhere.
 */
#ifndef LOADER_TESTS_RESPOND_MACHINE_H
#define LOADER_TESTS_RESPOND_MACHINE_H

#include "loader/respond.h"

#define RESPOND_PHYS        UINT64_C(0x5000000) /* of the answers */
#define RESPOND_IMAGE_BYTES 4096
#define RESPOND_UNTOUCHED   UINT64_C(0x1122334455667788) /* in every request's response */

#define RESPOND_FRAMES 32
#define RESPOND_RUNS   64

struct respond_machine {
    struct ldr_answers answers;
    struct ldr_image image;
    struct ldr_requests requests;
    struct ldr_plan plan;
    struct ldr_run run[RESPOND_RUNS];
    struct ldr_tables tables;
    struct ldr_verdict verdict;
    struct ldr_machine machine;
    struct ldr_framebuffer screen;
    struct ldr_file kernel;
    struct ldr_file module[3];
    struct ldr_arena arena;
    struct ldr_late late;
    uint8_t *image_memory;
    struct pgt_pool pool; /* of the tables */
    uint8_t *frames;
};

/* Everything is there, nothing is asked for, base revision 6. */
void respond_machine_make(struct respond_machine *machine);
void respond_machine_free(struct respond_machine *machine);

/* cmocka's set-up and tear-down: *state is such a machine. */
int respond_machine_begin(void **state);
int respond_machine_end(void **state);
#define WITH_MACHINE(test)                                                                         \
    cmocka_unit_test_setup_teardown(test, respond_machine_begin, respond_machine_end)

/* Sets the base revision, in requests and plan, and puts a tag for it into the image. */
void respond_set_revision(struct respond_machine *machine, uint64_t revision);

/* Asks for a feature, or for it no longer. */
void respond_ask(struct respond_machine *machine, enum ldr_feature feature, bool ask);

/* Counts, allocates exactly what was counted, and answers; checks that counting touched
 * nothing and that both came to the same length.  May be called again. */
void respond_now(struct respond_machine *machine);

/* What the image's request of a feature holds as its response. */
uint64_t respond_word(const struct respond_machine *machine, enum ldr_feature feature);

/* The response, which is to be there and 8-byte aligned. */
const void *respond_to(const struct respond_machine *machine, enum ldr_feature feature);

/* An address from an answer, as a pointer. */
const void *respond_at(uint64_t address);

#endif
