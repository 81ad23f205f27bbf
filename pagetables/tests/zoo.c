/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/zoo.h"

const uint64_t zoo_border[ZOO_BORDERS] = {
    0,
    0x1000,
    0x3000,
    0x4000,
    2 * MIB,
    2 * MIB + 0x1000,
    4 * MIB - 0x1000,
    4 * MIB,
    6 * MIB - 0x1000,
    6 * MIB,
    GIB,
    GIB + 0x1000,
    GIB + 2 * MIB,
    2 * GIB - 2 * MIB,
    2 * GIB - 0x1000,
    2 * GIB,
    2 * GIB + 5 * MIB,
    3 * GIB - 0x1000,
    3 * GIB,
    3 * GIB + 0x1000,
    4 * GIB - 4 * MIB,
    4 * GIB - 3 * MIB,
    4 * GIB - 0x1000,
    4 * GIB,
};

static const struct pgt_mapping animal[] = {
    {.virt = 0, .phys = 0x2a000, .bytes = 0x1000, .rights = RW},
    {.virt = 0x1000, .phys = 0x2b000, .bytes = 0x1000, .rights = RX},
    {.virt = 0x3000, .phys = 0x2c000, .bytes = 0x1000, .rights = RW | PGT_USER, .key = 3},
    {.virt = 2 * MIB,
     .phys = 64 * MIB,
     .bytes = 2 * MIB,
     .rights = RW,
     .memory = PGT_WRITE_COMBINING,
     .software = 5},
    {.virt = 4 * MIB, .phys = 66 * MIB, .bytes = 2 * MIB, .rights = RO | PGT_GLOBAL},
    {.virt = GIB,
     .phys = 8 * GIB,
     .bytes = GIB,
     .rights = RW,
     .memory = PGT_WRITE_THROUGH,
     .key = 7},
    {.virt = 2 * GIB,
     .phys = 9 * GIB,
     .bytes = GIB,
     .rights = RWX | PGT_USER,
     .memory = PGT_WRITE_PROTECTED,
     .software = PGT_SOFTWARE_ALL},
    {.virt = 3 * GIB, .phys = 0x2e000, .bytes = 0x1000, .rights = RW},
    {.virt = 4 * GIB - 4 * MIB, .phys = 128 * MIB, .bytes = 2 * MIB, .rights = RW},
    {.virt = 4 * GIB - 0x1000, .phys = 0x2f000, .bytes = 0x1000, .rights = RW | PGT_GLOBAL},
};

uint64_t zoo_base(unsigned levels, unsigned place)
{
    uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
    const uint64_t base[ZOO_PLACES] = {0, -upper - ZOO_BYTES, upper, -ZOO_BYTES};
    return base[place];
}

void zoo_fill(struct arena *arena, struct pgt_space *space, uint64_t base)
{
    for (unsigned i = 0; i < sizeof(animal) / sizeof(animal[0]); i++) {
        struct pgt_mapping mapping = animal[i];
        struct pgt_flush flush = {0};
        mapping.virt += base;
        assert_int_equal(pgt_map(space, &mapping, &flush), PGT_OK);
        suite_mark(arena, space, mapping.virt, i % 4);
    }
    suite_check(space);
}

void zoo_start(struct suite *suite, unsigned levels, uint64_t base, size_t frames)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, frames);
    zoo_fill(&suite->arena, &suite->space, base);
}

void zoo_visit(void (*visit)(unsigned levels, uint64_t base, uint64_t virt, uint64_t bytes))
{
    for (unsigned levels = 4; levels <= 5; levels++)
        for (unsigned place = 0; place < ZOO_PLACES; place++) {
            uint64_t base = zoo_base(levels, place);
            for (unsigned i = 0; i < ZOO_BORDERS; i++)
                for (unsigned k = i + 1; k < ZOO_BORDERS; k++)
                    visit(levels, base, base + zoo_border[i], zoo_border[k] - zoo_border[i]);
        }
}
