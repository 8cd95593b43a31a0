"""The running build, from source or as a bundle: its version, and how it starts one of its own modules.

A bundle has no interpreter for `-m`, so the program itself runs the module. It also has no laboratory, and
packages cannot be installed into it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

MODULE_OPTION = "--module"
"""Internal option that starts a bundle to run a module instead of Offcut."""

OWN = ("desktop", "widgets", "engine")
"""Packages of ours."""

WITHOUT = "this build comes without it: run Offcut from its source for that (see README)"
"""Message in a bundle about packages that it does not include."""
ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "resources"
BUILD_FILE = "build.json"
LICENCES_FILE = "THIRD_PARTY.md"


def is_bundle() -> bool:
    """Return whether this runs from a bundle, which has no interpreter and cannot install packages."""
    return bool(getattr(sys, "frozen", False))


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours as `__main__`; start it with `module_environment`."""
    if is_bundle():
        return [sys.executable, MODULE_OPTION, module, *arguments]
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """Return an environment in which that command imports exactly the packages of this process."""
    if is_bundle():
        return dict(os.environ)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def run_module(module: str, arguments: list[str]) -> None:
    """Run a module in the process that `module_command` starts in a bundle.

    Raises
    ------
    ValueError : it is not a module of Offcut
    """
    from runpy import run_module as run

    if module.partition(".")[0] not in OWN:
        raise ValueError(f"{module!r} is not a module of Offcut.")
    sys.argv[1:] = arguments
    run(module, run_name="__main__", alter_sys=True)


def give_back_libraries() -> None:
    """Let other programs started from a bundle (a browser, a file list) find their own libraries.

    Its starter puts the folder of the bundle before those of the system. Offcut's own programs must do so
    again: a variable makes them, or they would find libraries of another version or none.
    """
    if not is_bundle():
        return
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"):
        os.environ.pop(name, None)
        if (before := os.environ.pop(f"{name}_ORIG", None)) is not None:
            os.environ[name] = before


def how_to_add(extra: str) -> str:
    """Return how to install the packages of an extra: "install them with ..."."""
    return WITHOUT if is_bundle() else f"install them with pip install 'offcut[{extra}]'"


def of_laboratory(module: str, name: str) -> Mapping[str, Any]:
    """Return a mapping of the laboratory; empty in a bundle.

    Parameters
    ----------
    module, name : the module in `engine.lab`, and the mapping in it
    """
    if is_bundle():
        return {}
    found: Mapping[str, Any] = getattr(import_module(f"engine.lab.{module}"), name)
    return found


def missing_in_bundle(kind: str, name: str, other: str) -> str:
    """Return the message about an object of the laboratory in a bundle, with another to use."""
    return (
        f"the {kind} '{name}' belongs to the laboratory, which this build comes without: use '{other}', or "
        "run Offcut from its source (see README)."
    )


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
        facts = json.loads((root / BUILD_FILE).read_text("utf-8"))
    except FileNotFoundError:
        from importlib.metadata import version  # which takes as long to import as a verb

        return Build(version("offcut"))
    return Build(facts["version"], facts["commit"], facts["date"])


def licences(root: Path = ROOT) -> Path | None:
    """Return the page with the licences of all that is inside, which a bundle has."""
    page = root / LICENCES_FILE
    return page if page.is_file() else None
