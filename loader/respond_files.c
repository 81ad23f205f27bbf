/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers about loaded files: the kernel's own, and the modules.
 */
#include "loader/respond_parts.h"

/* `string` is where the command line was put. */
static uint64_t put_file(struct ldr_writer *writer, const struct ldr_file *file, uint64_t string)
{
    struct limine_file told = {
        .address = writer->answers->plan->hhdm + file->phys,
        .size = file->bytes,
        .path = ldr_put_text(writer, file->path),
        .string = string,
        .partition_index = file->partition_index,
        .mbr_disk_id = file->mbr_disk_id,
        .gpt_disk_uuid = file->gpt_disk_uuid,
        .gpt_part_uuid = file->gpt_part_uuid,
        .part_uuid = file->part_uuid,
    };
    return ldr_put(writer, &told, sizeof told);
}

uint64_t ldr_answer_executable_file(struct ldr_writer *writer)
{
    struct limine_executable_file_response response = {
        .executable_file = put_file(writer, writer->answers->kernel, writer->kernel_cmdline),
    };
    return ldr_put(writer, &response, sizeof response);
}

/* Internal modules come first, which were loaded by then (revision 1), and decompressed where
 * that was wanted (revision 2). */
uint64_t ldr_answer_modules(struct ldr_writer *writer)
{
    const struct ldr_answers *answers = writer->answers;
    if (answers->module_count == 0)
        return 0;
    struct limine_module_response response = {.revision = 2,
                                              .module_count = answers->module_count};
    uint64_t *pointer =
        ldr_keep(writer, answers->module_count * sizeof *pointer, &response.modules);
    for (size_t i = 0; i < answers->module_count; i++) {
        const struct ldr_file *module = &answers->module[i];
        uint64_t file = put_file(writer, module, ldr_put_text(writer, module->cmdline));
        if (pointer != NULL)
            pointer[i] = file;
    }
    return ldr_put(writer, &response, sizeof response);
}
