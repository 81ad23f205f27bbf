/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ring 0 may not do with a program's pages: execute them (SMEP), or touch them by
 * accident (SMAP).
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/expect.h"
#include "loader/stub/fault.h"
#include "loader/stub/features.h"
#include "loader/stub/lower.h"

#define RET 0xc3

#define CODE_PAGE LOWER_PAGE
#define DATA_PAGE (LOWER_PAGE + PGT_PAGE)

static void read_deliberately(uint64_t address)
{
    features_user_access_begin();
    fault_read(address);
    features_user_access_end();
}

static void write_deliberately(uint64_t address)
{
    features_user_access_begin();
    fault_write_same(address);
    features_user_access_end();
}

static bool map_pages(struct lower *lower)
{
    *(uint8_t *)stub_direct(lower->stub, lower->stub->frame) = RET;
    return lower_map(lower, &(struct pgt_mapping){.virt = CODE_PAGE,
                                                  .phys = lower->stub->frame,
                                                  .bytes = PGT_PAGE,
                                                  .rights = PGT_READ | PGT_EXECUTE | PGT_USER}) &&
           lower_map(lower, &(struct pgt_mapping){.virt = DATA_PAGE,
                                                  .phys = lower->stub->frame + PGT_PAGE,
                                                  .bytes = PGT_PAGE,
                                                  .rights = PGT_READ | PGT_WRITE | PGT_USER});
}

static void check_smep(struct tap *tap, bool smep)
{
    static const char what[] = "the kernel executing a program's page";

    if (!smep) {
        tap_skip(tap, "the processor has no SMEP", "%s", what);
        return;
    }
    expect_fault(tap, what, fault_execute, CODE_PAGE, FAULT_PRESENT | FAULT_FETCH);
}

static void check_smap(struct tap *tap, bool smap)
{
    if (!smap) {
        tap_skip(tap, "the processor has no SMAP", "the kernel touching a program's page");
        return;
    }
    expect_fault(tap, "the kernel reading a program's page", fault_read, DATA_PAGE, FAULT_PRESENT);
    expect_fault(tap, "the kernel writing a program's page", fault_write_zero, DATA_PAGE,
                 FAULT_PRESENT | FAULT_WRITE);
}

void check_rings(struct stub *stub)
{
    struct features features = features_detect();
    struct tap *tap = &stub->tap;
    struct lower lower;
    struct fault fault;

    if (!stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "protecting the kernel from a program's pages");
        return;
    }
    /* PCIDs have tests of their own, and are off elsewhere. */
    features.pcid = false;
    features_enable(&features);
    if (!lower_open(&lower, stub, "a program's pages"))
        return;
    if (tap_ok(tap, map_pages(&lower), "it maps code and data for ring 3")) {
        lower_enter(&lower);
        check_smep(tap, features.smep);
        check_smap(tap, features.smap);
        tap_ok(tap,
               !fault_probe(read_deliberately, DATA_PAGE, &fault) &&
                   !fault_probe(write_deliberately, DATA_PAGE, &fault),
               "with RFLAGS.AC set, on purpose, it may read and write");
        lower_leave(&lower);
    }
    lower_close(&lower);
}
