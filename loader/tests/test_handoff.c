/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the handoff page holds what it should for every base revision and whatever
 * firmware left in the control registers; and, where /dev/kvm can be opened, that
 * running it in a virtual machine brings a kernel exactly the entry state that the Limine boot
 * protocol promises, from the worst state that firmware may leave, through 32-bit mode too.
 * (What a processor with 5-level paging makes of it is shown by whole machines.)
 */
#include "loader/handoff.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pagetables/tests/vm.h"

/* As the SDM names them (volume 3A, 2.5 and 2.2.1). */
#define CR0_EXACT UINT64_C(0x80010011) /* PG WP ET PE */
#define CR0_MAY   UINT64_C(0x00040022) /* AM NE MP: as firmware has them */
#define CR0_PG    UINT64_C(0x80000000)
#define CR4_TSD   UINT64_C(0x4)
#define CR4_PAE   UINT64_C(0x20)
#define CR4_PGE   UINT64_C(0x80)
#define CR4_LA57  UINT64_C(0x1000)
#define CR4_PCIDE UINT64_C(0x20000)
#define CR4_CET   UINT64_C(0x800000)
#define CR4_MAY                                                                                    \
    UINT64_C(0x00056f5f) /* VME PVI TSD DE PSE MCE PCE OSFXSR OSXMMEXCPT UMIP                      \
                           VMXE SMXE FSGSBASE OSXSAVE */
#define EFER_SCE   UINT64_C(0x1)
#define EFER_EXACT UINT64_C(0xd00) /* NXE LMA LME */
#define EFER_LONG  UINT64_C(0x500) /* LMA LME */

#define KERNEL_ROOT     UINT64_C(0x123000)
#define TRANSITION_ROOT UINT64_C(0x456000)
#define GDT_VIRT        UINT64_C(0xffff8765432109a8)
#define ENTRY           UINT64_C(0xffffffff80001234)

static struct ldr_plan some_plan(uint64_t base_revision, unsigned levels)
{
    return (struct ldr_plan){
        .arch = {.levels = (uint8_t)levels, .no_execute = true, .pat = PGT_PAT_LIMINE},
        .base_revision = base_revision,
        .handoff_virt = UINT64_C(0xffffffff80400000),
        .stack_top = UINT64_C(0xffff800000050000),
    };
}

struct prepared {
    uint8_t page[4096];
    uint8_t behind[64]; /* stays as it was */
    uint8_t gdt[LDR_GDT_BYTES];
    uint8_t behind_gdt[64];
    struct ldr_handoff data;
};

static struct ldr_handoff prepare(struct prepared *prepared, const struct ldr_plan *plan,
                                  struct ldr_control firmware)
{
    memset(prepared, 0xa5, sizeof(*prepared));
    ldr_handoff_prepare(prepared->page, plan, TRANSITION_ROOT, KERNEL_ROOT, ENTRY, &firmware,
                        prepared->gdt, GDT_VIRT);
    memcpy(&prepared->data, prepared->page + LDR_HANDOFF_DATA, sizeof(prepared->data));
    return prepared->data;
}

static void writes_the_page_and_nothing_else(void **state)
{
    static const uint8_t begin[6] = {0xf3, 0x0f, 0x1e, 0xfa, 0xfa, 0xfc}; /* ENDBR64 CLI CLD */
    struct ldr_plan plan = some_plan(6, 4);
    struct prepared prepared;
    struct ldr_handoff data = prepare(&prepared, &plan, (struct ldr_control){0, 0, 0});
    uint64_t gdt_base;

    (void)state;
    assert_memory_equal(prepared.page, begin, sizeof(begin));
    /* The code leaves room; behind it and behind the data nothing of before is left. */
    for (unsigned i = 1024; i < LDR_HANDOFF_DATA; i++)
        assert_int_equal(prepared.page[i], 0);
    for (size_t i = LDR_HANDOFF_DATA + sizeof(data); i < sizeof(prepared.page); i++)
        assert_int_equal(prepared.page[i], 0);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(prepared.behind[i], 0xa5);
        assert_int_equal(prepared.behind_gdt[i], 0xa5);
    }

    assert_int_equal(data.transition_root, TRANSITION_ROOT);
    assert_int_equal(data.kernel_root, KERNEL_ROOT);
    assert_int_equal(data.upper, plan.handoff_virt);
    assert_int_equal(data.stack_top, plan.stack_top);
    assert_int_equal(data.entry, ENTRY);
    assert_int_equal(data.pat, PGT_PAT_LIMINE);
    assert_int_equal(data.gdt_limit, LDR_GDT_BYTES - 1);
    memcpy(&gdt_base, data.gdt_base, sizeof(gdt_base));
    assert_int_equal(gdt_base, GDT_VIRT);
    assert_int_equal(data.idt_limit, 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(data.idt_base[i], 0);
    assert_int_equal(data.cr4_first, data.cr4);
    for (size_t i = offsetof(struct ldr_handoff, own_gdt_limit); i < sizeof(data); i++)
        assert_int_equal(((const uint8_t *)&data)[i], 0);
}

