/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers, one after the other: those that are a few numbers are made here, the
 * others in the files respond_*.c.
 */
#include "loader/respond.h"

#include <string.h>

#include "loader/respond_parts.h"

/* Zeroed, since not all that is kept is also filled: the memory map's last entries, for one. */
void *ldr_keep(struct ldr_writer *writer, size_t bytes, uint64_t *ret_address)
{
    struct ldr_arena *arena = writer->arena;
    size_t at = (arena->used + 7) & ~(size_t)7;
    arena->used = at + bytes;
    *ret_address = writer->answers->plan->hhdm + arena->phys + at;
    if (arena->memory == NULL || arena->used > arena->bytes)
        return NULL;
    return memset(arena->memory + at, 0, bytes);
}

uint64_t ldr_put(struct ldr_writer *writer, const void *from, size_t bytes)
{
    uint64_t address;
    void *to = ldr_keep(writer, bytes, &address);
    if (to != NULL)
        memcpy(to, from, bytes);
    return address;
}

uint64_t ldr_put_text(struct ldr_writer *writer, const char *text)
{
    return ldr_put(writer, text, strlen(text) + 1);
}

/* Stack size and entry point are answered by having been done, keeping the IOMMUs by being left
 * undone: a loader on x86 always can. */
static uint64_t answer_done(struct ldr_writer *writer)
{
    struct limine_response response = {.revision = 0};
    return ldr_put(writer, &response, sizeof response);
}

static uint64_t answer_bootloader_info(struct ldr_writer *writer)
{
    struct limine_bootloader_info_response response = {0};
    response.name = ldr_put_text(writer, LDR_NAME);
    response.version = ldr_put_text(writer, LDR_VERSION);
    return ldr_put(writer, &response, sizeof response);
}

/* This loader is an application of 64-bit UEFI, so it was never anything else. */
static uint64_t answer_firmware_type(struct ldr_writer *writer)
{
    struct limine_firmware_type_response response = {.firmware_type = LIMINE_FIRMWARE_EFI64};
    return ldr_put(writer, &response, sizeof response);
}

static uint64_t answer_hhdm(struct ldr_writer *writer)
{
    struct limine_hhdm_response response = {.offset = writer->answers->plan->hhdm};
    return ldr_put(writer, &response, sizeof response);
}

/* The same bytes that the executable file's `string` points at. */
static uint64_t answer_executable_cmdline(struct ldr_writer *writer)
{
    struct limine_executable_cmdline_response response = {.cmdline = writer->kernel_cmdline};
    return ldr_put(writer, &response, sizeof response);
}

static uint64_t answer_executable_address(struct ldr_writer *writer)
{
    struct limine_executable_address_response response = {
        .physical_base = writer->answers->plan->image_phys,
        .virtual_base = writer->answers->plan->image_virt,
    };
    return ldr_put(writer, &response, sizeof response);
}

/* A machine without a clock has no date, which is not the same as 1970. */
static uint64_t answer_date_at_boot(struct ldr_writer *writer)
{
    if (!writer->answers->machine->has_time)
        return 0;
    struct limine_date_at_boot_response response = {.timestamp = writer->answers->machine->time};
    return ldr_put(writer, &response, sizeof response);
}

/* How the kernel is told where a table of firmware's lies: base revisions from
 * `first` to `last` want its physical address, the others the one in the direct
 * map.  No table stays 0. */
static uint64_t table_address(const struct ldr_writer *writer, uint64_t phys, uint64_t first,
                              uint64_t last)
{
    uint64_t revision = writer->answers->plan->base_revision;
    if (phys == 0 || (revision >= first && revision <= last))
        return phys;
    return writer->answers->plan->hhdm + phys;
}

static uint64_t answer_rsdp(struct ldr_writer *writer)
{
    uint64_t phys = writer->answers->machine->rsdp;
    struct limine_rsdp_response response = {.address = table_address(writer, phys, 3, 3)};
    return phys == 0 ? 0 : ldr_put(writer, &response, sizeof response);
}

/* A machine may have either entry point, or both; the one that it lacks is told as 0. */
static uint64_t answer_smbios(struct ldr_writer *writer)
{
    const struct ldr_machine *machine = writer->answers->machine;
    struct limine_smbios_response response = {
        .entry_32 = table_address(writer, machine->smbios_32, 3, 4),
        .entry_64 = table_address(writer, machine->smbios_64, 3, 4),
    };
    if (response.entry_32 == 0 && response.entry_64 == 0)
        return 0;
    return ldr_put(writer, &response, sizeof response);
}

