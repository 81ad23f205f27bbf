/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault reports that explain themselves: for page faults, what the tables say and which rule the
 * access broke; for any exception, registers, code and a backtrace with symbols.
 *
 * All of it reads and prints, and changes nothing.  Text goes to a function of the caller, line
 * by line as with pgt_dump(): without a newline, in ASCII, shorter than 100 columns, valid
 * during the call only.  None of these takes more than 512 bytes of stack, so that they
 * are fit for an exception's own.
 *
 *     a write by ring 3 to 0x0000000000401008
 *     error code 0x7: present, write, user
 *     processor: WP SMEP SMAP NXE
 *     4 levels of tables from 0x000000101000
 *       PML4[  0] 0x0010000000102067 rwxu-a- table at 0x000000102000
 *       PDPT[  0] 0x0010000000103067 rwxu-a- table at 0x000000103000
 *       PD  [  2] 0x0010000000104067 rwxu-a- table at 0x000000104000
 *       PT  [  1] 0x800000000002a025 r--u-a- 4K at 0x00000002a000 WB
 *     broken: a write to a page that is read-only because of PT[1]
 *     advice: a store to constants or code? or copy-on-write that nobody resolved
 *
 * An entry: its raw value (in which this library keeps a count if it leads to a table), what it
 * grants by itself (read, write, execute, user, global), accessed, dirty; then the table or page.
 */
#ifndef PAGETABLES_EXPLAIN_H
#define PAGETABLES_EXPLAIN_H

#include "pagetables/error_code.h"
#include "pagetables/pagetables.h"

typedef void pgt_line_fn(void *context, const char *text);

/* ------------------------------------------------------------------------
 * Page faults
 */

/* What of the processor decides whether an access is allowed: registers as they were when the
 * fault was raised.  Those that it lacks are 0. */
struct pgt_state {
    uint64_t cr0;
    uint64_t cr4;
    uint64_t efer;
    uint64_t rflags; /* of the interrupted code */
    uint32_t pkru;
    uint32_t pkrs; /* IA32_PKRS */
    unsigned ring; /* of the interrupted code: the low two bits of its CS */
};

#define PGT_STATE_CR0_WP   (UINT64_C(1) << 16)
#define PGT_STATE_CR4_SMEP (UINT64_C(1) << 20)
#define PGT_STATE_CR4_SMAP (UINT64_C(1) << 21)
#define PGT_STATE_CR4_PKE  (UINT64_C(1) << 22)
#define PGT_STATE_CR4_PKS  (UINT64_C(1) << 24)
#define PGT_STATE_EFER_NXE (UINT64_C(1) << 11)
#define PGT_STATE_AC       (UINT64_C(1) << 18) /* of RFLAGS */

/* Rules that an access can break, all that it breaks at once (SDM 4.6, 4.7).  After one of
 * the first three no translation was found, so there is no other. */
#define PGT_BROKE_CANONICAL  (1u << 0) /* general protection, or a stack fault */
#define PGT_BROKE_PRESENT    (1u << 1)
#define PGT_BROKE_RESERVED   (1u << 2)
#define PGT_BROKE_USER       (1u << 3) /* ring 3 to a supervisor page */
#define PGT_BROKE_SMEP       (1u << 4)
#define PGT_BROKE_SMAP       (1u << 5)
#define PGT_BROKE_WRITE      (1u << 6)
#define PGT_BROKE_EXECUTE    (1u << 7)
#define PGT_BROKE_KEY_ACCESS (1u << 8) /* the key denies any access to data */
#define PGT_BROKE_KEY_WRITE  (1u << 9) /* the key denies writes */

#define PGT_VERDICT_LEVELS 5

