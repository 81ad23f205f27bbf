/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/resolution.h"

#include "efi/framebuffer.h"

/* Room for the names of a screen's modes in one line of the log, and for one of them. */
#define LIST_BYTES 300
#define NAME_BYTES 24

/* A screen and who frees what it hands out. */
struct screen_modes {
    EFI_GRAPHICS_OUTPUT_PROTOCOL *output;
    EFI_BOOT_SERVICES *services;
};

/* False for a mode that is none for a kernel.  The depth isn't asked for: all others have 32
 * bits. */
static bool query(const struct screen_modes *screen, UINT32 mode,
                  struct ldr_resolution *ret_resolution)
{
    struct ldr_framebuffer fb;

    if (!framebuffer_query(screen->services, screen->output, mode, &fb))
        return false;
    *ret_resolution =
        (struct ldr_resolution){.width = (uint32_t)fb.width, .height = (uint32_t)fb.height};
    return true;
}

static bool is_mode(const struct screen_modes *screen, UINT32 mode,
                    const struct ldr_resolution *wanted)
{
    struct ldr_resolution is;

    return query(screen, mode, &is) && is.width == wanted->width && is.height == wanted->height;
}

static bool find_mode(const struct screen_modes *screen, const struct ldr_resolution *wanted,
                      UINT32 *ret_mode)
{
    for (UINT32 mode = 0; mode < screen->output->Mode->MaxMode; mode++) {
        if (is_mode(screen, mode, wanted)) {
            *ret_mode = mode;
            return true;
        }
    }
    return false;
}

static void warn(const struct screen_modes *screen, const struct ldr_resolution *wanted,
                 const struct ldr_log *log)
{
    char list[LIST_BYTES] = "";
    size_t used = 0;

    for (UINT32 mode = 0; mode < screen->output->Mode->MaxMode; mode++) {
        struct ldr_resolution is;

        if (!query(screen, mode, &is))
            continue;
        if (used > sizeof list - NAME_BYTES) {
            ldr_format(list + used, sizeof list - used, " and more");
            break;
        }
        used += ldr_format(list + used, sizeof list - used, " %ux%u", is.width, is.height);
    }
    ldr_say(log, "warning: the screen has no mode %ux%u; it stays as it is, and has:%s",
            wanted->width, wanted->height, list);
}

bool resolution_set(struct resolution *ret_before, EFI_SYSTEM_TABLE *system,
                    const struct ldr_resolution *wanted, const struct ldr_log *log)
{
    struct screen_modes screen = {framebuffer_output(system), system->BootServices};
    UINT32 before, mode;
    EFI_STATUS status;

    *ret_before = (struct resolution){0};
    if (wanted->width == 0)
        return false;
    if (!screen.output || !screen.output->Mode) {
        ldr_say(log, "warning: there is no screen to set to %ux%u", wanted->width, wanted->height);
        return false;
    }
    before = screen.output->Mode->Mode;
    if (is_mode(&screen, before, wanted))
        return false;
    if (!find_mode(&screen, wanted, &mode)) {
        warn(&screen, wanted, log);
        return false;
    }
    status = screen.output->SetMode(screen.output, mode);
    if (status == EFI_SUCCESS)
        *ret_before = (struct resolution){.output = screen.output, .before = before};
    else
        ldr_say(log, "warning: the screen doesn't take its mode %ux%u (%s)", wanted->width,
                wanted->height, uefi_status_text(status));
    return status == EFI_SUCCESS;
}

void resolution_restore(const struct resolution *before, EFI_SYSTEM_TABLE *system)
{
    if (!before->output)
        return;
    before->output->SetMode(before->output, before->before);
    if (system->ConOut)
        system->ConOut->ClearScreen(system->ConOut);
}
