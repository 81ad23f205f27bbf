# SPDX-License-Identifier: BSD-2-Clause
"""Boots a disk image in a machine, and says how that ended.

Two machines, both with OVMF as firmware: QEMU, and Bochs, an independent model
of the processor.  `make run` and the whole-machine tests go through boot().
"""

import argparse
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from transcript import ESCAPE, EXIT_PASSED, Ending, Judgement, Outcome, Transcript, judge

OVMF_CODE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
OVMF_VARS = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
# Bochs has no flash chips: it takes code and variables as one ROM.
OVMF_ROM = Path("/usr/share/ovmf/OVMF.fd")
BOCHS_VGA = Path("/usr/share/bochs/VGABIOS-lgpl-latest")

EXIT_PORT = ("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04")

TIME_LIMIT = 60.0  # seconds; a boot takes about 4 in QEMU and 10 in Bochs


@dataclass(frozen=True)
class Options:
    """A machine to boot in."""

    machine: str = "qemu"
    memory: int = 512  # MiB
    cpu: str = "max"  # QEMU's name; Bochs has a processor of its own
    processors: int = 1
    time_limit: float = TIME_LIMIT
    until: str | None = None  # a line that begins so is the last that is wanted
    # The rest is for QEMU alone.
    disk: tuple[str, ...] = ("-device", "virtio-blk-pci,drive=disk,bootindex=0")
    more_disks: tuple[Path, ...] = ()  # which stay as they are, whatever is written to them
    exit_port: bool = True  # the port by which a kernel ends QEMU with a status
    # What somebody types on the serial line: once the first text is seen there, the second.
    typing: tuple[tuple[str, str], ...] = ()
    tpm: bool = False  # a TPM 2.0, which swtpm plays
    extra: tuple[str, ...] = ()  # more arguments


@dataclass(frozen=True)
class Result(Judgement):
    transcript: Transcript = field(default_factory=Transcript)
    seconds: float = 0.0

    def text(self) -> str:
        first = f"{self.outcome.name.lower()}: {self.reason} ({self.seconds:.1f} s)"
        return "\n".join([first, *(f"    {line}" for line in self.details)])


class HostError(Exception):
    """The machine can't be started here; the text says what to do."""


def require(*files: Path) -> None:
    for file in files:
        if not file.is_file():
            raise HostError(f"{file} is missing: run `make deps`")


def require_program(name: str) -> None:
    if shutil.which(name) is None:
        raise HostError(f"{name} is not installed: run `make deps`")


class Typist:
    """Somebody at the serial line, who reads before he types."""

    def __init__(self, script: tuple[tuple[str, str], ...], keyboard: IO[bytes] | None) -> None:
        self.script = list(script)
        self.keyboard = keyboard
        self.seen = ""

    def read(self, data: bytes) -> None:
        """Takes what the line shows, which need not be whole lines, and types what is due."""
        self.seen += data.decode("ascii", "replace")
        while self.script and self.keyboard:
            shown = ESCAPE.sub("", self.seen)
            wanted, answer = self.script[0]
            if wanted not in shown:
                return
            # What was seen before an answer is not seen again after it.
            self.seen = shown[shown.index(wanted) + len(wanted) :]
            self.keyboard.write(answer.encode())
            self.keyboard.flush()
            self.script.pop(0)


