/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/interrupts.h"

#include "efi/acpi.h"
#include "efi/ports.h"

/* ---- the MADT (ACPI 6.5, section 5.2.12) ------------------------------------ */

#define MADT_ENTRIES_AT 44

enum madt_entry {
    MADT_LOCAL_APIC = 0,
    MADT_IO_APIC = 1,
    MADT_LOCAL_APIC_NMI = 4,
    MADT_LOCAL_X2APIC = 9,
    MADT_LOCAL_X2APIC_NMI = 10,
};

/* How many bytes of each kind of entry are read here. */
static uint8_t entry_least(uint8_t kind)
{
    switch (kind) {
    case MADT_LOCAL_APIC:
    case MADT_IO_APIC:
        return 8;
    case MADT_LOCAL_APIC_NMI:
        return 6;
    case MADT_LOCAL_X2APIC:
        return 16;
    case MADT_LOCAL_X2APIC_NMI:
        return 12;
    default:
        return 2;
    }
}

/* The entry behind `entry`, or the first; null behind the last or where one is cut off. */
static const uint8_t *next_entry(const uint8_t *madt, uint32_t bytes, const uint8_t *entry)
{
    const uint8_t *next = entry ? entry + entry[1] : madt + MADT_ENTRIES_AT;
    size_t left;

    if (bytes < MADT_ENTRIES_AT || next > madt + bytes)
        return NULL;
    left = (size_t)(madt + bytes - next);
    return left >= 2 && next[1] <= left && next[1] >= entry_least(next[0]) ? next : NULL;
}

/* The MADT knows processors by the number of their local APIC. */
static uint32_t own_apic_id(void)
{
    /* Leaf 11 has all 32 bits of it, where the processor knows that leaf. */
    if (cpuid_read(0, 0).eax >= 11 && cpuid_read(11, 0).ebx)
        return cpuid_read(11, 0).edx;
    return cpuid_read(1, 0).ebx >> 24;
}

/* The number by which the MADT's other entries call this processor. */
static bool own_uid(const uint8_t *madt, uint32_t bytes, uint32_t *ret_uid)
{
    uint32_t id = own_apic_id();

    for (const uint8_t *e = next_entry(madt, bytes, NULL); e; e = next_entry(madt, bytes, e)) {
        if (e[0] == MADT_LOCAL_APIC && e[3] == id) {
            *ret_uid = e[2];
            return true;
        }
        if (e[0] == MADT_LOCAL_X2APIC && acpi_read32(e + 4) == id) {
            *ret_uid = acpi_read32(e + 12);
            return true;
        }
    }
    return false;
}

/* All ones in the processor's place means every processor. */
static void note_nmi(struct interrupts *found, const uint8_t *e, bool known, uint32_t uid)
{
    bool wide = e[0] == MADT_LOCAL_X2APIC_NMI;
    uint32_t whose = wide ? acpi_read32(e + 4) : e[2];
    uint16_t flags = wide ? acpi_read16(e + 2) : acpi_read16(e + 3);
    uint8_t pin = wide ? e[8] : e[5];

    if (pin < 2 && (whose == (wide ? UINT32_MAX : UINT8_MAX) || (known && whose == uid)))
        found->lint[pin] = (struct lint_nmi){.wired = true, .flags = flags};
}

/* Takes what matters out of the MADT; io_apic holds as many as there are, or is
 * null to count them. */
static void read_madt(struct interrupts *found, const uint8_t *madt, uint32_t bytes,
                      uint32_t *io_apic)
{
    uint32_t uid = 0;
    bool known = own_uid(madt, bytes, &uid);

    found->io_apic = io_apic;
    found->io_apic_count = 0;
    for (const uint8_t *e = next_entry(madt, bytes, NULL); e; e = next_entry(madt, bytes, e)) {
        if (e[0] == MADT_IO_APIC) {
            if (io_apic)
                io_apic[found->io_apic_count] = acpi_read32(e + 4);
            found->io_apic_count++;
        } else if (e[0] == MADT_LOCAL_APIC_NMI || e[0] == MADT_LOCAL_X2APIC_NMI) {
            note_nmi(found, e, known, uid);
        }
    }
}

