/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/boot/parts.h"
#include "loader/limine.h"
#include "loader/tests/elf_builder.h"

/* Room for the longest request, whose fields behind the response are all zero. */
struct request {
    uint64_t id[4];
    uint64_t revision;
    uint64_t response;
    uint64_t more[4];
};

/* All but an entry point and a paging mode, which zeros would make nonsense of. */
static const uint64_t wanted[][4] = {
    LIMINE_BOOTLOADER_INFO,
    LIMINE_FIRMWARE_TYPE,
    LIMINE_STACK_SIZE,
    LIMINE_HHDM,
    LIMINE_FRAMEBUFFER,
    LIMINE_MEMMAP,
    LIMINE_EXECUTABLE_FILE,
    LIMINE_EXECUTABLE_CMDLINE,
    LIMINE_EXECUTABLE_ADDRESS,
    LIMINE_MODULE,
    LIMINE_RSDP,
    LIMINE_SMBIOS,
    LIMINE_EFI_SYSTEM_TABLE,
    LIMINE_EFI_MEMMAP,
    LIMINE_DATE_AT_BOOT,
    LIMINE_MP,
    LIMINE_TSC_FREQUENCY,
    LIMINE_ENTROPY,
    LIMINE_BOOTLOADER_PERFORMANCE,
    LIMINE_TPM_EVENT_LOG,
};

/* Entropy is asked for by a buffer's length, processors with x2APIC mode. */
static uint64_t first_field(const uint64_t id[4])
{
    static const uint64_t entropy[] = LIMINE_ENTROPY, mp[] = LIMINE_MP;

    return id[2] == entropy[2] ? 4 : id[2] == mp[2] ? 1 : 0;
}

/* A full machine's can be placed by chance. */
const void *kernel_file(const struct machine *machine, size_t *ret_bytes)
{
    static struct elf_builder elf;
    static const uint64_t start[] = LIMINE_START_MARKER, end[] = LIMINE_END_MARKER;
    const uint64_t tag[] = {LIMINE_BASE_TAG_0, LIMINE_BASE_TAG_1, machine->base_revision};
    uint64_t at;

    if (machine->full)
        elf_builder_pie(&elf, 0);
    else
        elf_builder_exec(&elf);
    at = elf.base + ELF_DATA_AT;
    elf_builder_put(&elf, at, start, sizeof start);
    at += sizeof start;
    elf_builder_put(&elf, at, tag, sizeof tag);
    at += sizeof tag;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct request request = {.id = {wanted[i][0], wanted[i][1], wanted[i][2], wanted[i][3]},
                                  .more = {first_field(wanted[i])}};

        elf_builder_put(&elf, at, &request, sizeof request);
        at += sizeof request;
    }
    elf_builder_put(&elf, at, end, sizeof end);
    *ret_bytes = elf.file_bytes;
    return elf_builder_file(&elf);
}