/* A descriptor, field by field (SDM 3.4.5). */
struct segment {
    uint32_t base, limit;
    unsigned type, descriptor_type, privilege, present, is_long, is_32, granularity;
};

static struct segment decode(const uint8_t *d)
{
    return (struct segment){
        .base = (uint32_t)d[2] | (uint32_t)d[3] << 8 | (uint32_t)d[4] << 16 | (uint32_t)d[7] << 24,
        .limit = (uint32_t)d[0] | (uint32_t)d[1] << 8 | (uint32_t)(d[6] & 15) << 16,
        .type = d[5] & 15,
        .descriptor_type = d[5] >> 4 & 1,
        .privilege = d[5] >> 5 & 3,
        .present = d[5] >> 7,
        .is_long = d[6] >> 5 & 1,
        .is_32 = d[6] >> 6 & 1,
        .granularity = d[6] >> 7,
    };
}

static void writes_the_descriptors_of_the_protocol(void **state)
{
    /* Type 11 is code, readable, accessed; 3 is data, writable, accessed. */
    static const struct segment expected[7] = {
        {0, 0, 0, 0, 0, 0, 0, 0, 0},       {0, 0xffff, 11, 1, 0, 1, 0, 0, 0},
        {0, 0xffff, 3, 1, 0, 1, 0, 0, 0},  {0, 0xfffff, 11, 1, 0, 1, 0, 1, 1},
        {0, 0xfffff, 3, 1, 0, 1, 0, 1, 1}, {0, 0xfffff, 11, 1, 0, 1, 1, 0, 1},
        {0, 0xfffff, 3, 1, 0, 1, 0, 1, 1},
    };
    static const struct segment task = {0, 0, 9, 0, 0, 1, 0, 0, 0}; /* 9: available TSS */
    static const uint8_t zeros[8] = {0};
    struct ldr_plan plan = some_plan(0, 4);
    struct prepared prepared;
    struct segment segment;

    (void)state;
    prepare(&prepared, &plan, (struct ldr_control){0, 0, 0});
    for (unsigned i = 0; i < 7; i++) {
        segment = decode(prepared.gdt + 8 * i);
        assert_memory_equal(&segment, &expected[i], sizeof(segment));
    }
    segment = decode(prepared.gdt + 56);
    assert_memory_equal(&segment, &task, sizeof(segment));
    assert_memory_equal(prepared.gdt + 64, zeros, 8);
}

/* Where the page is, and what the 32-bit part begins with: MOV EAX,ESI; AND EAX,7fffffff;
 * MOV CR0,EAX.  It ends with MOV CR0,ESI and a far jump by CS, behind which 64-bit mode
 * goes on with MOV EBX,EBX. */
static const uint8_t paging_off[] = {0x89, 0xf0, 0x25, 0xff, 0xff, 0xff, 0x7f, 0x0f, 0x22, 0xc0};
static const uint8_t paging_on[] = {0x0f, 0x22, 0xc6, 0x2e, 0xff};
static const uint8_t again_64[] = {0x89, 0xdb};

