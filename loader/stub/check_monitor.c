/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables for somebody who looks at the machine from outside: an address space made by random
 * operations, in which the kernel then stands still.  Its leaves are lines
 *
 *     # leaf: 0000500000000000 0000000001a43000 1000 rights 0x3, memory 0, ... 4 times
 *
 * for leaves in a row that continue each other, after "# root: " and its physical address, and
 * before "# leaves: " and their number.
 *
 * Only if the kernel's command line has monitor=X: the seed, hexadecimal.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/frames.h"
#include "loader/stub/lower.h"
#include "loader/stub/random.h"
#include "loader/stub/words.h"
#include "pagetables/ram.h"

#define OPERATIONS 96
#define LARGEST    24 /* pages of 4K in a range; or a few of 2M */

struct tables {
    struct pgt_space space;
    struct random random;
    unsigned refused;
};

/* Three windows: from where programs begin, around the end of a root slot, and at the end of the
 * lower half. */
static uint64_t draw_range(struct tables *tables, uint64_t *ret_bytes)
{
    struct random *random = &tables->random;
    uint64_t unit = random_below(random, 8) ? PGT_PAGE : PGT_PAGE_2M;
    uint64_t half = UINT64_C(1) << (11 + 9 * tables->space.arch.levels);
    const uint64_t window[] = {LOWER_PAGE, (LOWER_PAGE + PGT_PAGE_1G * 512) - 2 * PGT_PAGE_2M,
                               half - 4 * PGT_PAGE_2M};
    uint64_t start = window[random_below(random, 3)] +
                     (random_below(random, 2 * PGT_PAGE_2M / PGT_PAGE) * PGT_PAGE & -unit);

    *ret_bytes = unit * (1 + random_below(random, unit == PGT_PAGE ? LARGEST : 2));
    if (tables->space.arch.pages_1g && random_below(random, 12) == 0) {
        *ret_bytes = PGT_PAGE_1G;
        return LOWER_PAGE + PGT_PAGE_1G * (1 + random_below(random, 3));
    }
    return start;
}

static enum pgt_status operate(struct tables *tables, uint64_t virt, uint64_t bytes)
{
    struct random *random = &tables->random;
    struct pgt_space *space = &tables->space;
    struct pgt_flush flush = {0};
    struct pgt_harvest harvest;
    unsigned rights = PGT_READ | random_below(random, 32);
    struct pgt_protection change = {.change = PGT_CHANGE_RIGHTS, .rights = rights};
    /* Nobody touches these: any address will do, and often one that lets pages be large. */
    uint64_t phys = random_below(random, 3) ? virt & (64 * PGT_PAGE_1G - 1)
                                            : random_below(random, 1u << 22) * PGT_PAGE;

    if (bytes == PGT_PAGE_1G)
        phys &= -PGT_PAGE_1G;
    switch (random_below(random, 9)) {
    case 0:
        return pgt_unmap(space, virt, bytes < PGT_PAGE_2M ? bytes : PGT_PAGE, &flush);
    case 1:
        return pgt_protect(space, virt, bytes, &change, &flush);
    case 2:
        return pgt_promote(space, virt, bytes, &flush);
    case 3:
    case 4:
        return pgt_harvest(space, virt, bytes, random_below(random, 4), 0, 0, &harvest, &flush);
    default:
        return pgt_map(
            space,
            &(struct pgt_mapping){.virt = virt,
                                  .phys = phys,
                                  .bytes = bytes,
                                  .rights = rights,
                                  .memory = (enum pgt_memory)random_below(random, PGT_MEMORY_TYPES),
                                  .software = random_below(random, PGT_SOFTWARE_ALL),
                                  .promote = random_below(random, 2)},
            &flush);
    }
}

static bool continues(const struct pgt_leaf *first, size_t count, const struct pgt_leaf *leaf)
{
    return leaf->bytes == first->bytes && leaf->virt == first->virt + count * first->bytes &&
           leaf->phys == first->phys + count * first->bytes && leaf->rights == first->rights &&
           leaf->memory == first->memory && leaf->accessed == first->accessed &&
           leaf->dirty == first->dirty;
}

static void say(const struct pgt_leaf *leaf, size_t count)
{
    tap_note("leaf: %016lx %016lx %lx rights 0x%x, memory %u, accessed %u, dirty %u, %lu times",
             leaf->virt, leaf->phys, leaf->bytes, leaf->rights, (unsigned)leaf->memory,
             (unsigned)leaf->accessed, (unsigned)leaf->dirty, count);
}

static void say_leaves(const struct tables *tables)
{
    struct pgt_leaf first, leaf;
    size_t alike = 0, count = 0;

    tap_note("root: %016lx", tables->space.root);
    for (uint64_t next = 0; pgt_next(&tables->space, next, &leaf); count++) {
        if (alike > 0 && !continues(&first, alike, &leaf)) {
            say(&first, alike);
            alike = 0;
        }
        if (alike++ == 0)
            first = leaf;
        next = leaf.virt + leaf.bytes;
        if (next == 0) {
            count++;
            break;
        }
    }
    if (alike > 0)
        say(&first, alike);
    tap_note("leaves: %lu", count);
}

void check_monitor(struct stub *stub)
{
    struct tables tables = {.random = {words_on_command_line("monitor=", 16, 0)}};

    if (tables.random.state == 0 || stub->frames == 0)
        return;
    struct pgt_frames frames = pgt_ram_frames(&stub->frames->ram, stub->hhdm);
    if (!tap_ok(&stub->tap, pgt_init_on(&tables.space, &stub->space, &frames) == PGT_OK,
                "an address space to be looked at from outside"))
        return;
    cr3_write(tables.space.root);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        uint64_t bytes, virt = draw_range(&tables, &bytes);
        tables.refused += operate(&tables, virt, bytes) != PGT_OK;
    }
    if (!tap_ok(&stub->tap, tables.refused == 0, "%u random operations on it", OPERATIONS))
        return;
    say_leaves(&tables);
    stop_for_ever();
}
