/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors after SDM volume 3A: 3.4.5 (segments), 6.14.1 (gates), 7.7 (the 64-bit TSS).
 */
#include "pagetables/tests/guest.h"
#include "pagetables/tests/suite.h"

#include <string.h>

_Static_assert(sizeof(struct guest_probe) == PROBE_BYTES, "guest_code.S");
_Static_assert(offsetof(struct guest_probe, kind) == PROBE_KIND, "guest_code.S");
_Static_assert(offsetof(struct guest_probe, vector) == PROBE_VECTOR, "guest_code.S");
_Static_assert(offsetof(struct guest_probe, error) == PROBE_ERROR, "guest_code.S");
_Static_assert(offsetof(struct guest_probe, cr2) == PROBE_CR2, "guest_code.S");
_Static_assert(offsetof(struct guest_probe, value) == PROBE_VALUE, "guest_code.S");

/* guest_code.S: a page for ring 0, a page for ring 3. */
extern const uint8_t guest_code[], guest_user_code[], guest_entries[], guest_call_entry[];

/* Control register bits beside those of struct pgt_state. */
#define CR0_PG_ET_PE    UINT64_C(0x80000011)
#define CR4_PAE         UINT64_C(0x20)
#define CR4_PGE         UINT64_C(0x80)
#define CR4_LA57        UINT64_C(0x1000)
#define EFER_LME_LMA    UINT64_C(0x500)
#define MSR_PAT         0x277
#define MSR_PKRS        0x6e1
#define GATE_INTERRUPT  UINT64_C(0x8e)
#define GATE_FOR_RING_3 UINT64_C(0xee)

const struct guest_page guest_pages[GUEST_PAGES] = {
    {GUEST_GDT, GUEST_CODE - GUEST_GDT, PGT_READ | PGT_WRITE},
    {GUEST_CODE, PGT_PAGE, PGT_READ | PGT_EXECUTE},
    {GUEST_USER_CODE, PGT_PAGE, PGT_READ | PGT_EXECUTE | PGT_USER},
    {GUEST_STACK, PGT_PAGE, PGT_READ | PGT_WRITE},
    {GUEST_USER_STACK, PGT_PAGE, PGT_READ | PGT_WRITE | PGT_USER},
    {GUEST_RECORDS, GUEST_OWN_END - GUEST_RECORDS, PGT_READ | PGT_WRITE},
};

static uint64_t *word(struct guest *guest, uint64_t phys)
{
    return (uint64_t *)(void *)(guest->vm.memory + phys);
}

static void put_gate(struct guest *guest, unsigned vector, const uint8_t *entry, uint64_t type)
{
    uint64_t to = GUEST_VIRT + GUEST_CODE + (uint64_t)(entry - guest_code);
    uint64_t *gate = word(guest, GUEST_IDT + 16 * vector);

    gate[0] = (to & 0xffff) | GUEST_CS << 16 | type << 40 | (to >> 16 & 0xffff) << 48;
    gate[1] = to >> 32;
}

static void put_descriptors(struct guest *guest)
{
    uint64_t *gdt = word(guest, GUEST_GDT);
    uint64_t tss = GUEST_VIRT + GUEST_TSS;
    uint64_t stack = GUEST_VIRT + GUEST_STACK + PGT_PAGE;

    gdt[GUEST_CS / 8] = UINT64_C(0x00af9b000000ffff);
    gdt[GUEST_DS / 8] = UINT64_C(0x00cf93000000ffff);
    gdt[GUEST_USER_DS / 8] = UINT64_C(0x00cff3000000ffff);
    gdt[GUEST_USER_CS / 8] = UINT64_C(0x00affb000000ffff);
    gdt[GUEST_TR / 8] =
        0x67 | (tss & 0xffffff) << 16 | UINT64_C(0x8b) << 40 | (tss >> 24 & 255) << 56;
    gdt[GUEST_TR / 8 + 1] = tss >> 32;
    memcpy(guest->vm.memory + GUEST_TSS + 4, &stack, sizeof(stack)); /* RSP0 */
    guest->vm.memory[GUEST_TSS + 102] = 0x68;                        /* no map of ports */
    for (unsigned vector = 0; vector < 32; vector++)
        put_gate(guest, vector, guest_entries + GUEST_ENTRY_BYTES * vector, GATE_INTERRUPT);
    put_gate(guest, GUEST_CALL, guest_call_entry, GATE_FOR_RING_3);
}

