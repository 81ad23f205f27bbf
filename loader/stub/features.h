/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor has for the protection of address spaces, beyond paging itself.
 */
#ifndef LOADER_STUB_FEATURES_H
#define LOADER_STUB_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

struct features {
    bool smep; /* ring 0 may not execute a program's pages */
    bool smap; /* nor read and write them, unless RFLAGS.AC is set */
    bool pku;  /* protection keys of user pages */
    bool pcid; /* process-context identifiers */
};

/* Asks the processor. */
struct features features_detect(void);

/* Sets the bits of CR4 that turn on what is true; all pages of the kernel are supervisor's. */
void features_enable(const struct features *features);

/* Is SMAP on? */
bool features_smap_on(void);

/* Deliberate access to a program's pages: from `begin` to `end`.  Nothing to do without SMAP. */
void features_user_access_begin(void);
void features_user_access_end(void);

/* The rights register of protection keys (PKRU): two bits a key, from bit 2 * key on. */
#define PKRU_ACCESS_DISABLE 1u
#define PKRU_WRITE_DISABLE  2u
uint32_t features_pkru_read(void);
void features_pkru_write(uint32_t value);

#endif
