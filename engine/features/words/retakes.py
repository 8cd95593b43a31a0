"""Retakes: attempts at a sentence before the one that is used, each group as a cut."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.analysis import WORDS, Transcript
from engine.document.proposals import Alternative, Evidence, Proposal
from engine.features.words.captions import ENDS
from engine.features.words.text import folded, in_context
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

_LEAST_WORDS, _MOST_WORDS = 2, 60
_BETWEEN_WORDS = 5
"""Words between two attempts, such as "sorry, again"."""
_ALIKE_BETWEEN = 0.85
"""Least similarity of two attempts with such words between them, and of two of two words."""
_MORE_WORDS = 2
"""Words that another attempt may have more: a recogniser divides words."""
_LEAST_LETTERS = 5
_FIRST_LETTERS, _FIRST_SHARE = 8, 0.5
"""Attempts begin alike: the number of letters that are compared, and the least share of equal ones."""
_COMMON_LETTERS, _COMMON_PART, _COMMON_SHARE, _COMMON_ALIKE = 12, 0.6, 0.9, 0.75
"""Letters in common with an attempt that breaks off earlier: how many, the part of the earlier attempt that
they are, the share of them that is equal; and the similarity of such attempts."""
_CHANCE = 0.65
"""Similarity of two attempts that shows nothing."""
_SURE_ALIKE = 0.85
"""Below, an earlier attempt may have words that the last one lacks: bulk answers leave it to the user."""
_NUMBERS = MappingProxyType(
    {
        name: str(number)
        for number, name in enumerate(
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
        )
    }
)
_PAUSE_S = 0.15
"""An attempt begins after a rest at least this long, or after the end of a sentence."""


class RetakesSettings(FinderSettings):
    """How alike two attempts are, and how far apart."""

    alike: float = Field(
        0.7, ge=0.3, le=1.0, title="Least similarity", description="of two attempts, by their words"
    )
    within_s: float = Field(
        60.0, ge=1.0, le=600.0, title="Within", description="the longest time from one attempt to the next"
    )


@dataclass(frozen=True, slots=True)
class _Attempts:
    """Attempts at one sentence.

    Attributes
    ----------
    starts : the first word of each
    stop : the word after the last one
    alike : similarity of the two that differ most, 0 to 1
    weight : of the group against others that overlap it: more with more words, and with more similar ones
    """

    starts: tuple[int, ...]
    stop: int
    alike: float = 1.0
    weight: float = 0.0

    def then(self, after: _Attempts) -> _Attempts:
        """Return these attempts with the next one."""
        alike, weight = min(self.alike, after.alike), self.weight + after.weight
        return _Attempts((*self.starts, after.starts[-1]), after.stop, alike, weight)


def find_retakes(request: FinderRequest, progress: Progress) -> Found:
    """Propose to cut the attempts at a sentence before the last complete one."""
    transcript, settings = request.analyses.get(WORDS), request.settings
    assert isinstance(transcript, Transcript), "the finder needs it"
    assert isinstance(settings, RetakesSettings)
    found = attempts_in(transcript, request.state.rate_hz, settings, progress)
    cuts = tuple(_cut(request, transcript, one) for one in found)
    if not len(transcript):
        return Found((), "No words were recognised, so nothing is proposed.")
    text = f"{counted(len(cuts), 'repeated sentence')}: cuts of the earlier attempts proposed."
    return Found(cuts, text if cuts else "No repeated sentence was found.")


def attempts_in(
    transcript: Transcript, rate_hz: int, settings: RetakesSettings, progress: Progress
) -> list[_Attempts]:
    """Return the repeated sentences, ascending and apart."""
    words = [_NUMBERS.get(one, one) for one in map(folded, transcript.texts)]
    begins = _beginnings(transcript, rate_hz)
    starts_s = transcript.spans_samples[:, 0] / rate_hz
    found: list[_Attempts] = []
    for number, first in enumerate(begins):
        progress.check_cancelled()
        made = _Attempts((first,), first)
        while (after := _next(words, begins, starts_s, made.starts[-1], settings)) is not None:
            made = made.then(after)
        if len(made.starts) > 1:
            found.append(made)
        progress.report(number / len(begins), "Comparing sentences")
    return _apart(found)


def _apart(found: Sequence[_Attempts]) -> list[_Attempts]:
    """Return groups that do not overlap, ascending: a phrase in common can begin within two sentences."""
    chosen: list[_Attempts] = []
    for one in sorted(found, key=lambda each: (-each.weight, each.starts)):
        if all(one.starts[0] >= other.starts[-1] or one.starts[-1] <= other.starts[0] for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.starts)


def _beginnings(transcript: Transcript, rate_hz: int) -> list[int]:
    """Return the words that may begin an attempt."""
    spans, pause = transcript.spans_samples, s_to_samples(_PAUSE_S, rate_hz)
    after_rest = np.flatnonzero(spans[1:, 0] - spans[:-1, 1] >= pause) + 1
    after_end = [
        number for number, text in enumerate(transcript.texts, 1) if text.endswith((*ENDS, ",", "-"))
    ]
    return sorted({0, *after_rest.tolist(), *after_end} - {len(spans)}) if len(spans) else []


def _next(
    words: Sequence[str],
    begins: Sequence[int],
    starts_s: NDArray[np.float64],
    first: int,
    settings: RetakesSettings,
) -> _Attempts | None:
    """Return the next attempt at the sentence that begins at a word, if there is one."""
    best: _Attempts | None = None
    for place in range(bisect_right(begins, first), len(begins)):
        again = begins[place]
        if again - first > _MOST_WORDS or starts_s[again] - starts_s[first] > settings.within_s:
            break
        for end in map(
            begins.__getitem__, range(place, -1, -1)
        ):  # at the attempt itself, or at "sorry, again" before it
            said = end - first
            if said < _LEAST_WORDS or again - end > _BETWEEN_WORDS:
                break
            alike = _alike(words[first:end], words[again : again + said + _MORE_WORDS])
            least = settings.alike if end == again and said > _LEAST_WORDS else _ALIKE_BETWEEN
            if alike >= max(settings.alike, least) and (best is None or alike > best.alike):
                best = _Attempts((first, again), again + said, alike, said * (alike - _CHANCE))
    return best


def _alike(one: Sequence[str], two: Sequence[str]) -> float:
    """Return the similarity of an attempt and the beginning of another one, 0 to 1.

    It is the share of letters that need no change (edit distance, Levenshtein 1966), since recognisers write
    a word that breaks off as another one. Of an attempt that breaks off later than the next one, the part in
    common counts, if it is longer than the rest. Two phrases with other numbers, such as "press 1" and
    "press 2", are a list.
    """
    if 3 * len(set(one) & set(two)) < len(one) or _is_list(one, two):
        return 0.0
    letters, others = "".join(one), "".join(two)
    if len(letters) < _LEAST_LETTERS:
        return 0.0
    shares = 1.0 - _changes(letters, others) / np.arange(1, len(letters) + 1)
    if shares[:_FIRST_LETTERS][-1] < _FIRST_SHARE:
        return 0.0
    common = int(np.flatnonzero(shares >= _COMMON_SHARE).max(initial=-1)) + 1
    is_begun = common >= max(_COMMON_LETTERS, _COMMON_PART * len(letters))
    return max(float(shares[-1]), _COMMON_ALIKE if is_begun else 0.0)


def _changes(letters: str, others: str) -> NDArray[np.int64]:
    """Return how many letters of each beginning of a text change to make it a beginning of the other one."""
    codes, least = np.array([*map(ord, others)]), np.zeros(len(letters), np.int64)
    order = np.arange(len(others) + 1)
    row = order
    for place, letter in enumerate(map(ord, letters)):
        replaced = np.append(row[0] + 1, np.minimum(row[:-1] + (codes != letter), row[1:] + 1))
        row = np.minimum.accumulate(replaced - order) + order
        least[place] = row.min()
    return least


def _is_list(one: Sequence[str], two: Sequence[str]) -> bool:
    """Return whether two phrases differ in their numbers."""
    numbers = ([word for word in words if any(map(str.isdigit, word))] for words in (one, two))
    return any(first != second for first, second in zip(*numbers, strict=False))


def _cut(request: FinderRequest, transcript: Transcript, found: _Attempts) -> Proposal:
    spans, texts = transcript.spans_samples, transcript.texts
    start, stop = int(spans[found.starts[0], 0]), int(spans[found.starts[-1], 0])
    attempts = counted(len(found.starts), "attempt")
    reason = f"Repeated sentence, {attempts}: {in_context(texts, found.starts[0], found.starts[-1])}"
    ways = tuple(_ways(transcript, found))
    evidence = Evidence.STRONG if found.alike >= _SURE_ALIKE else Evidence.WEAK
    return request.cut(start, stop, 0.5 + 0.45 * found.alike, reason, ways, evidence)


def _ways(transcript: Transcript, found: _Attempts) -> Iterator[Alternative]:
    """Yield the cut that keeps the first attempt instead."""
    spans = transcript.spans_samples
    last = min(found.stop, len(spans)) - 1
    if last >= found.starts[1]:
        yield Alternative("Keep the first attempt", int(spans[found.starts[1], 0]), int(spans[last, 1]))


RETAKES = Finder(
    "Retakes",
    "Cuts repeated attempts at a sentence, all but the last one.",
    find_retakes,
    RetakesSettings,
    needs=(WORDS,),
)
