/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the starting page holds what it should; and, where /dev/kvm can be opened, that a
 * processor which starts there in real mode comes to the function on the stack of its own
 * number, and from there through the handoff page to the state that the Limine boot protocol
 * promises.
 */
#include "loader/mp_start.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pagetables/tests/vm.h"

#define CR4_PAE  UINT64_C(0x20)
#define CR4_LA57 UINT64_C(0x1000)

static void some_function(void *context, uint32_t index)
{
    (void)context;
    (void)index;
}

static struct ldr_mp_way some_way(void)
{
    return (struct ldr_mp_way){
        .root = 0xfffff000,
        .control = {.cr0 = 0x80010033, .cr4 = 0x30668, .efer = 0xd01},
        .processors = UINT64_C(0x123456789a0),
        .count = 5,
        .hhdm = LDR_HHDM_4_LEVELS,
        .function = some_function,
        .context = (void *)UINT64_C(0x1122334455667788),
    };
}

static void writes_the_page_and_nothing_else(void **state)
{
    static const uint8_t begin[4] = {0xfa, 0xfc, 0x8c, 0xc8}; /* CLI CLD MOV AX,CS */
    struct ldr_mp_way way = some_way();
    uint8_t page[4096 + 64];
    struct ldr_mp_start data;

    (void)state;
    memset(page, 0xa5, sizeof page);
    ldr_mp_start_prepare(page, 0x9f000, &way);
    memcpy(&data, page + LDR_MP_START_DATA, sizeof data);
    assert_memory_equal(page, begin, sizeof begin);
    for (size_t i = LDR_MP_START_DATA + sizeof data; i < 4096; i++)
        assert_int_equal(page[i], 0);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(page[4096 + i], 0xa5);
    assert_int_equal(data.gdt_limit, LDR_GDT_BYTES - 1);
    assert_int_equal(data.gdt_base[0] | data.gdt_base[1] << 16,
                     0x9f000 + LDR_MP_START_DATA + LDR_MP_START_AT_DESCRIPTORS);
    assert_int_equal(data.to_32.selector, 0x18);
    assert_int_equal(data.to_64.selector, 0x28);
    assert_in_range(data.to_32.offset, 0x9f000, 0x9f000 + LDR_MP_START_DATA);
    assert_in_range(data.to_64.offset, data.to_32.offset, 0x9f000 + LDR_MP_START_DATA);
    assert_int_equal(data.root, 0xfffff000);
    assert_int_equal(data.count, 5);
    assert_int_equal(data.processors, way.processors);
    assert_int_equal(data.function, (uint64_t)some_function);
    assert_int_equal(data.context, 0x1122334455667788);
}

/* What firmware's tables don't ask for comes later, with the handoff page. */
static void takes_levels_and_execute_disable_from_firmware(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit <= 64; bit++) {
        uint64_t left = bit < 64 ? UINT64_C(1) << bit : ~UINT64_C(0);
        struct ldr_mp_way way = some_way();
        uint8_t page[4096];
        struct ldr_mp_start data;

        way.control = (struct ldr_control){left, left | CR4_PAE, left};
        ldr_mp_start_prepare(page, 0x1000, &way);
        memcpy(&data, page + LDR_MP_START_DATA, sizeof data);
        assert_int_equal(data.cr4, CR4_PAE | (left & CR4_LA57));
        assert_int_equal(data.efer, 0x100 | (left & 0x800));
    }
}

/* In a process of its own, which it would end. */
static bool traps(uint64_t page_phys, uint64_t root, size_t count)
{
    struct ldr_mp_way way = some_way();
    uint8_t page[4096];
    int status;
    pid_t child = fork();

    way.root = root;
    way.count = count;
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGILL, SIG_DFL); /* cmocka's handler would go on with the next test */
        ldr_mp_start_prepare(page, page_phys, &way);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void traps_if_a_processor_can_not_start_there(void **state)
{
    (void)state;
    assert_false(traps(0x1000, 0x1000, 2));
    assert_false(traps(0xff000, 0xfffff000, LDR_PROCESSORS_MOST));
    assert_true(traps(0, 0x1000, 2));
    assert_true(traps(0x1800, 0x1000, 2));
    assert_true(traps(0x100000, 0x1000, 2));
    assert_true(traps(0x1000, UINT64_C(0x100000000), 2));
    assert_true(traps(0x1000, 0x1000, LDR_PROCESSORS_MOST + 1));
}

