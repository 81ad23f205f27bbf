/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responses that stand for themselves.
 */
#include "loader/stub/checks.h"
#include "loader/stub/memory.h"
#include "loader/stub/requests.h"

#include "loader/stub/mem.h"

#define TEXT_LIMIT 4096

/* From 1 up to the limit characters of printable ASCII. */
static bool is_text(uint64_t address)
{
    const char *text = request_pointer(address);
    size_t length;

    if (text == 0)
        return false;
    length = text_length(text, TEXT_LIMIT);
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return length > 0 && length < TEXT_LIMIT;
}

static void check_bootloader(struct tap *tap)
{
    const struct limine_bootloader_info_response *info = request_answer(&requests.bootloader_info);
    bool sound = info != 0 && is_text(info->name) && is_text(info->version);

    tap_ok(tap, sound, "the bootloader gives its name and version");
    if (sound)
        tap_note("loader: %s %s", (const char *)info->name, (const char *)info->version);
}

static void check_firmware_type(struct tap *tap)
{
    const struct limine_firmware_type_response *type = request_answer(&requests.firmware_type);

    if (!tap_ok(tap, type != 0, "the firmware type is told"))
        return;
    tap_equal(tap, type->firmware_type, LIMINE_FIRMWARE_EFI64, "it is 64-bit UEFI");
}

static void check_hhdm(struct stub *stub)
{
    uint64_t lowest = UINT64_C(0xff00000000000000);

    tap_equal(&stub->tap, stub->hhdm % PGT_PAGE, 0, "the direct map's offset is page aligned");
    if (!tap_ok(&stub->tap, stub->hhdm >= lowest, "the direct map is in the higher half"))
        tap_note("offset %016lx", stub->hhdm);
    if (stub->tables == 0)
        tap_skip(&stub->tap, STUB_NO_TABLES, "the page tables response has the same offset");
    else
        tap_equal(&stub->tap, stub->tables->hhdm_offset, stub->hhdm,
                  "the page tables response has the same offset");
}

/* Acknowledged with a response that holds nothing but its revision. */
static void check_acknowledged(struct tap *tap)
{
    tap_ok(tap, request_answer(&requests.stack_size.head) != 0, "the stack size is acknowledged");
    tap_ok(tap, request_answer(&requests.entry_point.head) != 0, "the entry point is acknowledged");
}

static bool framebuffer_sound(const struct limine_framebuffer *fb)
{
    return fb->address != 0 && fb->width > 0 && fb->height > 0 &&
           fb->memory_model == LIMINE_FRAMEBUFFER_RGB && fb->bpp % 8 == 0 &&
           fb->pitch >= fb->width * (fb->bpp / 8u) && fb->red_mask_size > 0 &&
           fb->green_mask_size > 0 && fb->blue_mask_size > 0;
}

/* Every byte of it in entries of its own type. */
static bool framebuffer_in_map(const struct stub *stub, const struct limine_framebuffer *fb)
{
    uint64_t first = fb->address - stub->hhdm;
    uint64_t last = first + fb->pitch * fb->height - 1;

    for (uint64_t at = first;;) {
        const struct limine_memmap_entry *entry = memory_find(stub->memmap, at);

        if (entry == 0 || entry->type != LIMINE_MEMMAP_FRAMEBUFFER)
            return false;
        if (last - entry->base < entry->length)
            return true;
        at = entry->base + entry->length;
    }
}

static bool mode_sound(const struct limine_video_mode *mode)
{
    return mode->width > 0 && mode->height > 0 && mode->memory_model == LIMINE_FRAMEBUFFER_RGB &&
           mode->pitch >= mode->width * (mode->bpp / 8u);
}

static void check_modes(struct tap *tap, const struct limine_framebuffer *fb)
{
    const uint64_t *modes = request_pointer(fb->modes);
    bool found = false, sound = true;

    for (uint64_t i = 0; i < fb->mode_count; i++) {
        const struct limine_video_mode *mode = request_pointer(modes[i]);

        sound = sound && mode_sound(mode);
        found = found || (mode->width == fb->width && mode->height == fb->height &&
                          mode->pitch == fb->pitch && mode->bpp == fb->bpp);
    }
    tap_note("%lu modes", fb->mode_count);
    tap_ok(tap, found, "its list of modes holds the one that is set");
    tap_ok(tap, sound, "all of them make sense");
}

/* The fixed beginning, and a sum of 0 (VESA E-EDID 1.4, section 3). */
static void check_edid(struct tap *tap, const struct limine_framebuffer *fb)
{
    const uint8_t *edid = request_pointer(fb->edid);
    uint8_t sum = 0;

    if (fb->edid == 0) {
        tap_skip(tap, "the loader hands on none", "the screen's EDID");
        return;
    }
    tap_note("EDID: %lu bytes", fb->edid_size);
    for (unsigned i = 0; i < 128; i++)
        sum = (uint8_t)(sum + edid[i]);
    tap_ok(tap, fb->edid_size >= 128 && edid[0] == 0 && edid[1] == 0xff && sum == 0,
           "the screen's EDID begins as such, and sums to zero");
}

static void check_framebuffer(struct stub *stub)
{
    const struct limine_framebuffer_response *response = request_answer(&requests.framebuffer);
    const uint64_t *list;
    const struct limine_framebuffer *fb;

    if (response == 0) {
        tap_skip(&stub->tap, "the machine has none", "the framebuffer is sound");
        return;
    }
    if (!tap_ok(&stub->tap, response->framebuffer_count > 0, "there is a framebuffer"))
        return;
    list = request_pointer(response->framebuffers);
    fb = request_pointer(list[0]);
    tap_note("framebuffer: %lux%lu, %u bits, %lu bytes a line", fb->width, fb->height, fb->bpp,
             fb->pitch);
    if (!tap_ok(&stub->tap, framebuffer_sound(fb), "its size, pitch and colour masks make sense"))
        return;
    tap_ok(&stub->tap, framebuffer_in_map(stub, fb), "the memory map calls it a framebuffer");
    check_edid(&stub->tap, fb);
    if (response->revision < 1)
        tap_skip(&stub->tap, "the response has revision 0", "its list of modes");
    else
        check_modes(&stub->tap, fb);
}

#define YEAR_2020 INT64_C(1577836800)
#define YEAR_2200 INT64_C(7258118400)

static void check_date(struct tap *tap)
{
    const struct limine_date_at_boot_response *date = request_answer(&requests.date_at_boot);

    if (!tap_ok(tap, date != 0, "the date at boot is told"))
        return;
    if (!tap_ok(tap, date->timestamp >= YEAR_2020 && date->timestamp < YEAR_2200,
                "it lies between 2020 and 2200"))
        tap_note("%ld seconds after 1970", date->timestamp);
}

void check_answers(struct stub *stub)
{
    check_bootloader(&stub->tap);
    check_firmware_type(&stub->tap);
    check_hhdm(stub);
    check_acknowledged(&stub->tap);
    check_framebuffer(stub);
    check_date(&stub->tap);
}
