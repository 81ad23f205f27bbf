/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "MP" of the Limine boot protocol: every processor is there, is sent for, comes in the state
 * that this one came in, and works.
 *
 * On the kernel's command line processors=N says how many there are.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/expect.h"
#include "loader/stub/fault.h"
#include "loader/stub/processor.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"
#include "loader/stub/words.h"
#include "pagetables/live.h"

/* As many are sent for; more would be left waiting, which is no harm. */
#define MOST 64

/* From this base revision on the whole state of processor and local APIC is defined. */
#define STRICT_REVISION 5

/* Cycles: at least some ten seconds, whatever the processor. */
#define PATIENCE (UINT64_C(50) * 1000 * 1000 * 1000)

#define APIC_PHYS UINT64_C(0xfee00000)
/* Free, and in the root slot of the kernel's image, as in check_live.c. */
#define APIC_VIRT UINT64_C(0xffffffffc0000000)

static struct processor processor[MOST];

/* The processors that are asked about. */
struct crowd {
    struct stub *stub;
    const struct limine_mp_response *response;
    unsigned count; /* the others, at most MOST */
    struct limine_mp_info *info[MOST];
};

static struct limine_mp_info *info_of(const struct limine_mp_response *response, uint64_t index)
{
    const uint64_t *info = request_pointer(response->cpus);

    return (struct limine_mp_info *)info[index];
}

/* True if `good` holds for each of the others; tells the first one for which it doesn't. */
static void check_each(const struct crowd *crowd, const char *name,
                       bool (*good)(const struct crowd *crowd, unsigned which))
{
    unsigned i = 0;

    while (i < crowd->count && good(crowd, i))
        i++;
    if (!tap_ok(&crowd->stub->tap, i == crowd->count, "each other processor: %s", name))
        tap_note("processor %u, local APIC %u", crowd->info[i]->processor_id,
                 crowd->info[i]->lapic_id);
}

/* ---- as it is told -------------------------------------------------------------- */

static void check_told(const struct crowd *crowd, const struct apic_state *own)
{
    const struct limine_mp_response *response = crowd->response;
    struct tap *tap = &crowd->stub->tap;
    uint64_t wanted = words_on_command_line("processors=", 10, response->cpu_count);
    unsigned doubles = 0, own_entries = 0, sent = 0;

    tap_equal(tap, response->cpu_count, wanted, "as many processors as the command line says");
    for (uint64_t i = 0; i < response->cpu_count; i++) {
        const struct limine_mp_info *info = info_of(response, i);

        own_entries += info->lapic_id == response->bsp_lapic_id;
        sent += info->goto_address != 0;
        for (uint64_t k = 0; k < i; k++)
            doubles += info_of(response, k)->lapic_id == info->lapic_id ||
                       info_of(response, k)->processor_id == info->processor_id;
    }
    tap_equal(tap, doubles, 0, "no two processors have a number in common");
    tap_equal(tap, own_entries, 1, "one of them is the one that the loader says runs the kernel");
    tap_equal(tap, sent, 0, "nobody was sent anywhere yet");
    tap_equal(tap, response->flags & LIMINE_MP_X2APIC, own->x2 ? LIMINE_MP_X2APIC : 0,
              "x2APIC mode is as the response says");
    if (!(variant_processors()->flags & LIMINE_MP_X2APIC))
        tap_ok(tap, !own->x2, "not in x2APIC mode without having asked for it");
    if (own->readable)
        tap_equal(tap, own->id, response->bsp_lapic_id, "this one has the number that it says");
}

static bool apic_is_defined(const struct apic_state *apic)
{
    bool masked = true;

    for (unsigned i = 0; i < PROCESSOR_LVT; i++)
        masked = masked && apic->lvt[i] & 0x10000;
    return apic->spurious == 0x1ff && apic->task_priority == 0 && masked;
}

/* ---- as it came ------------------------------------------------------------------ */

static bool came(const struct crowd *crowd, unsigned which)
{
    (void)crowd;
    return __atomic_load_n(&processor[which].done, __ATOMIC_ACQUIRE);
}

static bool registers_are_zero(const struct crowd *crowd, unsigned which)
{
    const struct entry_state *s = &processor[which].state;
    uint64_t any = s->rax | s->rbx | s->rcx | s->rdx | s->rsi | s->rbp | s->r8 | s->r9 | s->r10 |
                   s->r11 | s->r12 | s->r13 | s->r14 | s->r15;

    return any == 0 && s->rdi == (uint64_t)crowd->info[which];
}

static bool segments_are_the_same(const struct crowd *crowd, unsigned which)
{
    const struct entry_state *s = &processor[which].state, *own = &entry_state;

    (void)crowd;
    return s->cs == own->cs && s->ds == own->ds && s->es == own->es && s->fs == own->fs &&
           s->gs == own->gs && s->ss == own->ss && s->gdtr.base == own->gdtr.base &&
           s->gdtr.limit == own->gdtr.limit;
}

