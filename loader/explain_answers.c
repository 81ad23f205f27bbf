/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/explain.h"
#include "loader/requests_parts.h"
#include "loader/symbols.h"

/* Why there is no answer, where it isn't simply that the machine has no such thing. */
static const char *reason(enum ldr_feature feature)
{
    switch (feature) {
    case LDR_FRAMEBUFFER:
        return "there is no display to draw on";
    case LDR_MODULE:
        return "the entry names no module_path";
    case LDR_RSDP:
    case LDR_SMBIOS:
        return "the firmware has none";
    case LDR_TSC_FREQUENCY:
    case LDR_PERFORMANCE:
        return "nothing tells how fast the time-stamp counter counts";
    case LDR_ENTROPY:
        return "neither firmware nor processor has a generator of random numbers that works";
    case LDR_TPM_EVENT_LOG:
        return "the firmware has no TPM, or no event log that can be read";
    default:
        return "the machine has none";
    }
}

void ldr_explain_answers(const struct ldr_answers *answers, const void *image_memory,
                         const struct ldr_log *log)
{
    const struct ldr_requests *requests = answers->requests;
    const struct ldr_image *image = answers->image;
    const uint8_t *memory = image_memory;

    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        uint64_t at = requests->request[i];
        if (requests->present[i] &&
            ldr_word(memory + at + offsetof(struct limine_request, response)) == 0)
            ldr_say(log, "%s: note: the %s request at %s has no response: %s", image->name,
                    ldr_feature_name((enum ldr_feature)i), LDR_WHERE(image, image->virt + at),
                    reason((enum ldr_feature)i));
    }
    if (answers->plan->arch.levels != requests->levels)
        ldr_say(log,
                "%s: note: %u levels of page tables, where the kernel prefers %u: "
                "as processor and configuration allow",
                image->name, answers->plan->arch.levels, requests->levels);
}
