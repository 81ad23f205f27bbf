/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer about the framebuffer: one, in one mode, which firmware has set.
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

/* `modes` is where the array of addresses of its one mode was put. */
static uint64_t put_framebuffer(struct ldr_writer *writer, const struct ldr_framebuffer *screen,
                                uint64_t modes)
{
    struct limine_framebuffer told = ldr_framebuffer_told(screen, writer->answers->plan->hhdm);

    told.mode_count = 1;
    told.modes = modes;
    return ldr_put(writer, &told, sizeof told);
}

uint64_t ldr_answer_framebuffer(struct ldr_writer *writer)
{
    const struct ldr_framebuffer *screen = writer->answers->machine->framebuffer;
    if (screen == NULL)
        return 0;
    uint64_t mode = put_mode(writer, screen);
    uint64_t modes = ldr_put(writer, &mode, sizeof mode);
    uint64_t told = put_framebuffer(writer, screen, modes);
    struct limine_framebuffer_response response = {
        .revision = 1, /* with modes */
        .framebuffer_count = 1,
        .framebuffers = ldr_put(writer, &told, sizeof told),
    };
    return ldr_put(writer, &response, sizeof response);
}
