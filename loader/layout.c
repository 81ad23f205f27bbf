/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/layout.h"

#include "loader/limine.h"
#include "loader/net.h"

struct ldr_block ldr_image_block(const struct ldr_image *image)
{
    bool large = image->bytes >= PGT_PAGE_2M;
    return (struct ldr_block){.bytes = image->bytes,
                              .modulus = large ? PGT_PAGE_2M : PGT_PAGE,
                              .congruent = large ? image->virt % PGT_PAGE_2M : 0,
                              .highest = LDR_ANYWHERE};
}

bool ldr_net_choose(enum ldr_option wish, uint64_t base_revision, const struct ldr_log *log)
{
    bool usual = ldr_net_by_default(base_revision);
    bool wanted = wish == LDR_UNSET ? usual : wish == LDR_YES;

    if (wanted && !usual)
        ldr_say(log,
                "early faults: reported, as asked for, though base revision %llu wants IDT and TSS "
                "to be empty",
                (unsigned long long)base_revision);
    else if (!wanted && usual)
        ldr_say(log, "early faults: not reported, as asked for");
    return wanted;
}

void ldr_layout_stacks(struct ldr_layout *layout, size_t processors, uint64_t stack_bytes, bool net)
{
    layout->net_text_bytes = 0;
    layout->net_bytes = 0;
    if (net)
        ldr_net_measure(processors, &layout->net_text_bytes, &layout->net_bytes);
    layout->stack_bytes = stack_bytes;
    layout->more_stacks = processors - 1;
}

/* From one guard to the next. */
static uint64_t stride(const struct ldr_layout *layout)
{
    return layout->stack_bytes + PGT_PAGE;
}

struct ldr_block ldr_stacks_block(const struct ldr_layout *layout, const struct ldr_image *image,
                                  bool changes_levels)
{
    uint64_t handoff_and_guard = 2 * PGT_PAGE;
    return (struct ldr_block){.bytes = handoff_and_guard + layout->net_bytes +
                                       (layout->more_stacks + 1) * stride(layout),
                              .modulus = PGT_PAGE,
                              .highest = changes_levels ? LDR_BELOW_4_GIB : LDR_ANYWHERE,
                              .image = image,
                              .image_phys = layout->image_phys};
}

void ldr_layout_place(struct ldr_layout *layout, uint64_t phys)
{
    layout->handoff_phys = phys;
    layout->stack_phys = phys + 2 * PGT_PAGE + layout->net_bytes;
}

bool ldr_layout_region(const struct ldr_layout *layout, size_t index, struct ldr_region *ret_region)
{
    size_t guards = layout->more_stacks + 2;
    if (index > guards)
        return false;
    if (index == 0)
        *ret_region = (struct ldr_region){.base = layout->handoff_phys,
                                          .bytes = PGT_PAGE + layout->net_text_bytes,
                                          .kind = LDR_EXECUTABLE};
    else
        *ret_region = (struct ldr_region){.base = layout->stack_phys - PGT_PAGE +
                                                  (index - 1) * stride(layout),
                                          .bytes = PGT_PAGE,
                                          .kind = LDR_GUARD};
    return true;
}
