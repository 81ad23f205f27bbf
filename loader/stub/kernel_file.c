/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Section headers and symbols.  The loader has checked program headers alone, so everything
 * else in the file is looked at with care.
 */
#include "loader/stub/kernel_file.h"

#include <elf.h>

#include "loader/limine.h"
#include "loader/stub/entry.h"
#include "loader/stub/requests.h"

struct file {
    const uint8_t *bytes;
    uint64_t size;
    const Elf64_Shdr *section;
    unsigned count;
    unsigned names;
};

static bool inside(const struct file *file, uint64_t offset, uint64_t bytes)
{
    return offset <= file->size && bytes <= file->size - offset;
}

static bool open_file(struct file *file)
{
    const struct limine_executable_file_response *response =
        request_answer(&requests.executable_file);
    const struct limine_file *given =
        response != 0 ? request_pointer(response->executable_file) : 0;
    const Elf64_Ehdr *head;

    if (given == 0 || given->size < sizeof(*head))
        return false;
    head = request_pointer(given->address);
    *file = (struct file){.bytes = request_pointer(given->address),
                          .size = given->size,
                          .count = head->e_shnum,
                          .names = head->e_shstrndx};
    if (head->e_shentsize != sizeof(Elf64_Shdr) || head->e_shoff % _Alignof(Elf64_Shdr) != 0 ||
        !inside(file, head->e_shoff, (uint64_t)file->count * sizeof(Elf64_Shdr)))
        return false;
    file->section = (const Elf64_Shdr *)(file->bytes + head->e_shoff);
    return file->count > 0;
}

/* The contents of section `index`; null if there is no such one, or it isn't all in the file. */
static const void *contents(const struct file *file, unsigned index, uint64_t *ret_bytes)
{
    const Elf64_Shdr *section;

    if (index == SHN_UNDEF || index >= file->count)
        return 0;
    section = &file->section[index];
    if (section->sh_type == SHT_NOBITS || !inside(file, section->sh_offset, section->sh_size))
        return 0;
    *ret_bytes = section->sh_size;
    return file->bytes + section->sh_offset;
}

uint64_t kernel_file_slide(const void *file)
{
    return (uint64_t)elf_entry - ((const Elf64_Ehdr *)file)->e_entry;
}

bool kernel_file_sections(struct pgt_elf_sections *ret_sections, uint64_t *ret_slide)
{
    uint64_t names_bytes = 0;
    const char *names;
    struct file file;

    if (!open_file(&file))
        return false;
    names = contents(&file, file.names, &names_bytes);
    *ret_sections = (struct pgt_elf_sections){.headers = file.section,
                                              .bytes = file.count * sizeof(Elf64_Shdr),
                                              .entry_bytes = sizeof(Elf64_Shdr),
                                              .names = names,
                                              .names_bytes = names_bytes};
    *ret_slide = kernel_file_slide(file.bytes);
    return true;
}

static bool read_symbols(const struct file *file, unsigned index, struct pgt_symbols *ret_symbols)
{
    uint64_t bytes = 0, strings_bytes = 0;
    const void *symbols = contents(file, index, &bytes);
    const char *strings = contents(file, file->section[index].sh_link, &strings_bytes);

    _Static_assert(sizeof(struct pgt_symbol) == sizeof(Elf64_Sym), "laid out alike");
    if (symbols == 0 || strings == 0 || (uint64_t)symbols % _Alignof(struct pgt_symbol) != 0)
        return false;
    *ret_symbols = (struct pgt_symbols){.symbol = symbols,
                                        .count = bytes / sizeof(struct pgt_symbol),
                                        .strings = strings,
                                        .strings_bytes = strings_bytes,
                                        .slide = kernel_file_slide(file->bytes)};
    return true;
}

bool kernel_file_symbols(struct pgt_symbols *ret_symbols)
{
    struct file file;

    *ret_symbols = (struct pgt_symbols){0};
    if (!open_file(&file))
        return false;
    for (unsigned i = 0; i < file.count; i++) {
        if (file.section[i].sh_type == SHT_SYMTAB)
            return read_symbols(&file, i, ret_symbols);
    }
    return false;
}