/* ---- in a virtual machine ---------------------------------------------------- */

#define VM_BYTES      UINT64_C(0x400000)
#define VM_PAGE       UINT64_C(0x8000)
#define VM_HANDOFF    UINT64_C(0x30000)
#define VM_GDT        UINT64_C(0x31000)
#define VM_PROCESSORS UINT64_C(0x32000)
#define VM_FUNCTION   UINT64_C(0x33000)
#define VM_CONTEXT    UINT64_C(0x34567)
#define VM_STACK      UINT64_C(0x50000) /* its top */
#define VM_KERNEL     UINT64_C(0x60000)
#define VM_APIC       UINT64_C(0xfee00000)
#define VM_APIC_ID    0x20

#define VM_ENTRY        UINT64_C(0xffffffff80000000)
#define VM_HANDOFF_VIRT UINT64_C(0xffffffff80400000)

#define VM_COUNT 6

/* Entry bits: present, writable, accessed, dirty; large; execute-disable. */
#define READ_EXECUTE UINT64_C(0x21)
#define READ_WRITE   UINT64_C(0x63)
#define LARGE        UINT64_C(0x80)
#define NO_EXECUTE   (UINT64_C(1) << 63)

struct start {
    struct vm vm;
    struct ldr_plan plan;
    uint64_t firmware_root, kernel_root, transition_root;
};

static struct limine_mp_info *info(struct start *start, unsigned index)
{
    return (struct limine_mp_info *)(void *)(start->vm.memory + VM_PROCESSORS) + index;
}

/* As a processor is when it was called: real mode, at the page (SDM 8.4.3, table 9-1). */
static void be_called(struct start *start)
{
    struct kvm_regs regs = {.rdx = 0x600, .rflags = 2};
    struct kvm_sregs sregs;
    const struct kvm_segment data = {.limit = 0xffff, .type = 3, .present = 1, .s = 1};

    vm_do(&start->vm, KVM_GET_SREGS, &sregs);
    sregs.cr0 = 0x60000010;
    sregs.cs = (struct kvm_segment){.base = VM_PAGE,
                                    .selector = (uint16_t)(VM_PAGE >> 4),
                                    .limit = 0xffff,
                                    .type = 11,
                                    .present = 1,
                                    .s = 1};
    sregs.ds = sregs.es = sregs.ss = sregs.fs = sregs.gs = data;
    sregs.apic_base = VM_APIC | 0x800;
    vm_do(&start->vm, KVM_SET_SREGS, &sregs);
    vm_do(&start->vm, KVM_SET_REGS, &regs);
}

/* Firmware's tables map all memory as it is, and the local APIC; the kernel's, its upper half. */
static void make_tables(struct start *start)
{
    struct vm *vm = &start->vm;
    uint64_t root[2] = {start->kernel_root, start->transition_root};

    for (uint64_t phys = 0; phys < VM_BYTES; phys += PGT_PAGE_2M)
        vm_map(vm, start->firmware_root, 4, phys, phys, 2, READ_WRITE | LARGE);
    vm_map(vm, start->firmware_root, 4, VM_APIC, VM_APIC, 2, READ_WRITE | LARGE);
    for (unsigned i = 0; i < 2; i++) {
        for (uint64_t phys = 0; phys < VM_BYTES; phys += PGT_PAGE_2M)
            vm_map(vm, root[i], 4, start->plan.hhdm + phys, phys, 2,
                   READ_WRITE | LARGE | NO_EXECUTE);
        vm_map(vm, root[i], 4, VM_ENTRY, VM_KERNEL, 1, READ_EXECUTE);
        vm_map(vm, root[i], 4, VM_HANDOFF_VIRT, VM_HANDOFF, 1, READ_EXECUTE);
    }
    vm_map(vm, start->transition_root, 4, VM_HANDOFF, VM_HANDOFF, 1, READ_EXECUTE);
}

/* A machine whose processor starts at the page.  Processors have the numbers 3, 5, 7 ... in
 * the array, and stacks that end 64 KiB apart. */
