/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/acpi.h"

#include <string.h>

#include "loader/bytes.h"

#define HEADER_BYTES 36
#define FACS_LEAST   64

/* No table comes near it; a length above it is garbage. */
#define MOST_BYTES (UINT32_C(64) << 20)

bool acpi_is(const uint8_t *table, const char signature[4])
{
    return memcmp(table, signature, 4) == 0;
}

struct walk {
    acpi_visit *visit;
    void *context;
};

/* A table's length as it says itself; 0 if that can't be. */
static uint32_t table_bytes(const uint8_t *table)
{
    uint32_t bytes = ldr_read32(table + 4);

    return bytes < (acpi_is(table, "FACS") ? FACS_LEAST : HEADER_BYTES) || bytes > MOST_BYTES
               ? 0
               : bytes;
}

/* One table, by its address; 0 stands for "there is none". */
static bool visit_at(const struct walk *walk, uint64_t phys)
{
    const uint8_t *table = (const uint8_t *)(uintptr_t)phys;

    return phys == 0 || table_bytes(table) == 0 ||
           walk->visit(walk->context, table, table_bytes(table));
}

/* The FADT names two tables that no list names, in an older field of 32 bits and
 * a newer one of 64 (ACPI 6.5, table 5.9). */
static bool visit_fadt_tables(const struct walk *walk, const uint8_t *fadt)
{
    uint32_t bytes = table_bytes(fadt);

    if (bytes >= 44 &&
        !(visit_at(walk, ldr_read32(fadt + 36)) && visit_at(walk, ldr_read32(fadt + 40))))
        return false;
    return bytes < 148 ||
           (visit_at(walk, ldr_read64(fadt + 132)) && visit_at(walk, ldr_read64(fadt + 140)));
}

/* A list of tables: the RSDT has entries of 4 bytes, the XSDT of 8. */
static bool visit_list(const struct walk *walk, uint64_t phys, const char signature[4],
                       uint32_t entry_bytes)
{
    const uint8_t *list = (const uint8_t *)(uintptr_t)phys;
    uint32_t bytes;

    if (phys == 0 || !acpi_is(list, signature) || table_bytes(list) == 0)
        return true;
    if (!visit_at(walk, phys))
        return false;
    bytes = table_bytes(list);
    for (uint32_t at = HEADER_BYTES; bytes - at >= entry_bytes; at += entry_bytes) {
        uint64_t entry = entry_bytes == 8 ? ldr_read64(list + at) : ldr_read32(list + at);
        const uint8_t *table = (const uint8_t *)(uintptr_t)entry;

        if (!visit_at(walk, entry))
            return false;
        if (entry && acpi_is(table, "FACP") && !visit_fadt_tables(walk, table))
            return false;
    }
    return true;
}

bool acpi_walk(uint64_t rsdp, acpi_visit *visit, void *context)
{
    const uint8_t *root = (const uint8_t *)(uintptr_t)rsdp;
    struct walk walk = {.visit = visit, .context = context};
    bool extended;

    if (rsdp == 0 || memcmp(root, "RSD PTR ", 8) != 0)
        return true;
    /* From revision 2 on the RSDP has a length of its own, and an XSDT. */
    extended = root[15] >= 2;
    return visit(context, root, extended ? 36 : 20) &&
           visit_list(&walk, ldr_read32(root + 16), "RSDT", 4) &&
           (!extended || visit_list(&walk, ldr_read64(root + 24), "XSDT", 8));
}

struct search {
    const char *signature;
    const uint8_t *found;
    uint32_t bytes;
};

static bool compare(void *context, const uint8_t *table, uint32_t bytes)
{
    struct search *search = context;

    if (!acpi_is(table, search->signature))
        return true;
    search->found = table;
    search->bytes = bytes;
    return false;
}

const uint8_t *acpi_find(uint64_t rsdp, const char signature[4], uint32_t *ret_bytes)
{
    struct search search = {.signature = signature};

    if (acpi_walk(rsdp, compare, &search))
        return NULL;
    *ret_bytes = search.bytes;
    return search.found;
}

struct ldr_madt acpi_madt(uint64_t rsdp)
{
    struct ldr_madt madt = {0};

    madt.table = acpi_find(rsdp, "APIC", &madt.bytes);
    return madt;
}
