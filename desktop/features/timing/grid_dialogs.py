"""Grid dialogs; each passes its numbers to `GridEditing`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from desktop.features.timing.grid_editing import GridEditing
from desktop.shell.dialogs import form_dialogs
from engine.core.errors import UsageError
from engine.document.grid.edits import (
    FASTEST_BPM,
    MOST_BEATS_IN_BAR,
    SLOWEST_BPM,
    beats_in_bar,
    require_tempo,
)
from widgets.forms.numbers_form import Number, NumbersForm
from widgets.theme import Theme

_USUAL_BPM = 120.0


class GridDialogs:
    """Asks for tempo, ramp and beats in a bar, with the active values as defaults."""

    def __init__(self, window: QWidget, editing: GridEditing, theme: Callable[[], Theme]) -> None:
        self._window = window
        self._editing = editing
        self._theme = theme

    def ask_tempo(self) -> None:
        """Ask for a tempo that does not change."""
        tempo_bpm = self._editing.tempo_bpm()
        said = (
            "Sets an even grid for the whole recording. The beat nearest to the playhead does not move. "
            "Without beats, a bar starts at the playhead."
        )
        values = self._ask("Set tempo", [_tempo("&Tempo, BPM", tempo_bpm or _USUAL_BPM)], said, "Set")
        if values:
            self._editing.set_tempo(values[0])

    def ask_ramp(self) -> None:
        """Ask for a tempo that changes from one bar to another."""
        grid, here, bars = self._editing.grid_facts()
        if bars < 2:
            raise UsageError("A tempo ramp needs at least two bars.")
        tempo_bpm = min(max(grid.tempo_bpm, SLOWEST_BPM), FASTEST_BPM)
        require_tempo(tempo_bpm)
        first = min(here, bars - 1)
        numbers = [
            Number("From &bar", first, 1, bars - 1),
            _tempo("&Starting at BPM", tempo_bpm),
            Number("&To bar", min(first + 4, bars), 2, bars),
            _tempo("&Ending at BPM", tempo_bpm),
        ]
        said = "The tempo changes linearly over time. Later beats shift and keep their distances."
        values = self._ask("Tempo ramp", numbers, said, "Set")
        if values:
            start, start_bpm, stop, stop_bpm = values
            self._editing.set_ramp((int(start), int(stop)), (start_bpm, stop_bpm))

    def ask_beats_in_bar(self) -> None:
        """Ask for the number of beats in a bar."""
        grid, _, _ = self._editing.grid_facts()
        number = Number("&Beats in a bar", beats_in_bar(grid), 1, MOST_BEATS_IN_BAR)
        said = "4 for 4/4, 3 for 3/4, 6 for 6/8. The downbeat at or before the playhead stays."
        values = self._ask("Beats in a bar", [number], said, "Set")
        if values:
            self._editing.set_beats_in_bar(int(values[0]))

    def ask_beats_from_here(self) -> None:
        """Ask for the number of beats in a bar from the playhead on."""
        grid, _, _ = self._editing.grid_facts()
        number = Number("&Beats in a bar", beats_in_bar(grid), 1, MOST_BEATS_IN_BAR)
        said = "A bar starts at the beat nearest to the playhead. Bars before it and in other songs stay."
        values = self._ask("Beats in a bar from here", [number], said, "Set")
        if values:
            self._editing.change_beats_in_bar(int(values[0]))

    def _ask(self, title: str, numbers: list[Number], said: str, do: str) -> tuple[float, ...] | None:
        return form_dialogs.ask_numbers(self._window, title, NumbersForm(self._theme(), numbers, said), do)


def _tempo(label: str, value: float) -> Number:
    return Number(label, value, SLOWEST_BPM, FASTEST_BPM, decimals=3)
