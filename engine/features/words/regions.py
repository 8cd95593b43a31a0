"""Regions of speech: turns of speakers, and questions with their answers; and a marker for each sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pydantic import Field

from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples, samples_to_s
from engine.core.wording import counted, listed, quoted
from engine.document.analysis import WORDS, Transcript
from engine.document.edits.markers import NamedSpan
from engine.document.state import DocumentState
from engine.features.words.sentences import is_question, sentence_starts, span_of_words
from engine.features.words.text import joined
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

_NAME_WORDS = 8
_LAST_SENTENCES = 2
"""One of the last sentences of a turn is the question that the next speaker answers."""


class TurnsSettings(FinderSettings):
    """The shortest turn."""

    least_s: float = Field(
        1.5,
        ge=0.0,
        le=600.0,
        title="Shortest turn",
        description="shorter ones, such as mhm, belong to the turn around them",
    )


class QuestionsSettings(TurnsSettings):
    """The shortest turn, and the speaker whose questions count."""

    asker: str = Field(
        "", title="Asked by", description="name of the speaker; default: that of most questions"
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """Words [first, stop) of one speaker, with short remarks of others in between."""

    speaker: int
    first: int
    stop: int


def turns_of(transcript: Transcript, least_samples: int) -> list[Turn]:
    """Return the turns of known speakers that have a least length, ascending and apart."""
    edges = np.flatnonzero(np.diff(transcript.speakers)) + 1
    turns: list[Turn] = []
    for first, stop in pairwise([0, *edges.tolist(), len(transcript)]):
        spans, speaker = transcript.spans_samples[first:stop], int(transcript.speakers[first])
        if speaker < 0 or spans[-1, 1] - spans[0, 0] < least_samples:
            continue
        if turns and turns[-1].speaker == speaker:
            first = turns.pop().first
        turns.append(Turn(speaker, first, stop))
    return turns


def find_turns(request: FinderRequest, progress: Progress) -> Found:
    """Name each turn of a speaker as a region, by the speaker and the first words."""
    progress.check_cancelled()
    transcript, turns = _spoken(request)
    if len({one.speaker for one in turns}) < 2:
        return Found((), "The transcript has fewer than two speakers, so it has no turns.")
    named = (
        _region(
            request.state,
            transcript,
            (one.first, one.stop),
            f"{transcript.names[one.speaker]}: {_beginning(transcript, one.first, one.stop)}",
        )
        for one in turns
    )
    return _found(request.state, named, "turn")


def find_questions(request: FinderRequest, progress: Progress) -> Found:
    """Name each question with its answer as a region, by the question.

    An answer ends before the next question of the same speaker; remarks in between belong to it.

    Raises
    ------
    UsageError : no speaker has the name in the settings
    """
    progress.check_cancelled()
    transcript, turns = _spoken(request)
    asked = list(_asked(transcript, turns))
    if not asked:
        return Found((), "No question that another speaker answers was found.")
    assert isinstance(request.settings, QuestionsSettings)
    asker = _asker(transcript, request.settings.asker, [turns[number].speaker for number, _, _ in asked])
    asked = [one for one in asked if turns[one[0]].speaker == asker]
    ends = [*(number for number, _, _ in asked[1:]), len(turns)]
    named = (
        _region(request.state, transcript, (first, answers[-1].stop), _beginning(transcript, first, stop))
        for (number, first, stop), end in zip(asked, ends, strict=True)
        if (answers := [one for one in turns[number:end] if one.speaker != asker])
    )
    return _found(request.state, named, "question")


def find_sentences(request: FinderRequest, progress: Progress) -> Found:
    """Add a marker at the start of each sentence, named by its words."""
    progress.check_cancelled()
    transcript, _ = _spoken(request)
    starts = sentence_starts(transcript).tolist()
    marked = []
    for first, stop in pairwise([*starts, len(transcript)]):
        at = int(transcript.spans_samples[first, 0])
        marked.append(NamedSpan(at, at, _beginning(transcript, first, stop)))
    return _found(request.state, marked, "sentence")


def _spoken(request: FinderRequest) -> tuple[Transcript, list[Turn]]:
    """Return the transcript, and its turns by the settings."""
    transcript, settings = request.analyses.get(WORDS), request.settings
    assert isinstance(transcript, Transcript), "the finder needs it"
    least_s = settings.least_s if isinstance(settings, TurnsSettings) else 0.0
    least = s_to_samples(least_s, request.state.rate_hz)
    return transcript, turns_of(transcript, least) if len(transcript) else []


def _asked(transcript: Transcript, turns: Sequence[Turn]) -> Iterator[tuple[int, int, int]]:
    """Yield the turns that end with a question which another speaker answers, and its words [first, stop)."""
    starts = sentence_starts(transcript)
    for number, turn in enumerate(turns[:-1]):
        begins = starts[(turn.first <= starts) & (starts < turn.stop)].tolist()
        own = [
            (first, stop)
            for first, stop in pairwise([*begins, turn.stop])
            if transcript.speakers[first] == turn.speaker
        ]
        places = [place for place, (_, stop) in enumerate(own) if is_question(transcript.texts[stop - 1])]
        if places and places[-1] >= len(own) - _LAST_SENTENCES:
            last = first = places[-1]
            while first - 1 in places:
                first -= 1
            yield number, own[first][0], own[last][1]


def _asker(transcript: Transcript, name: str, askers: Sequence[int]) -> int:
    if not name:
        return Counter(askers).most_common(1)[0][0]
    if name not in transcript.names:
        raise UsageError(f"There is no speaker {quoted(name)}: use {listed(list(transcript.names), 'or')}.")
    return list(transcript.names).index(name)


def _beginning(transcript: Transcript, first: int, stop: int) -> str:
    words = joined(transcript.texts[first : min(stop, first + _NAME_WORDS)])
    return f"{words} …" if stop - first > _NAME_WORDS else words


def _region(state: DocumentState, transcript: Transcript, words: tuple[int, int], name: str) -> NamedSpan:
    """Return the region of words [first, stop)."""
    return NamedSpan(*span_of_words(transcript, *words, state.rate_hz, state.length_samples), name)


def _found(state: DocumentState, named: Iterator[NamedSpan] | Sequence[NamedSpan], noun: str) -> Found:
    """Return spans as regions or markers, without those of a span that has one already."""
    every = list(named)
    known = {(one.start_samples, one.stop_samples) for one in state.markers.values()}
    fresh = [one for one in every if (one.start_samples, one.stop_samples) not in known]
    rows = [
        {
            "name": one.name,
            "start_s": samples_to_s(one.start_samples, state.rate_hz),
            "stop_s": samples_to_s(one.stop_samples, state.rate_hz),
        }
        for one in every
    ]
    if not every:
        return Found((), "No words were recognised, so nothing is named.", figures={f"{noun}s": rows})
    summary = f"{counted(len(fresh), noun)} named"
    if len(fresh) < len(every):
        summary += f"; {len(every) - len(fresh):,} had a name already"
    return Found((), f"{summary}.", regions=fresh, figures={f"{noun}s": rows})


TURNS = Finder(
    "Turns",
    "Names each turn of a speaker as a region.",
    find_turns,
    TurnsSettings,
    needs=(WORDS,),
)
QUESTIONS = Finder(
    "Questions",
    "Names each question of an interview, with its answer, as a region.",
    find_questions,
    QuestionsSettings,
    needs=(WORDS,),
)
SENTENCES = Finder(
    "Sentences",
    "Adds a marker at the start of each sentence.",
    find_sentences,
    needs=(WORDS,),
)
