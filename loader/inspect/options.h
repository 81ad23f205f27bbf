/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was asked on the command line.
 */
#ifndef LOADER_INSPECT_OPTIONS_H
#define LOADER_INSPECT_OPTIONS_H

#include "loader/inspect/machine.h"

#define OPTIONS_MACHINES 16

struct options {
    struct machine machine[OPTIONS_MACHINES]; /* they differ by their memory alone */
    unsigned machines;
    const char *svg; /* a path, or null */
    bool json, strict;
    int base_revision; /* that the kernel shall have; -1: any */
    const char *kernel;
    char *const *module;
    unsigned modules;
};

enum options_end {
    OPTIONS_GO,    /* go on */
    OPTIONS_HELP,  /* the help was wanted, and is printed */
    OPTIONS_WRONG, /* the command line is wrong, and stderr says why */
};

enum options_end options_read(struct options *ret_options, int count, char *argument[]);

#endif