static uint64_t answer_efi_system_table(struct ldr_writer *writer)
{
    uint64_t phys = writer->answers->machine->efi_system_table;
    struct limine_efi_system_table_response response = {.address =
                                                            table_address(writer, phys, 3, 4)};
    return phys == 0 ? 0 : ldr_put(writer, &response, sizeof response);
}

static uint64_t answer_paging_mode(struct ldr_writer *writer)
{
    struct limine_paging_mode_response response = {
        .mode = writer->answers->plan->arch.levels == 5 ? LIMINE_PAGING_MODE_X86_64_5LVL
                                                        : LIMINE_PAGING_MODE_X86_64_4LVL,
    };
    return ldr_put(writer, &response, sizeof response);
}

/* Puts one feature's answer, and returns its address.  A table of functions would be three times as
 * large, as each of its entries has to be relocated. */
static uint64_t put_answer(struct ldr_writer *writer, enum ldr_feature feature)
{
    switch (feature) {
    case LDR_BOOTLOADER_INFO:
        return answer_bootloader_info(writer);
    case LDR_FIRMWARE_TYPE:
        return answer_firmware_type(writer);
    case LDR_STACK_SIZE:
    case LDR_ENTRY_POINT:
    case LDR_KEEP_IOMMU:
        return answer_done(writer);
    case LDR_HHDM:
        return answer_hhdm(writer);
    case LDR_FRAMEBUFFER:
        return ldr_answer_framebuffer(writer);
    case LDR_MEMMAP:
        return ldr_answer_memmap(writer);
    case LDR_EXECUTABLE_FILE:
        return ldr_answer_executable_file(writer);
    case LDR_EXECUTABLE_CMDLINE:
        return answer_executable_cmdline(writer);
    case LDR_EXECUTABLE_ADDRESS:
        return answer_executable_address(writer);
    case LDR_MODULE:
        return ldr_answer_modules(writer);
    case LDR_RSDP:
        return answer_rsdp(writer);
    case LDR_SMBIOS:
        return answer_smbios(writer);
    case LDR_EFI_SYSTEM_TABLE:
        return answer_efi_system_table(writer);
    case LDR_EFI_MEMMAP:
        return ldr_answer_efi_memmap(writer);
    case LDR_DATE_AT_BOOT:
        return answer_date_at_boot(writer);
    case LDR_PAGING_MODE:
        return answer_paging_mode(writer);
    case LDR_MP:
        return ldr_answer_mp(writer);
    case LDR_TSC_FREQUENCY:
        return ldr_answer_tsc_frequency(writer);
    case LDR_ENTROPY:
        return ldr_answer_entropy(writer);
    case LDR_PERFORMANCE:
        return ldr_answer_performance(writer);
    case LDR_TPM_EVENT_LOG:
        return ldr_answer_event_log(writer);
    case LDR_PAGETABLES:
        return ldr_answer_pagetables(writer);
    case LDR_FEATURES:
        break;
    }
    return 0;
}

/* Stores a word in the loaded image, which is bytes to us whatever alignment it has. */
static void set_word(void *image_memory, uint64_t offset, uint64_t word)
{
    memcpy((uint8_t *)image_memory + offset, &word, sizeof word);
}

/* Word 1 of the tag: the revision loaded.  Word 2: 0 says that it is the one asked for. */
static void answer_tag(const struct ldr_requests *requests, void *image_memory)
{
    if (!requests->tagged)
        return;
    set_word(image_memory, requests->tag + 8, requests->base_revision);
    set_word(image_memory, requests->tag + 16, 0);
}

void ldr_respond(const struct ldr_answers *answers, struct ldr_arena *arena, void *image_memory,
                 struct ldr_late *ret_late)
{
    const struct ldr_requests *requests = answers->requests;
    struct ldr_late late = {0};
    struct ldr_writer writer = {.answers = answers, .arena = arena, .late = &late};
    bool writes = arena->memory != NULL;

    arena->used = 0;
    if (requests->present[LDR_EXECUTABLE_FILE] || requests->present[LDR_EXECUTABLE_CMDLINE])
        writer.kernel_cmdline = ldr_put_text(&writer, answers->kernel->cmdline);
    for (unsigned feature = 0; feature < LDR_FEATURES; feature++) {
        if (!requests->present[feature])
            continue;
        uint64_t response = put_answer(&writer, (enum ldr_feature)feature);
        /* An arena smaller than was counted loses answers, never memory. */
        if (writes && response != 0 && arena->used <= arena->bytes)
            set_word(image_memory,
                     requests->request[feature] + offsetof(struct limine_request, response),
                     response);
    }
    if (writes)
        answer_tag(requests, image_memory);
    *ret_late = late;
}