static void leads_through_32_bit_mode_where_levels_change(void **state)
{
    static const uint64_t place[] = {0x1000, 0x30000, 0x7ffff000, 0xfffff000};
    struct prepared prepared;

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        struct ldr_plan plan = some_plan(i % 7, i & 1 ? 5 : 4);
        struct ldr_control firmware = {0, i & 2 ? CR4_LA57 : 0, EFER_LONG};
        bool changes = !(i & 1) != !(i & 2);
        uint64_t gdt_base;

        plan.handoff_phys = place[i / 4];
        const struct ldr_handoff data = prepare(&prepared, &plan, firmware);
        assert_int_equal(data.cr4_first & CR4_LA57, firmware.cr4);
        assert_int_equal(data.cr4 & CR4_LA57, i & 1 ? CR4_LA57 : 0);
        assert_int_equal(data.cr4 ^ data.cr4_first, changes ? CR4_LA57 : 0);
        if (!changes) {
            assert_int_equal(data.own_gdt_limit, 0);
            continue;
        }
        memcpy(&gdt_base, data.own_gdt_base, sizeof(gdt_base));
        assert_int_equal(gdt_base, plan.handoff_phys + LDR_HANDOFF_DATA + LDR_AT_DESCRIPTORS);
        assert_int_equal(data.own_gdt_limit, sizeof(data.descriptor) - 1);
        assert_memory_equal(data.descriptor, prepared.gdt, sizeof(data.descriptor));
        assert_int_equal(data.to_32.selector, 0x18);
        assert_int_equal(data.to_64.selector, 0x28);
        assert_memory_equal(prepared.page + (data.to_32.offset - plan.handoff_phys), paging_off,
                            sizeof(paging_off));
        assert_memory_equal(prepared.page + (data.to_64.offset - plan.handoff_phys), again_64,
                            sizeof(again_64));
    }
}

/* Does preparing trap?  In a process of its own, which it would end. */
static bool traps(const struct ldr_plan *plan, uint64_t transition_root, uint64_t firmware_cr4)
{
    struct ldr_control firmware = {0, firmware_cr4, EFER_LONG};
    struct prepared prepared;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGILL, SIG_DFL); /* cmocka's handler would go on with the next test */
        ldr_handoff_prepare(prepared.page, plan, transition_root, KERNEL_ROOT, ENTRY, &firmware,
                            prepared.gdt, GDT_VIRT);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* What 32-bit code can't reach is the caller's mistake, but only if there is 32-bit code. */
static void traps_if_32_bits_do_not_reach(void **state)
{
    const uint64_t high = UINT64_C(0x100000000);
    struct ldr_plan plan = some_plan(6, 5);

    (void)state;
    plan.handoff_phys = high - 4096;
    assert_false(traps(&plan, high - 4096, 0));
    assert_true(traps(&plan, high, 0));
    plan.handoff_phys = high;
    assert_true(traps(&plan, high - 4096, 0));
    assert_false(traps(&plan, high, CR4_LA57));
    plan.arch.levels = 4;
    assert_true(traps(&plan, high, CR4_LA57));
}

static void names_all_control_bits_from_revision_5_on(void **state)
{
    struct prepared prepared;

    (void)state;
    for (unsigned bit = 0; bit <= 64; bit++) {
        /* Each bit alone set, and at last all. */
        uint64_t left = bit < 64 ? UINT64_C(1) << bit : ~UINT64_C(0);
        struct ldr_plan plan = some_plan(5 + bit % 2, bit % 3 ? 4 : 5);
        struct ldr_handoff data = prepare(&prepared, &plan, (struct ldr_control){left, left, left});

        assert_int_equal(data.cr0, CR0_EXACT);
        assert_int_equal(data.cr4, CR4_PAE | (bit % 3 ? 0 : CR4_LA57));
        assert_int_equal(data.efer, EFER_EXACT);
    }
}

static void keeps_what_binds_nobody_below_revision_5(void **state)
{
    struct prepared prepared;

    (void)state;
    for (unsigned bit = 0; bit <= 64; bit++) {
        uint64_t left = bit < 64 ? UINT64_C(1) << bit : ~UINT64_C(0);
        struct ldr_plan plan = some_plan(bit % 5, bit % 3 ? 4 : 5);
        struct ldr_handoff data = prepare(&prepared, &plan, (struct ldr_control){left, left, left});

        assert_int_equal(data.cr0, CR0_EXACT | (left & CR0_MAY));
        assert_int_equal(data.cr4, CR4_PAE | (bit % 3 ? 0 : CR4_LA57) | (left & CR4_MAY));
        assert_int_equal(data.efer, EFER_EXACT | left);
    }
}

