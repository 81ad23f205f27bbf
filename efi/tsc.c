/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tsc.h"

#include <stdbool.h>

#include "efi/acpi.h"
#include "loader/bytes.h"

#define MHZ UINT64_C(1000000)

/* Slower or faster than this no counter is: whatever said so is wrong. */
#define HZ_LEAST (10 * MHZ)
#define HZ_MOST  (100000 * MHZ)

uint64_t tsc_read(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

uint64_t tsc_microseconds(uint64_t cycles, uint64_t hz)
{
    return cycles / hz * MHZ + cycles % hz * MHZ / hz;
}

/* ---- what CPUID says ------------------------------------------------------------ */

#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define HYPERVISOR             UINT32_C(0x40000000)
#define HYPERVISOR_TIMING      UINT32_C(0x40000010)
#define MICROSOFT              UINT32_C(0x7263694d) /* "Micr", whose leaves mean something else */

/* VMware's leaf, which QEMU, KVM and bhyve have taken over: kHz in EAX. */
static uint64_t ask_hypervisor(const struct tsc_sources *sources)
{
    struct cpuid first;

    if (!(sources->cpuid(1, 0).ecx & CPUID_1_ECX_HYPERVISOR))
        return 0;
    first = sources->cpuid(HYPERVISOR, 0);
    if (first.eax < HYPERVISOR_TIMING || first.eax > HYPERVISOR + 0xffff || first.ebx == MICROSOFT)
        return 0;
    return sources->cpuid(HYPERVISOR_TIMING, 0).eax * UINT64_C(1000);
}

/* A crystal's frequency times a ratio.  Where the crystal is left out a measurement knows better
 * than a guess by the processor's model. */
static uint64_t ask_processor(const struct tsc_sources *sources)
{
    struct cpuid ratio;

    if (sources->cpuid(0, 0).eax < 0x15)
        return 0;
    ratio = sources->cpuid(0x15, 0);
    return ratio.eax && ratio.ebx && ratio.ecx ? (uint64_t)ratio.ecx * ratio.ebx / ratio.eax : 0;
}

static uint64_t base_frequency(const struct tsc_sources *sources)
{
    return sources->cpuid(0, 0).eax < 0x16 ? 0 : (sources->cpuid(0x16, 0).eax & 0xffff) * MHZ;
}

/* ---- ACPI's PM timer (ACPI 6.5, sections 4.8.3.3 and 5.2.9) ------------------------ */

#define FADT_TIMER            76
#define FADT_FLAGS            112
#define FADT_EXTENDED         208
#define EXTENDED_ADDRESS      4
#define FLAG_HARDWARE_REDUCED (1u << 20) /* there is none, whatever the fields say */
#define SPACE_PORTS           1

#define TIMER_HZ   UINT64_C(3579545)
#define TIMER_MASK UINT32_C(0xffffff) /* some have 32 bits, all have 24 */

static uint16_t timer_port(uint64_t rsdp)
{
    uint32_t bytes;
    const uint8_t *fadt = acpi_find(rsdp, "FACP", &bytes);
    uint64_t port = 0;

    if (!fadt || bytes < FADT_FLAGS + 4 || (ldr_read32(fadt + FADT_FLAGS) & FLAG_HARDWARE_REDUCED))
        return 0;
    if (bytes >= FADT_EXTENDED + 12 && fadt[FADT_EXTENDED] == SPACE_PORTS)
        port = ldr_read64(fadt + FADT_EXTENDED + EXTENDED_ADDRESS);
    if (port == 0)
        port = ldr_read32(fadt + FADT_TIMER);
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static uint32_t read_timer(uint16_t port)
{
    return port_read32(port);
}

void tsc_sources_find(struct tsc_sources *ret_sources, uint64_t rsdp, EFI_BOOT_SERVICES *services)
{
    *ret_sources = (struct tsc_sources){.cpuid = cpuid_read,
                                        .counter = tsc_read,
                                        .timer = read_timer,
                                        .timer_port = timer_port(rsdp),
                                        .stall = services->Stall};
}

/* ---- measuring -------------------------------------------------------------------- */

#define ROUNDS      3
#define ROUND_US    5000
#define ROUND_TICKS (TIMER_HZ * ROUND_US / MHZ)
/* A port is read in half a microsecond at the fastest, so this is a hundred rounds' time:
 * a timer that has not moved by then stands still. */
#define READS_MOST 1000000

/* Reading the timer takes a while; the counter's value for it is that in the middle.  Of some
 * readings the quickest is taken: one during which an interrupt or, in a virtual machine, the
 * machine itself took its time could be off by as much as a round is long. */
#define READINGS 8

static uint32_t read_both(const struct tsc_sources *sources, uint64_t *ret_counter)
{
    uint64_t quickest = UINT64_MAX;
    uint32_t best = 0;

    for (unsigned i = 0; i < READINGS; i++) {
        uint64_t before = sources->counter();
        uint32_t ticks = sources->timer(sources->timer_port);
        uint64_t took = sources->counter() - before;

        if (took < quickest) {
            quickest = took;
            best = ticks;
            *ret_counter = before + took / 2;
        }
    }
    return best;
}

static uint64_t round_by_timer(const struct tsc_sources *sources)
{
    uint64_t from, to;
    uint32_t start = read_both(sources, &from);

    for (unsigned i = 0; i < READS_MOST; i++) {
        uint32_t passed = (sources->timer(sources->timer_port) - start) & TIMER_MASK;

        if (passed < ROUND_TICKS)
            continue;
        passed = (read_both(sources, &to) - start) & TIMER_MASK;
        return passed ? (to - from) * TIMER_HZ / passed : 0;
    }
    return 0;
}

static uint64_t round_by_stall(const struct tsc_sources *sources)
{
    uint64_t from = sources->counter();

    if (sources->stall(ROUND_US) != EFI_SUCCESS)
        return 0;
    return (sources->counter() - from) * MHZ / ROUND_US;
}

static uint64_t middle_of(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low = a < b ? a : b, high = a < b ? b : a;

    return c < low ? low : c > high ? high : c;
}

/* The middle one of three: a round in which something else took the processor's time, be it
 * firmware's interrupts or another virtual machine, has no say. */
static uint64_t measure(const struct tsc_sources *sources,
                        uint64_t (*one_round)(const struct tsc_sources *))
{
    uint64_t hz[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        hz[i] = one_round(sources);
        if (hz[i] == 0)
            return 0;
    }
    return middle_of(hz[0], hz[1], hz[2]);
}

static uint64_t measure_by_timer(const struct tsc_sources *sources)
{
    return sources->timer_port ? measure(sources, round_by_timer) : 0;
}

static uint64_t measure_by_stall(const struct tsc_sources *sources)
{
    return sources->stall ? measure(sources, round_by_stall) : 0;
}

uint64_t tsc_frequency(const struct tsc_sources *sources)
{
    static uint64_t (*const way[])(const struct tsc_sources *) = {
        ask_hypervisor, ask_processor, measure_by_timer, measure_by_stall, base_frequency,
    };

    for (unsigned i = 0; i < sizeof way / sizeof *way; i++) {
        uint64_t hz = way[i](sources);

        if (hz >= HZ_LEAST && hz <= HZ_MOST)
            return hz;
    }
    return 0;
}
