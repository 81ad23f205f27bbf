/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Macros are replaced before lines get a meaning, line numbers stay, and neither a macro that
 * needs itself nor any number of macros in macros takes more than its room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/config_fixture.h"

static void in_values(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "${DIR}=boot():/kernels\n"
                                "${LOG}=console=ttyS0  log\n"
                                "/Kernel\n"
                                "protocol: limine\n"
                                "path: ${DIR}/kernel.elf\n"
                                "cmdline: a ${LOG} b ${LOG}\n"
                                "module_path: ${DIR}/${ARCH}.img\n"
                                "module_cmdline: x${LOG}\n");
    config_check_slice(config_entry(f, 0)->path, "boot():/kernels/kernel.elf");
    config_check_slice(f->entry->cmdline, "a console=ttyS0  log b console=ttyS0  log");
    assert_int_equal(f->entry->line, 3);
    assert_int_equal(f->entry->path_line, 5);
    struct ldr_module_line module;
    ldr_entry_module(f->entry, 0, &module);
    config_check_slice(module.path, "boot():/kernels/x86-64.img");
    assert_int_equal(module.line, 7);
    config_check_slice(module.cmdline, "xconsole=ttyS0  log");
}

/* A whole line, a key, a heading or a part of either. */
static void in_anything(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "${K}=path\n${L}=timeout: 9\n${H}=/${N}\n${N}=Name\n"
                                "${L}\n${H} one\nprotocol: limine\nkernel_${K}: /k\n");
    assert_int_equal(f->config.timeout, 90);
    config_check_slice(config_entry(f, 0)->name, "Name one");
    config_check_slice(f->entry->path, "/k");
    assert_int_equal(f->entry->line, 6);
}

static void built_in(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, CONFIG_ENTRY "cmdline: ${ARCH} ${LOADER_ARCH} ${FW_TYPE}\n");
    config_check_slice(config_entry(f, 0)->cmdline, "x86-64 x86-64 UEFI");
    config_accepted_silently(f, "${ARCH}=mine\n" CONFIG_ENTRY "cmdline: ${ARCH}\n");
    config_check_slice(config_entry(f, 0)->cmdline, "mine");
}

/* Definitions count wherever they stand, the last of one name, and by the exact name. */
static void definitions(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "${X}=1\n" CONFIG_ENTRY "cmdline: ${X} ${x} ${}\n"
                                "${X}=2\n${x}=3\n${}=4\n");
    config_check_slice(config_entry(f, 0)->cmdline, "2 3 4");
    config_accepted_silently(f, "${X}=\n" CONFIG_ENTRY "cmdline: a${X}b\n");
    config_check_slice(config_entry(f, 0)->cmdline, "ab");
    config_accepted_silently(f, "  ${X}=  v \r\n" CONFIG_ENTRY "cmdline: a${X}b\n");
    config_check_slice(config_entry(f, 0)->cmdline, "a  vb");
    config_accepted_silently(f, "${X}=}$${A}\n${A}=a\n" CONFIG_ENTRY "cmdline: $ { ${X}{$\n");
    config_check_slice(config_entry(f, 0)->cmdline, "$ { }$a{$");
}

static void not_defined(void **state)
{
    struct config_fixture *f = *state;

    config_accepted(f, CONFIG_ENTRY "cmdline: a${NONE}b\n");
    config_check_slice(config_entry(f, 0)->cmdline, "ab");
    assert_string_equal(
        f->log, CONFIG_NAME
        ", line 4: \"NONE\" is a macro that is not defined; nothing is put in its place\n");
}

/* Neither defines nor uses anything. */
static void in_comments(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "# ${NONE} ${\n#${A}=1\n" CONFIG_ENTRY "  # ${\n");
    assert_int_equal(config_entry(f, 0)->line, 3);
}

static void without_end(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, CONFIG_ENTRY "cmdline: a ${B c\n", 4, "\"${B c\" begins a macro that no");
    config_refused(f, "${A}=${\n" CONFIG_ENTRY "cmdline: ${A}\n", 5, "\"${\" begins a macro");
    config_refused(f, "${A\n}=1\n" CONFIG_ENTRY, 1, "begins a macro");
    /* One that is never used does no harm. */
    config_accepted_silently(f, "${A}=${\n" CONFIG_ENTRY);
}

