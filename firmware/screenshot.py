# SPDX-License-Identifier: BSD-2-Clause
"""Boots an image, waits for the kernel's verdict, or for a text on the serial line, and takes a
picture of the screen."""

import argparse
import json
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from machine import HostError, Machine, Qemu, add_machine_arguments, machine_options, watch
from transcript import Ending, Outcome, Transcript


class Monitor:
    """QEMU's monitor protocol (QMP): one JSON object a line, in both directions."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rw", encoding="utf-8")
        self.lines.readline()  # the greeting
        self.run("qmp_capabilities")

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.socket.close()

    def run(self, command: str, **arguments: str) -> None:
        """Runs a command and waits for its answer, past the events that come between."""
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.lines.flush()
        for line in self.lines:
            answer: dict[str, Any] = json.loads(line)
            if "error" in answer:
                raise HostError(f"QEMU refuses {command}: {answer['error']['desc']}")
            if "return" in answer:
                return
        raise HostError(f"QEMU ended instead of answering {command}")


def seen(machine: Machine, heard: Transcript) -> bool:
    """The text that was waited for, which needs no answer, or else the verdict."""
    return not machine.typist.script if machine.options.typing else heard.verdict is not None


def take(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="pagelift-") as folder:
        monitor = Path(folder) / "monitor"
        options = machine_options(given)
        # Without the port that would end QEMU, the kernel stops with its picture on screen.
        options = replace(
            options,
            exit_port=False,
            extra=(*options.extra, "-qmp", f"unix:{monitor},server=on,wait=off"),
            typing=((given.until, ""),) if given.until else (),
        )
        transcript = Transcript()
        machine = Qemu(given.image, options, Path(folder))
        try:
            ending = watch(machine, transcript, lambda heard: seen(machine, heard))
            if ending is not Ending.SETTLED:
                raise HostError("nothing to take a picture of: does `make run` work?")
            with Monitor(monitor) as qmp:
                qmp.run("screendump", filename=str(given.picture.resolve()), format="png")
        finally:
            machine.stop()
    print(f"screenshot: {given.picture} ({given.until or transcript.verdict})")


def main() -> int:
    parser = argparse.ArgumentParser(description="Takes a picture of the booted kernel.")
    parser.add_argument("--picture", type=Path, required=True, metavar="PNG")
    parser.add_argument("--until", metavar="TEXT", help="not the verdict, but this")
    add_machine_arguments(parser)
    try:
        take(parser.parse_args())
    except HostError as error:
        print(f"screenshot: {error}", file=sys.stderr)
        return Outcome.HOST
    return 0


if __name__ == "__main__":
    sys.exit(main())
