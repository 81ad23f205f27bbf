/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The error code of a page fault (SDM 4.7): bits, to be looked at one by one.
 */
#ifndef PAGETABLES_ERROR_CODE_H
#define PAGETABLES_ERROR_CODE_H

#define PGT_ERROR_PRESENT      (1u << 0) /* all entries were present: a right was missing */
#define PGT_ERROR_WRITE        (1u << 1)
#define PGT_ERROR_USER         (1u << 2) /* the access was made in ring 3, and explicitly */
#define PGT_ERROR_RESERVED     (1u << 3) /* a reserved bit was set in an entry */
#define PGT_ERROR_FETCH        (1u << 4) /* only told where XD or SMEP is enabled */
#define PGT_ERROR_KEY          (1u << 5) /* a protection key forbids it */
#define PGT_ERROR_SHADOW_STACK (1u << 6)
#define PGT_ERROR_HLAT         (1u << 7)
#define PGT_ERROR_SGX          (1u << 15)

#endif
