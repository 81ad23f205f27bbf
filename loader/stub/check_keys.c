/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection keys (SDM volume 3A, 4.6.2): rights of a whole set of pages, changed in a
 * register.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/expect.h"
#include "loader/stub/fault.h"
#include "loader/stub/features.h"
#include "loader/stub/lower.h"
#include "pagetables/live.h"

#define KEY 5

/* PKRU that takes rights from one key alone. */
static uint32_t pkru_of(unsigned key, uint32_t taken)
{
    return taken << (2 * key);
}

static void read_deliberately(uint64_t address)
{
    features_user_access_begin();
    fault_read(address);
    features_user_access_end();
}

static void write_deliberately(uint64_t address)
{
    features_user_access_begin();
    fault_write_zero(address);
    features_user_access_end();
}

static bool may(void (*access)(uint64_t))
{
    struct fault fault;

    return !fault_probe(access, LOWER_PAGE, &fault);
}

static void check_taken_rights(struct tap *tap)
{
    features_pkru_write(pkru_of(KEY, PKRU_WRITE_DISABLE));
    tap_ok(tap, may(read_deliberately), "with the key's write-disable set, a page can be read");
    expect_fault(tap, "writing it", write_deliberately, LOWER_PAGE,
                 FAULT_PRESENT | FAULT_WRITE | FAULT_KEY);
    features_pkru_write(pkru_of(KEY, PKRU_ACCESS_DISABLE));
    expect_fault(tap, "reading it with access-disable set", read_deliberately, LOWER_PAGE,
                 FAULT_PRESENT | FAULT_KEY);
    expect_fault(tap, "writing it with access-disable set", write_deliberately, LOWER_PAGE,
                 FAULT_PRESENT | FAULT_WRITE | FAULT_KEY);
    features_pkru_write(pkru_of(KEY + 1, PKRU_ACCESS_DISABLE | PKRU_WRITE_DISABLE));
    tap_ok(tap, may(read_deliberately) && may(write_deliberately),
           "another key's bits mean nothing to it");
    features_pkru_write(0);
}

/* pgt_protect() moves the page to another key, and only that. */
static void check_change(struct lower *lower)
{
    struct pgt_protection change = {.change = PGT_CHANGE_KEY, .key = KEY + 1};
    struct pgt_flush flush = {0};
    struct tap *tap = &lower->stub->tap;

    if (!tap_ok(tap,
                pgt_protect(&lower->space, LOWER_PAGE, PGT_PAGE, &change, &flush) == PGT_OK &&
                    flush.needed,
                "the page gets another key"))
        return;
    pgt_finish(&flush, 0, &lower->stub->pool);
    features_pkru_write(pkru_of(KEY, PKRU_ACCESS_DISABLE));
    tap_ok(tap, may(write_deliberately), "the old key means nothing to it any more");
    features_pkru_write(pkru_of(KEY + 1, PKRU_WRITE_DISABLE));
    expect_fault(tap, "writing it with the new key's write-disable set", write_deliberately,
                 LOWER_PAGE, FAULT_PRESENT | FAULT_WRITE | FAULT_KEY);
    features_pkru_write(0);
}

void check_keys(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct lower lower;

    if (!stub->adopted || !features_detect().pku) {
        tap_skip(tap, stub->adopted ? "the processor has none" : STUB_NO_TABLES, "protection keys");
        return;
    }
    if (!lower_open(&lower, stub, "a page with a protection key"))
        return;
    if (tap_ok(tap,
               lower_map(&lower, &(struct pgt_mapping){.virt = LOWER_PAGE,
                                                       .phys = stub->frame,
                                                       .bytes = PGT_PAGE,
                                                       .rights = PGT_READ | PGT_WRITE | PGT_USER,
                                                       .key = KEY}),
               "it maps one with key %u", KEY)) {
        lower_enter(&lower);
        check_taken_rights(tap);
        check_change(&lower);
        lower_leave(&lower);
    }
    lower_close(&lower);
}
