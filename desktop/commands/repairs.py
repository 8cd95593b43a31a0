"""Taking a sound out, only there."""

from __future__ import annotations

from desktop.commands.command import REPAIR_LAYER, WINDOW, Command


def _repair(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    context = WINDOW if name in _ANYWHERE else REPAIR_LAYER
    return Command(f"repair.{name}", label, keys, context, description, "Take a sound out", repeats=False)


_ANYWHERE = ("open", "add", "find")

REPAIRS = (
    _repair(
        "open",
        "Take a sound out, or keep it alone",
        ("W",),
        "Say which sound is meant in the selection; a panel opens, and Esc closes it.",
    ),
    _repair(
        "add",
        "Take it out of this span too",
        ("Shift+W",),
        "Let the selection be one more window in which the same sound is meant.",
    ),
    _repair("find", "Find a sound everywhere…", (), "Propose to take it out wherever it is heard."),
    _repair("what", "What is in this span?", ("Alt+5",), "List the sounds that are heard, likeliest first."),
    _repair(
        "preview",
        "Make a preview",
        ("Ctrl+Return", "Ctrl+Enter"),
        "Take it out so that you can hear how that is; in the field Enter does it.",
    ),
    _repair("target", "Hear what the words mean", ("Alt+1", "1"), "Play the sound that is meant, alone."),
    _repair("remainder", "Hear what is left", ("Alt+2", "2"), "Play everything but the sound that is meant."),
    _repair("result", "Hear the repair", ("Alt+3", "3"), "Play what the settings make of it, and around."),
    _repair("compare", "Compare two settings", ("Alt+4", "4"), "Go over to the preview before, and back."),
    _repair(
        "accept",
        "Accept the repair",
        ("Alt+6", "A", "Return", "Enter"),
        "Take the preview into the document, accepted; one undo takes it back.",
    ),
    _repair("queue", "Put the repair into the queue", ("Alt+7",), "Leave it undecided, to answer it later."),
)
