# SPDX-License-Identifier: BSD-2-Clause
"""A kernel of one's own: it runs wherever the stub kernel does, and its document quotes it."""

import re

import pytest
from cases import FIRST, ROOT
from machine import Result
from test_machines import each, text
from transcript import Outcome

FOLDER = ROOT / "loader" / "first"
DOCUMENT = FOLDER / "README.md"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Which sources a block's language may quote.
LANGUAGES = {"c": ("*.c", "*.h"), "asm": ("*.S",)}

POINTS = [
    "ok 1 - the loader's tables are this kernel's",
    "ok 2 - a program ran, on a stack that came as it was touched",
    "ok 3 - another wrote to its text, and was stopped",
    "ok 4 - every frame is back",
]
REPORT = [
    "a write by ring 3 to 0x0000000000400000",
    "broken: a write to a page that is read-only because of PT[0]",
]


@each(FIRST)
def test_first_kernel_says_all_is_well(booted: Result) -> None:
    assert booted.outcome is Outcome.PASSED, text(booted)
    said = booted.transcript.lines
    assert [line for line in said if line.startswith("ok ")] == POINTS
    assert said.count("a program in ring 3 says hello") == 1, text(booted)


@each(FIRST)
def test_program_that_is_stopped_is_reported(booted: Result) -> None:
    missing = [line for line in REPORT if line not in booted.transcript.lines]
    assert not missing, text(booted)


def test_documents_lines_of_the_report_are_the_kernels() -> None:
    assert all(f"\n    {line}\n" in DOCUMENT.read_text() for line in REPORT)


BLOCKS = FENCED.findall(DOCUMENT.read_text())


@pytest.mark.parametrize("language, block", BLOCKS, ids=range(len(BLOCKS)))
def test_document_quotes_the_sources(language: str, block: str) -> None:
    sources = [path for pattern in LANGUAGES[language] for path in FOLDER.glob(pattern)]
    assert any(f"\n{block}" in path.read_text() for path in sources), block


def test_document_is_two_pages_with_code() -> None:
    assert len(BLOCKS) > 9
    assert len(DOCUMENT.read_text().splitlines()) <= 160
