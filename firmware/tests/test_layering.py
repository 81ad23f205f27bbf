# SPDX-License-Identifier: BSD-2-Clause
"""The proof that dependencies run one way notices each way to break it."""

import subprocess
import sys
from pathlib import Path

import pytest
from cases import ROOT

HEADERS = ["pagetables/a.h", "loader/b.h", "loader/stub/c.h", "efi/d.h", "loader/first/e.h"]


def judged(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci" / "layering.py"), str(root)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in HEADERS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("#include <stdint.h>\n")
    return tmp_path


@pytest.mark.parametrize(
    "name, include",
    [
        ("pagetables/x.c", '"pagetables/a.h"'),
        ("pagetables/tests/test_x.c", "<cmocka.h>"),
        ("loader/x.c", '"pagetables/a.h"'),
        ("loader/x.c", "<elf.h>"),
        ("loader/stub/x.c", '"loader/stub/c.h"'),
        ("loader/stub/x.c", '"loader/b.h"'),
        ("loader/first/x.c", '"loader/first/e.h"'),
        ("loader/first/x.c", '"pagetables/a.h"'),
        ("efi/x.c", "<efi.h>"),
        ("efi/x.c", '"loader/b.h"'),
    ],
)
def test_downwards_is_fine(tree: Path, name: str, include: str) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text(f"#include {include}\n")
    assert judged(tree).returncode == 0, judged(tree).stderr


@pytest.mark.parametrize(
    "name, include",
    [
        ("pagetables/x.c", '"loader/b.h"'),
        ("pagetables/x.h", "<string.h>"),
        ("pagetables/x.c", "<efi.h>"),
        ("pagetables/tests/test_x.c", '"loader/b.h"'),
        ("loader/x.c", "<efi.h>"),
        ("loader/x.c", "<stdio.h>"),
        ("loader/x.c", '"efi/d.h"'),
        ("loader/x.S", '"loader/stub/c.h"'),
        ("loader/tests/test_x.c", "<efilib.h>"),
        ("loader/stub/x.c", '"efi/d.h"'),
        ("loader/stub/x.c", "<stdlib.h>"),
        ("loader/x.c", '"loader/first/e.h"'),
        ("loader/stub/x.c", '"loader/first/e.h"'),
        ("loader/first/x.c", '"loader/b.h"'),
        ("loader/first/x.c", '"loader/stub/c.h"'),
        ("loader/first/x.c", "<string.h>"),
        ("efi/x.c", '"loader/stub/c.h"'),
        ("efi/x.c", '"d.h"'),
        ("loader/x.c", '"loader/../efi/d.h"'),
        ("pagetables/x.c", "ANY_HEADER"),
        ("firmware/x.c", "<stdint.h>"),
        ("x.c", "<stdint.h>"),
    ],
)
def test_any_other_way_is_reported_with_file_and_line(
    tree: Path, name: str, include: str
) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text(f"/* one */\n  #  include {include}\n")
    result = judged(tree)
    assert result.returncode == 1
    assert name in result.stderr
    if name.partition("/")[0] in ("pagetables", "loader", "efi"):
        assert f"{name}:2: {include}" in result.stderr


def test_empty_tree_proves_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path).returncode == 1
