"""Tap tempo: taps are collected until a pause, then set as one edit."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.features.timing.grid.editing import GridEditing
from desktop.shell.session import Session
from desktop.shell.transport import Transport
from desktop.shell.work.work import Work
from engine.core.errors import OffcutError
from engine.document.analysis import BeatGrid
from engine.document.grid.edits import FASTEST_BPM
from engine.document.grid.tapping import FEWEST_TAPS, TAPS_TO_FOLLOW, fit_taps

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
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
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
