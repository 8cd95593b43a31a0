"""Taking a sound out, only there."""

from __future__ import annotations

from desktop.commands.command import PAINT_LAYER, REPAIR_LAYER, WINDOW, Command


def _repair(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    context = WINDOW if name in _ANYWHERE else PAINT_LAYER if name in _PAINTING else REPAIR_LAYER
    repeats = name in ("larger", "smaller")
    return Command(f"repair.{name}", label, keys, context, description, "Sound repair", repeats)


_ANYWHERE = ("open", "add", "find", "separator")
_PAINTING = ("takes", "larger", "smaller", "clear", "undo_paint", "redo_paint")

REPAIRS = (
    _repair(
        "open",
        "Remove or isolate a sound",
        ("W",),
        "Name a sound in the selection; a panel opens, and Esc closes it.",
    ),
    _repair(
        "add",
        "Add selection to the repair",
        ("Shift+W",),
        "Use the selection as one more window with the same sound.",
    ),
    _repair(
        "find", "Find a sound in the recording…", (), "Propose to remove a sound wherever it is detected."
    ),
    _repair(
        "separator",
        "Choose separator…",
        (),
        "Choose the separation method, for example your own trained model.",
    ),
    _repair("what", "List sounds in selection", ("Alt+5",), "List the detected sounds, most likely first."),
    _repair(
        "preview",
        "Render preview",
        ("Ctrl+Return", "Ctrl+Enter"),
        "Render the repair for listening; or Enter in the field.",
    ),
    _repair("target", "Play target", ("Alt+1", "1"), "Play only the named sound."),
    _repair("remainder", "Play remainder", ("Alt+2", "2"), "Play everything except that sound."),
    _repair("result", "Play repair", ("Alt+3", "3"), "Play the repaired window with a second around it."),
    _repair("compare", "Compare previews", ("Alt+4", "4"), "Switch to the previous preview, and back."),
    _repair(
        "accept",
        "Accept repair",
        ("Alt+6", "A", "Return", "Enter"),
        "Add the preview to the document, accepted, as one undo step.",
    ),
    _repair(
        "paint",
        "Paint mask",
        ("B",),
        "Drag over a spectrogram to add to the mask; again: end painting.",
    ),
    _repair(
        "paint_range",
        "Paint frequency range…",
        ("Shift+B",),
        "Add a frequency range of the selection to the mask, or subtract it.",
    ),
    _repair(
        "takes",
        "Add to or subtract from mask",
        ("X",),
        "Switch the brush between adding to the mask and subtracting from it.",
    ),
    _repair("larger", "Larger brush", ("]",), "Paint with a larger brush."),
    _repair("smaller", "Smaller brush", ("[",), "Paint with a smaller brush."),
    _repair("undo_paint", "Undo stroke", ("Ctrl+Z",), "Undo the last stroke."),
    _repair("redo_paint", "Redo stroke", ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo the undone stroke."),
    _repair("clear", "Clear mask", ("C",), "Delete all strokes and use only the words."),
    _repair(
        "widen",
        "Use a longer window",
        ("Alt+8",),
        "Add half a window of context on either side, and render the preview again.",
    ),
    _repair(
        "example",
        "Use selection as example",
        ("Alt+9",),
        "Search for sounds like the selection, without words.",
    ),
    _repair(
        "mute",
        "Mute window instead",
        ("Alt+0",),
        "Fill the window with room tone instead of separating the sound, as one undo step.",
    ),
    _repair("queue", "Add repair to queue", ("Alt+7",), "Add it undecided, for a later decision."),
)
