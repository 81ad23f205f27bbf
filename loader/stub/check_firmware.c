/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What firmware left behind: ACPI, SMBIOS, and the EFI system table.  Each is
 * recognised by what it says of itself.
 */
#include "loader/stub/acpi.h"
#include "loader/stub/checks.h"
#include "loader/stub/mem.h"
#include "loader/stub/reach.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"

/* ACPI 6.5, section 5.2.5.3. */
#define RSDP_1_BYTES 20
#define RSDP_2_BYTES 36

/* Base revision 3 alone gives ACPI's root as a physical address, and 3 and 4 the others. */
static enum reach_kind other_kind(void)
{
    return variant_base_revision == 3 || variant_base_revision == 4 ? REACH_PHYSICAL
                                                                    : REACH_VIRTUAL;
}

static void check_acpi_tables(struct stub *stub, uint64_t xsdt)
{
    const struct acpi_head *root = acpi_table(stub, xsdt);
    uint64_t bad = 0, count = 0, phys;

    if (!tap_ok(&stub->tap, root != 0 && memcmp(root->signature, "XSDT", 4) == 0,
                "the XSDT is reachable and sound"))
        return;
    for (; acpi_listed(root, count, &phys); count++) {
        if (acpi_table(stub, phys) == 0) {
            tap_note("ACPI table at %016lx", phys);
            bad++;
        }
    }
    tap_equal(&stub->tap, bad, 0, "so are the %lu ACPI tables that it lists", count);
}

static void check_acpi(struct stub *stub)
{
    const struct limine_rsdp_response *response = request_answer(&requests.rsdp);
    const struct acpi_rsdp *rsdp;

    if (response == 0) {
        tap_skip(&stub->tap, "the machine has no ACPI", "the RSDP");
        return;
    }
    if (acpi_reach_kind() == REACH_PHYSICAL && !stub->adopted) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "the RSDP, whose address is physical");
        return;
    }
    rsdp = reach(stub, response->address, RSDP_1_BYTES, acpi_reach_kind());
    if (!tap_ok(&stub->tap, rsdp != 0, "the RSDP's address can be read"))
        return;
    tap_ok(&stub->tap,
           memcmp(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature)) == 0 &&
               byte_sum(rsdp, RSDP_1_BYTES) == 0,
           "the RSDP has its signature and sums to zero");
    if (rsdp->revision < 2) {
        tap_skip(&stub->tap, "ACPI 1.0", "its extended part");
        return;
    }
    if (tap_ok(&stub->tap,
               reach(stub, response->address, RSDP_2_BYTES, acpi_reach_kind()) != 0 &&
                   rsdp->length >= RSDP_2_BYTES && byte_sum(rsdp, RSDP_2_BYTES) == 0,
               "so does its extended part"))
        check_acpi_tables(stub, rsdp->xsdt);
}

/* SMBIOS 3.6, section 5.2: both entry points hold their length, in different places. */
static void check_anchor(struct stub *stub, uint64_t address, const char *anchor,
                         unsigned length_at)
{
    size_t anchor_bytes = text_length(anchor, 8);
    const uint8_t *entry;

    if (address == 0) {
        tap_skip(&stub->tap, "the machine has none", "the SMBIOS entry point %s", anchor);
        return;
    }
    if (other_kind() == REACH_PHYSICAL && !stub->adopted) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "the SMBIOS entry point %s", anchor);
        return;
    }
    entry = reach(stub, address, length_at + 1, other_kind());
    tap_ok(&stub->tap,
           entry != 0 && memcmp(entry, anchor, anchor_bytes) == 0 && entry[length_at] > length_at &&
               reach(stub, address, entry[length_at], other_kind()) != 0 &&
               byte_sum(entry, entry[length_at]) == 0,
           "the SMBIOS entry point %s has its anchor and sums to zero", anchor);
}

static void check_smbios(struct stub *stub)
{
    const struct limine_smbios_response *response = request_answer(&requests.smbios);

    if (response == 0) {
        tap_skip(&stub->tap, "the machine has no SMBIOS", "the SMBIOS entry points");
        return;
    }
    tap_ok(&stub->tap, (response->entry_32 | response->entry_64) != 0,
           "there is an SMBIOS entry point");
    check_anchor(stub, response->entry_32, "_SM_", 5);
    check_anchor(stub, response->entry_64, "_SM3_", 6);
}

/* UEFI 2.10, section 4.2. */
struct efi_head {
    uint64_t signature;
    uint32_t revision;
    uint32_t bytes;
    uint32_t crc; /* of the whole table, with this field taken as 0 */
    uint32_t reserved;
};

#define EFI_SYSTEM_SIGNATURE UINT64_C(0x5453595320494249) /* "IBI SYST" */
#define EFI_SYSTEM_BYTES     120

/* ExitBootServices() clears pointers in the table and computes its checksum anew. */
static bool efi_sums_up(const struct efi_head *head)
{
    union {
        struct efi_head head;
        uint8_t bytes[EFI_SYSTEM_BYTES];
    } copy;

    if (head->bytes != EFI_SYSTEM_BYTES)
        return false;
    memcpy(copy.bytes, head, sizeof(copy.bytes));
    copy.head.crc = 0;
    return crc32(copy.bytes, sizeof(copy.bytes)) == head->crc;
}

static void check_efi_system_table(struct stub *stub)
{
    const struct limine_efi_system_table_response *response =
        request_answer(&requests.efi_system_table);
    const struct efi_head *head;

    if (!tap_ok(&stub->tap, response != 0, "the EFI system table is handed on"))
        return;
    if (other_kind() == REACH_PHYSICAL && !stub->adopted) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "its signature");
        return;
    }
    head = reach(stub, response->address, EFI_SYSTEM_BYTES, other_kind());
    if (tap_ok(&stub->tap, head != 0 && head->signature == EFI_SYSTEM_SIGNATURE,
               "it has its signature"))
        tap_ok(&stub->tap, efi_sums_up(head), "and its size and checksum");
}

void check_firmware(struct stub *stub)
{
    check_acpi(stub);
    check_smbios(stub);
    check_efi_system_table(stub);
}
