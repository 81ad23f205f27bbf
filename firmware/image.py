# SPDX-License-Identifier: BSD-2-Clause
"""Disk images that firmware can boot from, made without root and without loop devices.

An EFI system partition (ESP) is a FAT32 volume in which firmware looks for
/EFI/BOOT/BOOTX64.EFI.  mtools writes it straight into a file; sgdisk puts the
partition table around it for a USB stick.  Files are sparse: only what is
written takes room.

    python3 firmware/image.py {esp|usb} IMAGE /PATH/ON/VOLUME=FILE ...
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

SECTOR = 512
MIB = 1024 * 1024

# FAT32 begins at 65525 clusters: below that, firmware reads the volume as FAT16
# and finds nothing.  64 MiB in clusters of one sector are about 129000.
VOLUME_MIN = 64 * MIB

# Where partitioning tools start the first partition; it keeps flash blocks whole.
PARTITION_START = MIB

LABEL = "PAGELIFT"

# sgdisk keeps 33 sectors at the end for the second copy of the table.
PARTITION_TAIL = MIB


class ImageError(Exception):
    """An image can't be made; the text says why and what to do."""


def run_tool(*command: str) -> None:
    """Runs a tool and turns its failure into one line."""
    # mtools otherwise wants a size that is a whole number of the tracks of a disk
    # that nobody has built for decades.
    environment = {**os.environ, "MTOOLS_SKIP_CHECK": "1"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment
        )
    except FileNotFoundError as error:
        raise ImageError(f"{command[0]} is not installed: run `make deps`") from error
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise ImageError(f"`{' '.join(command)}` failed: {said}")


def volume_bytes(files: Mapping[str, Path]) -> int:
    """Room for the files and as much again for the FATs, in whole MiB."""
    content = sum(path.stat().st_size for path in files.values())
    return max(VOLUME_MIN, (2 * content // MIB + 1) * MIB)


def folders(files: Mapping[str, Path]) -> list[str]:
    """Every folder that the files need, parents first; on a FAT volume /EFI/Boot is /EFI/BOOT."""
    needed: dict[str, str] = {}
    for name in files:
        for parent in PurePosixPath(name).parents:
            if str(parent) not in ("/", "."):
                needed.setdefault(str(parent).lower(), str(parent))
    return [needed[folded] for folded in sorted(needed)]


def check_files(files: Mapping[str, Path]) -> None:
    for name, path in files.items():
        if not path.is_file():
            raise ImageError(f"{path}, which is to become {name} on the volume, is not a file")
    seen: dict[str, str] = {}
    for name in files:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ImageError(f"{other} and {name} are one file on a FAT volume: rename one of them")


def write_volume(
    image: Path, start: int, size: int, files: Mapping[str, Path], label: str = LABEL
) -> None:
    """Formats `size` bytes of the image from `start` on, and copies the files in."""
    volume = f"{image}@@{start}"
    run_tool(
        "mformat", "-i", volume, "-F", "-v", label,
        "-c", "1", "-h", "16", "-s", "63",
        "-T", str(size // SECTOR), "-H", str(start // SECTOR), "::",
    )  # fmt: skip
    for folder in folders(files):
        run_tool("mmd", "-i", volume, f"::{folder}")
    for name, path in files.items():
        run_tool("mcopy", "-i", volume, str(path), f"::{name}")


def make_esp(image: Path, files: Mapping[str, Path]) -> None:
    """The volume alone, as a disk without partitions: firmware boots that too."""
    check_files(files)
    size = volume_bytes(files)
    image.unlink(missing_ok=True)
    with image.open("wb") as file:
        file.truncate(size)
    write_volume(image, 0, size, files)


def make_usb(
    image: Path, files: Mapping[str, Path], label: str = LABEL, guid: str = "R"
) -> None:
    """A GPT disk with the volume as its one partition: what a USB stick wants.

    The partition's GUID is a random one where none is given.
    """
    check_files(files)
    size = volume_bytes(files)
    image.unlink(missing_ok=True)
    with image.open("wb") as file:
        file.truncate(PARTITION_START + size + PARTITION_TAIL)
    first = PARTITION_START // SECTOR
    run_tool(
        "/usr/sbin/sgdisk", "--clear",
        f"--new=1:{first}:{first + size // SECTOR - 1}",
        "--typecode=1:ef00", "--change-name=1:Pagelift", f"--partition-guid=1:{guid}", str(image),
    )  # fmt: skip
    write_volume(image, PARTITION_START, size, files, label)


MAKERS = {"esp": make_esp, "usb": make_usb}


def file_argument(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not name.startswith("/"):
        raise argparse.ArgumentTypeError(f"{text}: expected /PATH/ON/VOLUME=FILE")
    return name, Path(path)


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes a disk image that UEFI firmware boots.")
    parser.add_argument("kind", choices=sorted(MAKERS))
    parser.add_argument("image", type=Path)
    parser.add_argument("files", nargs="+", type=file_argument, metavar="/PATH=FILE")
    arguments = parser.parse_args()
    try:
        MAKERS[arguments.kind](arguments.image, dict(arguments.files))
    except ImageError as error:
        print(f"image: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
