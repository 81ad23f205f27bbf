/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device paths byte by byte (UEFI 2.10, chapter 10): gnu-efi's structures are padded, nodes are
 * not.
 */
#ifndef EFI_TESTS_DEVICE_PATHS_H
#define EFI_TESTS_DEVICE_PATHS_H

/* A controller and a port of it: a disk.  A GUID whose bytes count up from n, and none. */
#define PORT(n) 1, 1, 6, 0, 2, 31, 3, 18, 10, 0, n, 0, 0xff, 0xff, 0, 0
#define GUID(n)                                                                                    \
    n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9, n + 10, n + 11, n + 12,      \
        n + 13, n + 14, n + 15
#define NOBODY 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

/* A partition of that; format and kind are those of its table: 1 MBR, 2 GPT. */
#define PARTITION(index, format, signature, kind)                                                  \
    4, 1, 42, 0, index, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, signature,        \
        format, kind

/* A serial port. */
#define UART 3, 14, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

#define END 0x7f, 0xff, 4, 0

#endif
