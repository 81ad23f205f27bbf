/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels as the host's compiler and linker make them, in the ways that people link
 * kernels, are accepted and loaded such that every pointer in them is right; those
 * that can't work are refused.
 *
 * Each is built from the same few lines in a temporary folder, with $CC or cc.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader/image.h"
#include "pagetables/pagetables.h"

/* A table of pointers, which finds itself by its first word. */
#define MAGIC UINT64_C(0x7061676567616c66)
struct table {
    uint64_t magic, self, counter, zeros, entry;
};

static const char source[] =
    "static int counter = 7;\n"
    "static int zeros[3000];\n"
    "void entry(void) { for (;;) counter += zeros[1]; }\n"
    "extern const struct table table;\n"
    "const struct table { unsigned long magic; const void *self, *counter, *zeros;\n"
    "    void (*entry)(void); } table = {0x7061676567616c66, &table, &counter, zeros, entry};\n"
    "#if defined(WEAK) || defined(STRONG) || defined(CHOSEN)\n"
    "#ifdef WEAK\n"
    "__attribute__((weak))\n"
    "#endif\n"
    "extern void missing_one(void);\n"
    "#ifdef CHOSEN\n"
    "static void *choose(void) { return entry; }\n"
    "__attribute__((ifunc(\"choose\"))) void missing_one(void);\n"
    "#endif\n"
    "void (*const wanted)(void) = missing_one;\n"
    "#endif\n";

/* Like the script that many kernels start from: program headers written by hand,
 * the ELF headers not loaded, a place for a dynamic section that may be empty. */
static const char script[] =
    "ENTRY(entry)\n"
    "PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6);\n"
    "        dynamic PT_DYNAMIC FLAGS(6); }\n"
    "SECTIONS {\n"
    "    . = 0xffffffff80000000;\n"
    "    .text : { *(.text .text.*) } :text\n"
    "    . = ALIGN(0x1000);\n"
    "    .rodata : { *(.rodata .rodata.*) } :rodata\n"
    "    . = ALIGN(0x1000);\n"
    "    .data : { *(.data .data.*) } :data\n"
    "    .dynamic : { *(.dynamic) } :data :dynamic\n"
    "    .bss : { *(.bss .bss.* COMMON) } :data\n"
    "    /DISCARD/ : { *(.eh_frame*) *(.note .note.*) }\n"
    "}\n";

/* No program headers of its own; begins right behind the ELF headers, as many do. */
static const char plain_script[] = "ENTRY(entry)\n"
                                   "SECTIONS {\n"
                                   "    . = 0xffffffff80000000 + SIZEOF_HEADERS;\n"
                                   "    .text : { *(.text .text.*) }\n"
                                   "    . = ALIGN(0x1000) + 0x120;\n"
                                   "    .rodata : { *(.rodata .rodata.*) }\n"
                                   "    . = ALIGN(0x1000);\n"
                                   "    .data : { *(.data .data.*) }\n"
                                   "    .bss : { *(.bss .bss.* COMMON) }\n"
                                   "}\n";

#define STATIC  "-static -fno-pic -mcmodel=kernel "
#define PIE     "-static-pie -fPIE -Wl,--no-dynamic-linker "
#define DEFAULT "-Wl,-e,entry "
#define PACKED  "-Wl,-z,pack-relative-relocs "
#define LLD     "-fuse-ld=lld "

