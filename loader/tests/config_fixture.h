/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of reading a configuration share.
 */
#ifndef LOADER_TESTS_CONFIG_FIXTURE_H
#define LOADER_TESTS_CONFIG_FIXTURE_H

#include "loader/config.h"

#define CONFIG_NAME "limine.conf"

/* The least that an entry needs, in three lines. */
#define CONFIG_ENTRY "/Kernel\nprotocol: limine\npath: boot():/kernel.elf\n"

/* What one test works with. */
struct config_fixture {
    struct ldr_config config;
    struct ldr_config_room room;
    struct ldr_report report;
    const struct ldr_entry *entry; /* config_entry() left it here */
    char *copy;     /* of the text, exactly as long, so that reading behind it is caught */
    char log[4096]; /* the warnings, a newline behind each */
};

#define CONFIG_TEST(test) cmocka_unit_test_setup_teardown(test, config_start, config_stop)
int config_start(void **state);
int config_stop(void **state);

/* Reads a text that may hold NUL, or have no address where it has no length. */
enum ldr_status config_read_bytes(struct config_fixture *f, const char *text, size_t length);

/* The text is accepted; and without a warning. */
void config_accepted(struct config_fixture *f, const char *text);
void config_accepted_silently(struct config_fixture *f, const char *text);

/* The text is refused in a message that begins with `where` (or with file and line) and
 * says `why`, and the caller's configuration stays as it was. */
void config_refused_bytes(struct config_fixture *f, const char *text, size_t length,
                          const char *where, const char *why);
void config_refused(struct config_fixture *f, const char *text, unsigned line, const char *why);
void config_check_text(const char *text, const char *where, const char *why);

void config_check_slice(struct ldr_text slice, const char *expected);

/* Entry `index`, which shall be there. */
const struct ldr_entry *config_entry(struct config_fixture *f, size_t index);

#endif
