/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/symbols.h"

#include <string.h>

#include "loader/image_parts.h"
#include "loader/sections.h"

bool ldr_symbols_open(struct ldr_symbols *ret_symbols, const struct ldr_image *image)
{
    struct ldr_sections sections;
    Elf64_Shdr table, names;

    if (!ldr_sections_open(&sections, image) ||
        !ldr_section_by_type(&sections, SHT_SYMTAB, &table) || table.sh_link >= sections.count)
        return false;
    ldr_section_read(&sections, table.sh_link, &names);
    const uint8_t *entry = ldr_section_bytes(image, &table);
    const uint8_t *text = ldr_section_bytes(image, &names);
    if (entry == NULL || text == NULL || table.sh_entsize != sizeof(Elf64_Sym) ||
        names.sh_size == 0 || text[names.sh_size - 1] != '\0')
        return false;
    *ret_symbols = (struct ldr_symbols){.image = image,
                                        .entry = entry,
                                        .count = table.sh_size / sizeof(Elf64_Sym),
                                        .text = (const char *)text,
                                        .text_bytes = names.sh_size};
    return true;
}

bool ldr_symbol_read(const struct ldr_symbols *symbols, uint64_t index,
                     struct ldr_symbol *ret_symbol)
{
    Elf64_Sym symbol;

    memcpy(&symbol, symbols->entry + index * sizeof symbol, sizeof symbol);
    unsigned type = ELF64_ST_TYPE(symbol.st_info);
    if (symbol.st_name >= symbols->text_bytes || symbols->text[symbol.st_name] == '\0' ||
        symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || type > STT_FUNC)
        return false;
    *ret_symbol = (struct ldr_symbol){.name = symbols->text + symbol.st_name,
                                      .virt = symbol.st_value + symbols->image->slide,
                                      .bytes = symbol.st_size,
                                      .type = type};
    return true;
}

/* A label holds the one byte that it stands at. */
static bool holds(const struct ldr_symbol *symbol, uint64_t virt)
{
    return virt >= symbol->virt && virt - symbol->virt < (symbol->bytes ? symbol->bytes : 1);
}

bool ldr_symbol_at(const struct ldr_symbols *symbols, uint64_t virt, struct ldr_symbol *ret_symbol)
{
    struct ldr_symbol best = {0}, symbol;

    for (uint64_t i = 0; i < symbols->count; i++) {
        if (!ldr_symbol_read(symbols, i, &symbol) || !holds(&symbol, virt))
            continue;
        /* An object says more than the label of the section that begins with it. */
        if (best.name == NULL || symbol.bytes > 0)
            best = symbol;
    }
    *ret_symbol = best.name ? best : *ret_symbol;
    return best.name != NULL;
}

/* "NAME+0x10, ", or nothing. */
static void name_place(const struct ldr_image *image, uint64_t virt, char *text, size_t bytes)
{
    struct ldr_symbols symbols;
    struct ldr_symbol symbol;

    text[0] = '\0';
    if (!ldr_symbols_open(&symbols, image) || !ldr_symbol_at(&symbols, virt, &symbol))
        return;
    if (symbol.virt == virt)
        ldr_format(text, bytes, "%.*s, ", 40, symbol.name);
    else
        ldr_format(text, bytes, "%.*s+0x%lx, ", 40, symbol.name, virt - symbol.virt);
}

const char *ldr_where(const struct ldr_image *image, uint64_t virt, char text[LDR_WHERE_BYTES])
{
    const struct ldr_segment *segment = ldr_image_segment(image, virt, 1);
    char name[64];

    name_place(image, virt, name, sizeof name);
    if (segment == NULL)
        ldr_format(text, LDR_WHERE_BYTES, "0x%lx (%snot in the image)", virt, name);
    else if (virt - segment->virt >= segment->file_bytes)
        ldr_format(text, LDR_WHERE_BYTES, "0x%lx (%ssegment %u, zero-filled)", virt, name,
                   segment->index);
    else
        ldr_format(text, LDR_WHERE_BYTES, "0x%lx (%ssegment %u, file offset 0x%lx)", virt, name,
                   segment->index, segment->file_offset + (virt - segment->virt));
    return text;
}
