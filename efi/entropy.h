/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes: of firmware's generator, and of the processor's.
 */
#ifndef EFI_ENTROPY_H
#define EFI_ENTROPY_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/uefi.h"
#include "loader/entropy.h"

/* One of the processor's instructions, once: false where it says that it has nothing
 * just now.  Null for an instruction that the processor lacks. */
typedef bool random_instruction(uint64_t *ret_word);

struct entropy {
    EFI_BOOT_SERVICES *services; /* asked for EFI_RNG_PROTOCOL at each filling */
    random_instruction *rdseed, *rdrand;
};

/* Finds out what this machine has.  Nothing is held. */
void entropy_open(struct entropy *ret_entropy, EFI_BOOT_SERVICES *services);

/* As the loader wants it.  Usable while boot services run and `entropy` stays where it is.
 *
 * Every source that answers is mixed in by exclusive or, so that the result is as good as
 * the best of them: firmware's (UEFI 2.10, section 37.5), and RDSEED or, where that has
 * nothing, RDRAND (SDM volume 1, section 7.3.17).  False without any: no clock stands in. */
struct ldr_entropy entropy_source(struct entropy *entropy);

#endif