static void make_ready(struct start *start, uint64_t base_revision)
{
    const char *reason = vm_open(&start->vm, VM_BYTES);
    struct ldr_control firmware = {.cr0 = 0x80010033, .cr4 = 0x668, .efer = 0xd00};
    struct ldr_mp_way way = {
        .control = firmware,
        .processors = VM_PROCESSORS,
        .count = VM_COUNT,
        .hhdm = LDR_HHDM_4_LEVELS,
        .function = (ldr_mp_function *)VM_FUNCTION,
        .context = (void *)VM_CONTEXT,
    };

    if (reason) {
        print_message("not run in a virtual machine: /dev/kvm: %s\n", reason);
        vm_close(&start->vm);
        skip();
    }
    start->plan = (struct ldr_plan){
        .arch = {.levels = 4, .no_execute = true, .pat = PGT_PAT_LIMINE},
        .base_revision = base_revision,
        .hhdm = LDR_HHDM_4_LEVELS,
        .handoff_virt = VM_HANDOFF_VIRT,
        .handoff_phys = VM_HANDOFF,
        .guard_below = LDR_HHDM_4_LEVELS + VM_STACK - 0x10000,
        .guard_above = LDR_HHDM_4_LEVELS + VM_STACK,
        .stack_top = LDR_HHDM_4_LEVELS + VM_STACK,
    };
    start->firmware_root = way.root = vm_table(&start->vm);
    start->kernel_root = vm_table(&start->vm);
    start->transition_root = vm_table(&start->vm);
    make_tables(start);
    for (unsigned i = 0; i < VM_COUNT; i++)
        *info(start, i) = (struct limine_mp_info){
            .lapic_id = 3 + 2 * i,
            .reserved = i ? LDR_HHDM_4_LEVELS + VM_STACK + i * 0x10000 : 0,
        };
    ldr_handoff_prepare(start->vm.memory + VM_HANDOFF, &start->plan, start->transition_root,
                        start->kernel_root, VM_ENTRY, &firmware, start->vm.memory + VM_GDT,
                        LDR_HHDM_4_LEVELS + VM_GDT);
    ldr_handoff_add_processors(start->vm.memory + VM_HANDOFF, start->vm.memory + VM_GDT, VM_COUNT,
                               LDR_HHDM_4_LEVELS + VM_PROCESSORS);
    ldr_mp_start_prepare(start->vm.memory + VM_PAGE, VM_PAGE, &way);
    be_called(start);
}

/* Runs to the next HLT, answering for the local APIC on the way; false if it shuts down. */
static bool run_as(struct start *start, uint8_t apic_id)
{
    for (;;) {
        unsigned reason = vm_run(&start->vm);

        if (reason != KVM_EXIT_MMIO) {
            assert_true(reason == KVM_EXIT_HLT || reason == KVM_EXIT_SHUTDOWN);
            return reason == KVM_EXIT_HLT;
        }
        assert_int_equal(start->vm.run->mmio.phys_addr, VM_APIC + VM_APIC_ID);
        assert_false(start->vm.run->mmio.is_write);
        assert_int_equal(start->vm.run->mmio.len, 4);
        memcpy(start->vm.run->mmio.data, &(uint32_t){(uint32_t)apic_id << 24}, 4);
    }
}

static const uint8_t hlt[] = {0xf4};

static void comes_to_the_function_in_64_bit_mode(void **state)
{
    struct start start;
    struct kvm_regs regs;
    struct kvm_sregs sregs;

    (void)state;
    for (unsigned i = 1; i < VM_COUNT; i++) {
        make_ready(&start, 6);
        memcpy(start.vm.memory + VM_FUNCTION, hlt, sizeof hlt);
        assert_true(run_as(&start, (uint8_t)(3 + 2 * i)));
        vm_do(&start.vm, KVM_GET_REGS, &regs);
        vm_do(&start.vm, KVM_GET_SREGS, &sregs);
        assert_int_equal(regs.rip, VM_FUNCTION + 1);
        assert_int_equal(regs.rdi, VM_CONTEXT);
        assert_int_equal(regs.rsi, i);
        assert_int_equal(regs.rsp, VM_STACK + i * 0x10000 - 8);
        assert_int_equal(regs.rflags & 0x600, 0);
        assert_int_equal(sregs.cr0, 0x80010031); /* caching is on */
        assert_int_equal(sregs.cr3, start.firmware_root);
        assert_int_equal(sregs.cr4, CR4_PAE);
        assert_int_equal(sregs.efer, 0xd00);
        assert_true(sregs.cs.l);
        vm_close(&start.vm);
    }
}

