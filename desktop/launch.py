"""The `offcut` command: a verb goes to the command line without Qt, anything else opens the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.cli.main import VERBS
from engine.cli.main import main as run_verb
from engine.cli.output import own_errors
from engine.core.build import MODULE_OPTION, give_back_libraries, is_bundle, run_module, this_build
from engine.recordings import import_ahead

USAGE = """usage: offcut [PROJECT.offcut]     open the window
       offcut RECORDING...         open the window and import recordings, one per track
       offcut --demo               open the window on the demo
       offcut VERB ...             work without a window; 'offcut VERB --help' lists options

verbs:
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run Offcut and return its exit status."""
    if is_bundle():  # in a bundle, a process that learns starts here as well
        from multiprocessing import freeze_support

        give_back_libraries()
        freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else ""
    if is_bundle() and first == MODULE_OPTION:
        run_module(arguments[1], arguments[2:])
        return 0
    if first in VERBS:
        return run_verb(arguments)
    if first in ("-h", "--help"):
        print(USAGE + "\n".join(f"  {name:<12} {summary}" for name, summary in VERBS.items()))
        return 0
    if first == "--version":
        print(f"offcut {this_build().sentence}")
        return 0
    refusal = _refusal(arguments)
    if refusal:
        print(f"offcut: {refusal}", file=sys.stderr)
        return 2
    read_ahead(arguments)
    from desktop.app import open_window

    with own_errors():
        return open_window(arguments)


def read_ahead(arguments: Sequence[str]) -> None:
    """Start reading recordings for the import while the window is created; both take about equally long."""
    recordings = [one for one in arguments if not one.startswith("-") and Path(one).is_file()]
    if recordings and not any(Path(one).suffix == ".offcut" for one in recordings):
        import_ahead.begin(recordings)


def _refusal(arguments: Sequence[str]) -> str:
    """Return why no window can open these files, "" if it can: before Qt, which may lack a display."""
    if list(arguments) == ["--demo"]:
        return ""
    for one in arguments:
        if one.startswith("-"):
            return f"{one!r} is not a known option; see 'offcut --help'."
        if not Path(one).exists():
            return f"{one!r} is neither a verb nor an existing file; see 'offcut --help'."
    return ""


if __name__ == "__main__":
    sys.exit(main())
