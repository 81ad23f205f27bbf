/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests with a flaw each, in one variant of the kernel alone.  A loader that passes over them
 * does nothing wrong, and one that says so does more: the kernel's tests pass either way.
 */
#include "loader/limine.h"

#define IN_SECTION(name) __attribute__((used, section(name)))

/* Between the markers, and 4 bytes off: no aligned search finds it. */
static struct __attribute__((packed)) {
    uint32_t off;
    struct limine_request request;
} volatile misplaced IN_SECTION(".requests.2.odd") __attribute__((aligned(8))) = {
    .request = {.id = LIMINE_RSDP},
};

/* Between the markers, of a feature that doesn't exist, and with an answer brought along. */
IN_SECTION(".requests.2.stale")
static volatile struct limine_request stale_request = {
    .id = LIMINE_ID(0x6e6f2d737563682d, 0x666561747572652d), .response = 0xdead};

/* Behind the end marker. */
IN_SECTION(".requests.4.late")
static volatile struct limine_request late_request = {.id = LIMINE_MEMMAP};

/* Forgotten to be initialised, so it is zeros in .bss; something has to refer to it to keep it. */
static volatile struct limine_request smbios_request;
IN_SECTION(".requests.5.reference")
static volatile struct limine_request *const volatile reference = &smbios_request;
