/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a line tells is known by how it begins.
 */
#include "loader/stub/crash_lines.h"

#include "loader/report.h"
#include "loader/stub/mem.h"

static const struct {
    const char *begins;
    enum crash_part part;
} known[] = {
    {"exception ", CRASH_TITLE}, {"broken: ", CRASH_BROKEN}, {"advice: ", CRASH_ADVICE},
    {"  P", CRASH_WALK},         {"rax ", CRASH_REGISTERS},  {"rsi ", CRASH_REGISTERS},
    {"r8 ", CRASH_REGISTERS},    {"r12 ", CRASH_REGISTERS},  {"rip ", CRASH_REGISTERS},
    {"cr0 ", CRASH_REGISTERS},   {"ring ", CRASH_REGISTERS}, {"code ", CRASH_CODE},
    {"#", CRASH_BACKTRACE},      {"end: ", CRASH_BACKTRACE}, {"called, ", CRASH_BACKTRACE},
};

static bool begins(const char *text, const char *with)
{
    while (*with != '\0' && *text == *with) {
        text++;
        with++;
    }
    return *with == '\0';
}

static enum crash_part part_of(const char *text)
{
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (begins(text, known[i].begins))
            return known[i].part;
    }
    return CRASH_ACCESS;
}

static void collect(void *context, const char *text)
{
    struct crash_lines *lines = context;

    if (lines->count == CRASH_LINES)
        return;
    lines->line[lines->count].part = part_of(text);
    ldr_format(lines->line[lines->count].text, CRASH_LINE_BYTES, "%s", text);
    lines->count++;
}

void crash_lines_collect(struct crash_lines *lines, const struct report *report)
{
    lines->count = 0;
    report_lines(report, collect, lines);
}

const char *crash_lines_first(const struct crash_lines *lines, enum crash_part part)
{
    for (unsigned i = 0; i < lines->count; i++) {
        if (lines->line[i].part == part)
            return lines->line[i].text;
    }
    return 0;
}

/* A walk's line begins with "PT  [  0]"; the rule says "PT[0]". */
bool crash_lines_to_blame(const struct crash_lines *lines, const char *walk)
{
    const char *broken = crash_lines_first(lines, CRASH_BROKEN);
    char name[8];
    size_t length = 0;

    while (*walk == ' ')
        walk++;
    for (; *walk > ' ' && *walk != '[' && length < sizeof(name) - 2; walk++)
        name[length++] = *walk;
    name[length++] = '[';
    name[length] = '\0';
    for (; broken != 0 && *broken != '\0'; broken++) {
        if (begins(broken, name))
            return true;
    }
    return false;
}
