"""The command that lines up clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.shell.command import WINDOW, Command

if TYPE_CHECKING:
    from desktop.features.placement.placing import Parts


def _line_up(parts: Parts) -> None:
    from desktop.features.placement.placing import line_up

    line_up(parts)


# fmt: off
COMMANDS = (
    Command("clips.line_up", "Line up clips by sound…", (), WINDOW,
        "Look for the places of the chosen clips, or of all, by their sound and the times they state.",
        "Clips", do=_line_up, repeats=False, after="clips.choose_track"),
)
