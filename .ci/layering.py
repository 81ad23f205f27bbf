# SPDX-License-Identifier: BSD-2-Clause
"""Proves that dependencies run one way only: firmware <- efi <- loader <- pagetables.

Every C and assembly file is judged by its #include lines alone.  That is enough:
an include of ours is written from the root and names a file that is judged too,
so nothing comes in by a detour.

    python3 .ci/layering.py [ROOT]
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = {".c", ".h", ".S", ".inc"}
INCLUDE = re.compile(r"\s*#\s*include(?:_next)?\b\s*(.*)")
TARGET = re.compile(r'"([^"]+)"|<([^>]+)>')

# What ISO C promises without an operating system (C11, 4.6), and <cpuid.h>,
# which belongs to the compiler and needs no library either.
FREESTANDING = frozenset(
    f"{name}.h"
    for name in (
        "float iso646 limits stdalign stdarg stdbool stddef stdint stdnoreturn cpuid".split()
    )
)
# Structures of a file format, and four functions that every part brings along.
FORMATS = frozenset({"elf.h", "string.h"})
# A library that is one header, and is compiled with our flags: a decoder.
DECODER = frozenset({"stb/stb_image.h"})
HOST_PROGRAMS = None  # any header of the host, except firmware's


@dataclass(frozen=True)
class Layer:
    """What the files of a folder may include."""

    ours: tuple[str, ...]  # folders
    system: frozenset[str] | None
    firmware: bool = False  # gnu-efi's headers


# The longest folder that matches a file decides.
LAYERS = {
    "pagetables/": Layer(("pagetables/",), FREESTANDING),
    "pagetables/tests/": Layer(("pagetables/",), HOST_PROGRAMS),
    "pagetables/bench/": Layer(("pagetables/",), HOST_PROGRAMS),
    "pagetables/fuzz/": Layer(("pagetables/",), HOST_PROGRAMS),
    "pagetables/example/": Layer(("pagetables/",), HOST_PROGRAMS),
    "loader/": Layer(("loader/", "pagetables/"), FREESTANDING | FORMATS | DECODER),
    "loader/inspect/": Layer(("loader/", "pagetables/"), HOST_PROGRAMS),
    "loader/tests/": Layer(("loader/", "pagetables/"), HOST_PROGRAMS),
    "loader/fuzz/": Layer(("loader/", "pagetables/"), HOST_PROGRAMS),
    "loader/stub/": Layer(("loader/", "pagetables/"), FREESTANDING | FORMATS),
    "loader/first/": Layer(
        ("loader/first/", "loader/limine.h", "loader/pagetables_request.h", "pagetables/"),
        FREESTANDING,
    ),
    "efi/": Layer(("efi/", "loader/", "pagetables/"), FREESTANDING | FORMATS, firmware=True),
    "efi/example/": Layer((), FREESTANDING | {"pagelift.h"}, firmware=True),
    "efi/tests/": Layer(("efi/", "loader/", "pagetables/"), HOST_PROGRAMS, firmware=True),
}

# Kernels stand on the loader's headers; the loader knows no kernel.
PRIVATE = {"loader/stub/": "loader/stub/", "loader/first/": "loader/first/"}


def layer_of(name: str) -> Layer | None:
    matching = [folder for folder in LAYERS if name.startswith(folder)]
    return LAYERS[max(matching, key=len)] if matching else None


def is_firmware(header: str) -> bool:
    return header.startswith("efi")


def wrong_own(root: Path, name: str, layer: Layer, header: str) -> str | None:
    """Why a file of ours may not be included here, or None."""
    if ".." in header or not (root / header).is_file():
        return "is not a file seen from the root"
    if not header.startswith(layer.ours):
        return f"is outside {', '.join(layer.ours)}"
    for private, user in PRIVATE.items():
        if header.startswith(private) and not name.startswith(user):
            return f"belongs to {private} alone"
    return None


def wrong_system(layer: Layer, header: str) -> str | None:
    """Why a header of the system may not be included here, or None."""
    if is_firmware(header):
        return None if layer.firmware else "is firmware's, which stops at efi/"
    if layer.system is None or header in layer.system:
        return None
    return "is not a header that this folder can rely on"


def wrong_include(root: Path, name: str, layer: Layer, text: str) -> str | None:
    target = TARGET.match(text)
    if target is None:
        return "can't be judged: write the name itself"
    if target[1] is not None:
        return wrong_own(root, name, layer, target[1])
    return wrong_system(layer, target[2])


def judge_file(root: Path, path: Path) -> Iterator[str]:
    name = path.relative_to(root).as_posix()
    layer = layer_of(name)
    if layer is None:
        yield f"{name}: C belongs in pagetables/, loader/ or efi/"
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if include := INCLUDE.match(line):
            if reason := wrong_include(root, name, layer, include[1]):
                yield f"{name}:{number}: {include[1].strip()} {reason}"


def sources(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix in SOURCES
        and path.is_file()
        and path.relative_to(root).parts[0] not in ("build", ".git")
    )


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = sources(root)
    wrong = [reason for path in files for reason in judge_file(root, path)]
    for reason in wrong:
        print(f"layering: {reason}", file=sys.stderr)
    if not files:
        print(f"layering: no sources below {root}", file=sys.stderr)
    elif not wrong:
        print(f"layering: {len(files)} files include only what lies below them")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
