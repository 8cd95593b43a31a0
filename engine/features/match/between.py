"""Pieces at another speed or pitch between the copies in an edited file.

A piece is reported as a segment: its span at full rate, gain, equaliser and similarity. Pieces whose pitch
changes with the speed, as of a tape, are copies at their own speed. Grains of a time-stretch and cuts of an
editor are both short copies in a row; grains are within a few milliseconds of one straight line, cuts are
further from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.core.timebase import united
from engine.features.match.copies import Copies, at_speed, copies_in, unmatched
from engine.features.match.levels import eq_of_powers, octave_powers, ride
from engine.features.match.matched import GainPoint, Segment
from engine.features.match.searching.search import Stretch, first_look, searched
from engine.features.match.sound import RATE_HZ, Floats, SearchFeatures, Sound, search_features, sound_of
from engine.features.match.speed import played_back, speed_along
from engine.features.match.stretching.lines import StretchedLine
from engine.features.match.stretching.stretched import (
    Traced,
    is_explained,
    may_be_copy,
    stretched_pieces,
    traced,
)
from engine.features.match.stretching.tracing import Span

Wide = NDArray[np.float64]

_LIKE_TAPE_SEMITONES = 0.25
_LEAST_SEMITONES = 0.02
_SAME_SPEED = 1e-4
_AROUND_S = 0.3
_EVERY_S, _EDGE_S = 1.0, 0.4


@dataclass(frozen=True, slots=True)
class Respun:
    """A span [start, stop) of an edited file that plays recordings at one speed, in samples of the search."""

    start: float
    stop: float
    speed: float


def respun_spans(
    raws: Sequence[Floats], edited: Floats, pieces: Sequence[StretchedLine], within: tuple[float, float]
) -> tuple[Respun, ...]:
    """Return the parts of a span in which neighbouring pieces were sped up or slowed down with their pitch.

    Pieces at one speed are on one tape, and so is the sound between them, if no other piece is there.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search
    pieces : in order and disjoint
    within : of the edited file
    """
    found: list[Respun] = []
    is_next = False
    for piece in pieces:
        if not within[0] <= (piece.start + piece.stop) / 2 < within[1]:
            continue
        speed = _speed(raws, edited, piece) if _is_like_tape(piece) else None
        if speed is None:
            is_next = False
            continue
        last = found[-1] if is_next else None
        is_next = True
        start = max(within[0], piece.start - _AROUND_S * RATE_HZ)
        stop = min(within[1], piece.stop + _AROUND_S * RATE_HZ)
        if last is not None and abs(last.speed / speed - 1.0) < _SAME_SPEED:
            longer = last.speed if last.stop - last.start > stop - start else speed
            found[-1] = Respun(last.start, stop, longer)
        else:
            found.append(Respun(start, stop, speed))
    return tuple(found)


def _is_like_tape(piece: StretchedLine) -> bool:
    semitones = 12.0 * float(np.log2(piece.speed))
    return abs(semitones) > _LEAST_SEMITONES and abs(piece.semitones - semitones) < _LIKE_TAPE_SEMITONES


def _speed(raws: Sequence[Floats], edited: Floats, piece: StretchedLine) -> float | None:
    """Return the exact speed of a piece, from its waveform; None where that is another."""
    edge = min(_EDGE_S * RATE_HZ, (piece.stop - piece.start) / 4)
    count = max(1, int((piece.stop - piece.start - 2 * edge) / (_EVERY_S * RATE_HZ)))
    moments = np.linspace(piece.start + edge, piece.stop - edge, count + 1)
    return speed_along(raws[piece.raw], edited, [(one, piece.raw_at(one)) for one in moments], piece.speed)


_BLOCK_S = 0.2
_TOLERANCE_DB = 1.0
_LEAST_POWER = 1e-12


def segment_of(piece: StretchedLine, raws: Sequence[Floats], edited: Floats, rate_hz: int) -> Segment:
    """Return a piece as a segment, in samples of the edited file.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search
    """
    ratio = rate_hz / RATE_HZ
    raw_start, raw_stop = piece.raw_at(piece.start), piece.raw_at(piece.stop)
    own = edited[max(0, round(piece.start)) : max(0, round(piece.stop))].astype(np.float64)
    theirs = raws[piece.raw][max(0, round(raw_start)) : max(0, round(raw_stop))].astype(np.float64)
    gain_db = 10.0 * float(np.log10(_power(own) / _power(theirs)))
    return Segment(
        raw=piece.raw,
        raw_start_samples=max(0, round(raw_start * ratio)),
        raw_stop_samples=round(raw_stop * ratio),
        edited_start_samples=round(piece.start * ratio),
        gain_db=gain_db,
        gain_ride=_ride(piece, own, theirs, ratio),
        speed=piece.speed,
        pitch_semitones=piece.semitones,
        similarity=piece.alike,
        eq_db=eq_of_powers(_octaves(theirs, 0.0), _octaves(own, piece.semitones), gain_db),
    )


def _power(samples: Wide) -> float:
    return max(_LEAST_POWER, float(np.mean(samples**2)) if len(samples) else 0.0)


def _ride(piece: StretchedLine, own: Wide, theirs: Wide, ratio: float) -> tuple[GainPoint, ...]:
    """Return how the gain changes along a piece, from blocks of both sides."""
    block = round(_BLOCK_S * RATE_HZ)
    count = len(own) // block
    edges = np.linspace(0, len(theirs), count + 1).astype(int)
    before = np.array([_power(theirs[start:stop]) for start, stop in pairwise(edges)])
    now = np.array([_power(own[number * block : (number + 1) * block]) for number in range(count)])
    middles = np.round((piece.start + (np.arange(count) + 0.5) * block) * ratio).astype(np.int64)
    return ride(10.0 * np.log10(now / before), before, middles, _TOLERANCE_DB) if count else ()


def _octaves(samples: Wide, semitones: float) -> Wide:
    """Return the power in each octave of a sound that was made higher, as its recording has them."""
    return octave_powers(samples, RATE_HZ / 2.0 ** (semitones / 12.0), RATE_HZ / 2)


_NEAR_S = 0.06
_LEAST_HELD = 0.15
_DEVIATION_OF_MEDIAN = 1.4826  # a normal deviation by the median distance from the mean
_SPREAD_S, _SPREAD_BY_SPEED_S = 0.010, 0.04


@dataclass(frozen=True, slots=True)
class Copy:
    """A span [start, stop) of an edited file that plays a recording as it is; in samples of the search."""

    raw: int
    start: float
    stop: float
    offset: float

    def off_s(self, piece: StretchedLine) -> float:
        """Return how far its middle is from a line, in seconds."""
        middle = (self.start + self.stop) / 2
        return (middle + self.offset - piece.raw_at(middle)) / RATE_HZ

    def is_inside(self, piece: StretchedLine) -> bool:
        """Return whether most of it is in the span of a piece."""
        shared = min(self.stop, piece.stop) - max(self.start, piece.start)
        return 2.0 * shared > self.stop - self.start

    def is_near(self, piece: StretchedLine) -> bool:
        """Return whether most of it is in the span of a piece, and near its line."""
        return self.raw == piece.raw and self.is_inside(piece) and abs(self.off_s(piece)) < _NEAR_S


def are_grains(copies: Sequence[Copy], piece: StretchedLine) -> bool:
    """Return whether the copies near the line of a piece are its grains: few, or as near as grains are."""
    lengths = np.array([one.stop - one.start for one in copies if one.is_near(piece)])
    if lengths.sum() < _LEAST_HELD * (piece.stop - piece.start):
        return True
    off_s = np.array([one.off_s(piece) for one in copies if one.is_near(piece)])
    spread_s = _DEVIATION_OF_MEDIAN * float(np.median(np.abs(off_s - np.mean(off_s))))
    return len(lengths) > 1 and spread_s < _SPREAD_S + _SPREAD_BY_SPEED_S * abs(piece.speed - 1.0)


def held_elsewhere(copies: Sequence[Copy], piece: StretchedLine) -> float:
    """Return the share of a piece that copies hold away from its line, as the cuts of an editor do."""
    held = sum(one.stop - one.start for one in copies if one.is_inside(piece) and not one.is_near(piece))
    return held / (piece.stop - piece.start)


_LEAST_S = 0.4
_LEFT_S = 0.5
_SAME_LINE_S, _MET_SAMPLES = 0.005, 4
_CRUMB_S = 2.0
_FRAGMENT_S, _FRAGMENTS_S, _MASKED_S = 2.5, 5.0, 2.0
_MOST_ELSEWHERE = 0.5


def with_stretched(
    raws: tuple[Sound, ...],
    sources: Sequence[SearchFeatures],
    edited: tuple[Sound, Floats],
    copies: Copies,
    known: Traced,
    progress: Progress,
) -> Copies:
    """Return copies, and between them the pieces that play recordings at another speed or pitch.

    Pieces whose pitch changes with their speed are played back at their own speed and then matched as copies.

    Parameters
    ----------
    sources : the features of the recordings
    edited : the file, and its mono at the rate of the search
    known : lines of stretched sound that were found before

    Raises
    ------
    Cancelled : the user asked for it
    """
    sound, mono = edited
    ratio = sound.rate_hz / RATE_HZ
    monos = [source.mono for source in sources]

    def open_spans(segments: Sequence[Segment]) -> list[Span]:
        spans = unmatched(segments, sound.length_samples)
        return [(start / ratio, stop / ratio) for start, stop in spans]

    crumbs = [one for one in copies.segments if _length_s(one, sound.rate_hz) < _CRUMB_S]
    long = [one for one in copies.segments if one not in crumbs]
    known = traced(known, open_spans(long), progress.part(0.0, 0.4))
    pieces = stretched_pieces(known, open_spans(long), progress.part(0.4, 0.5))
    left = _left_crumbs(crumbs, pieces, known, ratio)
    grains = [one for one in crumbs if one not in left]
    segments = sorted([*long, *left], key=_start)
    pieces = _clear_of(pieces, open_spans(segments))
    respun = [one for span in open_spans(segments) for one in respun_spans(monos, mono, pieces, span)]
    covered = [span for span in copies.covered if not any(_holds(one, span[0]) for one in grains)]
    for number, one in enumerate(respun):
        more = _respun_copies(raws, sources, sound, one, progress.part(0.5, 1.0).step(number, len(respun)))
        segments += more.segments
        covered += more.covered
    if respun:
        segments = [_reaching(one, pieces, open_spans(segments), ratio) for one in segments]
        pieces = _clear_of(pieces, open_spans(segments))
    segments += [segment_of(piece, monos, mono, sound.rate_hz) for piece in pieces]
    return Copies(sorted(segments, key=_start), tuple(sorted(covered)))


def fragmented(rough: Sequence[Stretch]) -> list[Span]:
    """Return the spans of a first look that no line explains for long, as in stretched sound."""
    spans = [
        (one.start, one.stop)
        for one in rough
        if one.line is None or one.stop - one.start < _FRAGMENT_S * RATE_HZ
    ]
    return [(start, stop) for start, stop in united(spans).tolist() if stop - start >= _FRAGMENTS_S * RATE_HZ]


def explained_spans(known: Traced, rough: Sequence[Stretch], spans: Sequence[Span]) -> list[Span]:
    """Return the spans that stretched sound explains in fewer pieces than copies, disjoint and in order."""
    copies = [
        Copy(one.line.raw, one.start, one.stop, one.line.offset) for one in rough if one.line is not None
    ]
    pieces = stretched_pieces(known, spans, SILENT)
    return [
        (piece.start, piece.stop)
        for piece in pieces
        if piece.stop - piece.start >= _MASKED_S * RATE_HZ
        and not may_be_copy(piece)
        and held_elsewhere(copies, piece) < _MOST_ELSEWHERE
        and are_grains(copies, piece)
    ]


def _holds(segment: Segment, at_samples: int) -> bool:
    return segment.edited_start_samples <= at_samples < segment.edited_stop_samples


def _reaching(
    segment: Segment, pieces: Sequence[StretchedLine], spans: Sequence[Span], ratio: float
) -> Segment:
    """Return a copy at another speed as far as a piece on its line goes on: fades do not null."""
    if segment.speed == 1.0:
        return segment
    start, stop = segment.edited_start_samples, segment.edited_stop_samples
    for piece in pieces:
        off = segment.raw_start_samples / ratio - piece.raw_at(start / ratio)
        if segment.raw != piece.raw or abs(off) > _SAME_LINE_S * RATE_HZ:
            continue
        for span in spans:
            first, last = (
                round(edge * ratio) for edge in (max(piece.start, span[0]), min(piece.stop, span[1]))
            )
            if last - first >= _LEFT_S * ratio * RATE_HZ:
                continue
            if abs(last - start) <= _MET_SAMPLES and first < start:
                start = first
            if abs(first - stop) <= _MET_SAMPLES and last > stop:
                stop = last
    before = round((segment.edited_start_samples - start) * segment.speed)
    after = round((stop - segment.edited_stop_samples) * segment.speed)
    if before and segment.crossfade_samples:
        before, start = 0, segment.edited_start_samples
    return replace(
        segment,
        edited_start_samples=start,
        raw_start_samples=segment.raw_start_samples - before,
        raw_stop_samples=segment.raw_stop_samples + after,
    )


def _start(segment: Segment) -> int:
    return segment.edited_start_samples


def _length_s(segment: Segment, rate_hz: int) -> float:
    return (segment.edited_stop_samples - segment.edited_start_samples) / rate_hz


def _left_crumbs(
    crumbs: Sequence[Segment], pieces: Sequence[StretchedLine], known: Traced, ratio: float
) -> list[Segment]:
    """Return short copies without those that stretched pieces explain: their grains, on their line or not."""
    copies = [
        Copy(one.raw, start, one.edited_stop_samples / ratio, one.raw_start_samples / ratio - start)
        for one in crumbs
        for start in (one.edited_start_samples / ratio,)
    ]
    dropped = set()
    for piece in pieces:
        near = [number for number, one in enumerate(copies) if one.is_near(piece)]
        longest = max((copies[number].stop - copies[number].start for number in near), default=0.0)
        if 2 * longest < piece.stop - piece.start and are_grains(copies, piece):
            dropped |= set(near)
            dropped |= {
                number
                for number, one in enumerate(copies)
                if number not in near
                and one.stop - one.start <= longest  # a cut in music that repeats is longer than grains
                and is_explained(known, piece, (one.start, one.stop))
            }
    return [one for number, one in enumerate(crumbs) if number not in dropped]


def _respun_copies(
    raws: tuple[Sound, ...], sources: Sequence[SearchFeatures], edited: Sound, one: Respun, progress: Progress
) -> Copies:
    """Return the copies in a span of an edited file played back at its own speed."""
    ratio = edited.rate_hz / RATE_HZ
    start, stop = round(one.start * ratio), min(edited.length_samples, round(one.stop * ratio))
    if stop - start < _LEAST_S * max(1.0, 1.0 / one.speed) * edited.rate_hz:
        return Copies([], ())
    piece = played_back(sound_of(edited.path, edited.read(start, stop), edited.rate_hz), one.speed)
    target = search_features(piece, progress.part(0.0, 0.1))
    first = first_look(sources, target, progress.part(0.1, 0.3))
    rough = searched(sources, target, first, progress.part(0.3, 0.4))
    copies = copies_in(raws, sources, (piece, target), rough, progress.part(0.4, 1.0))
    return Copies(
        [_moved(at_speed(segment, one.speed), start) for segment in copies.segments],
        tuple((start + round(a / one.speed), start + round(b / one.speed)) for a, b in copies.covered),
    )


def _moved(segment: Segment, by_samples: int) -> Segment:
    """Return a segment of a part of the edited file as one of all of it."""
    return replace(
        segment,
        edited_start_samples=segment.edited_start_samples + by_samples,
        gain_ride=tuple(GainPoint(one.at_samples + by_samples, one.gain_db) for one in segment.gain_ride),
    )


def _clear_of(pieces: Sequence[StretchedLine], spans: Sequence[tuple[float, float]]) -> list[StretchedLine]:
    """Return the parts of pieces that are in spans."""
    found = []
    for piece in pieces:
        for span in spans:
            start, stop = max(piece.start, span[0]), min(piece.stop, span[1])
            if stop - start >= _LEFT_S * RATE_HZ:
                found.append(replace(piece, start=start, stop=stop))
    return found
