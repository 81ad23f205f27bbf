/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules that the kernel itself names in its module request, from revision 1 of that on.
 */
#include "loader/limine.h"
#include "loader/requests_parts.h"

/* Is there text at virt that ends within its segment? */
static bool is_text(const struct ldr_search *search, uint64_t virt)
{
    uint64_t left = ldr_segment_left(search->image, virt);
    const uint8_t *text = search->memory + (virt - search->image->virt);
    while (left > 0 && *text != 0) {
        text++;
        left--;
    }
    return left > 0;
}

/* Internal module `index`, of the array at offset `array` of the image. */
static enum ldr_status check_module(struct ldr_search *search, uint64_t array, uint64_t index)
{
    uint64_t virt = ldr_word(search->memory + array + 8 * index);
    if (ldr_segment_left(search->image, virt) < sizeof(struct limine_internal_module))
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: internal module %lu of the module request is at 0x%lx, outside the "
                          "image: correct its address",
                          search->image->name, index, virt);
    struct limine_internal_module module;
    memcpy(&module, search->memory + (virt - search->image->virt), sizeof module);
    /* Where there is no string kernels leave a null, whatever the protocol says. */
    bool string_sound = module.string == 0 || is_text(search, module.string);
    if (!is_text(search, module.path) || !string_sound)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: internal module %lu of the module request has its %s at 0x%lx, "
                          "where no text is that ends in the image: correct its address",
                          search->image->name, index, string_sound ? "path" : "string",
                          string_sound ? module.path : module.string);
    return LDR_OK;
}

enum ldr_status ldr_request_modules(struct ldr_search *search)
{
    if (!search->found.present[LDR_MODULE] ||
        ldr_request_word(search, LDR_MODULE, offsetof(struct limine_request, revision)) == 0)
        return LDR_OK;
    uint64_t count = ldr_request_word(
        search, LDR_MODULE, offsetof(struct limine_module_request, internal_module_count));
    uint64_t virt = ldr_request_word(search, LDR_MODULE,
                                     offsetof(struct limine_module_request, internal_modules));
    if (count == 0)
        return LDR_OK;
    /* By division: 8 * count could wrap. */
    if (count > ldr_segment_left(search->image, virt) / 8)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the module request's list of %lu internal modules at 0x%lx reaches "
                          "outside the image: correct its address and count",
                          search->image->name, count, virt);
    for (uint64_t i = 0; i < count; i++) {
        enum ldr_status status = check_module(search, virt - search->image->virt, i);
        if (status != LDR_OK)
            return status;
    }
    search->found.internal_count = count;
    search->found.internal_list = virt - search->image->virt;
    return LDR_OK;
}

void ldr_internal_module(struct ldr_internal_module *ret_module,
                         const struct ldr_requests *requests, const struct ldr_image *image,
                         const void *memory, uint64_t index)
{
    const uint8_t *first = memory;
    uint64_t virt = ldr_word(first + requests->internal_list + 8 * index);
    struct limine_internal_module module;
    memcpy(&module, first + (virt - image->virt), sizeof module);
    *ret_module = (struct ldr_internal_module){
        .path = (const char *)first + (module.path - image->virt),
        .string = module.string == 0 ? "" : (const char *)first + (module.string - image->virt),
        .required = module.flags & LIMINE_INTERNAL_MODULE_REQUIRED,
        .compressed = module.flags & LIMINE_INTERNAL_MODULE_COMPRESSED,
    };
}
