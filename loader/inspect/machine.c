/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/inspect/machine.h"

#include <string.h>

/* QEMU's q35 leaves so much of the first 4 GiB to memory, and where that isn't enough, 2 GiB. */
#define LOW_MOST UINT64_C(0xb0000000)
#define LOW_THEN UINT64_C(0x80000000)
#define FOUR_GIB UINT64_C(0x100000000)

#define SCREEN UINT64_C(0xc0000000)

/* A stretch of the recorded map. */
struct stretch {
    uint64_t first, end;
    enum ldr_memory kind;
};

/* At these addresses whatever the memory. */
static const struct stretch from_zero[] = {
    {0x0, 0x1000, LDR_RECLAIMABLE},          {0x1000, 0xa0000, LDR_USABLE},
    {0x100000, 0x806000, LDR_USABLE},        {0x806000, 0x808000, LDR_ACPI_NVS},
    {0x808000, 0x810000, LDR_USABLE},        {0x810000, 0x900000, LDR_ACPI_NVS},
    {0x900000, 0x1500000, LDR_RECLAIMABLE},  {0xb0000000, 0xc0000000, LDR_RESERVED},
    {0xffc00000, 0x100000000, LDR_RESERVED},
};

/* So far below the end of the memory below 4 GiB; the first goes down to the last of those at
 * fixed addresses. */
#define FIRST_FREE UINT64_C(0x1500000)
static const struct stretch below_top[] = {
    {0, 0x448b000, LDR_USABLE},
    {0x448b000, 0x446b000, LDR_RECLAIMABLE},
    {0x446b000, 0x2084000, LDR_USABLE},
    {0x2084000, 0x2058000, LDR_RECLAIMABLE}, /* the application */
    {0x2058000, 0x204a000, LDR_USABLE},
    {0x204a000, 0x1560000, LDR_RECLAIMABLE},
    {0x1560000, 0x145e000, LDR_RUNTIME},
    {0x145e000, 0xb14000, LDR_RECLAIMABLE},
    {0xb14000, 0x914000, LDR_RUNTIME},
    {0x914000, 0x894000, LDR_RESERVED},
    {0x894000, 0x882000, LDR_ACPI_RECLAIMABLE},
    {0x882000, 0x802000, LDR_ACPI_NVS},
    {0x802000, 0x200000, LDR_RECLAIMABLE},
    {0x200000, 0x17f000, LDR_RECLAIMABLE},
    {0x17f000, 0x10c000, LDR_RECLAIMABLE},
    {0x10c000, 0x88000, LDR_RUNTIME},
    {0x88000, 0, LDR_ACPI_NVS},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
_Static_assert(COUNT(from_zero) + COUNT(below_top) + 1 <= MACHINE_REGIONS, "room for the map");

/* The end of the memory below 4 GiB. */
static uint64_t top_of(const struct machine *machine)
{
    if (machine->ram < LOW_MOST)
        return machine->ram;
    return LOW_THEN;
}

static struct ldr_region region_of(uint64_t first, uint64_t end, enum ldr_memory kind)
{
    return (struct ldr_region){.base = first, .bytes = end - first, .kind = kind};
}

size_t machine_regions(const struct machine *machine, struct ldr_region region[MACHINE_REGIONS])
{
    uint64_t top = top_of(machine);
    size_t count = 0;

    for (size_t i = 0; i < COUNT(from_zero); i++)
        region[count++] = region_of(from_zero[i].first, from_zero[i].end, from_zero[i].kind);
    for (size_t i = 0; i < COUNT(below_top); i++)
        region[count++] = region_of(i ? top - below_top[i].first : FIRST_FREE,
                                    top - below_top[i].end, below_top[i].kind);
    if (machine->ram > top)
        region[count++] = region_of(FOUR_GIB, FOUR_GIB + (machine->ram - top), LDR_USABLE);
    return count;
}

struct ldr_framebuffer machine_framebuffer(void)
{
    return (struct ldr_framebuffer){
        .phys = SCREEN,
        .bytes = UINT64_C(1280) * 800 * 4,
        .width = 1280,
        .height = 800,
        .pitch = 1280 * 4,
        .bpp = 32,
        .red_size = 8,
        .red_shift = 16,
        .green_size = 8,
        .green_shift = 8,
        .blue_size = 8,
    };
}

/* Random enough to show that it arrives. */
static bool fill(void *context, void *bytes, size_t count)
{
    (void)context;
    memset(bytes, 0x5a, count);
    return true;
}

static const struct ldr_entropy entropy = {.fill = fill};

/* The addresses lie where OVMF's do. */
struct ldr_machine machine_facts(const struct machine *machine,
                                 const struct ldr_framebuffer *framebuffer)
{
    const bool *without = machine->without;
    uint64_t top = top_of(machine);

    return (struct ldr_machine){
        .rsdp = without[PART_ACPI] ? 0 : top - 0x882fec,
        .smbios_32 = without[PART_SMBIOS] ? 0 : top - 0xae0000,
        .efi_system_table = top - 0xa14fe8,
        .has_time = !without[PART_CLOCK],
        .framebuffer = without[PART_DISPLAY] ? NULL : framebuffer,
        .entropy = without[PART_ENTROPY] ? NULL : &entropy,
        .tsc_hz = without[PART_TSC] ? 0 : UINT64_C(1000000000),
        .times = {.known = !without[PART_TSC]},
    };
}

struct pgt_arch machine_arch(const struct machine *machine, unsigned levels)
{
    return (struct pgt_arch){
        .levels = (uint8_t)levels,
        .physical_bits = 46,
        .pages_1g = machine->pages_1g,
        .no_execute = true,
        .pat = PGT_PAT_LIMINE,
    };
}
