/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process-context identifiers: the vectors of gVisor's database and CR3, every sequence of calls
 * on small databases against a naive model, long random ones on larger, and the limits.
 */
#include "pagetables/pcid.h"
#include "pagetables/tests/suite.h"

#include <stdlib.h>
#include <string.h>

/* Addresses that stand for address spaces; some far apart, most next to each other. */
static char spaces[4096 * 2];

static const void *owner(unsigned index)
{
    return &spaces[index];
}

/* ---- the vectors --------------------------------------------------------- */

static void vector_three_ids(void **state)
{
    struct pgt_pcid_slot slot[3];
    struct pgt_pcids pcids;
    unsigned id[4];
    bool flush;
    (void)state;

    assert_int_equal(pgt_pcids_init(&pcids, slot, 1, 3), PGT_OK);
    for (unsigned i = 0; i < 3; i++) {
        flush = false;
        id[i] = pgt_pcids_assign(&pcids, owner(i), &flush);
        assert_true(id[i] >= 1 && id[i] <= 3);
        assert_true(flush);
    }
    assert_true(id[0] != id[1] && id[1] != id[2] && id[0] != id[2]);
    assert_int_equal(pgt_pcids_assign(&pcids, owner(0), &flush), id[0]);
    assert_false(flush);
    /* A fourth takes the id of the one that was away the longest: B. */
    id[3] = pgt_pcids_assign(&pcids, owner(3), &flush);
    assert_true(flush);
    assert_int_equal(id[3], id[1]);
    pgt_pcids_drop(&pcids, owner(0));
    pgt_pcids_assign(&pcids, owner(0), &flush);
    assert_true(flush);
}

static void vector_an_empty_database_gives_0(void **state)
{
    struct pgt_pcids pcids;
    (void)state;

    assert_int_equal(pgt_pcids_init(&pcids, NULL, 0, 0), PGT_OK);
    for (unsigned i = 0; i < 3; i++) {
        bool flush = false;
        assert_int_equal(pgt_pcids_assign(&pcids, owner(0), &flush), 0);
        assert_true(flush);
        pgt_pcids_drop(&pcids, owner(0));
    }
}

static void vector_cr3(void **state)
{
    const uint64_t root = UINT64_C(0xffffffffff000), no_flush = UINT64_C(1) << 63;
    (void)state;

    assert_int_equal(pgt_cr3(root, 0, true), root);
    assert_int_equal(pgt_cr3(root, 0, false), root);
    assert_int_equal(pgt_cr3(root, 5, true), no_flush | root | 5);
    assert_int_equal(pgt_cr3(root, 5, false), root | 5);
    for (unsigned id = 1; id <= PGT_PCID_LAST; id++) {
        assert_int_equal(pgt_cr3(0x1000, id, true), no_flush | 0x1000 | id);
        assert_int_equal(pgt_cr3(0x1000, id, false), 0x1000 | id);
    }
}

/* ---- limits, and what upstream had wrong ---------------------------------- */

/* Refused, and nothing written. */
static void refuse(unsigned first, unsigned count)
{
    struct pgt_pcid_slot slot[2], slot_before[2];
    struct pgt_pcids pcids, before;

    memset(slot, 0x5a, sizeof(slot));
    memset(&pcids, 0x5a, sizeof(pcids));
    memcpy(slot_before, slot, sizeof(slot));
    memcpy(&before, &pcids, sizeof(pcids));
    assert_int_equal(pgt_pcids_init(&pcids, slot, first, count), PGT_BAD_RANGE);
    assert_memory_equal(slot, slot_before, sizeof(slot));
    assert_memory_equal(&pcids, &before, sizeof(pcids));
}

static void a_range_from_ffff_wrapped_and_passed_its_check(void **state)
{
    (void)state;
    refuse(0xffff, 2);
    refuse(0xffff, 1);
    refuse(0, 1); /* 0 is no id */
    refuse(0, 4096);
    refuse(1, 4096);
    refuse(2, 4095);
    refuse(4095, 2);
    refuse(4096, 1);
    refuse(4097, 0xffffffff);
    refuse(0xffffffff, 2);
    refuse(1, 0xffffffff);
    refuse(0x10001, 1); /* 1, if only 16 bits of it were looked at */
    refuse(1, 0x10001);
}

