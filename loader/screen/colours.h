/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all pictures have in common.
 */
#ifndef LOADER_SCREEN_COLOURS_H
#define LOADER_SCREEN_COLOURS_H

#define THEME_GROUND     0x0e131bu /* behind everything */
#define THEME_STRIPE     0x131a24u /* every other row */
#define THEME_BAR_TOP    0x1d2a3du /* title bar */
#define THEME_BAR_BOTTOM 0x141d2bu
#define THEME_RULE       0x2b3a50u
#define THEME_TEXT       0xd7dee8u
#define THEME_BRIGHT     0xffffffu
#define THEME_DIM        0x7d8ba0u
#define THEME_FAINT      0x4a5870u

#define THEME_GOOD 0x2f9e63u
#define THEME_BAD  0xd6453du

#endif