/* Below the strict revision: the bits that the protocol names. */
static bool control_is_the_same(const struct crowd *crowd, unsigned which)
{
    const struct entry_state *s = &processor[which].state, *own = &entry_state;
    bool strict = variant_base_revision >= STRICT_REVISION;
    uint64_t named_0 = CR0_PG | CR0_WP | CR0_ET | CR0_PE, named_4 = CR4_PAE | CR4_LA57;
    uint64_t named_efer = EFER_NXE | EFER_LMA | EFER_LME, all = ~UINT64_C(0);

    (void)crowd;
    return ((s->cr0 ^ own->cr0) & (strict ? all : named_0)) == 0 &&
           ((s->cr4 ^ own->cr4) & (strict ? all : named_4)) == 0 &&
           ((s->efer ^ own->efer) & (strict ? all : named_efer)) == 0 && s->pat == own->pat;
}

static bool flags_are_clear(const struct crowd *crowd, unsigned which)
{
    uint64_t flags = processor[which].state.rflags;

    (void)crowd;
    return variant_base_revision >= STRICT_REVISION ? flags == RFLAGS_FIXED
                                                    : !(flags & (RFLAGS_IF | RFLAGS_DF));
}

static bool system_tables_are_null(const struct crowd *crowd, unsigned which)
{
    const struct entry_state *s = &processor[which].state;
    const uint64_t *task = (const uint64_t *)(s->gdtr.base + (s->tr & 0xfff8));

    (void)crowd;
    if (s->idtr.base != 0 || s->idtr.limit != 0 || s->ldtr != 0)
        return false;
    /* Base and limit of its task-state segment (check_entry.c). */
    return s->tr == 0 || (s->tr + 15u <= s->gdtr.limit &&
                          (task[0] & UINT64_C(0xff0f00ffffffffff)) == 0 && (uint32_t)task[1] == 0);
}

static bool tables_are_the_same(const struct crowd *crowd, unsigned which)
{
    (void)crowd;
    return processor[which].state.cr3 == entry_state.cr3;
}

static bool mtrrs_are_the_same(const struct crowd *crowd, unsigned which)
{
    (void)crowd;
    return processor[which].mtrrs == processor_mtrrs();
}

static bool apic_is_as_told(const struct crowd *crowd, unsigned which)
{
    const struct apic_state *apic = &processor[which].apic;
    bool x2 = crowd->response->flags & LIMINE_MP_X2APIC;

    return apic->x2 == x2 && (!apic->readable || apic->id == crowd->info[which]->lapic_id);
}

static bool others_apic_is_defined(const struct crowd *crowd, unsigned which)
{
    (void)crowd;
    return apic_is_defined(&processor[which].apic);
}

static void check_apics(const struct crowd *crowd, const struct apic_state *own)
{
    struct tap *tap = &crowd->stub->tap;

    check_each(crowd, "the local APIC has number and mode as told", apic_is_as_told);
    if (variant_base_revision < STRICT_REVISION) {
        tap_skip(tap, "base revision 5 promises it", "local APICs are in a defined state");
    } else if (!own->readable) {
        tap_skip(tap, STUB_NO_TABLES, "local APICs are in a defined state");
    } else {
        tap_ok(tap, apic_is_defined(own), "this local APIC is on, and its sources are masked");
        check_each(crowd, "its local APIC is on, and its sources are masked",
                   others_apic_is_defined);
    }
}

static void check_states(const struct crowd *crowd)
{
    check_each(crowd, "registers are 0, but RDI is its info", registers_are_zero);
    check_each(crowd, "segments and GDT are those of this one", segments_are_the_same);
    check_each(crowd, "CR0, CR4, EFER and PAT are those of this one", control_is_the_same);
    check_each(crowd, "interrupts are off", flags_are_clear);
    check_each(crowd, "CR3 is that of this one", tables_are_the_same);
    check_each(crowd, "MTRRs are those of this one", mtrrs_are_the_same);
    if (variant_base_revision < STRICT_REVISION)
        tap_skip(&crowd->stub->tap, "base revision 5 promises it",
                 "other processors' IDT, LDT and TR are null");
    else
        check_each(crowd, "IDT, LDT and TR are null", system_tables_are_null);
}

/* ---- its stack ------------------------------------------------------------------- */

static bool stack_is_good(const struct crowd *crowd, unsigned which)
{
    const struct entry_state *s = &processor[which].state;

    (void)crowd;
    return processor[which].stack_is_good && s->return_address == 0 &&
           (s->rsp + sizeof(uint64_t)) % 16 == 0;
}

