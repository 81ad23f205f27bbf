/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer about the framebuffer: one, in the mode that firmware has set, and what its screen
 * could be set to.
 */
#include "loader/respond_parts.h"

static uint64_t put_mode(struct ldr_writer *writer, const struct ldr_framebuffer *screen)
{
    struct limine_video_mode mode = {
        .pitch = screen->pitch,
        .width = screen->width,
        .height = screen->height,
        .bpp = screen->bpp,
        .memory_model = LIMINE_FRAMEBUFFER_RGB,
        .red_mask_size = screen->red_size,
        .red_mask_shift = screen->red_shift,
        .green_mask_size = screen->green_size,
        .green_mask_shift = screen->green_shift,
        .blue_mask_size = screen->blue_size,
        .blue_mask_shift = screen->blue_shift,
    };
    return ldr_put(writer, &mode, sizeof mode);
}

struct limine_framebuffer ldr_framebuffer_told(const struct ldr_framebuffer *screen, uint64_t hhdm)
{
    return (struct limine_framebuffer){
        .address = hhdm + screen->phys,
        .width = screen->width,
        .height = screen->height,
        .pitch = screen->pitch,
        .bpp = screen->bpp,
        .memory_model = LIMINE_FRAMEBUFFER_RGB,
        .red_mask_size = screen->red_size,
        .red_mask_shift = screen->red_shift,
        .green_mask_size = screen->green_size,
        .green_mask_shift = screen->green_shift,
        .blue_mask_size = screen->blue_size,
        .blue_mask_shift = screen->blue_shift,
    };
}

/* An array of addresses, behind it what these lead to. */
static uint64_t put_modes(struct ldr_writer *writer, const struct ldr_framebuffer *mode,
                          size_t count)
{
    uint64_t address;
    uint64_t *pointer = ldr_keep(writer, count * sizeof *pointer, &address);

    for (size_t i = 0; i < count; i++) {
        uint64_t told = put_mode(writer, &mode[i]);
        if (pointer != NULL)
            pointer[i] = told;
    }
    return address;
}

static uint64_t put_framebuffer(struct ldr_writer *writer, const struct ldr_machine *machine)
{
    const struct ldr_framebuffer *screen = machine->framebuffer;
    struct limine_framebuffer told = ldr_framebuffer_told(screen, writer->answers->plan->hhdm);

    told.mode_count = machine->mode_count ? machine->mode_count : 1;
    told.modes = put_modes(writer, machine->mode_count ? machine->mode : screen, told.mode_count);
    if (machine->edid != NULL) {
        told.edid_size = machine->edid_bytes;
        told.edid = ldr_put(writer, machine->edid, machine->edid_bytes);
    }
    return ldr_put(writer, &told, sizeof told);
}

uint64_t ldr_answer_framebuffer(struct ldr_writer *writer)
{
    const struct ldr_machine *machine = writer->answers->machine;
    if (machine->framebuffer == NULL)
        return 0;
    uint64_t told = put_framebuffer(writer, machine);
    struct limine_framebuffer_response response = {
        .revision = 1, /* with modes */
        .framebuffer_count = 1,
        .framebuffers = ldr_put(writer, &told, sizeof told),
    };
    return ldr_put(writer, &response, sizeof response);
}
