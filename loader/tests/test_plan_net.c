/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The early-fault net in the plan: its text is executed and nowhere written, its data written and
 * nowhere executed, and both lie beside the handoff page.  Symptom of a failure: the verifier
 * refuses the tables, or the net runs on pages that the kernel can overwrite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "loader/plan.h"

#define R  PGT_READ
#define RW (PGT_READ | PGT_WRITE)
#define RX (PGT_READ | PGT_EXECUTE)

#define HANDOFF   UINT64_C(0x200000)
#define NET       (HANDOFF + PGT_PAGE)
#define NET_TEXT  UINT64_C(0x3000)
#define NET_BYTES UINT64_C(0x5000)
#define STACK     (NET + NET_BYTES + PGT_PAGE)

static const struct pgt_arch arch = {.levels = 4, .physical_bits = 40, .no_execute = true};

static const struct ldr_region region[] = {
    {.base = 0x100000, .bytes = HANDOFF - 0x100000, .kind = LDR_EXECUTABLE},
    {.base = HANDOFF, .bytes = PGT_PAGE + NET_TEXT, .kind = LDR_EXECUTABLE},
    {.base = NET + NET_TEXT, .bytes = NET_BYTES - NET_TEXT, .kind = LDR_RECLAIMABLE},
    {.base = STACK - PGT_PAGE, .bytes = PGT_PAGE, .kind = LDR_GUARD},
    {.base = STACK, .bytes = 0x10000, .kind = LDR_RECLAIMABLE},
    {.base = STACK + 0x10000, .bytes = PGT_PAGE, .kind = LDR_GUARD},
};
#define REGIONS (sizeof region / sizeof region[0])

/* An image of one segment of text. */
static struct ldr_image image_at(uint64_t virt, uint64_t bytes)
{
    return (struct ldr_image){
        .name = "/boot/kernel",
        .virt = virt,
        .bytes = bytes,
        .segment_count = 1,
        .segment = {{.virt = virt, .bytes = bytes, .rights = RX}},
    };
}

static enum ldr_status make(struct ldr_plan *plan, struct ldr_run *run, size_t capacity,
                            const struct ldr_image *image, uint64_t net_bytes,
                            struct ldr_report *report)
{
    struct ldr_layout layout = {.image_phys = 0x100000,
                                .handoff_phys = HANDOFF,
                                .net_text_bytes = net_bytes ? NET_TEXT : 0,
                                .net_bytes = net_bytes,
                                .stack_phys = STACK,
                                .stack_bytes = 0x10000};

    *plan = (struct ldr_plan){.run = run, .capacity = capacity};
    return ldr_plan_make(plan, &arch, 3, image, &layout, region, REGIONS, report);
}

static const struct ldr_run *run_at(const struct ldr_plan *plan, uint64_t virt)
{
    for (size_t i = 0; i < plan->count; i++)
        if (virt - plan->run[i].map.virt < plan->run[i].map.bytes)
            return &plan->run[i];
    fail_msg("nothing at %lx", virt);
    return NULL;
}

static void assert_page(const struct ldr_plan *plan, uint64_t virt, uint64_t phys, unsigned rights)
{
    const struct pgt_mapping *map = &run_at(plan, virt)->map;

    assert_int_equal(map->phys + (virt - map->virt), phys);
    assert_int_equal(map->rights, rights);
}

static void lies_behind_the_handoff_page_both_ways(void **state)
{
    struct ldr_image image = image_at(LDR_IMAGE_LOWEST, 0x4000);
    struct ldr_report report;
    struct ldr_run run[96];
    struct ldr_plan plan;

    (void)state;
    assert_int_equal(make(&plan, run, 96, &image, NET_BYTES, &report), LDR_OK);
    assert_true(plan.count <= ldr_plan_capacity(&image, REGIONS));
    assert_int_equal(plan.handoff_virt, LDR_IMAGE_LOWEST + 0x5000);
    assert_int_equal(plan.net_virt, plan.handoff_virt + PGT_PAGE);
    assert_int_equal(run_at(&plan, plan.handoff_virt)->purpose, LDR_HANDOFF);
    assert_page(&plan, plan.handoff_virt, HANDOFF, RX);
    assert_int_equal(run_at(&plan, plan.net_virt)->purpose, LDR_NET);
    assert_page(&plan, plan.net_virt, NET, RX);
    assert_page(&plan, plan.net_virt + NET_TEXT - PGT_PAGE, NET + NET_TEXT - PGT_PAGE, RX);
    assert_page(&plan, plan.net_virt + NET_TEXT, NET + NET_TEXT, RW);
    assert_page(&plan, plan.net_virt + NET_BYTES - 1, NET + NET_BYTES - 1, RW);
    assert_int_equal(plan.run[plan.count - 1].map.virt + plan.run[plan.count - 1].map.bytes,
                     plan.net_virt + NET_BYTES);
}

