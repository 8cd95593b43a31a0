"""Fillers: hesitations, filler words and repeated words, each as a cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from pydantic import Field

from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.analysis import WORDS, Transcript
from engine.document.proposals import Evidence, Proposal
from engine.features.words.text import folded, in_context
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

USUAL = MappingProxyType(
    {
        "en": ("um", "uhm", "uh", "er", "erm", "hmm", "mm", "mhm", "ah"),
        "de": ("äh", "ähm", "öh", "hm", "mhm"),
        "es": ("eh", "em", "mm"),
        "fr": ("euh", "heu", "hum", "mm"),
        "it": ("ehm", "eh", "mm"),
        "ru": ("э", "ээ", "эм", "мм"),
    }
)
"""Hesitations that recognisers write, by language."""
_MEANT = frozenset(
    (
        "very",
        "really",
        "so",
        "no",
        "yes",
        "yeah",
        "ha",
        "bye",
        "that",
        "had",
        "is",
        "far",
        "many",
        "more",
        "long",
    )
)
"""English words that are repeated on purpose, or by grammar ("that that")."""
_TOGETHER_S = 0.6
"""The longest rest between a word and its repetition."""
_LEAST_CUT_S, _MOST_PAUSE_S = 0.05, 0.3
"""The shortest cut; and how much of a pause is cut with a filler: words may be missing in a longer one."""


class FillersSettings(FinderSettings):
    """Which fillers are cut."""

    words: str = Field(
        "", title="Words", description="words and phrases to cut, with commas; default: um, uh and their like"
    )
    sounds: bool = Field(
        True, title="Hesitations", description="cut held sounds that the recogniser left out"
    )
    repeated: bool = Field(True, title="Repeated words", description="cut the first of two equal words")
    sure: float = Field(
        0.7, ge=0.0, le=1.0, title="Least confidence", description="of a held sound that is cut"
    )


@dataclass(frozen=True, slots=True)
class _Filler:
    """A span to cut in samples, and the words [first, last) in it; none in a sound without a word."""

    start: int
    stop: int
    score: float
    kind: str
    first: int
    last: int
    evidence: Evidence = Evidence.STRONG


def find_fillers(request: FinderRequest, progress: Progress) -> Found:
    """Propose a cut for each filler, which leaves the longer one of the pauses around it."""
    progress.check_cancelled()
    transcript, settings = request.analyses.get(WORDS), request.settings
    assert isinstance(transcript, Transcript), "the finder needs it"
    assert isinstance(settings, FillersSettings)
    wanted = _phrases(settings.words) or [(one,) for one in USUAL.get(transcript.language, USUAL["en"])]
    found = [*_named(transcript, wanted)]
    found += _repeated(transcript, request.state.rate_hz) if settings.repeated else ()
    found += _sounds(transcript, settings.sure) if settings.sounds else ()
    found.sort(key=lambda one: one.start)
    apart = [one for number, one in enumerate(found) if not number or one.start >= found[number - 1].stop]
    cuts = tuple(filter(None, (_cut(request, transcript, one) for one in apart)))
    return Found(cuts, _summary(cuts, transcript))


def _phrases(text: str) -> list[tuple[str, ...]]:
    """Return the phrases of a setting, each as its folded words."""
    phrases = (tuple(filter(None, map(folded, one.split()))) for one in re.split(r"[,;\n]", text))
    return [one for one in phrases if one]


def _named(transcript: Transcript, wanted: Sequence[tuple[str, ...]]) -> Iterator[_Filler]:
    texts, spans = [folded(one) for one in transcript.texts], transcript.spans_samples.tolist()
    longest_first = sorted(wanted, key=len, reverse=True)
    at = 0
    while at < len(texts):
        phrase = next((one for one in longest_first if tuple(texts[at : at + len(one)]) == one), None)
        if phrase is None:
            at += 1
            continue
        last = at + len(phrase) - 1
        score = float(transcript.probabilities[at : last + 1].min())
        yield _Filler(spans[at][0], spans[last][1], score, "Filler", at, last + 1)
        at = last + 1


def _repeated(transcript: Transcript, rate_hz: int) -> Iterator[_Filler]:
    """Yield words that come twice in a row, without numbers and those that are repeated on purpose."""
    spans, together = transcript.spans_samples.tolist(), s_to_samples(_TOGETHER_S, rate_hz)
    for number, (one, two) in enumerate(pairwise(transcript.texts)):
        word, rest = folded(one), spans[number + 1][0] - spans[number][1]
        ends = not one[-1].isalpha()  # "Well. Well" are two sentences
        if word != folded(two) or word in _MEANT or not word.isalpha() or ends or rest > together:
            continue
        score = float(transcript.probabilities[number : number + 2].min())
        start, stop = spans[number]
        yield _Filler(start, stop, score, "Repeated word", number, number + 1, Evidence.WEAK)


def _sounds(transcript: Transcript, least: float) -> Iterator[_Filler]:
    starts = transcript.spans_samples[:, 0]
    spans, scores = transcript.hesitations_samples.tolist(), transcript.hesitation_scores.tolist()
    for (start, stop), score in zip(spans, scores, strict=True):
        if score >= least:
            place = int(starts.searchsorted(start))
            yield _Filler(start, stop, score, "Hesitation", place, place, Evidence.WEAK)


def _cut(request: FinderRequest, transcript: Transcript, filler: _Filler) -> Proposal | None:
    """Return the cut of a filler with the shorter one of the pauses around it; None if it is too short.

    Up to `_MOST_PAUSE_S` of the pause is cut.
    """
    state, spans = request.state, transcript.spans_samples
    before = int(spans[filler.first - 1, 1]) if filler.first else 0
    after = int(spans[filler.last, 0]) if filler.last < len(spans) else state.length_samples
    pauses = max(0, filler.start - before), max(0, after - filler.stop)
    pause = min(*pauses, s_to_samples(_MOST_PAUSE_S, state.rate_hz))
    start, stop = filler.start, filler.stop
    if pauses[0] < pauses[1]:
        start -= pause
    else:
        stop += pause
    if stop - start < s_to_samples(_LEAST_CUT_S, state.rate_hz):
        return None
    shown = "" if filler.first < filler.last else f"{(filler.stop - filler.start) / state.rate_hz:.1f} s"
    reason = f"{filler.kind}: {in_context(transcript.texts, filler.first, filler.last, shown)}"
    return request.cut(start, stop, filler.score, reason, (), filler.evidence)


def _summary(cuts: Sequence[Proposal], transcript: Transcript) -> str:
    if not len(transcript):
        return "No words were recognised, so nothing is proposed."
    if not cuts:
        return "No filler was found."
    return f"{counted(len(cuts), 'filler')} to cut."


FILLERS = Finder(
    "Fillers",
    "Cuts hesitations such as um and uh, filler words, and repeated words.",
    find_fillers,
    FillersSettings,
    needs=(WORDS,),
)
