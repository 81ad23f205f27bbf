/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that KVM takes to run a page of code in 64-bit mode.
 */
#include "pagetables/tests/vm.h"

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

static bool supported_cpuids(const struct vm *vm, struct cpuids *cpuids)
{
    cpuids->head.nent = CPUIDS;
    return ioctl(vm->system, KVM_GET_SUPPORTED_CPUID, cpuids) >= 0;
}

struct kvm_cpuid_entry2 vm_cpuid(const struct vm *vm, uint32_t function)
{
    static struct cpuids cpuids;

    assert_true(supported_cpuids(vm, &cpuids));
    for (unsigned i = 0; i < cpuids.head.nent; i++)
        if (cpuids.entry[i].function == function && cpuids.entry[i].index == 0)
            return cpuids.entry[i];
    return (struct kvm_cpuid_entry2){.function = function};
}

/* CR4 bits of the features that CPUID offers (SDM 2.5), for a guest that uses them all. */
static uint64_t control_bits(const struct vm *vm)
{
    struct kvm_cpuid_entry2 first = vm_cpuid(vm, 1), seven = vm_cpuid(vm, 7);
    uint64_t bits = 0;

    bits |= first.ecx & 1u << 17 ? UINT64_C(1) << 17 : 0; /* PCIDE */
    bits |= first.ecx & 1u << 26 ? UINT64_C(1) << 18 : 0; /* OSXSAVE */
    bits |= seven.ebx & 1u << 0 ? UINT64_C(1) << 16 : 0;  /* FSGSBASE */
    bits |= seven.ebx & 1u << 7 ? UINT64_C(1) << 20 : 0;  /* SMEP */
    bits |= seven.ebx & 1u << 20 ? UINT64_C(1) << 21 : 0; /* SMAP */
    bits |= seven.ecx & 1u << 2 ? UINT64_C(1) << 11 : 0;  /* UMIP */
    bits |= seven.ecx & 1u << 3 ? UINT64_C(1) << 22 : 0;  /* PKE */
    bits |= seven.ecx & 1u << 16 ? UINT64_C(1) << 12 : 0; /* LA57 */
    return bits;
}

/* Without CPUID the guest would have no long mode and no NX. */
static bool give_features(struct vm *vm)
{
    static struct cpuids cpuids;

    if (!supported_cpuids(vm, &cpuids) || ioctl(vm->processor, KVM_SET_CPUID2, &cpuids) < 0)
        return false;
    vm->control_bits = control_bits(vm);
    return true;
}

static bool give_memory(struct vm *vm, uint64_t phys, uint64_t bytes)
{
    struct kvm_userspace_memory_region *region = &vm->region[vm->regions];
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return false;
    *region = (struct kvm_userspace_memory_region){.slot = vm->regions,
                                                   .guest_phys_addr = phys,
                                                   .memory_size = bytes,
                                                   .userspace_addr = (uintptr_t)memory};
    vm->regions++;
    return ioctl(vm->machine, KVM_SET_USER_MEMORY_REGION, region) >= 0;
}

const char *vm_open(struct vm *vm, uint64_t bytes)
{
    int run_bytes;

    *vm = (struct vm){.system = open("/dev/kvm", O_RDWR | O_CLOEXEC),
                      .machine = -1,
                      .processor = -1,
                      .run = MAP_FAILED,
                      .next_table = 0x100000};
    if (vm->system < 0)
        return strerror(errno);
    if (ioctl(vm->system, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        return "KVM speaks another version of its interface";
    vm->machine = ioctl(vm->system, KVM_CREATE_VM, 0);
    if (vm->machine < 0)
        return "KVM makes no virtual machine";
    vm->processor = ioctl(vm->machine, KVM_CREATE_VCPU, 0);
    run_bytes = ioctl(vm->system, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vm->processor < 0 || run_bytes <= 0)
        return "KVM makes no virtual processor";
    vm->run_bytes = (size_t)run_bytes;
    vm->run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->processor, 0);
    if (vm->run == MAP_FAILED || !give_memory(vm, 0, bytes) || !give_features(vm))
        return "KVM gives its processor no memory or no features";
    vm->memory = (uint8_t *)(uintptr_t)vm->region[0].userspace_addr;
    return NULL;
}

void vm_close(struct vm *vm)
{
    for (unsigned i = 0; i < vm->regions; i++)
        munmap((void *)(uintptr_t)vm->region[i].userspace_addr, vm->region[i].memory_size);
    if (vm->run != MAP_FAILED)
        munmap(vm->run, vm->run_bytes);
    if (vm->processor >= 0)
        close(vm->processor);
    if (vm->machine >= 0)
        close(vm->machine);
    if (vm->system >= 0)
        close(vm->system);
}

uint8_t *vm_add_memory(struct vm *vm, uint64_t phys, uint64_t bytes)
{
    assert_true(vm->regions < VM_SLOTS);
    assert_true(give_memory(vm, phys, bytes));
    return (uint8_t *)(uintptr_t)vm->region[vm->regions - 1].userspace_addr;
}

/* By taking the memory away and giving it again. */
void vm_forget_tables(struct vm *vm)
{
    struct kvm_userspace_memory_region gone = vm->region[0];

    gone.memory_size = 0;
    assert_true(ioctl(vm->machine, KVM_SET_USER_MEMORY_REGION, &gone) >= 0);
    assert_true(ioctl(vm->machine, KVM_SET_USER_MEMORY_REGION, &vm->region[0]) >= 0);
}

uint64_t vm_table(struct vm *vm)
{
    uint64_t table = vm->next_table;

    assert_true(table < vm->region[0].memory_size);
    vm->next_table += 4096;
    return table;
}

void vm_map(struct vm *vm, uint64_t root, unsigned levels, uint64_t virt, uint64_t phys,
            unsigned leaf_level, uint64_t bits)
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
            *entry = vm_table(vm) | 0x27; /* present, writable, user, accessed */
        table = *entry & UINT64_C(0x000ffffffffff000);
    }
}

void vm_do(struct vm *vm, unsigned long request, void *argument)
{
    if (ioctl(vm->processor, request, argument) < 0)
        fail_msg("KVM refuses request %lx: %s", request, strerror(errno));
}

struct one_msr {
    struct kvm_msrs head;
    struct kvm_msr_entry entry;
};

uint64_t vm_read_msr(struct vm *vm, uint32_t index)
{
    struct one_msr msr = {.head.nmsrs = 1, .entry.index = index};

    vm_do(vm, KVM_GET_MSRS, &msr);
    return msr.entry.data;
}

void vm_write_msr(struct vm *vm, uint32_t index, uint64_t value)
{
    struct one_msr msr = {.head.nmsrs = 1, .entry = {.index = index, .data = value}};

    vm_do(vm, KVM_SET_MSRS, &msr);
}

bool vm_mapped(struct vm *vm, uint64_t virt)
{
    struct kvm_translation translation = {.linear_address = virt};

    vm_do(vm, KVM_TRANSLATE, &translation);
    return translation.valid;
}

unsigned vm_run(struct vm *vm)
{
    vm_do(vm, KVM_RUN, NULL);
    return vm->run->exit_reason;
}
