/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel finds in the processor: decided here, carried out by handoff.S.
 *
 * Section numbers are the SDM's, volume 3A.
 */
#include "loader/handoff.h"

/* The page's code, where further processors enter it, where it goes on in 32-bit mode and in 64-bit
 * mode again, and where it ends (handoff.S). */
extern const uint8_t ldr_handoff_code[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_handoff_code_next[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_handoff_code_32[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_handoff_code_64[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_handoff_code_end[] __attribute__((visibility("hidden")));

/* From this base revision on the protocol says what *all* control bits are. */
#define EXACT_REVISION 5

#define BIT(n) (UINT64_C(1) << (n))

/* CR0 (2.5). */
#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_PG BIT(31)

/* CR4 (2.5). */
#define CR4_VME        BIT(0)
#define CR4_PVI        BIT(1)
#define CR4_TSD        BIT(2)
#define CR4_DE         BIT(3)
#define CR4_PSE        BIT(4)
#define CR4_PAE        BIT(5)
#define CR4_MCE        BIT(6)
#define CR4_PCE        BIT(8)
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP       BIT(11)
#define CR4_LA57       BIT(12)
#define CR4_VMXE       BIT(13)
#define CR4_SMXE       BIT(14)
#define CR4_FSGSBASE   BIT(16)
#define CR4_OSXSAVE    BIT(18)

/* IA32_EFER (2.2.1). */
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)

/* What firmware may leave set in CR0 below EXACT_REVISION:
 *   MP, NE  how x87 errors and WAIT behave: firmware's choice fits its processor;
 *   AM      acts in ring 3 alone, and only once a kernel sets RFLAGS.AC there.
 * Not EM and TS, with which SSE instructions would fault in a kernel that
 * takes them for granted; not CD and NW, which switch the caches off (11.5.1). */
#define CR0_KEPT (CR0_MP | CR0_NE | CR0_AM)

/* The same for CR4:
 *   VME, PVI, TSD, DE, PCE, UMIP  bind ring 3 or virtual-8086 code alone, or debug
 *           registers: a kernel that starts neither doesn't notice;
 *   PSE     has no effect on 4- and 5-level paging (4.1.1);
 *   MCE     what firmware armed stays armed: without it a machine check shuts down, too;
 *   OSFXSR, OSXMMEXCPT, OSXSAVE, FSGSBASE  allow instructions, forbid none;
 *   VMXE, SMXE  can't be cleared in VMX operation without a fault (vol. 3C, 24.8).
 *
 * All others are cleared, those unknown today too, since 0 is what they are after
 * reset and what a kernel that never heard of them expects:
 *   PGE     would keep firmware's global translations through the loads of CR3
 *           (4.10.4.1); clearing it drops them at once;
 *   PCIDE   would make CR3's low bits a context (4.10.1).  Clearing is allowed whatever
 *           they hold - only setting asks for 0 - and until the transition root is
 *           loaded they at most change the caching of firmware's own root table;
 *   SMEP, SMAP, PKE  would make a kernel's first touch of a ring 3 page fault, by rules
 *           that it did not set up (4.6);
 *   PKS     would apply whatever firmware left in IA32_PKRS to key 0: to all of our
 *           pages (4.6.2);
 *   CET     would demand a shadow stack and ENDBR64 of the kernel; it also
 *           forbids CR0.WP to be cleared, so it goes before CR0 is written (2.5);
 *   LASS, LAM_SUP, FRED  change which addresses may be used, or how events arrive. */
#define CR4_KEPT                                                                                   \
    (CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_MCE | CR4_PCE | CR4_OSFXSR |             \
     CR4_OSXMMEXCPT | CR4_UMIP | CR4_VMXE | CR4_SMXE | CR4_FSGSBASE | CR4_OSXSAVE)

/* Paging stays on throughout; WP makes read-only pages read-only to ring 0, too. */
static uint64_t control_cr0(const struct ldr_plan *plan, const struct ldr_control *firmware)
{
    uint64_t kept = plan->base_revision < EXACT_REVISION ? firmware->cr0 & CR0_KEPT : 0;

    return kept | CR0_PE | CR0_ET | CR0_WP | CR0_PG;
}

static uint64_t control_cr4(const struct ldr_plan *plan, const struct ldr_control *firmware)
{
    uint64_t kept = plan->base_revision < EXACT_REVISION ? firmware->cr4 & CR4_KEPT : 0;

    return kept | CR4_PAE | (plan->arch.levels == 5 ? CR4_LA57 : 0);
}

/* LME can't change while paging is on, and some processors fault if LMA is written as
 * what it is not.  NXE is never cleared: firmware's tables, on which the writing
 * instruction runs, may rely on it.  Below EXACT_REVISION the rest stays (SCE allows
 * SYSCALL, no more). */
static uint64_t control_efer(const struct ldr_plan *plan, const struct ldr_control *firmware)
{
    uint64_t keep = plan->base_revision < EXACT_REVISION ? ~UINT64_C(0) : EFER_NXE;

    return (firmware->efer & keep) | EFER_LME | EFER_LMA | (plan->arch.no_execute ? EFER_NXE : 0);
}

/* What the protocol prescribes, by selector.  All are accessed already, so that loading
 * one never writes to it (3.4.5.1). */
const uint64_t ldr_descriptor[LDR_GDT_BYTES / 8] = {
    0,
    UINT64_C(0x00009b000000ffff), /* 0x08: 16-bit code, readable, limit ffff */
    UINT64_C(0x000093000000ffff), /* 0x10: 16-bit data, writable, limit ffff */
    UINT64_C(0x00cf9b000000ffff), /* 0x18: 32-bit code, limit ffffffff */
    UINT64_C(0x00cf93000000ffff), /* 0x20: 32-bit data */
    UINT64_C(0x00af9b000000ffff), /* 0x28: 64-bit code; base and limit have no meaning */
    UINT64_C(0x00cf93000000ffff), /* 0x30: 64-bit data, the same as 32-bit data */
    UINT64_C(0x0000890000000000), /* 0x38: available 64-bit TSS, base 0, limit 0 (7.2.3) */
    0,                            /*       its upper half */
};
_Static_assert(sizeof(ldr_descriptor) == LDR_GDT_BYTES, "descriptors");

static bool fits_32(uint64_t value)
{
    return value <= UINT32_MAX;
}

/* What the way through 32-bit mode takes: descriptors that stay within reach when paging goes
 * off, and the two jumps. */
static void prepare_way(struct ldr_handoff *data, uint64_t page)
{
    uint64_t gdt = page + LDR_HANDOFF_DATA + LDR_AT_DESCRIPTORS;
    uint64_t to_32 = page + (uint64_t)(ldr_handoff_code_32 - ldr_handoff_code);
    uint64_t to_64 = page + (uint64_t)(ldr_handoff_code_64 - ldr_handoff_code);

    if (!fits_32(page) || !fits_32(data->transition_root))
        __builtin_trap(); /* the caller broke the contract */
    data->own_gdt_limit = LDR_GDT_BYTES - 1;
    for (unsigned i = 0; i < 4; i++)
        data->own_gdt_base[i] = (uint16_t)(gdt >> 16 * i);
    data->to_32 = (struct ldr_far_pointer){(uint32_t)to_32, LDR_CODE_32_SELECTOR};
    data->to_64 = (struct ldr_far_pointer){(uint32_t)to_64, LDR_CODE_SELECTOR};
    for (unsigned i = 0; i < LDR_GDT_BYTES / 8; i++)
        data->descriptor[i] = ldr_descriptor[i];
}

/* How long the code is.  A test stops here if it outgrows its half of the page. */
static size_t code_bytes(void)
{
    size_t bytes = (size_t)(ldr_handoff_code_end - ldr_handoff_code);

    if (bytes > LDR_HANDOFF_DATA)
        __builtin_trap();
    return bytes;
}

static void copy(uint8_t *to, const void *from, size_t bytes)
{
    const uint8_t *source = from;

    for (size_t i = 0; i < bytes; i++)
        to[i] = source[i];
}

void ldr_handoff_prepare(void *page, const struct ldr_plan *plan, uint64_t transition_root,
                         uint64_t kernel_root, uint64_t entry, const struct ldr_control *firmware,
                         void *gdt, uint64_t gdt_virt)
{
    struct ldr_handoff data = {
        .transition_root = transition_root,
        .kernel_root = kernel_root,
        .upper = plan->handoff_virt,
        .stack_top = plan->stack_top,
        .entry = entry,
        .cr0 = control_cr0(plan, firmware),
        .cr4 = control_cr4(plan, firmware),
        .efer = control_efer(plan, firmware),
        .pat = plan->arch.pat,
        .gdt_limit = LDR_GDT_BYTES - 1,
        .stack_apart = plan->guard_above - plan->guard_below,
    };
    uint8_t *byte = page;

    data.cr4_first = (data.cr4 & ~CR4_LA57) | (firmware->cr4 & CR4_LA57);
    if (data.cr4_first != data.cr4)
        prepare_way(&data, plan->handoff_phys);
    for (unsigned i = 0; i < 4; i++)
        data.gdt_base[i] = (uint16_t)(gdt_virt >> 16 * i);
    /* Whatever the page held before, a kernel that reads it finds nothing of it. */
    for (size_t i = 0; i < PGT_PAGE; i++)
        byte[i] = 0;
    copy(byte, ldr_handoff_code, code_bytes());
    copy(byte + LDR_HANDOFF_DATA, &data, sizeof(data));
    copy(gdt, ldr_descriptor, sizeof(ldr_descriptor));
}

size_t ldr_handoff_gdt_bytes(size_t count)
{
    return LDR_GDT_BYTES + (count - 1) * LDR_TASK_BYTES;
}

void ldr_handoff_add_processors(void *page, void *gdt, size_t count, uint64_t processors)
{
    struct ldr_handoff *data = (struct ldr_handoff *)((uint8_t *)page + LDR_HANDOFF_DATA);
    const uint64_t *task = &ldr_descriptor[LDR_TASK_SELECTOR / 8];

    if (count < 1 || count > LDR_PROCESSORS_MOST)
        __builtin_trap(); /* the caller broke the contract */
    for (size_t i = 1; i < count; i++)
        copy((uint8_t *)gdt + ldr_handoff_gdt_bytes(i), task, LDR_TASK_BYTES);
    data->gdt_limit = (uint16_t)(ldr_handoff_gdt_bytes(count) - 1);
    data->processors = processors;
}

_Noreturn void ldr_handoff_park(uint64_t handoff_phys, uint32_t index)
{
    uint64_t start = handoff_phys + (uint64_t)(ldr_handoff_code_next - ldr_handoff_code);

    /* In its 32 bits EBP survives the way through 32-bit mode. */
    __asm__ volatile("mov %1, %%ebp\n\tjmp *%0" : : "a"(start), "d"(index) : "memory");
    __builtin_unreachable();
}

_Noreturn void ldr_handoff_jump(uint64_t handoff_phys)
{
    __asm__ volatile("jmp *%0" : : "r"(handoff_phys) : "memory");
    __builtin_unreachable();
}
