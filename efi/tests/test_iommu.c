/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOMMUs: found in whole and in damaged tables; turned off, on models that hold software to
 * the specifications, from every state that firmware can leave; and units that won't.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/iommu.h"
#include "efi/tests/acpi_tables.h"
#include "efi/tests/fake.h"
#include "efi/tests/iommu_model.h"

#define WIDTH 39

struct machine {
    struct acpi_tables acpi;
    uint8_t dmar[256], ivrs[256];
    uint32_t dmar_bytes, ivrs_bytes;
    struct memory memory;
    struct iommus found;
};

static void make(struct machine *m)
{
    memset(m, 0, sizeof *m);
    m->dmar_bytes = m->ivrs_bytes = 48;
    m->memory = fake_memory(fake_start());
}

/* A DRHD, or, with another kind, what else a DMAR holds. */
static void add_dmar(struct machine *m, uint16_t kind, uint16_t bytes, uint64_t registers)
{
    uint8_t *entry = m->dmar + m->dmar_bytes;

    acpi_put(entry, kind, 2);
    acpi_put(entry + 2, bytes, 2);
    acpi_put(entry + 8, registers, 8);
    m->dmar_bytes += bytes;
}

static void add_ivrs(struct machine *m, uint8_t kind, uint16_t bytes, uint64_t registers)
{
    uint8_t *entry = m->ivrs + m->ivrs_bytes;

    entry[0] = kind;
    acpi_put(entry + 2, bytes, 2);
    acpi_put(entry + 8, registers, 8);
    m->ivrs_bytes += bytes;
}

static size_t find(struct machine *m)
{
    struct ldr_report report;

    acpi_tables_start(&m->acpi);
    if (m->dmar_bytes > 48)
        acpi_tables_add(&m->acpi, m->dmar, "DMAR", m->dmar_bytes);
    if (m->ivrs_bytes > 48)
        acpi_tables_add(&m->acpi, m->ivrs, "IVRS", m->ivrs_bytes);
    assert_int_equal(iommus_find(&m->found, acpi_tables_rsdp(&m->acpi), WIDTH, &m->memory, &report),
                     LDR_OK);
    return m->found.count;
}

static void none(void **state)
{
    struct machine m;
    struct ldr_report report;

    (void)state;
    make(&m);
    assert_int_equal(find(&m), 0);
    assert_int_equal(iommus_find(&m.found, 0, WIDTH, &m.memory, &report), LDR_OK);
    assert_int_equal(m.found.count, 0);
    assert_int_equal(iommus_turn_off(&m.found, &registers_of_machine), 0);
}

static void every_unit_once(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    add_dmar(&m, 0, 16, 0xfed90000);
    add_dmar(&m, 1, 24, 0xfed70000); /* RMRR */
    add_dmar(&m, 0, 24, 0xfed91000);
    add_dmar(&m, 0, 16, 0xfed90000);
    add_ivrs(&m, 0x10, 24, 0xfeb80000);
    add_ivrs(&m, 0x20, 32, 0xfeb90000); /* IVMD */
    add_ivrs(&m, 0x11, 40, 0xfeb80000);
    add_ivrs(&m, 0x40, 44, 0xfeb84000);
    assert_int_equal(find(&m), 4);
    assert_int_equal(m.found.unit[0].phys, 0xfed90000);
    assert_int_equal(m.found.unit[0].kind, IOMMU_VTD);
    assert_int_equal(m.found.unit[1].phys, 0xfed91000);
    assert_int_equal(m.found.unit[2].phys, 0xfeb80000);
    assert_int_equal(m.found.unit[2].kind, IOMMU_AMD);
    assert_int_equal(m.found.unit[3].phys, 0xfeb84000);
    memory_free_all(&m.memory);
}

static void registers_that_cannot_be(void **state)
{
    static const uint64_t address[] = {0, 0xfed90800, UINT64_C(1) << WIDTH, UINT64_MAX - 0xfff};
    struct machine m;

    (void)state;
    make(&m);
    for (size_t i = 0; i < 4; i++)
        add_dmar(&m, 0, 16, address[i]);
    add_ivrs(&m, 0x10, 24, 0xfeb81000); /* AMD's are four pages */
    add_ivrs(&m, 0x10, 24, 0);
    assert_int_equal(find(&m), 0);
    add_dmar(&m, 0, 16, (UINT64_C(1) << WIDTH) - 0x1000);
    assert_int_equal(find(&m), 1);
    memory_free_all(&m.memory);
}