/* As large as this one's, and not even touching: a guard is between any two. */
static bool stack_is_its_own(const struct crowd *crowd, unsigned which)
{
    uint64_t rsp = processor[which].state.rsp, other = entry_state.rsp;

    for (unsigned i = 0; i <= crowd->count; i++) {
        uint64_t apart = rsp > other ? rsp - other : other - rsp;

        if (apart < REQUESTED_STACK && (i == 0 || i - 1 != which))
            return false;
        other = i < crowd->count ? processor[i].state.rsp : 0;
    }
    return true;
}

static bool guards_are_unmapped(const struct crowd *crowd, unsigned which)
{
    uint64_t top = processor[which].state.rsp + sizeof(uint64_t);

    return !stub_mapped(crowd->stub, top) && !stub_mapped(crowd->stub, top - REQUESTED_STACK - 1) &&
           stub_mapped(crowd->stub, top - REQUESTED_STACK);
}

static void check_stacks(const struct crowd *crowd)
{
    struct tap *tap = &crowd->stub->tap;
    uint64_t top;

    check_each(crowd, "the whole stack can be written, with a 0 at its top", stack_is_good);
    check_each(crowd, "the stack is nobody else's", stack_is_its_own);
    if (!crowd->stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "guard pages of other processors' stacks");
        return;
    }
    check_each(crowd, "unmapped pages are below and above its stack", guards_are_unmapped);
    if (crowd->count == 0)
        return;
    top = processor[crowd->count - 1].state.rsp + sizeof(uint64_t);
    expect_fault(tap, "writing below the last processor's stack", fault_write_zero,
                 top - REQUESTED_STACK - 1, FAULT_WRITE);
    expect_fault(tap, "writing above the last processor's stack", fault_write_zero, top,
                 FAULT_WRITE);
}

/* ---- all of it -------------------------------------------------------------------- */

/* The registers of local APICs in memory, where no base revision from 3 on has them mapped. */
static void map_registers(struct stub *stub)
{
    const struct pgt_mapping mapping = {.virt = APIC_VIRT,
                                        .phys = APIC_PHYS,
                                        .bytes = PGT_PAGE,
                                        .rights = PGT_READ,
                                        .memory = PGT_UNCACHEABLE};
    struct pgt_flush flush = {0};

    if (stub->adopted && pgt_map(&stub->space, &mapping, &flush) == PGT_OK) {
        pgt_flush_local(&flush);
        work.registers = APIC_VIRT;
    }
}

static void unmap_registers(struct stub *stub)
{
    struct pgt_flush flush = {0};

    if (work.registers == 0)
        return;
    work.registers = 0;
    /* The others stand still: what they remember of it, nobody uses. */
    tap_ok(&stub->tap, pgt_unmap(&stub->space, APIC_VIRT, PGT_PAGE, &flush) == PGT_OK,
           "the local APIC's registers can be unmapped again");
    pgt_flush_local(&flush);
    pgt_pool_recycle(&stub->pool);
}

/* All at once: the address is written last, by which the processor goes. */
static void send_for_all(struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->count; i++) {
        crowd->info[i]->extra_argument = (uint64_t)&processor[i];
        __atomic_store_n(&crowd->info[i]->goto_address, (uint64_t)processor_entry,
                         __ATOMIC_RELEASE);
    }
}

static void wait_for_all(const struct crowd *crowd)
{
    uint64_t from = time_stamp();

    for (unsigned i = 0; i < crowd->count; i++)
        while (!came(crowd, i) && time_stamp() - from < PATIENCE)
            pause_once();
}

static void gather(struct crowd *crowd)
{
    for (uint64_t i = 0; i < crowd->response->cpu_count && crowd->count < MOST; i++) {
        struct limine_mp_info *info = info_of(crowd->response, i);

        if (info->lapic_id != crowd->response->bsp_lapic_id)
            crowd->info[crowd->count++] = info;
    }
}

void check_processors(struct stub *stub)
{
    struct crowd crowd = {.stub = stub, .response = request_answer(&variant_processors()->head)};
    struct tap *tap = &stub->tap;
    struct apic_state own;

    if (crowd.response == 0) {
        tap_skip(tap, "the loader gave no answer", "the machine's processors");
        return;
    }
    tap_note("processors: %lu, response flags %x", crowd.response->cpu_count,
             crowd.response->flags);
    gather(&crowd);
    map_registers(stub);
    own = processor_apic();
    check_told(&crowd, &own);
    send_for_all(&crowd);
    processor_work();
    wait_for_all(&crowd);
    check_each(&crowd, "it comes when it is sent for", came);
    check_states(&crowd);
    check_apics(&crowd, &own);
    check_stacks(&crowd);
    tap_equal(tap, work.guarded, (crowd.count + 1) * UINT64_C(1) * WORK_TURNS,
              "all counted together, under a lock");
    tap_equal(tap, work.atomic, (crowd.count + 1) * UINT64_C(1) * WORK_TURNS,
              "all counted together, by atomic additions");
    unmap_registers(stub);
}
