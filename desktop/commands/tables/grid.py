"""The beat grid, and stepping along it."""

from __future__ import annotations

from desktop.parts import Handler
from desktop.shell.command import GRID_LAYER, WINDOW, Command


def _grid(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    steps = name in ("next", "previous")
    return Command(f"grid.{name}", label, keys, WINDOW, description, "Grid", do, repeats=steps)


def _layered(name: str, label: str, key: str, description: str, do: Handler) -> Command:
    return Command(f"grid.{name}", label, (key,), GRID_LAYER, description, "In the grid", do, repeats=False)


# fmt: off
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
