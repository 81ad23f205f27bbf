/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of a page fault, from the verdict: no entry is read twice, so what is printed
 * is what was judged.
 */
#include "pagetables/explain.h"
#include "pagetables/space.h"
#include "pagetables/text.h"

/* What all parts of a report need. */
struct report {
    const struct pgt_space *space;
    const struct pgt_state *state;
    struct pgt_verdict verdict;
    uint64_t virt;
    uint64_t code;
    pgt_line_fn *line;
    void *context;
};

static void print(const struct report *report, const struct pgt_line *line)
{
    report->line(report->context, line->text);
}

const char *pgt_level_name(unsigned level)
{
    static const char *const name[] = {"PT", "PD", "PDPT", "PML4", "PML5"};
    return level >= 1 && level <= 5 ? name[level - 1] : "table";
}

/* PDPT[ 17] */
static void put_slot(struct pgt_line *line, const struct report *report, unsigned level)
{
    pgt_put(line, pgt_level_name(level));
    pgt_put(line, "[");
    pgt_put_number(line, level_index(report->virt, level), 10, 1);
    pgt_put(line, "]");
}

/* ---- the access ---------------------------------------------------------- */

/* Who made the access: what the error code says of it, or else the interrupted ring. */
static const char *who(const struct report *report)
{
    static const char *const ring[] = {"ring 0", "ring 1", "ring 2", "ring 3"};
    if (report->code & PGT_ERROR_USER)
        return "ring 3";
    return report->state->ring == 3 ? "the processor itself" : ring[report->state->ring & 3];
}

static __attribute__((noinline)) void print_access(const struct report *report)
{
    struct pgt_line line = {.length = 0};
    const char *what = "a read by ", *where = " of ";
    if (report->code & PGT_ERROR_FETCH) {
        what = "an instruction fetch by ";
        where = " from ";
    } else if (report->code & PGT_ERROR_WRITE) {
        what = "a write by ";
        where = " to ";
    }
    pgt_put(&line, what);
    pgt_put(&line, who(report));
    pgt_put(&line, where);
    pgt_put_hex(&line, report->virt, 16);
    print(report, &line);
}

struct bit_name {
    uint64_t bit;
    const char *name;
};

/* The names of those bits that are set. */
static void put_bits(struct pgt_line *line, uint64_t value, const struct bit_name *name,
                     unsigned names)
{
    for (unsigned i = 0; i < names; i++)
        if (value & name[i].bit)
            pgt_put(line, name[i].name);
}

static __attribute__((noinline)) void print_code(const struct report *report)
{
    static const struct bit_name more[] = {
        {PGT_ERROR_RESERVED, ", reserved"}, {PGT_ERROR_KEY, ", key"},
        {PGT_ERROR_SHADOW_STACK, ", SS"},   {PGT_ERROR_HLAT, ", HLAT"},
        {PGT_ERROR_SGX, ", SGX"},
    };
    struct pgt_line line = {.length = 0};
    uint64_t code = report->code;
    pgt_put(&line, "error code ");
    pgt_put_hex(&line, code, 1);
    pgt_put(&line, code & PGT_ERROR_PRESENT ? ": present" : ": not present");
    if (code & PGT_ERROR_WRITE)
        pgt_put(&line, ", write");
    if (code & PGT_ERROR_FETCH)
        pgt_put(&line, ", fetch");
    if (!(code & (PGT_ERROR_WRITE | PGT_ERROR_FETCH)))
        pgt_put(&line, ", read");
    pgt_put(&line, code & PGT_ERROR_USER ? ", user" : ", supervisor");
    put_bits(&line, code, more, sizeof(more) / sizeof(more[0]));
    print(report, &line);
}

