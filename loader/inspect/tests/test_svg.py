# SPDX-License-Identifier: BSD-2-Clause
"""The picture is well-formed, complete, and its boxes neither overlap nor leave gaps."""

from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree

import kernels
import pytest
from conftest import KERNELS, Run

SVG = "{http://www.w3.org/2000/svg}"
ROWS = {"rx", "r", "rw", "wc", "guard", "none"}


def drawn(inspect: Run, folder: Path, *arguments: object) -> ElementTree.Element:
    path = folder / "picture.svg"
    assert inspect("--svg", path, *arguments).returncode == 0
    return ElementTree.parse(path).getroot()


def rows(root: ElementTree.Element) -> list[tuple[str, str]]:
    """Class and title of each row that is drawn."""
    boxes = [box for box in root.iter(f"{SVG}rect") if box.get("class") in ROWS]
    titles = [(str(box.get("class")), box.findtext(f"{SVG}title")) for box in boxes]
    return [(kind, title) for kind, title in titles if title is not None and " to 0x" in title]


def texts(root: ElementTree.Element) -> Counter[str]:
    return Counter(text.text or "" for text in root.iter(f"{SVG}text"))


def test_everything_is_there(inspect: Run, tmp_path: Path) -> None:
    root = drawn(inspect, tmp_path, "-p", 3, KERNELS / "stub.elf")
    said = texts(root)
    expected = {"stack": 1, "stack of processor 2": 1, "guard page": 4, "handoff page": 2}
    expected |= {"framebuffer": 1, "page tables": 1, "file stub.elf": 1, "kernel image": 2}
    expected |= {"text (segment 0)": 2, "read-only (segment 1)": 2, "data (segment 2)": 2}
    assert {text: said[text] for text in expected} == expected
    assert "ffffffff80000000" in said and "ffff800000000000" in said
    kinds = Counter(kind for kind, _ in rows(root))
    assert kinds["guard"] == 4 and kinds["wc"] == 1
    executable = [title for kind, title in rows(root) if kind == "rx"]
    assert len(executable) == 2 and all("0xffffffff8" in title for title in executable)


@pytest.mark.parametrize("revision, nets", [(4, 2), (5, 0)])
def test_early_fault_net_where_it_is_on(
    inspect: Run, tmp_path: Path, revision: int, nets: int
) -> None:
    """Its text and its data, in the direct map and beside the image."""
    root = drawn(inspect, tmp_path, KERNELS / f"stub-{revision}.elf")
    assert texts(root)["early-fault net"] == 2 * nets


@pytest.mark.parametrize("kernel", ["stub-0", "stub-3", "stub-6", "stub-5level", "first"])
def test_boxes_meet(inspect: Run, tmp_path: Path, kernel: str) -> None:
    root = drawn(inspect, tmp_path, "-l", 5, "-m", "8G", KERNELS / f"{kernel}.elf")
    columns = defaultdict(list)
    for box in root.iter(f"{SVG}rect"):
        title = box.findtext(f"{SVG}title")
        if title is not None:
            columns[box.get("x")].append([float(box.get(key, "")) for key in ("y", "height")])
    assert len(columns) == 3
    height = float(root.get("height", ""))
    for column in columns.values():
        assert len(column) > 3
        for (y, tall), (below, _) in zip(column, column[1:]):
            assert tall >= 21 and abs(y + tall - below) < 0.2
        assert column[-1][0] + column[-1][1] < height


def test_addresses_continue(inspect: Run, tmp_path: Path) -> None:
    """Where one row ends the one above it begins: nothing is left out."""
    found = rows(drawn(inspect, tmp_path, "-m", "3G", KERNELS / "stub-3.elf"))
    ranges = [title.rsplit(": ", 1)[1].split(",")[0].split(" to ") for _, title in found]
    numbers = [(int(first, 16), int(last, 16)) for first, last in ranges]
    steps = [first - last for (first, _), (_, last) in zip(numbers, numbers[1:])]
    assert len([step for step in steps if step != 1]) == 1  # from one column to the other


def test_names_are_escaped(inspect: Run, tmp_path: Path) -> None:
    path = tmp_path / "a<b>&\"c'\u00e4.elf"
    path.write_bytes(kernels.clean().elf())
    root = drawn(inspect, tmp_path, path)
    assert any(text.startswith("The address space of a<b>&\"c'") for text in texts(root))
    assert all(text.isascii() for text in texts(root))
