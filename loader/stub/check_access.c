/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights, exhausted on this machine's processor: every combination of two entries, as
 * pagetables/tests/rights.h makes them, by read, write and fetch, in ring 0 with and without
 * RFLAGS.AC and in ring 3, and of CR0.WP, SMEP, SMAP and protection keys where the processor has
 * them.  pgt_judge() foretells each outcome.  (Execute-disable stays on where there is
 * any: the kernel's own pages need it.)
 *
 * On the kernel's command line: access=1 for all pairs in all states, access=N for one in N.
 */
#include <cpuid.h>

#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/fault.h"
#include "loader/stub/features.h"
#include "loader/stub/frames.h"
#include "loader/stub/lower.h"
#include "loader/stub/mem.h"
#include "loader/stub/programs.h"
#include "loader/stub/user.h"
#include "loader/stub/words.h"
#include "pagetables/ram.h"
#include "pagetables/tests/rights.h"

#define RET 0xc3

/* So many disagreements are told. */
#define MOST_WRONG 8

/* Of all pairs in a state one in so many; a prime, so that each state tries others. */
#define USUAL_SHARE 23

#define CR4_PKS          UINT64_C(0x1000000)
#define LEAF_7_ECX_PKS   (UINT32_C(1) << 31)
#define MSR_PKRS         UINT32_C(0x6e1)
#define CR4_STATE        (CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_PKS)
#define OFFSET_OF_WRITES 64

/* What ring 3 needs, in a root slot that no pair uses. */
#define PROGRAM_TEXT  (UINT64_C(8) << 39)
#define PROGRAM_STACK (PROGRAM_TEXT + PGT_PAGE)

/* The nine accesses to each page. */
struct kind {
    uint64_t access; /* of the error code: write, user, fetch */
    bool ac;
    void (*supervisor)(uint64_t address);
    const char *program;
};

struct access {
    struct stub *stub;
    struct lower lower;
    struct rights rights;
    struct user user;
    struct pgt_state state;
    uint64_t share, turn;
    uint64_t tried, faults, states;
    bool tcg;
    unsigned wrong;
};

static void flags_set_ac(void)
{
    __asm__ volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(RFLAGS_AC) : "memory", "cc");
}

static void flags_clear_ac(void)
{
    __asm__ volatile("pushfq; andq %0, (%%rsp); popfq"
                     :
                     : "i"(~(uint32_t)RFLAGS_AC)
                     : "memory", "cc");
}

static void read_with_ac(uint64_t address)
{
    flags_set_ac();
    fault_read(address);
    flags_clear_ac();
}

static void write_with_ac(uint64_t address)
{
    flags_set_ac();
    fault_write_zero(address);
    flags_clear_ac();
}

static void execute_with_ac(uint64_t address)
{
    flags_set_ac();
    fault_execute(address);
    flags_clear_ac();
}

