"""Putting drums and notes in time, and the grid."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import GRID_LAYER, REVIEW, WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell
from engine.document.analysis import require_recording

if TYPE_CHECKING:
    from desktop.features.timing.grid_editing import GridDialogs, GridEditing, GridLayer, TapTempo
    from desktop.features.timing.proposing import TimingProposing
    from desktop.features.timing.timing import Timing


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    grid_dialogs: GridDialogs
    grid_editing: GridEditing
    grid_layer: GridLayer
    tap_tempo: TapTempo
    timing: Timing
    timing_proposing: TimingProposing


Handler = Callable[[Parts], object]


def _timing(
    name: str, label: str, keys: tuple[str, ...], context: str, description: str, do: Handler
) -> Command:
    return Command(f"timing.{name}", label, keys, context, description, "Drum timing", do)


def _accept(parts: Parts, name: str) -> None:
    answers = parts.timing.answers
    group = answers.groups().get(name)
    ids = () if group is None else group.ids
    parts.timing_proposing.left.before_accepting(ids, partial(answers.accept, name))


def _compare(parts: Parts) -> None:
    require_recording(parts.session.state, "hear")
    parts.transport.choose_before(not parts.transport.plays_before)


def _grid(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    steps = name in ("next", "previous")
    return Command(f"grid.{name}", label, keys, WINDOW, description, "Grid", do, repeats=steps)


def _layered(name: str, label: str, key: str, description: str, do: Handler) -> Command:
    return Command(f"grid.{name}", label, (key,), GRID_LAYER, description, "In the grid", do, repeats=False)


# fmt: off
TIMING = (
    _timing("propose", "Propose timing…", ("Ctrl+Shift+T",), WINDOW,
        "Detect drum hits and propose their timing; decisions stay.", do=RunFinder("timing")),
    _timing("notes", "Propose timing of notes…", ("Ctrl+Alt+N",), WINDOW,
        "Detect notes of bass, guitar, keys or voice; propose to move them onto the grid or to a track.",
        do=RunFinder("notes")),
    _timing("recorders", "Align recorders", ("Alt+Shift+R",), WINDOW,
        "Compare the chosen tracks, or all; propose to align and stretch those of another recorder.",
        do=RunFinder("recorders")),
    _timing("tempo", "Propose tempo alternatives", ("Alt+Shift+C",), WINDOW,
        "Rank half, double and other tempi of each song, and other downbeats.", do=RunFinder("tempo")),
    _timing("panel", "Timing panel", ("F3",), WINDOW,
        "Show how early or late each drum is, with strength and range; again: close it.",
        do=lambda parts: parts.timing.toggle_panel()),
    _timing("accept_bar", "Accept the hits of this bar", ("Alt+B",), REVIEW,
        "Accept every undecided move in the current bar.", do=lambda parts: _accept(parts, "bar")),
    _timing("accept_voice", "Accept the hits of this drum", ("Alt+D",), REVIEW,
        "Accept every undecided move of this drum.", do=lambda parts: _accept(parts, "voice")),
    _timing("accept_range", "Accept all hits in the range", ("Alt+E",), REVIEW,
        "Accept every undecided move in the range of the timing panel.",
        do=lambda parts: _accept(parts, "range")),
    _timing("confirm", "Confirm this hit", ("Alt+P",), REVIEW,
        "Keep the current hit at any sensitivity in later timing proposals.",
        do=lambda parts: parts.timing.answers.confirm()),
    _timing("loop_bar", "Loop this bar", ("Alt+Shift+L",), WINDOW,
        "Loop the current bar; accepted hits are audible at once.",
        do=lambda parts: parts.timing.answers.loop_bar()),
    _timing("before", "Compare before and after", ("Shift+Q",), WINDOW,
        "Show and play the recorded or the edited sound, also during playback.", do=_compare),
)
GRID = (
    _grid("next", "Next grid line", ("G",), "Move the playhead to the next beat, or bar if beats are hidden.",
        do=lambda parts: parts.grid_editing.step(forward=True)),
    _grid("previous", "Previous grid line", ("Shift+G",), "Move the playhead to the previous beat or bar.",
        do=lambda parts: parts.grid_editing.step(forward=False)),
    _grid("layer", "Grid edit mode", ("H",), "Use the keys below for the grid, until Esc.",
        do=lambda parts: parts.grid_layer.enter()),
    _grid("tap", "Tap tempo", ("Shift+T",),
        "Tap along; two seconds after the last tap the grid is set, and led by eight taps while playing.",
        do=lambda parts: parts.tap_tempo.tap()),
    _grid("set_tempo", "Set tempo…", (), "Set an even grid at a tempo for the recording.",
        do=lambda parts: parts.grid_dialogs.ask_tempo()),
    _grid("ramp", "Tempo ramp…", (), "Change the tempo evenly from one bar to another.",
        do=lambda parts: parts.grid_dialogs.ask_ramp()),
    _grid("bar", "Beats in a bar…", (), "Set the number of beats in a bar.",
        do=lambda parts: parts.grid_dialogs.ask_beats_in_bar()),
    _grid("bar_here", "Beats in a bar from here…", (), "Set how many beats bars from the playhead on have.",
        do=lambda parts: parts.grid_dialogs.ask_beats_from_here()),
    _grid("heard", "Restore detected beats", (), "Undo all edits of the grid at once.",
        do=lambda parts: parts.grid_editing.use_heard()),
    _layered("half", "Half tempo", "H", "Remove every second beat.",
        do=lambda parts: parts.grid_layer.run(parts.grid_editing.halve)),
    _layered("double", "Double tempo", "D", "Add a beat between each two.",
        do=lambda parts: parts.grid_layer.run(parts.grid_editing.double)),
    _layered("other_level", "Next metrical level", "O",
        "Step through half, double and 3:2, most probable first; then back.",
        do=lambda parts: parts.grid_layer.run(parts.grid_editing.other_level)),
    _layered("shift", "Shift half a beat", "S", "Move every beat halfway to the next.",
        do=lambda parts: parts.grid_layer.run(parts.grid_editing.shift)),
    _layered("pulse", "Beats in this passage", "P",
        "Put beats into the passage without a steady pulse at the playhead.",
        do=lambda parts: parts.grid_layer.run(parts.grid_editing.use_pulse)),
    _layered("downbeat", "Set downbeat", "B", "Start a bar at the beat nearest to the playhead.",
        do=lambda parts: parts.grid_layer.run(parts.grid_editing.set_downbeat)),
    _layered("bar_start", "Set downbeat from here", "N",
        "Start a bar at the beat nearest to the playhead; bars before it and in other songs stay.",
        do=lambda parts: parts.grid_layer.run(parts.grid_editing.start_bar)),
)
COMMANDS = (*GRID, *TIMING)
