/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What some features of the protocol want done with the machine: before boot services end what
 * is to be found out for the answers, and afterwards what is to be done and told last.
 */
#ifndef EFI_FEATURES_H
#define EFI_FEATURES_H

#include "efi/iommu.h"
#include "efi/uefi.h"
#include "loader/report.h"
#include "loader/respond.h"

/* Fills in machine->tsc_hz, ->times and ->event_log as far as the kernel asks for them: measuring
 * takes time, and asking for the log makes firmware keep another.  machine->rsdp and
 * machine->times.init_tsc are known. */
void features_gather(struct ldr_machine *machine, const struct ldr_requests *requests,
                     EFI_SYSTEM_TABLE *system, const struct ldr_log *log);

/* After boot services ended, shortly before the kernel starts: turns IOMMUs off where base
 * revision and kernel want it, and finishes event log and times. */
void features_finish(const struct iommus *iommus, const struct ldr_answers *answers,
                     const struct ldr_late *late, const struct ldr_log *log);

#endif