/* A processor without execute-disable takes no NXE; but where it is on it stays, since
 * firmware's tables may use it. */
static void leaves_execute_disable_to_the_processor(void **state)
{
    struct ldr_plan plan = some_plan(6, 4);
    struct prepared prepared;

    (void)state;
    plan.arch.no_execute = false;
    assert_int_equal(prepare(&prepared, &plan, (struct ldr_control){0, 0, EFER_LONG}).efer,
                     EFER_LONG);
    assert_int_equal(prepare(&prepared, &plan, (struct ldr_control){0, 0, EFER_EXACT}).efer,
                     EFER_EXACT);
}

/* ---- in a virtual machine ---------------------------------------------------- */

#define VM_BYTES   UINT64_C(0x400000)
#define VM_HANDOFF UINT64_C(0x30000)
#define VM_GDT     UINT64_C(0x31000)
#define VM_STACK   UINT64_C(0x50000) /* its top */
#define VM_KERNEL  UINT64_C(0x60000)

#define VM_ENTRY        UINT64_C(0xffffffff80000000)
#define VM_HANDOFF_VIRT UINT64_C(0xffffffff80400000)

/* Entry bits: present, writable, accessed, dirty; large; global; execute-disable. */
#define READ_EXECUTE UINT64_C(0x21)
#define READ_WRITE   UINT64_C(0x63)
#define LARGE        UINT64_C(0x80)
#define GLOBAL       UINT64_C(0x100)
#define NO_EXECUTE   (UINT64_C(1) << 63)

struct launch {
    struct vm vm;
    struct ldr_plan plan;
    struct ldr_control firmware;
    uint64_t kernel_root, transition_root;
};

/* The kernel's upper half: a direct map of all memory, the kernel's page, the handoff page. */
static void map_upper(struct launch *launch, uint64_t root)
{
    unsigned levels = launch->plan.arch.levels;

    for (uint64_t phys = 0; phys < VM_BYTES; phys += PGT_PAGE_2M)
        vm_map(&launch->vm, root, levels, launch->plan.hhdm + phys, phys, 2,
               READ_WRITE | LARGE | NO_EXECUTE);
    vm_map(&launch->vm, root, levels, VM_ENTRY, VM_KERNEL, 1, READ_EXECUTE);
    vm_map(&launch->vm, root, levels, VM_HANDOFF_VIRT, VM_HANDOFF, 1, READ_EXECUTE);
}

