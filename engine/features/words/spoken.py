"""The words of a transcript with the hesitations between them, as the text shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Transcript

HESITATION = "um"
"""The sign of a hesitation in the text; its sound may be another one."""


@dataclass(frozen=True, slots=True, eq=False)
class SpokenText:
    """Words and hesitations in the order of their starts.

    Attributes
    ----------
    items : both, as one transcript of n items
    words : int64, shape (n,), the word of each item; -1 for a hesitation
    """

    items: Transcript
    words: NDArray[np.int64]

    def words_in(self, first: int, stop: int) -> tuple[int, int]:
        """Return the words [first, stop) among items [first, stop), an empty span without any."""
        words = self.words[first:stop]
        words = words[words >= 0]
        return (int(words[0]), int(words[-1]) + 1) if len(words) else (0, 0)

    def texts_in(self, first: int, stop: int) -> Iterator[str]:
        """Yield the words of items [first, stop)."""
        return (self.items.texts[item] for item in range(first, stop) if self.words[item] >= 0)


def spoken_text(transcript: Transcript) -> SpokenText:
    """Return the words and hesitations of a transcript; a hesitation has the speaker of the nearest word."""
    spans, held = transcript.spans_samples, transcript.hesitations_samples
    count = len(transcript)
    if not count or not len(held):
        return SpokenText(transcript, np.arange(count))
    every = np.concatenate([spans, held])
    order = np.argsort(every[:, 0], kind="stable")
    after = np.searchsorted(spans[:, 0], held[:, 0], side="right")
    rest_before = held[:, 0] - spans[np.maximum(after - 1, 0), 1]
    rest_after = spans[np.minimum(after, count - 1), 0] - held[:, 1]
    is_after = (after == 0) | ((after < count) & (rest_after < rest_before))
    near = np.where(is_after, after, after - 1)
    speakers = np.concatenate([transcript.speakers, transcript.speakers[near]])
    texts = [*transcript.texts, *[HESITATION] * len(held)]
    items = replace(
        transcript,
        texts=[texts[place] for place in order.tolist()],
        spans_samples=every[order],
        probabilities=np.concatenate([transcript.probabilities, transcript.hesitation_scores])[order],
        speakers=speakers[order],
    )
    return SpokenText(items, np.where(order < count, order, -1))
