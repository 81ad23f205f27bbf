/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that KVM takes to run a page of code in 64-bit mode.
 */
#include "loader/tests/handoff_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define CPUIDS 256

struct cpuids {
    struct kvm_cpuid2 head;
    struct kvm_cpuid_entry2 entry[CPUIDS];
};

/* CR4 bits of the features that CPUID offers (SDM 2.5), for a firmware that uses them all. */
static uint64_t control_bits(const struct cpuids *cpuids)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < cpuids->head.nent; i++) {
        const struct kvm_cpuid_entry2 *entry = &cpuids->entry[i];

        if (entry->function == 1) {
            bits |= entry->ecx & 1u << 17 ? UINT64_C(1) << 17 : 0; /* PCIDE */
            bits |= entry->ecx & 1u << 26 ? UINT64_C(1) << 18 : 0; /* OSXSAVE */
        } else if (entry->function == 7 && entry->index == 0) {
            bits |= entry->ebx & 1u << 0 ? UINT64_C(1) << 16 : 0;  /* FSGSBASE */
            bits |= entry->ebx & 1u << 7 ? UINT64_C(1) << 20 : 0;  /* SMEP */
            bits |= entry->ebx & 1u << 20 ? UINT64_C(1) << 21 : 0; /* SMAP */
            bits |= entry->ecx & 1u << 2 ? UINT64_C(1) << 11 : 0;  /* UMIP */
            bits |= entry->ecx & 1u << 3 ? UINT64_C(1) << 22 : 0;  /* PKE */
            bits |= entry->ecx & 1u << 16 ? UINT64_C(1) << 12 : 0; /* LA57 */
        }
    }
    return bits;
}

/* Without CPUID the guest would have no long mode and no NX. */
static bool give_features(struct handoff_vm *vm)
{
    static struct cpuids cpuids;

    cpuids.head.nent = CPUIDS;
    if (ioctl(vm->system, KVM_GET_SUPPORTED_CPUID, &cpuids) < 0 ||
        ioctl(vm->processor, KVM_SET_CPUID2, &cpuids) < 0)
        return false;
    vm->control_bits = control_bits(&cpuids);
    return true;
}

static bool give_memory(struct handoff_vm *vm)
{
    struct kvm_userspace_memory_region region = {.memory_size = HANDOFF_VM_BYTES};

    vm->memory =
        mmap(NULL, HANDOFF_VM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    region.userspace_addr = (uintptr_t)vm->memory;
    return vm->memory != MAP_FAILED && ioctl(vm->machine, KVM_SET_USER_MEMORY_REGION, &region) >= 0;
}

const char *handoff_vm_open(struct handoff_vm *vm)
{
    int bytes;

    *vm = (struct handoff_vm){.system = open("/dev/kvm", O_RDWR | O_CLOEXEC),
                              .machine = -1,
                              .processor = -1,
                              .run = MAP_FAILED,
                              .memory = MAP_FAILED,
                              .next_table = 0x100000};
    if (vm->system < 0)
        return strerror(errno);
    if (ioctl(vm->system, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        return "KVM speaks another version of its interface";
    vm->machine = ioctl(vm->system, KVM_CREATE_VM, 0);
    if (vm->machine < 0)
        return "KVM makes no virtual machine";
    vm->processor = ioctl(vm->machine, KVM_CREATE_VCPU, 0);
    bytes = ioctl(vm->system, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vm->processor < 0 || bytes <= 0)
        return "KVM makes no virtual processor";
    vm->run_bytes = (size_t)bytes;
    vm->run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->processor, 0);
    if (vm->run == MAP_FAILED || !give_memory(vm) || !give_features(vm))
        return "KVM gives its processor no memory or no features";
    return NULL;
}

void handoff_vm_close(struct handoff_vm *vm)
{
    if (vm->run != MAP_FAILED)
        munmap(vm->run, vm->run_bytes);
    if (vm->memory != MAP_FAILED)
        munmap(vm->memory, HANDOFF_VM_BYTES);
    if (vm->processor >= 0)
        close(vm->processor);
    if (vm->machine >= 0)
        close(vm->machine);
    if (vm->system >= 0)
        close(vm->system);
}

uint64_t handoff_vm_table(struct handoff_vm *vm)
{
    uint64_t table = vm->next_table;

    assert_true(table < HANDOFF_VM_BYTES);
    vm->next_table += 4096;
    return table;
}

void handoff_vm_map(struct handoff_vm *vm, uint64_t root, unsigned levels, uint64_t virt,
                    uint64_t phys, unsigned leaf_level, uint64_t bits)
{
    uint64_t table = root;

    for (unsigned level = levels;; level--) {
        uint64_t *entry =
            (uint64_t *)(void *)(vm->memory + table) + (virt >> (12 + 9 * (level - 1)) & 511);

        if (level == leaf_level) {
            *entry = phys | bits;
            return;
        }
        if (!*entry)
            *entry = handoff_vm_table(vm) | 0x27; /* present, writable, user, accessed */
        table = *entry & UINT64_C(0x000ffffffffff000);
    }
}

void handoff_vm_do(struct handoff_vm *vm, unsigned long request, void *argument)
{
    if (ioctl(vm->processor, request, argument) < 0)
        fail_msg("KVM refuses request %lx: %s", request, strerror(errno));
}

struct one_msr {
    struct kvm_msrs head;
    struct kvm_msr_entry entry;
};

uint64_t handoff_vm_read_msr(struct handoff_vm *vm, uint32_t index)
{
    struct one_msr msr = {.head.nmsrs = 1, .entry.index = index};

    handoff_vm_do(vm, KVM_GET_MSRS, &msr);
    return msr.entry.data;
}

void handoff_vm_write_msr(struct handoff_vm *vm, uint32_t index, uint64_t value)
{
    struct one_msr msr = {.head.nmsrs = 1, .entry = {.index = index, .data = value}};

    handoff_vm_do(vm, KVM_SET_MSRS, &msr);
}

bool handoff_vm_mapped(struct handoff_vm *vm, uint64_t virt)
{
    struct kvm_translation translation = {.linear_address = virt};

    handoff_vm_do(vm, KVM_TRANSLATE, &translation);
    return translation.valid;
}

unsigned handoff_vm_run(struct handoff_vm *vm)
{
    handoff_vm_do(vm, KVM_RUN, NULL);
    return vm->run->exit_reason;
}