/* What a long session of firmware may leave: every register used, tables global. */
static void be_firmware(struct launch *launch, unsigned levels)
{
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    uint64_t root = vm_table(&launch->vm);
    const struct kvm_segment code = {
        .limit = 0xffffffff, .selector = 0x38, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    const struct kvm_segment data = {.base = 0x77000,
                                     .limit = 0xffffffff,
                                     .selector = 0x18,
                                     .type = 3,
                                     .present = 1,
                                     .s = 1,
                                     .db = 1,
                                     .g = 1};

    for (uint64_t phys = 0; phys < VM_BYTES; phys += PGT_PAGE_2M)
        vm_map(&launch->vm, root, levels, phys, phys, 2, READ_WRITE | LARGE | GLOBAL);
    vm_do(&launch->vm, KVM_GET_SREGS, &sregs);
    sregs.cr0 = launch->firmware.cr0;
    sregs.cr3 = root | (launch->firmware.cr4 & CR4_PCIDE ? 0x018 : 0);
    sregs.cr4 = launch->firmware.cr4;
    sregs.efer = launch->firmware.efer;
    sregs.cs = code;
    sregs.ds = sregs.es = sregs.ss = sregs.fs = sregs.gs = data;
    sregs.ldt = (struct kvm_segment){
        .base = 0x1000, .limit = 0xff, .selector = 0x48, .type = 2, .present = 1};
    sregs.tr = (struct kvm_segment){
        .base = 0x2000, .limit = 0x67, .selector = 0x58, .type = 11, .present = 1};
    sregs.gdt = (struct kvm_dtable){.base = 0x3000, .limit = 0x7f};
    sregs.idt = (struct kvm_dtable){.base = 0x4000, .limit = 0xfff};
    vm_do(&launch->vm, KVM_SET_SREGS, &sregs);

    memset(&regs, 0x5a, sizeof(regs));
    regs.rip = VM_HANDOFF;
    regs.rsp = 0x70000;
    regs.rflags = 0x2 | 0x200 | 0x400 | 0x8d5 | 0x3000 | 0x40000; /* IF DF OSZAPC IOPL AC */
    vm_do(&launch->vm, KVM_SET_REGS, &regs);
    for (uint32_t msr = 0xc0000100; msr <= 0xc0000102; msr++)
        vm_write_msr(&launch->vm, msr, 0x12345000);
    vm_write_msr(&launch->vm, 0x277, PGT_PAT_RESET);
}

/* A machine ready to start at the handoff page, in tables of `before` levels, with `code` as
 * its kernel.  Skips the test, and says why, where there is no KVM or no such processor. */
static void make_ready(struct launch *launch, uint64_t base_revision, unsigned before,
                       unsigned levels, const uint8_t *code, size_t bytes)
{
    const char *reason = vm_open(&launch->vm, VM_BYTES);

    if (!reason && (before == 5 || levels == 5) && !(launch->vm.control_bits & CR4_LA57))
        reason = "its processor has no 5-level paging";
    if (reason) {
        print_message("not run in a virtual machine, from %u to %u levels: /dev/kvm: %s\n", before,
                      levels, reason);
        vm_close(&launch->vm);
        skip();
    }
    launch->plan = some_plan(base_revision, levels);
    launch->plan.hhdm = levels == 5 ? LDR_HHDM_5_LEVELS : LDR_HHDM_4_LEVELS;
    launch->plan.stack_top = launch->plan.hhdm + VM_STACK;
    launch->plan.handoff_virt = VM_HANDOFF_VIRT;
    launch->plan.handoff_phys = VM_HANDOFF;
    launch->kernel_root = vm_table(&launch->vm);
    launch->transition_root = vm_table(&launch->vm);
    map_upper(launch, launch->kernel_root);
    map_upper(launch, launch->transition_root);
    vm_map(&launch->vm, launch->transition_root, levels, VM_HANDOFF, VM_HANDOFF, 1, READ_EXECUTE);

    /* PG WP AM NE MP ET PE; TSD DE PAE MCE PGE OSFXSR OSXMMEXCPT and what there is. */
    launch->firmware.cr0 = CR0_EXACT | CR0_MAY;
    launch->firmware.cr4 =
        CR4_PAE | CR4_PGE | 0x64c | (launch->vm.control_bits & ~(before == 4 ? CR4_LA57 : 0));
    launch->firmware.efer = EFER_LONG | EFER_SCE;
    be_firmware(launch, before);
    memset(launch->vm.memory + VM_STACK - 4096, 0xa5, 4096);
    memset(launch->vm.memory + VM_HANDOFF, 0xa5, 4096);
    memcpy(launch->vm.memory + VM_KERNEL, code, bytes);
    ldr_handoff_prepare(launch->vm.memory + VM_HANDOFF, &launch->plan, launch->transition_root,
                        launch->kernel_root, VM_ENTRY, &launch->firmware,
                        launch->vm.memory + VM_GDT, launch->plan.hhdm + VM_GDT);
}

static void check_segments(const struct launch *launch, const struct kvm_sregs *sregs)
{
    const struct kvm_segment *data[5] = {&sregs->ds, &sregs->es, &sregs->fs, &sregs->gs,
                                         &sregs->ss};

    assert_int_equal(sregs->cs.selector, 0x28);
    assert_true(sregs->cs.l && sregs->cs.present && !sregs->cs.dpl);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(data[i]->selector, 0x30);
        assert_int_equal(data[i]->base, 0);
    }
    assert_int_equal(sregs->gdt.base, launch->plan.hhdm + VM_GDT);
    assert_int_equal(sregs->gdt.limit, LDR_GDT_BYTES - 1);
    assert_int_equal(sregs->idt.base, 0);
    assert_int_equal(sregs->idt.limit, 0);
    assert_int_equal(sregs->ldt.selector, 0);
    assert_true(sregs->ldt.unusable || !sregs->ldt.present);
    assert_int_equal(sregs->tr.selector, 0x38);
    assert_int_equal(sregs->tr.base, 0);
    assert_int_equal(sregs->tr.limit, 0);
}

