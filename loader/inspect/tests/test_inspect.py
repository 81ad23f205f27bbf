# SPDX-License-Identifier: BSD-2-Clause
"""pagelift-inspect's verdicts: what it says, and the exit status that a CI relies on."""

import gzip
import json
from pathlib import Path

import kernels
import pytest
from conftest import KERNELS, Run
from kernels import EXECUTE, READ, WRITE


def lines_with(text: str, word: str) -> list[str]:
    return [line for line in text.splitlines() if f": {word}: " in line]


def errors(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("error: ")]


def written(folder: Path, kernel: kernels.Kernel | bytes, name: str = "kernel.elf") -> Path:
    path = folder / name
    path.write_bytes(kernel if isinstance(kernel, bytes) else kernel.elf())
    return path


@pytest.mark.parametrize("revision", range(7))
def test_stub_kernels_boot(inspect: Run, revision: int) -> None:
    done = inspect("--memory", "512M,8G", "--base-revision", revision,
                   KERNELS / f"stub-{revision}.elf")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert errors(done.stdout) == []
    warnings = lines_with(done.stdout, "warning")
    assert ["section .limine_reqs" in line for line in warnings] == [True] * (revision == 0)
    assert "\nverdict: boots; " in done.stdout
    assert done.stdout.count("W+X 0 bytes") == 2


def test_clean_kernel_has_no_line(inspect: Run, tmp_path: Path) -> None:
    done = inspect("--strict", written(tmp_path, kernels.clean()))
    assert done.returncode == 0
    assert done.stdout.endswith("\nverdict: boots; 0 warnings, 0 notes\n")


def test_odd_stub_is_strictly_refused(inspect: Run) -> None:
    kernel = KERNELS / "stub-odd.elf"
    assert inspect(kernel).returncode == 0
    done = inspect("--strict", kernel)
    assert done.returncode == 1
    assert "verdict: boots; 5 warnings" in done.stdout
    warnings = "\n".join(lines_with(done.stdout, "warning"))
    for symbol in ("misplaced+0x4", "stale_request", "late_request", "smbios_request"):
        assert f"({symbol}, segment 2" in warnings


def test_base_revision_that_was_not_wanted(inspect: Run, tmp_path: Path) -> None:
    kernel = written(tmp_path, kernels.clean())
    assert inspect("--base-revision", 3, kernel).returncode == 0
    done = inspect("--base-revision", 4, kernel)
    assert done.returncode == 1
    assert errors(done.stdout) == [
        f"error: {kernel}: base revision 3, where --base-revision wants 4"
    ]


def test_machine_that_lacks_everything(inspect: Run, tmp_path: Path) -> None:
    kernel = kernels.clean()
    names = ("RSDP", "SMBIOS", "module")
    kernel.data[5:5] = [(f"a_{name}", kernels.request(name)) for name in names]
    path = written(tmp_path, kernel)
    lacking = "display,acpi,smbios,clock,entropy,tsc"
    notes = lines_with(inspect("--without", lacking, path).stdout, "note")
    assert len(notes) == 4
    for feature in ("framebuffer", *names):
        assert len([line for line in notes if f"the {feature} request at 0x" in line]) == 1
    # The same on every machine is said once; and a module that is there is answered.
    done = inspect("--without", lacking, "-m", "1G,2G", path, written(tmp_path, b"abc", "module"))
    assert len(lines_with(done.stdout, "note")) == 3


def refusal(inspect: Run, path: Path) -> str:
    done = inspect("--svg", path.parent / "none.svg", path)
    assert (done.returncode, done.stderr) == (1, "")
    assert not (path.parent / "none.svg").exists()
    assert "\nverdict: refused; " in done.stdout
    (error,) = errors(done.stdout)
    assert error.startswith(f"error: {path}")
    return error


def test_loaders_own_refusals(inspect: Run, tmp_path: Path) -> None:
    kernel = kernels.clean()
    kernel.data_rights = READ | WRITE | EXECUTE
    assert "both writable and executable" in refusal(inspect, written(tmp_path, kernel))
    kernel.data_rights = READ | WRITE
    kernel.data_at = kernels.BASE + 8
    assert "overlap" in refusal(inspect, written(tmp_path, kernel))
    kernel.data_at = kernels.BASE + 64
    assert "page" in refusal(inspect, written(tmp_path, kernel))
    assert "not an ELF file" in refusal(inspect, written(tmp_path, b"#!/bin/sh\n" * 20))
    assert "empty" in refusal(inspect, written(tmp_path, b""))


