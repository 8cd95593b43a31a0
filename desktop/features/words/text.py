"""The text of a transcript as it is read: paragraphs, each with its time and speaker above it.

Lines alternate: a head, then the words of its paragraph. Places are in UTF-16 units, as Qt counts them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import format_time, samples_to_s, samples_to_s_array
from engine.document.analysis import Transcript
from engine.features.words.captions import ENDS
from engine.features.words.text import is_spaced

PAUSE_S = 2.0
"""A pause of this length begins a paragraph, as another speaker does."""
_LONG_WORDS, _LONGEST_WORDS = 80, 160
"""A paragraph ends with a sentence after the first number of words, and after the second at any word."""
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
_NOTHING = "…"

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The text of a transcript.

    Attributes
    ----------
    text : its lines, joined by line breaks
    starts, stops : int64, shape (n,), place of each word in the text
    firsts : int64, shape (paragraphs,), the first word of each paragraph
    """

    text: str
    starts: Places
    stops: Places
    firsts: Places

    def word_at(self, place: int) -> int | None:
        """Return the word at a place, or the one before it; None at a head or without words."""
        word = int(np.searchsorted(self.starts, place, side="right")) - 1
        if word < 0:
            return None
        following = int(np.searchsorted(self.firsts, word, side="right"))
        is_last = following < len(self.firsts) and word == self.firsts[following] - 1
        return None if is_last and place > self.stops[word] else word

    def words_of(self, paragraph: int) -> tuple[int, int]:
        """Return the first word of a paragraph, and the one after its last."""
        ends = paragraph + 1 < len(self.firsts)
        stop = self.firsts[paragraph + 1] if ends else len(self.starts)
        return int(self.firsts[paragraph]), int(stop)

    def paragraph_of(self, word: int) -> int:
        """Return the paragraph of a word."""
        return int(np.searchsorted(self.firsts, word, side="right")) - 1


def page_of(transcript: Transcript, rate_hz: int) -> Page:
    """Return the text of a transcript at the rate of its document."""
    texts = [shown_word(text) for text in transcript.texts]
    firsts = _firsts(transcript, texts, rate_hz)
    lines, starts, stops, at = list[str](), list[int](), list[int](), 0
    for first, stop in pairwise([*firsts, len(texts)]):
        head = head_of(transcript, first, texts[first:stop], rate_hz)
        at += _units(head) + 1
        line: list[str] = []
        for text in texts[first:stop]:
            if line and is_spaced(line[-1], text):
                line.append(" ")
                at += 1
            starts.append(at)
            at += _units(text)
            stops.append(at)
            line.append(text)
        lines += [head, "".join(line)]
        at += 1
    numbers = (np.array(values, np.int64) for values in (starts, stops, firsts))
    return Page("\n".join(lines), *numbers)


def shown_word(text: str) -> str:
    """Return a word on one line, without characters that cannot be shown."""
    one = " ".join(text.split())
    if not one.isprintable():  # joiners and marks of direction belong to words
        one = "".join(sign for sign in one if sign.isprintable() or unicodedata.category(sign) == "Cf")
    return one or _NOTHING


def is_right_to_left(texts: Iterable[str]) -> bool:
    """Return whether the first letter with a direction is read from right to left."""
    for text in texts:
        for sign in text:
            if (direction := unicodedata.bidirectional(sign)) in ("L", "R", "AL"):
                return direction != "L"
    return False


def head_of(transcript: Transcript, first: int, texts: Sequence[str], rate_hz: int) -> str:
    """Return the time and the speaker of a paragraph; both begin where its words do.

    Parameters
    ----------
    first : its first word
    texts : of its words
    """
    time = format_time(samples_to_s(int(transcript.spans_samples[first, 0]), max(rate_hz, 1)), 0)
    name = name_of(transcript, first)
    side = _RIGHT_TO_LEFT if is_right_to_left(texts) else _LEFT_TO_RIGHT
    return f"{side}{time}   {name}" if name else f"{side}{time}"


def name_of(transcript: Transcript, word: int) -> str:
    """Return the name of the speaker of a word; "" if unknown."""
    speaker = int(transcript.speakers[word])
    return shown_word(transcript.names[speaker]) if speaker >= 0 else ""


def _firsts(transcript: Transcript, texts: Sequence[str], rate_hz: int) -> list[int]:
    """Return the first word of each paragraph."""
    if not texts:
        return []
    spans_s = samples_to_s_array(transcript.spans_samples, max(rate_hz, 1))
    order = np.argsort(spans_s[:, 0], kind="stable")  # words that were moved are not in that of the recording
    sounded_to_s = np.maximum.accumulate(spans_s[order, 1])
    begins = np.ones(len(texts), np.bool_)
    begins[order[1:]] = spans_s[order[1:], 0] - sounded_to_s[:-1] >= PAUSE_S
    begins[1:] |= np.diff(transcript.speakers) != 0
    begins[0] = True
    firsts, parted = list[int](), [*np.flatnonzero(begins).tolist(), len(texts)]
    for first, stop in pairwise(parted):
        while stop - first > _LONGEST_WORDS:
            firsts.append(first)
            ends = range(first + _LONG_WORDS, first + _LONGEST_WORDS)
            first = 1 + next((word for word in ends if texts[word].endswith(ENDS)), ends[-1])
        firsts.append(first)
    return firsts


def _units(text: str) -> int:
    """Return the length of a text as Qt counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