class Machine:
    """A running machine.  `serial` is readable until the machine has ended."""

    def __init__(self, image: Path, options: Options, folder: Path) -> None:
        if not image.is_file():
            raise HostError(f"{image} is missing: run `make image`")
        self.options = options
        self.folder = folder  # its private files
        # Firmware and kernels write to their disk, so it is a copy; a sparse one is cheap.
        self.disk = folder / "disk.img"
        subprocess.run(["cp", "--sparse=always", image, self.disk], check=True)
        self.messages = folder / "messages"
        self.serial, self._serial_in = os.pipe()
        try:
            self.process = self.start()
        except BaseException:
            os.close(self.serial)
            raise
        finally:
            # The machine's end alone stays open, so that its end is our end of file.
            os.close(self._serial_in)

        self.typist = Typist(options.typing, self.process.stdin)

    def start(self) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def settled(self, transcript: Transcript) -> bool:
        """No more is to be expected, though the machine goes on."""
        return transcript.settled

    def finished(self, transcript: Transcript) -> bool:
        """No more is to be expected, or wanted."""
        until = self.options.until
        seen = until is not None and any(line.startswith(until) for line in transcript.lines)
        return seen or self.settled(transcript)

    def status(self) -> int:
        """The exit status of a machine that ended by itself, as QEMU has it."""
        return self.process.wait()

    def check_started(self, transcript: Transcript) -> None:
        """A machine that ended before its firmware spoke did not take its arguments."""
        if not transcript.lines:
            said = self.explain() or [self.messages.read_text("utf-8", "replace")[-400:]]
            words = " ".join(" ".join(said).split())
            raise HostError(f"{self.options.machine} did not start: {words}")

    def explain(self) -> list[str]:
        """What the machine itself has to say about its end."""
        return []

    def stop(self) -> None:
        """Ends the process where it still runs, and waits for it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        os.close(self.serial)


class Qemu(Machine):
    def command(self) -> list[str]:
        options = self.options
        flash = "if=pflash,format=raw,unit={},readonly={},file={}"
        variables = self.folder / "variables.fd"
        return [
            "qemu-system-x86_64", "-machine", "q35,memory-backend=memory", "-accel", "tcg",
            "-cpu", options.cpu, "-smp", f"{options.processors}",
            *self.memory(),
            "-drive", flash.format(0, "on", OVMF_CODE),
            "-drive", flash.format(1, "off", variables),
            "-drive", f"if=none,id=disk,format=raw,file={self.disk}",
            # A place in the boot order spares a search of every device.
            *options.disk,
            *self.more_disks(),
            *(EXIT_PORT if options.exit_port else ()),
            "-display", "none", "-nic", "none", "-no-reboot",
            "-monitor", "none", "-serial", "stdio",
            "-d", "cpu_reset", "-D", str(self.folder / "resets"),
            *(self.tpm() if options.tpm else ()),
            *options.extra,
        ]  # fmt: skip

    def memory(self) -> list[str]:
        """In a file without a name, whose pages the host makes one by one: QEMU's own memory gets
        2 MiB ones, and a kernel that touches each of 8 GiB waits a minute for all to be zeroed."""
        size = f"{self.options.memory}M"
        return ["-m", size, "-object", f"memory-backend-memfd,id=memory,size={size}"]

    def tpm(self) -> list[str]:
        """Starts a TPM, which ends when the machine lets go of it."""
        require_program("swtpm")
        socket = self.folder / "tpm"
        arguments = ["swtpm", "socket", "--tpm2", "--terminate", "--daemon"]
        arguments += ["--tpmstate", f"dir={self.folder}", "--ctrl", f"type=unixio,path={socket}"]
        subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL)
        return ["-chardev", f"socket,id=tpm,path={socket}",
                "-tpmdev", "emulator,id=tpm0,chardev=tpm",
                "-device", "tpm-crb,tpmdev=tpm0"]  # fmt: skip

    def more_disks(self) -> list[str]:
        arguments = []
        for number, disk in enumerate(self.options.more_disks):
            name = f"more{number}"
            arguments += ["-drive", f"if=none,id={name},format=raw,snapshot=on,file={disk}"]
            arguments += ["-device", f"virtio-blk-pci,drive={name}"]
        return arguments

    def start(self) -> subprocess.Popen[bytes]:
        require_program("qemu-system-x86_64")
        require(OVMF_CODE, OVMF_VARS)
        # Firmware writes its variables: each machine has a copy of its own.
        shutil.copyfile(OVMF_VARS, self.folder / "variables.fd")
        with self.messages.open("wb") as messages:
            return subprocess.Popen(
                self.command(),
                stdin=subprocess.PIPE if self.options.typing else subprocess.DEVNULL,
                stdout=self._serial_in,
                stderr=messages,
            )

    def explain(self) -> list[str]:
        log = self.folder / "resets"
        if not log.is_file() or "Triple fault" not in log.read_text("ascii", "replace"):
            return []
        return ["it was a triple fault; `make debug` helps to find where"]


class Bochs(Machine):
    def settings(self) -> str:
        return "\n".join([
            f"megs: {self.options.memory}",
            f"romimage: file={OVMF_ROM}, address=0xffe00000, options=none",
            f"vgaromimage: file={BOCHS_VGA}",
            # Without the last word a triple fault would boot again and again.
            f"cpu: model=corei7_skylake_x, count={self.options.processors},"
            " reset_on_triple_fault=0",
            # As fast as it can; real time makes OVMF's delays real.
            "clock: sync=none",
            "pci: enabled=1, chipset=i440fx",
            "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14",
            f"ata0-master: type=disk, path={self.disk}, mode=flat, heads=16, spt=63",
            "boot: disk",
            f"com1: enabled=1, mode=file, dev=/dev/fd/{self._serial_in}",
            "display_library: term",
            f"log: {self.folder / 'log'}",
            "panic: action=fatal",
            "error: action=report",
            "info: action=ignore",
            "debug: action=ignore",
            "",
        ])  # fmt: skip

    def start(self) -> subprocess.Popen[bytes]:
        require_program("bochs")
        require(OVMF_ROM, BOCHS_VGA)
        settings = self.folder / "bochsrc"
        settings.write_text(self.settings())
        # Debian's Bochs is built with its debugger, which waits for "continue".
        commands = self.folder / "commands"
        commands.write_text("c\nquit\n")
        with self.messages.open("wb") as messages:
            return subprocess.Popen(
                ["bochs", "-q", "-f", str(settings), "-rc", str(commands)],
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                pass_fds=(self._serial_in,),
                env={**os.environ, "TERM": "linux"},
            )

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text("ascii", "replace") if log.is_file() else ""

    def settled(self, transcript: Transcript) -> bool:
        """Bochs has no exit status to wait for: the kernel's verdict is its last word."""
        return transcript.settled or transcript.verdict is not None

    def status(self) -> int:
        """A kernel may switch Bochs off once it has finished; anything else is a reset."""
        self.process.wait()
        return EXIT_PASSED if "shutdown requested" in self.log().lower() else 0

    def explain(self) -> list[str]:
        return [line for line in self.log().splitlines() if "PANIC" in line]


