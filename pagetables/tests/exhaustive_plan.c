/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/exhaustive_plan.h"

#include <stdio.h>
#include <stdlib.h>

#define RO     PGT_READ
#define RW     (PGT_READ | PGT_WRITE)
#define RX     (PGT_READ | PGT_EXECUTE)
#define RWG    (PGT_READ | PGT_WRITE | PGT_GLOBAL)
#define RWU    (PGT_READ | PGT_WRITE | PGT_USER)
#define CHANGE (STEP(MAP) | STEP(UNMAP) | STEP(PROTECT) | STEP(PROMOTE) | STEP(SPLIT))

/* The same list of numbers as borders: every range of a half of 4 pages, or of 8. */
#define BORDERS_4 .borders = 5, .border = {0, 1, 2, 3, 4}
#define BORDERS_8 .borders = 9, .border = {0, 1, 2, 3, 4, 5, 6, 7, 8}

#if PGT_INDEX_BITS == 1

/* Two entries a table.  With 3 levels there are 4 pages in a half, with 4 levels 8; leaves are
 * of 1, 2 and 4 pages. */
const struct plan plans[] = {
    {
        .name = "contiguous and shifted frames",
        .levels = 3,
        .pages_1g = true,
        .spaces = 1,
        .frames = 5,
        .steps = CHANGE,
        BORDERS_4,
        .shifts = 3,
        .shift = {0, 1, 2},
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .promoting = true,
    },
    {
        .name = "the same with too few frames",
        .levels = 3,
        .pages_1g = true,
        .spaces = 1,
        .frames = 3,
        .steps = CHANGE,
        BORDERS_4,
        .shifts = 3,
        .shift = {0, 1, 2},
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .promoting = true,
    },
    {
        .name = "every attribute",
        .levels = 3,
        .pages_1g = true,
        .spaces = 1,
        .frames = 5,
        .steps = CHANGE,
        BORDERS_4,
        .shifts = 1,
        .kinds = 4,
        .kind = {{.rights = RWG},
                 {.rights = RX, .memory = PGT_WRITE_PROTECTED},
                 {.rights = RWU, .software = 0x25},
                 {.rights = RO, .memory = PGT_UNCACHEABLE}},
        .depth = 4,
    },
    {
        .name = "accessed and dirty",
        .levels = 3,
        .pages_1g = true,
        .spaces = 1,
        .frames = 4,
        .steps = CHANGE | STEP(MARK) | STEP(HARVEST),
        BORDERS_4,
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
    },
    {
        .name = "both halves",
        .levels = 3,
        .pages_1g = true,
        .spaces = 1,
        .frames = 6,
        .steps = CHANGE,
        BORDERS_8,
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .depth = 5,
    },
    {
        .name = "three sizes of leaves, four levels",
        .levels = 4,
        .pages_1g = true,
        .spaces = 1,
        .frames = 7,
        .steps = CHANGE,
        BORDERS_8,
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .depth = 4,
    },
    {
        .name = "two spaces and clones",
        .levels = 3,
        .pages_1g = true,
        .spaces = 2,
        .frames = 7,
        .steps = CHANGE | STEP(CLONE),
        BORDERS_4,
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .depth = 4,
    },
    {
        .name = "a dependent on a sealed upper",
        .levels = 3,
        .spaces = 2,
        .seal = 4,
        .frames = 8,
        .steps = CHANGE | STEP(CLONE) | STEP(HARVEST),
        .borders = 8,
        .border = {0, 1, 2, 3, 4, 5, 6, 8},
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RWG}},
        .depth = 4,
    },
};

#else

/* Four entries a table: with 3 levels 32 pages in a half, and leaves of 1, 4 and 16 pages.  Too
 * many ranges for all, so those that touch a border of some leaf, or just miss it. */
const struct plan plans[] = {
    {
        .name = "borders of leaves",
        .levels = 3,
        .pages_1g = true,
        .spaces = 1,
        .frames = 8,
        .steps = CHANGE,
        .borders = 10,
        .border = {0, 1, 3, 4, 5, 15, 16, 20, 31, 32},
        .shifts = 3,
        .shift = {0, 1, 4},
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .promoting = true,
        .depth = 3,
    },
    {
        .name = "one table of each level",
        .levels = 3,
        .pages_1g = true,
        .spaces = 1,
        .frames = 6,
        .steps = CHANGE,
        .borders = 6,
        .border = {0, 1, 4, 8, 12, 16},
        .shifts = 2,
        .shift = {0, 4},
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .depth = 4,
    },
    {
        .name = "two spaces, clones, accessed and dirty",
        .levels = 3,
        .pages_1g = true,
        .spaces = 2,
        .frames = 9,
        .steps = CHANGE | STEP(CLONE) | STEP(MARK) | STEP(HARVEST),
        .borders = 5,
        .border = {0, 1, 4, 5, 16},
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW, .memory = PGT_WRITE_COMBINING}},
        .depth = 4,
    },
    {
        .name = "a dependent on a sealed upper",
        .levels = 3,
        .spaces = 2,
        .seal = 32,
        .frames = 8,
        .steps = CHANGE | STEP(CLONE),
        .borders = 9,
        .border = {0, 1, 4, 16, 32, 33, 36, 48, 52},
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RWG}},
        .depth = 3,
    },
    {
        .name = "a seal within the lower half",
        .levels = 3,
        .spaces = 2,
        .seal = 16,
        .frames = 8,
        .steps = CHANGE | STEP(CLONE) | STEP(HARVEST),
        .borders = 8,
        .border = {0, 4, 15, 16, 17, 20, 32, 36},
        .shifts = 1,
        .kinds = 2,
        .kind = {{.rights = RO}, {.rights = RW}},
        .depth = 3,
    },
};

