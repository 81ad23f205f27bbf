/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/inspect/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: pagelift-inspect [OPTION]... KERNEL [MODULE]...\n"
    "\n"
    "Says what a Limine-protocol kernel asks its loader for and what it gets from Pagelift, what\n"
    "other loaders would pass over, and which page tables it runs on.  Nothing is booted.\n"
    "\n"
    "  -m, --memory LIST       machines with so much memory: 512M,8G (default 512M)\n"
    "  -l, --levels 4|5        levels of page tables that the processor has (default 4)\n"
    "  -1, --no-1g             the processor has no pages of 1 GiB\n"
    "  -p, --processors N      how many processors (default 1)\n"
    "  -w, --without LIST      what the machine lacks: display, acpi, smbios, clock, entropy, tsc\n"
    "  -r, --base-revision N   fail unless the kernel is of this base revision\n"
    "  -g, --svg FILE          draw the address space on the first machine\n"
    "  -j, --json              print one JSON object in place of text\n"
    "  -s, --strict            fail on warnings, too\n"
    "  -h, --help              this\n"
    "\n"
    "Exit status: 0 the kernel boots; 1 it is refused, or with --strict a warning was given;\n"
    "2 a wrong command line, or a file that can't be read or written.\n";

static const struct option long_options[] = {
    {"memory", required_argument, NULL, 'm'},
    {"levels", required_argument, NULL, 'l'},
    {"no-1g", no_argument, NULL, '1'},
    {"processors", required_argument, NULL, 'p'},
    {"without", required_argument, NULL, 'w'},
    {"base-revision", required_argument, NULL, 'r'},
    {"svg", required_argument, NULL, 'g'},
    {"json", no_argument, NULL, 'j'},
    {"strict", no_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *const part_name[PARTS] = {
    [PART_DISPLAY] = "display", [PART_ACPI] = "acpi",       [PART_SMBIOS] = "smbios",
    [PART_CLOCK] = "clock",     [PART_ENTROPY] = "entropy", [PART_TSC] = "tsc",
};

static bool __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "pagelift-inspect: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (--help lists the options)\n");
    return false;
}

/* A number from `least` to `most`, and nothing behind it but, if wanted, its unit. */
static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number,
                        const char **ret_end)
{
    char *end;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (end == text || *text == '-' || errno || number < least || number > most)
        return false;
    *ret_number = number;
    *ret_end = end;
    return true;
}

static bool read_small(const char *text, const char *what, unsigned least, unsigned most,
                       unsigned *ret_number)
{
    uint64_t number;
    const char *end;

    if (!read_number(text, least, most, &number, &end) || *end)
        return wrong("%s is \"%s\": give a number from %u to %u", what, text, least, most);
    *ret_number = (unsigned)number;
    return true;
}

/* One memory size; `end` is where the list goes on. */
static bool read_size(const char *text, uint64_t *ret_bytes, const char **ret_end)
{
    static const char units[] = "MGT";
    const char *unit;

    if (!read_number(text, 1, MACHINE_MOST >> 20, ret_bytes, ret_end) || !**ret_end ||
        (unit = strchr(units, **ret_end)) == NULL)
        return false;
    unsigned shift = 20 + 10 * (unsigned)(unit - units);
    if (*ret_bytes > MACHINE_MOST >> shift || *ret_bytes << shift < MACHINE_LEAST)
        return false;
    *ret_bytes <<= shift;
    ++*ret_end;
    return **ret_end == ',' || **ret_end == '\0';
}

static bool read_memory(struct options *options, const char *text)
{
    const char *at = text;

    options->machines = 0;
    for (;;) {
        uint64_t bytes;
        if (options->machines == OPTIONS_MACHINES || !read_size(at, &bytes, &at))
            return wrong("--memory is \"%s\": give up to %u sizes such as 512M, 8G or 1T, from "
                         "128M to 32T, with commas between them",
                         text, OPTIONS_MACHINES);
        options->machine[options->machines++].ram = bytes;
        if (*at == '\0')
            return true;
        at++;
    }
}

static bool read_without(struct machine *machine, const char *text)
{
    for (const char *at = text; at != NULL; at = strchr(at, ',')) {
        at += *at == ',' && at != text;
        size_t length = strcspn(at, ","), part = 0;
        while (part < PARTS &&
               (strlen(part_name[part]) != length || strncmp(part_name[part], at, length) != 0))
            part++;
        if (part == PARTS)
            return wrong("--without is \"%s\": give some of display, acpi, smbios, clock, "
                         "entropy, tsc, with commas between them",
                         text);
        machine->without[part] = true;
    }
    return true;
}

/* What all machines have in common goes to `common`. */
static bool read_option(struct options *options, struct machine *common, int option)
{
    unsigned number;

    switch (option) {
    case 'm':
        return read_memory(options, optarg);
    case 'l':
        return read_small(optarg, "--levels", 4, 5, &common->levels);
    case '1':
        common->pages_1g = false;
        return true;
    case 'p':
        return read_small(optarg, "--processors", 1, 1024, &common->processors);
    case 'w':
        return read_without(common, optarg);
    case 'r':
        if (!read_small(optarg, "--base-revision", 0, LIMINE_BASE_REVISION_LAST, &number))
            return false;
        options->base_revision = (int)number;
        return true;
    case 'g':
        options->svg = optarg;
        return true;
    case 'j':
        options->json = true;
        return true;
    case 's':
        options->strict = true;
        return true;
    default: /* getopt_long() said why */
        fprintf(stderr, "pagelift-inspect: --help lists the options\n");
        return false;
    }
}

enum options_end options_read(struct options *ret_options, int count, char *argument[])
{
    struct options options = {.machines = 1, .base_revision = -1};
    struct machine common = {.levels = 4, .pages_1g = true, .processors = 1};
    int option;

    options.machine[0].ram = UINT64_C(512) << 20;
    while ((option = getopt_long(count, argument, "m:l:1p:w:r:g:jsh", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return OPTIONS_HELP;
        }
        if (!read_option(&options, &common, option))
            return OPTIONS_WRONG;
    }
    if (optind == count) {
        wrong("no kernel is named");
        return OPTIONS_WRONG;
    }
    options.kernel = argument[optind];
    options.module = argument + optind + 1;
    options.modules = (unsigned)(count - optind - 1);
    for (unsigned i = 0; i < options.machines; i++) {
        common.ram = options.machine[i].ram;
        options.machine[i] = common;
    }
    *ret_options = options;
    return OPTIONS_GO;
}
