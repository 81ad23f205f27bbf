/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tiny virtual machine, by /dev/kvm: one processor in 64-bit mode, four megabytes, no
 * devices.  For the test of the handoff page, whose instructions a host process may not
 * execute.
 */
#ifndef LOADER_TESTS_HANDOFF_VM_H
#define LOADER_TESTS_HANDOFF_VM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HANDOFF_VM_BYTES UINT64_C(0x400000)

struct handoff_vm {
    int system, machine, processor; /* file descriptors */
    struct kvm_run *run;
    size_t run_bytes;
    uint8_t *memory; /* the guest's, from physical 0 */
    uint64_t next_table;
    uint64_t control_bits; /* of CR4: what this processor has */
};

/* Null, or why there is no virtual machine here. */
const char *handoff_vm_open(struct handoff_vm *vm);
void handoff_vm_close(struct handoff_vm *vm);

/* An empty table for a root, above 1 MiB. */
uint64_t handoff_vm_table(struct handoff_vm *vm);

/* Maps one leaf of a level (1 or 2) by hand; bits are the entry's own. */
void handoff_vm_map(struct handoff_vm *vm, uint64_t root, unsigned levels, uint64_t virt,
                    uint64_t phys, unsigned leaf_level, uint64_t bits);

/* Model-specific registers, one at a time. */
uint64_t handoff_vm_read_msr(struct handoff_vm *vm, uint32_t index);
void handoff_vm_write_msr(struct handoff_vm *vm, uint32_t index, uint64_t value);

/* Does the guest's own walk find virt, from CR3 as it is now? */
bool handoff_vm_mapped(struct handoff_vm *vm, uint64_t virt);

/* An ioctl on the processor that shall work. */
void handoff_vm_do(struct handoff_vm *vm, unsigned long request, void *argument);

/* Runs until something happens that is not the processor's own affair; returns KVM's reason. */
unsigned handoff_vm_run(struct handoff_vm *vm);

#endif
