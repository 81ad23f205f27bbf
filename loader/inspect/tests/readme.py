# SPDX-License-Identifier: BSD-2-Clause
"""The README's sessions: each command after "    $ " and what it printed, indented alike.

`make inspect-readme` runs them anew and writes what they print now, and the picture, to the source
folder.
"""

import re
import shlex
import subprocess
import tempfile
from pathlib import Path

import kernels

FOLDER = Path(__file__).resolve().parents[1]
README = FOLDER / "README.md"
PICTURE = FOLDER / "example.svg"
TOOL = FOLDER.parents[1] / "build" / "pagelift-inspect"

SESSION = re.compile(r"^    \$ (.*)\n((?:    .*\n|\n(?=    ))*)", re.M)


def session(command: str, folder: Path) -> str:
    """A command of the README, which may end with `echo $?` to show the exit status."""
    command = command.replace("build/pagelift-inspect", shlex.quote(str(TOOL)))
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    return "".join(f"    {line}\n" if line else "\n" for line in lines)


def run_again() -> tuple[str, str]:
    """The README and the picture as they should be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "example.elf").write_bytes(kernels.example().elf())
        text = SESSION.sub(
            lambda found: f"    $ {found[1]}\n{session(found[1], folder)}", README.read_text()
        )
        return text, (folder / PICTURE.name).read_text()


if __name__ == "__main__":
    readme, picture = run_again()
    README.write_text(readme)
    PICTURE.write_text(picture)
