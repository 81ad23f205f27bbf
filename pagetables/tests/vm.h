/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tiny virtual machine, by /dev/kvm: one processor, a few megabytes, no devices.  For
 * instructions that a host process may not execute, and for tables that a processor shall walk.
 *
 * What fails after vm_open() fails the test.
 */
#ifndef PAGETABLES_TESTS_VM_H
#define PAGETABLES_TESTS_VM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VM_SLOTS 2

struct vm {
    int system, machine, processor; /* file descriptors */
    struct kvm_run *run;
    size_t run_bytes;
    uint8_t *memory; /* the guest's, from physical 0 */
    struct kvm_userspace_memory_region region[VM_SLOTS];
    unsigned regions;
    uint64_t next_table;
    uint64_t control_bits; /* of CR4: what this processor has */
};

/* Null, or why there is no virtual machine here.  It has `bytes` of memory from 0 on, and the
 * features that KVM offers. */
const char *vm_open(struct vm *vm, uint64_t bytes);
void vm_close(struct vm *vm);

/* More memory, at `phys`; pages that nobody touches cost nothing.  Returns where it is. */
uint8_t *vm_add_memory(struct vm *vm, uint64_t phys, uint64_t bytes);

/* Makes KVM forget what it derived from the guest's tables.  Where it keeps shadows of them it
 * notices what the guest writes there, but not what this process does. */
void vm_forget_tables(struct vm *vm);

/* What CPUID tells the guest; zeros for a leaf that it hasn't. */
struct kvm_cpuid_entry2 vm_cpuid(const struct vm *vm, uint32_t function);

/* An empty table for a root, above 1 MiB. */
uint64_t vm_table(struct vm *vm);

/* Maps one leaf of a level (1 or 2) by hand; bits are the entry's own. */
void vm_map(struct vm *vm, uint64_t root, unsigned levels, uint64_t virt, uint64_t phys,
            unsigned leaf_level, uint64_t bits);

/* Model-specific registers, one at a time. */
uint64_t vm_read_msr(struct vm *vm, uint32_t index);
void vm_write_msr(struct vm *vm, uint32_t index, uint64_t value);

/* Does the guest's own walk find virt, from CR3 as it is now? */
bool vm_mapped(struct vm *vm, uint64_t virt);

/* An ioctl on the processor that shall work. */
void vm_do(struct vm *vm, unsigned long request, void *argument);

/* Runs until something happens that is not the processor's own affair; returns KVM's reason. */
unsigned vm_run(struct vm *vm);

#endif
