# SPDX-License-Identifier: BSD-2-Clause
"""Kernels that are compressed or go where chance puts them, and how few tables all get."""

import re
from concurrent.futures import Future

import pytest
from cases import KASLR
from machine import Result
from test_machines import each, tables, text

Boots = dict[str, Future[Result]]

PLACES = re.compile(r"pagelift: kaslr: (image|direct map) at 0x([0-9a-f]{16}), one of (\d+) places")


def places(result: Result) -> dict[str, int]:
    """Where image and direct map went."""
    found = [match for line in result.transcript.lines if (match := PLACES.fullmatch(line))]
    assert all(int(match[3]) > 1000 for match in found), text(result)
    return {match[1]: int(match[2], 16) for match in found}


@each(KASLR)
def test_image_and_direct_map_are_moved(booted: Result) -> None:
    where = places(booted)
    assert set(where) == {"image", "direct map"}, text(booted)
    assert 0xFFFFFFFF80000000 <= where["image"] and where["image"] % 2**21 == 0
    assert 0xFFFF800000000000 <= where["direct map"] < 0xFFFFA00000000000
    assert where["direct map"] % 2**30 == 0


@pytest.mark.parametrize("booted", ["kaslr"], indirect=True)
@pytest.mark.parametrize("other", ["kaslr-gzip"])
def test_two_boots_differ(booted: Result, other: str, boots: Boots) -> None:
    """Once in 33 million pairs of boots both would come out alike."""
    assert places(booted) != places(boots[other].result())


@each(["kaslr"])
def test_relro_is_read_only(booted: Result) -> None:
    """The stub kernel wrote to it and got a fault; here that it had some at all."""
    points = "\n".join(booted.transcript.lines)
    assert "writing what only relocations wrote" in points
    assert re.search(r"segment 2: 0x[0-9a-f]+, \d+ bytes, r--", points)


@each(["kaslr-gzip"])
def test_compressed_kernel_and_module(booted: Result) -> None:
    assert any("kernel: decompressed, " in line for line in booted.transcript.lines), text(booted)


# Frames and leaves of 4K.  What is not to be mapped by the base revision cuts memory into small
# pages, and with one processor nothing that the loader does adds to them: image, stack, handoff
# page and guards lie where memory is cut anyway, and the framebuffer takes large pages.  Stacks for
# four processors don't fit there, and cut 2 MiB more.  The rest is room for the kernel to grow.
LIMITS = {
    "512M": (10, 980),
    "8G": (11, 980),
    "kaslr": (10, 980),
    "alone-3": (13, 1600),
    "revision-1": (9, 1200),
    "revision-3": (14, 2100),
    "revision-4": (13, 2100),
}


@pytest.mark.parametrize(
    "booted, frames, leaves_4k",
    [(name, *limits) for name, limits in LIMITS.items()],
    indirect=["booted"],
)
def test_tables_stay_few(booted: Result, frames: int, leaves_4k: int) -> None:
    assert tables(booted).kernel <= frames
    assert tables(booted).leaves_4k <= leaves_4k