static const struct kind kinds[] = {
    {0, false, fault_read, 0},
    {PGT_ERROR_WRITE, false, fault_write_zero, 0},
    {PGT_ERROR_FETCH, false, fault_execute, 0},
    {0, true, read_with_ac, 0},
    {PGT_ERROR_WRITE, true, write_with_ac, 0},
    {PGT_ERROR_FETCH, true, execute_with_ac, 0},
    {PGT_ERROR_USER, false, 0, program_read},
    {PGT_ERROR_USER | PGT_ERROR_WRITE, false, 0, program_write},
    {PGT_ERROR_USER | PGT_ERROR_FETCH, false, 0, program_execute},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- one access ------------------------------------------------------------------ */

/* In ring 3.  Was there a fault? */
static bool user_probe(struct access *access, const char *program, uint64_t address,
                       struct fault *ret_fault)
{
    struct user *user = &access->user;

    user_prepare(user, PROGRAM_TEXT + (uint64_t)(program - programs_text),
                 PROGRAM_STACK + PGT_PAGE);
    user->frame.rdi = address;
    user_run(user);
    *ret_fault = (struct fault){
        .vector = user->frame.vector, .error = user->frame.error, .address = user->address};
    return user->frame.vector != TRAP_SYSTEM_CALL;
}

static void disagree(struct access *access, const struct rights_case *at, const struct kind *kind,
                     const struct rights_outcome *outcome, const struct fault *fault)
{
    const struct pgt_state *state = &access->state;

    access->wrong++;
    tap_note("access: level %u, entries %016lx and %016lx, at %016lx, kind 0x%lx, AC %u", at->level,
             *at->upper_entry, at->deep ? *at->lower_entry : 0, at->virt, kind->access,
             (unsigned)kind->ac);
    tap_note("access: CR0 %lx, CR4 %lx, EFER %lx, PKRU %x, PKRS %x", state->cr0, state->cr4,
             state->efer, state->pkru, state->pkrs);
    if (fault != 0)
        tap_note("access: vector %lu, error 0x%lx, address %016lx", fault->vector, fault->error,
                 fault->address);
    else
        tap_note("access: no fault");
    tap_note("access: foretold: %s, error 0x%lx", outcome->faults ? "a page fault" : "no fault",
             outcome->error);
}

/* QEMU without a hypervisor below it leaves bit 0 of the error code clear where a reserved bit was
 * set; by SDM 4.7 such an entry is present. */
static bool is_tcg(void)
{
    unsigned a, b = 0, c = 0, d = 0;

    __cpuid(0x40000000, a, b, c, d);
    return b == 0x54474354 && c == 0x43544743 && d == 0x47435447; /* TCGTCGTCGTCG */
}

/* Nor does it reserve the bit that makes a page of 1G, where CPUID says that it has none. */
static bool is_beyond_tcg(const struct access *access, const struct rights_case *at)
{
    bool large = (at->level == 2 && (at->upper & RIGHTS_LARGE)) ||
                 (at->level == 3 && at->deep && (at->lower & RIGHTS_LARGE));

    return access->tcg && large && !access->lower.space.arch.pages_1g;
}

static bool is_as_foretold(const struct access *access, const struct fault *fault, uint64_t address,
                           const struct rights_outcome *outcome)
{
    uint64_t error = outcome->error;

    if (access->tcg && (error & PGT_ERROR_RESERVED))
        error &= ~(uint64_t)PGT_ERROR_PRESENT;
    return outcome->faults && fault->vector == FAULT_PAGE &&
           (fault->error | outcome->either) == error && fault->address == address;
}

/* Was the page reached? */
static bool try_kind(struct access *access, const struct rights_case *at, const struct kind *kind)
{
    bool user = kind->access & PGT_ERROR_USER;
    uint64_t address = at->virt + (kind->access & PGT_ERROR_WRITE ? OFFSET_OF_WRITES : 0);
    struct pgt_state state = access->state;
    struct fault fault;
    bool faulted;

    state.ring = user ? 3 : 0;
    state.rflags = kind->ac ? PGT_STATE_AC : 0;
    struct rights_outcome outcome =
        rights_foretell(&access->lower.space, address, kind->access, &state);
    faulted = user ? user_probe(access, kind->program, address, &fault)
                   : fault_probe(kind->supervisor, address, &fault);
    if (faulted ? !is_as_foretold(access, &fault, address, &outcome) : outcome.faults)
        disagree(access, at, kind, &outcome, faulted ? &fault : 0);
    access->tried++;
    access->faults += faulted;
    return !faulted;
}

/* ---- one state ------------------------------------------------------------------- */

static void try_case(struct access *access, const struct rights_case *at)
{
    bool reached = false, written = false;
    const char *wrong;

    page_invalidate(at->virt);
    for (unsigned i = 0; i < KINDS; i++)
        if (try_kind(access, at, &kinds[i])) {
            reached = true;
            written |= (kinds[i].access & PGT_ERROR_WRITE) != 0;
        }
    wrong = rights_wrong_mark(at, reached, written);
    if (wrong == 0)
        return;
    access->wrong++;
    tap_note("access: level %u, entries %016lx and %016lx: %s", at->level, *at->upper_entry,
             at->deep ? *at->lower_entry : 0, wrong);
}

static void try_state(struct access *access, const struct pgt_state *state)
{
    struct rights_case at = {0};
    uint64_t cr0 = cr0_read(), cr4 = cr4_read();

    access->state = *state;
    cr4_write((cr4 & ~CR4_STATE) | state->cr4);
    __asm__ volatile("mov %0, %%cr0" : : "r"((cr0 & ~CR0_WP) | state->cr0) : "memory");
    if (state->cr4 & CR4_PKE)
        features_pkru_write(state->pkru);
    if (state->cr4 & CR4_PKS)
        msr_write(MSR_PKRS, state->pkrs);
    while (access->wrong < MOST_WRONG && rights_next(&access->rights, &at))
        if (!is_beyond_tcg(access, &at) && access->turn++ % access->share == 0)
            try_case(access, &at);
    if (state->cr4 & CR4_PKE)
        features_pkru_write(0);
    if (state->cr4 & CR4_PKS)
        msr_write(MSR_PKRS, 0);
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
    cr4_write(cr4);
    access->states++;
}

/* What CR4 may turn on. */
static uint64_t control_bits(void)
{
    struct features features = features_detect();
    unsigned a, b, c = 0, d;
    bool pks = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & LEAF_7_ECX_PKS);

    return (features.smep ? CR4_SMEP : 0) | (features.smap ? CR4_SMAP : 0) |
           (features.pku ? CR4_PKE : 0) | (pks ? CR4_PKS : 0);
}