static char folder[] = P_tmpdir "/linked-kernel.XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[64];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    write_file("kernel.c", source);
    write_file("kernel.ld", script);
    write_file("plain.ld", plain_script);
    return 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"kernel.c", "kernel.ld", "plain.ld", "kernel.elf"};
    char path[64];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static void build(const char *flags)
{
    const char *compiler = getenv("CC");
    char command[512];

    snprintf(
        command, sizeof command,
        "cd %s && %s -O1 -nostdlib -ffreestanding -Wl,--build-id=none %s -o kernel.elf kernel.c",
        folder, compiler != NULL ? compiler : "cc", flags);
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* The file, to be freed. */
static uint8_t *slurp(size_t *ret_bytes)
{
    static const size_t capacity = 1 << 23;
    uint8_t *bytes = malloc(capacity);
    char path[64];

    snprintf(path, sizeof path, "%s/kernel.elf", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *ret_bytes = fread(bytes, 1, capacity, file);
    assert_true(*ret_bytes < capacity);
    fclose(file);
    return bytes;
}

/* What a pointer of the loaded kernel leads to. */
static const void *at(const struct ldr_image *image, const uint8_t *memory, uint64_t virt,
                      uint64_t bytes, unsigned rights)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        if (virt >= segment->virt && bytes <= segment->bytes &&
            virt - segment->virt <= segment->bytes - bytes) {
            assert_int_equal(segment->rights, rights);
            return memory + (virt - image->virt);
        }
    }
    fail_msg("0x%lx is in no segment", virt);
    return NULL;
}

static uint64_t find_table(const struct ldr_image *image, const uint8_t *memory,
                           struct table *ret_table)
{
    for (uint64_t i = 0; i + sizeof *ret_table <= image->bytes; i += 8) {
        memcpy(ret_table, memory + i, sizeof *ret_table);
        if (ret_table->magic == MAGIC)
            return image->virt + i;
    }
    fail_msg("the table is not in memory");
    return 0;
}

static void check_pointers(const struct ldr_image *image, const uint8_t *memory)
{
    static const int nothing[3000];
    struct table table;

    uint64_t found = find_table(image, memory, &table);
    assert_int_equal(found, table.self);
    assert_int_equal(table.entry, image->entry);
    at(image, memory, table.entry, 1, PGT_READ | PGT_EXECUTE);
    int counter;
    memcpy(&counter, at(image, memory, table.counter, sizeof counter, PGT_READ | PGT_WRITE),
           sizeof counter);
    assert_int_equal(counter, 7);
    assert_memory_equal(at(image, memory, table.zeros, sizeof nothing, PGT_READ | PGT_WRITE),
                        nothing, sizeof nothing);
}

/* What the linker is expected to leave to be done. */
enum { NOTHING = 0, RELA = 1, RELR = 2, RELRO = 4 };

/* The rights of the page that the table is in, which only relocations write. */
static unsigned rights_of_table(const struct ldr_image *image, const uint8_t *memory)
{
    struct table table;
    uint64_t virt = find_table(image, memory, &table);

    for (unsigned i = 0; i < image->segment_count; i++)
        if (virt - image->segment[i].virt < image->segment[i].bytes)
            return image->segment[i].rights;
    return 0;
}

static void boots(const char *flags, unsigned expected)
{
    struct ldr_image image;
    struct ldr_report report;
    size_t bytes;

    build(flags);
    uint8_t *file = slurp(&bytes);
    if (ldr_image_read(&image, "kernel.elf", file, bytes, &report) != LDR_OK)
        fail_msg("%s: refused: %s", flags, report.text);
    assert_int_equal(image.relocations[LDR_RELA].count > 0, (expected & RELA) != 0);
    assert_int_equal(image.relocations[LDR_RELR].count > 0, (expected & RELR) != 0);
    uint8_t *memory = malloc(image.bytes);
    memset(memory, 0x77, image.bytes);
    ldr_image_load(&image, memory);
    check_pointers(&image, memory);
    if (expected & RELRO)
        assert_int_equal(rights_of_table(&image, memory), PGT_READ);
    free(memory);
    free(file);
}

