/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults of programs that are put right: first touches of demand-zero pages, and writes to
 * pages that a fork shares.
 */
#include "loader/stub/checks.h"
#include "loader/stub/features.h"
#include "loader/stub/process.h"
#include "pagetables/directory.h"

#define WORD_A UINT64_C(0x1111222233334444)
#define WORD_B UINT64_C(0x5555666677778888)

/* What the program wrote before it forked, and its number as a parent. */
#define BEFORE 1000
#define NUMBER 7

static bool runs(struct process *process, const char *entry, uint64_t first, uint64_t second,
                 uint64_t result)
{
    process_begin(process, entry, first, second, 0);
    return process_run(process) == PROCESS_EXITED && process_result(process) == result;
}

static uint64_t frame_of(const struct process *process, uint64_t virt)
{
    uint64_t phys;

    return pgt_translate(&process->space, virt, &phys) ? phys & ~(PGT_PAGE - 1) : UINT64_MAX;
}

static unsigned rights_of(const struct process *process, uint64_t virt)
{
    struct pgt_leaf leaf;

    return pgt_lookup(&process->space, virt, &leaf) ? leaf.rights : 0;
}

static void check_demand_zero(struct process *process)
{
    struct tap *tap = &process->stub->tap;
    uint64_t zero = process->stub->frames->zero;
    size_t before = process->stub->frames->ram.free_count;

    tap_ok(tap,
           runs(process, program_read, PROCESS_HEAP + 8, 0, 0) &&
               process->outcome == PGT_MAPPED_ZERO,
           "a first read of a demand-zero page reads 0");
    tap_ok(tap,
           frame_of(process, PROCESS_HEAP) == zero &&
               !(rights_of(process, PROCESS_HEAP) & PGT_WRITE),
           "it shows the frame of zeros, read-only");
    tap_ok(tap,
           runs(process, program_write, PROCESS_HEAP + 8, WORD_A, WORD_A) &&
               process->outcome == PGT_ZEROED && frame_of(process, PROCESS_HEAP) != zero,
           "a write after that gets a frame of its own");
    tap_ok(tap, runs(process, program_read, PROCESS_HEAP, 0, 0), "the rest of which is zeros");
    tap_ok(tap,
           runs(process, program_write, PROCESS_HEAP + PGT_PAGE, WORD_B, WORD_B) &&
               runs(process, program_read, PROCESS_HEAP + PGT_PAGE, 0, WORD_B),
           "a first write of another page as well");
    tap_equal(tap, *(uint64_t *)stub_direct(process->stub, zero + 8), 0,
              "the frame of zeros is zeros still");
    tap_ok(tap,
           process_unmap(process, PROCESS_HEAP, 2 * PGT_PAGE) &&
               runs(process, program_read, PROCESS_HEAP + 8, 0, 0),
           "unmapped, the first page reads 0 again");
    tap_ok(tap,
           process_unmap(process, PROCESS_HEAP, PGT_PAGE) &&
               process->stub->frames->ram.free_count == before,
           "unmapped once more, all its frames came back, those of tables too");
}

/* The child writes first and gets a copy; then the parent is the only owner, and just gets the
 * right back. */
static void check_bytes(struct process *parent, struct process *child)
{
    struct tap *tap = &parent->stub->tap;
    struct pgt_ram *ram = &parent->stub->frames->ram;
    uint64_t shared = frame_of(parent, PROCESS_DATA);

    tap_ok(tap,
           shared == frame_of(child, PROCESS_DATA) && pgt_ram_owners(ram, shared) == 2 &&
               !(rights_of(parent, PROCESS_DATA) & PGT_WRITE) &&
               !(rights_of(child, PROCESS_DATA) & PGT_WRITE),
           "parent and child share its frame, and neither may write");
    tap_ok(tap, process_run(child) == PROCESS_EXITED && process_result(child) == BEFORE,
           "the child goes on where the parent was, with 0 as the fork's result");
    tap_ok(tap,
           child->outcome == PGT_COPIED && frame_of(child, PROCESS_DATA) != shared &&
               pgt_ram_owners(ram, shared) == 1,
           "its write got it a copy, and released the original");
    tap_ok(tap, process_run(parent) == PROCESS_EXITED && process_result(parent) == BEFORE + NUMBER,
           "the parent goes on with the child's number");
    tap_ok(tap, parent->outcome == PGT_GAVE_WRITE && frame_of(parent, PROCESS_DATA) == shared,
           "the last owner's write just got the right back");
    tap_ok(tap,
           pgt_ram_owners(ram, frame_of(parent, PROCESS_TEXT)) == 2 &&
               frame_of(parent, PROCESS_TEXT) == frame_of(child, PROCESS_TEXT),
           "their text is shared for good");
}

/* A write by the kernel on the program's behalf is resolved in the same way. */
static void check_kernel_write(struct process *parent, struct process *child)
{
    struct tap *tap = &parent->stub->tap;
    uint64_t seen = 0;

    tap_ok(tap,
           process_poke(parent, PROCESS_HEAP, WORD_A) && process_poke(child, PROCESS_HEAP, WORD_B),
           "the kernel writes into both, on purpose");
    tap_ok(tap,
           process_peek(parent, PROCESS_HEAP, &seen) && seen == WORD_A &&
               process_peek(child, PROCESS_HEAP, &seen) && seen == WORD_B,
           "each sees its own bytes");
}

/* A page that nobody has touched yet: the kernel's own mistake must not fill it. */
static void check_stray(struct process *process)
{
    static const char what[] = "the kernel's stray read of a demand-zero page is not put right";
    struct tap *tap = &process->stub->tap;
    uint64_t virt = PROCESS_HEAP + 9 * PGT_PAGE;

    if (!features_smap_on())
        tap_skip(tap, "the processor has no SMAP", "%s", what);
    else
        tap_ok(tap,
               process_stray_read(process, virt) && process->outcome == PGT_FAULT_SUPERVISOR &&
                   frame_of(process, virt) == UINT64_MAX,
               "%s", what);
}

static void check_fork(struct process *parent, struct process *child)
{
    struct tap *tap = &parent->stub->tap;
    struct pgt_fault fault;

    process_begin(parent, program_fork, BEFORE, 0, 0);
    if (!tap_ok(tap, process_run(parent) == PROCESS_FORKED, "a program asks for a fork"))
        return;
    if (!tap_ok(tap, process_fork(child, parent), "it gets one"))
        return;
    parent->user.frame.rax = NUMBER;
    child->user.frame.rax = 0;
    check_bytes(parent, child);
    check_kernel_write(parent, child);
    tap_ok(tap,
           pgt_check(&parent->space, &fault) == PGT_OK &&
               pgt_check(&child->space, &fault) == PGT_OK,
           "pgt_check is content with both");
    tap_ok(tap, process_close(child), "the child ends");
}

void check_resolved(struct stub *stub)
{
    static struct process parent, child;
    struct tap *tap = &stub->tap;
    size_t before;

    if (stub->frames == 0) {
        tap_skip(tap, STUB_NO_TABLES, "faults that are put right");
        return;
    }
    before = stub->frames->ram.free_count;
    if (!tap_ok(tap, process_open(&parent, stub), "a program whose faults are put right"))
        return;
    check_demand_zero(&parent);
    check_stray(&parent);
    check_fork(&parent, &child);
    tap_ok(tap, process_close(&parent) && stub->frames->ram.free_count == before,
           "it ends, and every frame has come back");
}
