/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/text.h"

void pgt_put(struct pgt_line *line, const char *text)
{
    while (*text && line->length < PGT_LINE_BYTES - 1)
        line->text[line->length++] = *text++;
    line->text[line->length] = 0;
}

void pgt_put_number(struct pgt_line *line, uint64_t number, unsigned base, unsigned digits)
{
    char text[21];
    unsigned at = sizeof(text) - 1;
    text[at] = 0;
    while (at > 0 && (number || digits)) {
        text[--at] = "0123456789abcdef"[number % base];
        number /= base;
        digits -= digits > 0;
    }
    pgt_put(line, &text[at]);
}

void pgt_put_hex(struct pgt_line *line, uint64_t number, unsigned digits)
{
    pgt_put(line, "0x");
    pgt_put_number(line, number, 16, digits);
}

void pgt_put_column(struct pgt_line *line, unsigned column)
{
    while (line->length < column && line->length < PGT_LINE_BYTES - 1)
        pgt_put(line, " ");
}

void pgt_put_size(struct pgt_line *line, uint64_t bytes)
{
    static const char unit[][2] = {"K", "M", "G", "T", "P"};
    unsigned i = 0;
    for (bytes /= 1024; bytes % 1024 == 0 && i < 4; bytes /= 1024)
        i++;
    pgt_put_number(line, bytes, 10, 1);
    pgt_put(line, unit[i]);
}

void pgt_put_rights(struct pgt_line *line, unsigned rights)
{
    static const char name[] = "rwxug";
    char text[6] = "-----";
    for (unsigned i = 0; i < 5; i++)
        if (rights & (1u << i))
            text[i] = name[i];
    pgt_put(line, text);
}

void pgt_put_memory(struct pgt_line *line, enum pgt_memory memory)
{
    static const char name[PGT_MEMORY_TYPES][4] = {"WB", "WT", "UC-", "UC", "WP", "WC"};
    pgt_put(line, name[memory]);
}
