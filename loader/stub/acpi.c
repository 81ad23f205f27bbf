/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/stub/acpi.h"

#include "loader/stub/mem.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"

/* Base revision 3 alone gives ACPI's root as a physical address. */
enum reach_kind acpi_reach_kind(void)
{
    return variant_base_revision == 3 ? REACH_PHYSICAL : REACH_VIRTUAL;
}

const struct acpi_head *acpi_table(struct stub *stub, uint64_t phys)
{
    enum reach_kind kind = acpi_reach_kind();
    uint64_t at = kind == REACH_PHYSICAL ? phys : phys + stub->hhdm;
    const struct acpi_head *head = reach(stub, at, ACPI_HEAD_BYTES, kind);

    if (head == 0 || head->length < ACPI_HEAD_BYTES)
        return 0;
    if (reach(stub, at, head->length, kind) == 0 || byte_sum(head, head->length) != 0)
        return 0;
    return head;
}

/* The list follows a head of 36 bytes, and so is not aligned. */
bool acpi_listed(const struct acpi_head *xsdt, uint64_t index, uint64_t *ret_phys)
{
    if (index >= (xsdt->length - ACPI_HEAD_BYTES) / sizeof(*ret_phys))
        return false;
    memcpy(ret_phys, (const char *)xsdt + ACPI_HEAD_BYTES + index * sizeof(*ret_phys),
           sizeof(*ret_phys));
    return true;
}

static const struct acpi_head *find_xsdt(struct stub *stub)
{
    const struct limine_rsdp_response *response = request_answer(&requests.rsdp);
    const struct acpi_rsdp *rsdp;

    if (response == 0)
        return 0;
    rsdp = reach(stub, response->address, sizeof(*rsdp), acpi_reach_kind());
    return rsdp == 0 || rsdp->revision < 2 ? 0 : acpi_table(stub, rsdp->xsdt);
}

const uint8_t *acpi_table_find(struct stub *stub, const char *signature, uint32_t *ret_bytes)
{
    const struct acpi_head *xsdt = find_xsdt(stub);
    uint64_t phys;

    for (uint64_t i = 0; xsdt != 0 && acpi_listed(xsdt, i, &phys); i++) {
        const struct acpi_head *table = acpi_table(stub, phys);

        if (table != 0 && memcmp(table->signature, signature, sizeof(table->signature)) == 0) {
            *ret_bytes = table->length;
            return (const uint8_t *)table;
        }
    }
    return 0;
}
