# SPDX-License-Identifier: BSD-2-Clause
"""Counts of the benchmark's workloads: what is more than a tenth above the baseline is seen."""

import importlib.util
from pathlib import Path

import pytest
from cases import ROOT

SCRIPT = ROOT / "pagetables" / "bench" / "count.py"
SPEC = importlib.util.spec_from_file_location("count", SCRIPT)
assert SPEC is not None and SPEC.loader is not None
count = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(count)

BASELINE = {"W1": 1000, "W2": 20}


@pytest.mark.parametrize("now", [{"W1": 1100, "W2": 22}, {"W1": 1, "W2": 20}])
def test_a_tenth_more_is_allowed_and_less_too(now: dict[str, int]) -> None:
    assert count.complaints(now, BASELINE) == []


def test_each_workload_that_executes_more_is_named() -> None:
    lines = count.complaints({"W1": 1101, "W2": 23}, BASELINE)
    assert [line.split()[0] for line in lines] == ["W1", "W2"]
    assert "1.10 times its baseline of 1000" in lines[0]


@pytest.mark.parametrize("now", [{"W1": 1000}, {**BASELINE, "W3": 1}])
def test_workload_on_one_side_only_is_named(now: dict[str, int]) -> None:
    (line,) = count.complaints(now, BASELINE)
    assert line.startswith(("W2 is", "W3 is"))


def test_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "baseline.tsv"
    count.write_baseline(file, BASELINE)
    assert count.read_baseline(file) == (BASELINE, count.compiler())


def test_missing_baseline_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(count.Unusable, match="make bench-baseline"):
        count.read_baseline(tmp_path / "baseline.tsv")
