/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights, exhausted on a processor: every combination of two entries (rights.h) at each pair of
 * levels, of read, write and fetch, of ring 0 with and without RFLAGS.AC and ring 3, and of CR0.WP,
 * EFER.NXE, SMEP, SMAP and protection keys as far as the processor has them.  pgt_judge()
 * foretells whether each access faults, and with which error code; the processor of a virtual
 * machine (guest.h) decides.  Accessed and dirty bits are looked at, too.
 *
 * A processor of many states tries in each of them all pairs with a lower entry of level 1, and
 * some of the others; with PGT_ACCESS=all, or of few states, all.
 */
#include "pagetables/tests/guest.h"
#include "pagetables/tests/rights.h"
#include "pagetables/tests/suite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY       (32 * MIB)
#define TABLES       (2 * MIB)
#define TABLES_PAGES 2048
#define PAGE         UINT64_C(0x1a43000)

#define CASES 4096
/* All cases of so many states take a few seconds. */
#define FEW_STATES 4
#define KINDS      9

struct trial {
    struct guest guest;
    struct pgt_pool pool;
    struct pgt_frames frames;
    struct pgt_space space;
    struct rights rights;
    unsigned share; /* of the cases above level 1, one in so many */
    struct rights_case at[CASES];
    size_t cases;
    uint64_t probes, faults, states;
};

static const uint32_t kinds[KINDS] = {
    PROBE_READ,
    PROBE_WRITE,
    PROBE_FETCH,
    PROBE_READ | PROBE_AC,
    PROBE_WRITE | PROBE_AC,
    PROBE_FETCH | PROBE_AC,
    PROBE_READ | PROBE_USER,
    PROBE_WRITE | PROBE_USER,
    PROBE_FETCH | PROBE_USER,
};

/* ---- the machine -------------------------------------------------------------- */

/* The guest's own pages: executable all, so that they do without XD where EFER.NXE is clear. */
static void map_own_pages(struct trial *trial)
{
    for (unsigned i = 0; i < GUEST_PAGES; i++) {
        struct pgt_flush flush = {0};
        struct pgt_mapping mapping = {.virt = GUEST_VIRT + guest_pages[i].phys,
                                      .phys = guest_pages[i].phys,
                                      .bytes = guest_pages[i].bytes,
                                      .rights = guest_pages[i].rights | PGT_EXECUTE};
        assert_int_equal(pgt_map(&trial->space, &mapping, &flush), PGT_OK);
    }
}

/* MOV EAX,imm32; RET */
static void fill_page(struct trial *trial)
{
    static const uint8_t code[] = {0xb8, 0x34, 0x12, 0xed, 0xfe, 0xc3, 0, 0};

    memcpy(trial->guest.vm.memory + PAGE, code, sizeof(code));
}

static int start(void **state)
{
    struct trial *trial = calloc(1, sizeof(*trial));
    const char *reason = guest_open(&trial->guest, MEMORY);

    *state = trial;
    if (reason) {
        print_message("not tried on a processor: /dev/kvm: %s\n", reason);
        free(trial);
        *state = NULL;
        return 0;
    }
    pgt_pool_init(&trial->pool, (uint64_t)(uintptr_t)trial->guest.vm.memory);
    assert_true(pgt_pool_add(&trial->pool, TABLES, TABLES_PAGES));
    trial->frames = pgt_pool_frames(&trial->pool);
    assert_int_equal(pgt_init(&trial->space, &trial->guest.arch, &trial->frames), PGT_OK);
    map_own_pages(trial);
    fill_page(trial);
    assert_true(rights_open(&trial->rights, &trial->space, trial->guest.arch.levels - 1, PAGE));
    return 0;
}

static int end(void **state)
{
    struct trial *trial = *state;

    if (trial != NULL)
        guest_close(&trial->guest);
    free(trial);
    return 0;
}

/* ---- one state ---------------------------------------------------------------- */

static uint64_t address_of(const struct rights_case *at, uint32_t kind)
{
    return at->virt + ((kind & 3) == PROBE_WRITE ? 64 : 0);
}

/* Writes the entries, and picks cases. */
static void pick_cases(struct trial *trial)
{
    struct rights_case at = {0};
    uint64_t count = trial->states; /* others in each state */

    trial->cases = 0;
    while (rights_next(&trial->rights, &at)) {
        if (at.level > 1 && count++ % trial->share != 0)
            continue;
        assert_true(trial->cases < CASES);
        trial->at[trial->cases++] = at;
    }
}