/* Bits 0 to 4: WP, SMEP, SMAP, keys of user pages, of the supervisor's; then what is denied. */
static struct pgt_state state_of(unsigned bits, unsigned denied)
{
    return (struct pgt_state){
        .cr0 = bits & 1 ? CR0_WP : 0,
        .cr4 = (bits & 2 ? CR4_SMEP : 0) | (bits & 4 ? CR4_SMAP : 0) | (bits & 8 ? CR4_PKE : 0) |
               (bits & 16 ? CR4_PKS : 0),
        .efer = msr_read(MSR_EFER) & EFER_NXE,
        .pkru = denied << (2 * RIGHTS_KEY_SET),
        .pkrs = denied << (2 * RIGHTS_KEY_SET),
    };
}

static void try_all(struct access *access)
{
    uint64_t may = control_bits();

    for (unsigned bits = 0; bits < 32; bits++)
        for (unsigned denied = 0; denied < (bits & 24 ? 4 : 1); denied++) {
            struct pgt_state state = state_of(bits, denied);
            if (!(state.cr4 & ~may) && access->wrong < MOST_WRONG)
                try_state(access, &state);
        }
}

/* ---- the space --------------------------------------------------------------------- */

static bool map_program(struct access *access)
{
    uint64_t text = access->stub->frame + PGT_PAGE, stack = text + PGT_PAGE;

    memcpy(stub_direct(access->stub, text), programs_text,
           (size_t)(programs_rodata - programs_text));
    *(uint8_t *)stub_direct(access->stub, access->stub->frame) = RET;
    return lower_map(&access->lower,
                     &(struct pgt_mapping){.virt = PROGRAM_TEXT,
                                           .phys = text,
                                           .bytes = PGT_PAGE,
                                           .rights = PGT_READ | PGT_EXECUTE | PGT_USER}) &&
           lower_map(&access->lower,
                     &(struct pgt_mapping){.virt = PROGRAM_STACK,
                                           .phys = stack,
                                           .bytes = PGT_PAGE,
                                           .rights = PGT_READ | PGT_WRITE | PGT_USER});
}

/* The space that the pairs are in, with frames of the whole memory for their tables. */
static void try_in_space(struct access *access)
{
    struct tap *tap = &access->stub->tap;
    struct pgt_space space = access->lower.space;

    space.frames = pgt_ram_frames(&access->stub->frames->ram, access->stub->hhdm);
    if (!tap_ok(tap,
                map_program(access) && rights_open(&access->rights, &space, space.arch.levels - 1u,
                                                   access->stub->frame),
                "tables of every combination of two entries"))
        return;
    lower_enter(&access->lower);
    try_all(access);
    lower_leave(&access->lower);
    rights_close(&access->rights);
    pgt_ram_recycle(&access->stub->frames->ram);
    tap_ok(tap, access->wrong == 0 && access->faults > 0 && access->faults < access->tried,
           "%lu accesses in %lu states of the processor, %lu of them faults, all as foretold",
           access->tried, access->states, access->faults);
}

void check_access(struct stub *stub)
{
    static struct access access; /* too large for a stack */

    if (stub->frames == 0) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "accesses by every combination of two entries");
        return;
    }
    access = (struct access){.stub = stub, .tcg = is_tcg()};
    access.share = words_on_command_line("access=", 10, USUAL_SHARE);
    if (access.share == 0)
        access.share = USUAL_SHARE;
    user_init();
    if (!lower_open(&access.lower, stub, "accesses"))
        return;
    try_in_space(&access);
    lower_close(&access.lower);
}
