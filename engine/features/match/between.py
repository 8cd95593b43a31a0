"""Pieces at another speed or pitch between the copies in an edited file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.progress import SILENT, Progress
from engine.core.spans import united
from engine.features.match.copies import Copies, at_speed, copies_in
from engine.features.match.matched import GainPoint, Segment
from engine.features.match.searching.features import RATE_HZ, Floats, SearchFeatures, search_features
from engine.features.match.searching.looks import first_look
from engine.features.match.searching.search import Stretch, searched
from engine.features.match.sound import Sound, sound_of
from engine.features.match.speed import played_back
from engine.features.match.stretching.grains import Copy, are_grains, held_elsewhere
from engine.features.match.stretching.lines import StretchedLine
from engine.features.match.stretching.reported import segment_of
from engine.features.match.stretching.respun import Respun, respun_spans
from engine.features.match.stretching.stretched import (
    Traced,
    is_explained,
    may_be_copy,
    stretched_pieces,
    traced,
)
from engine.features.match.stretching.tracing import Span
from engine.features.match.verdict import unmatched

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
    raws: tuple[Sound, ...],
    sources: Sequence[SearchFeatures],
    edited: Sound,
    one: Respun,
    progress: Progress,
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