static void disagree(const struct trial *trial, const struct rights_case *at,
                     const struct guest_probe *probe, const struct rights_outcome *outcome)
{
    const struct pgt_state *state = &trial->guest.state;

    fail_msg("level %u, entries %#" PRIx64 ", %#" PRIx64 ", kind %#x at %#" PRIx64 ", CR0 %#" PRIx64
             ", CR4 %#" PRIx64 ", EFER %#" PRIx64 ", PKRU %#x: vector %u, error %#" PRIx64
             ", CR2 %#" PRIx64 "; foretold %s, error %#" PRIx64,
             at->level, *at->upper_entry, at->deep ? *at->lower_entry : 0, probe->kind,
             probe->address, state->cr0, state->cr4, state->efer, state->pkru, probe->vector,
             probe->error, probe->cr2, outcome->faults ? "a fault" : "none", outcome->error);
}

static bool agrees(const struct guest_probe *probe, const struct rights_outcome *outcome)
{
    if (!outcome->faults)
        return probe->vector == PROBE_NO_FAULT;
    return probe->vector == 14 && (probe->error | outcome->either) == outcome->error &&
           probe->cr2 == probe->address;
}

static void compare_case(struct trial *trial, const struct rights_case *at,
                         const struct guest_probe *probe)
{
    bool reached = false, written = false;

    for (unsigned i = 0; i < KINDS; i++, probe++) {
        struct pgt_state state = guest_state_of(&trial->guest, kinds[i]);
        struct rights_outcome outcome =
            rights_foretell(&trial->space, probe->address, guest_access(kinds[i]), &state);
        if (!agrees(probe, &outcome))
            disagree(trial, at, probe, &outcome);
        reached |= !outcome.faults;
        written |= !outcome.faults && (kinds[i] & 3) == PROBE_WRITE;
        trial->faults += outcome.faults;
    }
    const char *wrong = rights_wrong_mark(at, reached, written);
    if (wrong)
        fail_msg("level %u, entries %#" PRIx64 ", %#" PRIx64 ": %s, reached: %d, written: %d",
                 at->level, *at->upper_entry, at->deep ? *at->lower_entry : 0, wrong, reached,
                 written);
}

static void try_state(struct trial *trial, const struct pgt_state *state)
{
    const size_t most = GUEST_PROBES / KINDS;

    trial->guest.state = *state;
    pick_cases(trial);
    for (size_t from = 0; from < trial->cases; from += most) {
        size_t count = trial->cases - from < most ? trial->cases - from : most;
        for (size_t i = 0; i < count * KINDS; i++)
            trial->guest.probe[i] = (struct guest_probe){
                .address = address_of(&trial->at[from + i / KINDS], kinds[i % KINDS]),
                .kind = kinds[i % KINDS]};
        guest_run(&trial->guest, trial->space.root, count * KINDS);
        for (size_t i = 0; i < count; i++)
            compare_case(trial, &trial->at[from + i], &trial->guest.probe[i * KINDS]);
        trial->probes += count * KINDS;
    }
    trial->states++;
}

/* ---- all states ----------------------------------------------------------------- */

/* Bits 0 to 5: WP, NXE, SMEP, SMAP, PKE, PKS; then what is denied of a key. */
static struct pgt_state state_of(unsigned bits, unsigned denied)
{
    return (struct pgt_state){
        .cr0 = bits & 1 ? PGT_STATE_CR0_WP : 0,
        .efer = bits & 2 ? PGT_STATE_EFER_NXE : 0,
        .cr4 = (bits & 4 ? PGT_STATE_CR4_SMEP : 0) | (bits & 8 ? PGT_STATE_CR4_SMAP : 0) |
               (bits & 16 ? PGT_STATE_CR4_PKE : 0) | (bits & 32 ? PGT_STATE_CR4_PKS : 0),
        .pkru = denied << (2 * RIGHTS_KEY_SET),
        .pkrs = denied << (2 * RIGHTS_KEY_SET),
    };
}

/* Calls try_state() for each state that the processor has, or only counts them. */
static unsigned for_each_state(struct trial *trial, bool tries)
{
    unsigned count = 0;

    for (unsigned bits = 0; bits < 64; bits++)
        for (unsigned denied = 0; denied < (bits & 48 ? 4 : 1); denied++) {
            struct pgt_state state = state_of(bits, denied);
            if (!guest_has(&trial->guest, &state))
                continue;
            count++;
            if (tries)
                try_state(trial, &state);
        }
    return count;
}

static void every_access_is_as_foretold(void **context)
{
    struct trial *trial = *context;

    if (trial == NULL)
        skip();
    const char *all = getenv("PGT_ACCESS");
    bool few = for_each_state(trial, false) <= FEW_STATES;
    trial->share = few || (all != NULL && strcmp(all, "all") == 0) ? 1 : 16;
    for_each_state(trial, true);
    print_message("%" PRIu64 " accesses in %" PRIu64 " states of the processor, %" PRIu64
                  " of them faults, all as foretold\n",
                  trial->probes, trial->states, trial->faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_access_is_as_foretold, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