#endif

const size_t plan_count = sizeof(plans) / sizeof(plans[0]);

struct extent plan_extent(const struct plan *plan)
{
    return (struct extent){
        .levels = plan->levels,
        .largest = plan->pages_1g ? 3 : 2,
        .pages = pages_of(plan->levels + 1),
    };
}

/* ---- the steps ---------------------------------------------------------- */

struct list {
    struct step *step; /* null while counting */
    size_t count;
};

static void add(struct list *list, struct step step)
{
    if (list->step != NULL)
        list->step[list->count] = step;
    list->count++;
}

static void add_maps(struct list *list, const struct plan *plan, struct step step)
{
    step.kind = STEP_MAP;
    for (unsigned shift = 0; shift < plan->shifts; shift++) {
        for (unsigned kind = 0; kind < plan->kinds; kind++) {
            step.shift = plan->shift[shift];
            step.as = plan->kind[kind];
            step.promote = false;
            add(list, step);
            step.promote = true;
            if (plan->promoting)
                add(list, step);
        }
    }
}

/* One attribute at a time, as far as the plan has others of it. */
static void add_protects(struct list *list, const struct plan *plan, struct step step)
{
    bool rights = false, memory = false, software = false;

    for (unsigned kind = 1; kind < plan->kinds; kind++) {
        rights |= plan->kind[kind].rights != plan->kind[0].rights;
        memory |= plan->kind[kind].memory != plan->kind[0].memory;
        software |= plan->kind[kind].software != plan->kind[0].software;
    }
    const unsigned change[] = {
        rights ? PGT_CHANGE_RIGHTS : 0,
        memory ? PGT_CHANGE_MEMORY : 0,
        software ? PGT_CHANGE_SOFTWARE : 0,
    };
    step.kind = STEP_PROTECT;
    for (unsigned kind = 0; kind < plan->kinds; kind++) {
        step.as = plan->kind[kind];
        for (unsigned i = 0; i < 3; i++) {
            step.what = (uint8_t)change[i];
            if (change[i])
                add(list, step);
        }
    }
}

static void add_rest(struct list *list, const struct plan *plan, struct step step)
{
    const unsigned each[][3] = {
        {STEP_UNMAP, 0, 0}, {STEP_PROMOTE, 0, 0}, {STEP_SPLIT, 1, 2},
        {STEP_CLONE, 0, 2}, {STEP_MARK, 0, 1},    {STEP_HARVEST, 1, 3},
    };

    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        if (!(plan->steps & 1u << each[i][0]))
            continue;
        /* The processor marks what it uses, one page at a time. */
        if (each[i][0] == STEP_MARK && step.span.end != step.span.first + 1)
            continue;
        step.kind = (uint8_t)each[i][0];
        for (unsigned what = each[i][1]; what <= each[i][2]; what++) {
            step.what = (uint8_t)what;
            add(list, step);
        }
    }
}

static void add_all(struct list *list, const struct plan *plan)
{
    unsigned half = plan_extent(plan).pages / 2;

    for (unsigned from = 0; from < plan->borders; from++) {
        for (unsigned to = from + 1; to < plan->borders; to++) {
            struct step step = {.span = {plan->border[from], plan->border[to]}};
            if ((step.span.end - 1) / half != step.span.first / half)
                continue;
            for (step.space = 0; step.space < plan->spaces; step.space++) {
                if (plan->steps & STEP(MAP))
                    add_maps(list, plan, step);
                if (plan->steps & STEP(PROTECT))
                    add_protects(list, plan, step);
                add_rest(list, plan, step);
            }
        }
    }
}

struct step *plan_steps(const struct plan *plan, size_t *ret_count)
{
    struct list list = {0};

    add_all(&list, plan);
    list.step = calloc(list.count, sizeof(*list.step));
    if (list.step == NULL)
        abort();
    list.count = 0;
    add_all(&list, plan);
    *ret_count = list.count;
    return list.step;
}

void step_print(const struct step *step)
{
    static const char *const name[] = {"map",   "unmap", "protect", "promote",
                                       "split", "clone", "mark",    "harvest"};

    printf("    %s in space %u pages %u to %u", name[step->kind], step->space, step->span.first,
           step->span.end - 1);
    if (step->kind == STEP_MAP)
        printf(", frames from %u%s", step->span.first + step->shift,
               step->promote ? ", promoting" : "");
    else if (step->kind != STEP_UNMAP && step->kind != STEP_PROMOTE)
        printf(", how %u", step->what);
    if (step->kind == STEP_MAP || step->kind == STEP_PROTECT)
        printf(", rights %#x, memory %u, software %#x", step->as.rights, step->as.memory,
               step->as.software);
    printf("\n");
}
