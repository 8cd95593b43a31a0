"""Taking a sound out, only there."""

from __future__ import annotations

from desktop.commands.command import PAINT_LAYER, REPAIR_LAYER, WINDOW, Command


def _repair(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    context = WINDOW if name in _ANYWHERE else PAINT_LAYER if name in _PAINTING else REPAIR_LAYER
    repeats = name in ("larger", "smaller")
    return Command(f"repair.{name}", label, keys, context, description, "Take a sound out", repeats)


_ANYWHERE = ("open", "add", "find", "separator")
_PAINTING = ("takes", "larger", "smaller", "clear", "undo_paint", "redo_paint")

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
    _repair(
        "separator",
        "Choose the separator…",
        (),
        "Choose the method that takes sounds out, such as one whose weights you trained.",
    ),
    _repair("what", "What is in this span?", ("Alt+5",), "List the sounds that are heard, likeliest first."),
    _repair(
        "preview",
        "Make a preview",
        ("Ctrl+Return", "Ctrl+Enter"),
        "Take it out so that you can hear how that is; in the field Enter does it.",
    ),
    _repair("target", "Play the target", ("Alt+1", "1"), "Play only the sound that the words name."),
    _repair("remainder", "Play the remainder", ("Alt+2", "2"), "Play everything except that sound."),
    _repair("result", "Play the repair", ("Alt+3", "3"), "Play the repaired window with a second around it."),
    _repair("compare", "Compare two settings", ("Alt+4", "4"), "Go over to the preview before, and back."),
    _repair(
        "accept",
        "Accept the repair",
        ("Alt+6", "A", "Return", "Enter"),
        "Take the preview into the document, accepted; one undo takes it back.",
    ),
    _repair(
        "paint",
        "Paint on the mask",
        ("B",),
        "Drag over a spectrogram to add to what is meant; again ends it.",
    ),
    _repair(
        "paint_range",
        "Paint a range of pitches…",
        ("Shift+B",),
        "Type between which pitches the selection is added to what is meant, or taken from it.",
    ),
    _repair(
        "takes", "Add, or take away", ("X",), "Let the brush take from what is meant, and add to it again."
    ),
    _repair("larger", "Larger brush", ("]",), "Paint with a larger brush."),
    _repair("smaller", "Smaller brush", ("[",), "Paint with a smaller brush."),
    _repair("undo_paint", "Undo the stroke", ("Ctrl+Z",), "Take the last stroke back."),
    _repair(
        "redo_paint", "Paint the stroke again", ("Ctrl+Shift+Z", "Ctrl+Y"), "Make the undone stroke again."
    ),
    _repair("clear", "Clear what was painted", ("C",), "Let the words alone say what is meant."),
    _repair(
        "widen",
        "Use a longer window",
        ("Alt+8",),
        "Add half a window of surroundings on either side, and make the preview again.",
    ),
    _repair(
        "example",
        "Use the selection as an example",
        ("Alt+9",),
        "Look for what sounds like the selection, instead of words.",
    ),
    _repair(
        "mute",
        "Mute the window instead",
        ("Alt+0",),
        "Fill the window with room tone instead of taking the sound out; accepted, one step of undo.",
    ),
    _repair("queue", "Put the repair into the queue", ("Alt+7",), "Leave it undecided, to answer it later."),
)
