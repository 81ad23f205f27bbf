/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows what a kernel is told of processors, and that one which doesn't come is taken out
 * again without a trace, never together with its stack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/respond_machine.h"

#define STACK_TOP UINT64_C(0xffff800000150000)
#define APART     UINT64_C(0x11000)

static const struct ldr_processor list[4] = {{7, 40}, {300, 1000}, {2, 0}, {9, 3}};

static struct ldr_processors processors;

static struct respond_machine *set_up_count(size_t count, bool x2apic)
{
    static struct respond_machine machine;

    respond_machine_make(&machine);
    machine.plan.stack_top = machine.plan.guard_above = STACK_TOP;
    machine.plan.guard_below = STACK_TOP - APART;
    machine.plan.more_stacks = count - 1;
    processors = (struct ldr_processors){.list = list, .count = count, .x2apic = x2apic};
    machine.answers.processors = &processors;
    respond_ask(&machine, LDR_MP, true);
    respond_now(&machine);
    return &machine;
}

static const struct limine_mp_info *info(const struct limine_mp_response *response, size_t index)
{
    const uint64_t *cpus = respond_at(response->cpus);

    return respond_at(cpus[index]);
}

static void tells_each_with_its_numbers(void **state)
{
    struct respond_machine *machine = set_up_count(4, true);
    const struct limine_mp_response *response = respond_to(machine, LDR_MP);

    (void)state;
    assert_int_equal(response->revision, 0);
    assert_int_equal(response->flags, LIMINE_MP_X2APIC);
    assert_int_equal(response->bsp_lapic_id, 40);
    assert_int_equal(response->cpu_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct limine_mp_info *one = info(response, i);

        assert_int_equal(one->processor_id, list[i].uid);
        assert_int_equal(one->lapic_id, list[i].apic_id);
        assert_int_equal(one->goto_address, 0);
        assert_int_equal(one->extra_argument, 0);
        assert_int_equal(one->reserved, i ? STACK_TOP + i * APART : 0);
        /* The handoff page finds them as an array. */
        assert_ptr_equal(one, respond_at(machine->late.processors_virt + i * sizeof *one));
        assert_ptr_equal(one, &machine->late.processor[i]);
    }
    respond_machine_free(machine);
}

static void answers_on_a_machine_with_one(void **state)
{
    struct respond_machine *machine = set_up_count(1, false);
    const struct limine_mp_response *response = respond_to(machine, LDR_MP);

    (void)state;
    assert_int_equal(response->flags, 0);
    assert_int_equal(response->cpu_count, 1);
    assert_int_equal(info(response, 0)->lapic_id, response->bsp_lapic_id);
    respond_machine_free(machine);
}

static void says_nothing_unasked_or_where_nothing_is_known(void **state)
{
    struct respond_machine *machine = set_up_count(4, true);

    (void)state;
    machine->answers.processors = NULL;
    respond_now(machine);
    assert_int_equal(respond_word(machine, LDR_MP), RESPOND_UNTOUCHED);
    assert_null(machine->late.mp);
    machine->answers.processors = &processors;
    respond_ask(machine, LDR_MP, false);
    respond_now(machine);
    assert_int_equal(respond_word(machine, LDR_MP), RESPOND_UNTOUCHED);
    assert_null(machine->late.mp);
    respond_machine_free(machine);
}

/* Who came took its stack; all others are left out, in every combination. */
static void leaves_out_who_does_not_come(void **state)
{
    (void)state;
    for (unsigned came = 0; came < 8; came++) {
        struct respond_machine *machine = set_up_count(4, false);
        const struct limine_mp_response *response = respond_to(machine, LDR_MP);
        size_t left = 1;

        for (size_t i = 1; i < 4; i++)
            if (came >> (i - 1) & 1)
                machine->late.processor[i].reserved = 0;
        for (size_t i = 1; i < 4; i++) {
            bool is_there = came >> (i - 1) & 1;

            assert_int_equal(ldr_mp_parked(&machine->late, i), is_there);
            assert_int_equal(ldr_mp_leave_out(&machine->late, i), !is_there);
            assert_int_equal(machine->late.processor[i].reserved, 0);
            assert_false(ldr_mp_leave_out(&machine->late, i)); /* once */
        }
        assert_int_equal(info(response, 0)->lapic_id, 40);
        for (size_t i = 1; i < 4; i++)
            if (came >> (i - 1) & 1)
                assert_int_equal(info(response, left++)->lapic_id, list[i].apic_id);
        assert_int_equal(response->cpu_count, left);
        respond_machine_free(machine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_each_with_its_numbers),
        cmocka_unit_test(answers_on_a_machine_with_one),
        cmocka_unit_test(says_nothing_unasked_or_where_nothing_is_known),
        cmocka_unit_test(leaves_out_who_does_not_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
