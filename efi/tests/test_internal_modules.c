/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules that the kernel itself names: where they are looked for, which come first, and what is
 * done about one that isn't there, has another hash than it should, or is compressed.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <string.h>

#include "efi/hash.h"
#include "efi/internal_modules.h"
#include "efi/tests/fake.h"

#define BASE   UINT64_C(0xffffffff80000000)
#define LIST   0x100
#define MODULE 0x200
#define TEXT   0x400

/* "hello\n" thrice, as Python's gzip.compress() has it. */
static const uint8_t zipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0xca, 0x40, 0x22, 0x01,
                                 0x3a, 0x37, 0x66, 0x3d, 0x12, 0x00, 0x00, 0x00};

struct machine {
    struct fake *fake;
    struct memory memory;
    struct memory_map map;
    struct ldr_log log;
    struct ldr_report report;
    struct source source;
    struct kernel kernel;
    struct ldr_file file[2]; /* kernel, module */
    uint8_t image[0x1000];
    uint64_t count, text;
    char said[256];
    char asked[4][64]; /* of the source */
    unsigned asks;
    const void *content;
    uint64_t content_bytes;
};

static struct machine the;

static void say(void *context, const char *text)
{
    (void)context;
    strncpy(the.said, text, sizeof the.said - 1);
}

/* There is everything but what has "absent" in its name; "torn" can't be read. */
static EFI_STATUS read(void *context, const struct pagelift_file *file,
                       struct pagelift_content *ret_content)
{
    (void)context;
    assert_true(file->on_kernel_volume);
    strncpy(the.asked[the.asks++], file->path, 63);
    if (strstr(file->path, "absent"))
        return EFI_NOT_FOUND;
    if (strstr(file->path, "torn"))
        return EFI_DEVICE_ERROR;
    ret_content->at = the.content;
    ret_content->bytes = the.content_bytes;
    return EFI_SUCCESS;
}

static void start(void)
{
    memset(&the, 0, sizeof the);
    the.fake = fake_start();
    the.memory = fake_memory(the.fake);
    the.map.memory = &the.memory;
    the.log = (struct ldr_log){.line = say};
    the.source = (struct source){.from = {.read = read}, .memory = &the.memory, .log = &the.log};
    the.file[0] = (struct ldr_file){.path = "/boot/kernel.elf", .cmdline = ""};
    the.file[1] = (struct ldr_file){.path = "/user", .cmdline = "u"};
    the.kernel.file = the.file;
    the.kernel.module_count = 1;
    the.kernel.image = (struct ldr_image){.name = "/boot/kernel.elf", .virt = BASE};
    the.kernel.layout.image_phys = (uint64_t)the.image;
    the.kernel.requests.internal_list = LIST;
    the.content = "content";
    the.content_bytes = 7;
}

static uint64_t put_text(const char *text)
{
    uint64_t at = TEXT + the.text;

    strcpy((char *)the.image + at, text);
    the.text += strlen(text) + 1;
    return BASE + at;
}

static void add(const char *path, const char *string, uint64_t flags)
{
    uint64_t at = MODULE + the.count * sizeof(struct limine_internal_module), virt = BASE + at;
    struct limine_internal_module module = {put_text(path), put_text(string), flags};

    memcpy(the.image + at, &module, sizeof module);
    memcpy(the.image + LIST + 8 * the.count, &virt, 8);
    the.kernel.requests.internal_count = ++the.count;
}

static enum ldr_status read_them(void)
{
    return internal_modules_read(&the.kernel, &the.source, &the.map, &the.report);
}

static void stop(void)
{
    memory_free_all(&the.memory);
    assert_int_equal(fake_in_use(the.fake), 0);
}

static void none_are_named(void **state)
{
    (void)state;
    start();
    assert_int_equal(read_them(), LDR_OK);
    assert_ptr_equal(the.kernel.file, the.file);
    assert_int_equal(the.asks, 0);
    stop();
}

