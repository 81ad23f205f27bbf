/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery modes of interrupts, which are the same in I/O APIC and local APIC (SDM volume 3A,
 * 11.5.1).
 */
#ifndef EFI_DELIVERY_H
#define EFI_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#define DELIVERY_MODE(entry) ((entry) >> 8 & 7)
#define DELIVERY_FIXED       0u
#define DELIVERY_LOWEST      1u
#define DELIVERY_NMI         4u
#define DELIVERY_EXTINT      7u
#define DELIVERY_MODE_BITS   (7u << 8)
#define DELIVERY_ACTIVE_LOW  (1u << 13)
#define DELIVERY_LEVEL       (1u << 15)
#define DELIVERY_MASKED      (1u << 16)

static inline bool delivery_is_plain(uint32_t entry)
{
    return DELIVERY_MODE(entry) == DELIVERY_FIXED || DELIVERY_MODE(entry) == DELIVERY_LOWEST;
}

/* Other modes (SMI, INIT) are firmware's own business. */
static inline bool delivery_is_maskable(uint32_t entry)
{
    return delivery_is_plain(entry) || DELIVERY_MODE(entry) == DELIVERY_NMI ||
           DELIVERY_MODE(entry) == DELIVERY_EXTINT;
}

#endif
