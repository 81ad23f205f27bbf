/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that each answer says what the protocol wants, at every base revision; that
 * what is absent or not asked for stays untouched; and that counting and
 * writing agree for every choice of features.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "loader/tests/respond_machine.h"

/* The response to a feature that alone is asked for. */
static const void *answer(struct respond_machine *machine, enum ldr_feature feature)
{
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        respond_ask(machine, (enum ldr_feature)i, i == feature);
    respond_now(machine);
    return respond_to(machine, feature);
}

static void assert_no_answer(struct respond_machine *machine, enum ldr_feature feature)
{
    respond_ask(machine, feature, true);
    respond_now(machine);
    assert_int_equal(respond_word(machine, feature), RESPOND_UNTOUCHED);
    respond_ask(machine, feature, false);
}

static void the_tag_at_every_revision(void **state)
{
    struct respond_machine *machine = *state;
    for (uint64_t revision = 0; revision <= 6; revision++) {
        respond_set_revision(machine, revision);
        respond_now(machine); /* which checks words 1 and 2 */
    }
    machine->requests.tagged = false;
    respond_set_revision(machine, 0);
    machine->requests.tagged = false;
    respond_now(machine);
    assert_int_equal(machine->arena.used, 0);
}

static void bare_responses(void **state)
{
    struct respond_machine *machine = *state;
    const enum ldr_feature bare[] = {LDR_STACK_SIZE, LDR_ENTRY_POINT};
    for (unsigned i = 0; i < 2; i++) {
        const struct limine_response *response = answer(machine, bare[i]);
        assert_int_equal(response->revision, 0);
        assert_int_equal(machine->arena.used, 8);
    }
}

static void numbers(void **state)
{
    struct respond_machine *machine = *state;
    const struct limine_firmware_type_response *firmware = answer(machine, LDR_FIRMWARE_TYPE);
    assert_int_equal(firmware->revision, 0);
    assert_int_equal(firmware->firmware_type, 2); /* 64-bit UEFI */

    const struct limine_hhdm_response *hhdm = answer(machine, LDR_HHDM);
    assert_int_equal(hhdm->revision, 0);
    assert_int_equal(hhdm->offset, machine->plan.hhdm);

    const struct limine_executable_address_response *address =
        answer(machine, LDR_EXECUTABLE_ADDRESS);
    assert_int_equal(address->revision, 0);
    assert_int_equal(address->physical_base, 0x600000);
    assert_int_equal(address->virtual_base, UINT64_C(0xffffffff80000000));

    const struct limine_date_at_boot_response *date = answer(machine, LDR_DATE_AT_BOOT);
    assert_int_equal(date->revision, 0);
    assert_int_equal(date->timestamp, -5);
}

static void the_paging_mode_that_is_on(void **state)
{
    struct respond_machine *machine = *state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        machine->plan.arch.levels = (uint8_t)levels;
        const struct limine_paging_mode_response *paging = answer(machine, LDR_PAGING_MODE);
        assert_int_equal(paging->revision, 0);
        assert_int_equal(paging->mode, levels - 4);
        assert_int_equal(machine->arena.used, 16);
    }
}

static void bootloader_info(void **state)
{
    struct respond_machine *machine = *state;
    const struct limine_bootloader_info_response *response = answer(machine, LDR_BOOTLOADER_INFO);
    assert_int_equal(response->revision, 0);
    assert_string_equal(respond_at(response->name), LDR_NAME);
    assert_string_equal(respond_at(response->version), LDR_VERSION);
}

static uint64_t told(const struct respond_machine *machine, char how, uint64_t phys)
{
    return how == 'p' ? phys : machine->plan.hhdm + phys;
}

