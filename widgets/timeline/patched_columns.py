"""Columns of a track whose sound is edited, from the pyramid of the recording.

What is drawn is told column by column: one whose middle lies within an edit shows all of it. Samples that are
drawn one by one, and spectra finer than the pyramid, come from the reader that plays and exports instead,
with every crossfade.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.audio.peaks import Columns
from engine.audio.spectrogram import STEP_DB, Cells
from engine.document.kinds.operations import Gain, Replace
from engine.edl.patches import Patches, gains_at

Positions = NDArray[np.int64]
Picture = TypeVar("Picture")
Read = Callable[[Positions, Positions], Picture]
"""(starts, stops) in document samples to a column for each span of the recording."""


class _Columns(Protocol[Picture]):
    """How columns of one sort are changed."""

    def copied(self, one: Picture) -> Picture: ...

    def silence(self, one: Picture, places: Positions) -> None: ...

    def put(self, one: Picture, places: Positions, found: Picture) -> None: ...

    def amplify(self, one: Picture, places: Positions, gains: NDArray[np.float64]) -> None: ...


def patched_columns(
    columns: Columns, starts: Positions, stops: Positions, patches: Patches, read: Read[Columns]
) -> Columns:
    """Return columns of the recording with the edits of its sound.

    Parameters
    ----------
    starts, stops : document samples, shape (n,), the span of each column
    """
    return _edited(columns, starts, stops, patches, read, _Waves())


def patched_cells(
    cells: Cells, starts: Positions, stops: Positions, patches: Patches, read: Read[Cells]
) -> Cells:
    """Return the same of a spectrogram, shape (n, bands)."""
    return _edited(cells, starts, stops, patches, read, _Spectra())


def _edited(
    columns: Picture,
    starts: Positions,
    stops: Positions,
    patches: Patches,
    read: Read[Picture],
    how: _Columns[Picture],
    layers: tuple[type, ...] | None = None,
) -> Picture:
    """Return columns with the edits of some layers, or of all."""
    if not len(starts):
        return columns
    made = how.copied(columns)
    middles = (starts + stops) // 2
    for place in patches.touching(int(starts.min()), int(stops.max())):
        one = patches.operations[place]
        inside = np.flatnonzero((middles >= one.start_samples) & (middles < one.stop_samples))
        if not len(inside) or (layers is not None and not isinstance(one, layers)):
            continue
        if isinstance(one, Gain):
            how.amplify(made, inside, gains_at(one, middles[inside], patches.rate_hz))
        elif not isinstance(one, Replace):  # a shift takes along what is replaced
            first, last = starts[inside] - round(one.by_samples), stops[inside] - round(one.by_samples)
            how.put(made, inside, _edited(read(first, last), first, last, patches, read, how, (Replace,)))
        elif one.tone is None:
            how.silence(made, inside)
        else:
            how.put(made, inside, read(np.array(one.tone[:1]), np.array(one.tone[1:])))
    return made


class _Waves:
    """Minimum, maximum and RMS."""

    def copied(self, one: Columns) -> Columns:
        return replace(one, minimum=one.minimum.copy(), maximum=one.maximum.copy(), rms=one.rms.copy())

    def silence(self, one: Columns, places: Positions) -> None:
        one.minimum[places] = one.maximum[places] = one.rms[places] = 0.0

    def put(self, one: Columns, places: Positions, found: Columns) -> None:
        one.minimum[places], one.maximum[places] = found.minimum, found.maximum
        one.rms[places] = found.rms

    def amplify(self, one: Columns, places: Positions, gains: NDArray[np.float64]) -> None:
        for values in (one.minimum, one.maximum, one.rms):
            values[places] *= gains.astype(np.float32)


class _Spectra:
    """Levels in steps of half a decibel; 0 where nothing is, which no edit changes."""

    def copied(self, one: Cells) -> Cells:
        return one.copy()

    def silence(self, one: Cells, places: Positions) -> None:
        one[places] = np.minimum(one[places], 1)

    def put(self, one: Cells, places: Positions, found: Cells) -> None:
        # what comes from before the start of a recording is silence within it
        one[places] = np.where(one[places] > 0, np.maximum(found, 1), 0)

    def amplify(self, one: Cells, places: Positions, gains: NDArray[np.float64]) -> None:
        steps = np.rint(20.0 * np.log10(np.maximum(gains, 1e-9)) / STEP_DB).astype(np.int16)
        louder = np.clip(one[places].astype(np.int16) + steps[:, None], 1, 255)
        one[places] = np.where(one[places] > 0, louder, 0)