/* At every length to which a table can be cut, entries before the cut count. */
static void cut_tables(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    add_dmar(&m, 0, 16, 0xfed90000);
    add_dmar(&m, 0, 16, 0xfed91000);
    for (uint32_t bytes = 49; bytes <= 80; bytes++) {
        m.dmar_bytes = bytes;
        /* What lies behind the end isn't the table's. */
        assert_int_equal(find(&m), bytes == 80 ? 2 : bytes >= 64 ? 1 : 0);
        memory_free_all(&m.memory);
    }
}

static void lengths_that_cannot_be(void **state)
{
    static const uint16_t length[] = {0, 3, 200, 0xffff};
    struct machine m;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        make(&m);
        add_dmar(&m, 0, 16, 0xfed90000);
        add_dmar(&m, 0, 16, 0xfed91000);
        add_dmar(&m, 0, 16, 0xfed92000);
        acpi_put(m.dmar + 66, length[i], 2);
        assert_int_equal(find(&m), 1);
        memory_free_all(&m.memory);
    }
    make(&m);
    add_dmar(&m, 0, 12, 0); /* too short to hold an address, but an entry */
    add_dmar(&m, 0, 16, 0xfed91000);
    add_ivrs(&m, 0x10, 20, 0xfeb80000);
    assert_int_equal(find(&m), 1);
    memory_free_all(&m.memory);
}

static void no_memory_for_the_list(void **state)
{
    struct ldr_report report;
    struct machine m;
    struct fake *fake = fake_start();

    (void)state;
    make(&m);
    add_dmar(&m, 0, 16, 0xfed90000);
    assert_int_equal(find(&m), 1);
    fake->allocations_left = 0;
    assert_int_equal(iommus_find(&m.found, acpi_tables_rsdp(&m.acpi), WIDTH, &m.memory, &report),
                     LDR_NO_MEMORY);
    assert_int_equal(m.found.count, 1);
    memory_free_all(&m.memory);
}

/* ---- VT-d ------------------------------------------------------------------------ */

#define TE  (1u << 31)
#define QIE (1u << 26)
#define IRE (1u << 25)
/* What a status may hold besides: root and interrupt table pointers set, compatibility format. */
#define OTHERS ((1u << 30) | (1u << 24) | (1u << 23))

/* Every combination of what can be on, with a queue that has still to be worked on. */
static void vtd_from_every_state(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 32; which++) {
        struct model model;
        struct registers registers = model_registers(&model);

        model_start(&model);
        model.status = (which & 1 ? TE : 0) | (which & 2 ? IRE : 0) | (which & 4 ? QIE : 0) |
                       (which & 8 ? OTHERS : 0);
        model.protect = which & 16 ? 1u << 31 | 1 : 0;
        model.tail = which & 4 ? 64 : 0;
        model_settle(&model);
        assert_true(iommu_turn_off_vtd(&registers, MODEL_VTD));
        assert_int_equal(model.status, which & 8 ? OTHERS : 0);
        assert_int_equal(model.protect & 1, 0);
        assert_int_equal(model.writes, __builtin_popcount(which & ~8u));
    }
}

/* A register that the capability denies isn't touched: reading it may mean anything. */
static void vtd_without_protected_memory(void **state)
{
    struct model model;
    struct registers registers = model_registers(&model);

    (void)state;
    model_start(&model);
    model.capability = 0;
    model.protect = 1u << 31 | 1;
    model_settle(&model);
    assert_true(iommu_turn_off_vtd(&registers, MODEL_VTD));
    assert_int_equal(model.writes, 0);
}

/* Memory, or nothing, where a table says that a unit is: it is left alone. */
static void no_unit_there(void **state)
{
    static const uint32_t version[] = {0, 0x0f, 0x100, UINT32_MAX, 0x464c457f};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct model model;
        struct registers registers = model_registers(&model);

        model_start(&model);
        model.version = version[i];
        model.status = UINT32_MAX;
        model_settle(&model);
        assert_true(iommu_turn_off_vtd(&registers, MODEL_VTD));
        assert_int_equal(model.writes, 0);
    }
}

