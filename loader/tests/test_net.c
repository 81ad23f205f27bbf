/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placing the early-fault net: what the loader writes is what the processor, and the net's own
 * code, will read.  Symptom of a failure: an exception in a kernel resets the machine all the
 * same, or its report tells of another machine.
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/handoff.h"
#include "loader/net.h"
#include "loader/net/net.h"

#define VIRT       UINT64_C(0xffffffff80123000) /* of the handoff page */
#define PROCESSORS 9

extern const struct ldr_net_head ldr_net_head;

struct placed {
    struct ldr_plan plan;
    struct ldr_image image;
    uint8_t *page; /* the handoff page, and the net behind it */
    uint8_t *net;
    uint64_t gdt[LDR_GDT_BYTES / 8 + 2 * (PROCESSORS - 1)];
};

static const struct ldr_framebuffer framebuffer = {.phys = 0xc0000000,
                                                   .width = 1024,
                                                   .height = 768,
                                                   .pitch = 4096,
                                                   .bpp = 32,
                                                   .red_size = 8,
                                                   .red_shift = 16,
                                                   .green_size = 8,
                                                   .green_shift = 8,
                                                   .blue_size = 8};

static int setup(void **state)
{
    struct placed *placed = calloc(1, sizeof *placed);
    struct ldr_plan *plan = &placed->plan;

    plan->arch = (struct pgt_arch){.levels = 4, .physical_bits = 40, .no_execute = true};
    plan->base_revision = 3;
    plan->hhdm = LDR_HHDM_4_LEVELS;
    plan->handoff_virt = VIRT;
    plan->net_virt = VIRT + PGT_PAGE;
    ldr_net_measure(PROCESSORS, &plan->net_text_bytes, &plan->net_bytes);
    plan->guard_below = plan->hhdm + 0x10000;
    plan->guard_above = plan->hhdm + 0x21000;
    placed->image = (struct ldr_image){.name = "kernel",
                                       .file = (const uint8_t *)"",
                                       .virt = LDR_IMAGE_LOWEST,
                                       .bytes = 0x20000,
                                       .segment_count = 1,
                                       .segment = {{.virt = LDR_IMAGE_LOWEST,
                                                    .bytes = 0x1234,
                                                    .rights = PGT_READ | PGT_EXECUTE,
                                                    .index = 2}}};
    placed->page = aligned_alloc(PGT_PAGE, PGT_PAGE + plan->net_bytes);
    placed->net = placed->page + PGT_PAGE;
    /* What was there before shall not shine through. */
    memset(placed->page, 0xee, PGT_PAGE + plan->net_bytes);
    memcpy(placed->gdt, ldr_descriptor, LDR_GDT_BYTES);
    *state = placed;
    return 0;
}

static int teardown(void **state)
{
    struct placed *placed = *state;

    free(placed->page);
    free(placed);
    return 0;
}

static struct ldr_net_state *write_net(struct placed *placed, const struct ldr_framebuffer *screen)
{
    ldr_net_write(placed->page, &placed->plan, &placed->image, screen);
    return (void *)(placed->net + ldr_net_head.state);
}

static void on_where_the_protocol_leaves_the_table_undefined(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision <= 6; revision++)
        assert_int_equal(ldr_net_by_default(revision), revision < 5);
}

/* Executed and written pages are apart, and there is a block for each processor. */
static void whole_pages_for_any_number_of_processors(void **state)
{
    uint64_t text, bytes, more_text, more;

    (void)state;
    ldr_net_measure(1, &text, &bytes);
    assert_int_equal(text % PGT_PAGE, 0);
    assert_int_equal(bytes % PGT_PAGE, 0);
    assert_true(text > 0 && bytes > text);
    ldr_net_measure(8, &more_text, &more);
    assert_int_equal(more_text, text);
    assert_int_equal(more, bytes);
    ldr_net_measure(9, &more_text, &more);
    assert_int_equal(more, bytes + PGT_PAGE);
}

/* What each part is, and that none lies on another. */
static void parts_lie_in_order(void **state)
{
    const struct ldr_net_head *head = &ldr_net_head;

    (void)state;
    assert_int_equal(head->entries % TRAP_ENTRY_BYTES, 0);
    assert_true(head->entries >= sizeof *head);
    assert_true(head->entries + TRAP_VECTORS * TRAP_ENTRY_BYTES <= head->relocations);
    assert_true(head->relocations < head->relocations_end);
    assert_true(head->relocations_end <= head->data);
    assert_true(head->stack_top >= head->data + 2 * PGT_PAGE);
    assert_int_equal(head->stack_top % 16, 0);
    assert_true(head->state >= head->stack_top);
    assert_int_equal(head->state % 8, 0);
    assert_true(head->state + sizeof(struct ldr_net_state) <= head->end);
    assert_int_equal(head->end % sizeof(struct ldr_net_block), 0);
}

