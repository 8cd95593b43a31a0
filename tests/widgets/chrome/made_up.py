"""Commands and keys for bars and lists."""

from __future__ import annotations

from dataclasses import dataclass

KEYS = {
    "transport.toggle": "Space",
    "transport.loop": "L",
    "transport.source_result": "Q",
    "file.export": "Ctrl E",
    "help.palette": "Ctrl Shift P",
    "edit.undo": "Ctrl Z",
}


@dataclass(frozen=True, slots=True)
class MadeUpCommand:
    """A command of no window."""

    id: str
    label: str
    keys: tuple[str, ...]
    description: str
    group: str
    synonyms: tuple[str, ...] = ()


COMMANDS = (
    MadeUpCommand("review.accept", "Accept", ("A", "P", "Return", "7"), "Accept it and go on.", "Review"),
    MadeUpCommand("review.reject", "Reject", ("X", "9"), "Reject it and go on.", "Review"),
    MadeUpCommand(
        "review.accept_above", "Accept all above", ("Ctrl+Shift+Return",), "All at once.", "Review"
    ),
    MadeUpCommand("edge.nudge_left", "Nudge left", ("Alt+Left",), "Move the active edge earlier.", "Edges"),
    MadeUpCommand("transport.toggle", "Play or stop", ("Space",), "Start playback, or stop it.", "Listening"),
    MadeUpCommand("transport.preroll", "Play with pre-roll", ("R",), "With the audio before.", "Listening"),
    MadeUpCommand("view.zoom_in", "Zoom in", ("+", "="), "Show less in more detail.", "View"),
    MadeUpCommand("file.export", "Export…", ("Ctrl+E",), "Write the result.", "File"),
    MadeUpCommand("view.theme", "Dark, light or system look", (), "Switch to the next look.", "View"),
)