/* The first in the array runs the loader; others are not in it at all. */
static void stops_who_is_not_called(void **state)
{
    static const uint8_t stranger[] = {0, 2, 3, 4, 15, 255};
    struct start start;
    struct kvm_regs regs;

    (void)state;
    for (unsigned i = 0; i < sizeof stranger; i++) {
        make_ready(&start, 6);
        assert_true(run_as(&start, stranger[i]));
        vm_do(&start.vm, KVM_GET_REGS, &regs);
        assert_in_range(regs.rip, VM_PAGE, VM_PAGE + LDR_MP_START_DATA);
        vm_close(&start.vm);
    }
    make_ready(&start, 6);
    info(&start, 2)->reserved = 0; /* left out */
    assert_true(run_as(&start, 7));
    vm_do(&start.vm, KVM_GET_REGS, &regs);
    assert_in_range(regs.rip, VM_PAGE, VM_PAGE + LDR_MP_START_DATA);
    vm_close(&start.vm);
}

/* A function that does what ldr_handoff_park() does: MOV EBP,ESI; MOV EAX,address; JMP RAX. */
static void put_function(struct start *start)
{
    uint8_t code[9] = {0x89, 0xf5, 0xb8, 0, 0, 0, 0, 0xff, 0xe0};
    uint8_t *page = start->vm.memory + VM_HANDOFF;
    /* Behind ENDBR64, CLI, CLD and XOR EBP,EBP, of which the latter is of no use here. */
    static const uint8_t before[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xfa, 0xfc, 0x31, 0xed};
    uint32_t address = (uint32_t)(VM_HANDOFF + sizeof before);

    assert_memory_equal(page, before, sizeof before);
    memcpy(code + 3, &address, sizeof address);
    memcpy(start->vm.memory + VM_FUNCTION, code, sizeof code);
}

static void assert_entry_state(struct start *start, unsigned index)
{
    static const struct kvm_regs zero;
    uint64_t la = start->plan.hhdm + VM_PROCESSORS + index * sizeof(struct limine_mp_info);
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    uint64_t top;

    vm_do(&start->vm, KVM_GET_REGS, &regs);
    vm_do(&start->vm, KVM_GET_SREGS, &sregs);
    assert_int_equal(regs.rip, VM_ENTRY + 1);
    assert_int_equal(regs.rdi, la);
    assert_int_equal(regs.rsp, start->plan.stack_top + index * 0x10000 - 8);
    assert_int_equal(regs.rflags, 2);
    regs.rip = regs.rsp = regs.rflags = regs.rdi = 0;
    assert_memory_equal(&regs, &zero, sizeof regs);
    memcpy(&top, start->vm.memory + VM_STACK + index * 0x10000 - 8, sizeof top);
    assert_int_equal(top, 0);
    assert_int_equal(sregs.cr3, start->kernel_root);
    assert_int_equal(sregs.cr0 & 0x80010011, 0x80010011);
    assert_int_equal(sregs.cr0 & 0x60000000, 0);
    if (start->plan.base_revision >= 5) {
        assert_int_equal(sregs.cr0, 0x80010011);
        assert_int_equal(sregs.cr4, CR4_PAE);
        assert_int_equal(sregs.efer, 0xd00);
    }
    assert_int_equal(sregs.cs.selector, 0x28);
    assert_int_equal(sregs.ss.selector, 0x30);
    assert_int_equal(sregs.gdt.base, start->plan.hhdm + VM_GDT);
    assert_int_equal(sregs.gdt.limit, LDR_GDT_BYTES + 16 * (VM_COUNT - 1) - 1);
    assert_int_equal(sregs.tr.selector, 0x38 + 16 * index);
    assert_int_equal(sregs.tr.base, 0);
    assert_int_equal(sregs.tr.limit, 0);
    assert_int_equal(sregs.idt.limit, 0);
    assert_int_equal(vm_read_msr(&start->vm, 0x277), PGT_PAT_LIMINE);
    assert_false(vm_mapped(&start->vm, VM_PAGE));
}

