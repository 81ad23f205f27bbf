/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are stored compressed by gzip.
 */
#ifndef EFI_DECOMPRESS_H
#define EFI_DECOMPRESS_H

#include "efi/files.h"
#include "efi/memory.h"
#include "loader/report.h"

/* Replaces a gzip file that was read by what is in it, in pages of its own, the last one filled
 * up with zeros.  The compressed bytes are given back if they are the ledger's.  `name` is the
 * file's.  Damage and everything else that loader/gunzip.h refuses; LDR_NO_MEMORY; then
 * *contents is as it was. */
enum ldr_status decompress(struct memory *memory, const char *name, struct contents *contents,
                           struct ldr_report *report);

#endif
