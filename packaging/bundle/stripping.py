"""Take out of libraries what only a debugger reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import contents

Entry = tuple[str, str, str]


def stripped(binaries: list[Entry], work: Path) -> list[Entry]:
    """Return what PyInstaller collects with the libraries of `contents.STRIPPED` made smaller in a folder.

    Elsewhere than on Linux, and without `strip`, they stay as they are.
    """
    program = shutil.which("strip")
    if program is None or not sys.platform.startswith("linux"):
        return binaries
    shutil.rmtree(work, ignore_errors=True)
    return [_smaller(entry, work, program) for entry in binaries]


def _smaller(entry: Entry, work: Path, program: str) -> Entry:
    place, source, kind = entry
    if kind != "BINARY" or not any(fnmatch(place, pattern) for pattern in contents.STRIPPED):
        return entry
    target = work / place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755)
    subprocess.run([program, "--strip-unneeded", str(target)], check=True)
    return place, str(target), kind
