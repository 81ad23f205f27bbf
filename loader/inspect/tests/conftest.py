# SPDX-License-Identifier: BSD-2-Clause
"""Runs the tool as built with sanitizers: a read outside of a buffer ends it with status 99."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOL = ROOT / "build" / "host" / "loader" / "inspect" / "pagelift-inspect"
KERNELS = ROOT / "build" / "kernel"
SANITIZED = "exitcode=99:detect_leaks=1"

Run = Callable[..., subprocess.CompletedProcess[str]]


def run_tool(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ASAN_OPTIONS": SANITIZED, "UBSAN_OPTIONS": "exitcode=99"}
    done = subprocess.run(
        [TOOL, *map(str, arguments)], capture_output=True, text=True, env=environment, cwd=cwd
    )
    assert done.returncode in (0, 1, 2), done.stderr
    return done


@pytest.fixture(scope="session")
def inspect() -> Run:
    return run_tool
