/* SPDX-License-Identifier: BSD-2-Clause */
/* Proves the lemmas of words_regions.h. */
#include "pagetables/proof/words_regions.h"
