"""How a module of ours is started in a program of its own, from the source and from a bundle.

A bundle has no interpreter to give `-m` to: there the program itself runs the module it is named.
"""

from __future__ import annotations

import os
import sys

MODULE_OPTION = "--module"
"""Internal option that starts a bundle to run a module instead of Offcut."""

OWN = ("desktop", "widgets", "engine")
"""Packages of ours."""

WITHOUT = "this build comes without it: run Offcut from its source for that (see README)"
"""Message in a bundle about packages that it does not include."""

_ANEW = "PYINSTALLER_RESET_ENVIRONMENT"


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
    os.environ[_ANEW] = "1"
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"):
        before = os.environ.pop(f"{name}_ORIG", None)
        if before is not None:
            os.environ[name] = before
        else:
            os.environ.pop(name, None)


def how_to_add(extra: str) -> str:
    """Return how to install the packages of an extra: "install them with ..."."""
    if is_bundle():
        return WITHOUT
    return f"install them with pip install 'offcut[{extra}]'"
