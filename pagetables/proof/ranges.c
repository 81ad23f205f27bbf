/* SPDX-License-Identifier: BSD-2-Clause */
/* The arithmetic of space.h and walk.h, for the proof. */
#include "pagetables/walk.h"