static void check_control(struct launch *launch, const struct kvm_sregs *sregs)
{
    bool exact = launch->plan.base_revision >= 5;
    uint64_t la57 = launch->plan.arch.levels == 5 ? CR4_LA57 : 0;

    assert_int_equal(sregs->cr0, CR0_EXACT | (exact ? 0 : CR0_MAY));
    assert_int_equal(sregs->cr3, launch->kernel_root);
    assert_int_equal(sregs->cr4, CR4_PAE | la57 | (exact ? 0 : launch->firmware.cr4 & CR4_MAY));
    assert_int_equal(sregs->efer, EFER_EXACT | (exact ? 0 : EFER_SCE));
    assert_int_equal(vm_read_msr(&launch->vm, 0x277), PGT_PAT_LIMINE);
    for (uint32_t msr = 0xc0000100; msr <= 0xc0000102; msr++)
        assert_int_equal(vm_read_msr(&launch->vm, msr), 0);
}

static void check_registers(struct launch *launch)
{
    static const struct kvm_regs zero;
    struct kvm_regs regs;
    uint64_t top;

    vm_do(&launch->vm, KVM_GET_REGS, &regs);
    assert_int_equal(regs.rip, VM_ENTRY + 1); /* behind the HLT */
    assert_int_equal(regs.rsp, launch->plan.stack_top - 8);
    assert_int_equal(regs.rflags, 2);
    regs.rip = regs.rsp = regs.rflags = 0;
    assert_memory_equal(&regs, &zero, sizeof(regs));
    memcpy(&top, launch->vm.memory + VM_STACK - 8, sizeof(top));
    assert_int_equal(top, 0);
}

static const uint8_t hlt[] = {0xf4};

/* Runs a machine that is ready up to its kernel's HLT. */
static void arrives(struct launch *launch)
{
    struct kvm_sregs sregs;

    assert_int_equal(vm_run(&launch->vm), KVM_EXIT_HLT);
    vm_do(&launch->vm, KVM_GET_SREGS, &sregs);
    check_registers(launch);
    check_segments(launch, &sregs);
    check_control(launch, &sregs);
    assert_false(vm_mapped(&launch->vm, VM_HANDOFF));
    assert_false(vm_mapped(&launch->vm, 0));
    assert_true(vm_mapped(&launch->vm, VM_HANDOFF_VIRT));
    vm_close(&launch->vm);
}

static void brings(unsigned before, unsigned levels, uint64_t base_revision)
{
    struct launch launch;

    make_ready(&launch, base_revision, before, levels, hlt, sizeof(hlt));
    arrives(&launch);
}

static void brings_the_entry_state_with_4_levels(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision <= 6; revision++)
        brings(4, 4, revision);
}

static void brings_the_entry_state_with_5_levels(void **state)
{
    (void)state;
    brings(5, 5, 0);
    brings(5, 5, 6);
}

static void brings_the_entry_state_from_4_to_5_levels(void **state)
{
    (void)state;
    brings(4, 5, 0);
    brings(4, 5, 6);
}

static void brings_the_entry_state_from_5_to_4_levels(void **state)
{
    (void)state;
    brings(5, 4, 0);
    brings(5, 4, 6);
}

/* A machine of 4 levels that takes the way through 32-bit mode all the same, so that it is
 * run where the processor has no more: the page is prepared as from 5 levels, and
 * another bit then takes the place of LA57. */
static void make_detour(struct launch *launch, uint64_t base_revision)
{
    struct ldr_control firmware;
    struct ldr_handoff *data;

    make_ready(launch, base_revision, 4, 4, hlt, sizeof(hlt));
    firmware = launch->firmware;
    firmware.cr4 |= CR4_LA57;
    ldr_handoff_prepare(launch->vm.memory + VM_HANDOFF, &launch->plan, launch->transition_root,
                        launch->kernel_root, VM_ENTRY, &firmware, launch->vm.memory + VM_GDT,
                        launch->plan.hhdm + VM_GDT);
    data = (struct ldr_handoff *)(void *)(launch->vm.memory + VM_HANDOFF + LDR_HANDOFF_DATA);
    assert_int_equal(data->cr4 ^ data->cr4_first, CR4_LA57);
    data->cr4_first = data->cr4 ^ CR4_TSD;
}

