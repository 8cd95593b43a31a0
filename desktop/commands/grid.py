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
        "next", "Next grid line", ("G",), "Put the playhead on the next beat, or bar where beats are hidden."
    ),
    _grid("previous", "Previous grid line", ("Shift+G",), "Put the playhead on the beat or bar before."),
    _grid("layer", "Keys of the grid", ("H",), "Let the keys below mean the grid, until Esc."),
    _grid("tap", "Tap tempo", ("Shift+T",), "Tap along; two seconds without a tap lay the grid."),
    _grid("set_tempo", "Set tempo…", (), "Lay an even grid of a tempo you type over the recording."),
    _grid("ramp", "Tempo ramp…", (), "Change the tempo evenly from one bar to another."),
    _grid("bar", "Beats in a bar…", (), "Count bars of three, four, six or any number of beats."),
    _grid("heard", "Beats as they were heard", (), "Take back all edits of the grid at once."),
    _layered("half", "Half tempo", "H", "Keep every second beat."),
    _layered("double", "Double tempo", "D", "Put a beat between any two."),
    _layered(
        "other_level",
        "Other level",
        "O",
        "Count half, double or three for two, the most probable first; then as it was.",
    ),
    _layered("shift", "Shift half a beat", "S", "Move every beat halfway to the next."),
    _layered("downbeat", "Set downbeat", "B", "Begin a bar at the beat nearest to the playhead."),
)
