/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tpm.h"

#include <stdbool.h>

#include "efi/firmware_tables.h"

/* TCG EFI Protocol Specification, family 2.0, revision 00.13, sections 6 and 7;
 * gnu-efi 3.0.15 doesn't know it. */
#define TCG2_PROTOCOL_GUID                                                                         \
    {                                                                                              \
        0x607f766c, 0x7455, 0x42be,                                                                \
        {                                                                                          \
            0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f                                         \
        }                                                                                          \
    }
#define TCG2_FINAL_EVENTS_TABLE_GUID                                                               \
    {                                                                                              \
        0x1e2ed096, 0x30e2, 0x4254,                                                                \
        {                                                                                          \
            0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25                                         \
        }                                                                                          \
    }

/* Version 1.1; of a caller that has room for less firmware may take any offence. */
struct capability {
    uint8_t size;
    uint8_t structure_major, structure_minor;
    uint8_t protocol_major, protocol_minor;
    uint32_t hashes;
    uint32_t logs; /* bit 0: format 1, bit 1: format 2 */
    uint8_t present;
    uint16_t most_command, most_response;
    uint32_t manufacturer, banks, active_banks;
};

struct tcg2_protocol {
    EFI_STATUS(EFIAPI *get_capability)(struct tcg2_protocol *, struct capability *);
    EFI_STATUS(EFIAPI *get_event_log)
    (struct tcg2_protocol *, uint32_t format, EFI_PHYSICAL_ADDRESS *first,
     EFI_PHYSICAL_ADDRESS *last, BOOLEAN *truncated);
};

/* LDR_EVENTS_NONE without a TPM, or where it can't log. */
static enum ldr_event_format newest_format(struct tcg2_protocol *tcg2)
{
    struct capability capability = {.size = sizeof capability};

    if (tcg2->get_capability(tcg2, &capability) != EFI_SUCCESS || !capability.present)
        return LDR_EVENTS_NONE;
    if (capability.logs & 2)
        return LDR_EVENTS_TCG_2;
    return capability.logs & 1 ? LDR_EVENTS_TCG_1_2 : LDR_EVENTS_NONE;
}

/* A log that ran full lacks events, so nothing could be verified by it: better none. */
static bool ask(struct tcg2_protocol *tcg2, struct ldr_event_log *log)
{
    EFI_PHYSICAL_ADDRESS first = 0, last = 0;
    BOOLEAN truncated = FALSE;

    if (tcg2->get_event_log(tcg2, log->format, &first, &last, &truncated) != EFI_SUCCESS ||
        truncated)
        return false;
    log->at = (const uint8_t *)first;
    return ldr_event_log_bytes(log->format, first, last, &log->bytes);
}

void tpm_event_log_find(struct ldr_event_log *ret_log, EFI_SYSTEM_TABLE *system)
{
    EFI_GUID protocol = TCG2_PROTOCOL_GUID, table = TCG2_FINAL_EVENTS_TABLE_GUID;
    struct ldr_event_log log = {0};
    void *tcg2;

    *ret_log = log;
    if (system->BootServices->LocateProtocol(&protocol, NULL, &tcg2) != EFI_SUCCESS)
        return;
    log.format = newest_format(tcg2);
    if (log.format == LDR_EVENTS_NONE || !ask(tcg2, &log))
        return;
    /* The table's events are of format 2, and can't be joined to a log of the other. */
    if (log.format == LDR_EVENTS_TCG_2)
        log.final = (const uint8_t *)firmware_table(system, table);
    log.final_known = ldr_final_events(log.final);
    *ret_log = log;
}