/* What the tables say about one access, entry by entry. */
struct pgt_verdict {
    unsigned broken;   /* PGT_BROKE_...; 0: the entries allow the access now */
    unsigned end;      /* the level where the walk ended: of the leaf, of the entry that is absent
                          or has a reserved bit set; 0: it never began */
    uint64_t reserved; /* the reserved bits that are set there */
    uint64_t entry[PGT_VERDICT_LEVELS]; /* raw, by level - 1, from the top down to `end` */
    unsigned read_only;                 /* the highest level whose entry has R/W clear; 0: none */
    unsigned supervisor;                /* ... U/S clear */
    unsigned no_execute;                /* ... XD set, where that means something */
    unsigned key;                       /* of the leaf */
    /* The error code doesn't go with what the entries say now (present, reserved, key):
     * they changed meanwhile, or the translation was stale. */
    bool outdated;
};

/* Walks the tables for an access, as the processor would.  What kind of access it was comes from
 * the error code, write, user and fetch; and of a supervisor's access the ring
 * tells if it was made by the processor on its own, for instance to a descriptor table.  Shadow
 * stacks have further rules, which aren't judged. */
void pgt_judge(const struct pgt_space *space, uint64_t virt, uint64_t error_code,
               const struct pgt_state *state, struct pgt_verdict *ret_verdict);

/* The name of a table's kind: "PT" for level 1, "PD", "PDPT", "PML4", "PML5". */
const char *pgt_level_name(unsigned level);

/* The whole report of a page fault, or of an access to an address that isn't canonical. */
void pgt_explain(const struct pgt_space *space, uint64_t virt, uint64_t error_code,
                 const struct pgt_state *state, pgt_line_fn *line, void *context);

/* ------------------------------------------------------------------------
 * The interrupted code
 */

struct pgt_registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags, cs, ss;
    uint64_t cr0, cr2, cr3, cr4;
};

/* Seven lines: all of them, and the flags in words. */
void pgt_explain_registers(const struct pgt_registers *registers, pgt_line_fn *line, void *context);

/* The error code of a general protection, stack, segment or invalid-TSS fault (SDM 6.13): the
 * selector that was wrong, if any. */
void pgt_explain_selector(uint64_t error_code, pgt_line_fn *line, void *context);

/* Instruction bytes, 16 in a line, of which the one at rip is marked:
 *
 *     code 0xffffffff80001230: 48 89 e5 <0f> 0b c3
 *
 * bytes[0] was at address `first`. */
void pgt_explain_code(uint64_t first, const uint8_t *bytes, size_t count, uint64_t rip,
                      pgt_line_fn *line, void *context);

/* Laid out as an Elf64_Sym, so that a file's own symbol table will do. */
struct pgt_symbol {
    uint32_t name; /* offset in the strings */
    uint8_t info;
    uint8_t other;
    uint16_t section; /* 0: not defined here */
    uint64_t value;
    uint64_t size; /* 0: unknown */
};

/* Whoever loaded the kernel may hand this over.  In any order; nothing in it is trusted. */
struct pgt_symbols {
    const struct pgt_symbol *symbol; /* [count] */
    size_t count;
    const char *strings; /* [strings_bytes] */
    size_t strings_bytes;
    uint64_t slide; /* where it runs, less where it was linked to */
};

/* The function that an address lies in: its name (not 0-terminated, at most *ret_length bytes) and
 * how far in.  Among several the one that starts last, of those that say their size the one
 * that holds it.  False where there is none.  symbols may be null. */
bool pgt_symbol_of(const struct pgt_symbols *symbols, uint64_t address, const char **ret_name,
                   size_t *ret_length, uint64_t *ret_offset);

/* How the stack is read: false where there is nothing to read, rather than to fault. */
struct pgt_reader {
    bool (*read)(void *context, uint64_t virt, uint64_t *ret_value);
    void *context;
};

#define PGT_BACKTRACE_FRAMES 32

/* The chain of frame pointers, innermost first:
 *
 *     #0  0xffffffff80001234 write_text+0x12
 *     #1  0xffffffff80002345 main+0x345
 *     end: the frame pointer is 0
 *
 * Every frame shall lie above the one before it, or it is the end.  symbols may be null. */
void pgt_explain_backtrace(uint64_t rip, uint64_t rbp, const struct pgt_reader *reader,
                           const struct pgt_symbols *symbols, pgt_line_fn *line, void *context);

#endif
