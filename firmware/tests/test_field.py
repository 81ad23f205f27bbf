# SPDX-License-Identifier: BSD-2-Clause
"""What efi/README.md says of firmware in the field: each test and each machine that it names
exists."""

import re

import cases
import pytest

TITLE = "| What is met in the field |"


def rows() -> list[list[str]]:
    """The table's rows, as the cells of each."""
    text = (cases.ROOT / "efi" / "README.md").read_text("utf-8")
    table = text[text.index(TITLE) :].split("\n\n")[0].splitlines()[2:]
    return [line.strip("|").split("|") for line in table]


def names(column: int) -> list[str]:
    return sorted({name for row in rows() for name in re.findall(r"`([a-z0-9_-]+)`", row[column])})


def defined() -> set[str]:
    """The names of all tests on the host of loader and application."""
    files = [*cases.ROOT.glob("efi/tests/test_*.c"), *cases.ROOT.glob("loader/tests/test_*.c")]
    found = (re.findall(r"cmocka_unit_test\w*\((\w+)", file.read_text("utf-8")) for file in files)
    return {name for names in found for name in names}


def test_the_table_is_read() -> None:
    assert len(rows()) > 10 and len(names(1)) > 20 and len(names(2)) > 5


@pytest.mark.parametrize("name", names(1))
def test_each_test_that_it_names_is_run(name: str) -> None:
    assert name in defined()


@pytest.mark.parametrize("name", names(2))
def test_each_machine_that_it_names_boots(name: str) -> None:
    text = (cases.ROOT / "firmware" / "tests" / "cases.py").read_text("utf-8")
    assert f'"{name}": ' in text
