"""Where sentences end, and spans of words with the pauses around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.document.analysis import Transcript
from engine.features.words.captions import ENDS

_AROUND_S = 0.3
"""Words have this much of the pauses around them, but no more than half."""
_ASKS = ("?", "？", "؟")
_CLOSING = "\"'»”’)]"


def ends_sentence(text: str) -> bool:
    """Return whether a word is the last one of a sentence; quotes and brackets may follow its sign."""
    return text.rstrip(_CLOSING).endswith(ENDS)


def is_question(text: str) -> bool:
    """Return whether a word is the last one of a question."""
    return text.rstrip(_CLOSING).endswith(_ASKS)


def sentence_starts(transcript: Transcript) -> NDArray[np.int64]:
    """Return the first word of each sentence; one ends with its sign, or where another speaker begins."""
    if not len(transcript):
        return np.zeros(0, np.int64)
    ends = np.array([ends_sentence(text) for text in transcript.texts[:-1]], np.bool_)
    begins = ends | (np.diff(transcript.speakers) != 0)
    return np.concatenate([[0], np.flatnonzero(begins) + 1])


def span_of_words(
    transcript: Transcript, first: int, stop: int, rate_hz: int, length_samples: int
) -> tuple[int, int]:
    """Return the span [start, stop) of words [first, stop) in samples, with a part of the pauses around them.

    Parameters
    ----------
    length_samples : of the document
    """
    spans, around = transcript.spans_samples, s_to_samples(_AROUND_S, rate_hz)
    start, end = int(spans[first:stop, 0].min()), int(spans[first:stop, 1].max())
    before = int(spans[:first, 1].max(initial=0))
    after = int(spans[stop, 0]) if stop < len(spans) else length_samples
    return start - min(around, max(0, start - before) // 2), end + min(around, max(0, after - end) // 2)
