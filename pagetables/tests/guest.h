/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that tries accesses: in a virtual machine (vm.h), in tables that a test made, in
 * 64-bit mode, in ring 0 and ring 3, read, write and fetch; and tells what each came to.
 *
 * The test's tables hold the guest's own few pages at GUEST_VIRT, as guest_pages() lists them.
 */
#ifndef PAGETABLES_TESTS_GUEST_H
#define PAGETABLES_TESTS_GUEST_H

#include "pagetables/explain.h"
#include "pagetables/tests/guest_layout.h"
#include "pagetables/tests/vm.h"

/* Filled in as far as `kind` by the test, the rest by the guest. */
struct guest_probe {
    uint64_t address;
    uint32_t kind;   /* PROBE_READ, PROBE_WRITE or PROBE_FETCH, and more bits */
    uint32_t vector; /* or PROBE_NO_FAULT */
    uint64_t error;
    uint64_t cr2;
    uint64_t value; /* what was read, or returned by what was called */
};

/* As many as one run takes. */
#define GUEST_PROBES ((GUEST_OWN_END - GUEST_RECORDS) / PROBE_BYTES)

struct guest {
    struct vm vm;
    struct guest_probe *probe; /* [GUEST_PROBES], in the guest's memory */
    struct pgt_arch arch;      /* its processor; levels as the test likes */
    struct pgt_state state;    /* of the run: features that the processor lacks stay off */
};

/* Null, or why there is no such guest here.  `bytes` of memory, from 0 on; the guest's own part
 * ends at GUEST_OWN_END.  Closes what it opened where it fails. */
const char *guest_open(struct guest *guest, uint64_t bytes);
void guest_close(struct guest *guest);

/* One of the guest's own pages: physical, to be mapped at GUEST_VIRT + phys. */
struct guest_page {
    uint64_t phys;
    uint64_t bytes;
    unsigned rights; /* PGT_... */
};
#define GUEST_PAGES 6
extern const struct guest_page guest_pages[GUEST_PAGES];

/* Does the processor have what this state turns on? */
bool guest_has(const struct guest *guest, const struct pgt_state *state);

/* Tries the first `count` probes in the tables of `root`, as they are now. */
void guest_run(struct guest *guest, uint64_t root, size_t count);

/* What an access means for pgt_judge(): its error code so far, and the state with its ring. */
uint64_t guest_access(uint32_t kind);
struct pgt_state guest_state_of(const struct guest *guest, uint32_t kind);

#endif
