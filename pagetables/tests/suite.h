/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every test of the page tables includes: cmocka, the arena, the walker,
 * and a space to work on.
 */
#ifndef PAGETABLES_TESTS_SUITE_H
#define PAGETABLES_TESTS_SUITE_H

/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/pagetables.h"
#include "pagetables/tests/arena.h"
#include "pagetables/tests/walker.h"

/* Abbreviations of the vectors: read-only and read-write data, and code. */
#define RO  PGT_READ
#define RW  (PGT_READ | PGT_WRITE)
#define RX  (PGT_READ | PGT_EXECUTE)
#define RWX (PGT_READ | PGT_WRITE | PGT_EXECUTE)

#define KIB UINT64_C(0x400)
#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

/* The first address of the upper half, and the last page of the lower. */
#define UPPER_4      UINT64_C(0xffff800000000000)
#define UPPER_5      UINT64_C(0xff00000000000000)
#define LOWER_LAST_4 UINT64_C(0x7ffffffff000)
#define LOWER_LAST_5 UINT64_C(0xfffffffffff000)
#define TOP_PAGE     UINT64_C(0xfffffffffffff000)

/* A processor with everything, a 46-bit bus and the Limine PAT. */
struct pgt_arch suite_arch(unsigned levels);

/* An arena and one space in it.  2048 frames at 1 MiB. */
struct suite {
    struct arena arena;
    struct pgt_space space;
};

void suite_start(struct suite *suite, const struct pgt_arch *arch);
void suite_start_sized(struct suite *suite, const struct pgt_arch *arch, size_t frames);
/* Checks, destroys the space, and expects every frame back. */
void suite_end(struct suite *suite);

/* Calls that must succeed; they settle the arena and check the space after. */
struct pgt_flush suite_map(struct suite *suite, uint64_t virt, uint64_t bytes, unsigned rights,
                           uint64_t phys);
struct pgt_flush suite_map_memory(struct suite *suite, uint64_t virt, uint64_t bytes,
                                  unsigned rights, uint64_t phys, enum pgt_memory memory);
struct pgt_flush suite_unmap(struct suite *suite, uint64_t virt, uint64_t bytes);

/* Calls that must be refused with `status`, changing no byte of any table, no
 * frame's owner, no field of the space and no output.  Cost is asked as well. */
void suite_refuse_map(struct suite *suite, struct pgt_space *space,
                      const struct pgt_mapping *mapping, enum pgt_status status);
void suite_refuse_unmap(struct suite *suite, struct pgt_space *space, uint64_t virt, uint64_t bytes,
                        enum pgt_status status);

/* The first and the last byte that the gather names; of everything, the outermost. */
uint64_t suite_flush_first(const struct pgt_flush *flush);
uint64_t suite_flush_last(const struct pgt_flush *flush);

/* pgt_check(), with the fault in the message. */
void suite_check(const struct pgt_space *space);

/* The whole ordered list of leaves: what a processor finds, what pgt_next()
 * visits and what pgt_lookup() answers at the first and last byte of each. */
void suite_expect(const struct arena *arena, const struct pgt_space *space,
                  const struct pgt_leaf *expected, size_t count);

/* The same, written as a list of leaves.  EXPECT(&suite) expects nothing. */
#define EXPECT(suite, ...)                                                                         \
    suite_expect(&(suite)->arena, &(suite)->space, (const struct pgt_leaf[]){__VA_ARGS__, {0}},    \
                 sizeof((const struct pgt_leaf[]){__VA_ARGS__, {0}}) / sizeof(struct pgt_leaf) -   \
                     1)
#define EXPECT_NOTHING(suite) suite_expect(&(suite)->arena, &(suite)->space, NULL, 0)

/* One write-back leaf of the list. */
#define LEAF(virt_, bytes_, rights_, phys_)                                                        \
    {                                                                                              \
        .virt = (virt_), .phys = (phys_), .bytes = (bytes_), .rights = (rights_)                   \
    }

/* Sets accessed and dirty of the leaf that maps virt to `marks` (PGT_ACCESSED, PGT_DIRTY), as
 * a processor would, or software that cleared them before. */
void suite_mark(const struct arena *arena, const struct pgt_space *space, uint64_t virt,
                unsigned marks);

/* Raw entry that maps or holds `virt` at a level (1 is a page table). */
uint64_t suite_entry(const struct suite *suite, uint64_t virt, unsigned level);

#endif
