# SPDX-License-Identifier: BSD-2-Clause
"""The menu, with somebody at the serial line who takes several attempts; and what entries can
mean: files of other disks, and other applications."""

import pytest
from cases import MENU, SECOND_LABEL, VOLUMES
from machine import Result
from transcript import LOADER, Outcome


def each(*cases: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("booted", cases, indirect=True)


def said(result: Result) -> list[str]:
    """What the loader said, in order."""
    lines = result.transcript.lines
    return [line.removeprefix(LOADER) for line in lines if line.startswith(LOADER)]


@each(*MENU, *VOLUMES)
def test_kernel_says_all_is_well(booted: Result) -> None:
    assert booted.outcome is Outcome.PASSED, booted.text()


@each("menu")
def test_each_refusal_leads_back_to_the_menu(booted: Result) -> None:
    volume, damaged = booted.transcript.refused
    assert "/boot/stub.elf: there is no volume fslabel(nowhere)" in volume
    assert "/boot/stub.elf: its BLAKE2b hash begins with" in damaged


@each("menu")
def test_entries_are_chosen_by_arrows_and_digits(booted: Result) -> None:
    entries = [line for line in said(booted) if line.startswith("booting ")]
    names = ["Another disk", "A damaged kernel", "This menu once more", "A kernel"]
    assert entries == [f"booting {name}" for name in names]


@each("menu")
def test_volumes_are_listed_where_one_is_missing(booted: Result) -> None:
    assert 'volume: hdd(1:), label "PAGELIFT", boot()' in said(booted)


@each("menu")
def test_application_that_returns_leads_back_to_the_menu(booted: Result) -> None:
    returned = [line for line in said(booted) if "has returned" in line]
    assert len(returned) == 1
    assert returned[0].startswith("/EFI/BOOT/BOOTX64.EFI has returned:")


@each("second-disk")
def test_screen_has_the_resolution_that_the_entry_names(booted: Result) -> None:
    assert [line for line in said(booted) if line.startswith("framebuffer: 800x600 ")]


@each("chainload")
def test_application_reads_the_volume_that_it_came_from(booted: Result) -> None:
    read = [line for line in said(booted) if line.startswith("configuration: ")]
    assert len(read) == 2
    assert f"(label {SECOND_LABEL})" in read[1]
