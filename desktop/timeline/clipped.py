"""Going from one clipped place to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from desktop.export.exporting import Exporting
from desktop.recordings.recordings import Recordings
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.document.tracks import audible, visible
from engine.sound.edl.build import played_tracks
from engine.sound.pictures.peaks import clipped_places

_APART_S = 0.5


class ClippedPlaces:
    """Clipped positions of the recordings, and of the last exported mix."""

    def __init__(self, shell: Shell, exporting: Exporting, recordings: Recordings) -> None:
        self._session, self._transport, self._zooms = shell.session, shell.transport, shell.zooms
        self._exporting = exporting
        self._waves = recordings.source_waves
        self._found: dict[str, NDArray[np.int64]] = {}
        recordings.waves_changed.connect(lambda _: self._found.clear())

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
        apart = s_to_samples(_APART_S, state.rate_hz)
        for one in (one for track in audible(played_tracks(state)) for one in visible(track.clips)):
            if one.clip.source_id in self._waves:
                places = self._of(one.clip.source_id, apart) + one.clip.shift_samples
                found.append(places[(places >= one.start_samples) & (places < one.stop_samples)])
        return np.unique(np.concatenate(found))

    def _of(self, source_id: str, apart_samples: int) -> NDArray[np.int64]:
        if source_id not in self._found:
            self._found[source_id] = clipped_places(self._waves[source_id].peaks, apart_samples)
        return self._found[source_id]
