/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that the library made by random operations, walked by a processor: a virtual
 * machine's (guest.h), that runs in them.  Address by address, around what the
 * operations touched, it reads, writes, fetches, in ring 0 and ring 3; and all of it is as the
 * walker foretells, which was written from the processor's manual: whether something is
 * mapped, which frame (by its content), what it may be used for, the exact fault and error code,
 * CR2, and the accessed and dirty bits that the processor leaves.  pgt_judge() says the same.
 *
 * A hypervisor without help of the host's processor may keep some of the guest's addresses for
 * itself.  Where ring 3 can't read a page that entries written by hand give it, its accesses are
 * not compared, and the test says so.
 *
 * PGT_SEED=<n> replays a run, PGT_ROUNDS=<n> sets its length.
 */
#include "pagetables/tests/guest.h"
#include "pagetables/tests/rights.h"
#include "pagetables/tests/suite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS     80
#define OPERATIONS 16 /* in a round */
#define SPACES     3  /* the kernel's, whose upper holds the guest, and two that share it */

#define MEMORY        (24 * MIB)
#define TABLES        (2 * MIB)
#define TABLES_FRAMES 4096
#define DATA          GIB /* physical: what is mapped */
#define DATA_BYTES    GIB

#define WINDOWS 5 /* of addresses; the last one lies in the shared upper */
#define SAMPLES 32
#define KINDS   9

struct sample {
    uint64_t virt; /* 16 bytes: a word that is code, too, and one to be written to */
    struct walk_leaf before;
    uint64_t phys;
    bool reached, written;
};

struct hardware {
    struct guest guest;
    struct arena arena;
    uint8_t *data;
    struct pgt_space space[SPACES];
    uint64_t random, seed, rounds;
    struct {
        uint64_t virt, bytes;
    } range[OPERATIONS]; /* of this round */
    struct sample sample[SAMPLES];
    bool ring_3[WINDOWS]; /* may use these addresses, as far as the hypervisor is concerned */
    uint64_t operations, probes, faults, leaves;
};

static uint64_t draw(struct hardware *hw, uint64_t below)
{
    return arena_random(&hw->random) % below;
}

/* ---- random operations ---------------------------------------------------------- */

static uint64_t window(const struct hardware *hw, unsigned number)
{
    bool five = hw->guest.arch.levels == 5;
    const uint64_t first[WINDOWS] = {
        0,
        (UINT64_C(1) << 39) - GIB / 2,
        (five ? LOWER_LAST_5 : LOWER_LAST_4) + PGT_PAGE - GIB,
        five ? UPPER_5 : UPPER_4,
        GUEST_VIRT + GIB,
    };
    return first[number];
}

/* The space of a window that was drawn, and in it a range. */
static struct pgt_space *draw_range(struct hardware *hw, unsigned slot)
{
    unsigned number = (unsigned)draw(hw, WINDOWS);
    uint64_t unit = draw(hw, 2) ? PGT_PAGE : PGT_PAGE_2M;
    uint64_t start = draw(hw, 32 * MIB) & -unit;

    hw->range[slot].virt = window(hw, number) + start;
    hw->range[slot].bytes = (1 + draw(hw, unit == PGT_PAGE ? 700 : 3)) * unit;
    if (hw->guest.arch.pages_1g && draw(hw, 8) == 0) {
        hw->range[slot].virt &= -GIB;
        hw->range[slot].bytes = GIB;
    }
    return number == WINDOWS - 1 ? &hw->space[0] : &hw->space[1 + draw(hw, SPACES - 1)];
}

static unsigned draw_rights(struct hardware *hw)
{
    return PGT_READ | (unsigned)draw(hw, 32);
}

/* Often so that neighbours continue each other, and can be merged. */
static uint64_t draw_phys(struct hardware *hw, uint64_t virt, uint64_t bytes)
{
    if (draw(hw, 3))
        return DATA + (bytes == GIB ? 0 : virt % (DATA_BYTES / 4));
    return DATA + (draw(hw, DATA_BYTES - bytes + 1) & -PGT_PAGE);
}

static enum pgt_status clone(struct hardware *hw, struct pgt_space *from, uint64_t virt,
                             uint64_t bytes)
{
    struct pgt_space *to = from == &hw->space[1] ? &hw->space[2] : &hw->space[1];
    struct pgt_flush flush = {0};

    if (from == &hw->space[0])
        return PGT_OK;
    assert_int_equal(pgt_unmap(to, virt, bytes, &flush), PGT_OK);
    return pgt_clone(to, from, virt, bytes, (enum pgt_clone)draw(hw, 3), 1, &flush);
}

