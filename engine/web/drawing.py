"""A waveform for a page: lowest and highest sample of each column, over all channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.sound.pictures.peaks import Columns, sample_columns
from engine.web.session import OpenRecording

MOST_COLUMNS = 4_000
_EXACT_BELOW = 512
"""Columns of fewer samples are drawn from the samples themselves."""
_DECIMALS = 4
_PATIENCE_S = 1.0


def outline(
    recording: OpenRecording, start_s: float, stop_s: float, columns: int
) -> dict[str, list[float]] | None:
    """Return a waveform between two times: `minimum`, `maximum` and `rms`, each of `columns` values.

    None where the recording is still being read for it, which of many hours takes minutes.
    """
    reader = recording.reader
    start, each = start_s * reader.rate_hz, (stop_s - start_s) * reader.rate_hz / columns
    found: list[Columns]
    if each < _EXACT_BELOW:
        first = int(start)
        with recording.lock:
            samples = reader.read(first, int(stop_s * reader.rate_hz) + 1)
        found = [sample_columns(one, first, start, each, columns) for one in samples.T]
    else:
        peaks = recording.peaks(_PATIENCE_S)
        if peaks is None:
            return None
        found = [peaks.columns(channel, start, each, columns) for channel in range(peaks.channels)]
    return {
        "minimum": _rounded(np.min([one.minimum for one in found], axis=0)),
        "maximum": _rounded(np.max([one.maximum for one in found], axis=0)),
        "rms": _rounded(np.max([one.rms for one in found], axis=0)),
    }


def _rounded(values: NDArray[np.float32]) -> list[float]:
    rounded: list[float] = np.round(values.astype(np.float64), _DECIMALS).tolist()
    return rounded
