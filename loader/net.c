/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placing the early-fault net.
 */
#include "loader/net.h"

#include <string.h>

#include "loader/gunzip.h"
#include "loader/handoff.h"
#include "loader/net/net.h"
#include "loader/relr.h"
#include "loader/respond_parts.h"
#include "loader/symbols.h"

/* In net.S: the net's first bytes, and all of it, compressed by gzip. */
extern const struct ldr_net_head ldr_net_head __attribute__((visibility("hidden")));
extern const uint8_t ldr_net_packed[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_net_packed_end[] __attribute__((visibility("hidden")));

/* From this base revision on the interrupt table shall be empty. */
#define EMPTY_IDT_REVISION 5

/* All exceptions arrive on a stack of the net: the kernel's may be what is broken. */
#define STACK_NUMBER 1

void ldr_net_measure(size_t processors, uint64_t *ret_text_bytes, uint64_t *ret_bytes)
{
    uint64_t blocks = processors * sizeof(struct ldr_net_block);

    *ret_text_bytes = ldr_net_head.data;
    *ret_bytes = ldr_net_head.end + ((blocks + PGT_PAGE - 1) & ~(PGT_PAGE - 1));
}

bool ldr_net_by_default(uint64_t base_revision)
{
    return base_revision < EMPTY_IDT_REVISION;
}

/* What comes out was made with the loader: if it is damaged, all of the loader is. */
static void unpack(uint8_t *memory, uint64_t memory_bytes)
{
    uint64_t bytes = (uint64_t)(ldr_net_packed_end - ldr_net_packed);
    struct ldr_report report;
    struct ldr_gzip gzip;

    if (ldr_gzip_read(&gzip, "the early-fault net", ldr_net_packed, bytes, &report) != LDR_OK ||
        gzip.bytes > ldr_net_head.data || ldr_gzip_inflate(&gzip, memory, &report) != LDR_OK)
        __builtin_trap();
    memset(memory + gzip.bytes, 0, memory_bytes - gzip.bytes);
}

/* Linked at 0: to every pointer in it, its address is added. */
static void relocate(uint8_t *memory, uint64_t virt)
{
    const struct ldr_net_head *head = &ldr_net_head;
    struct ldr_relr relr = {.table = memory + head->relocations,
                            .count = (head->relocations_end - head->relocations) / 8};
    uint64_t place, value;

    while (ldr_relr_next(&relr, &place)) {
        memcpy(&value, memory + place, sizeof value);
        value += virt;
        memcpy(memory + place, &value, sizeof value);
    }
}

static void write_descriptors(struct ldr_net_state *state, uint64_t virt)
{
    for (unsigned i = 0; i < TRAP_VECTORS; i++)
        state->idt[i] = gate_make(virt + ldr_net_head.entries + i * TRAP_ENTRY_BYTES,
                                  LDR_CODE_SELECTOR, STACK_NUMBER);
}

static void write_places(struct fault_places *places, const struct ldr_plan *plan,
                         const struct ldr_image *image)
{
    *places = (struct fault_places){
        .base_revision = plan->base_revision,
        .direct_map = plan->hhdm,
        .guard_below = plan->guard_below,
        .guard_above = plan->guard_above,
        .image = image->virt,
        .image_bytes = image->bytes,
        .loader = plan->handoff_virt,
        .loader_bytes = PGT_PAGE + plan->net_bytes,
        .segment_count = image->segment_count,
    };
    memcpy(places->segment, image->segment, sizeof places->segment);
}

/* The kernel's file is in memory that stays, and the direct map shows it. */
static void write_symbols(struct pgt_symbols *symbols, const struct ldr_plan *plan,
                          const struct ldr_image *image)
{
    struct ldr_symbols table;

    if (!ldr_symbols_open(&table, image))
        return;
    *symbols = (struct pgt_symbols){
        .symbol = (const struct pgt_symbol *)((uint64_t)table.entry + plan->hhdm),
        .count = table.count,
        .strings = (const char *)((uint64_t)table.text + plan->hhdm),
        .strings_bytes = table.text_bytes,
        .slide = image->slide,
    };
}

void ldr_net_write(void *page, const struct ldr_plan *plan, const struct ldr_image *image,
                   const struct ldr_framebuffer *framebuffer)
{
    uint8_t *memory = (uint8_t *)page + PGT_PAGE;
    struct ldr_net_state *state = (void *)(memory + ldr_net_head.state);

    unpack(memory, plan->net_bytes);
    relocate(memory, plan->net_virt);
    write_descriptors(state, plan->net_virt);
    state->arch = plan->arch;
    write_places(&state->places, plan, image);
    write_symbols(&state->symbols, plan, image);
    if (framebuffer)
        state->screen = ldr_framebuffer_told(framebuffer, plan->hhdm);
}

/* The block is in the net's pages, and its stack grows from its end. */
static void write_block(struct ldr_net_block *block, uint64_t virt)
{
    block->tss.ist[STACK_NUMBER - 1] = virt + sizeof *block;
    block->tss.io_map = sizeof block->tss;
}

void ldr_net_arm(void *page, void *gdt, const struct ldr_plan *plan, size_t processors)
{
    uint8_t *memory = (uint8_t *)page + PGT_PAGE;
    struct ldr_handoff *handoff = (void *)((uint8_t *)page + LDR_HANDOFF_DATA);
    struct ldr_net_block *block = (void *)(memory + ldr_net_head.end);
    uint64_t blocks_virt = plan->net_virt + ldr_net_head.end;
    uint64_t idt = plan->net_virt + ldr_net_head.state + offsetof(struct ldr_net_state, idt);

    handoff->idt_limit = sizeof(struct gate[TRAP_VECTORS]) - 1;
    for (unsigned i = 0; i < 4; i++)
        handoff->idt_base[i] = (uint16_t)(idt >> 16 * i);
    for (size_t i = 0; i < processors; i++) {
        uint64_t virt = blocks_virt + i * sizeof *block, task[2];

        write_block(&block[i], virt);
        tss_describe(task, virt + offsetof(struct ldr_net_block, tss));
        memcpy((uint8_t *)gdt + LDR_TASK_SELECTOR + i * LDR_TASK_BYTES, task, sizeof task);
    }
}
