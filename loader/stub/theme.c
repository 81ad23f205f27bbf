/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes for small and large screens.
 */
#include "loader/stub/theme.h"

#include "loader/stub/font.h"

/* Below this width the large title has no room; from this height on rows may be
 * taller; and from the last one on every pixel of a font is four on the screen. */
#define NARROW    1000
#define TALL      1050
#define VERY_TALL 1800

static bool read_fonts(struct theme *theme, bool tall, bool narrow)
{
    size_t regular_16 = (size_t)(font_regular_16_end - font_regular_16);
    size_t regular_24 = (size_t)(font_regular_24_end - font_regular_24);
    size_t bold_16 = (size_t)(font_bold_16_end - font_bold_16);
    size_t bold_24 = (size_t)(font_bold_24_end - font_bold_24);
    size_t bold_32 = (size_t)(font_bold_32_end - font_bold_32);
    bool body = tall ? font_read(&theme->body, font_regular_24, regular_24)
                     : font_read(&theme->body, font_regular_16, regular_16);
    bool bold = tall ? font_read(&theme->bold, font_bold_24, bold_24)
                     : font_read(&theme->bold, font_bold_16, bold_16);
    bool title = narrow ? font_read(&theme->title, font_bold_24, bold_24)
                        : font_read(&theme->title, font_bold_32, bold_32);

    return body && bold && title;
}

bool theme_choose(struct theme *ret_theme, const struct canvas *canvas)
{
    bool tall = canvas->height >= TALL && canvas->width >= 1600;
    unsigned scale = canvas->height >= VERY_TALL && canvas->width >= 2 * 1600 ? 2 : 1;

    if (!read_fonts(ret_theme, tall, canvas->width < NARROW))
        return false;
    ret_theme->body.scale = scale;
    ret_theme->bold.scale = scale;
    ret_theme->title.scale = scale;
    ret_theme->narrow = canvas->width < NARROW;
    ret_theme->margin = ret_theme->narrow ? 12 : 24 * (int)scale;
    ret_theme->line = (int)(ret_theme->body.height * scale * 5 / 4);
    ret_theme->heading = ret_theme->line * 3 / 2;
    return true;
}

colour theme_colour(unsigned rights, enum pgt_memory memory)
{
    if (rights & PGT_EXECUTE)
        return THEME_EXECUTE;
    if (memory != PGT_WRITE_BACK)
        return THEME_UNUSUAL;
    return rights & PGT_WRITE ? THEME_WRITE : THEME_READ;
}

const char *theme_memory_name(enum pgt_memory memory)
{
    static const char *const name[PGT_MEMORY_TYPES] = {
        [PGT_WRITE_BACK] = "WB",  [PGT_WRITE_THROUGH] = "WT",   [PGT_UNCACHED_MINUS] = "UC-",
        [PGT_UNCACHEABLE] = "UC", [PGT_WRITE_PROTECTED] = "WP", [PGT_WRITE_COMBINING] = "WC",
    };

    return memory < PGT_MEMORY_TYPES ? name[memory] : "?";
}