static enum pgt_status operate(struct hardware *hw, struct pgt_space *space, uint64_t virt,
                               uint64_t bytes)
{
    struct pgt_flush flush = {0};
    struct pgt_harvest harvest;
    struct pgt_protection change = {.change = PGT_CHANGE_RIGHTS, .rights = draw_rights(hw)};

    switch (draw(hw, 10)) {
    case 0:
        return pgt_unmap(space, virt, bytes, &flush);
    case 1:
    case 2:
        return pgt_protect(space, virt, bytes, &change, &flush);
    case 3:
        return pgt_promote(space, virt, bytes, &flush);
    case 4:
        return pgt_split(space, virt, bytes, draw(hw, 2) ? PGT_PAGE : PGT_PAGE_2M);
    case 5:
        return clone(hw, space, virt, bytes);
    case 6:
    case 7:
        return pgt_harvest(space, virt, bytes, (unsigned)draw(hw, 4), NULL, NULL, &harvest, &flush);
    default:
        return pgt_map(space,
                       &(struct pgt_mapping){.virt = virt,
                                             .phys = draw_phys(hw, virt, bytes),
                                             .bytes = bytes,
                                             .rights = draw_rights(hw),
                                             .memory = (enum pgt_memory)draw(hw, PGT_MEMORY_TYPES),
                                             .software = (unsigned)draw(hw, 1024),
                                             .promote = draw(hw, 2)},
                       &flush);
    }
}

static void change(struct hardware *hw)
{
    for (unsigned i = 0; i < OPERATIONS; i++, hw->operations++) {
        struct pgt_space *space = draw_range(hw, i);
        assert_int_equal(operate(hw, space, hw->range[i].virt, hw->range[i].bytes), PGT_OK);
    }
    for (unsigned i = 0; i < SPACES; i++)
        suite_check(&hw->space[i]);
}

/* ---- what the hypervisor withholds -------------------------------------------------- */

/* Present, writable, user, accessed, dirty. */
#define ALL_RIGHTS UINT64_C(0x67)

/* Without the library: entries by hand, that grant everything. */
static bool ring_3_reads(struct hardware *hw, uint64_t virt)
{
    unsigned levels = hw->guest.arch.levels;
    uint64_t root = vm_table(&hw->guest.vm);

    for (uint64_t own = GUEST_GDT; own < GUEST_OWN_END; own += PGT_PAGE)
        vm_map(&hw->guest.vm, root, levels, GUEST_VIRT + own, own, 1, ALL_RIGHTS);
    vm_map(&hw->guest.vm, root, levels, virt, DATA, 1, ALL_RIGHTS);
    hw->guest.probe[0] = (struct guest_probe){.address = virt, .kind = PROBE_READ | PROBE_USER};
    guest_run(&hw->guest, root, 1);
    return hw->guest.probe[0].vector == PROBE_NO_FAULT;
}

static void find_what_is_withheld(struct hardware *hw)
{
    for (unsigned i = 0; i < WINDOWS; i++) {
        uint64_t virt = window(hw, i);
        hw->ring_3[i] = ring_3_reads(hw, virt);
        if (!hw->ring_3[i])
            print_message("not compared: ring 3 around %#" PRIx64
                          ", which this hypervisor keeps from it\n",
                          virt);
    }
    /* In the lower half, where programs are, there is no excuse. */
    assert_true(hw->ring_3[0] && hw->ring_3[1] && hw->ring_3[2]);
}

/* Does an access of this kind depend on the tables alone? */
static bool is_compared(const struct hardware *hw, const struct guest_probe *probe)
{
    unsigned slot_shift = 12 + 9 * (hw->guest.arch.levels - 1u);

    for (unsigned i = 0; i < WINDOWS; i++)
        if ((probe->kind & PROBE_USER) && !hw->ring_3[i] &&
            probe->address >> slot_shift == window(hw, i) >> slot_shift)
            return false;
    return true;
}

/* ---- what is foretold ------------------------------------------------------------- */

struct outcome {
    uint32_t vector;
    uint64_t error;
};

