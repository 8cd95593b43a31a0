"""Find the songs of a day with their takes, the talk between them, and idle time.

Playing is divided into segments at breaks and talk; segments that share music are takes of one song; and a
take is complete where it plays the song from its start to its end, as the longest take does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.voices import joined_spans, outside
from engine.analysis.found_takes import FoundTakes
from engine.core.progress import SILENT, Progress
from engine.core.timebase import runs
from engine.features.day.day import Day, DaySong, Span
from engine.features.day.finding.activity import State, activity, music_and_speech
from engine.features.day.finding.edges import settled_edges
from engine.features.day.finding.evidence import Evidence, EvidenceInPassing
from engine.features.day.finding.joining import joined
from engine.features.day.finding.kind import kind_of
from engine.features.day.finding.links import links_of
from engine.features.day.finding.medleys import divided
from engine.features.day.finding.segments import SPEAKS, Segment, quiet_start, segments_of, spans_of
from engine.features.day.finding.songs import grouped_songs, with_false_starts, without_noodling
from engine.features.takes.features import FRAMES_PER_S, Frames, tuning_cents
from engine.features.takes.find import takes_from
from engine.features.takes.pairs import Pair, find_pairs
from engine.features.takes.playing import performances

Floats = NDArray[np.float32]

_TALK_JOINED_S, _LEAST_TALK_S = 10.0, 1.0
_CLEAR_S = 0.3
"""Talk and idle time keep this distance from songs."""
_LEAST_IDLE_S = 1.0
_APART_FRAMES = 10


def find_day(
    blocks: Iterable[Floats], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> Day:
    """Analyse a mono stream and find its songs.

    Parameters
    ----------
    blocks : float32 at `rate_hz`, each of shape (n,)
    total_samples : how many are expected, for the progress

    Raises
    ------
    OffcutError : the networks of voices are not installed
    Cancelled : the user asked for it
    """
    passing, position = EvidenceInPassing(rate_hz), 0
    for block in passing.passing(blocks):
        progress.check_cancelled()
        position += len(block)
        progress.report(0.8 * position / max(total_samples, position, 1), "Finding songs")
    return day_in(passing.evidence(), progress.part(0.8, 1.0))[0]


def day_in(
    evidence: Evidence, progress: Progress = SILENT, *, is_kit: bool = False
) -> tuple[Day, FoundTakes]:
    """Find the songs in collected evidence, and the passages played more than once, which lead to them.

    Parameters
    ----------
    is_kit : whether all tracks have the roles of one drum kit

    Raises
    ------
    Cancelled : the user asked for it
    """
    frames, (music, speech) = evidence.frames, music_and_speech(evidence, is_kit=is_kit)
    states = activity(frames, music, speech)
    progress.check_cancelled()
    segments = segments_of(evidence, states, speech)
    pairs = find_pairs(frames, spans_of(segments), progress.part(0.0, 0.45), in_all_keys=False)
    songs = _songs(evidence, states, music, segments, pairs)
    progress.check_cancelled()
    if others := _in_other_keys(frames, songs, progress.part(0.45, 0.6)):
        pairs += others
        songs = _songs(evidence, states, music, segments, pairs)
    songs = [_tuned(frames, song) for song in without_noodling(frames, songs)]
    progress.check_cancelled()
    played_again = takes_from(frames, performances(frames.levels_db), pairs, progress.part(0.6, 1.0))
    played = sorted((take.start_s, take.stop_s) for song in songs for take in song.takes)
    talk = _talk(states, speech, played)
    length_s = len(frames) / FRAMES_PER_S
    idle = [_apart_from_intros(span, played, states) for span in _gaps([*played, *talk], length_s)]
    idle = [span for span in idle if span[1] - span[0] >= _LEAST_IDLE_S]
    kind = kind_of(evidence, states, is_kit=is_kit)
    return Day(kind, tuple(songs), tuple(talk), tuple(idle)), played_again


def _songs(
    evidence: Evidence,
    states: NDArray[np.int64],
    music: Floats,
    segments: Sequence[Segment],
    pairs: Sequence[Pair],
) -> list[DaySong]:
    takes = joined(evidence, states, music, segments, pairs)
    whole = divided(takes, links_of(takes, pairs), segments)
    settle = partial(settled_edges, evidence.frames, states)
    return grouped_songs(with_false_starts(whole, links_of(whole, pairs)), pairs, settle)


def _tuned(frames: Frames, song: DaySong) -> DaySong:
    takes = (replace(one, tuning_cents=tuning_cents(frames, one.start_s, one.stop_s)) for one in song.takes)
    return replace(song, takes=tuple(takes))


def _in_other_keys(frames: Frames, songs: Sequence[DaySong], progress: Progress) -> list[Pair]:
    """Return the similar passages in different keys of songs, of each its longest take.

    The takes of one song in one key are known: to compare all takes in all keys would take ten times as long.
    """
    longest = (max(song.takes, key=lambda take: take.stop_s - take.start_s) for song in songs)
    takes = sorted(longest, key=lambda take: take.start_s)
    if len(takes) < 2:
        return []
    spans = np.rint([[FRAMES_PER_S * take.start_s, FRAMES_PER_S * take.stop_s] for take in takes])
    spans = spans.astype(np.int64).reshape(-1, 2)
    apart = np.concatenate([np.r_[start:stop, [-1] * _APART_FRAMES] for start, stop in spans.tolist()])
    chroma, broad = (np.where(apart[:, None] < 0, 0.0, rows[apart]) for rows in (frames.chroma, frames.broad))
    lengths = spans[:, 1] - spans[:, 0] + _APART_FRAMES
    starts = np.cumsum(lengths) - lengths
    moved = np.stack([starts, starts + spans[:, 1] - spans[:, 0]], axis=1)
    together = Frames(chroma.astype(np.float32), broad.astype(np.float32), frames.levels_db[:0])

    def back(places: tuple[float, float]) -> tuple[float, float]:
        numbers = [int(np.searchsorted(starts, place, side="right")) - 1 for place in places]
        one, other = (place - starts[at] + spans[at, 0] for place, at in zip(places, numbers, strict=True))
        return float(one), float(other)

    found = find_pairs(together, moved, progress)
    return [
        replace(pair, starts=back(pair.starts), stops=back(pair.stops)) for pair in found if pair.semitones
    ]


def _talk(states: NDArray[np.int64], speech: Floats, played: Sequence[Span]) -> list[Span]:
    """Return spans of talk outside of takes, in seconds; those that nearly meet are one."""
    spoken = (runs((states == State.TALK) | (speech > SPEAKS)) / FRAMES_PER_S).tolist()
    spans = joined_spans(map(tuple, spoken), _TALK_JOINED_S)
    long = (one for one in spans if one[1] - one[0] >= _LEAST_TALK_S)
    parts = (part for one in long for part in outside(one, played, _CLEAR_S))
    return [part for part in parts if part[1] - part[0] >= _LEAST_TALK_S]


def _apart_from_intros(span: Span, played: Sequence[Span], states: NDArray[np.int64]) -> Span:
    """Return a span that ends before playing that leads to a take: it may be an intro, so it stays."""
    start_s, stop_s = span
    if not any(0.0 <= begins_s - stop_s <= 2.0 * _CLEAR_S for begins_s, _ in played):
        return span
    first, last = (round(place_s * FRAMES_PER_S) for place_s in span)
    return start_s, min(stop_s, quiet_start(states, first, last) / FRAMES_PER_S)


def _gaps(spans: Sequence[Span], length_s: float) -> list[Span]:
    """Return the spans between others, from the start to the end of the recording."""
    gaps, at = [], 0.0
    for start, stop in [*sorted(spans), (length_s, length_s)]:
        if start - _CLEAR_S > at:
            gaps.append((at, start - _CLEAR_S if start < length_s else length_s))
        at = max(at, stop + _CLEAR_S)
    return gaps
