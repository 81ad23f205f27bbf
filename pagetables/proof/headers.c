/* SPDX-License-Identifier: BSD-2-Clause */
/* The headers' functions, for the proof. */
#include "pagetables/fill.h"