static void is_sent_with_the_entry_state(void **state)
{
    struct start start;

    (void)state;
    for (unsigned i = 1; i < VM_COUNT; i++) {
        make_ready(&start, i);
        put_function(&start);
        memcpy(start.vm.memory + VM_KERNEL, hlt, sizeof hlt);
        info(&start, i)->goto_address = VM_ENTRY; /* so that it doesn't wait */
        memset(start.vm.memory + VM_STACK + i * 0x10000 - 64, 0xa5, 64);
        assert_true(run_as(&start, (uint8_t)(3 + 2 * i)));
        assert_entry_state(&start, i);
        for (unsigned k = 1; k < VM_COUNT; k++) /* it took its own stack */
            assert_int_equal(info(&start, k)->reserved == 0, k == i);
        vm_close(&start.vm);
    }
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
    (void)number;
    alarms++;
}

/* It waits for an address, and goes when one is there. */
static void waits_until_it_is_sent(void **state)
{
    struct start start;
    struct sigaction action = {.sa_handler = count_alarm}, before;
    struct kvm_regs regs;

    (void)state;
    make_ready(&start, 6);
    put_function(&start);
    memcpy(start.vm.memory + VM_KERNEL, hlt, sizeof hlt);
    sigaction(SIGALRM, &action, &before);
    for (unsigned i = 0; i < 2; i++) {
        int result;

        ualarm(50000, 0);
        while ((result = ioctl(start.vm.processor, KVM_RUN, NULL)) == 0) {
            assert_int_equal(start.vm.run->exit_reason, KVM_EXIT_MMIO);
            memcpy(start.vm.run->mmio.data, &(uint32_t){UINT32_C(9) << 24}, 4);
        }
        assert_int_equal(result, -1);
        vm_do(&start.vm, KVM_GET_REGS, &regs);
        assert_in_range(regs.rip, VM_HANDOFF_VIRT, VM_HANDOFF_VIRT + LDR_HANDOFF_DATA);
        assert_int_equal(info(&start, 3)->reserved, 0);
    }
    sigaction(SIGALRM, &before, NULL);
    info(&start, 3)->goto_address = VM_ENTRY;
    assert_true(run_as(&start, 9));
    assert_entry_state(&start, 3);
    vm_close(&start.vm);
}

/* Whose stack is taken between its start and its arrival stops before it touches anything. */
static void stops_if_it_comes_too_late(void **state)
{
    /* A function that takes the stack away first: MOV QWORD [address],0. */
    uint8_t take[12] = {0x48, 0xc7, 0x04, 0x25};
    uint32_t address = (uint32_t)(VM_PROCESSORS + 32 + 8);
    struct start start;
    struct kvm_regs regs;

    (void)state;
    make_ready(&start, 6);
    put_function(&start);
    memmove(start.vm.memory + VM_FUNCTION + sizeof take, start.vm.memory + VM_FUNCTION, 9);
    memcpy(take + 4, &address, sizeof address);
    memcpy(start.vm.memory + VM_FUNCTION, take, sizeof take);
    info(&start, 1)->goto_address = VM_ENTRY;
    start.vm.memory[VM_KERNEL] = 0x0f; /* UD2: would shut down */
    start.vm.memory[VM_KERNEL + 1] = 0x0b;
    assert_true(run_as(&start, 5));
    vm_do(&start.vm, KVM_GET_REGS, &regs);
    assert_in_range(regs.rip, VM_HANDOFF_VIRT, VM_HANDOFF_VIRT + LDR_HANDOFF_DATA);
    vm_close(&start.vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_page_and_nothing_else),
        cmocka_unit_test(takes_levels_and_execute_disable_from_firmware),
        cmocka_unit_test(traps_if_a_processor_can_not_start_there),
        cmocka_unit_test(comes_to_the_function_in_64_bit_mode),
        cmocka_unit_test(stops_who_is_not_called),
        cmocka_unit_test(is_sent_with_the_entry_state),
        cmocka_unit_test(waits_until_it_is_sent),
        cmocka_unit_test(stops_if_it_comes_too_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
