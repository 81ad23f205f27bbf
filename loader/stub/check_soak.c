/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thousands of random operations on several address spaces, after which nothing is lost.
 * On the kernel's command line: soak=N operations, and seed=X (hexadecimal) to have a run again.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/soak.h"
#include "loader/stub/words.h"

#define USUAL 20000

/* The whole model is compared after so many operations, and at the end. */
#define BETWEEN 500

static bool run(struct soak *soak, uint64_t operations)
{
    for (uint64_t i = 0; i < operations; i++) {
        if (!soak_step(soak) || (i % BETWEEN == 0 && !soak_is_right(soak))) {
            tap_note("soak: wrong after %lu operations", i + 1);
            return false;
        }
    }
    return soak_is_right(soak);
}

static void say_what_was_done(const struct soak *soak)
{
    const uint64_t *done = soak->done;

    tap_note("soak: %lu writes and %lu reads in ring 3, %lu and %lu by the kernel",
             done[SOAK_WRITE], done[SOAK_READ], done[SOAK_KERNEL_WRITE], done[SOAK_KERNEL_READ]);
    tap_note("soak: %lu unmapped ranges, %lu programs stopped, %lu forks, %lu exits",
             done[SOAK_UNMAP], done[SOAK_CRIME], done[SOAK_FORK], done[SOAK_EXIT]);
}

void check_soak(struct stub *stub)
{
    static struct soak soak; /* too large for a stack */
    uint64_t operations = words_on_command_line("soak=", 10, USUAL);
    uint64_t seed = words_on_command_line("seed=", 16, time_stamp()) | 1;
    struct tap *tap = &stub->tap;
    struct pgt_fault fault;
    size_t before;

    if (stub->frames == 0) {
        tap_skip(tap, STUB_NO_TABLES, "a soak");
        return;
    }
    pgt_ram_recycle(&stub->frames->ram); /* what the checks before this one gave back */
    before = stub->frames->ram.free_count;
    if (!tap_ok(tap, soak_begin(&soak, stub, seed), "a soak with seed=%lx", seed))
        return;
    tap_ok(tap, run(&soak, operations), "%lu random operations on up to %u address spaces",
           operations, SOAK_PROGRAMS);
    say_what_was_done(&soak);
    tap_ok(tap, soak_end(&soak), "every page of every program holds what the model says");
    tap_ok(tap, soak.resolved > operations / 8, "%lu faults were put right", soak.resolved);
    tap_equal(tap, stub->frames->ram.free_count, before, "as many frames are free as before");
    tap_ok(tap, pgt_check(&stub->space, &fault) == PGT_OK,
           "pgt_check is content with the kernel's space");
}
