/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames with owners for tests, over an arena that also hands out the tables; and address
 * spaces with areas on both.  It fails the test at a share or a release of a frame that
 * nobody owns.
 */
#ifndef PAGETABLES_TESTS_OWNED_H
#define PAGETABLES_TESTS_OWNED_H

#include "pagetables/areas.h"
#include "pagetables/tests/suite.h"

#define OWNED_COPY_ON_WRITE 0x40u /* one of the upper software bits */
#define OWNED_AREAS         16

struct owned {
    struct arena arena;
    struct pgt_counted source;
    unsigned *owners; /* by frame of the arena; 0 for tables and free ones */
    unsigned limit;   /* of owners of one frame */
    size_t refuse_in; /* the n-th allocation from now is refused; 0 never */
    size_t refuse_share_in;
    size_t outstanding; /* frames with owners */
    size_t asked_zero;  /* calls of share, release or owners for the zero frame */
    uint64_t zero_frame;
    /* Told of every release before it is made; null for nobody. */
    void (*released)(void *context, uint64_t frame);
    void *released_context;
};

/* One address space. */
struct owned_vm {
    struct pgt_space space;
    struct pgt_area area[OWNED_AREAS];
    struct pgt_vm vm;
};

/* An arena from physical address `base`, and the zero frame in it. */
void owned_start(struct owned *owned, uint64_t base, size_t frames, uint64_t seed);
/* Expects every frame back. */
void owned_end(struct owned *owned);

void owned_make(struct owned *owned, struct owned_vm *vm, const struct pgt_arch *arch);
void owned_destroy(struct owned_vm *vm);

/* A frame with one owner, filled with a word. */
uint64_t owned_frame(struct owned *owned, uint64_t word);
/* So many frames that follow each other, aligned to their length; each with one owner and
 * filled with `word` plus its number. */
uint64_t owned_run(struct owned *owned, size_t frames, uint64_t word);

unsigned owned_owners(const struct owned *owned, uint64_t frame);
uint64_t *owned_words(const struct owned *owned, uint64_t frame);

void owned_add(struct owned_vm *vm, uint64_t virt, uint64_t bytes, enum pgt_area_kind kind,
               unsigned rights);
/* pgt_vm_map(), which must succeed. */
void owned_map(struct owned_vm *vm, uint64_t virt, uint64_t bytes, unsigned rights, uint64_t phys,
               unsigned software);

/* The zero frame holds zeros, no leaf of the space makes it writable, and the space is sound. */
void owned_check(const struct owned *owned, const struct owned_vm *vm);

#endif