static void refused(const char *flags, const char *why)
{
    struct ldr_image image;
    struct ldr_report report;
    size_t bytes;

    build(flags);
    uint8_t *file = slurp(&bytes);
    assert_int_equal(ldr_image_read(&image, "kernel.elf", file, bytes, &report), LDR_BAD_KERNEL);
    if (strstr(report.text, why) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", why, report.text);
    free(file);
}

static void executables(void **state)
{
    (void)state;
    boots(STATIC "-T kernel.ld", NOTHING);
    boots(STATIC "-T plain.ld -Wl,-z,noseparate-code", NOTHING);
    boots(STATIC "-T plain.ld -Wl,-z,noseparate-code,-z,max-page-size=0x1000", NOTHING);
    boots(STATIC DEFAULT "-Wl,-Ttext-segment=0xffffffff80000000", NOTHING);
    boots(STATIC DEFAULT "-Wl,-Ttext-segment=0xffffffff90000000,-z,noseparate-code", NOTHING);
    boots(STATIC DEFAULT "-Wl,-Ttext-segment=0xffffffff80200000,-z,max-page-size=0x200000",
          NOTHING);
}

static void pies(void **state)
{
    (void)state;
    boots(PIE DEFAULT, RELA | RELRO);
    boots(PIE DEFAULT "-Wl,-z,text,-z,max-page-size=0x1000", RELA | RELRO);
    boots(PIE DEFAULT "-Wl,-z,noseparate-code", RELA | RELRO);
    boots(PIE DEFAULT "-Wl,-z,max-page-size=0x200000", RELA | RELRO);
    boots(PIE DEFAULT "-Wl,-z,norelro -s", RELA);
    boots("-pie -fPIE -Wl,--no-dynamic-linker " DEFAULT, RELA | RELRO);
    boots("-pie -fPIE " DEFAULT, RELA | RELRO); /* names an interpreter, and needs none */
    boots(PIE "-T kernel.ld", RELA);
}

/* By both linkers, each with its own idea of how RELRO and the rest share pages. */
static void packed(void **state)
{
    (void)state;
    boots(PIE DEFAULT PACKED, RELR | RELRO);
    boots(PIE DEFAULT PACKED "-Wl,-z,now,-z,max-page-size=0x1000", RELR | RELRO);
    boots(PIE DEFAULT PACKED "-Wl,-z,norelro", RELR);
    boots(PIE DEFAULT LLD, RELA | RELRO);
    boots(PIE DEFAULT LLD "-Wl,-z,norelro", RELA);
    boots(PIE DEFAULT LLD "-Wl,--pack-dyn-relocs=relr", RELR | RELRO);
    boots(PIE DEFAULT LLD "-Wl,--pack-dyn-relocs=relr,-z,now,-z,max-page-size=0x200000",
          RELR | RELRO);
    boots(PIE DEFAULT LLD "-Wl,-z,separate-loadable-segments,-z,text", RELA | RELRO);
}

/* A symbol that might have been another's, one that nobody defines, and one that is to be
 * chosen at run time: a shared object's relocations, as far as they suit a kernel. */
static void symbols(void **state)
{
    (void)state;
    boots("-shared -fPIC " DEFAULT, RELA | RELRO);
    boots("-shared -fPIC " DEFAULT LLD, RELA | RELRO);
    boots("-shared -fPIC " DEFAULT PACKED, RELA | RELR | RELRO);
    boots("-shared -fPIC -DWEAK " DEFAULT, RELA | RELRO);
    boots(PIE "-DWEAK -Wl,-z,dynamic-undefined-weak " DEFAULT, RELA | RELRO);
    refused("-shared -fPIC -DSTRONG " DEFAULT, "the symbol missing_one is undefined");
    refused("-shared -fPIC -DSTRONG " DEFAULT LLD, "the symbol missing_one is undefined");
    refused(PIE "-DCHOSEN " DEFAULT, "IRELATIVE");
    refused(PIE "-DCHOSEN " DEFAULT LLD, "IRELATIVE");
}

/* Linked in ways that can't work, or that this loader says no to. */
static void others(void **state)
{
    (void)state;
    /* The ELF headers are read-only and the text behind them executable. */
    refused(STATIC "-T plain.ld -Wl,-z,separate-code", "share the page at 0xffffffff80000000");
    refused("-r", "e_type is 1");
    refused(STATIC DEFAULT "-Wl,-N,-Ttext=0xffffffff80000000", "both writable and executable");
    refused("-static -fno-pic " DEFAULT, "is below 0xffffffff80000000");
    refused(STATIC "-T kernel.ld -Wl,-e,table", "not in an executable segment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(executables), cmocka_unit_test(pies),   cmocka_unit_test(packed),
        cmocka_unit_test(symbols),     cmocka_unit_test(others),
    };

    return cmocka_run_group_tests_name("linked kernels", tests, make_folder, remove_folder);
}
