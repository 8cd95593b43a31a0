"""Retakes: attempts at a sentence before the one that is used, each group as a cut."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.analysis import WORDS, Transcript
from engine.document.proposals import Alternative, Evidence, Proposal
from engine.features.words.captions import ENDS
from engine.features.words.sentences import ends_sentence
from engine.features.words.similarity import compared, is_list, similarity
from engine.features.words.text import in_context
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

_LEAST_WORDS, _MOST_WORDS = 2, 60
_BETWEEN_WORDS = 5
"""Words between two attempts, such as "sorry, again"."""
_ALIKE_BETWEEN = 0.85
"""Least similarity of two attempts with such words between them, and of two of two words."""
_MORE_WORDS = 2
"""Words that another attempt may have more: a recogniser divides words."""
_CHANCE = 0.65
"""Similarity of two attempts that shows nothing."""
_SURE_ALIKE = 0.85
"""Below, an earlier attempt may have words that the last one lacks: bulk answers leave it to the user. A
third attempt that is less similar is another sentence that begins alike."""
_EXACT_S = 0.06
"""Edges of words with a rest of this length between them are exact."""
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
    words = compared(transcript.texts)
    begins = _beginnings(transcript, rate_hz)
    ends = frozenset(number for number, text in enumerate(transcript.texts) if ends_sentence(text))
    starts_s = transcript.spans_samples[:, 0] / rate_hz
    found: list[_Attempts] = []
    for number, first in enumerate(begins):
        progress.check_cancelled()
        made = _Attempts((first,), first)
        while (after := _next(words, begins, ends, starts_s, made.starts[-1], settings)) is not None:
            if len(made.starts) > 1 and after.alike < _SURE_ALIKE:
                break
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
    ends: frozenset[int],
    starts_s: NDArray[np.float64],
    first: int,
    settings: RetakesSettings,
) -> _Attempts | None:
    """Return the next attempt at the sentence that begins at a word, if there is one.

    Parameters
    ----------
    ends : the last words of sentences
    """
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
            alike = similarity(words[first:end], words[again : again + said + _MORE_WORDS])
            is_one = ends.intersection(range(first, end)) == {end - 1} and again + said - 1 in ends
            if is_one and is_list(words[first:end], words[again : again + said]):
                continue
            least = settings.alike if end == again and said > _LEAST_WORDS else _ALIKE_BETWEEN
            if alike >= max(settings.alike, least) and (best is None or alike > best.alike):
                best = _Attempts((first, again), again + said, alike, said * (alike - _CHANCE))
    return best


def _cut(request: FinderRequest, transcript: Transcript, found: _Attempts) -> Proposal:
    spans, texts = transcript.spans_samples, transcript.texts
    start, stop = int(spans[found.starts[0], 0]), int(spans[found.starts[-1], 0])
    attempts = counted(len(found.starts), "attempt")
    reason = f"Repeated sentence, {attempts}: {in_context(texts, found.starts[0], found.starts[-1])}"
    ways = tuple(_ways(transcript, found))
    is_sure = found.alike >= _SURE_ALIKE and all(
        _rests_before(transcript, found.starts[place], request.state.rate_hz) for place in (0, -1)
    )
    evidence = Evidence.STRONG if is_sure else Evidence.WEAK
    return request.cut(start, stop, 0.5 + 0.45 * found.alike, reason, ways, evidence)


def _rests_before(transcript: Transcript, word: int, rate_hz: int) -> bool:
    """Return whether a rest is before a word: an edge without one may be inside the sound of a word."""
    spans = transcript.spans_samples
    return not word or bool(spans[word, 0] - spans[word - 1, 1] >= s_to_samples(_EXACT_S, rate_hz))


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
