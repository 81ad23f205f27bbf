/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between the kernels that are built from these sources:
 * STUB_BASE_REVISION, 0 to 6, STUB_FAULT, a flaw on purpose, and STUB_MODE, a paging
 * mode of the protocol.  Only variant.c and variant_0.c are compiled for each.
 */
#ifndef LOADER_STUB_VARIANT_H
#define LOADER_STUB_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/limine.h"
#include "loader/stub/tap.h"

/* The base revision that this kernel asks for. */
extern const uint64_t variant_base_revision;

/* Whether the loader said that it loaded the kernel at that base revision. */
bool variant_accepted(void);

/* The request for a paging mode; null: this kernel makes none, which stands for 4 levels. */
const volatile struct limine_paging_mode_request *variant_paging_mode(void);

/* The request for the other processors: it asks for x2APIC mode from base revision 5 on. */
const volatile struct limine_mp_request *variant_processors(void);

/* The request to keep IOMMUs as they are, which base revision 5 makes alone; else null. */
const volatile struct limine_request *variant_keep_iommu(void);

/* Called after the third test.  Does nothing in the real kernel. */
void variant_flaw(struct tap *tap);

#endif
