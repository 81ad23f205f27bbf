/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/kaslr.h"

#include "loader/plan.h"

typedef unsigned long long ull;

/* What a root slot serves with 4 levels.  With 5 it is what a table of the second level does, and
 * to stay within one costs no table either. */
#define SLOT (UINT64_C(1) << 39)

/* A quarter of the higher half. */
static uint64_t window(unsigned levels)
{
    return UINT64_C(1) << (levels == 5 ? 54 : 45);
}

/* Places within one slot, for what takes no more than a slot. */
static uint64_t places_in_slot(uint64_t reach)
{
    uint64_t blocks = reach / PGT_PAGE_1G + (reach % PGT_PAGE_1G != 0);

    return SLOT / PGT_PAGE_1G - blocks + (blocks > 0);
}

/* The slots that it can begin in; 1 if it is larger than the window. */
static uint64_t slots(unsigned levels, uint64_t reach)
{
    uint64_t all = window(levels) / SLOT;
    uint64_t taken = reach / SLOT + (reach % SLOT != 0);

    return taken <= 1 ? all : taken >= all ? 1 : all - taken + 1;
}

uint64_t ldr_kaslr_image_places(const struct ldr_image *image)
{
    uint64_t room = UINT64_MAX - (image->virt + (image->bytes - 1));

    return image->step ? room / image->step + 1 : 1;
}

void ldr_kaslr_image_move(struct ldr_image *image, uint64_t index)
{
    uint64_t distance = index * image->step;

    image->slide += distance;
    image->virt += distance;
    image->entry += distance;
    for (unsigned i = 0; i < image->segment_count; i++)
        image->segment[i].virt += distance;
}

uint64_t ldr_kaslr_direct_places(unsigned levels, uint64_t reach)
{
    return slots(levels, reach) * (reach <= SLOT ? places_in_slot(reach) : 1);
}

uint64_t ldr_kaslr_direct_at(unsigned levels, uint64_t reach, uint64_t index)
{
    uint64_t in_slot = reach <= SLOT ? places_in_slot(reach) : 1;

    return ldr_plan_upper(levels) + index / in_slot * SLOT + index % in_slot * PGT_PAGE_1G;
}

/* A number below `count`.  A remainder prefers low numbers by less than count in 2^64, which with
 * these counts nobody can tell from chance. */
static enum ldr_status draw(uint64_t count, const struct ldr_entropy *entropy, uint64_t *ret_index,
                            struct ldr_report *report)
{
    uint64_t word;

    if (!ldr_entropy_fill(entropy, &word, sizeof word))
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "kaslr: the configuration asks for it, but neither firmware (RNG "
                          "protocol) nor processor (RDSEED, RDRAND) has random numbers; remove "
                          "kaslr and randomise_hhdm_base from the entry");
    *ret_index = word % count;
    return LDR_OK;
}

enum ldr_status ldr_kaslr_image(struct ldr_image *image, const struct ldr_kaslr *wish,
                                const struct ldr_entropy *entropy, const struct ldr_log *log,
                                struct ldr_report *report)
{
    uint64_t places = ldr_kaslr_image_places(image), index;

    if (wish->image != LDR_YES)
        return LDR_OK;
    if (places == 1) {
        ldr_say(log, "kaslr: %s stays where it is linked to, since %s", image->name,
                image->step ? "it leaves no room to move it" : "it isn't a PIE");
        return LDR_OK;
    }
    enum ldr_status status = draw(places, entropy, &index, report);
    if (status != LDR_OK)
        return status;
    ldr_kaslr_image_move(image, index);
    ldr_say(log, "kaslr: image at 0x%llx, one of %llu places", (ull)image->virt, (ull)places);
    return LDR_OK;
}

enum ldr_status ldr_kaslr_direct(uint64_t *ret_hhdm, unsigned levels, uint64_t reach, bool moves,
                                 const struct ldr_kaslr *wish, const struct ldr_entropy *entropy,
                                 const struct ldr_log *log, struct ldr_report *report)
{
    bool wanted = wish->direct_map == LDR_YES ||
                  (wish->direct_map == LDR_UNSET && wish->image == LDR_YES && moves);
    uint64_t places = ldr_kaslr_direct_places(levels, reach), index = 0;
    enum ldr_status status = LDR_OK;

    if (wanted)
        status = draw(places, entropy, &index, report);
    if (status != LDR_OK)
        return status;
    *ret_hhdm = ldr_kaslr_direct_at(levels, reach, index);
    if (wanted)
        ldr_say(log, "kaslr: direct map at 0x%llx, one of %llu places", (ull)*ret_hhdm,
                (ull)places);
    return LDR_OK;
}
