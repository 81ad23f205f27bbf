/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Glyphs out of a console font of the Debian package console-setup-linux (font.py).
 */
    .section .rodata.net_font, "a", @progbits
    .globl net_font
    .hidden net_font
net_font:
    .incbin "font.glyphs"

    .section .note.GNU-stack, "", @progbits
