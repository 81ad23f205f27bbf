# SPDX-License-Identifier: BSD-2-Clause
"""loader/PROTOCOL.md against the tree: each feature is in it, and what it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "loader" / "PROTOCOL.md"
HEADERS = [ROOT / "loader" / "limine.h", ROOT / "loader" / "pagetables_request.h"]

DEFINED = re.compile(r"#define (LIMINE_\w+)\s+LIMINE_ID\(0x([0-9a-f]{16}), 0x([0-9a-f]{16})\)")
ROW = re.compile(r"^\| .* \| `([0-9a-f]{16})` `([0-9a-f]{16})` \|.*$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]+)\)")


def rows() -> dict[tuple[str, str], str]:
    return {(match[1], match[2]): match[0] for match in ROW.finditer(DOCUMENT.read_text())}


def features() -> list[tuple[str, str, str]]:
    text = "\n".join(header.read_text() for header in HEADERS)
    return [(match[1], match[2], match[3]) for match in DEFINED.finditer(text)]


def test_there_are_features() -> None:
    """Or the others would pass for want of anything to look at."""
    assert len(features()) >= 24
    assert len(rows()) == len(features())


@pytest.mark.parametrize("name, first, second", features(), ids=lambda value: value[:30])
def test_each_feature_of_the_header_has_a_row(name: str, first: str, second: str) -> None:
    assert (first, second) in rows(), f"{name} is not in {DOCUMENT.name}"


def test_each_row_names_a_test() -> None:
    tests = re.compile(r"\]\((?:[\w./]*/)?(?:test|check)_\w+\.c\)")
    assert [row for row in rows().values() if not tests.search(row)] == []


def test_each_file_that_it_names_exists() -> None:
    links = LINK.findall(DOCUMENT.read_text())
    assert links
    assert [link for link in links if not (DOCUMENT.parent / link).is_file()] == []