/* By base revision: p for a physical address, v for one in the direct map. */
static void where_firmware_tables_lie(void **state)
{
    struct respond_machine *machine = *state;
    for (unsigned revision = 0; revision <= 6; revision++) {
        respond_set_revision(machine, revision);
        const struct limine_rsdp_response *rsdp = answer(machine, LDR_RSDP);
        assert_int_equal(rsdp->revision, 0);
        assert_int_equal(rsdp->address, told(machine, "vvvpvvv"[revision], 0x7000));

        const struct limine_smbios_response *smbios = answer(machine, LDR_SMBIOS);
        assert_int_equal(smbios->revision, 0);
        assert_int_equal(smbios->entry_32, told(machine, "vvvppvv"[revision], 0x8000));
        assert_int_equal(smbios->entry_64, told(machine, "vvvppvv"[revision], 0x9000));

        const struct limine_efi_system_table_response *efi = answer(machine, LDR_EFI_SYSTEM_TABLE);
        assert_int_equal(efi->revision, 0);
        assert_int_equal(efi->address, told(machine, "vvvppvv"[revision], 0xa000));
    }
}

static void one_smbios_entry_of_two(void **state)
{
    struct respond_machine *machine = *state;
    for (unsigned revision = 0; revision <= 6; revision++) {
        respond_set_revision(machine, revision);
        machine->machine.smbios_32 = 0;
        machine->machine.smbios_64 = 0x9000;
        const struct limine_smbios_response *smbios = answer(machine, LDR_SMBIOS);
        assert_int_equal(smbios->entry_32, 0);
        assert_int_equal(smbios->entry_64, told(machine, "vvvppvv"[revision], 0x9000));
        machine->machine.smbios_32 = 0x8000;
        machine->machine.smbios_64 = 0;
        smbios = answer(machine, LDR_SMBIOS);
        assert_int_equal(smbios->entry_32, told(machine, "vvvppvv"[revision], 0x8000));
        assert_int_equal(smbios->entry_64, 0);
    }
}

static void what_is_absent_stays_untouched(void **state)
{
    struct respond_machine *machine = *state;
    machine->machine = (struct ldr_machine){0};
    machine->answers.module_count = 0;
    for (unsigned revision = 0; revision <= 6; revision++) {
        respond_set_revision(machine, revision);
        assert_no_answer(machine, LDR_FRAMEBUFFER);
        assert_no_answer(machine, LDR_RSDP);
        assert_no_answer(machine, LDR_SMBIOS);
        assert_no_answer(machine, LDR_EFI_SYSTEM_TABLE);
        assert_no_answer(machine, LDR_DATE_AT_BOOT);
        assert_no_answer(machine, LDR_MODULE);
    }
}

static void the_framebuffer_in_its_one_mode(void **state)
{
    struct respond_machine *machine = *state;
    const struct limine_framebuffer_response *response = answer(machine, LDR_FRAMEBUFFER);
    assert_int_equal(response->revision, 1);
    assert_int_equal(response->framebuffer_count, 1);
    const uint64_t *pointer = respond_at(response->framebuffers);
    const struct limine_framebuffer *screen = respond_at(pointer[0]);
    assert_int_equal(screen->address, machine->plan.hhdm + 0x80000000);
    assert_int_equal(screen->width, 1024);
    assert_int_equal(screen->height, 768);
    assert_int_equal(screen->pitch, 4096);
    assert_int_equal(screen->bpp, 32);
    assert_int_equal(screen->memory_model, 1);
    assert_int_equal(screen->red_mask_size, 8);
    assert_int_equal(screen->red_mask_shift, 16);
    assert_int_equal(screen->green_mask_size, 7);
    assert_int_equal(screen->green_mask_shift, 9);
    assert_int_equal(screen->blue_mask_size, 6);
    assert_int_equal(screen->blue_mask_shift, 1);
    assert_int_equal(screen->edid_size, 0);
    assert_int_equal(screen->edid, 0);
    assert_int_equal(screen->mode_count, 1);
    pointer = respond_at(screen->modes);
    const struct limine_video_mode *mode = respond_at(pointer[0]);
    assert_int_equal(mode->width, 1024);
    assert_int_equal(mode->height, 768);
    assert_int_equal(mode->pitch, 4096);
    assert_int_equal(mode->bpp, 32);
    assert_int_equal(mode->memory_model, 1);
    assert_memory_equal(&mode->red_mask_size, &screen->red_mask_size, 6);
}

