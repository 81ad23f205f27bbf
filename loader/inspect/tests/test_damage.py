# SPDX-License-Identifier: BSD-2-Clause
"""No file makes the tool crash: cut off anywhere, or with bytes that nobody expects."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kernels
from conftest import run_tool


def judge(folder: Path, files: Iterable[bytes]) -> list[int]:
    """The exit statuses; run_tool() itself fails for all but 0, 1 and 2."""

    def one(numbered: tuple[int, bytes]) -> int:
        path = folder / f"{numbered[0]}.elf"
        path.write_bytes(numbered[1])
        done = run_tool("--strict", path)
        path.unlink()
        assert ("verdict: boots" in done.stdout) or done.stdout.count("error: ") == 1
        return done.returncode

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, enumerate(files)))


def test_cut_off_at_every_byte(tmp_path: Path) -> None:
    whole = kernels.example().elf()
    needed = 64 + 2 * 56 + kernels.TEXT_BYTES + sum(len(part) for _, part in kernels.example().data)
    statuses = judge(tmp_path, (whole[:length] for length in range(len(whole))))
    assert set(statuses) == {1}  # refused, or behind the last segment, warned of
    clean = kernels.clean().elf()
    end = 64 + 2 * 56 + kernels.TEXT_BYTES + sum(len(part) for _, part in kernels.clean().data)
    assert judge(tmp_path, [clean[: end - 1], clean[:end]]) == [1, 0]
    assert needed < len(whole)


def test_every_byte_of_the_tables_turned(tmp_path: Path) -> None:
    """Headers, symbols, names and sections; of the data, a byte in each word."""
    whole = kernels.example().elf()
    headers = 64 + 2 * 56
    places = [*range(headers), *range(headers, len(whole), 3)]
    files = (whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in places)
    assert set(judge(tmp_path, files)) == {1}
