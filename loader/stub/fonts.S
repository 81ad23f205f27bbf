/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console fonts, as they come from the Debian package console-setup-linux
 * (build.mk unpacks them).
 */
.macro font name, file
.balign 8
.globl \name
\name:
    .incbin "\file"
.globl \name\()_end
\name\()_end:
.endm

.section .rodata.fonts, "a", @progbits
font font_regular_16, "Lat15-Terminus16.psf"
font font_bold_16, "Lat15-TerminusBold16.psf"
font font_regular_24, "Lat15-Terminus24x12.psf"
font font_bold_24, "Lat15-TerminusBold24x12.psf"
font font_bold_32, "Lat15-TerminusBold32x16.psf"

.section .note.GNU-stack, "", @progbits