enum ldr_status interrupts_find(struct interrupts *ret_interrupts, uint64_t rsdp,
                                struct memory *memory, struct ldr_report *report)
{
    struct interrupts found = {0};
    uint32_t bytes;
    const uint8_t *madt = acpi_find(rsdp, "APIC", &bytes);

    if (madt) {
        uint64_t phys;
        enum ldr_status status;

        read_madt(&found, madt, bytes, NULL);
        status = memory_allocate(memory, found.io_apic_count * sizeof *found.io_apic,
                                 "the list of I/O APICs", &phys, report);
        if (status != LDR_OK)
            return status;
        read_madt(&found, madt, bytes, (uint32_t *)phys);
    }
    *ret_interrupts = found;
    return LDR_OK;
}

/* ---- delivery modes, the same in I/O APIC and local APIC (SDM 11.5.1) ---------- */

#define MODE(entry) ((entry) >> 8 & 7)
#define MODE_FIXED  0u
#define MODE_LOWEST 1u
#define MODE_NMI    4u
#define MODE_EXTINT 7u
#define MASKED      (1u << 16)
#define LEVEL       (1u << 15)
#define ACTIVE_LOW  (1u << 13)
#define MODE_BITS   (7u << 8)

static bool is_plain(uint32_t entry)
{
    return MODE(entry) == MODE_FIXED || MODE(entry) == MODE_LOWEST;
}

/* Other modes (SMI, INIT) are firmware's own business. */
static bool is_maskable(uint32_t entry)
{
    return is_plain(entry) || MODE(entry) == MODE_NMI || MODE(entry) == MODE_EXTINT;
}

/* ---- PIC and I/O APIC -------------------------------------------------------- */

#define PIC_1_DATA 0x21
#define PIC_2_DATA 0xa1

/* Masked, not reprogrammed: their vectors stay as firmware set them, which doesn't
 * matter as long as nothing comes through. */
static void mask_pics(void)
{
    port_write(PIC_1_DATA, 0xff);
    port_write(PIC_2_DATA, 0xff);
}

/* An I/O APIC has two words: which register, and its content. */
static volatile uint32_t *io_apic_select(uint32_t phys, uint32_t which)
{
    volatile uint32_t *apic = (volatile uint32_t *)(uintptr_t)phys;

    apic[0] = which;
    return &apic[4];
}

#define IO_APIC_VERSION  1
#define IO_APIC_ENTRY(n) (0x10 + 2 * (n))

/* Only the mask changes: where a pin leads is firmware's knowledge of the board, and
 * a kernel may read it from here. */
static void mask_io_apic(uint32_t phys, uint64_t base_revision)
{
    uint32_t last = *io_apic_select(phys, IO_APIC_VERSION) >> 16 & 0xff;

    for (uint32_t i = 0; i <= last; i++) {
        volatile uint32_t *word = io_apic_select(phys, IO_APIC_ENTRY(i));
        uint32_t entry = *word;

        if (is_plain(entry) || (base_revision >= 5 && is_maskable(entry)))
            *word = entry | MASKED;
    }
}

/* ---- the local APIC ----------------------------------------------------------- */

#define MSR_APIC_BASE    0x1b
#define APIC_BASE_ON     (1u << 11)
#define APIC_BASE_X2     (1u << 10)
#define APIC_BASE_PHYS   UINT64_C(0xffffffffff000)
#define MSR_X2APIC       0x800
#define CPUID_1_EDX_APIC (1u << 9)

enum apic_register {
    APIC_VERSION = 0x30,
    APIC_TPR = 0x80,
    APIC_SVR = 0xf0,
    APIC_LVT_CMCI = 0x2f0,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_THERMAL = 0x330,
    APIC_LVT_PERFORMANCE = 0x340,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
};

