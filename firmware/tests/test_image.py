# SPDX-License-Identifier: BSD-2-Clause
"""Images are what firmware expects of a volume, and hold what was put in."""

import struct
import subprocess
import uuid
from pathlib import Path

import image
import pytest

ESP_TYPE = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")  # UEFI 2.10, table 5-7
FAT32_CLUSTERS = 65525  # with fewer, a FAT is not FAT32, whatever it says of itself


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    content = tmp_path / "content"
    content.write_bytes(bytes(range(256)) * 5)
    return {"/EFI/BOOT/BOOTX64.EFI": content, "/limine.conf": content}


def clusters(volume: bytes) -> int:
    """From the boot sector, as the FAT specification counts them."""
    sector_bytes, per_cluster, reserved, fats = struct.unpack_from("<HBHB", volume, 11)
    (sectors,) = struct.unpack_from("<I", volume, 32)
    (fat_sectors,) = struct.unpack_from("<I", volume, 36)
    assert sector_bytes == 512
    return int((sectors - reserved - fats * fat_sectors) // per_cluster)


def read_back(volume: str, name: str) -> bytes:
    command = ["mtype", "-i", volume, f"::{name}"]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.parametrize("kind, start", [("esp", 0), ("usb", image.PARTITION_START)])
def test_volume_is_fat32_with_the_files(
    kind: str, start: int, files: dict[str, Path], tmp_path: Path
) -> None:
    disk = tmp_path / "disk.img"
    image.MAKERS[kind](disk, files)
    volume = disk.read_bytes()[start:]
    assert clusters(volume) >= FAT32_CLUSTERS
    assert struct.unpack_from("<I", volume, 28)[0] == start // 512, "hidden sectors"
    for name, path in files.items():
        assert read_back(f"{disk}@@{start}", name) == path.read_bytes()


def test_usb_image_has_one_partition_which_is_the_esp(
    files: dict[str, Path], tmp_path: Path
) -> None:
    disk = tmp_path / "disk.img"
    image.make_usb(disk, files)
    content = disk.read_bytes()
    assert content[512:520] == content[-512:-504] == b"EFI PART"
    entry = content[1024 : 1024 + 128]
    first, last = struct.unpack_from("<QQ", entry, 32)
    assert uuid.UUID(bytes_le=entry[:16]) == ESP_TYPE
    assert first * 512 == image.PARTITION_START
    (volume_sectors,) = struct.unpack_from("<I", content, image.PARTITION_START + 32)
    assert last - first + 1 == volume_sectors
    assert content[1024 + 128 : 1024 + 256] == bytes(128), "a second partition"


def test_image_takes_little_room(files: dict[str, Path], tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    image.make_esp(disk, files)
    assert disk.stat().st_size == image.VOLUME_MIN
    assert disk.stat().st_blocks * 512 < image.VOLUME_MIN // 8


def test_image_grows_with_its_files(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(80 * image.MIB)
    disk = tmp_path / "disk.img"
    image.make_esp(disk, {"/large": large})
    assert read_back(str(disk), "/large") == bytes(80 * image.MIB)


def test_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(image.ImageError, match="absent.*/limine.conf"):
        image.make_esp(tmp_path / "disk.img", {"/limine.conf": tmp_path / "absent"})


def test_folder_may_be_spelled_in_two_ways(files: dict[str, Path], tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    files["/EFI/Boot/kernel"] = files["/limine.conf"]
    image.make_esp(disk, files)
    assert read_back(str(disk), "/EFI/BOOT/kernel") == files["/limine.conf"].read_bytes()


def test_names_that_a_fat_takes_for_one_are_refused(
    files: dict[str, Path], tmp_path: Path
) -> None:
    files["/LIMINE.conf"] = files["/limine.conf"]
    with pytest.raises(image.ImageError, match="/limine.conf and /LIMINE.conf are one file"):
        image.make_esp(tmp_path / "disk.img", files)
