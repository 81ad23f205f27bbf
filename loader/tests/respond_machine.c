/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/respond_machine.h"

#define TAG_AT        0xf00
#define REQUEST_BYTES 64

static uint64_t request_at(enum ldr_feature feature)
{
    return REQUEST_BYTES * (uint64_t)feature;
}

static struct limine_uuid uuid(uint8_t first)
{
    struct limine_uuid made = {.a = first, .b = 1, .c = 2, .d = {1, 2, 3, 4, 5, 6, 7, 8}};
    return made;
}

static struct ldr_file file(uint64_t phys, const char *path, const char *cmdline)
{
    return (struct ldr_file){
        .phys = phys,
        .bytes = phys / 16 + 5,
        .path = path,
        .cmdline = cmdline,
        .partition_index = 1,
        .mbr_disk_id = 0xabcdef01,
        .gpt_disk_uuid = uuid(10),
        .gpt_part_uuid = uuid(20),
        .part_uuid = uuid(30),
    };
}

static void make_plan(struct respond_machine *machine)
{
    machine->plan = (struct ldr_plan){
        .arch = {.levels = 4,
                 .physical_bits = 40,
                 .pages_1g = true,
                 .no_execute = true,
                 .pat = PGT_PAT_LIMINE},
        .base_revision = 6,
        .handoff_virt = UINT64_C(0xffffffff80200000),
        .guard_below = UINT64_C(0xffff800000100000),
        .guard_above = UINT64_C(0xffff800000112000),
        .stack_top = UINT64_C(0xffff800000112000),
        .image_virt = UINT64_C(0xffffffff80000000),
        .image_phys = 0x600000,
        .image_bytes = RESPOND_IMAGE_BYTES,
        .run = machine->run,
        .capacity = RESPOND_RUNS,
    };
}

/* Real tables, of a few mappings in the higher half, sealed, and a second root on them. */
static void make_tables(struct respond_machine *machine)
{
    static const struct pgt_mapping mapping[] = {
        {.virt = LDR_HHDM_4_LEVELS, .phys = 0, .bytes = 0x203000, .rights = PGT_READ | PGT_WRITE},
        {.virt = UINT64_C(0xffffffff80000000),
         .phys = 0x600000,
         .bytes = 0x1000,
         .rights = PGT_READ | PGT_EXECUTE},
    };
    machine->frames = aligned_alloc(4096, RESPOND_FRAMES * 4096);
    const uint64_t phys = 0x300000;
    pgt_pool_init(&machine->pool, (uint64_t)(uintptr_t)machine->frames - phys);
    assert_true(pgt_pool_add(&machine->pool, phys, RESPOND_FRAMES));
    struct pgt_frames frames = pgt_pool_frames(&machine->pool);
    struct pgt_flush flush = {0};
    assert_int_equal(pgt_init(&machine->tables.kernel, &machine->plan.arch, &frames), PGT_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pgt_map(&machine->tables.kernel, &mapping[i], &flush), PGT_OK);
    assert_int_equal(pgt_seal(&machine->tables.kernel, LDR_HHDM_4_LEVELS, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&machine->tables.transition, &machine->tables.kernel, &frames),
                     PGT_OK);
}

/* A generator that always works, and no log that anybody reads. */
static bool fill_plainly(void *context, void *bytes, size_t count)
{
    (void)context;
    memset(bytes, 0x77, count);
    return true;
}

static void make_things(struct respond_machine *machine)
{
    static const struct ldr_entropy plain = {.fill = fill_plainly};
    static const uint8_t events[] = "events";
    machine->screen = (struct ldr_framebuffer){
        .phys = 0x80000000,
        .bytes = 0x300000,
        .width = 1024,
        .height = 768,
        .pitch = 4096,
        .bpp = 32,
        .red_size = 8,
        .red_shift = 16,
        .green_size = 7,
        .green_shift = 9,
        .blue_size = 6,
        .blue_shift = 1,
    };
    machine->machine = (struct ldr_machine){
        .rsdp = 0x7000,
        .smbios_32 = 0x8000,
        .smbios_64 = 0x9000,
        .efi_system_table = 0xa000,
        .has_time = true,
        .time = -5,
        .framebuffer = &machine->screen,
        .entropy = &plain,
        .tsc_hz = 3000000000,
        .times = {.known = true, .reset_usec = 1, .init_usec = 2},
        .event_log = {.format = LDR_EVENTS_TCG_2, .at = events, .bytes = sizeof events},
    };
    machine->kernel = file(0x700000, "/boot/kernel.elf", "quiet debug");
    machine->module[0] = file(0x800000, "/initrd", "");
    machine->module[1] = file(0x900000, "/b", "one two");
    machine->module[2] = file(0xa00000, "/a/path/of/some/length", "x");
    machine->verdict = (struct ldr_verdict){.leaves_4k = 11, .leaves_2m = 12, .leaves_1g = 13};
}

