# SPDX-License-Identifier: BSD-2-Clause
"""Starts QEMU so that it waits for gdb, and writes the gdb script that goes with it.

Firmware decides where the application lies.  It decides the same way each time,
so a first boot without a debugger asks where, and symbols and breakpoints are
right from the first instruction of the second.
"""

import argparse
import math
import struct
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from machine import (
    HostError,
    Options,
    Qemu,
    add_machine_arguments,
    machine_options,
    print_line,
    watch,
)
from transcript import Outcome, Transcript

PORT = 1234

SCRIPT = """\
set pagination off
set confirm off
# A name that one of the two files lacks shall not end the script.
set breakpoint pending on
file {kernel}
add-symbol-file {application} -o {base:#x}
target remote localhost:{port}
# Hardware breakpoints: there are no pages yet into which software ones could be written.
hbreak efi_main
hbreak *{entry:#x}
hbreak requested_entry
echo \\n`continue` runs to the application, and again to the kernel.\\n
"""


def find_base(image: Path, options: Options) -> int:
    """Boots until the application says where it lies."""
    transcript = Transcript()
    with tempfile.TemporaryDirectory(prefix="pagelift-") as folder:
        machine = Qemu(image, options, Path(folder))
        try:
            watch(machine, transcript, lambda heard: heard.image_base is not None)
        finally:
            machine.stop()
    if transcript.image_base is None:
        raise HostError("the application never said `image base 0x...`: does `make run` work?")
    return transcript.image_base


def elf_entry(kernel: Path) -> int:
    """The entry point in an ELF64 header, 24 bytes in."""
    (entry,) = struct.unpack_from("<Q", kernel.read_bytes(), 24)
    return int(entry)


def serve(image: Path, options: Options, base: int) -> None:
    """Runs the machine that gdb drives, until it ends or the person stops it."""

    def moved(heard: Transcript) -> bool:
        if heard.image_base not in (None, base):
            print(f"debug: the application lies at {heard.image_base:#x} this time", flush=True)
        return False

    with tempfile.TemporaryDirectory(prefix="pagelift-") as folder:
        transcript = Transcript()
        machine = Qemu(image, options, Path(folder))
        try:
            watch(machine, transcript, moved, print_line)
            machine.check_started(transcript)
        finally:
            machine.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="Starts QEMU so that it waits for gdb.")
    parser.add_argument("--kernel", type=Path, required=True, help="with symbols")
    parser.add_argument("--application", type=Path, required=True, help="the ELF with symbols")
    parser.add_argument("--script", type=Path, required=True, help="the gdb script to write")
    add_machine_arguments(parser)
    given = parser.parse_args()
    options = machine_options(given)
    try:
        base = find_base(given.image, options)
        given.script.write_text(
            SCRIPT.format(
                kernel=given.kernel.resolve(),
                application=given.application.resolve(),
                base=base,
                entry=elf_entry(given.kernel),
                port=PORT,
            )
        )
        print(f"QEMU waits for gdb.  In another window:\n\n    gdb -x {given.script}\n", flush=True)
        waiting = ("-S", "-gdb", f"tcp:localhost:{PORT}")
        patient = replace(options, time_limit=math.inf, extra=(*options.extra, *waiting))
        serve(given.image, patient, base)
    except HostError as error:
        print(f"debug: {error}", file=sys.stderr)
        return Outcome.HOST
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
