/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/pagetables_request.h"
#include "loader/tests/requests_kernel.h"
#include "pagetables/pagetables.h"

static const uint64_t feature_id[LDR_FEATURES][4] = {
    [LDR_BOOTLOADER_INFO] = LIMINE_BOOTLOADER_INFO,
    [LDR_FIRMWARE_TYPE] = LIMINE_FIRMWARE_TYPE,
    [LDR_STACK_SIZE] = LIMINE_STACK_SIZE,
    [LDR_HHDM] = LIMINE_HHDM,
    [LDR_FRAMEBUFFER] = LIMINE_FRAMEBUFFER,
    [LDR_MEMMAP] = LIMINE_MEMMAP,
    [LDR_ENTRY_POINT] = LIMINE_ENTRY_POINT,
    [LDR_EXECUTABLE_FILE] = LIMINE_EXECUTABLE_FILE,
    [LDR_EXECUTABLE_CMDLINE] = LIMINE_EXECUTABLE_CMDLINE,
    [LDR_EXECUTABLE_ADDRESS] = LIMINE_EXECUTABLE_ADDRESS,
    [LDR_MODULE] = LIMINE_MODULE,
    [LDR_RSDP] = LIMINE_RSDP,
    [LDR_SMBIOS] = LIMINE_SMBIOS,
    [LDR_EFI_SYSTEM_TABLE] = LIMINE_EFI_SYSTEM_TABLE,
    [LDR_EFI_MEMMAP] = LIMINE_EFI_MEMMAP,
    [LDR_DATE_AT_BOOT] = LIMINE_DATE_AT_BOOT,
    [LDR_PAGING_MODE] = LIMINE_PAGING_MODE,
    [LDR_MP] = LIMINE_MP,
    [LDR_KEEP_IOMMU] = LIMINE_X86_64_KEEP_IOMMU,
    [LDR_TSC_FREQUENCY] = LIMINE_TSC_FREQUENCY,
    [LDR_ENTROPY] = LIMINE_ENTROPY,
    [LDR_PERFORMANCE] = LIMINE_BOOTLOADER_PERFORMANCE,
    [LDR_TPM_EVENT_LOG] = LIMINE_TPM_EVENT_LOG,
    [LDR_PAGETABLES] = LIMINE_PAGETABLES,
};

void requests_kernel_make(struct requests_kernel *kernel)
{
    *kernel = (struct requests_kernel){
        .image =
            {
                .name = "kernel.elf",
                .segment =
                    {
                        {.virt = REQUESTS_BASE + REQUESTS_TEXT,
                         .bytes = 0x1000,
                         .file_bytes = 0x1000,
                         .rights = PGT_READ | PGT_EXECUTE},
                        {.virt = REQUESTS_BASE + REQUESTS_DATA,
                         .bytes = REQUESTS_END - REQUESTS_DATA,
                         .file_bytes = REQUESTS_ZERO - REQUESTS_DATA,
                         .rights = PGT_READ | PGT_WRITE,
                         .index = 1},
                    },
                .segment_count = 2,
                .virt = REQUESTS_BASE,
                .bytes = REQUESTS_BYTES,
                .entry = REQUESTS_BASE + 0x10,
            },
        .memory = calloc(1, REQUESTS_BYTES),
    };
}

void requests_kernel_free(struct requests_kernel *kernel)
{
    free(kernel->memory);
}

int requests_kernel_begin(void **state)
{
    *state = malloc(sizeof(struct requests_kernel));
    requests_kernel_make(*state);
    return 0;
}

int requests_kernel_end(void **state)
{
    requests_kernel_free(*state);
    free(*state);
    return 0;
}

void requests_put(struct requests_kernel *kernel, uint64_t at, const uint64_t *word, size_t count)
{
    memcpy(kernel->memory + at, word, 8 * count);
}

void requests_put_feature(struct requests_kernel *kernel, uint64_t at, enum ldr_feature feature,
                          uint64_t revision)
{
    requests_put(kernel, at, feature_id[feature], 4);
    REQUESTS_PUT(kernel, at + 32, revision, 0);
}

void requests_put_tag(struct requests_kernel *kernel, uint64_t at, uint64_t revision)
{
    REQUESTS_PUT(kernel, at, UINT64_C(0xf9562b2d5c95a6c8), UINT64_C(0x6a7b384944536bdc), revision);
}

void requests_put_start(struct requests_kernel *kernel, uint64_t at)
{
    REQUESTS_PUT(kernel, at, UINT64_C(0xf6b8f4b39de7d1ae), UINT64_C(0xfab91a6940fcb9cf),
                 UINT64_C(0x785c6ed015d3e316), UINT64_C(0x181e920a7852b9d9));
}

void requests_put_end(struct requests_kernel *kernel, uint64_t at)
{
    REQUESTS_PUT(kernel, at, UINT64_C(0xadc0e0531bb10d03), UINT64_C(0x9572709f31764c62));
}

static void keep_line(void *context, const char *text)
{
    struct requests_kernel *kernel = context;
    kernel->lines++;
    strncpy(kernel->line, text, sizeof kernel->line - 1);
}

static enum ldr_status find(struct requests_kernel *kernel)
{
    struct ldr_log log = {keep_line, kernel};
    return ldr_requests_find(&kernel->requests, &kernel->image, kernel->memory, &log,
                             &kernel->report);
}

void requests_found(struct requests_kernel *kernel)
{
    enum ldr_status status = find(kernel);
    if (status != LDR_OK)
        print_error("%s\n", kernel->report.text);
    assert_int_equal(status, LDR_OK);
}

void requests_refused(struct requests_kernel *kernel, const char *part)
{
    struct ldr_requests before;
    memset(&before, 0xa5, sizeof before);
    kernel->requests = before;
    assert_int_equal(find(kernel), LDR_BAD_REQUEST);
    assert_int_equal(kernel->report.status, LDR_BAD_REQUEST);
    assert_memory_equal(&kernel->requests, &before, sizeof before);
    if (strstr(kernel->report.text, part) == NULL ||
        strncmp(kernel->report.text, "kernel.elf: ", 12) != 0)
        fail_msg("\"%s\" should name the file and say \"%s\"", kernel->report.text, part);
    /* A text cut off at the end of the report would lose what to do about it. */
    assert_true(strlen(kernel->report.text) < LDR_REPORT_BYTES - 1);
}