/* Time is limited, and one that won't doesn't keep the others from being tried. */
static void vtd_that_will_not(void **state)
{
    static const uint32_t stubborn[] = {TE, IRE, QIE, 1};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct model model;
        struct registers registers = model_registers(&model);

        model_start(&model);
        model.status = TE | IRE | QIE;
        model.protect = 1u << 31 | 1;
        model_settle(&model);
        model.stubborn = stubborn[i];
        assert_false(iommu_turn_off_vtd(&registers, MODEL_VTD));
        assert_int_equal(model.status, stubborn[i] == 1 ? 0 : stubborn[i]);
        assert_int_equal(model.writes, 4);
        assert_true(model.reads < UINT64_C(3000000));
    }
}

/* ---- AMD-Vi ------------------------------------------------------------------------ */

static void amd_from_every_state(void **state)
{
    static const uint32_t control[] = {
        1,                                          /* translating alone */
        1 | 1u << 12,                               /* with commands */
        1 | 1u << 2 | 1u << 3 | 1u << 12,           /* and a log of events */
        1 | 3u << 2 | 1u << 4 | 7u << 12 | 1u << 15 /* and all else */
            | 3u << 28 | 1u << 10,
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct model model;
        struct registers registers = model_registers(&model);

        model_start(&model);
        model.control = control[i];
        model.running =
            (control[i] & 1u << 12 ? 1u << 4 : 0) | (control[i] & 1u << 2 ? 1u << 3 : 0) |
            (control[i] & 1u << 13 ? 1u << 7 : 0) | (control[i] & 1u << 28 ? 1u << 8 : 0);
        model.command_tail = control[i] & 1u << 12 ? 48 : 0;
        model_settle(&model);
        assert_true(iommu_turn_off_amd(&registers, MODEL_AMD));
        assert_int_equal(model.control & 1, 0);
        assert_int_equal(model.control & ~control[i], 0);
        assert_int_equal(model.running, 0);
    }
}

static void amd_that_is_off_or_absent(void **state)
{
    static const uint32_t control[] = {0, 1u << 10, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct model model;
        struct registers registers = model_registers(&model);

        model_start(&model);
        model.control = control[i];
        model_settle(&model);
        assert_true(iommu_turn_off_amd(&registers, MODEL_AMD));
        assert_int_equal(model.writes, 0);
    }
}

/* A host whose guests are protected from it (SEV-SNP) can't turn its IOMMU off. */
static void amd_that_will_not(void **state)
{
    struct model model;
    struct registers registers = model_registers(&model);

    (void)state;
    model_start(&model);
    model.control = 1;
    model_settle(&model);
    model.stubborn = 1;
    assert_false(iommu_turn_off_amd(&registers, MODEL_AMD));
    assert_true(model.reads < UINT64_C(3000000));
}

static void all_of_them(void **state)
{
    struct iommu unit[] = {{IOMMU_VTD, MODEL_VTD}, {IOMMU_AMD, MODEL_AMD}};
    struct iommus iommus = {.unit = unit, .count = 2};
    struct model model;
    struct registers registers = model_registers(&model);

    (void)state;
    model_start(&model);
    model.status = TE;
    model.control = 1;
    model_settle(&model);
    assert_int_equal(iommus_turn_off(&iommus, &registers), 0);
    assert_int_equal(model.status | model.control, 0);
    model_start(&model);
    model.status = TE;
    model.control = 1;
    model_settle(&model);
    model.stubborn = TE;
    assert_int_equal(iommus_turn_off(&iommus, &registers), 1);
    assert_int_equal(model.control, 0); /* the second was tried all the same */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),
        cmocka_unit_test(every_unit_once),
        cmocka_unit_test(registers_that_cannot_be),
        cmocka_unit_test(cut_tables),
        cmocka_unit_test(lengths_that_cannot_be),
        cmocka_unit_test(no_memory_for_the_list),
        cmocka_unit_test(vtd_from_every_state),
        cmocka_unit_test(vtd_without_protected_memory),
        cmocka_unit_test(no_unit_there),
        cmocka_unit_test(vtd_that_will_not),
        cmocka_unit_test(amd_from_every_state),
        cmocka_unit_test(amd_that_is_off_or_absent),
        cmocka_unit_test(amd_that_will_not),
        cmocka_unit_test(all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