/* The modes that are told are the list's, whichever is set, and the EDID is a copy. */
static void the_screens_modes_and_its_edid(void **state)
{
    static const struct ldr_framebuffer mode[] = {
        {.width = 640, .height = 480, .pitch = 2560, .bpp = 32, .red_size = 8, .red_shift = 16},
        {.width = 1024, .height = 768, .pitch = 4096, .bpp = 32, .green_size = 8},
        {.width = 1920, .height = 1080, .pitch = 8192, .bpp = 32, .blue_size = 8, .blue_shift = 3},
    };
    struct respond_machine *machine = *state;
    uint8_t edid[256];
    for (unsigned i = 0; i < sizeof edid; i++)
        edid[i] = (uint8_t)(7 * i);
    machine->machine.mode = mode;
    machine->machine.mode_count = 3;
    machine->machine.edid = edid;
    machine->machine.edid_bytes = sizeof edid;
    const struct limine_framebuffer_response *response = answer(machine, LDR_FRAMEBUFFER);
    const uint64_t *pointer = respond_at(response->framebuffers);
    const struct limine_framebuffer *screen = respond_at(pointer[0]);
    assert_int_equal(screen->width, 1024);
    assert_int_equal(screen->edid_size, sizeof edid);
    assert_ptr_not_equal(respond_at(screen->edid), edid);
    assert_memory_equal(respond_at(screen->edid), edid, sizeof edid);
    assert_int_equal(screen->mode_count, 3);
    pointer = respond_at(screen->modes);
    for (unsigned i = 0; i < 3; i++) {
        const struct limine_video_mode *told_mode = respond_at(pointer[i]);
        assert_int_equal(told_mode->width, mode[i].width);
        assert_int_equal(told_mode->height, mode[i].height);
        assert_int_equal(told_mode->pitch, mode[i].pitch);
        assert_int_equal(told_mode->bpp, 32);
        assert_int_equal(told_mode->memory_model, 1);
        assert_int_equal(told_mode->red_mask_size, mode[i].red_size);
        assert_int_equal(told_mode->green_mask_size, mode[i].green_size);
        assert_int_equal(told_mode->blue_mask_shift, mode[i].blue_shift);
    }
}

static void assert_file(const struct respond_machine *machine, uint64_t address,
                        const struct ldr_file *file)
{
    const struct limine_file *told_file = respond_at(address);
    assert_int_equal(address % 8, 0);
    assert_int_equal(told_file->revision, 0);
    assert_int_equal(told_file->address, machine->plan.hhdm + file->phys);
    assert_int_equal(told_file->size, file->bytes);
    assert_string_equal(respond_at(told_file->path), file->path);
    assert_string_equal(respond_at(told_file->string), file->cmdline);
    /* Copies: the loader's own texts are gone when the kernel runs. */
    assert_true(respond_at(told_file->path) != file->path);
    assert_true(respond_at(told_file->string) != file->cmdline);
    assert_int_equal(told_file->media_type, 0);
    assert_int_equal(told_file->unused, 0);
    assert_int_equal(told_file->tftp_ip, 0);
    assert_int_equal(told_file->tftp_port, 0);
    assert_int_equal(told_file->partition_index, 1);
    assert_int_equal(told_file->mbr_disk_id, 0xabcdef01);
    assert_memory_equal(&told_file->gpt_disk_uuid, &file->gpt_disk_uuid, 16);
    assert_memory_equal(&told_file->gpt_part_uuid, &file->gpt_part_uuid, 16);
    assert_memory_equal(&told_file->part_uuid, &file->part_uuid, 16);
}

