/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier: two readings of both roots.  The first compares leaf by leaf with the plan,
 * and remembers what is executable; the second looks for frames among that which some
 * leaf lets be written.
 */
#include "loader/verify.h"

#include "loader/verify_walk.h"

/* Slots of a root, and those of its lower half. */
#define SLOTS       512
#define LOWER_SLOTS 256

/* Pieces of physical memory that are executable: the image's text segments, rarely more
 * than one, the handoff page, and extra mappings. */
#define EXECUTABLE_PIECES (LDR_SEGMENTS + 8 + LDR_EXTRAS)

struct piece {
    uint64_t phys;
    uint64_t bytes;
};

struct reading {
    struct ldr_walk walk;
    /* First reading. */
    const struct ldr_run *run; /* what shall be mapped, ascending */
    size_t count;
    size_t next;     /* the run that the next leaf belongs to */
    uint64_t mapped; /* bytes of it that leaves have mapped so far */
    struct piece executable[EXECUTABLE_PIECES];
    unsigned executable_count;
    /* Second reading. */
    uint64_t writable_executable;
    struct ldr_walk_leaf culprit; /* the first leaf among those, */
    const char *culprit_root;     /* and in which root */
};

/* ---- the plan's own rules, on which every comparison relies ------------------ */

/* What is wrong with a run that follows `before` (null for the first), or null. */
static const char *bad_run(const struct pgt_mapping *map, const struct pgt_mapping *before)
{
    if (!map->bytes || (map->virt | map->phys | map->bytes) % PGT_PAGE)
        return "is empty or not whole pages";
    if (map->bytes - 1 > UINT64_MAX - map->virt || map->bytes - 1 > UINT64_MAX - map->phys)
        return "wraps";
    if (before && (map->virt <= before->virt || map->virt - before->virt < before->bytes))
        return "does not ascend, or overlaps the one before it";
    return NULL;
}

static enum ldr_status verify_plan(const struct ldr_plan *plan, struct ldr_report *report)
{
    const struct pgt_arch *arch = &plan->arch;

    if ((arch->levels != 4 && arch->levels != 5) || arch->physical_bits < 32 ||
        arch->physical_bits > 52)
        return ldr_refuse(report, LDR_BAD_TABLES,
                          "page tables: no processor has %u levels and %u physical address bits, "
                          "as the plan says; " LDR_WALK_ADVICE,
                          arch->levels, arch->physical_bits);
    if (plan->guard_above <= plan->guard_below)
        return ldr_refuse(report, LDR_BAD_TABLES,
                          "page tables: the plan's guard pages, %016llx and %016llx, have no stack "
                          "between them; " LDR_WALK_ADVICE,
                          (unsigned long long)plan->guard_below,
                          (unsigned long long)plan->guard_above);
    for (size_t i = 0; i < plan->count; i++) {
        const struct pgt_mapping *map = &plan->run[i].map;
        const char *rule = bad_run(map, i ? &plan->run[i - 1].map : NULL);

        if (rule)
            return ldr_refuse(report, LDR_BAD_TABLES,
                              "page tables: run %zu of the plan, virtual address %016llx, %s, so "
                              "that nothing can be proved; " LDR_WALK_ADVICE,
                              i, (unsigned long long)map->virt, rule);
    }
    return LDR_OK;
}

/* ---- first reading: exactly what the plan says ------------------------------- */

/* The PAT's encoding of a memory type (SDM table 11-10). */
static unsigned encoding_of(enum pgt_memory memory)
{
    switch (memory) {
    case PGT_UNCACHEABLE:
        return 0;
    case PGT_WRITE_COMBINING:
        return 1;
    case PGT_WRITE_THROUGH:
        return 4;
    case PGT_WRITE_PROTECTED:
        return 5;
    case PGT_WRITE_BACK:
        return 6;
    case PGT_UNCACHED_MINUS:
        return 7;
    }
    return 0x100; /* no type: equals none */
}

/* Keeps executable memory as few physical pieces: leaves of a segment continue each
 * other, and the handoff page comes twice. */
