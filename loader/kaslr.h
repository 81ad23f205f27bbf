/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where chance puts the kernel's image and the direct map (KASLR).
 *
 * A place is chosen from a random word alone, so that every choice can be tested.  None costs a
 * table or a leaf more than the lowest:
 * - the image moves by multiples of 2 MiB, what one page table serves, or of the alignment of
 *   its segments where that is greater: 1,024 places, ten bits, for an image of up to 2 MiB;
 * - the direct map moves by multiples of 1 GiB, the largest leaf, such that all of it lies in one
 *   slot of the root where it fits (512 GiB with 4 levels), and in the first quarter of the
 *   higher half: that is where other loaders of this protocol put it, so the rest is free for
 *   what kernels keep at addresses of their own.  15 bits with 4 levels, 24 with 5.
 *
 * Source: "Memory Layout at Entry" of the Limine boot protocol.
 */
#ifndef LOADER_KASLR_H
#define LOADER_KASLR_H

#include <stdint.h>

#include "loader/config.h"
#include "loader/entropy.h"
#include "loader/image.h"

/* What the configuration says; neither has to be said.  As in other loaders the image stays where
 * it is unless asked for, and the direct map goes with the image. */
struct ldr_kaslr {
    enum ldr_option image, direct_map;
};

/* How many places there are: at least 1, which is where the image is now.  ET_EXEC: 1. */
uint64_t ldr_kaslr_image_places(const struct ldr_image *image);

/* Moves the image, which wasn't loaded yet, to place `index`, 0 for where it is. */
void ldr_kaslr_image_move(struct ldr_image *image, uint64_t index);

/* The same for a direct map with tables of `levels` levels that reaches up to before the physical
 * address `reach`.  Each place is a multiple of 1 GiB, place 0 the start of the higher half. */
uint64_t ldr_kaslr_direct_places(unsigned levels, uint64_t reach);
uint64_t ldr_kaslr_direct_at(unsigned levels, uint64_t reach, uint64_t index);

/* Moves the image as the configuration wants it and says so.  LDR_BAD_MACHINE if it is to be
 * moved and there is no entropy; the image is where it was then. */
enum ldr_status ldr_kaslr_image(struct ldr_image *image, const struct ldr_kaslr *wish,
                                const struct ldr_entropy *entropy, const struct ldr_log *log,
                                struct ldr_report *report);

/* Chooses the direct map's offset likewise; `moves` is whether the image is
 * one that may be. */
enum ldr_status ldr_kaslr_direct(uint64_t *ret_hhdm, unsigned levels, uint64_t reach, bool moves,
                                 const struct ldr_kaslr *wish, const struct ldr_entropy *entropy,
                                 const struct ldr_log *log, struct ldr_report *report);

#endif