static void they_come_first(void **state)
{
    (void)state;
    start();
    add("a", "one", 0);
    add("../b/./c", "", LIMINE_INTERNAL_MODULE_REQUIRED);
    assert_int_equal(read_them(), LDR_OK);
    assert_int_equal(the.kernel.module_count, 3);
    assert_string_equal(the.kernel.file[0].path, "/boot/kernel.elf");
    assert_string_equal(the.kernel.file[1].path, "/boot/a");
    assert_string_equal(the.kernel.file[1].cmdline, "one");
    assert_int_equal(the.kernel.file[1].bytes, 7);
    assert_memory_equal((void *)the.kernel.file[1].phys, "content", 8);
    assert_string_equal(the.kernel.file[2].path, "/b/c");
    assert_string_equal(the.kernel.file[3].path, "/user");
    /* The map knows them as the kernel's. */
    assert_int_equal(the.map.overlay_count, 2);
    assert_int_equal(the.map.overlay[1].base, the.kernel.file[2].phys);
    assert_int_equal(the.map.overlay[1].kind, LDR_EXECUTABLE);
    stop();
}

static void missing(void **state)
{
    (void)state;
    start();
    add("absent", "", 0);
    add("a", "", 0);
    assert_int_equal(read_them(), LDR_OK);
    assert_int_equal(the.kernel.module_count, 2);
    assert_string_equal(the.kernel.file[1].path, "/boot/a");
    stop();
    start();
    add("a", "", 0);
    add("absent", "", LIMINE_INTERNAL_MODULE_REQUIRED);
    assert_int_equal(read_them(), LDR_NOT_FOUND);
    assert_string_equal(the.report.text, "/boot/kernel.elf: it requires the internal module "
                                         "/boot/absent, which is not on its volume: put that file "
                                         "there");
    assert_int_equal(the.kernel.module_count, 1);
    stop();
    start();
    add("torn", "", 0); /* which is there, so that it isn't passed over */
    assert_int_equal(read_them(), LDR_BAD_MACHINE);
    stop();
}

static void hashes(void **state)
{
    uint8_t hash[LDR_BLAKE2B_BYTES];
    char path[3 + 2 * LDR_BLAKE2B_BYTES] = "a#";

    (void)state;
    ldr_blake2b(hash, "content", 7);
    for (unsigned i = 0; i < LDR_BLAKE2B_BYTES; i++)
        sprintf(path + 2 + 2 * i, "%02x", hash[i]);
    start();
    add(path, "", 0);
    assert_int_equal(read_them(), LDR_OK);
    assert_string_equal(the.kernel.file[1].path, "/boot/a");
    assert_string_equal(the.asked[0], "/boot/a");
    stop();
    path[2] = path[2] == '0' ? '1' : '0';
    start();
    add(path, "", 0);
    assert_int_not_equal(read_them(), LDR_OK);
    assert_non_null(strstr(the.report.text, "/boot/a"));
    stop();
    start();
    add("a#12", "", 0);
    assert_int_equal(read_them(), LDR_BAD_REQUEST);
    assert_non_null(strstr(the.report.text, "/boot/kernel.elf: the internal module \"a#12\""));
    assert_int_equal(the.asks, 0);
    stop();
}

static void compressed(void **state)
{
    (void)state;
    start();
    the.content = zipped;
    the.content_bytes = sizeof zipped;
    add("a.gz", "", 0); /* not asked for, so it stays as it is */
    add("a.gz", "", LIMINE_INTERNAL_MODULE_COMPRESSED);
    assert_int_equal(read_them(), LDR_OK);
    assert_int_equal(the.kernel.file[1].bytes, sizeof zipped);
    assert_int_equal(the.kernel.file[2].bytes, 18);
    assert_memory_equal((void *)the.kernel.file[2].phys, "hello\nhello\nhello\n", 19);
    stop();
    start();
    add("a", "", LIMINE_INTERNAL_MODULE_COMPRESSED);
    assert_int_not_equal(read_them(), LDR_OK); /* "content" is no gzip file */
    assert_non_null(strstr(the.report.text, "/boot/a"));
    stop();
}

static void each_allocation_fails(void **state)
{
    enum ldr_status status = LDR_NO_MEMORY;

    (void)state;
    for (size_t allowed = 0; status != LDR_OK; allowed++) {
        start();
        add("a", "", 0);
        add("b", "", 0);
        the.fake->allocations_left = allowed;
        status = read_them();
        assert_true(status == LDR_OK || status == LDR_NO_MEMORY);
        stop();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_are_named), cmocka_unit_test(they_come_first),
        cmocka_unit_test(missing),        cmocka_unit_test(hashes),
        cmocka_unit_test(compressed),     cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
