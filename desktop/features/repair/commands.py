"""Sound repair, and named sounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import PAINT_LAYER, REPAIR_LAYER, WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.features.repair.repairing import Repairing


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    repairing: Repairing


Handler = Callable[[Parts], object]


def _repair(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    context = WINDOW if name in _ANYWHERE else PAINT_LAYER if name in _PAINTING else REPAIR_LAYER
    repeats = name in ("larger", "smaller")
    return Command(f"repair.{name}", label, keys, context, description, "Sound repair", do, repeats)


_ANYWHERE = ("open", "add", "find", "separator")
_PAINTING = ("takes", "larger", "smaller", "clear", "undo_paint", "redo_paint")


def _sound(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    repeats = name in {"next", "previous"}
    return Command(f"sounds.{name}", label, keys, WINDOW, description, "Sounds", do, repeats)


# fmt: off
REPAIRS = (
    _repair("open", "Remove or isolate a sound", ("W",),
        "Name a sound in the selection; a panel opens, and Esc closes it.",
        do=lambda parts: parts.repairing.open()),
    _repair("add", "Add selection to the repair", ("Shift+W",),
        "Use the selection as one more window with the same sound.",
        do=lambda parts: parts.repairing.add_window()),
    _repair("find", "Find a sound in the recording…", (),
        "Propose to remove a sound wherever it is detected.", do=RunFinder("repair")),
    _repair("separator", "Choose separator…", (),
        "Choose the separation method, for example your own trained model.",
        do=lambda parts: parts.repairing.choose_separator()),
    _repair("what", "List sounds in selection", ("Alt+5",), "List the detected sounds, most likely first.",
        do=lambda parts: parts.repairing.ask_what()),
    _repair("preview", "Render preview", ("Ctrl+Return", "Ctrl+Enter"),
        "Render the repair for listening; or Enter in the field.",
        do=lambda parts: parts.repairing.preview()),
    _repair("target", "Play target", ("Alt+1", "1"), "Play only the named sound.",
        do=lambda parts: parts.repairing.hear("target")),
    _repair("remainder", "Play remainder", ("Alt+2", "2"), "Play everything except that sound.",
        do=lambda parts: parts.repairing.hear("remainder")),
    _repair("result", "Play repair", ("Alt+3", "3"), "Play the repaired window with a second around it.",
        do=lambda parts: parts.repairing.hear("result")),
    _repair("compare", "Compare previews", ("Alt+4", "4"), "Switch to the previous preview, and back.",
        do=lambda parts: parts.repairing.compare()),
    _repair("accept", "Accept repair", ("Alt+6", "A", "Return", "Enter"),
        "Add the preview to the document, accepted, as one undo step.",
        do=lambda parts: parts.repairing.accept()),
    _repair("paint", "Paint mask", ("B",), "Drag over a spectrogram to add to the mask; again: end painting.",
        do=lambda parts: parts.repairing.paint()),
    _repair("paint_range", "Paint frequency range…", ("Shift+B",),
        "Add a frequency range of the selection to the mask, or subtract it.",
        do=lambda parts: parts.repairing.paint_range()),
    _repair("takes", "Add to or subtract from mask", ("X",),
        "Switch the brush between adding to the mask and subtracting from it.",
        do=lambda parts: parts.repairing.painting.turn()),
    _repair("larger", "Larger brush", ("]",), "Paint with a larger brush.",
        do=lambda parts: parts.repairing.painting.resize(1)),
    _repair("smaller", "Smaller brush", ("[",), "Paint with a smaller brush.",
        do=lambda parts: parts.repairing.painting.resize(-1)),
    _repair("undo_paint", "Undo stroke", ("Ctrl+Z",), "Undo the last stroke.",
        do=lambda parts: parts.repairing.painting.undo()),
    _repair("redo_paint", "Redo stroke", ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo the undone stroke.",
        do=lambda parts: parts.repairing.painting.redo()),
    _repair("clear", "Clear mask", ("C",), "Delete all strokes and use only the words.",
        do=lambda parts: parts.repairing.painting.clear()),
    _repair("widen", "Use a longer window", ("Alt+8",),
        "Add half a window of context on either side, and render the preview again.",
        do=lambda parts: parts.repairing.widen()),
    _repair("example", "Use selection as example", ("Alt+9",),
        "Search for sounds like the selection, without words.",
        do=lambda parts: parts.repairing.use_example()),
    _repair("mute", "Mute window instead", ("Alt+0",),
        "Fill the window with room tone instead of separating the sound, as one undo step.",
        do=lambda parts: parts.repairing.mute()),
    _repair("queue", "Add repair to queue", ("Alt+7",), "Add it undecided, for a later decision.",
        do=lambda parts: parts.repairing.put_into_queue()),
)
SOUNDS = (
    _sound("hear", "Detect sounds", ("Shift+H",),
        "Detect sounds in the whole recording, and show their names in a lane.",
        do=lambda parts: parts.repairing.finding.sounds.hear()),
    _sound("next", "Next sound", ("Alt+O",), "Go to the next detected sound and select it.",
        do=lambda parts: parts.repairing.finding.sounds.go(forward=True)),
    _sound("previous", "Previous sound", ("Alt+I",), "Go to the previous detected sound and select it.",
        do=lambda parts: parts.repairing.finding.sounds.go(forward=False)),
    _sound("like", "Find more like this…", ("Shift+E",),
        "Find sounds like the selection, and propose to remove or cut them.", do=RunFinder("like-this")),
    _sound("talk", "Find talk", (), "Propose to cut talk outside songs, and add a region for each song.",
        do=RunFinder("talk")),
    _sound("clean_voice", "Clean up a voice…", ("Alt+Shift+V",),
        "Propose to lower noise of whole tracks with speech.", do=RunFinder("clean-voice")),
)
COMMANDS = (*REPAIRS, *SOUNDS)
