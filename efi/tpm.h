/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of what firmware measured into the TPM.
 */
#ifndef EFI_TPM_H
#define EFI_TPM_H

#include "efi/uefi.h"
#include "loader/event_log.h"

/* Asks EFI_TCG2_PROTOCOL for the log, in the newer of its formats.  LDR_EVENTS_NONE where
 * there is no such protocol, no TPM, or no log that makes sense.  What is measured from here
 * on, as the end of boot services is, comes to the table of final events. */
void tpm_event_log_find(struct ldr_event_log *ret_log, EFI_SYSTEM_TABLE *system);

#endif
