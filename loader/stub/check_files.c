/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that the loader read: the kernel's own, and modules.
 *
 * The command line may say what is to be expected, so that a test of the loader can
 * demand it:
 *     modules=N        there are N modules
 * and so may a module's:
 *     size=N           it has N bytes
 *     crc32=XXXXXXXX   this checksum (IEEE 802.3, hexadecimal)
 */
#include <elf.h>

#include "loader/stub/checks.h"
#include "loader/stub/kernel_file.h"
#include "loader/stub/mem.h"
#include "loader/stub/memory.h"
#include "loader/stub/requests.h"
#include "loader/stub/words.h"

#define TEXT_LIMIT 4096

/* Terminated, and an absolute path if it is one. */
static bool is_terminated(uint64_t address)
{
    return address != 0 && text_length(request_pointer(address), TEXT_LIMIT) < TEXT_LIMIT;
}

static bool is_path(uint64_t address)
{
    const char *path = request_pointer(address);

    return is_terminated(address) && path[0] == '/' && path[1] != '\0';
}

/* Does the file hold what is in memory?  Only segments that can't have changed. */
static uint64_t count_differences(const uint8_t *file, uint64_t bytes, unsigned *ret_compared)
{
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)file;
    uint64_t wrong = 0, slide = kernel_file_slide(file);

    for (unsigned i = 0; i < elf->e_phnum; i++) {
        const Elf64_Phdr *p = (const Elf64_Phdr *)(file + elf->e_phoff) + i;

        if (p->p_type != PT_LOAD || p->p_flags & PF_W || p->p_filesz == 0)
            continue;
        ++*ret_compared;
        wrong += p->p_filesz > bytes || p->p_offset > bytes - p->p_filesz ||
                 memcmp(file + p->p_offset, (const void *)(p->p_vaddr + slide), p->p_filesz) != 0;
    }
    return wrong;
}

static void check_elf(struct tap *tap, const struct limine_file *file)
{
    const Elf64_Ehdr *elf = request_pointer(file->address);
    unsigned compared = 0;
    uint64_t wrong;

    if (!tap_ok(tap,
                file->size > sizeof(*elf) && memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 &&
                    elf->e_machine == EM_X86_64,
                "the executable's file is a whole ELF file for x86-64"))
        return;
    wrong = count_differences(request_pointer(file->address), file->size, &compared);
    tap_equal(tap, compared, 2, "it has the segments of text and read-only data");
    tap_equal(tap, wrong, 0, "they are the bytes that are running");
}

static const struct limine_file *check_executable(struct tap *tap)
{
    const struct limine_executable_file_response *response =
        request_answer(&requests.executable_file);
    const struct limine_file *file;

    if (!tap_ok(tap, response != 0, "the executable's file is handed on"))
        return 0;
    file = request_pointer(response->executable_file);
    tap_equal(tap, file->address % PGT_PAGE, 0, "it is page aligned");
    check_elf(tap, file);
    if (tap_ok(tap, is_path(file->path), "its path is absolute"))
        tap_note("path: %s", (const char *)request_pointer(file->path));
    return file;
}

/* Returns the command line, empty if there is none. */
static const char *check_cmdline(struct tap *tap, const struct limine_file *file)
{
    const struct limine_executable_cmdline_response *response =
        request_answer(&requests.executable_cmdline);
    const char *line;

    if (!tap_ok(tap, response != 0 && is_terminated(response->cmdline),
                "the command line is handed on"))
        return "";
    line = request_pointer(response->cmdline);
    tap_note("command line: %s", line);
    if (file != 0) {
        tap_ok(tap,
               is_terminated(file->string) && memcmp(request_pointer(file->string), line,
                                                     text_length(line, TEXT_LIMIT) + 1) == 0,
               "the executable's file has the same");
    }
    return line;
}

/* In memory that is told as the modules', from first to last byte. */
static bool module_in_map(const struct stub *stub, const struct limine_file *file)
{
    uint64_t phys = file->address - stub->hhdm;
    const struct limine_memmap_entry *entry = memory_find(stub->memmap, phys);

    return entry != 0 && entry->type == LIMINE_MEMMAP_EXECUTABLE_AND_MODULES &&
           file->size <= entry->length - (phys - entry->base);
}

static void check_content(struct tap *tap, const struct limine_file *file, unsigned number)
{
    const char *string = request_pointer(file->string);
    uint64_t wanted;

    if (words_number(string, "size=", 10, &wanted))
        tap_equal(tap, file->size, wanted, "module %u has the size that its command line gives",
                  number);
    else
        tap_skip(tap, "its command line has no size=", "the size of module %u", number);
    if (words_number(string, "crc32=", 16, &wanted))
        tap_equal(tap, crc32(request_pointer(file->address), file->size), wanted,
                  "module %u has the checksum that its command line gives", number);
    else
        tap_skip(tap, "its command line has no crc32=", "the content of module %u", number);
}

/* The one that this kernel names itself comes before those of the configuration. */
static void check_internal(struct tap *tap, const struct limine_file *file, unsigned number)
{
    static const char name[] = INTERNAL_MODULE;
    const char *path = request_pointer(file->path);
    size_t length = text_length(path, TEXT_LIMIT);

    if (length >= sizeof(name) && memcmp(path + length + 1 - sizeof(name), name, sizeof(name)) == 0)
        tap_equal(tap, number, 1, "the kernel's own module comes first");
}

static void check_module(struct stub *stub, const struct limine_file *file, unsigned number)
{
    struct tap *tap = &stub->tap;

    if (!tap_ok(tap, is_path(file->path) && is_terminated(file->string),
                "module %u has a path and a command line", number))
        return;
    tap_note("module %u: %s, %lu bytes, \"%s\"", number, (const char *)request_pointer(file->path),
             file->size, (const char *)request_pointer(file->string));
    tap_equal(tap, file->address % PGT_PAGE, 0, "module %u is page aligned", number);
    tap_ok(tap, file->size == 0 || module_in_map(stub, file),
           "module %u lies in memory that is told as such", number);
    check_internal(tap, file, number);
    check_content(tap, file, number);
}

static void check_modules(struct stub *stub, const char *cmdline)
{
    const struct limine_module_response *response = request_answer(&requests.module.head);
    uint64_t count = response != 0 ? response->module_count : 0;
    const uint64_t *list = response != 0 ? request_pointer(response->modules) : 0;
    uint64_t wanted;

    if (words_number(cmdline, "modules=", 10, &wanted))
        tap_equal(&stub->tap, count, wanted, "there are as many modules as the command line says");
    if (count == 0)
        tap_skip(&stub->tap, "none was loaded", "modules");
    for (uint64_t i = 0; i < count; i++)
        check_module(stub, request_pointer(list[i]), (unsigned)i + 1);
}

void check_files(struct stub *stub)
{
    const struct limine_file *file = check_executable(&stub->tap);

    check_modules(stub, check_cmdline(&stub->tap, file));
}
