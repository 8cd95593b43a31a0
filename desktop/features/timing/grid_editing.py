"""The beat grid by keys, mouse, dialogs and tapping: each change is one step of undo.

The key layer of the grid is entered by one key and left by Esc, with a message while it is active. Taps are
collected until a pause, then set as one edit.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.actions import Actions
from desktop.shell.command import GRID_LAYER
from desktop.shell.dialogs import form_dialogs
from desktop.shell.messages import reporting_refusals
from desktop.shell.session import Session
from desktop.shell.transport import Transport
from desktop.shell.user_settings.preferences import Look
from desktop.shell.work.work import Work
from engine.core.errors import OffcutError, UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.document import grid_edits
from engine.document.analysis import BeatGrid, nothing_yet, require_recording
from engine.document.edits.analyses import listening_ids
from engine.document.edits.proposals import set_analyses, set_settings
from engine.document.grid_edits import (
    FASTEST_BPM,
    MOST_BEATS_IN_BAR,
    SLOWEST_BPM,
    beats_in_bar,
    decided_tempi,
    require_tempo,
    with_pulse,
)
from engine.document.grid_readings import next_reading
from engine.document.pulse import FEWEST_TAPS, TAPS_TO_FOLLOW, fit_taps
from engine.document.state import DocumentState
from widgets import theme
from widgets.forms.short_forms import Number, NumbersForm
from widgets.timeline.marks.grid import REACH_PX, division_near, divisions
from widgets.timeline.timeline_view import TimelineView

JUST_PASSED_S = 0.3
"""While playing, going back passes over a grid line that was reached so shortly before."""
NO_GRID = "No beats yet. Tap the tempo ‹grid.tap› or set it."


class GridEditing(QObject):
    """Edits the active grid, steps along it, and updates the timeline about snapping.

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(
        self,
        session: Session,
        transport: Transport,
        timeline: TimelineView,
        seek: Callable[[int], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._transport = transport
        self._timeline = timeline
        self._seek = seek
        self._counted_from: BeatGrid | None = None
        timeline.canvas.beat_dragged.connect(reporting_refusals(self._drag, self.refused.emit))
        session.replaced.connect(self._show_snapping)
        session.changed.connect(self._show_snapping)

    # edits

    def halve(self) -> None:
        """Keep every second beat."""
        self.lay(grid_edits.halved(self._grid()), "Half tempo: {tempo}")

    def double(self) -> None:
        """Put a beat between any two."""
        self.lay(grid_edits.doubled(self._grid()), "Double tempo: {tempo}")

    def other_level(self) -> None:
        """Switch to the next metrical level: half, double, three for two; then back."""
        grid, heard = self._grid(), self._session.stored_grid(listening_ids(self._session.state)["beats"])
        for base in (heard, self._counted_from, grid):
            found = None if base is None else next_reading(base, grid)
            if found is not None:
                break
        if found is None or found.grid is grid:
            raise UsageError(f"{grid_edits.tempo_text(grid)} has no other metrical level.")
        if found.grid is heard and not decided_tempi(self._session.state):
            self.use_heard()
            return
        self._counted_from = None if base is heard else base
        likely = "" if found.confidence is None else f", {found.confidence:.0%} likely"
        self.lay(found.grid, found.label + ": {tempo}" + likely)

    def shift(self) -> None:
        """Move all beats by half of one."""
        length = self._session.state.length_samples
        moved = grid_edits.shifted_half_a_beat(self._grid(), self._rate_hz, length)
        self.lay(moved, "Shifted the beats by half a beat")

    def use_pulse(self) -> None:
        """Put beats into the passage without a steady pulse at the playhead."""
        grid = with_pulse(self._grid(), self._transport.playhead_samples)
        self.lay(grid, "Using beats in this passage")

    def set_downbeat(self) -> None:
        """Start a bar at the beat nearest to the playhead."""
        grid, here = self._grid(), self._transport.playhead_samples
        at = int(grid.beats_samples[grid_edits.nearest_beat(grid, here)])
        self.lay(grid_edits.with_downbeat(grid, here), f"Downbeat at {self._time(at)}")

    def start_bar(self) -> None:
        """Start a bar at the beat nearest to the playhead; bars before it stay."""
        grid, here = self._grid(), self._transport.playhead_samples
        at = int(grid.beats_samples[grid_edits.nearest_beat(grid, here)])
        self.lay(grid_edits.with_bars_from(grid, here), f"Bars from {self._time(at)} on")

    def change_beats_in_bar(self, beats: int) -> None:
        """Set the number of beats in the bars from the beat nearest to the playhead on."""
        made = grid_edits.with_bars_from(self._grid(), self._transport.playhead_samples, beats)
        self.lay(made, f"Beats in a bar from here: {beats}")

    def set_beats_in_bar(self, beats: int) -> None:
        """Set the number of beats in all bars."""
        made = grid_edits.with_beats_in_bar(self._grid(), beats, self._transport.playhead_samples)
        self.lay(made, f"Beats in a bar: {beats}")

    def set_tempo(self, bpm: float) -> None:
        """Set an even grid for the recording; the beat nearest to the playhead does not move."""
        state, grid = self.required_state(), self._session.grid
        downbeat = float(self._transport.playhead_samples)
        if grid is not None and len(grid.beats_samples):
            beat = grid_edits.nearest_beat(grid, self._transport.playhead_samples)
            before = int(grid.bar_positions[beat]) - 1
            period = 60.0 * state.rate_hz / max(bpm, grid_edits.SLOWEST_BPM)
            downbeat = float(grid.beats_samples[beat]) - before * period
        self.lay_even(bpm, downbeat, "Set the tempo to {tempo}")

    def set_ramp(self, bars: tuple[int, int], tempi_bpm: tuple[float, float]) -> None:
        """Change the tempo evenly between the downbeats of two bars."""
        state = self._session.state
        made = grid_edits.ramped(
            self._grid(), bars, tempi_bpm, rate_hz=state.rate_hz, length_samples=state.length_samples
        )
        first, last = tempi_bpm
        self.lay(made, f"Tempo from {first:g} to {last:g} BPM over bars {bars[0]} to {bars[1]}")

    def use_heard(self) -> None:
        """Put the grid that listening found back into force."""
        state = self.required_state()
        key = listening_ids(state)["beats"]
        if state.analyses.get("beats") == key and decided_tempi(state):
            raise UsageError("You accepted a tempo proposal. Undo that decision in the queue.")
        if state.analyses.get("beats") == key:
            raise UsageError("The active beats are the detected ones.")
        if self._session.stored_grid(key) is None:
            raise UsageError("These tracks are not analysed yet. Analyse them first ‹taste.listen›.")
        self._session.apply(set_analyses(state, {"beats": key}, "Restored the detected beats"))
        self.said.emit("Restored the detected beats")

    def _drag(self, beat: int, to_samples: int) -> None:
        grid = self._grid()
        moved = grid_edits.with_beat_at(grid, beat, to_samples, self._rate_hz)
        at = self._time(int(moved.beats_samples[beat]))
        self.lay(moved, f"Moved beat {grid.bar_of(beat)}|{grid.bar_positions[beat]} to {at}")

    def lay(self, grid: BeatGrid, label: str) -> None:
        """Activate a grid; `label` may hold its {tempo}."""
        label = label.format(tempo=grid_edits.tempo_text(grid))
        edit, stored = grid_edits.set_grid(self._session.state, grid, label)
        self._session.apply(edit, stored if edit.changes else None)
        self.said.emit(label)

    @property
    def _rate_hz(self) -> int:
        return self._session.state.rate_hz

    def _time(self, samples: int) -> str:
        return format_time(samples_to_s(samples, self._rate_hz))

    def _grid(self) -> BeatGrid:
        grid = self._session.grid
        if grid is None or not len(grid.beats_samples):
            raise UsageError(NO_GRID)
        return grid

    def grid_facts(self) -> tuple[BeatGrid, int, int]:
        """Return the grid, the number of the bar at the playhead (1 or more), and the number of bars."""
        grid = self._grid()
        downbeats = grid.downbeats_samples
        here = int(np.searchsorted(downbeats, self._transport.playhead_samples, side="right"))
        return grid, max(here, 1), len(downbeats)

    def tempo_bpm(self) -> float:
        """Return the active tempo in BPM, 0 without a grid.

        Raises
        ------
        UsageError : no recording
        """
        self.required_state()
        grid = self._session.grid
        return 0.0 if grid is None else grid.tempo_bpm

    def required_state(self) -> DocumentState:
        """Return the document as it is.

        Raises
        ------
        UsageError : no recording
        """
        state = self._session.state
        require_recording(state, "count")
        return state

    def lay_even(self, bpm: float, downbeat_samples: float, label: str) -> None:
        """Activate an even grid with a downbeat at a position; bars keep their length."""
        state, grid = self.required_state(), self._session.grid
        bar = grid_edits.USUAL_BEATS_IN_BAR if grid is None else grid_edits.beats_in_bar(grid)
        made = grid_edits.steady(
            bpm, downbeat_samples, rate_hz=state.rate_hz, length_samples=state.length_samples, bar=bar
        )
        self.lay(made, label)

    # along the grid

    def step(self, *, forward: bool) -> None:
        """Put the playhead on the next or the previous line of the grid that can be seen."""
        canvas = self._timeline.canvas
        lines = divisions(canvas.shown.beats, canvas.viewport)
        if not len(lines):
            raise UsageError(NO_GRID)
        here = canvas.times.to_view(self._transport.playhead_samples)
        if not forward and self._transport.is_playing:
            here -= s_to_samples(JUST_PASSED_S, self._rate_hz)
        found = (
            int(np.searchsorted(lines, here, "right")) if forward else int(np.searchsorted(lines, here)) - 1
        )
        if not 0 <= found < len(lines):
            raise UsageError(f"No grid line further {'on' if forward else 'back'}.")
        self._seek(canvas.times.to_source(int(lines[found])))

    # snapping

    @property
    def _snaps(self) -> bool:
        return bool(self._session.state.settings.get("snap", True))

    def snapped_playhead(self) -> int:
        """Return the playhead position, or the nearest grid line if snapping is on."""
        at, canvas = self._transport.playhead_samples, self._timeline.canvas
        if not self._snaps or canvas.shown.beats is None:
            return at
        line = division_near(canvas.x_of(at), canvas.shown.beats, canvas.viewport, theme.px(REACH_PX))
        return at if line is None else canvas.times.to_source(line)

    def toggle_snapping(self) -> None:
        """Switch snapping to the grid on or off."""
        if not self._session.is_open:
            raise nothing_yet("snap")
        snap = not self._snaps
        label = f"Snapping {'on' if snap else 'off'}"
        self.said.emit(self._session.apply(set_settings(self._session.state, {"snap": snap}, label)).label)

    def _show_snapping(self) -> None:
        self._timeline.canvas.snapping.is_on = self._snaps


_KEYS = (
    "Grid: half tempo ‹grid.half›, double ‹grid.double›, next level ‹grid.other_level›, "
    "shift half a beat ‹grid.shift›, downbeat here ‹grid.downbeat› or from here ‹grid.bar_start›"
)
_FREE_KEYS = ", beats in a free passage ‹grid.pulse›"


class GridLayer(QObject):
    """Whether the keys mean the grid.

    Signals
    -------
    said : keys of the layer, and a message on leaving
    """

    said = Signal(str)

    def __init__(self, session: Session, editing: GridEditing, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._editing, self._actions = editing, actions
        self._last = ""
        self.is_on = False
        editing.said.connect(self._remember)
        session.replaced.connect(lambda: self._turn(is_on=False))

    def enter(self) -> None:
        """Enter the layer; raise UsageError without a grid."""
        self._editing.grid_facts()
        self._turn(is_on=True)
        self.said.emit(self._keys())

    def leave(self) -> bool:
        """Leave the layer; return False if it was not active."""
        was_on = self.is_on
        self._turn(is_on=False)
        if was_on:
            self.said.emit("Left the grid")
        return was_on

    def run(self, do: Callable[[], object]) -> None:
        """Do something to the grid, then repeat the keys of the layer while it is active."""
        do()
        if self.is_on:
            self.said.emit(f"{self._last}. {self._keys()}")

    def _keys(self) -> str:
        grid, _, _ = self._editing.grid_facts()
        return f"{_KEYS}{_FREE_KEYS if len(grid.free_samples) else ''}; Esc leaves"

    def _remember(self, sentence: str) -> None:
        self._last = sentence

    def _turn(self, *, is_on: bool) -> None:
        if is_on != self.is_on:
            self.is_on = is_on
            self._actions.enter(GRID_LAYER, is_in=is_on)


PAUSE_MS = 2_000
SOONEST_S = 60.0 / FASTEST_BPM


class TapTempo(QObject):
    """Collects taps and sets the grid from them, with a downbeat at the first.

    The tempo comes from this computer's clock, which is finer than the playhead; where the beats fall comes
    from the playhead at each tap while something plays, else from the playhead at the first. Eight taps while
    something plays are followed: the beats of the whole recording are found again in their tempo.

    Attributes
    ----------
    clock_s : clock for the time of a tap

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(
        self,
        session: Session,
        transport: Transport,
        grid: GridEditing,
        work: Work,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._session = session
        self._transport = transport
        self._grid = grid
        self.clock_s: Callable[[], float] = perf_counter
        self._taps_s: list[float] = []
        self._offsets_samples: list[float] = []
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.take)
        session.replaced.connect(self._forget)

    def tap(self) -> None:
        """Take a tap."""
        rate_hz, now_s = self._grid.required_state().rate_hz, self.clock_s()
        if self._taps_s and now_s - self._taps_s[-1] < SOONEST_S:
            return
        self._taps_s.append(now_s)
        if self._transport.is_playing or len(self._taps_s) == 1:
            self._offsets_samples.append(self._transport.playhead_samples - now_s * rate_hz)
        self._pause.start()
        self.said.emit(self._so_far())

    def _so_far(self) -> str:
        found, count = fit_taps(self._taps_s), len(self._taps_s)
        if found is None:
            return f"Tap {count} of at least {FEWEST_TAPS}"
        spread = f" ± {found.tempo_spread_bpm:.1f}" if found.tempo_spread_bpm >= 0.05 else ""
        return f"Tap {count}: {found.tempo_bpm:.1f}{spread} BPM. A pause sets it, Esc discards it"

    def give_up(self) -> bool:
        """Discard the taps; return False without taps."""
        had = bool(self._taps_s)
        self._forget()
        if had:
            self.said.emit("Discarded the taps; the grid does not change")
        return had

    def _forget(self) -> None:
        self._pause.stop()
        self._taps_s.clear()
        self._offsets_samples.clear()

    def take(self) -> None:
        """Set the grid from the taps."""
        taps, offsets = list(self._taps_s), list(self._offsets_samples)
        self._forget()
        found = fit_taps(taps)
        if found is None:
            self.refused.emit(f"Too few taps for a tempo: {len(taps)}. Tap at least {FEWEST_TAPS} times.")
            return
        try:
            first = found.first_s * self._session.state.rate_hz + float(np.median(offsets))
            self._grid.lay_even(found.tempo_bpm, first, "Tapped tempo: {tempo}")
        except OffcutError as error:
            self.refused.emit(str(error))
            return
        if len(offsets) == len(taps) >= TAPS_TO_FOLLOW:
            self._follow(np.array(taps) * self._session.state.rate_hz + np.array(offsets))

    def _follow(self, taps_samples: NDArray[np.float64]) -> None:
        """Find the beats of the recording in the tempo of taps, unless the grid changes meanwhile."""
        from engine.recordings.listen import TapsRequest, follow_taps_in_document

        session, even = self._session, self._session.grid

        def take(followed: BeatGrid | None) -> None:
            if session.grid is not even:
                return
            if followed is None:
                self.said.emit("No beats were found in the tapped tempo: the grid stays even")
                return
            self._grid.lay(followed, "Beats follow the taps: {tempo}")

        request = TapsRequest(session.state, session.media, taps_samples)
        self._work.compute(follow_taps_in_document, request, "Following the taps", take)


_USUAL_BPM = 120.0


class GridDialogs:
    """Asks for tempo, ramp and beats in a bar, with the active values as defaults."""

    def __init__(self, window: QWidget, editing: GridEditing, look: Look) -> None:
        self._window = window
        self._editing = editing
        self._look = look

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
        return form_dialogs.ask_numbers(self._window, title, NumbersForm(self._look.theme, numbers, said), do)


def _tempo(label: str, value: float) -> Number:
    return Number(label, value, SLOWEST_BPM, FASTEST_BPM, decimals=3)