static enum ldr_status note_executable(struct reading *reading, const struct ldr_walk_leaf *leaf)
{
    for (unsigned i = 0; i < reading->executable_count; i++) {
        struct piece *piece = &reading->executable[i];
        uint64_t skipped = leaf->phys - piece->phys;

        if (skipped < piece->bytes && leaf->bytes <= piece->bytes - skipped)
            return LDR_OK;
        if (skipped == piece->bytes) {
            piece->bytes += leaf->bytes;
            return LDR_OK;
        }
    }
    if (reading->executable_count == EXECUTABLE_PIECES)
        return ldr_walk_refuse_leaf(&reading->walk, leaf,
                                    "executable memory lies in more pieces than a kernel can have");
    reading->executable[reading->executable_count++] = (struct piece){leaf->phys, leaf->bytes};
    return LDR_OK;
}

/* What distinguishes a leaf from the place in the plan that it takes, or null; a rule
 * with numbers is made in `text`. */
static const char *unlike_plan(const struct reading *reading, const struct ldr_walk_leaf *leaf,
                               char *text, size_t bytes)
{
    const struct pgt_mapping *map = &reading->run[reading->next].map;
    uint64_t phys = map->phys + reading->mapped;

    if (leaf->bytes > map->bytes - reading->mapped)
        return "the leaf maps more than its run in the plan";
    if (leaf->phys != phys)
        ldr_format(text, bytes, "it leads to physical %llx, the plan says %llx",
                   (unsigned long long)leaf->phys, (unsigned long long)phys);
    else if (leaf->rights != (map->rights | PGT_READ))
        ldr_format(text, bytes,
                   "its rights are %x, the plan says %x (in hex; 1 read, 2 write, 4 execute, "
                   "8 user, 10 global)",
                   leaf->rights, map->rights | PGT_READ);
    else if (leaf->type != encoding_of(map->memory))
        ldr_format(text, bytes, "its memory type is %u, the plan says %u (as IA32_PAT has them)",
                   leaf->type, encoding_of(map->memory));
    else
        return NULL;
    return text;
}

/* Does a leaf map the page at virt? */
static bool leaf_covers(const struct ldr_walk_leaf *leaf, uint64_t virt)
{
    return virt - leaf->virt < leaf->bytes;
}

/* Does it map a guard page?  They lie at one distance from each other, a stack between each two
 * neighbours; so the first at or above the leaf's start decides. */
static bool covers_guard(const struct ldr_plan *plan, const struct ldr_walk_leaf *leaf)
{
    uint64_t first = plan->guard_below, apart = plan->guard_above - plan->guard_below;

    if (leaf->virt > first) {
        uint64_t number = (leaf->virt - first + (apart - 1)) / apart;

        if (number > plan->more_stacks + 1)
            return false;
        first += number * apart;
    }
    return first - leaf->virt < leaf->bytes;
}

static enum ldr_status visit_planned(void *context, const struct ldr_walk_leaf *leaf)
{
    struct reading *reading = context;
    const struct ldr_walk *walk = &reading->walk;
    const struct ldr_run *run =
        reading->next < reading->count ? &reading->run[reading->next] : NULL;
    char text[128];
    const char *rule;

    if (leaf_covers(leaf, 0))
        return ldr_walk_refuse_leaf(walk, leaf, "address 0 is mapped");
    if (covers_guard(walk->plan, leaf))
        return ldr_walk_refuse_leaf(walk, leaf, "a guard page of the stack is mapped");
    if (run && leaf->virt > run->map.virt + reading->mapped)
        return ldr_walk_refuse_gap(walk, run->map.virt + reading->mapped);
    if (!run || leaf->virt < run->map.virt + reading->mapped)
        return ldr_walk_refuse_leaf(walk, leaf, "the plan does not map this address");
    rule = unlike_plan(reading, leaf, text, sizeof(text));
    if (rule)
        return ldr_walk_refuse_leaf(walk, leaf, rule);

    reading->mapped += leaf->bytes;
    if (reading->mapped == run->map.bytes) {
        reading->next++;
        reading->mapped = 0;
    }
    return leaf->rights & PGT_EXECUTE ? note_executable(reading, leaf) : LDR_OK;
}

/* Reads the root slots below `end` of walk->root; all runs shall be there, and no more. */
static enum ldr_status verify_planned(struct reading *reading, const struct ldr_run *run,
                                      size_t count, unsigned end)
{
    enum ldr_status status;

    reading->run = run;
    reading->count = count;
    reading->next = 0;
    reading->mapped = 0;
    reading->walk.visit = visit_planned;
    status = ldr_walk(&reading->walk, end);
    if (status == LDR_OK && reading->next < count)
        return ldr_walk_refuse_gap(&reading->walk, run[reading->next].map.virt + reading->mapped);
    return status;
}