const char *guest_open(struct guest *guest, uint64_t bytes)
{
    const char *reason = vm_open(&guest->vm, bytes);

    if (reason) {
        vm_close(&guest->vm);
        return reason;
    }
    uint32_t more = vm_cpuid(&guest->vm, 0x80000001).edx;
    guest->arch = (struct pgt_arch){
        .levels = 4,
        .physical_bits = (uint8_t)vm_cpuid(&guest->vm, 0x80000008).eax,
        .pages_1g = more >> 26 & 1,
        .no_execute = more >> 20 & 1,
        .pat = PGT_PAT_LIMINE,
    };
    guest->state = (struct pgt_state){.cr0 = PGT_STATE_CR0_WP, .efer = PGT_STATE_EFER_NXE};
    guest->probe = (struct guest_probe *)(void *)(guest->vm.memory + GUEST_RECORDS);
    memcpy(guest->vm.memory + GUEST_CODE, guest_code, 2 * PGT_PAGE);
    put_descriptors(guest);
    vm_write_msr(&guest->vm, MSR_PAT, PGT_PAT_LIMINE);
    return NULL;
}

void guest_close(struct guest *guest)
{
    vm_close(&guest->vm);
}

bool guest_has(const struct guest *guest, const struct pgt_state *state)
{
    uint64_t asked = state->cr4 & ~(PGT_STATE_CR4_PKS);
    bool has_pks = vm_cpuid(&guest->vm, 7).ecx >> 31;

    return !(asked & ~guest->vm.control_bits) && (!(state->cr4 & PGT_STATE_CR4_PKS) || has_pks) &&
           (!(state->efer & PGT_STATE_EFER_NXE) || guest->arch.no_execute);
}

static struct kvm_segment segment(unsigned selector)
{
    bool code = selector == GUEST_CS;

    return (struct kvm_segment){.limit = 0xffffffff,
                                .selector = (uint16_t)selector,
                                .type = code ? 11 : 3,
                                .present = 1,
                                .s = 1,
                                .l = code,
                                .db = !code,
                                .g = 1};
}

static void set_system_registers(struct guest *guest, uint64_t root)
{
    struct kvm_sregs sregs;

    vm_do(&guest->vm, KVM_GET_SREGS, &sregs);
    sregs.cr0 = CR0_PG_ET_PE | guest->state.cr0;
    sregs.cr3 = root;
    sregs.cr4 = CR4_PAE | CR4_PGE | guest->state.cr4 | (guest->arch.levels == 5 ? CR4_LA57 : 0);
    sregs.efer = EFER_LME_LMA | guest->state.efer;
    sregs.cs = segment(GUEST_CS);
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = segment(GUEST_DS);
    sregs.tr = (struct kvm_segment){.base = GUEST_VIRT + GUEST_TSS,
                                    .limit = 0x67,
                                    .selector = GUEST_TR,
                                    .type = 11,
                                    .present = 1};
    sregs.gdt = (struct kvm_dtable){.base = GUEST_VIRT + GUEST_GDT, .limit = GUEST_TR + 15};
    sregs.idt = (struct kvm_dtable){.base = GUEST_VIRT + GUEST_IDT, .limit = 16 * 32 - 1};
    vm_do(&guest->vm, KVM_SET_SREGS, &sregs);
}

void guest_run(struct guest *guest, uint64_t root, size_t count)
{
    uint64_t first = GUEST_VIRT + GUEST_RECORDS;
    struct kvm_regs regs = {
        .rip = GUEST_VIRT + GUEST_CODE,
        .rsp = GUEST_VIRT + GUEST_STACK + PGT_PAGE,
        .rflags = 2,
        .r12 = !!(guest->state.cr4 & PGT_STATE_CR4_PKE),
        .r13 = guest->state.pkru,
        .r14 = first + count * PROBE_BYTES,
        .r15 = first,
    };

    assert_true(count <= GUEST_PROBES);
    vm_forget_tables(&guest->vm);
    set_system_registers(guest, root);
    if (guest->state.cr4 & PGT_STATE_CR4_PKS)
        vm_write_msr(&guest->vm, MSR_PKRS, guest->state.pkrs);
    vm_do(&guest->vm, KVM_SET_REGS, &regs);
    unsigned reason = vm_run(&guest->vm);
    if (reason != KVM_EXIT_HLT) {
        vm_do(&guest->vm, KVM_GET_REGS, &regs);
        fail_msg("the guest stopped for KVM's reason %u (%u), at %#llx, probe %llu", reason,
                 guest->vm.run->internal.suberror, regs.rip, (regs.r15 - first) / PROBE_BYTES);
    }
}

uint64_t guest_access(uint32_t kind)
{
    uint64_t access = (kind & 3) == PROBE_WRITE   ? PGT_ERROR_WRITE
                      : (kind & 3) == PROBE_FETCH ? PGT_ERROR_FETCH
                                                  : 0;

    return access | (kind & PROBE_USER ? PGT_ERROR_USER : 0);
}

struct pgt_state guest_state_of(const struct guest *guest, uint32_t kind)
{
    struct pgt_state state = guest->state;

    state.ring = kind & PROBE_USER ? 3 : 0;
    state.rflags = kind & PROBE_AC ? PGT_STATE_AC : 0;
    return state;
}