def test_requests_that_are_refused_name_their_places(inspect: Run, tmp_path: Path) -> None:
    twice = kernels.clean()
    twice.data.insert(3, ("second", kernels.request("HHDM")))
    error = refusal(inspect, written(tmp_path, twice))
    assert "(second, segment 1, file offset 0x128)" in error
    assert "(hhdm_request, segment 1, file offset 0xf8)" in error
    assert "feature HHDM" in error
    two_tags = kernels.clean()
    two_tags.data.insert(3, ("second", kernels.tag(3)))
    assert "(second, segment 1" in refusal(inspect, written(tmp_path, two_tags))
    unknown = kernels.clean()
    unknown.data[1] = ("tag_of_99", kernels.tag(99))
    assert "(tag_of_99, segment 1" in refusal(inspect, written(tmp_path, unknown))
    turned = kernels.clean()
    turned.data[0], turned.data[-1] = turned.data[-1], turned.data[0]
    assert "(end_marker, segment 1" in refusal(inspect, written(tmp_path, turned))


def test_too_little_memory(inspect: Run, tmp_path: Path) -> None:
    kernel = kernels.clean()
    kernel.zeros = [("huge", 300 << 20)]
    done = inspect("-m", "128M,1G", written(tmp_path, kernel))
    assert done.returncode == 1
    (error,) = errors(done.stdout)
    assert "a machine of 128 MiB" in error


def test_compressed_kernel_is_the_same(inspect: Run, tmp_path: Path) -> None:
    plain = kernels.clean().elf()
    done = inspect("--json", written(tmp_path, gzip.compress(plain)))
    assert done.returncode == 0
    compressed = json.loads(done.stdout)
    whole = json.loads(inspect("--json", written(tmp_path, plain)).stdout)
    assert compressed.pop("bytes") != whole.pop("bytes")
    assert compressed == whole


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--what",),
        ("-m", "512", "k"),
        ("-m", "1M", "k"),
        ("-m", "64T", "k"),
        ("-m", "18446744073709551616G", "k"),
        ("-m", "512M,", "k"),
        ("-m", "-1G", "k"),
        ("-m", ",".join(["1G"] * 17), "k"),
        ("-l", "3", "k"),
        ("-l", "5x", "k"),
        ("-p", "0", "k"),
        ("-r", "7", "k"),
        ("-w", "display,luck", "k"),
        ("-w", "", "k"),
    ],
)
def test_wrong_command_lines(inspect: Run, arguments: tuple[str, ...]) -> None:
    done = inspect(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--help lists the options" in done.stderr


def test_files_that_are_not_there(inspect: Run, tmp_path: Path) -> None:
    kernel = written(tmp_path, kernels.clean())
    for arguments in ([tmp_path / "none"], [tmp_path], [kernel, tmp_path / "none"]):
        done = inspect(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith(f"pagelift-inspect: {arguments[-1]}: ")
    done = inspect("--svg", tmp_path / "none" / "a.svg", kernel)
    assert done.returncode == 2
    assert "a.svg: No such file" in done.stderr


def test_help(inspect: Run) -> None:
    done = inspect("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: pagelift-inspect ")


def test_json_and_text_agree(inspect: Run) -> None:
    arguments = ("-m", "512M,3G", "-p", 4, KERNELS / "stub-3.elf")
    found = json.loads(inspect("--json", *arguments).stdout)
    text = inspect(*arguments).stdout
    assert (found["boots"], found["base_revision"]) == (True, 3)
    for machine in found["machines"]:
        assert machine["error"] is None and machine["writable_executable_bytes"] == 0
        assert sum(machine["frames_by_level"]) == machine["kernel_frames"]
        rights = ("rw_bytes", "r_bytes", "rx_bytes")
        assert sum(machine[key] for key in rights) == machine["mapped_bytes"]
        assert 0 < machine["tlb_reach_bytes"] <= machine["mapped_bytes"]
        leaves = [machine[f"leaves_{size}"] for size in ("4k", "2m", "1g")]
        sizes = (1 << 12, 1 << 21, 1 << 30)
        assert sum(n * size for n, size in zip(leaves, sizes)) == machine["mapped_bytes"]
        assert f"leaves 4K {leaves[0]}, 2M {leaves[1]}, 1G {leaves[2]}; W+X 0" in text
    assert {r["feature"] for r in found["requests"]} == set(found["machines"][0]["answers"])


def test_options_change_the_tables(inspect: Run) -> None:
    def machine(*arguments: object) -> dict:
        done = inspect("--json", "-m", "8G", *arguments, KERNELS / "stub-5level.elf")
        return json.loads(done.stdout)["machines"][0]

    assert machine()["leaves_1g"] > 0
    assert machine("--no-1g")["leaves_1g"] == 0
    assert len(machine()["frames_by_level"]) == 4
    assert len(machine("--levels", 5)["frames_by_level"]) == 5
    # Each further processor has a stack with a guard in front of it.
    assert machine("-p", 64)["mapped_bytes"] == machine()["mapped_bytes"] - 63 * 4096
