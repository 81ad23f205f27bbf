/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading what a path means: from its volume, with a hash that fits and one that doesn't,
 * and out of gzip; what is refused leaves no memory taken.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <string.h>

#include "efi/hash.h"
#include "efi/path_read.h"
#include "efi/tests/fake_disks.h"

#define CONTENT "what a kernel may be"

/* printf 'hello\n' | gzip -n */
static const char zipped[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\xe7"
                             "\x02\x00\x20\x30\x3a\x36\x06\x00\x00";

static struct {
    struct fake *fake;
    struct memory memory;
    struct volumes volumes;
    char heard[1024];
} the;

static void hear(void *context, const char *line)
{
    (void)context;
    snprintf(the.heard, sizeof the.heard, "%s", line);
}

static const struct ldr_log log_lines = {.line = hear};

static int start(void **state)
{
    static const struct fake_file files[] = {
        {.path = "\\k", .content = CONTENT},
        {.path = "\\k.gz", .content = zipped, .bytes = sizeof zipped},
        {0},
    };
    struct fake_disks *disks;
    struct ldr_report report;

    (void)state;
    the.fake = fake_start();
    disks = fake_disks_start(the.fake, files);
    the.memory = fake_memory(the.fake);
    the.heard[0] = 0;
    assert_int_equal(volumes_open(&the.volumes, &the.fake->services, disks->device[FAKE_BOOT],
                                  &the.memory, &log_lines, &report),
                     LDR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    volumes_close(&the.volumes);
    memory_free_all(&the.memory);
    assert_int_equal(fake_in_use(the.fake), 0);
    assert_int_equal(fake_volume_open_files(), 0);
    return 0;
}

static enum ldr_status read_as(const char *text, bool strict, struct path_file *ret_file,
                               struct ldr_report *report)
{
    struct ldr_path path;

    assert_int_equal(ldr_path_read(&path, "limine.conf", 1,
                                   (struct ldr_text){.at = text, .length = strlen(text)}, report),
                     LDR_OK);
    return path_read(&the.volumes, &path, strict, ret_file, report);
}

/* A path with the hash of some content behind it, as b2sum would print that. */
static const char *with_hash(const char *path, const void *content, size_t bytes)
{
    static char text[300];
    uint8_t hash[LDR_BLAKE2B_BYTES];
    int used = snprintf(text, sizeof text, "%s#", path);

    ldr_blake2b(hash, content, bytes);
    for (unsigned i = 0; i < LDR_BLAKE2B_BYTES; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%02x", hash[i]);
    return text;
}

static void from_its_volume(void **state)
{
    static const struct {
        const char *path, *content;
        unsigned index;
    } files[] = {
        {"boot():/f", "BOOT", 1},
        {"boot(2):/f", "DATA", 2},
        {"odd(1:):/f", "CDROM", 0},
        {"fslabel(net):/f", "NET", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct ldr_report report;
        struct path_file file;

        assert_int_equal(read_as(files[i].path, true, &file, &report), LDR_OK);
        assert_int_equal(file.contents.bytes, strlen(files[i].content));
        assert_memory_equal((void *)file.contents.phys, files[i].content, file.contents.bytes);
        assert_int_equal(file.from->partition.index, files[i].index);
    }
}

static void with_its_hash(void **state)
{
    struct ldr_report report;
    struct path_file file;

    (void)state;
    assert_int_equal(
        read_as(with_hash("boot():/k", CONTENT, sizeof CONTENT - 1), true, &file, &report), LDR_OK);
    assert_memory_equal((void *)file.contents.phys, CONTENT, sizeof CONTENT);
    assert_string_equal(the.heard, "");
}

/* One more byte hashed is another file. */
static void with_another_s_hash(void **state)
{
    const char *path = with_hash("boot():/k", CONTENT, sizeof CONTENT);
    size_t before = fake_in_use(the.fake);
    struct path_file file = {.contents = {.bytes = 77}};
    struct ldr_report report;

    (void)state;
    assert_int_equal(read_as(path, true, &file, &report), LDR_BAD_CONFIG);
    assert_non_null(strstr(report.text, "/k: its BLAKE2b hash begins with "));
    assert_int_equal(file.contents.bytes, 77);
    assert_int_equal(fake_in_use(the.fake), before);
    assert_int_equal(read_as(path, false, &file, &report), LDR_OK);
    assert_int_equal(file.contents.bytes, sizeof CONTENT - 1);
    assert_non_null(strstr(the.heard, "warning: /k: its BLAKE2b hash begins with "));
}

/* The hash is the compressed file's. */
static void out_of_gzip(void **state)
{
    struct ldr_report report;
    struct path_file file;

    (void)state;
    assert_int_equal(
        read_as(with_hash("$boot():/k.gz", zipped, sizeof zipped), true, &file, &report), LDR_OK);
    assert_int_equal(file.contents.bytes, 6);
    assert_memory_equal((void *)file.contents.phys, "hello\n", 6);
    assert_int_equal(read_as(with_hash("$boot():/k.gz", "hello\n", 6), true, &file, &report),
                     LDR_BAD_CONFIG);
    assert_int_equal(read_as("boot():/k.gz", true, &file, &report), LDR_OK);
    assert_int_equal(file.contents.bytes, sizeof zipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_its_volume, start, end),
        cmocka_unit_test_setup_teardown(with_its_hash, start, end),
        cmocka_unit_test_setup_teardown(with_another_s_hash, start, end),
        cmocka_unit_test_setup_teardown(out_of_gzip, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
