/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A number that C and assembly share.
 */
#ifndef LOADER_NET_BLOCK_H
#define LOADER_NET_BLOCK_H

/* Of a processor's block, which is aligned to as much. */
#define LDR_NET_BLOCK_BYTES 512

#endif
