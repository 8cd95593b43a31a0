"""A sound in a span of a recording as a prompt."""

from __future__ import annotations

import numpy as np
import soxr

from engine.analysis.detection.detector import CONTEXT_S as DETECTOR_CONTEXT_S
from engine.analysis.detection.spectra import MEL
from engine.core.timebase import convert_samples, s_to_samples
from engine.features.repair.separation.networked import like_span
from engine.features.repair.separation.separator import Prompt
from engine.features.repair.separation.windows import joined
from engine.sound.reader import SourceReader


def example_in_file(reader: SourceReader, start_s: float, stop_s: float) -> Prompt:
    """Return a prompt for the sound from one time to another.

    Raises
    ------
    UsageError : the span is empty, silent, or beyond the recording
    SourceError : the recording cannot be read there
    """
    spans = [(s_to_samples(start_s, reader.rate_hz), s_to_samples(stop_s, reader.rate_hz))]
    ((start, stop),) = joined(spans, reader.frames, reader.rate_hz)
    around = s_to_samples(DETECTOR_CONTEXT_S, reader.rate_hz)
    first = max(0, start - around)
    mono = reader.read(first, min(reader.frames, stop + around)).mean(axis=1, dtype=np.float32)
    heard = np.asarray(soxr.resample(mono, reader.rate_hz, MEL.rate_hz), np.float32)
    span = (
        convert_samples(start - first, reader.rate_hz, MEL.rate_hz),
        convert_samples(stop - first, reader.rate_hz, MEL.rate_hz),
    )
    return like_span(heard, span, f"like {start_s:g}-{stop_s:g} s")
