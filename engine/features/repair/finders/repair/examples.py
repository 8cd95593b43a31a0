"""Prompts made from a span of a document as an example of a sound."""

from __future__ import annotations

import numpy as np

from engine.analysis.detection.detector import CONTEXT_S
from engine.analysis.detection.spectra import MEL
from engine.core.progress import Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.features.repair.finders.repair.requests import example_words
from engine.features.repair.separation.networked import like_span
from engine.features.repair.separation.separator import Prompt
from engine.recordings.mono import mono
from engine.recordings.spans import Span, SpanRequest


def example_in_document(spans: SpanRequest, example: Span, progress: Progress) -> Prompt:
    """Return a prompt for the sound in a span of the chosen tracks.

    Raises
    ------
    UsageError : the span is silent
    SourceError : a recording is missing or cannot be read
    """
    rate_hz = spans.state.rate_hz
    reach = s_to_samples(CONTEXT_S, rate_hz)
    around = max(0, example[0] - reach), min(spans.state.length_samples, example[1] + reach)
    samples = np.concatenate(list(mono(spans, around, progress)))
    start, stop = (convert_samples(edge - around[0], rate_hz, MEL.rate_hz) for edge in example)
    return like_span(samples, (start, stop), f"sound like that at {example_words(example, rate_hz)}")
