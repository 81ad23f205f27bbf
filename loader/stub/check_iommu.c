/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOMMUs are off from base revision 5 on, unless the kernel asked to keep them.
 */
#include "loader/stub/acpi.h"
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/mem.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"
#include "pagetables/live.h"

#define OFF_FROM 5

#define ENTRIES_AT  48 /* in both tables: the first structure, which says its kind and length, */
#define REGISTER_AT 8  /* and, if it is of a unit, where that has its registers */

#define VTD_STATUS  0x1c
#define VTD_ON      (UINT32_C(1) << 31 | UINT32_C(1) << 25) /* translation, interrupt remapping */
#define AMD_CONTROL 0x18
#define AMD_ON      UINT32_C(1)

/* Free, and in the root slot of the kernel's image. */
#define REGISTERS_VIRT UINT64_C(0xffffffffd0000000)

/* A register, through a mapping of the kernel's own that is undone again. */
static bool read_register(struct stub *stub, uint64_t phys, uint64_t at, uint32_t *ret_value)
{
    struct pgt_mapping mapping = {.virt = REGISTERS_VIRT,
                                  .phys = phys,
                                  .bytes = PGT_PAGE,
                                  .rights = PGT_READ,
                                  .memory = PGT_UNCACHEABLE};
    struct pgt_flush flush = {0};

    if (pgt_map(&stub->space, &mapping, &flush) != PGT_OK)
        return false;
    *ret_value = *(volatile uint32_t *)(REGISTERS_VIRT + at);
    if (pgt_unmap(&stub->space, REGISTERS_VIRT, PGT_PAGE, &flush) != PGT_OK)
        return false;
    pgt_flush_local(&flush);
    pgt_pool_recycle(&stub->pool);
    return true;
}

struct unit_kind {
    const char *table;
    const char *name;
    unsigned first_kind, last_kind; /* of the table's structures: those of a unit */
    unsigned kind_mask;
    uint64_t at; /* of the register that says whether it is on, */
    uint32_t on; /* by any of these bits */
};

static const struct unit_kind kinds[] = {
    {"DMAR", "VT-d unit", 0, 0, 0xffff, VTD_STATUS, VTD_ON},
    {"IVRS", "AMD-Vi unit", 0x10, 0x11, 0xff, AMD_CONTROL, AMD_ON},
};

static void check_unit(struct stub *stub, const struct unit_kind *kind, uint64_t phys)
{
    uint32_t value = 0;

    if (tap_ok(&stub->tap, read_register(stub, phys, kind->at, &value), "the %s at %lx is there",
               kind->name, phys))
        tap_equal(&stub->tap, value & kind->on, 0, "it is off");
}

static void check_table(struct stub *stub, const struct unit_kind *kind)
{
    uint32_t bytes;
    const uint8_t *table = acpi_table_find(stub, kind->table, &bytes);
    uint16_t length;

    for (uint32_t at = ENTRIES_AT; table != 0 && at + 16 <= bytes; at += length) {
        unsigned what = (table[at] | table[at + 1] << 8) & kind->kind_mask;
        uint64_t phys;

        length = (uint16_t)(table[at + 2] | table[at + 3] << 8);
        if (length < 4)
            return;
        memcpy(&phys, table + at + REGISTER_AT, sizeof(phys));
        if (what >= kind->first_kind && what <= kind->last_kind)
            check_unit(stub, kind, phys);
    }
}

void check_iommu(struct stub *stub)
{
    const volatile struct limine_request *keep = variant_keep_iommu();

    if (keep != 0)
        tap_ok(&stub->tap, request_answer(keep) != 0,
               "the wish to keep the IOMMUs is acknowledged");
    if (variant_base_revision < OFF_FROM || keep != 0 || !stub->adopted)
        return;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        check_table(stub, &kinds[i]);
}
