/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel file of any bytes, through the whole of pagelift-inspect: judged, placed, mapped and
 * verified on a modelled machine, and told as text and as JSON.  It is the tool's
 * own main(), under another name (build.mk).
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/fuzz/fuzz.h"

int inspect_main(int count, char *argument[]);

/* A file in memory, so that the disk has no part in it. */
static int open_memory(char path[32])
{
    int fd = memfd_create("kernel", MFD_CLOEXEC);

    fuzz_expect(fd >= 0);
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static void be_silent(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    fuzz_expect(nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0);
}

static void put(int fd, const uint8_t *data, size_t size)
{
    fuzz_expect(ftruncate(fd, 0) == 0);
    fuzz_expect(pwrite(fd, data, size, 0) == (ssize_t)size);
}

static int run(const char *first, char *path)
{
    char name[] = "pagelift-inspect", memory[] = "--memory=128M";
    char option[16];
    char *argument[] = {name, memory, option, path, NULL};

    snprintf(option, sizeof(option), "%s", first);
    optind = 0; /* glibc's way to say that all begins anew */
    return inspect_main(4, argument);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    int text, json;

    if (fd < 0) {
        fd = open_memory(path);
        be_silent();
    }
    put(fd, data, size);
    text = run("--strict", path);
    json = run("--json", path);
    /* A file that can be read is judged, whatever is in it; being strict only says more. */
    fuzz_expect(text == 0 || text == 1);
    fuzz_expect(json == 0 || json == 1);
    fuzz_expect(json <= text);
    return 0;
}
