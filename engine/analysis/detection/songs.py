"""Songs and the talk between them, from spans of speech, singing and music."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.analysis.detection.voices import SPOKEN, VoiceSpan

_SONG_JOINED_S = 4.0
"""Rests up to this are within a song."""
SHORTEST_SONG_S = 20.0
_BRIEF_S = 5.0
_TALK_JOINED_S = 8.0
_SENTENCES_JOINED_S = 0.6
_SHORTEST_TALK_S = 1.0
_CLEAR_OF_SONG_S = 0.3
_SURELY = 0.8


@dataclass(frozen=True, slots=True)
class Talk:
    """A span of talk, in seconds.

    Attributes
    ----------
    is_sure : whether most of it is clearly speech
    """

    start_s: float
    stop_s: float
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Songs, as spans [start, stop) in seconds, and talk outside of them, ascending."""

    songs: tuple[tuple[float, float], ...]
    talk: tuple[Talk, ...]


def songs_and_talk(spans: Iterable[VoiceSpan]) -> Rehearsal:
    """Divide a recording into songs and the talk between them.

    A song is music or singing of 20 s or more, with rests of up to 4 s. Up to 5 s with more than half of
    speech are not part of it. Talk during a song is not listed.
    """
    found = list(spans)
    spoken = [one for one in found if one.name == SPOKEN]
    sounding = [
        (one.start_s, one.stop_s)
        for one in found
        if one.name != SPOKEN and not _is_brief_and_spoken(one, spoken)
    ]
    songs = [one for one in _joined(sounding, _SONG_JOINED_S) if one[1] - one[0] >= SHORTEST_SONG_S]
    outside = [piece for one in spoken for piece in _outside((one.start_s, one.stop_s), songs)]
    talk = []
    for start_s, stop_s in _joined_outside(outside, songs):
        inside = [one for one in spoken if one.start_s < stop_s and one.stop_s > start_s]
        total_s = sum(one.stop_s - one.start_s for one in inside)
        mean = sum(one.likelihood * (one.stop_s - one.start_s) for one in inside) / max(total_s, 1e-9)
        if stop_s - start_s >= _SHORTEST_TALK_S:
            talk.append(Talk(start_s, stop_s, mean >= _SURELY))
    return Rehearsal(tuple(songs), tuple(talk))


def talk_between(spans: Iterable[VoiceSpan]) -> tuple[tuple[float, float], ...]:
    """Return the talk of a recording with music, ascending and apart: speech that no likelier music covers.

    A recording without music has none: its talk is its subject.
    """
    found = sorted(spans, key=lambda one: one.start_s)
    played = [one for one in found if one.name != SPOKEN]
    if sum(one.stop_s - one.start_s for one in played) < SHORTEST_SONG_S:
        return ()
    talk = []
    for spoken in (one for one in found if one.name == SPOKEN):
        over = [(one.start_s, one.stop_s) for one in played if one.likelihood >= spoken.likelihood]
        talk += _outside((spoken.start_s, spoken.stop_s), over, 0.0)
    joined = _joined(talk, _SENTENCES_JOINED_S)
    return tuple(one for one in joined if one[1] - one[0] >= _SHORTEST_TALK_S)


def _is_brief_and_spoken(sounding: VoiceSpan, spoken: Sequence[VoiceSpan]) -> bool:
    shared_s = sum(
        max(0.0, min(one.stop_s, sounding.stop_s) - max(one.start_s, sounding.start_s)) for one in spoken
    )
    long_s = sounding.stop_s - sounding.start_s
    return long_s <= _BRIEF_S and shared_s > long_s / 2


def _outside(
    span: tuple[float, float], songs: Sequence[tuple[float, float]], clear_s: float = _CLEAR_OF_SONG_S
) -> list[tuple[float, float]]:
    """Return the parts of a span that are at least `clear_s` away from all songs."""
    pieces = [span]
    for first_s, last_s in songs:
        first_s, last_s = first_s - clear_s, last_s + clear_s
        cut = [
            part
            for start_s, stop_s in pieces
            for part in ((start_s, min(stop_s, first_s)), (max(start_s, last_s), stop_s))
        ]
        pieces = [part for part in cut if part[1] > part[0]]
    return pieces


def _joined_outside(
    spans: Sequence[tuple[float, float]], songs: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Join talk over pauses, never over a song."""
    edges = [0.0, *(stop_s for _, stop_s in songs)]
    groups: dict[int, list[tuple[float, float]]] = {}
    for span in sorted(spans):
        groups.setdefault(sum(span[0] >= edge for edge in edges), []).append(span)
    return [one for group in groups.values() for one in _joined(group, _TALK_JOINED_S)]


def _joined(spans: Iterable[tuple[float, float]], gap_s: float) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start_s, stop_s in sorted(spans):
        if joined and start_s - joined[-1][1] <= gap_s:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop_s))
        else:
            joined.append((start_s, stop_s))
    return joined
