"""The recogniser: faster-whisper with a model from a folder.

It returns text over silence and music too, so it gets windows of detected speech only, and words that
detected speech does not cover are left out (`transcribe`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.wording import listed
from engine.features.words.edges import SpokenWord
from engine.features.words.held import RATE_HZ
from engine.features.words.text import is_spaced

Samples = NDArray[np.float32]

_BEAM = 5
_MOST_PACKED = 2.4
"""Text that packs better repeats itself."""


class Recogniser:
    """A loaded model.

    Parameters
    ----------
    folder : of the model, see `engine.features.words.model.require_model`
    language : code, such as "en"; empty until `choose_language` detected it

    Raises
    ------
    UsageError : the model cannot be read, or does not know the language
    """

    def __init__(self, folder: Path, language: str = "") -> None:
        from faster_whisper import WhisperModel

        try:
            self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
        except (RuntimeError, ValueError, OSError) as error:
            raise UsageError(f"The model in {shown(folder)} cannot be read: {error}.") from error
        known = self._model.supported_languages
        if language and language not in known:
            raise UsageError(f"The model does not know the language {language!r}: it knows {listed(known)}.")
        self.language = language

    def choose_language(self, windows: Sequence[Samples]) -> None:
        """Detect the language in windows, mono at `RATE_HZ`, and use it for all later windows."""
        totals: Counter[str] = Counter()
        for samples in windows:
            for name, probability in self._model.detect_language(samples)[2]:
                totals[name] += probability
        self.language = max(totals, key=totals.__getitem__) if totals else ""

    def words(self, samples: Samples) -> list[SpokenWord]:
        """Return the words of a window of at most 30 s, mono at `RATE_HZ`, with coarse edges."""
        segments, _ = self._model.transcribe(
            samples,
            language=self.language or None,
            beam_size=_BEAM,
            word_timestamps=True,
            condition_on_previous_text=False,
            compression_ratio_threshold=_MOST_PACKED,
        )
        parts = (
            Part(word.start, word.end, word.word, word.probability)
            for segment in segments
            for word in segment.words or ()
        )
        return whole_words(parts, len(samples) / RATE_HZ)


class Part(NamedTuple):
    """A part of a word, in seconds; the text of a first part begins with a space."""

    start_s: float
    stop_s: float
    text: str
    probability: float


def whole_words(parts: Iterable[Part], length_s: float) -> list[SpokenWord]:
    """Return the words of a window: "full" and "-time" without a space are one word.

    Parameters
    ----------
    length_s : of the window; words that start after it are left out
    """
    made: list[SpokenWord] = []
    for part in parts:
        text = part.text.strip()
        if not text or part.start_s >= length_s:
            continue
        stop_s = min(part.stop_s, length_s)
        if made and not part.text[0].isspace() and is_spaced(made[-1].text, text):
            last = made.pop()
            probability = min(last.probability, float(part.probability))
            made.append(SpokenWord(last.text + text, last.start_s, stop_s, probability))
        else:
            made.append(SpokenWord(text, part.start_s, stop_s, float(part.probability)))
    return made


def without_repeats(words: Sequence[SpokenWord], most: int = 3) -> list[SpokenWord]:
    """Return words without those that repeat a phrase of up to four words more often than a speaker would."""
    made: list[SpokenWord] = []
    for word in words:
        made.append(word)
        for length in range(1, 5):
            tail = [one.text.casefold() for one in made[-length * (most + 1) :]]
            parts = {tuple(tail[at : at + length]) for at in range(0, len(tail), length)}
            if len(tail) == length * (most + 1) and len(parts) == 1:
                del made[-length:]
                break
    return made