/* ---- second reading: W^X by frame -------------------------------------------- */

/* Bytes of physical memory that a leaf and a piece have in common. */
static uint64_t overlap(const struct ldr_walk_leaf *leaf, const struct piece *piece)
{
    uint64_t first = leaf->phys > piece->phys ? leaf->phys : piece->phys;
    uint64_t leaf_end = leaf->phys + leaf->bytes;
    uint64_t piece_end = piece->phys + piece->bytes;
    uint64_t end = leaf_end < piece_end ? leaf_end : piece_end;

    return first < end ? end - first : 0;
}

static enum ldr_status visit_writable(void *context, const struct ldr_walk_leaf *leaf)
{
    struct reading *reading = context;
    uint64_t bytes = 0;

    if (!(leaf->rights & PGT_WRITE))
        return LDR_OK;
    for (unsigned i = 0; i < reading->executable_count; i++)
        bytes += overlap(leaf, &reading->executable[i]);
    if (bytes && !reading->writable_executable) {
        reading->culprit = *leaf;
        reading->culprit_root = reading->walk.name;
    }
    reading->writable_executable += bytes;
    return LDR_OK;
}

static void choose_root(struct reading *reading, const char *name, uint64_t root)
{
    reading->walk.name = name;
    reading->walk.root = root;
}

/* Counts over both roots; with the upper shared, the transition root has but its lower half
 * to add. */
static enum ldr_status verify_exclusive(struct reading *reading, uint64_t kernel_root,
                                        uint64_t transition_root)
{
    enum ldr_status status;
    char text[128];

    reading->walk.visit = visit_writable;
    choose_root(reading, "kernel", kernel_root);
    status = ldr_walk(&reading->walk, SLOTS);
    if (status != LDR_OK)
        return status;
    choose_root(reading, "transition", transition_root);
    status = ldr_walk(&reading->walk, LOWER_SLOTS);
    if (status != LDR_OK || !reading->writable_executable)
        return status;

    ldr_format(text, sizeof(text),
               "writable here, executable through some leaf; %llu bytes in all are both",
               (unsigned long long)reading->writable_executable);
    reading->walk.name = reading->culprit_root;
    return ldr_walk_refuse_leaf(&reading->walk, &reading->culprit, text);
}

/* ---- all of it --------------------------------------------------------------- */

/* The transition root: the handoff page, and the kernel's upper. */
static enum ldr_status verify_transition(struct reading *reading, uint64_t kernel_root,
                                         uint64_t transition_root)
{
    uint64_t page = reading->walk.plan->handoff_phys;
    struct ldr_run handoff = {
        .map = {.virt = page, .phys = page, .bytes = PGT_PAGE, .rights = PGT_READ | PGT_EXECUTE},
        .purpose = LDR_IDENTITY_MAP,
    };
    enum ldr_status status;

    choose_root(reading, "transition", transition_root);
    status = verify_planned(reading, &handoff, 1, LOWER_SLOTS);
    return status == LDR_OK ? ldr_walk_same_upper(&reading->walk, kernel_root) : status;
}

enum ldr_status ldr_verify(struct ldr_verdict *ret_verdict, const struct ldr_plan *plan,
                           uint64_t kernel_root, uint64_t transition_root, uint64_t offset,
                           struct ldr_report *report)
{
    struct reading reading = {.walk = {.plan = plan, .offset = offset, .report = report}};
    struct ldr_walk *walk = &reading.walk;
    struct ldr_verdict verdict;
    enum ldr_status status = verify_plan(plan, report);

    if (status != LDR_OK)
        return status;
    walk->context = &reading;
    choose_root(&reading, "kernel", kernel_root);
    status = verify_planned(&reading, plan->run, plan->count, SLOTS);
    if (status != LDR_OK)
        return status;
    verdict = (struct ldr_verdict){
        .kernel_tables = walk->tables,
        .leaves_4k = walk->leaves[0],
        .leaves_2m = walk->leaves[1],
        .leaves_1g = walk->leaves[2],
    };

    status = verify_transition(&reading, kernel_root, transition_root);
    if (status != LDR_OK)
        return status;
    verdict.transition_tables = walk->tables - verdict.kernel_tables;

    status = verify_exclusive(&reading, kernel_root, transition_root);
    if (status != LDR_OK)
        return status;
    verdict.writable_executable_bytes = reading.writable_executable;
    *ret_verdict = verdict;
    return LDR_OK;
}
