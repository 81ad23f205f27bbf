/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSF: a header, the glyphs, and then, if the header says so, a list that gives
 * the Unicode characters that each glyph stands for.
 */
#include "loader/stub/font.h"

#include "loader/stub/mem.h"

#define PSF1_MAGIC        UINT16_C(0x0436)
#define PSF1_MODE_512     1u
#define PSF1_MODE_UNICODE 6u /* either bit */
#define PSF1_SEPARATOR    UINT16_C(0xffff)
#define PSF1_SEQUENCE     UINT16_C(0xfffe)

#define PSF2_MAGIC     UINT32_C(0x864ab572)
#define PSF2_UNICODE   1u
#define PSF2_SEPARATOR 0xff
#define PSF2_SEQUENCE  0xfe

#define LARGEST 64

struct psf1 {
    uint16_t magic;
    uint8_t mode;
    uint8_t height;
};

struct psf2 {
    uint32_t magic;
    uint32_t version;
    uint32_t head_bytes;
    uint32_t flags;
    uint32_t glyphs;
    uint32_t glyph_bytes;
    uint32_t height;
    uint32_t width;
};

/* What both versions come down to. */
struct psf {
    const uint8_t *glyph;
    uint32_t glyphs;
    uint32_t glyph_bytes;
    const uint8_t *list; /* null: glyph n stands for character n */
    const uint8_t *end;
};

static bool read_psf1(struct font *font, struct psf *psf, const uint8_t *file, size_t bytes)
{
    const struct psf1 *head = (const struct psf1 *)file;

    if (bytes < sizeof(*head) || head->magic != PSF1_MAGIC)
        return false;
    font->width = 8;
    font->height = head->height;
    psf->glyphs = head->mode & PSF1_MODE_512 ? 512 : 256;
    psf->glyph_bytes = head->height;
    psf->glyph = file + sizeof(*head);
    psf->list = head->mode & PSF1_MODE_UNICODE ? psf->glyph + psf->glyphs * psf->glyph_bytes : 0;
    return true;
}

static bool read_psf2(struct font *font, struct psf *psf, const uint8_t *file, size_t bytes)
{
    const struct psf2 *head = (const struct psf2 *)file;

    if (bytes < sizeof(*head) || head->magic != PSF2_MAGIC || head->head_bytes > bytes)
        return false;
    font->width = head->width;
    font->height = head->height;
    psf->glyphs = head->glyphs;
    psf->glyph_bytes = head->glyph_bytes;
    psf->glyph = file + head->head_bytes;
    psf->list =
        head->flags & PSF2_UNICODE ? psf->glyph + (size_t)psf->glyphs * psf->glyph_bytes : 0;
    return true;
}

/* A list of 16-bit characters for each glyph; sequences of several are passed over,
 * since none of them is ASCII. */
static void assign_psf1(struct font *font, const struct psf *psf)
{
    const uint8_t *at = psf->list;
    bool sequence = false;

    for (uint32_t glyph = 0; glyph < psf->glyphs && psf->end - at >= 2; at += 2) {
        uint16_t character = (uint16_t)(at[0] | at[1] << 8);

        if (character == PSF1_SEPARATOR) {
            glyph++;
            sequence = false;
        } else if (character == PSF1_SEQUENCE) {
            sequence = true;
        } else if (!sequence && character < FONT_CHARACTERS) {
            font->glyph[character] = psf->glyph + (size_t)glyph * psf->glyph_bytes;
        }
    }
}

/* The same in UTF-8, of which ASCII is all that has the highest bit clear. */
static void assign_psf2(struct font *font, const struct psf *psf)
{
    const uint8_t *at = psf->list;
    bool sequence = false;

    for (uint32_t glyph = 0; glyph < psf->glyphs && at < psf->end; at++) {
        if (*at == PSF2_SEPARATOR) {
            glyph++;
            sequence = false;
        } else if (*at == PSF2_SEQUENCE) {
            sequence = true;
        } else if (!sequence && *at < FONT_CHARACTERS) {
            font->glyph[*at] = psf->glyph + (size_t)glyph * psf->glyph_bytes;
        }
    }
}

bool font_read(struct font *ret_font, const uint8_t *file, size_t bytes)
{
    struct font *font = ret_font;
    struct psf psf = {.end = file + bytes};
    bool second = false;

    if (!read_psf1(font, &psf, file, bytes)) {
        second = read_psf2(font, &psf, file, bytes);
        if (!second)
            return false;
    }
    font->line_bytes = (font->width + 7) / 8;
    font->scale = 1;
    if (font->height == 0 || font->height > LARGEST || font->width == 0 || font->width > LARGEST ||
        psf.glyph_bytes < font->height * font->line_bytes || psf.glyphs < FONT_CHARACTERS ||
        (size_t)(psf.end - psf.glyph) / psf.glyph_bytes < psf.glyphs)
        return false;
    for (unsigned i = 0; i < FONT_CHARACTERS; i++)
        font->glyph[i] = psf.glyph + (size_t)i * psf.glyph_bytes;
    if (psf.list != 0)
        (second ? assign_psf2 : assign_psf1)(font, &psf);
    return true;
}