/* In a line of its own, since the other one is long enough when all bits are set. */
static __attribute__((noinline)) void print_unknown(const struct report *report)
{
    const uint64_t known = PGT_ERROR_PRESENT | PGT_ERROR_WRITE | PGT_ERROR_USER |
                           PGT_ERROR_RESERVED | PGT_ERROR_FETCH | PGT_ERROR_KEY |
                           PGT_ERROR_SHADOW_STACK | PGT_ERROR_HLAT | PGT_ERROR_SGX;
    struct pgt_line line = {.length = 0};
    if (!(report->code & ~known))
        return;
    pgt_put(&line, "error code: nobody knows bits ");
    pgt_put_hex(&line, report->code & ~known, 1);
    print(report, &line);
}

/* What is switched on of all that matters to the verdict. */
static __attribute__((noinline)) void print_state(const struct report *report)
{
    static const struct bit_name cr4[] = {
        {PGT_STATE_CR4_SMEP, " SMEP"},
        {PGT_STATE_CR4_SMAP, " SMAP"},
        {PGT_STATE_CR4_PKE, " PKE"},
        {PGT_STATE_CR4_PKS, " PKS"},
    };
    const struct pgt_state *state = report->state;
    struct pgt_line line = {.length = 0};
    pgt_put(&line, "processor:");
    if (state->cr0 & PGT_STATE_CR0_WP)
        pgt_put(&line, " WP");
    put_bits(&line, state->cr4, cr4, sizeof(cr4) / sizeof(cr4[0]));
    if (state->efer & PGT_STATE_EFER_NXE)
        pgt_put(&line, " NXE");
    if (state->rflags & PGT_STATE_AC)
        pgt_put(&line, " AC");
    if (state->cr4 & PGT_STATE_CR4_PKE) {
        pgt_put(&line, " PKRU ");
        pgt_put_hex(&line, state->pkru, 8);
    }
    if (state->cr4 & PGT_STATE_CR4_PKS) {
        pgt_put(&line, " PKRS ");
        pgt_put_hex(&line, state->pkrs, 8);
    }
    if (line.text[line.length - 1] == ':')
        pgt_put(&line, " none of WP, SMEP, SMAP, PKE, PKS, NXE");
    print(report, &line);
}

/* ---- the walk ------------------------------------------------------------ */

/* What the entry itself grants, and its marks. */
static void put_entry_rights(struct pgt_line *line, pgt_entry entry, bool leaf)
{
    uint64_t attributes = entry.raw;
    if (!leaf)
        attributes &= ~ENTRY_GLOBAL; /* means nothing there but to this library */
    pgt_put_rights(line, rights_of_attributes(attributes));
    pgt_put(line, entry.raw & ENTRY_ACCESSED ? "a" : "-");
    pgt_put(line, leaf && (entry.raw & ENTRY_DIRTY) ? "d" : "-");
}

static void put_leaf(struct pgt_line *line, const struct report *report, pgt_entry entry,
                     unsigned level)
{
    static const char *const size[] = {" 4K at ", " 2M at ", " 1G at "};
    uint64_t attributes = leaf_attributes(entry, level);
    pgt_put(line, size[level - 1]);
    pgt_put_hex(line, leaf_phys(entry, level), 12);
    pgt_put(line, " ");
    pgt_put_memory(line, memory_of_attributes(&report->space->arch, attributes));
    if (key_of_attributes(attributes)) {
        pgt_put(line, " key ");
        pgt_put_number(line, key_of_attributes(attributes), 10, 1);
    }
    if (software_of_attributes(attributes)) {
        pgt_put(line, " software ");
        pgt_put_hex(line, software_of_attributes(attributes), 1);
    }
}

static void put_entry(struct pgt_line *line, const struct report *report, pgt_entry entry,
                      unsigned level)
{
    const struct pgt_verdict *verdict = &report->verdict;
    if (!entry_present(entry)) {
        pgt_put(line, " not present");
        return;
    }
    if (level == verdict->end && verdict->reserved) {
        pgt_put(line, " reserved bits ");
        pgt_put_hex(line, verdict->reserved, 16);
        return;
    }
    bool leaf = entry_is_leaf(entry, level);
    pgt_put(line, " ");
    put_entry_rights(line, entry, leaf);
    if (leaf) {
        put_leaf(line, report, entry, level);
        return;
    }
    pgt_put(line, " table at ");
    pgt_put_hex(line, entry_table(entry), 12);
}