static void id_4095_could_not_be_used(void **state)
{
    struct pgt_pcid_slot slot;
    struct pgt_pcids pcids;
    bool flush;
    (void)state;

    assert_int_equal(pgt_pcids_init(&pcids, &slot, 4095, 1), PGT_OK);
    assert_int_equal(pgt_pcids_assign(&pcids, owner(0), &flush), 4095);
    assert_true(flush);
    assert_int_equal(pgt_pcids_assign(&pcids, owner(0), &flush), 4095);
    assert_false(flush);
    assert_int_equal(pgt_pcids_assign(&pcids, owner(1), &flush), 4095);
    assert_true(flush);
    assert_int_equal(pgt_pcids_assign(&pcids, owner(0), &flush), 4095);
    assert_true(flush);
}

/* The space that was switched to the longest time ago loses its id, in whatever order they were
 * used last. */
static void eviction_was_random(void **state)
{
    struct pgt_pcid_slot slot[8];
    struct pgt_pcids pcids;
    unsigned id[8];
    bool flush;
    (void)state;

    for (unsigned step = 1; step < 8; step += 2) { /* odd: comes by each of 8 */
        assert_int_equal(pgt_pcids_init(&pcids, slot, 100, 8), PGT_OK);
        for (unsigned i = 0; i < 8; i++)
            id[i] = pgt_pcids_assign(&pcids, owner(i), &flush);
        for (unsigned i = 0; i < 8; i++)
            pgt_pcids_assign(&pcids, owner(i * step % 8), &flush);
        for (unsigned i = 0; i < 8; i++) {
            assert_int_equal(pgt_pcids_assign(&pcids, owner(8 + i), &flush), id[i * step % 8]);
            assert_true(flush);
        }
    }
}

/* All that there are, each lent once; then the oldest goes. */
static void all_4095_ids(void **state)
{
    struct pgt_pcid_slot *slot = calloc(PGT_PCID_LAST, sizeof(*slot));
    bool *lent = calloc(PGT_PCID_LAST + 1, sizeof(*lent));
    unsigned *id = calloc(PGT_PCID_LAST, sizeof(*id));
    struct pgt_pcids pcids;
    bool flush;
    (void)state;

    assert_true(slot != NULL && lent != NULL && id != NULL);
    memset(slot, 0x5a, PGT_PCID_LAST * sizeof(*slot)); /* its content doesn't matter */
    assert_int_equal(pgt_pcids_init(&pcids, slot, 1, PGT_PCID_LAST), PGT_OK);
    for (unsigned i = 0; i < PGT_PCID_LAST; i++) {
        id[i] = pgt_pcids_assign(&pcids, owner(i), &flush);
        assert_true(flush);
        assert_true(id[i] >= 1 && id[i] <= PGT_PCID_LAST && !lent[id[i]]);
        lent[id[i]] = true;
    }
    for (unsigned i = 0; i < PGT_PCID_LAST; i++) {
        assert_int_equal(pgt_pcids_assign(&pcids, owner(i), &flush), id[i]);
        assert_false(flush);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pgt_pcids_assign(&pcids, owner(PGT_PCID_LAST + i), &flush), id[i]);
        assert_true(flush);
    }
    free(slot);
    free(lent);
    free(id);
}

static void an_owner_without_an_id_is_passed_over(void **state)
{
    struct pgt_pcid_slot slot[2];
    struct pgt_pcids pcids;
    bool flush;
    (void)state;

    assert_int_equal(pgt_pcids_init(&pcids, slot, 7, 2), PGT_OK);
    pgt_pcids_drop(&pcids, owner(0));
    unsigned id = pgt_pcids_assign(&pcids, owner(0), &flush);
    pgt_pcids_drop(&pcids, owner(1));
    assert_int_equal(pgt_pcids_assign(&pcids, owner(0), &flush), id);
    assert_false(flush);
    pgt_pcids_drop(&pcids, owner(0));
    pgt_pcids_drop(&pcids, owner(0));
    pgt_pcids_assign(&pcids, owner(0), &flush);
    assert_true(flush);
}

/* ---- a naive model ------------------------------------------------------- */

#define MODEL_IDS 64

struct model {
    unsigned first, count;
    const void *owner[MODEL_IDS]; /* by id less first */
    unsigned long used[MODEL_IDS];
    unsigned long now;
};

static unsigned model_find(const struct model *model, const void *wanted)
{
    for (unsigned i = 0; i < model->count; i++)
        if (model->owner[i] == wanted)
            return i;
    return MODEL_IDS;
}

/* Checks an assignment.  Which of several free ids it is, is left open; else it is the owner's,
 * or that of the least recently used. */