/* SDM 4.6.1 and 4.7, from what a walk found. */
static struct outcome foretell(const struct walk_leaf *leaf, uint32_t kind,
                               const struct pgt_state *state)
{
    bool write = (kind & 3) == PROBE_WRITE, fetch = (kind & 3) == PROBE_FETCH;
    bool user = kind & PROBE_USER, user_page = leaf->rights & PGT_USER;
    bool smep = state->cr4 >> 20 & 1, smap = state->cr4 >> 21 & 1, wp = state->cr0 >> 16 & 1;
    uint64_t error = (write ? 2 : 0) | (user ? 4 : 0) | (fetch ? 16 : 0);

    if (leaf->kind == WALK_NOT_CANONICAL)
        return (struct outcome){13, 0};
    if (leaf->kind == WALK_ABSENT)
        return (struct outcome){14, error};
    assert_int_equal(leaf->kind, WALK_LEAF);
    if ((user && !user_page) || (fetch && !(leaf->rights & PGT_EXECUTE)) ||
        (write && !(leaf->rights & PGT_WRITE) && (user || wp)) ||
        (!user && user_page && fetch && smep) ||
        (!user && user_page && !fetch && smap && !(kind & PROBE_AC)))
        return (struct outcome){14, error | 1};
    return (struct outcome){PROBE_NO_FAULT, 0};
}

/* The word at a physical address, as data and as code: MOV EAX,imm32; RET; NOP; NOP. */
static uint64_t marker(uint64_t phys)
{
    return 0xb8 | (phys >> 4 & 0xffffffff) << 8 | UINT64_C(0x9090c3) << 40;
}

static uint64_t *data_at(struct hardware *hw, uint64_t phys)
{
    if (phys < DATA || phys >= DATA + DATA_BYTES)
        fail_msg("%#" PRIx64 " is mapped, which is no memory that was to be mapped", phys);
    return (uint64_t *)(void *)(hw->data + (phys - DATA));
}

/* ---- samples ---------------------------------------------------------------------- */

/* Around the last operations' borders; now and then anywhere. */
static uint64_t draw_address(struct hardware *hw)
{
    unsigned slot = (unsigned)draw(hw, OPERATIONS);
    uint64_t virt = hw->range[slot].virt, bytes = hw->range[slot].bytes;
    const uint64_t page[] = {
        virt,
        virt + bytes - PGT_PAGE,
        virt + draw(hw, bytes),
        virt - PGT_PAGE,
        virt + bytes,
        virt ^ UINT64_C(1) << (12 + 9 * hw->guest.arch.levels), /* not canonical */
        window(hw, (unsigned)draw(hw, WINDOWS)) + draw(hw, 32 * MIB),
    };
    return (page[draw(hw, 7)] & -PGT_PAGE) | (draw(hw, PGT_PAGE) & -UINT64_C(16));
}

static void take_sample(struct hardware *hw, const struct pgt_space *space, struct sample *sample)
{
    *sample = (struct sample){.virt = draw_address(hw)};
    sample->before = walk(&hw->arena, &space->arch, space->root, sample->virt);
    if (sample->before.kind != WALK_LEAF)
        return;
    sample->phys = sample->before.phys + (sample->virt - sample->before.virt);
    data_at(hw, sample->phys)[0] = marker(sample->phys);
    data_at(hw, sample->phys)[1] = 0;
    hw->leaves++;
}

/* Another space's upper is the same, and its lower half empty at times: any kind of both. */
static uint32_t kind_of(size_t probe)
{
    static const uint32_t kinds[KINDS] = {PROBE_READ,
                                          PROBE_FETCH,
                                          PROBE_READ | PROBE_AC,
                                          PROBE_FETCH | PROBE_AC,
                                          PROBE_READ | PROBE_USER,
                                          PROBE_FETCH | PROBE_USER,
                                          PROBE_WRITE,
                                          PROBE_WRITE | PROBE_AC,
                                          PROBE_WRITE | PROBE_USER};
    return kinds[probe % KINDS];
}

static void print_entries(const struct hardware *hw, const struct pgt_space *space, uint64_t virt)
{
    for (unsigned level = space->arch.levels; level > 0; level--) {
        const uint64_t *entry = walk_entry(&hw->arena, &space->arch, space->root, virt, level);
        if (entry != NULL)
            print_message("level %u: entry %#" PRIx64 "\n", level, *entry);
    }
}

