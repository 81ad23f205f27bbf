/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TPM's protocol as firmware offers it (TCG EFI Protocol Specification, family 2.0, revision
 * 00.13, section 6): fields in their order, padded as C does it.
 */
#ifndef EFI_TESTS_TCG2_H
#define EFI_TESTS_TCG2_H

#include <stdint.h>

#include "efi/uefi.h"

struct tcg2_capability {
    uint8_t size, structure_major, structure_minor, protocol_major, protocol_minor;
    uint32_t hashes, logs;
    uint8_t present;
    uint16_t most_command, most_response;
    uint32_t manufacturer, banks, active_banks;
};

struct tcg2 {
    EFI_STATUS(EFIAPI *get_capability)(struct tcg2 *, struct tcg2_capability *);
    EFI_STATUS(EFIAPI *get_event_log)
    (struct tcg2 *, uint32_t, EFI_PHYSICAL_ADDRESS *, EFI_PHYSICAL_ADDRESS *, BOOLEAN *);
};

#endif