/* Writable through the direct map is what isn't executed. */
static void direct_map_can_write_its_data_alone(void **state)
{
    struct ldr_image image = image_at(LDR_IMAGE_LOWEST, 0x4000);
    struct ldr_report report;
    struct ldr_run run[96];
    struct ldr_plan plan;

    (void)state;
    assert_int_equal(make(&plan, run, 96, &image, NET_BYTES, &report), LDR_OK);
    assert_page(&plan, plan.hhdm + HANDOFF, HANDOFF, R);
    assert_page(&plan, plan.hhdm + NET, NET, R);
    assert_page(&plan, plan.hhdm + NET + NET_TEXT - 1, NET + NET_TEXT - 1, R);
    assert_page(&plan, plan.hhdm + NET + NET_TEXT, NET + NET_TEXT, RW);
}

static void without_a_net_there_is_no_trace_of_it(void **state)
{
    struct ldr_image image = image_at(LDR_IMAGE_LOWEST, 0x4000);
    struct ldr_report report;
    struct ldr_run run[96];
    struct ldr_plan plan;

    (void)state;
    assert_int_equal(make(&plan, run, 96, &image, 0, &report), LDR_OK);
    assert_int_equal(plan.net_bytes, 0);
    for (size_t i = 0; i < plan.count; i++)
        assert_int_not_equal(run[i].purpose, LDR_NET);
    assert_page(&plan, plan.hhdm + NET, NET, RW);
}

/* It is the net as a whole that has to have room. */
static void goes_before_the_image_where_that_reaches_too_far(void **state)
{
    uint64_t room = 2 * PGT_PAGE + NET_BYTES;
    struct ldr_image image = image_at(-room + PGT_PAGE, room - 2 * PGT_PAGE);
    struct ldr_report report;
    struct ldr_run run[96];
    struct ldr_plan plan;

    (void)state;
    assert_int_equal(make(&plan, run, 96, &image, NET_BYTES, &report), LDR_OK);
    assert_int_equal(plan.handoff_virt, image.virt - room);
    assert_int_equal(plan.net_virt + NET_BYTES, image.virt - PGT_PAGE);
    assert_page(&plan, plan.net_virt, NET, RX);
    /* Runs ascend all the same. */
    for (size_t i = 1; i < plan.count; i++)
        assert_true(run[i].map.virt >= run[i - 1].map.virt + run[i - 1].map.bytes);
}

static void image_that_leaves_no_room_is_refused(void **state)
{
    uint64_t least = 2 * PGT_PAGE; /* what the handoff page alone takes */
    struct ldr_image image = image_at(LDR_IMAGE_LOWEST, (UINT64_C(2) << 30) - least);
    struct ldr_report report;
    struct ldr_run run[96];
    struct ldr_plan plan;

    (void)state;
    assert_int_equal(make(&plan, run, 96, &image, 0, &report), LDR_OK);
    assert_int_equal(make(&plan, run, 96, &image, NET_BYTES, &report), LDR_BAD_KERNEL);
    assert_non_null(strstr(report.text, "/boot/kernel"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lies_behind_the_handoff_page_both_ways),
        cmocka_unit_test(direct_map_can_write_its_data_alone),
        cmocka_unit_test(without_a_net_there_is_no_trace_of_it),
        cmocka_unit_test(goes_before_the_image_where_that_reaches_too_far),
        cmocka_unit_test(image_that_leaves_no_room_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
