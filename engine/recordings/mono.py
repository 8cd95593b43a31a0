"""The mix of some tracks of a document, folded to mono, as detectors take it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.analysis.signal.mono import resampled
from engine.core.progress import Progress
from engine.document.tracks.track import audible
from engine.recordings.media import without_missing
from engine.recordings.repaired import open_repaired
from engine.recordings.spans import Span, SpanRequest

_BLOCK_SAMPLES = 1 << 17


def mono(
    request: SpanRequest, window: Span, progress: Progress, rate_hz: int = MEL.rate_hz
) -> Iterator[NDArray[np.float32]]:
    """Yield the mix of the tracks in a window, folded to mono, at the sample rate of the network."""
    state = without_missing(request.state, request.media)
    heard = [track for track in audible(state.tracks) if not request.tracks or track.id in request.tracks]
    with ExitStack() as opened:
        voices = []
        for track in heard:
            voices.append(open_repaired(state, track, request.media, progress))
            opened.callback(voices[-1].close)

        def blocks() -> Iterator[NDArray[np.float32]]:
            start, stop = window
            for first in range(start, stop, _BLOCK_SAMPLES):
                progress.check_cancelled()
                progress.report((first - start) / (stop - start), "Analysing")
                last = min(stop, first + _BLOCK_SAMPLES)
                mixed = np.zeros(last - first, np.float32)
                for voice in voices:
                    mixed += voice.read(first, last).mean(axis=1) * voice.gain
                yield mixed

        yield from resampled(blocks(), state.rate_hz, rate_hz)
