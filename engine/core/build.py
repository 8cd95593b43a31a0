"""The version of this Offcut, with commit and date of its build."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD_FILE = "build.json"
LICENCES_FILE = "THIRD_PARTY.md"


@dataclass(frozen=True, slots=True)
class Build:
    """A build.

    Attributes
    ----------
    commit : of the repository, abbreviated; "" if it runs from source
    date : the day of that commit, as 2026-11-22; "" if it runs from source
    """

    version: str
    commit: str = ""
    date: str = ""

    @property
    def sentence(self) -> str:
        """Text after the name of the program."""
        return f"{self.version} ({self.date}, {self.commit})" if self.commit else f"{self.version} (source)"


def this_build(root: Path = ROOT) -> Build:
    """Return the running build, from the file that the build writes next to the packages."""
    try:
        told = json.loads((root / BUILD_FILE).read_text("utf-8"))
    except FileNotFoundError:
        from importlib.metadata import version  # which takes as long to import as a verb

        return Build(version("offcut"))
    return Build(told["version"], told["commit"], told["date"])


def licences(root: Path = ROOT) -> Path | None:
    """Return the page with the licences of all that is inside, which a bundle has."""
    page = root / LICENCES_FILE
    return page if page.is_file() else None
