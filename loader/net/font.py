# SPDX-License-Identifier: BSD-2-Clause
"""Takes the glyphs of printable ASCII out of a console font (PSF version 1, 8 pixels wide).

    python3 loader/net/font.py FONT.psf GLYPHS
"""

import struct
import sys
from pathlib import Path

MAGIC = b"\x36\x04"
WITH_512_GLYPHS = 1
WITH_UNICODE = 6  # either bit: a list of characters follows for each glyph
HEIGHT = 16
SEPARATOR, SEQUENCE = 0xFFFF, 0xFFFE


def characters(font: bytes, count: int, start: int) -> dict[int, int]:
    """Which glyph stands for which character, by the list behind the glyphs."""
    found: dict[int, int] = {}
    glyph, in_sequence = 0, False
    for (code,) in struct.iter_unpack("<H", font[start:]):
        if code == SEPARATOR:
            glyph, in_sequence = glyph + 1, False
        elif code == SEQUENCE:
            in_sequence = True
        elif not in_sequence and glyph < count:
            found[code] = glyph
    return found


def main() -> int:
    font = Path(sys.argv[1]).read_bytes()
    mode, height = font[2], font[3]
    if not font.startswith(MAGIC) or height != HEIGHT or not mode & WITH_UNICODE:
        print(f"{sys.argv[1]}: not a PSF1 font of {HEIGHT} lines with characters", file=sys.stderr)
        return 1
    count = 512 if mode & WITH_512_GLYPHS else 256
    glyph_of = characters(font, count, 4 + count * HEIGHT)
    starts = (4 + glyph_of[code] * HEIGHT for code in range(32, 127))
    Path(sys.argv[2]).write_bytes(b"".join(font[at : at + HEIGHT] for at in starts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
