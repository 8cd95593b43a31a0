"""Stored audio of edits for drawing: with its own peaks, samples and spectra.

Missing or unreadable stored audio is left out of the drawn edits: the recording is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

import numpy as np

from engine.document.kinds.operations import Stored
from engine.sound.edl.tracks.delay import Sound
from engine.sound.edl.tracks.patches import Patches
from engine.sound.edl.tracks.stored_sounds import fits
from engine.sound.pictures.peaks import Columns
from engine.sound.pictures.spectrogram import Cells
from widgets.timeline.sound.patched_columns import Positions
from widgets.timeline.sound.waves import NotYetReadError, RecordedWave


class Sized(Protocol):
    """Facts about any stored audio."""

    @property
    def frames(self) -> int: ...

    @property
    def channels(self) -> int: ...


class StoredWave(Sized, RecordedWave, Protocol):
    """Peaks and samples of stored audio, counted from its start."""


class StoredCells(Sized, Protocol):
    """Spectra of stored audio, counted from its start."""

    def cells(
        self,
        channel: int,
        starts_samples: Positions,
        stops_samples: Positions,
        samples_per_column: float,
    ) -> Cells:
        """Return the loudest of each span [start, stop), shape (n, bands); 0 outside of the audio."""


Known = TypeVar("Known", bound=Sized)


class _Laid(Generic[Known]):
    """The stored audio that is there to be drawn, as tracks of some channels play it.

    Parameters
    ----------
    known : by key
    """

    def __init__(self, known: Mapping[str, Known], channels: int) -> None:
        self._known, self._channels = known, channels

    def holds(self, stored: Stored) -> bool:
        """Return whether it is available and compatible with these tracks."""
        one = self._known.get(stored.key)
        return one is not None and fits(stored, one.frames, one.channels, self._channels)

    def _of(self, stored: Stored, channel: int) -> tuple[Known, int]:
        """Return its drawing source, and its channel for a channel of the track."""
        one = self._known[stored.key]
        return one, min(channel, one.channels - 1)


class StoredWaves(_Laid[StoredWave]):
    """The waves of stored audio."""

    def read(self, stored: Stored, start: int, stop: int) -> Sound:
        """Return the samples in [start, stop) of the timeline, shape (stop - start, channels).

        Raises
        ------
        NotYetReadError : they are still being read
        """
        first = stored.start_samples
        samples = self._known[stored.key].samples(start - first, stop - first)
        if samples is None:
            raise NotYetReadError
        return np.broadcast_to(samples.astype(np.float64), (stop - start, self._channels))

    def columns(
        self, stored: Stored, channel: int, starts: Positions, stops: Positions, width: float
    ) -> Columns:
        """Return a column for each ascending span of the timeline."""
        (wave, number), first = self._of(stored, channel), stored.start_samples
        return wave.spans(number, starts - first, stops - first, width)


class StoredSpectra(_Laid[StoredCells]):
    """The spectra of stored audio."""

    def cells(self, stored: Stored, channel: int, starts: Positions, stops: Positions, width: float) -> Cells:
        """Return the spectra of each ascending span of the timeline."""
        (spectra, number), first = self._of(stored, channel), stored.start_samples
        return spectra.cells(number, starts - first, stops - first, width)


def drawn_patches(
    patches: Mapping[str, Patches], channels: Mapping[str, int], known: Mapping[str, Sized]
) -> Mapping[str, Patches]:
    """Return the edits of tracks without those whose audio is not there to be drawn.

    Parameters
    ----------
    channels : of each track, by its id
    known : the audio that is there, by key
    """
    made: dict[tuple[int, int], Patches | None] = {}  # tracks that share their edits share what is left
    for track, own in patches.items():
        key = id(own), channels[track]
        if key not in made:
            made[key] = own.without_missing(_Laid(known, channels[track]).holds)
    drawn = {track: made[id(own), channels[track]] for track, own in patches.items()}
    if all(drawn[track] is own for track, own in patches.items()):
        return patches
    return {track: own for track, own in drawn.items() if own is not None}
