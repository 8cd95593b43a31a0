"""Retakes: attempts at a sentence before the one that is used, each group as a cut."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
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

_LEAST_WORDS, _MOST_WORDS = 3, 60
_BETWEEN_WORDS = 5
"""Words between two attempts, such as "sorry, again"."""
_ALIKE_BETWEEN = 0.85
"""Least similarity of two attempts with such words between them."""
_LEAST_COMMON, _COMMON_ALIKE = 5, 0.75
"""Words in common with an attempt that breaks off earlier, and its similarity."""
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
    """Attempts at one sentence: where each begins, in words; where the last one ends; how alike they are."""

    starts: tuple[int, ...]
    stop: int
    alike: float


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
    at = 0
    for number, first in enumerate(begins):
        progress.check_cancelled()
        if first < at:
            continue
        made = _Attempts((first,), first, 1.0)
        while (after := _next(words, begins, starts_s, made.starts[-1], settings)) is not None:
            made = _Attempts((*made.starts, after.starts[-1]), after.stop, min(made.alike, after.alike))
        if len(made.starts) > 1:
            found.append(made)
            at = made.starts[-1]
        progress.report(number / len(begins), "Comparing sentences")
    return found


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
            alike = _alike(words[first:end], words[again : again + said])
            least = settings.alike if end == again else max(settings.alike, _ALIKE_BETWEEN)
            if alike >= least and (best is None or alike > best.alike):
                best = _Attempts((first, again), again + said, alike)
    return best


def _alike(one: Sequence[str], two: Sequence[str]) -> float:
    """Return the similarity of two attempts, 0 to 1: the share of matched letters.

    Attempts begin with the same word. Of an attempt that breaks off earlier than the one before it, the part
    in common counts, if it is longer than the rest. Two phrases with other numbers, such as "press 1" and
    "press 2", are a list.
    """
    if len(two) < _LEAST_WORDS or one[0] != two[0]:
        return 0.0
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    matched = 0
    for kind, start, stop, start_two, stop_two in matcher.get_opcodes():
        parts = one[start:stop], two[start_two:stop_two]
        if kind == "replace" and all(any(map(str.isdigit, part)) for part in parts):
            return 0.0
        matched += sum(map(len, parts[0])) if kind == "equal" else 0
    common = next(
        (place for place, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), len(one)
    )
    if common >= max(_LEAST_COMMON, len(one) - common):
        return max(_COMMON_ALIKE, 2.0 * matched / _letters(one, two))
    return 2.0 * matched / _letters(one, two)


def _letters(*attempts: Sequence[str]) -> int:
    return sum(len(word) for words in attempts for word in words)


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