static void the_copy_begins_with_its_head(void **state)
{
    struct placed *placed = *state;

    write_net(placed, NULL);
    assert_memory_equal(placed->net, &ldr_net_head, sizeof ldr_net_head);
    assert_int_equal(placed->page[PGT_PAGE - 1], 0xee);
}

/* Every entry pushes its vector (6a NUMBER) behind an error code of 0 where the processor has
 * none. */
static void entries_push_their_vectors(void **state)
{
    struct placed *placed = *state;
    const uint32_t with_code = 1u << 8 | 0x1fu << 10 | 1u << 17 | 1u << 21 | 3u << 29;

    write_net(placed, NULL);
    for (unsigned vector = 0; vector < TRAP_VECTORS; vector++) {
        const uint8_t *entry = placed->net + ldr_net_head.entries + vector * TRAP_ENTRY_BYTES;
        const uint8_t pushes[] = {0x6a, 0, 0x6a, (uint8_t)vector};
        bool has_code = with_code >> vector & 1;

        assert_memory_equal(entry, pushes + (has_code ? 2 : 0), has_code ? 2 : 4);
    }
}

/* The only words that depend on where the net is; each leads into its text. */
static void pointers_lead_to_where_it_will_run(void **state)
{
    struct placed *placed = *state;
    struct placed *other;
    size_t moved = 0;
    bool exact = false;

    setup((void **)&other);
    other->plan.net_virt += 0x5000;
    write_net(placed, NULL);
    write_net(other, NULL);
    for (size_t i = 0; i < ldr_net_head.data / 8; i++) {
        uint64_t here, there;

        memcpy(&here, placed->net + 8 * i, 8);
        memcpy(&there, other->net + 8 * i, 8);
        if (here == there)
            continue;
        moved++;
        assert_int_equal(there - here, 0x5000);
        assert_in_range(here, placed->plan.net_virt,
                        placed->plan.net_virt + ldr_net_head.data - sizeof "divide error");
        exact |= !strcmp((char *)placed->net + (here - placed->plan.net_virt), "divide error");
    }
    assert_true(exact);
    /* As many as there are names of exceptions, and more. */
    assert_true(moved > 22);
    teardown((void **)&other);
}

static void data_begins_as_zero(void **state)
{
    struct placed *placed = *state;

    write_net(placed, NULL);
    for (uint64_t i = ldr_net_head.data; i < ldr_net_head.state; i++)
        assert_int_equal(placed->net[i], 0);
    for (uint64_t i = ldr_net_head.end; i < placed->plan.net_bytes; i++)
        assert_int_equal(placed->net[i], 0);
}

static void all_gates_lead_to_the_entries_on_a_stack_of_their_own(void **state)
{
    struct placed *placed = *state;
    const struct ldr_net_state *net = write_net(placed, NULL);

    for (unsigned vector = 0; vector < TRAP_VECTORS; vector++) {
        const struct gate *gate = &net->idt[vector];
        uint64_t offset = gate->offset_low | (uint64_t)gate->offset_middle << 16 |
                          (uint64_t)gate->offset_high << 32;

        assert_int_equal(offset,
                         placed->plan.net_virt + ldr_net_head.entries + vector * TRAP_ENTRY_BYTES);
        assert_int_equal(gate->selector, 0x28);
        assert_int_equal(gate->ist, 1);
        assert_int_equal(gate->type, 0x8e);
    }
}

static void places_are_the_plan_s(void **state)
{
    struct placed *placed = *state;
    const struct fault_places *places = &write_net(placed, NULL)->places;

    assert_int_equal(places->base_revision, 3);
    assert_int_equal(places->direct_map, LDR_HHDM_4_LEVELS);
    assert_int_equal(places->guard_below, placed->plan.guard_below);
    assert_int_equal(places->guard_above, placed->plan.guard_above);
    assert_int_equal(places->image, LDR_IMAGE_LOWEST);
    assert_int_equal(places->image_bytes, 0x20000);
    assert_int_equal(places->loader, VIRT);
    assert_int_equal(places->loader_bytes, PGT_PAGE + placed->plan.net_bytes);
    assert_int_equal(places->segment_count, 1);
    assert_int_equal(places->segment[0].bytes, 0x1234);
    assert_int_equal(places->segment[0].index, 2);
}

static void screen_is_told_where_there_is_one(void **state)
{
    struct placed *placed = *state;
    struct ldr_net_state *net = write_net(placed, NULL);

    assert_int_equal(net->screen.address, 0);
    net = write_net(placed, &framebuffer);
    assert_int_equal(net->screen.address, LDR_HHDM_4_LEVELS + 0xc0000000);
    assert_int_equal(net->screen.width, 1024);
    assert_int_equal(net->screen.pitch, 4096);
    assert_int_equal(net->screen.red_mask_shift, 16);
}

