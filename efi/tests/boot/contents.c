/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the volumes hold: the configuration and what it names.
 */
#include <string.h>

#include "efi/tests/boot/parts.h"
#include "loader/report.h"

/* BLAKE2b of "abc", as RFC 7693 has it in appendix A. */
#define ABC_HASH                                                                                   \
    "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"                             \
    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"

static const char chainload[] = "timeout: %d\n"
                                "/A kernel\n"
                                "    protocol: efi\n"
                                "    path: %s:/%s\n"
                                "    cmdline: quiet\n";

static const char plain[] = "timeout: %d\n"
                            "/A kernel\n"
                            "    protocol: limine\n"
                            "    path: %s:/%s\n"
                            "    cmdline: quiet\n"
                            "    resolution: 1024x768\n"
                            "    module_path: boot():/module\n"
                            "    module_cmdline: first\n"
                            "    module_path: boot():/nothing\n";

/* The kernel's own path has no "$": it is recognised. */
static const char full[] = "timeout: %d\n"
                           "/A kernel\n"
                           "    protocol: limine\n"
                           "    path: %s:/%s\n"
                           "    cmdline: quiet\n"
                           "    resolution: 1024x768\n"
                           "    kaslr: yes\n"
                           "    module_path: fslabel(second):/abc#" ABC_HASH "\n"
                           "    module_path: $hdd(1:2):/module.gz\n"
                           "    module_path: boot():/nothing\n";

static char configuration[1000];
static struct volume_file file[VOLUMES][4];
static size_t count[VOLUMES];

static void add(unsigned volume, const char *path, const void *content, size_t bytes)
{
    file[volume][count[volume]++] = (struct volume_file){path, content, bytes};
}

static void write_configuration(const struct machine *machine)
{
    const char *text = machine->chainload ? chainload : machine->full ? full : plain;

    ldr_format(configuration, sizeof configuration, text, machine->menu ? 1 : 0,
               machine->nowhere ? "fslabel(NOWHERE)" : "boot()",
               machine->missing ? "absent" : "kernel");
    add(0, "\\limine.conf", configuration, strlen(configuration));
}

void contents_start(const struct machine *machine)
{
    static const uint8_t module[9000];
    size_t bytes;
    const void *kernel = kernel_file(machine, &bytes);

    memset(count, 0, sizeof count);
    write_configuration(machine);
    if (machine->full) {
        kernel = gzip_file(0, kernel, bytes, &bytes);
        add(0, "\\kernel", kernel, bytes);
        add(1, "\\abc", "abc", 3);
        kernel = gzip_file(1, module, sizeof module, &bytes);
        add(1, "\\module.gz", kernel, bytes);
    } else {
        add(0, "\\kernel", kernel, bytes);
        add(0, "\\module", module, sizeof module);
    }
    add(0, "\\nothing", module, 0);
}

const struct volume_file *contents_of(unsigned volume, size_t *ret_count)
{
    *ret_count = count[volume];
    return file[volume];
}
