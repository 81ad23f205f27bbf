/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations as data, so that what holds for every one of them is tested for every one in the
 * same way: the dry run foretells what is taken, a refusal changes nothing, and
 * each number of frames below the cost is such a refusal.
 */
#ifndef PAGETABLES_TESTS_CALLS_H
#define PAGETABLES_TESTS_CALLS_H

#include "pagetables/pagetables.h"
#include "pagetables/tests/suite.h"

enum call_kind { CALL_MAP, CALL_UNMAP, CALL_PROTECT, CALL_PROMOTE, CALL_SPLIT, CALL_CLONE };

struct call {
    enum call_kind kind;
    uint64_t virt; /* of all but CALL_MAP, whose mapping has its own */
    uint64_t bytes;
    struct pgt_mapping mapping;
    struct pgt_protection protection;
    uint64_t largest;     /* of CALL_SPLIT */
    struct pgt_space *to; /* of CALL_CLONE, like the rest */
    enum pgt_clone how;
    unsigned software;
};

enum pgt_status call_run(struct pgt_space *space, const struct call *call, struct pgt_flush *flush);

/* The dry run; of a clone, the frames of both.  Promote has none, and takes none. */
enum pgt_status call_cost(const struct pgt_space *space, const struct call *call,
                          size_t *ret_frames);

/* Must succeed, and take exactly what the dry run said; the spaces are checked after. */
struct pgt_flush call_do(struct arena *arena, struct pgt_space *space, const struct call *call);

/* Must be refused with `status`, by the dry run too unless that is PGT_NO_FRAMES, and change no
 * byte of any table, no frame's owner, no field of a space, no output. */
void call_refuse(struct arena *arena, struct pgt_space *space, const struct call *call,
                 enum pgt_status status);

/* Refused with each number of frames less than it costs, and with the last one
 * refused; succeeds with exactly that number. */
struct pgt_flush call_exhaust(struct arena *arena, struct pgt_space *space,
                              const struct call *call);

/* Every range that can't be one is refused: misaligned, empty, wrapping, across the hole. */
void call_refuse_bad_ranges(struct arena *arena, struct pgt_space *space, struct call call);

/* The gather, member by member. */
void call_expect_flush(struct pgt_flush flush, struct pgt_flush expected);
#define EXPECT_FLUSH(flush, ...) call_expect_flush((flush), (struct pgt_flush){__VA_ARGS__})
#define EXPECT_NO_FLUSH(flush)   call_expect_flush((flush), (struct pgt_flush){0})

#endif