static __attribute__((noinline)) void print_entry(const struct report *report, unsigned level)
{
    pgt_entry entry = {report->verdict.entry[level - 1]};
    struct pgt_line line = {.length = 0};
    unsigned index = level_index(report->virt, level);
    pgt_put(&line, "  ");
    pgt_put(&line, pgt_level_name(level));
    pgt_put_column(&line, 6);
    pgt_put(&line, index < 10 ? "[  " : index < 100 ? "[ " : "[");
    pgt_put_number(&line, index, 10, 1);
    pgt_put(&line, "] ");
    pgt_put_hex(&line, entry.raw, 16);
    put_entry(&line, report, entry, level);
    print(report, &line);
}

static __attribute__((noinline)) void print_root(const struct report *report)
{
    unsigned levels = report->space->arch.levels;
    struct pgt_line line = {.length = 0};
    pgt_put_number(&line, levels, 10, 1);
    pgt_put(&line, " levels of tables from ");
    pgt_put_hex(&line, report->space->root, 12);
    print(report, &line);
}

/* ---- the rules ----------------------------------------------------------- */

/* A rule's sentence; what it is because of follows. */
static const char *rule_text(unsigned rule)
{
    switch (rule) {
    case PGT_BROKE_PRESENT:
        return "nothing is mapped there: not present in ";
    case PGT_BROKE_RESERVED:
        return "a reserved bit is set in ";
    case PGT_BROKE_USER:
        return "ring 3 in a page of the kernel because of ";
    case PGT_BROKE_SMEP:
        return "SMEP: the kernel fetched instructions from a user page";
    case PGT_BROKE_SMAP:
        return "SMAP: the kernel touched data in a user page";
    case PGT_BROKE_WRITE:
        return "a write to a page that is read-only because of ";
    case PGT_BROKE_EXECUTE:
        return "an instruction fetch from a page that is no-execute because of ";
    case PGT_BROKE_KEY_ACCESS:
        return "a protection key denies access to data: key ";
    default:
        return "a protection key denies writes: key ";
    }
}

/* The level that a rule's sentence ends with; 0: it ends with none. */
static unsigned rule_level(const struct pgt_verdict *verdict, unsigned rule)
{
    switch (rule) {
    case PGT_BROKE_PRESENT:
    case PGT_BROKE_RESERVED:
        return verdict->end;
    case PGT_BROKE_USER:
        return verdict->supervisor;
    case PGT_BROKE_WRITE:
        return verdict->read_only;
    case PGT_BROKE_EXECUTE:
        return verdict->no_execute;
    default:
        return 0;
    }
}

static __attribute__((noinline)) void print_rule(const struct report *report, unsigned rule)
{
    const struct pgt_verdict *verdict = &report->verdict;
    unsigned level = rule_level(verdict, rule);
    struct pgt_line line = {.length = 0};
    pgt_put(&line, "broken: ");
    pgt_put(&line, rule_text(rule));
    if (level)
        put_slot(&line, report, level);
    if (rule & (PGT_BROKE_KEY_ACCESS | PGT_BROKE_KEY_WRITE))
        pgt_put_number(&line, verdict->key, 10, 1);
    print(report, &line);
}

static void print_rules(const struct report *report)
{
    const uint64_t other = PGT_ERROR_SHADOW_STACK | PGT_ERROR_HLAT | PGT_ERROR_SGX;
    const struct pgt_verdict *verdict = &report->verdict;
    for (unsigned rule = 1; rule <= PGT_BROKE_KEY_WRITE; rule <<= 1)
        if (verdict->broken & rule)
            print_rule(report, rule);
    if (!verdict->broken && (report->code & other))
        report->line(report->context, "broken: a rule of shadow stacks, HLAT or SGX, which aren't "
                                      "judged here");
    else if (!verdict->broken)
        report->line(report->context, "broken: none, the entries allow this now: a stale "
                                      "translation, or changed meanwhile");
    else if (verdict->outdated)
        report->line(report->context, "but the error code tells of something else: the entries "
                                      "changed meanwhile");
}

