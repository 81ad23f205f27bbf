/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel without a direct map: a recursive root, a window of which the tables are planted, and
 * the emulator that runs them.
 */
#ifndef PAGETABLES_TESTS_BARE_H
#define PAGETABLES_TESTS_BARE_H

#include "pagetables/recursive.h"
#include "pagetables/tests/emulator.h"
#include "pagetables/tests/model.h"
#include "pagetables/tests/suite.h"

#define BARE_SLOTS 4 /* of the window */

struct bare {
    struct arena arena; /* 1024 frames at 1 MiB */
    struct pgt_arch arch;
    struct emulator emulator;
    struct pgt_window window;
    struct pgt_recursive recursive; /* edits the active root */
    uint64_t root;                  /* the active one */
    uint64_t zero_frame;            /* reserved, all zeros */
    size_t planted;                 /* tables that lead to the window */
    struct walk_list list;          /* of the last walk */
};

/* The root may hold something before it becomes recursive: pass null, or what maps it. */
void bare_start(struct bare *bare, const struct pgt_arch *arch,
                const struct pgt_recursive_slots *slots,
                void (*prepare)(struct pgt_space *space, void *context), void *context);
/* The same with slot 511, second slot 509, 4 or 5 levels, and nothing else. */
void bare_start_plain(struct bare *bare, unsigned levels);

/* Expects that only the root and the window's tables are taken, and frees all. */
void bare_end(struct bare *bare);

/* What a processor finds below a root, without the recursive slots, in bare->list.  Fails on
 * anything that it would fault on, on entries above leaves other than plain 067, and on empty
 * tables that don't lead to the window. */
void bare_walk(struct bare *bare, uint64_t root);

/* The whole list of leaves of a root. */
void bare_expect(struct bare *bare, uint64_t root, const struct pgt_leaf *expected, size_t count);
#define BARE_EXPECT(bare, root, ...)                                                               \
    bare_expect(bare, root, (const struct pgt_leaf[]){__VA_ARGS__, {0}},                           \
                sizeof((const struct pgt_leaf[]){__VA_ARGS__, {0}}) / sizeof(struct pgt_leaf) - 1)
#define BARE_EXPECT_NOTHING(bare, root) bare_expect(bare, root, NULL, 0)

/* Calls that must succeed, on the active root or on one that is open. */
struct pgt_flush bare_map(struct bare *bare, const struct pgt_recursive *recursive, uint64_t virt,
                          uint64_t bytes, unsigned rights, uint64_t phys);
struct pgt_flush bare_unmap(struct bare *bare, const struct pgt_recursive *recursive, uint64_t virt,
                            uint64_t bytes);
struct pgt_flush bare_protect(struct bare *bare, const struct pgt_recursive *recursive,
                              uint64_t virt, uint64_t bytes, unsigned rights);

/* Calls that must be refused, and change nothing: no byte, no frame's owner, no output. */
void bare_refuse_map(struct bare *bare, const struct pgt_mapping *mapping, enum pgt_status status);
void bare_refuse_unmap(struct bare *bare, uint64_t virt, uint64_t bytes, enum pgt_status status);
void bare_refuse_protect(struct bare *bare, uint64_t virt, uint64_t bytes, unsigned rights,
                         enum pgt_status status);

#endif