MACHINES: dict[str, type[Machine]] = {"qemu": Qemu, "bochs": Bochs}

Echo = Callable[[str], None]
Stop = Callable[[Transcript], bool]


def no_echo(line: str) -> None:
    """For callers that look at the transcript afterwards."""


def watch(machine: Machine, transcript: Transcript, stop: Stop, echo: Echo = no_echo) -> Ending:
    """Reads the serial line until `stop` says so, the machine ends or time is up."""
    deadline = time.monotonic() + machine.options.time_limit
    while (left := deadline - time.monotonic()) > 0:
        # In slices, since no limit at all is not a number of seconds.
        ready, _, _ = select.select([machine.serial], [], [], min(left, 60.0))
        if not ready:
            continue
        data = os.read(machine.serial, 65536)
        machine.typist.read(data)
        for line in transcript.feed(data) if data else transcript.close():
            echo(line)
        if not data:
            return Ending.EXITED
        if stop(transcript):
            return Ending.SETTLED
    for line in transcript.close():
        echo(line)
    return Ending.TIME_LIMIT


def boot(image: Path, options: Options, echo: Echo = no_echo) -> Result:
    """Boots the image once and says how that ended.  The image stays as it was."""
    began = time.monotonic()
    transcript = Transcript()
    with tempfile.TemporaryDirectory(prefix="pagelift-") as folder:
        machine = MACHINES[options.machine](image.resolve(), options, Path(folder))
        try:
            ending = watch(machine, transcript, machine.finished, echo)
            status = machine.status() if ending is Ending.EXITED else None
        finally:
            machine.stop()
        if ending is Ending.EXITED:
            machine.check_started(transcript)
        judgement = judge(transcript, ending, status)
        details = judgement.details
        if judgement.outcome is Outcome.RESET:
            details = details + machine.explain()
    seconds = time.monotonic() - began
    return Result(judgement.outcome, judgement.reason, details, transcript, seconds)


def memory_argument(text: str) -> int:
    """MiB from "512", "512M" or "8G"."""
    units = {"": 1, "M": 1, "G": 1024}
    digits = text.rstrip("MGmg")
    unit = text[len(digits) :].upper()
    if not digits.isdecimal() or unit not in units:
        raise argparse.ArgumentTypeError(f"{text}: expected a size like 512M or 8G")
    return int(digits) * units[unit]


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which machine boots what."""
    parser.add_argument("image", type=Path)
    parser.add_argument("--machine", choices=sorted(MACHINES), default=Options.machine)
    parser.add_argument("--memory", type=memory_argument, default=Options.memory)
    parser.add_argument("--cpu", default=Options.cpu, help="a processor that QEMU knows")
    parser.add_argument("--processors", type=int, default=Options.processors)
    parser.add_argument("--time-limit", type=float, default=TIME_LIMIT, metavar="SECONDS")
    parser.add_argument("extra", nargs="*", help="more arguments for QEMU, after --")


def machine_options(given: argparse.Namespace) -> Options:
    return Options(
        machine=given.machine,
        memory=given.memory,
        cpu=given.cpu,
        processors=given.processors,
        time_limit=given.time_limit,
        extra=tuple(given.extra),
    )


def print_line(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Boots a disk image and says how that ended.")
    add_machine_arguments(parser)
    given = parser.parse_args()
    try:
        result = boot(given.image, machine_options(given), print_line)
    except HostError as error:
        print(f"machine: {error}", file=sys.stderr)
        return Outcome.HOST
    except KeyboardInterrupt:
        return 130  # as a shell says it
    print(f"machine: {result.text()}", flush=True)
    return result.outcome


if __name__ == "__main__":
    sys.exit(main())