#define SVR_ON 0x1ff /* software-enabled, spurious vector ff */

/* The same registers, in memory or as model-specific ones. */
struct local_apic {
    bool x2;
    uintptr_t base;
};

static uint32_t apic_read(const struct local_apic *apic, enum apic_register r)
{
    if (apic->x2)
        return (uint32_t)msr_read(MSR_X2APIC + r / 16);
    return *(volatile uint32_t *)(apic->base + r);
}

static void apic_write(const struct local_apic *apic, enum apic_register r, uint32_t value)
{
    if (apic->x2)
        msr_write(MSR_X2APIC + r / 16, value);
    else
        *(volatile uint32_t *)(apic->base + r) = value;
}

/* One source of interrupts within the processor. */
static void mask_lvt(const struct local_apic *apic, enum apic_register r)
{
    uint32_t entry = apic_read(apic, r);

    if (is_maskable(entry))
        apic_write(apic, r, entry | MASKED);
}

/* A pin: as the MADT says where it does, masked in any case.  "As the bus does", in
 * the flags, means active high and edge for an NMI. */
static void set_lint(const struct local_apic *apic, enum apic_register r,
                     const struct lint_nmi *nmi)
{
    uint32_t entry = apic_read(apic, r);

    if (!is_maskable(entry))
        return;
    if (nmi->wired) {
        entry &= ~(MODE_BITS | LEVEL | ACTIVE_LOW);
        entry |= MODE_NMI << 8;
        entry |= (nmi->flags & 3) == 3 ? ACTIVE_LOW : 0;
        entry |= (nmi->flags >> 2 & 3) == 3 ? LEVEL : 0;
    }
    apic_write(apic, r, entry | MASKED);
}

/* Switches the APIC on where firmware left it off; false if there is none. */
static bool open_apic(struct local_apic *ret_apic)
{
    uint64_t base;

    if (!(cpuid_read(1, 0).edx & CPUID_1_EDX_APIC))
        return false;
    base = msr_read(MSR_APIC_BASE);
    if (!(base & APIC_BASE_ON))
        msr_write(MSR_APIC_BASE, base | APIC_BASE_ON);
    *ret_apic = (struct local_apic){.x2 = base & APIC_BASE_X2, .base = base & APIC_BASE_PHYS};
    return true;
}

/* The registers of the last three sources exist only in newer processors, and touching one
 * that doesn't is an error; the version register says how many there are (SDM 11.4.8). */
static void define_local_apic(const struct interrupts *interrupts)
{
    struct local_apic apic;
    uint32_t last;

    if (!open_apic(&apic))
        return;
    /* While the APIC is off by SVR its mask bits are stuck at 1 and modes read as they are,
     * so it goes on first. */
    apic_write(&apic, APIC_SVR, SVR_ON);
    apic_write(&apic, APIC_TPR, 0);
    set_lint(&apic, APIC_LVT_LINT0, &interrupts->lint[0]);
    set_lint(&apic, APIC_LVT_LINT1, &interrupts->lint[1]);
    mask_lvt(&apic, APIC_LVT_TIMER);
    mask_lvt(&apic, APIC_LVT_ERROR);
    last = apic_read(&apic, APIC_VERSION) >> 16 & 0xff; /* number of entries, less one */
    if (last >= 4)
        mask_lvt(&apic, APIC_LVT_PERFORMANCE);
    if (last >= 5)
        mask_lvt(&apic, APIC_LVT_THERMAL);
    if (last >= 6)
        mask_lvt(&apic, APIC_LVT_CMCI);
}

void interrupts_silence(const struct interrupts *interrupts, uint64_t base_revision)
{
    mask_pics();
    for (size_t i = 0; i < interrupts->io_apic_count; i++)
        mask_io_apic(interrupts->io_apic[i], base_revision);
    if (base_revision >= 5)
        define_local_apic(interrupts);
}