void respond_machine_make(struct respond_machine *machine)
{
    static const struct ldr_processor one = {.uid = 1, .apic_id = 2};
    static const struct ldr_processors processors = {.list = &one, .count = 1};
    memset(machine, 0, sizeof *machine);
    make_plan(machine);
    make_tables(machine);
    make_things(machine);
    machine->answers = (struct ldr_answers){
        .image = &machine->image,
        .requests = &machine->requests,
        .plan = &machine->plan,
        .tables = &machine->tables,
        .verdict = &machine->verdict,
        .machine = &machine->machine,
        .kernel = &machine->kernel,
        .module = machine->module,
        .module_count = 3,
        .processors = &processors,
        .memmap_capacity = 7,
        .efi_memmap_capacity = 100,
    };
    machine->image_memory = malloc(RESPOND_IMAGE_BYTES);
    respond_set_revision(machine, 6);
}

void respond_machine_free(struct respond_machine *machine)
{
    free(machine->arena.memory);
    free(machine->image_memory);
    free(machine->frames);
}

int respond_machine_begin(void **state)
{
    *state = malloc(sizeof(struct respond_machine));
    respond_machine_make(*state);
    return 0;
}

int respond_machine_end(void **state)
{
    respond_machine_free(*state);
    free(*state);
    return 0;
}

void respond_set_revision(struct respond_machine *machine, uint64_t revision)
{
    machine->requests.base_revision = revision;
    machine->plan.base_revision = revision;
    machine->requests.tagged = true;
    machine->requests.tag = TAG_AT;
}

void respond_ask(struct respond_machine *machine, enum ldr_feature feature, bool ask)
{
    machine->requests.present[feature] = ask;
    machine->requests.request[feature] = request_at(feature);
}

/* The image before it is answered. */
static void fill_image(uint8_t *image, uint64_t revision)
{
    const uint64_t tag[3] = {LIMINE_BASE_TAG_0, LIMINE_BASE_TAG_1, revision};
    const uint64_t untouched = RESPOND_UNTOUCHED;
    memset(image, 0x5a, RESPOND_IMAGE_BYTES);
    memcpy(image + TAG_AT, tag, sizeof tag);
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        memcpy(image + request_at((enum ldr_feature)i) + 40, &untouched, 8);
}

/* Nothing in the image may have changed but responses, and words 1 and 2 of the tag. */
static void check_rest_of_image(const struct respond_machine *machine)
{
    uint8_t want[RESPOND_IMAGE_BYTES];
    fill_image(want, machine->requests.base_revision);
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        if (machine->requests.present[i])
            memcpy(want + request_at((enum ldr_feature)i) + 40,
                   machine->image_memory + request_at((enum ldr_feature)i) + 40, 8);
    if (machine->requests.tagged) {
        const uint64_t answered[2] = {machine->requests.base_revision, 0};
        memcpy(want + TAG_AT + 8, answered, sizeof answered);
    }
    assert_memory_equal(machine->image_memory, want, sizeof want);
}

void respond_now(struct respond_machine *machine)
{
    uint8_t before[RESPOND_IMAGE_BYTES];
    free(machine->arena.memory);
    fill_image(before, machine->requests.base_revision);
    memcpy(machine->image_memory, before, sizeof before);
    machine->arena = (struct ldr_arena){.phys = RESPOND_PHYS, .used = 99};

    ldr_respond(&machine->answers, &machine->arena, machine->image_memory, &machine->late);
    assert_memory_equal(machine->image_memory, before, sizeof before);
    assert_null(machine->late.entry);
    assert_null(machine->late.entry_pointer);
    assert_null(machine->late.memmap);
    assert_null(machine->late.efi_memmap);
    assert_null(machine->late.efi_memmap_response);

    size_t counted = machine->arena.used;
    machine->arena.memory = malloc(counted ? counted : 1);
    memset(machine->arena.memory, 0xee, counted);
    machine->arena.bytes = counted;
    machine->plan.hhdm = (uint64_t)(uintptr_t)machine->arena.memory - RESPOND_PHYS;
    ldr_respond(&machine->answers, &machine->arena, machine->image_memory, &machine->late);
    assert_int_equal(machine->arena.used, counted);
    check_rest_of_image(machine);
}

uint64_t respond_word(const struct respond_machine *machine, enum ldr_feature feature)
{
    uint64_t word;
    memcpy(&word, machine->image_memory + request_at(feature) + 40, 8);
    return word;
}

const void *respond_to(const struct respond_machine *machine, enum ldr_feature feature)
{
    uint64_t word = respond_word(machine, feature);
    assert_true(word != RESPOND_UNTOUCHED);
    assert_int_equal(word % 8, 0);
    return respond_at(word);
}

const void *respond_at(uint64_t address)
{
    return (const void *)(uintptr_t)address;
}