static void check_probe(struct hardware *hw, const struct pgt_space *space, struct sample *sample,
                        const struct guest_probe *probe)
{
    struct pgt_state state = guest_state_of(&hw->guest, probe->kind);
    struct outcome outcome = foretell(&sample->before, probe->kind, &state);
    struct rights_outcome judged =
        rights_foretell(space, probe->address, guest_access(probe->kind), &state);
    bool write = (probe->kind & 3) == PROBE_WRITE;
    uint64_t value = (probe->kind & 3) == PROBE_FETCH ? sample->phys >> 4 : marker(sample->phys);

    if (probe->vector != outcome.vector ||
        (probe->vector != PROBE_NO_FAULT && probe->error != outcome.error) ||
        (probe->vector == 14 && probe->cr2 != probe->address) ||
        (probe->vector == PROBE_NO_FAULT && !write && probe->value != value)) {
        print_entries(hw, space, probe->address);
        fail_msg("kind %#x at %#" PRIx64 ": vector %u, error %#" PRIx64 ", CR2 %#" PRIx64
                 ", value %#" PRIx64 "; foretold: vector %u, error %#" PRIx64 ", value %#" PRIx64,
                 probe->kind, probe->address, probe->vector, probe->error, probe->cr2, probe->value,
                 outcome.vector, outcome.error, value);
    }
    assert_int_equal(judged.faults, outcome.vector != PROBE_NO_FAULT);
    if (outcome.vector == 14)
        assert_int_equal(judged.error, outcome.error);
    sample->reached |= probe->vector == PROBE_NO_FAULT;
    sample->written |= probe->vector == PROBE_NO_FAULT && write;
    hw->faults += probe->vector != PROBE_NO_FAULT;
    hw->probes++;
}

/* What was written is where the walk says, whichever of its addresses was the last. */
static void check_written(struct hardware *hw, const struct sample *sample)
{
    uint64_t found = data_at(hw, sample->phys)[1];

    for (unsigned i = 0; i < SAMPLES; i++)
        if (hw->sample[i].written && hw->sample[i].phys == sample->phys &&
            hw->sample[i].virt + 8 == found)
            return;
    if (sample->written || found != 0)
        fail_msg("at %#" PRIx64 " what is in its frame, %#" PRIx64 ", is %#" PRIx64
                 " after a write: %d",
                 sample->virt, sample->phys, found, sample->written);
}

/* Accessed if any of the leaf's addresses was reached, dirty exactly if any was written. */
static void check_marks(struct hardware *hw, const struct pgt_space *space,
                        const struct sample *sample)
{
    struct walk_leaf after = walk(&hw->arena, &space->arch, space->root, sample->virt);
    bool reached = sample->before.accessed, written = sample->before.dirty;

    for (unsigned i = 0; i < SAMPLES; i++) {
        bool same = hw->sample[i].before.kind == WALK_LEAF &&
                    hw->sample[i].before.virt == sample->before.virt;
        reached |= same && hw->sample[i].reached;
        written |= same && hw->sample[i].written;
    }
    if ((reached && !after.accessed) || written != after.dirty)
        fail_msg("at %#" PRIx64 ": accessed %d, dirty %d, after it was reached: %d, written: %d",
                 sample->virt, after.accessed, after.dirty, reached, written);
}

static void look(struct hardware *hw, const struct pgt_space *space)
{
    for (unsigned i = 0; i < SAMPLES; i++)
        take_sample(hw, space, &hw->sample[i]);
    for (unsigned i = 0; i < SAMPLES * KINDS; i++) {
        uint32_t kind = kind_of(i);
        uint64_t where = hw->sample[i / KINDS].virt + ((kind & 3) == PROBE_WRITE ? 8 : 0);
        hw->guest.probe[i] = (struct guest_probe){.address = where, .kind = kind};
    }
    guest_run(&hw->guest, space->root, SAMPLES * KINDS);
    for (unsigned i = 0; i < SAMPLES * KINDS; i++)
        if (is_compared(hw, &hw->guest.probe[i]))
            check_probe(hw, space, &hw->sample[i / KINDS], &hw->guest.probe[i]);
    for (unsigned i = 0; i < SAMPLES; i++) {
        if (hw->sample[i].before.kind != WALK_LEAF)
            continue;
        check_written(hw, &hw->sample[i]);
        check_marks(hw, space, &hw->sample[i]);
    }
}

