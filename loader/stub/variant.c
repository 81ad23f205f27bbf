/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel of base revision 1 or later, which says so in a tag.
 */
#include "loader/stub/variant.h"

#include "loader/limine.h"
#include "loader/stub/flaw.h"

const uint64_t variant_base_revision = STUB_BASE_REVISION;

/* Between the markers, as the requests are (requests.c). */
__attribute__((used, section(".requests.1.tag"))) static volatile uint64_t tag[3] = {
    LIMINE_BASE_TAG_0, LIMINE_BASE_TAG_1, STUB_BASE_REVISION};

/* As much as the mode says, or less; 4 levels will always do. */
__attribute__((
    used, section(".requests.2.mode"))) static volatile struct limine_paging_mode_request paging = {
    .head = {.id = LIMINE_PAGING_MODE, .revision = 1},
    .mode = STUB_MODE,
    .max_mode = STUB_MODE,
    .min_mode = LIMINE_PAGING_MODE_X86_64_4LVL,
};

const volatile struct limine_paging_mode_request *variant_paging_mode(void)
{
    return &paging;
}

__attribute__((used, section(".requests.2.mp"))) static volatile struct limine_mp_request mp = {
    .head = {.id = LIMINE_MP},
    .flags = STUB_BASE_REVISION >= 5 ? LIMINE_MP_X2APIC : 0,
};

const volatile struct limine_mp_request *variant_processors(void)
{
    return &mp;
}

#define KEEPS_IOMMU (STUB_BASE_REVISION == 5)

/* In all other revisions these words name nothing. */
__attribute__((
    used, section(".requests.2.keep"))) static volatile struct limine_request keep_iommu = {
    .id = {KEEPS_IOMMU ? LIMINE_ID_0 : 0, LIMINE_ID_1, UINT64_C(0x8ebaabe51f490179),
           UINT64_C(0x2aa86a59ffb4ab0f)},
};

const volatile struct limine_request *variant_keep_iommu(void)
{
    return KEEPS_IOMMU ? &keep_iommu : 0;
}

/* A loader clears the last word if it knows the revision, and writes the one that it
 * loaded the kernel at into the word before. */
bool variant_accepted(void)
{
    return tag[2] == 0 && tag[1] == STUB_BASE_REVISION;
}

void variant_flaw(struct tap *tap)
{
    FLAW(STUB_FAULT)(tap);
}
