/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Machine state at entry" of the Limine boot protocol.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/entry.h"
#include "loader/stub/mem.h"
#include "loader/stub/variant.h"

#define LOADER_CODE 0x28
#define LOADER_DATA 0x30

#define FLAGS_ALWAYS       UINT64_C(0x2)
#define FLAGS_INTERRUPT    UINT64_C(0x200)
#define FLAGS_DIRECTION    UINT64_C(0x400)
#define FLAGS_VIRTUAL_8086 UINT64_C(0x20000)

/* From this base revision on every bit that the protocol doesn't name is clear. */
#define STRICT_REVISION 5

/* WB, WT, UC-, UC, WP, WC; the last two slots are the loader's business. */
#define PAT_NAMED UINT64_C(0x0000ffffffffffff)

void check_start(struct stub *stub)
{
    struct tap *tap = &stub->tap;

    tap_ok(tap, variant_accepted(), "the loader loads at base revision %lu", variant_base_revision);
    tap_ok(tap, !entry_state.by_elf_header,
           "starts at the entry point request's function, not the ELF header's");
    tap_equal(tap, entry_state.cs, LOADER_CODE, "CS is 28");
}

static void check_registers(struct tap *tap)
{
    const struct entry_state *s = &entry_state;
    uint64_t any = s->rax | s->rbx | s->rcx | s->rdx | s->rsi | s->rdi | s->rbp | s->r8 | s->r9 |
                   s->r10 | s->r11 | s->r12 | s->r13 | s->r14 | s->r15;

    if (!tap_ok(tap, any == 0, "all general registers are 0")) {
        tap_note("rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx", s->rax, s->rbx, s->rcx,
                 s->rdx, s->rsi, s->rdi, s->rbp);
        tap_note("r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx", s->r8, s->r9,
                 s->r10, s->r11, s->r12, s->r13, s->r14, s->r15);
    }
    tap_equal(tap, s->return_address, 0, "the return address on the stack is 0");
    tap_equal(tap, (s->rsp + sizeof(uint64_t)) % 16, 0, "the stack is aligned as after a call");
}

static void check_segments(struct tap *tap)
{
    const struct entry_state *s = &entry_state;
    bool all = s->ds == LOADER_DATA && s->es == LOADER_DATA && s->fs == LOADER_DATA &&
               s->gs == LOADER_DATA && s->ss == LOADER_DATA;

    if (!tap_ok(tap, all, "DS, ES, FS, GS and SS are 30"))
        tap_note("ds %x es %x fs %x gs %x ss %x", s->ds, s->es, s->fs, s->gs, s->ss);
}

static void check_flags(struct tap *tap)
{
    uint64_t off = FLAGS_INTERRUPT | FLAGS_DIRECTION | FLAGS_VIRTUAL_8086;

    if (variant_base_revision >= STRICT_REVISION)
        tap_equal(tap, entry_state.rflags, FLAGS_ALWAYS, "RFLAGS is 2");
    else
        tap_equal(tap, entry_state.rflags & off, 0, "IF, DF and VM are clear");
}

/* The named bits are on; from the strict revision on, no others. */
static void check_control(struct tap *tap, const char *name, uint64_t got, uint64_t named)
{
    if (variant_base_revision >= STRICT_REVISION)
        tap_equal(tap, got, named, "%s is %lx", name, named);
    else
        tap_equal(tap, got & named, named, "%s has the bits of %lx", name, named);
}

static void check_control_registers(const struct stub *stub, struct tap *tap)
{
    /* How many levels there shall be is what check_levels() asks. */
    bool la57 = stub->tables != 0 ? stub->tables->levels == 5 : entry_state.cr4 & CR4_LA57;
    uint64_t nxe = cpu_has_no_execute() ? EFER_NXE : 0;

    check_control(tap, "CR0", entry_state.cr0, CR0_PG | CR0_WP | CR0_ET | CR0_PE);
    check_control(tap, "CR4", entry_state.cr4, CR4_PAE | (la57 ? CR4_LA57 : 0));
    check_control(tap, "EFER", entry_state.efer, EFER_LMA | EFER_LME | nxe);
    tap_equal(tap, entry_state.pat & PAT_NAMED, PGT_PAT_LIMINE & PAT_NAMED,
              "PAT slots 0 to 5 are WB, WT, UC-, UC, WP, WC");
}

/* Access byte and the four flags above the limit, without the accessed bit, which
 * the processor sets as it likes. */
#define DESCRIPTOR_KIND(access, flags) (UINT64_C(access) << 40 | UINT64_C(flags) << 52)
#define DESCRIPTOR_KIND_MASK           DESCRIPTOR_KIND(0xfe, 0x6)
#define DESCRIPTOR_BASE                UINT64_C(0xff0000ffffff0000)