/* ---- the run ------------------------------------------------------------------------ */

/* The first root slot that spaces share: the one that the guest's pages are in. */
static uint64_t first_shared(const struct hardware *hw)
{
    return GUEST_VIRT & -(UINT64_C(1) << (12 + 9 * (hw->guest.arch.levels - 1)));
}

static void make_spaces(struct hardware *hw)
{
    assert_int_equal(pgt_init(&hw->space[0], &hw->guest.arch, &hw->arena.frames), PGT_OK);
    for (unsigned i = 0; i < GUEST_PAGES; i++) {
        struct pgt_flush flush = {0};
        struct pgt_mapping mapping = {.virt = GUEST_VIRT + guest_pages[i].phys,
                                      .phys = guest_pages[i].phys,
                                      .bytes = guest_pages[i].bytes,
                                      .rights = guest_pages[i].rights};
        assert_int_equal(pgt_map(&hw->space[0], &mapping, &flush), PGT_OK);
    }
    assert_int_equal(pgt_seal(&hw->space[0], first_shared(hw), 0), PGT_OK);
    for (unsigned i = 1; i < SPACES; i++)
        assert_int_equal(pgt_init_on(&hw->space[i], &hw->space[0], &hw->arena.frames), PGT_OK);
}

static void destroy_spaces(struct hardware *hw)
{
    for (unsigned i = SPACES; i-- > 0;)
        assert_int_equal(pgt_destroy(&hw->space[i]), PGT_OK);
    assert_int_equal(hw->arena.outstanding, 0);
}

/* What of the processor is on: drawn anew each round. */
static void draw_state(struct hardware *hw)
{
    uint64_t may = hw->guest.vm.control_bits & (PGT_STATE_CR4_SMEP | PGT_STATE_CR4_SMAP);

    hw->guest.state.cr0 = draw(hw, 4) ? PGT_STATE_CR0_WP : 0;
    hw->guest.state.cr4 = arena_random(&hw->random) & may;
}

static void run(struct hardware *hw)
{
    arena_init_in(&hw->arena, hw->guest.vm.memory + TABLES, TABLES, TABLES_FRAMES, hw->seed);
    make_spaces(hw);
    for (uint64_t round = 0; round < hw->rounds; round++) {
        draw_state(hw);
        change(hw);
        look(hw, &hw->space[1 + round % (SPACES - 1)]);
    }
    destroy_spaces(hw);
    print_message("%" PRIu64 " operations; %" PRIu64 " accesses to %" PRIu64
                  " addresses, of which %" PRIu64 " are mapped: %" PRIu64
                  " faults, all as foretold\n",
                  hw->operations, hw->probes, hw->rounds * SAMPLES, hw->leaves, hw->faults);
}

static void walk_at_levels(void **state, uint8_t levels)
{
    struct hardware *hw = *state;
    const char *reason = guest_open(&hw->guest, MEMORY);

    if (!reason && levels == 5 && !(hw->guest.vm.control_bits >> 12 & 1)) {
        reason = "its processor has no 5-level paging";
        guest_close(&hw->guest);
    }
    if (reason) {
        print_message("not walked by a processor, in %u levels: /dev/kvm: %s\n", levels, reason);
        skip();
    }
    hw->guest.arch.levels = levels;
    hw->data = vm_add_memory(&hw->guest.vm, DATA, DATA_BYTES);
    hw->seed = arena_from_environment("PGT_SEED", 1);
    hw->rounds = arena_from_environment("PGT_ROUNDS", ROUNDS);
    hw->random = hw->seed * 2 + 1;
    print_message("PGT_SEED=%" PRIu64 " PGT_ROUNDS=%" PRIu64 "\n", hw->seed, hw->rounds);
    find_what_is_withheld(hw);
    run(hw);
    arena_free(&hw->arena);
    guest_close(&hw->guest);
}

static void a_processor_walks_4_levels_as_foretold(void **state)
{
    walk_at_levels(state, 4);
}

static void a_processor_walks_5_levels_as_foretold(void **state)
{
    walk_at_levels(state, 5);
}

static int allocate(void **state)
{
    *state = calloc(1, sizeof(struct hardware));
    return *state == NULL;
}

static int release(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_processor_walks_4_levels_as_foretold, allocate, release),
        cmocka_unit_test_setup_teardown(a_processor_walks_5_levels_as_foretold, allocate, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