static void in_themselves(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, "${A}=x${A}\n" CONFIG_ENTRY "cmdline: ${A}\n", 1,
                   "\"A\" is a macro whose value needs itself");
    config_refused(f, "\n${A}=${B}\n${B}=${C}\n${C}=${A}\n" CONFIG_ENTRY "cmdline: ${C}\n", 4,
                   "\"C\" is a macro whose value needs itself");
    config_refused(f, "${ARCH}=${ARCH}\n" CONFIG_ENTRY "cmdline: ${ARCH}\n", 1, "needs itself");
    /* Twice, but not in itself. */
    config_accepted_silently(f, "${A}=${B}${B}\n${B}=b\n" CONFIG_ENTRY "cmdline: ${A}${A}\n");
    config_check_slice(config_entry(f, 0)->cmdline, "bbbb");
}

/* Each of 64 macros is made of two of the next: 2^63 of the last, which are nothing or a byte. */
static void doubling(void **state)
{
    struct config_fixture *f = *state;
    char text[4096];

    for (unsigned last = 0; last < 2; last++) {
        size_t length = 0;
        for (unsigned i = 0; i < LDR_CONFIG_MACROS - 1; i++)
            length += (size_t)snprintf(text + length, sizeof text - length, "${%u}=${%u}${%u}\n", i,
                                       i + 1, i + 1);
        snprintf(text + length, sizeof text - length, "${%u}=%s\n" CONFIG_ENTRY "cmdline: ${0}\n",
                 LDR_CONFIG_MACROS - 1, last ? "x" : "");
        config_refused(f, text, LDR_CONFIG_MACROS + 4, "exceeds 262144 bytes");
    }
}

/* The longest file that there is room for, and one byte more; with macros and without. */
static void longest(void **state)
{
    static const char head[] = CONFIG_ENTRY "cmdline: ";
    struct config_fixture *f = *state;
    char *text = malloc(LDR_CONFIG_TEXT + 1);

    memset(text, 'x', LDR_CONFIG_TEXT + 1);
    memcpy(text, head, sizeof head - 1);
    assert_int_equal(config_read_bytes(f, text, LDR_CONFIG_TEXT - 1), LDR_OK);
    assert_int_equal(config_entry(f, 0)->cmdline.length, LDR_CONFIG_TEXT - sizeof head);
    config_refused_bytes(f, text, LDR_CONFIG_TEXT, CONFIG_NAME ", line 4: ", "exceeds 262144");

    memset(text, 'x', 60005);
    memcpy(text, "${A}=", 5);
    strcpy(text + 60005, "\n" CONFIG_ENTRY "cmdline: ${A}${A}\ncmdline2: ${A}${A}\n");
    config_accepted(f, text);
    assert_int_equal(config_entry(f, 0)->cmdline.length, 120000);
    strcat(text, "a: 1\nb: ${A}");
    config_refused(f, text, 8, "x\" is where the file, macros replaced, exceeds");
    free(text);
}

static void too_many(void **state)
{
    struct config_fixture *f = *state;
    char text[4096];
    size_t length = 0;

    for (unsigned i = 0; i < LDR_CONFIG_MACROS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "${%u}=%u\n", i, i);
    snprintf(text + length, sizeof text - length, CONFIG_ENTRY "cmdline: ${0}${63}\n");
    config_accepted_silently(f, text);
    config_check_slice(config_entry(f, 0)->cmdline, "063");
    snprintf(text + length, sizeof text - length, "\n${LAST}=1\n" CONFIG_ENTRY);
    config_refused(f, text, LDR_CONFIG_MACROS + 2, "is one macro more than the 64 of a file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(in_values),   CONFIG_TEST(in_anything),   CONFIG_TEST(built_in),
        CONFIG_TEST(definitions), CONFIG_TEST(not_defined),   CONFIG_TEST(in_comments),
        CONFIG_TEST(without_end), CONFIG_TEST(in_themselves), CONFIG_TEST(doubling),
        CONFIG_TEST(longest),     CONFIG_TEST(too_many),
    };

    return cmocka_run_group_tests_name("config macros", tests, NULL, NULL);
}