static void check_gdt(struct tap *tap)
{
    static const uint64_t kind[] = {
        0,
        DESCRIPTOR_KIND(0x9a, 0), /* 16-bit code */
        DESCRIPTOR_KIND(0x92, 0),
        DESCRIPTOR_KIND(0x9a, 0x4), /* 32-bit code */
        DESCRIPTOR_KIND(0x92, 0x4),
        DESCRIPTOR_KIND(0x9a, 0x2), /* 64-bit code */
        DESCRIPTOR_KIND(0x92, 0),   /* 64-bit data: the flags say nothing */
    };
    const uint64_t *gdt = (const uint64_t *)entry_state.gdtr.base;
    unsigned wrong = 0;

    if (!tap_ok(tap, entry_state.gdtr.limit >= sizeof(kind) - 1,
                "the GDT has the seven descriptors that the protocol lists"))
        return;
    for (unsigned i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
        uint64_t mask = DESCRIPTOR_KIND_MASK | DESCRIPTOR_BASE;

        if (i == 6)
            mask = DESCRIPTOR_KIND(0xfe, 0) | DESCRIPTOR_BASE;
        if ((gdt[i] & mask) != kind[i]) {
            tap_note("GDT descriptor %u is %016lx", i, gdt[i]);
            wrong++;
        }
    }
    tap_equal(tap, wrong, 0, "they are null, 16-, 32- and 64-bit code and data, from base 0");
}

/* TR can't be loaded with a null selector, so a descriptor of base 0 and limit 0 is null
 * enough: it holds no byte of a task's state. */
static bool task_is_null(void)
{
    const uint64_t *gdt = (const uint64_t *)entry_state.gdtr.base;
    uint16_t at = entry_state.tr & 0xfff8;

    if (entry_state.tr == 0)
        return true;
    if (entry_state.tr & 4 || at + 15u > entry_state.gdtr.limit)
        return false;
    return (gdt[at / 8] & (DESCRIPTOR_BASE | UINT64_C(0x000f00000000ffff))) == 0 &&
           (uint32_t)gdt[at / 8 + 1] == 0;
}

static void check_system_tables(struct tap *tap)
{
    if (variant_base_revision < STRICT_REVISION) {
        tap_skip(tap, "base revision 5 promises it", "IDT, LDT and TR are null");
        return;
    }
    tap_equal(tap, entry_state.idtr.base | entry_state.idtr.limit, 0, "the IDT is null");
    tap_equal(tap, entry_state.ldtr, 0, "the LDT is null");
    if (!tap_ok(tap, task_is_null(), "the task register holds no task"))
        tap_note("tr %x", entry_state.tr);
}

/* The two interrupt controllers of the PC/AT; all lines masked. */
static void check_pic(struct tap *tap)
{
    tap_equal(tap, port_read(0x21), 0xff, "all lines of the first legacy PIC are masked");
    tap_equal(tap, port_read(0xa1), 0xff, "all lines of the second legacy PIC are masked");
}

void check_entry_state(struct stub *stub)
{
    tap_note("entered at %lu of the time-stamp counter", entry_state.time_stamp);
    check_registers(&stub->tap);
    check_segments(&stub->tap);
    check_flags(&stub->tap);
    check_control_registers(stub, &stub->tap);
    check_gdt(&stub->tap);
    check_system_tables(&stub->tap);
    check_pic(&stub->tap);
}

static void check_root(struct stub *stub)
{
    const char *name = "CR3 is the kernel root of the page tables response";

    if (stub->tables == 0)
        tap_skip(&stub->tap, STUB_NO_TABLES, "%s", name);
    else
        tap_equal(&stub->tap, cr3_read(), stub->tables->root, "%s", name);
}

void check_place(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    uint64_t rip;

    check_root(stub);
    __asm__ volatile("lea (%%rip), %0" : "=r"(rip));
    if (!tap_ok(tap, rip >= (uint64_t)text_start && rip < (uint64_t)text_end,
                "runs inside its linked text"))
        tap_note("rip %016lx", rip);
    tap_equal(tap, stub->image_virt, (uint64_t)text_start,
              "the executable address's virtual base is where it was linked");
    tap_equal(tap, stub->image_phys % PGT_PAGE, 0, "its physical base is page aligned");
    /* Physical contiguity, too: one offset leads to all of it. */
    tap_ok(tap,
           memcmp((const void *)stub_alias(stub, text_start), text_start,
                  (size_t)(rodata_end - text_start)) == 0,
           "text and read-only data are at that physical base");
}
