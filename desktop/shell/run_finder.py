"""A handler of commands that runs a finder."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.shell.shell import Shell


@dataclass(frozen=True, slots=True)
class RunFinder:
    """Handler that runs a finder.

    Attributes
    ----------
    name : of the finder, as in `engine.features.registry`
    """

    name: str

    def __call__(self, shell: Shell) -> None:
        """Ask for the settings of the finder, then start it; see `Finders.run`."""
        shell.finders.run(self.name)