/* ---- advice -------------------------------------------------------------- */

/* Below this an address was hardly meant: a null pointer, and an index or a member. */
#define NEAR_NULL UINT64_C(0x10000)

static const char *advice_on_absence(const struct report *report)
{
    if (report->virt < NEAR_NULL)
        return "a null pointer, or a member or an element of one";
    if (report->virt > -NEAR_NULL)
        return "a small negative number taken for a pointer, or an index below a null pointer";
    if (report->code & PGT_ERROR_FETCH)
        return "a call through a wild pointer, or a return address that was overwritten";
    return "never mapped, freed already, or a guard page: a stack that overflowed?";
}

static const char *advice(const struct report *report)
{
    unsigned broken = report->verdict.broken;
    if (broken & PGT_BROKE_CANONICAL)
        return "a pointer that was overwritten, or never was one";
    if (broken & PGT_BROKE_PRESENT)
        return advice_on_absence(report);
    if (broken & PGT_BROKE_RESERVED)
        return "tables that were overwritten, or built for another processor (width, NXE, 1G)";
    if (broken & PGT_BROKE_USER)
        return "a program that reached for the kernel; or map the page with PGT_USER";
    if (broken & PGT_BROKE_SMEP)
        return "a function pointer of the kernel that leads into user memory";
    if (broken & PGT_BROKE_SMAP)
        return "user memory is to be touched between STAC and CLAC alone";
    if (broken & PGT_BROKE_WRITE)
        return "a store to constants or code? or copy-on-write that nobody resolved";
    if (broken & PGT_BROKE_EXECUTE)
        return "a jump into data or a stack; or map the page with PGT_EXECUTE";
    if (broken)
        return "PKRU (of user pages) or IA32_PKRS (of supervisor pages) decides over keys";
    return "invalidate the address and try again; should it go on, a flush is missing";
}

static __attribute__((noinline)) void print_advice(const struct report *report)
{
    struct pgt_line line = {.length = 0};
    pgt_put(&line, "advice: ");
    pgt_put(&line, advice(report));
    print(report, &line);
}

/* There is no walk, and no error code that says what kind of access it was. */
static __attribute__((noinline)) void print_not_canonical(const struct report *report)
{
    struct pgt_line line = {.length = 0};
    pgt_put(&line, "an access to ");
    pgt_put_hex(&line, report->virt, 16);
    print(report, &line);
    line = (struct pgt_line){.length = 0};
    pgt_put(&line, "broken: not canonical, bits 63 to ");
    pgt_put_number(&line, level_shift(report->space->arch.levels + 1) - 1, 10, 1);
    pgt_put(&line, " differ: general protection, not a page fault");
    print(report, &line);
}

/* Functions that have a line of their own are kept apart, so that only one is on the stack. */
static void print_fault(const struct report *report)
{
    print_access(report);
    print_code(report);
    print_unknown(report);
    print_state(report);
    print_root(report);
    for (unsigned level = report->space->arch.levels; level >= report->verdict.end; level--)
        print_entry(report, level);
    print_rules(report);
}

static __attribute__((noinline)) void print_report(const struct report *report)
{
    if (report->verdict.broken & PGT_BROKE_CANONICAL)
        print_not_canonical(report);
    else
        print_fault(report);
    print_advice(report);
}

void pgt_explain(const struct pgt_space *space, uint64_t virt, uint64_t error_code,
                 const struct pgt_state *state, pgt_line_fn *line, void *context)
{
    struct report report = {
        .space = space,
        .state = state,
        .virt = virt,
        .code = error_code,
        .line = line,
        .context = context,
    };
    pgt_judge(space, virt, error_code, state, &report.verdict);
    print_report(&report);
}
