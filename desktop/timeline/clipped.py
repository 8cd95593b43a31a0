"""Going from one clipped place to the next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from desktop.drawing.waves import TrackWave
from desktop.parts import Parts
from engine.audio.pictures.clipped_places import clipped_places
from engine.document.tracks.track import audible
from engine.errors import UsageError
from engine.timebase import format_time, s_to_samples, samples_to_s

_APART_S = 0.5


class ClippedPlaces:
    """Clipped positions of the recordings, and of the last exported mix."""

    def __init__(self, parts: Parts) -> None:
        self._session, self._transport, self._zooms = parts.session, parts.transport, parts.zooms
        self._exporting = parts.exporting
        self._waves: Mapping[str, TrackWave] = {}
        self._found: dict[str, NDArray[np.int64]] = {}
        parts.recordings.waves_changed.connect(self._take_waves)

    def _take_waves(self, waves: Mapping[str, TrackWave]) -> None:
        self._waves, self._found = waves, {}

    def go_on(self) -> str:
        """Move the playhead to the next clipped position, cyclically; return the message."""
        places, rate_hz = self._places(), self._session.state.rate_hz
        if not len(places):
            raise UsageError("No clipping in the audible recordings.")
        after = np.searchsorted(places, self._transport.playhead_samples, side="right")
        number = int(after) % len(places)
        self._zooms.seek(int(places[number]))
        at = format_time(samples_to_s(int(places[number]), rate_hz), 1)
        return f"Clipped at {at} of the recording, position {number + 1} of {len(places)}"

    def _places(self) -> NDArray[np.int64]:
        """Return the clipped positions of all audible tracks and of the mix, on the source timeline."""
        state = self._session.state
        found = [np.asarray(self._exporting.clipped_places(state), np.int64)]
        for track in audible(state.tracks):
            if track.id in self._waves:
                found.append(self._of(track.id, s_to_samples(_APART_S, state.rate_hz)) + track.start_samples)
        return np.unique(np.concatenate(found))

    def _of(self, track_id: str, apart_samples: int) -> NDArray[np.int64]:
        if track_id not in self._found:
            self._found[track_id] = clipped_places(self._waves[track_id].peaks, apart_samples)
        return self._found[track_id]
