/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests, by subject.  Each is a function that makes some tests.
 */
#ifndef LOADER_STUB_CHECKS_H
#define LOADER_STUB_CHECKS_H

#include "loader/stub/stub.h"

/* check_entry.c: the processor's state at the first instruction. */
void check_start(struct stub *stub); /* exactly three tests */
void check_entry_state(struct stub *stub);
void check_place(struct stub *stub);

/* check_answers.c: responses that stand for themselves. */
void check_answers(struct stub *stub);

/* check_levels.c: the depth of the page tables. */
void check_levels(struct stub *stub);

/* check_files.c: the executable's file, its command line, modules. */
void check_files(struct stub *stub);

/* check_greeting.c: what another application mapped, if one did. */
void check_greeting(struct stub *stub);

/* check_firmware.c: ACPI, SMBIOS, EFI. */
void check_firmware(struct stub *stub);

/* check_machine.c: the time-stamp counter's frequency, the boot's moments, random numbers. */
void check_machine(struct stub *stub);

/* check_event_log.c: the TPM's event log. */
void check_event_log(struct stub *stub);

/* check_iommu.c: IOMMUs, through registers that it maps. */
void check_iommu(struct stub *stub);

/* check_memmap.c: the memory map. */
void check_memmap(struct stub *stub);

/* check_direct.c: the direct map. */
void check_direct(struct stub *stub);

/* check_stack.c: the stack. */
void check_stack(struct stub *stub);

/* check_tables.c: the tables as the loader left them; adopts them. */
void check_tables(struct stub *stub);

/* check_faults.c: what must not be possible. */
void check_faults(struct stub *stub);

/* check_processors.c: the machine's other processors; all of them stand still afterwards. */
void check_processors(struct stub *stub);

/* check_live.c: changes to the adopted tables while they are in use. */
void check_live(struct stub *stub);

/* check_spaces.c: a second address space on the same upper. */
void check_spaces(struct stub *stub);

/* check_rings.c: SMEP and SMAP, which it turns on for all that follows. */
void check_rings(struct stub *stub);

/* check_keys.c: protection keys. */
void check_keys(struct stub *stub);

/* check_pcid.c: process-context identifiers. */
void check_pcid(struct stub *stub);

/* check_harvest.c: accessed and dirty bits, set by the processor. */
void check_harvest(struct stub *stub);

/* check_frames.c: the allocators of usable memory; sets stub->frames. */
void check_frames(struct stub *stub);

/* check_user.c: a program in ring 3, and its system calls. */
void check_user(struct stub *stub);

/* check_resolved.c: faults of programs that are put right. */
void check_resolved(struct stub *stub);

/* check_killed.c: faults that end a program. */
void check_killed(struct stub *stub);

/* check_access.c: accesses by every combination of two entries, in every state. */
void check_access(struct stub *stub);

/* check_soak.c: all of that at random, many times. */
void check_soak(struct stub *stub);

/* check_monitor.c: tables to be looked at from outside; does not come back if it is asked for. */
void check_monitor(struct stub *stub);

/* check_reports.c: reports of the kernel's own faults. */
void check_reports(struct stub *stub);

/* check_regions.c: address space, reserved and mapped. */
void check_regions(struct stub *stub);

/* check_sections.c: tables of the kernel's own, from its file's sections. */
void check_sections(struct stub *stub);

/* check_recursive.c: tables without a direct map. */
void check_recursive(struct stub *stub);

/* check_window.c: temporary mappings. */
void check_window(struct stub *stub);

/* check_overflow.c: a kernel stack that overflows. */
void check_overflow(struct stub *stub);

#endif