static void model_assign(struct model *model, const void *who, unsigned id, bool flush)
{
    unsigned has = model_find(model, who), idle = model_find(model, NULL), oldest = 0;

    assert_true(id >= model->first && id - model->first < model->count);
    unsigned got = id - model->first;
    for (unsigned i = 1; i < model->count; i++)
        if (model->used[i] < model->used[oldest])
            oldest = i;
    if (has != MODEL_IDS)
        assert_int_equal(got, has);
    else if (idle != MODEL_IDS)
        assert_null(model->owner[got]);
    else
        assert_int_equal(got, oldest);
    assert_int_equal(flush, has == MODEL_IDS);
    model->owner[got] = who;
    model->used[got] = ++model->now;
}

static void model_drop(struct model *model, const void *who)
{
    unsigned has = model_find(model, who);
    if (has != MODEL_IDS)
        model->owner[has] = NULL;
}

struct small {
    struct pgt_pcids pcids;
    struct pgt_pcid_slot slot[4];
    struct model model;
    unsigned owners;
};

/* Every sequence of `depth` more calls. */
static void explore(const struct small *before, unsigned depth, unsigned long *calls)
{
    if (depth == 0)
        return;
    for (unsigned call = 0; call < 2 * before->owners; call++) {
        struct small here = *before;
        const void *who = owner(call / 2);
        here.pcids.slot = here.slot;
        ++*calls;
        if (call % 2) {
            pgt_pcids_drop(&here.pcids, who);
            model_drop(&here.model, who);
        } else {
            bool flush;
            unsigned id = pgt_pcids_assign(&here.pcids, who, &flush);
            model_assign(&here.model, who, id, flush);
        }
        explore(&here, depth - 1, calls);
    }
}

static void every_sequence_on_small_databases(void **state)
{
    /* Ids, owners, and how many calls one after the other. */
    static const unsigned form[][3] = {{1, 1, 6}, {1, 2, 6}, {1, 3, 6}, {2, 2, 7}, {2, 3, 6},
                                       {2, 4, 5}, {3, 3, 6}, {3, 4, 6}, {3, 5, 5}, {4, 5, 5}};
    unsigned long calls = 0;
    (void)state;

    for (unsigned i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
        struct small small = {.owners = form[i][1], .model = {.first = 9, .count = form[i][0]}};
        assert_int_equal(pgt_pcids_init(&small.pcids, small.slot, 9, form[i][0]), PGT_OK);
        explore(&small, form[i][2], &calls);
    }
    print_message("%lu calls\n", calls);
}

/* Owners that the database meets in any order, dropped now and then. */
static void long_random_sequences(void **state)
{
    static const unsigned counts[] = {1, 2, 3, 7, 16, 63, 64};
    (void)state;

    for (unsigned i = 0; i < 7; i++) {
        struct pgt_pcid_slot slot[MODEL_IDS];
        struct pgt_pcids pcids;
        struct model model = {.first = PGT_PCID_LAST + 1 - counts[i], .count = counts[i]};
        uint64_t random = 2 * i + 1;
        assert_int_equal(pgt_pcids_init(&pcids, slot, model.first, counts[i]), PGT_OK);
        for (unsigned step = 0; step < 50000; step++) {
            /* A page apart, as address spaces in a kernel may be, or a byte apart. */
            unsigned number = (unsigned)(arena_random(&random) >> 33) % (counts[i] * 3 / 2 + 2);
            const void *who = i % 2 ? (const void *)(uintptr_t)(0xffff800000001000 + number * 4096)
                                    : owner(number);
            if (arena_random(&random) >> 61 == 0) {
                pgt_pcids_drop(&pcids, who);
                model_drop(&model, who);
                continue;
            }
            bool flush;
            unsigned id = pgt_pcids_assign(&pcids, who, &flush);
            model_assign(&model, who, id, flush);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_three_ids),
        cmocka_unit_test(vector_an_empty_database_gives_0),
        cmocka_unit_test(vector_cr3),
        cmocka_unit_test(a_range_from_ffff_wrapped_and_passed_its_check),
        cmocka_unit_test(id_4095_could_not_be_used),
        cmocka_unit_test(eviction_was_random),
        cmocka_unit_test(all_4095_ids),
        cmocka_unit_test(an_owner_without_an_id_is_passed_over),
        cmocka_unit_test(every_sequence_on_small_databases),
        cmocka_unit_test(long_random_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