static void the_executable_file_and_its_command_line(void **state)
{
    struct respond_machine *machine = *state;
    const struct limine_executable_file_response *file = answer(machine, LDR_EXECUTABLE_FILE);
    assert_int_equal(file->revision, 0);
    assert_file(machine, file->executable_file, &machine->kernel);

    const struct limine_executable_cmdline_response *line = answer(machine, LDR_EXECUTABLE_CMDLINE);
    assert_int_equal(line->revision, 0);
    assert_string_equal(respond_at(line->cmdline), "quiet debug");

    /* Asked for together, both point at the same memory. */
    respond_ask(machine, LDR_EXECUTABLE_FILE, true);
    respond_now(machine);
    file = respond_to(machine, LDR_EXECUTABLE_FILE);
    line = respond_to(machine, LDR_EXECUTABLE_CMDLINE);
    const struct limine_file *told_file = respond_at(file->executable_file);
    assert_int_equal(told_file->string, line->cmdline);
}

static void modules(void **state)
{
    struct respond_machine *machine = *state;
    for (size_t count = 1; count <= 3; count++) {
        machine->answers.module_count = count;
        const struct limine_module_response *response = answer(machine, LDR_MODULE);
        assert_int_equal(response->revision, 2);
        assert_int_equal(response->module_count, count);
        const uint64_t *pointer = respond_at(response->modules);
        for (size_t i = 0; i < count; i++)
            assert_file(machine, pointer[i], &machine->module[i]);
    }
}

/* respond_now() itself checks that both agree, in an arena without a byte to spare. */
static void every_choice_of_features(void **state)
{
    struct respond_machine *machine = *state;
    const char *given = getenv("LDR_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) | 1;
    print_message("LDR_SEED=%#llx\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 3000; round++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        uint64_t asked = round == 0 ? UINT64_MAX : seed;
        respond_set_revision(machine, (seed >> 32) % 7);
        for (unsigned i = 0; i < LDR_FEATURES; i++)
            respond_ask(machine, (enum ldr_feature)i, asked >> i & 1);
        respond_now(machine);
        for (unsigned i = 0; i < LDR_FEATURES; i++) {
            uint64_t word = respond_word(machine, (enum ldr_feature)i);
            assert_int_equal(word != RESPOND_UNTOUCHED, asked >> i & 1);
            uint64_t offset = word - (uint64_t)(uintptr_t)machine->arena.memory;
            if (asked >> i & 1)
                assert_true(offset % 8 == 0 && offset < machine->arena.bytes);
        }
    }
}

/* Contract broken by the caller: answers are missing, memory is not overrun. */
static void an_arena_that_is_too_small(void **state)
{
    struct respond_machine *machine = *state;
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        respond_ask(machine, (enum ldr_feature)i, true);
    respond_now(machine);
    size_t whole = machine->arena.bytes;
    machine->plan.hhdm = 0; /* tells this round's pointers from the last one's */
    for (size_t bytes = 1; bytes < whole; bytes += 61) {
        struct ldr_arena small = {.memory = malloc(bytes), .phys = RESPOND_PHYS, .bytes = bytes};
        const struct ldr_region region = {0x1000, 0x1000, LDR_USABLE};
        ldr_respond(&machine->answers, &small, machine->image_memory, &machine->late);
        ldr_respond_memory(&machine->answers, &machine->late, &region, 1, "m", 1, 48, 1);
        assert_int_equal(small.used, whole);
        for (unsigned i = 0; i < LDR_FEATURES; i++) {
            uint64_t word = respond_word(machine, (enum ldr_feature)i);
            assert_true(word > UINT32_MAX || word - RESPOND_PHYS < bytes);
        }
        free(small.memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MACHINE(the_tag_at_every_revision),
        WITH_MACHINE(bare_responses),
        WITH_MACHINE(numbers),
        WITH_MACHINE(the_paging_mode_that_is_on),
        WITH_MACHINE(bootloader_info),
        WITH_MACHINE(where_firmware_tables_lie),
        WITH_MACHINE(one_smbios_entry_of_two),
        WITH_MACHINE(what_is_absent_stays_untouched),
        WITH_MACHINE(the_framebuffer_in_its_one_mode),
        WITH_MACHINE(the_screens_modes_and_its_edid),
        WITH_MACHINE(the_executable_file_and_its_command_line),
        WITH_MACHINE(modules),
        WITH_MACHINE(every_choice_of_features),
        WITH_MACHINE(an_arena_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
