"""The `offcut` command: a verb goes to the command line without Qt, anything else opens the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version

from engine.cli.main import VERBS
from engine.cli.main import main as run_verb

USAGE = """usage: offcut [PROJECT.offcut]     open the window
       offcut RECORDING            open the window and import a recording
       offcut --demo               open the window on the demo
       offcut VERB ...             work without a window; 'offcut VERB --help' tells more

verbs:
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run Offcut and return its exit status."""
    if getattr(sys, "frozen", False):  # in a bundle, a process that learns starts here as well
        from multiprocessing import freeze_support

        freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else ""
    if first in VERBS:
        return run_verb(arguments)
    if first in ("-h", "--help"):
        print(USAGE + "\n".join(f"  {name:<10} {summary}" for name, summary in VERBS.items()))
        return 0
    if first == "--version":
        print(f"offcut {version('offcut')}")
        return 0
    if len(arguments) > 1 or (first.startswith("-") and first != "--demo"):
        print(f"offcut: {' '.join(arguments)!r} is not understood; see 'offcut --help'.", file=sys.stderr)
        return 2
    from desktop.app import open_window

    return open_window(first)


if __name__ == "__main__":
    sys.exit(main())
