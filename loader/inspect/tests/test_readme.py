# SPDX-License-Identifier: BSD-2-Clause
"""The README shows what the tool prints, and names every option that it has."""

import re

import pytest
import readme
from conftest import Run


@pytest.fixture(scope="module")
def again() -> tuple[str, str]:
    return readme.run_again()


def test_sessions_are_real(again: tuple[str, str]) -> None:
    assert len(readme.SESSION.findall(again[0])) >= 3
    assert again[0] == readme.README.read_text(), "run `make inspect-readme`"


def test_picture_is_real(again: tuple[str, str]) -> None:
    assert again[1] == readme.PICTURE.read_text(), "run `make inspect-readme`"


def test_every_option_is_explained(inspect: Run) -> None:
    options = re.findall(r"^  -., (--[a-z0-9-]+)", inspect("--help").stdout, re.M)
    assert len(options) == 10
    text = readme.README.read_text()
    assert [option for option in options if f"`{option}" not in text] == []
