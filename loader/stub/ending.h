/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the kernel ends.
 */
#ifndef LOADER_STUB_ENDING_H
#define LOADER_STUB_ENDING_H

#include <stdbool.h>

/* Tells the machine how it went, if it is one that listens, and stops:
 * - QEMU with "-device isa-debug-exit,iobase=0xf4,iosize=1" exits with status 33
 *   for success and 35 for failure;
 * - Bochs with its unmapped device powers off;
 * - any other machine stays as it is, with the picture on its screen. */
_Noreturn void ending(bool success);

#endif
