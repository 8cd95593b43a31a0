"""The beat grid, and stepping along it."""

from __future__ import annotations

from desktop.commands.command import GRID_LAYER, WINDOW, Command


def _grid(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    steps = name in ("next", "previous")
    return Command(f"grid.{name}", label, keys, WINDOW, description, "Grid", repeats=steps)


def _layered(name: str, label: str, key: str, description: str) -> Command:
    return Command(f"grid.{name}", label, (key,), GRID_LAYER, description, "In the grid", repeats=False)


GRID = (
    _grid(
        "next", "Next grid line", ("G",), "Move the playhead to the next beat, or bar if beats are hidden."
    ),
    _grid("previous", "Previous grid line", ("Shift+G",), "Move the playhead to the previous beat or bar."),
    _grid("layer", "Grid edit mode", ("H",), "Use the keys below for the grid, until Esc."),
    _grid("tap", "Tap tempo", ("Shift+T",), "Tap along; the grid is set two seconds after the last tap."),
    _grid("set_tempo", "Set tempo…", (), "Set an even grid at a tempo for the recording."),
    _grid("ramp", "Tempo ramp…", (), "Change the tempo evenly from one bar to another."),
    _grid("bar", "Beats in a bar…", (), "Set the number of beats in a bar."),
    _grid("heard", "Restore detected beats", (), "Undo all edits of the grid at once."),
    _layered("half", "Half tempo", "H", "Remove every second beat."),
    _layered("double", "Double tempo", "D", "Add a beat between each two."),
    _layered(
        "other_level",
        "Next metrical level",
        "O",
        "Step through half, double and 3:2, most probable first; then back.",
    ),
    _layered("shift", "Shift half a beat", "S", "Move every beat halfway to the next."),
    _layered("downbeat", "Set downbeat", "B", "Start a bar at the beat nearest to the playhead."),
)
