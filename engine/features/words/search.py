"""Places of words in a transcript: case and punctuation do not matter, and a phrase may span words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.timebase import format_time
from engine.core.wording import counted, listed, quoted
from engine.document.analysis import Transcript
from engine.features.words.text import UNSPACED, folded, is_spaced

_WITHIN = f"[^ {UNSPACED}]"
"""A letter that belongs to the same word as its neighbour."""
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class WordIndex:
    """Words as they are compared.

    Attributes
    ----------
    text : the words one after the other
    starts : int64, shape (m,), place of each word that has a letter or a digit
    words : int64, shape (m,), its number in the transcript
    """

    text: str
    starts: NDArray[np.int64]
    words: NDArray[np.int64]


def index_of(texts: Sequence[str]) -> WordIndex:
    """Return the index of the words of a transcript."""
    parts, starts, words, at, before = list[str](), list[int](), list[int](), 0, ""
    for word, text in enumerate(texts):
        if not (part := folded(text)):
            continue
        if before and is_spaced(before, part):
            parts.append(" ")
            at += 1
        starts.append(at)
        words.append(word)
        parts.append(part)
        at += len(part)
        before = part
    return WordIndex("".join(parts), np.array(starts, np.int64), np.array(words, np.int64))


def places(index: WordIndex, query: str) -> list[tuple[int, int]]:
    """Return the first word of each place, and the one after its last.

    Whole words are found; without any, the last word of the query may be the beginning of a longer one.
    """
    wanted = " ".join(filter(None, map(folded, query.split())))
    if not wanted:
        return []
    begun = f"(?<!{_WITHIN}){re.escape(wanted)}"
    whole = re.finditer(f"{begun}(?!{_WITHIN})", index.text)
    spans = [one.span() for one in whole] or [one.span() for one in re.finditer(begun, index.text)]
    firsts, lasts = (
        index.words[np.searchsorted(index.starts, [span[edge] - edge for span in spans], side="right") - 1]
        for edge in (0, 1)
    )
    return list(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True))


def words_between(transcript: Transcript, phrases: str, rate_hz: int) -> tuple[int, int]:
    """Return the words [first, stop) from the first phrase to the second one after it, or of one phrase.

    Parameters
    ----------
    phrases : one phrase, or two with "…" or "..." between them

    Raises
    ------
    UsageError : a phrase is missing from the transcript, or the first one is at several places
    """
    first, ellipsis, last = phrases.replace("...", "…").partition("…")
    begin = only_place(transcript, first, rate_hz)
    if not ellipsis:
        return begin
    after = [one for one in places(index_of(transcript.texts), last) if one[0] >= begin[1]]
    if not after:
        raise UsageError(f"The transcript has no {quoted(last.strip())} after {quoted(first.strip())}.")
    return begin[0], after[0][1]


def span_of(transcript: Transcript, words: tuple[int, int]) -> tuple[int, int]:
    """Return the span of words [first, stop) in samples, without the pauses around them."""
    spans = transcript.spans_samples
    return int(spans[words[0], 0]), int(spans[words[1] - 1, 1])


def only_place(transcript: Transcript, phrase: str, rate_hz: int) -> tuple[int, int]:
    """Return the words [first, stop) of a phrase that the transcript has once.

    Raises
    ------
    UsageError : the phrase is missing from the transcript, or it is at several places
    """
    found = places(index_of(transcript.texts), phrase)
    if not found:
        raise UsageError(f"The transcript has no {quoted(phrase.strip())}: search for other words.")
    if len(found) > 1:
        times = [format_time(transcript.spans_samples[first, 0] / rate_hz, 1) for first, _ in found]
        shown = listed(times[:_MOST_SHOWN]) + (" and later" if len(times) > _MOST_SHOWN else "")
        several = f"{quoted(phrase.strip())} is at {counted(len(found), 'place')}, {shown}"
        raise UsageError(f"{several}: add a word before or after it.")
    return found[0]