/* The table in the file, as the direct map will show it. */
static void symbols_are_those_of_the_file(void **state)
{
    struct placed *placed = *state;
    struct ldr_net_state *net = write_net(placed, NULL);
    struct {
        Elf64_Ehdr header;
        Elf64_Shdr section[3];
        Elf64_Sym symbol[2];
        char names[8];
    } file = {.header = {.e_shoff = offsetof(__typeof__(file), section),
                         .e_shentsize = sizeof(Elf64_Shdr),
                         .e_shnum = 3,
                         .e_shstrndx = 2},
              .section = {{0},
                          {.sh_type = SHT_SYMTAB,
                           .sh_offset = offsetof(__typeof__(file), symbol),
                           .sh_size = sizeof file.symbol,
                           .sh_entsize = sizeof(Elf64_Sym),
                           .sh_link = 2},
                          {.sh_type = SHT_STRTAB,
                           .sh_offset = offsetof(__typeof__(file), names),
                           .sh_size = sizeof file.names}}};

    assert_int_equal(net->symbols.count, 0);
    placed->image.file = (const uint8_t *)&file;
    placed->image.file_bytes = sizeof file;
    placed->image.slide = 0x7000;
    net = write_net(placed, NULL);
    assert_int_equal(net->symbols.count, 2);
    assert_int_equal((uint64_t)net->symbols.symbol - LDR_HHDM_4_LEVELS, (uint64_t)file.symbol);
    assert_int_equal((uint64_t)net->symbols.strings - LDR_HHDM_4_LEVELS, (uint64_t)file.names);
    assert_int_equal(net->symbols.strings_bytes, sizeof file.names);
    assert_int_equal(net->symbols.slide, 0x7000);
}

static uint64_t base_of(const uint64_t descriptor[2])
{
    return (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56) << 24 | descriptor[1] << 32;
}

/* SDM 7.2.3: limit, type 9 and present, base; and 6.14.5: where the stack table is. */
static void each_processor_has_a_task_segment_with_a_stack_of_its_own(void **state)
{
    struct placed *placed = *state;
    uint64_t net = placed->plan.net_virt;

    write_net(placed, NULL);
    ldr_net_arm(placed->page, placed->gdt, &placed->plan, PROCESSORS);
    for (unsigned i = 0; i < PROCESSORS; i++) {
        const uint64_t *descriptor = &placed->gdt[LDR_TASK_SELECTOR / 8 + 2 * i];
        uint64_t base = base_of(descriptor), top;

        assert_int_equal(descriptor[0] & 0xffff, 103);
        assert_int_equal(descriptor[0] >> 40 & 0xff, 0x89);
        assert_int_equal(base, net + ldr_net_head.end + i * LDR_NET_BLOCK_BYTES);
        memcpy(&top, placed->net + (base - net) + 36, sizeof top);
        assert_int_equal(top, base + LDR_NET_BLOCK_BYTES);
        assert_true(top <= net + placed->plan.net_bytes);
    }
    assert_memory_equal(placed->gdt, ldr_descriptor, LDR_TASK_SELECTOR);
}

static void the_handoff_page_loads_the_table(void **state)
{
    struct placed *placed = *state;
    struct ldr_handoff handoff;
    uint64_t base = 0;

    write_net(placed, NULL);
    ldr_net_arm(placed->page, placed->gdt, &placed->plan, 1);
    memcpy(&handoff, placed->page + LDR_HANDOFF_DATA, sizeof handoff);
    for (unsigned i = 0; i < 4; i++)
        base |= (uint64_t)handoff.idt_base[i] << 16 * i;
    assert_int_equal(handoff.idt_limit, 32 * 16 - 1);
    assert_int_equal(base, placed->plan.net_virt + ldr_net_head.state);
    /* Other processors' segments, and all else in the page, are untouched. */
    assert_int_equal(placed->gdt[LDR_GDT_BYTES / 8], 0);
    assert_int_equal(handoff.entry, UINT64_C(0xeeeeeeeeeeeeeeee));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(on_where_the_protocol_leaves_the_table_undefined),
        TEST(whole_pages_for_any_number_of_processors),
        TEST(parts_lie_in_order),
        TEST(the_copy_begins_with_its_head),
        TEST(entries_push_their_vectors),
        TEST(pointers_lead_to_where_it_will_run),
        TEST(data_begins_as_zero),
        TEST(all_gates_lead_to_the_entries_on_a_stack_of_their_own),
        TEST(places_are_the_plan_s),
        TEST(screen_is_told_where_there_is_one),
        TEST(symbols_are_those_of_the_file),
        TEST(each_processor_has_a_task_segment_with_a_stack_of_its_own),
        TEST(the_handoff_page_loads_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