static void brings_the_entry_state_through_32_bit_mode(void **state)
{
    struct launch launch;

    (void)state;
    for (uint64_t revision = 0; revision <= 6; revision++) {
        make_detour(&launch, revision);
        arrives(&launch);
    }
}

/* The state in front of these bytes of the page's code. */
static void stop_at(struct launch *launch, const uint8_t *code, size_t bytes,
                    struct kvm_sregs *ret_sregs)
{
    uint8_t *found = memmem(launch->vm.memory + VM_HANDOFF, LDR_HANDOFF_DATA, code, bytes);

    assert_non_null(found);
    *found = hlt[0];
    assert_int_equal(vm_run(&launch->vm), KVM_EXIT_HLT);
    vm_do(&launch->vm, KVM_GET_SREGS, ret_sregs);
    vm_close(&launch->vm);
}

/* CR4 changes between these two stops: while paging and long mode are off. */
static void turns_paging_off_on_the_way(void **state)
{
    struct launch launch;
    struct kvm_sregs sregs;

    (void)state;
    make_detour(&launch, 6);
    stop_at(&launch, paging_off, sizeof(paging_off), &sregs);
    assert_int_equal(sregs.cs.selector, 0x18);
    assert_true(sregs.cs.db && !sregs.cs.l);
    assert_int_equal(sregs.cr0, CR0_EXACT);
    assert_int_equal(sregs.cr4, CR4_PAE | CR4_TSD);

    make_detour(&launch, 6);
    stop_at(&launch, paging_on, sizeof(paging_on), &sregs);
    assert_int_equal(sregs.cs.selector, 0x18);
    assert_int_equal(sregs.cr0, CR0_EXACT & ~CR0_PG);
    assert_int_equal(sregs.cr3, launch.transition_root);
    assert_int_equal(sregs.cr4, CR4_PAE);
    assert_int_equal(sregs.efer, EFER_EXACT & ~UINT64_C(0x400)); /* without LMA */
}

/* Firmware's leaves were global; a kernel that touches one has to fault all the same, and with
 * an empty IDT a fault shuts down.  The direct map, by the same instruction, can be read. */
static void leaves_no_translation_behind(void **state)
{
    uint8_t read[] = {0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf4}; /* MOV AL,[address]; HLT */
    struct launch launch;
    uint64_t address = LDR_HHDM_4_LEVELS + VM_HANDOFF;
    struct kvm_regs regs;

    (void)state;
    memcpy(read + 1, &address, sizeof(address));
    make_ready(&launch, 4, 4, 4, read, sizeof(read));
    assert_int_equal(vm_run(&launch.vm), KVM_EXIT_HLT);
    vm_do(&launch.vm, KVM_GET_REGS, &regs);
    assert_int_equal(regs.rax, 0xf3); /* the page's first byte */
    vm_close(&launch.vm);

    address = VM_HANDOFF;
    memcpy(read + 1, &address, sizeof(address));
    make_ready(&launch, 4, 4, 4, read, sizeof(read));
    assert_int_equal(vm_run(&launch.vm), KVM_EXIT_SHUTDOWN);
    vm_close(&launch.vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_page_and_nothing_else),
        cmocka_unit_test(writes_the_descriptors_of_the_protocol),
        cmocka_unit_test(leads_through_32_bit_mode_where_levels_change),
        cmocka_unit_test(traps_if_32_bits_do_not_reach),
        cmocka_unit_test(names_all_control_bits_from_revision_5_on),
        cmocka_unit_test(keeps_what_binds_nobody_below_revision_5),
        cmocka_unit_test(leaves_execute_disable_to_the_processor),
        cmocka_unit_test(brings_the_entry_state_with_4_levels),
        cmocka_unit_test(brings_the_entry_state_with_5_levels),
        cmocka_unit_test(brings_the_entry_state_from_4_to_5_levels),
        cmocka_unit_test(brings_the_entry_state_from_5_to_4_levels),
        cmocka_unit_test(brings_the_entry_state_through_32_bit_mode),
        cmocka_unit_test(turns_paging_off_on_the_way),
        cmocka_unit_test(leaves_no_translation_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
