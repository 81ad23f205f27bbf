/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A processor that runs without a direct map, as struct pgt_mmu: every access goes to a virtual
 * address, which the walker translates through the tables in the arena.
 *
 * It remembers all that a processor may remember (SDM 4.10): a translation of every page that
 * it knows of, from the moment on when there is one, asked for or not, until it is
 * invalidated; and table entries on the way, until anything is invalidated.  What it
 * remembers it uses: an access for which the tables say something else by now fails the test.
 * So every invalidation that is lacking shows.
 */
#ifndef PAGETABLES_TESTS_EMULATOR_H
#define PAGETABLES_TESTS_EMULATOR_H

#include "pagetables/mmu.h"
#include "pagetables/tests/arena.h"

#define EMULATOR_PAGES   1024 /* that it can know of */
#define EMULATOR_ENTRIES 8192 /* that can change between two invalidations */

struct emulator {
    struct pgt_mmu mmu; /* hand this to the library */
    const struct arena *arena;
    struct pgt_arch arch;
    uint64_t root; /* CR3 */
    struct {
        uint64_t virt; /* any address in it is asked for when the processor looks unasked */
        bool cached;
        uint64_t first; /* of the translation, which may be larger than a page */
        uint64_t bytes;
        uint64_t phys;
        unsigned rights;
    } page[EMULATOR_PAGES];
    size_t pages;
    const uint64_t *changed[EMULATOR_ENTRIES]; /* entries that may be remembered as they were */
    size_t changes;
    /* Pages that hold no tables as yet, whose content means nothing: the window's. */
    uint64_t scratch_first, scratch_last;

    size_t accesses;
    size_t invalidations; /* of one page */
    size_t forgets;
    uint64_t last_invalidated;

    /* Unless null, called between any two steps: an interrupt.  Not while it runs itself. */
    void (*interrupt)(void *context);
    void *interrupt_context;
    bool interrupted;
    /* Unless 0, the next exchange of an entry finds these bits set by the processor. */
    uint64_t marks;
};

void emulator_init(struct emulator *emulator, const struct arena *arena,
                   const struct pgt_arch *arch, uint64_t root);

/* Makes a page known, so that the processor may look there unasked. */
void emulator_know(struct emulator *emulator, uint64_t virt);

/* An access of the kernel's own, to a frame in the arena. */
uint64_t emulator_load(struct emulator *emulator, uint64_t virt);

/* A load of CR3, which forgets. */
void emulator_switch(struct emulator *emulator, uint64_t root);

#endif
